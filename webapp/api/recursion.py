"""What Lambda does with a function that calls itself in a loop: stored configuration, the playground sees no loops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.api.operations import Call, operation
from webapp.function_settings import Kind, put, setting
from webapp.functions.store import find


@operation("PutFunctionRecursionConfig")
def put_function_recursion_config(call: Call) -> Mapping[str, Any]:
    """Set it to "Allow" or "Terminate"."""
    name = call.function_name()
    value = {"RecursiveLoop": call.parameters["RecursiveLoop"]}
    with call.services.database.writing() as session:
        find(session, name)
        put(session, Kind.RECURSION, name, value)
    return value


@operation("GetFunctionRecursionConfig")
def get_function_recursion_config(call: Call) -> Mapping[str, Any]:
    """What is set; "Terminate" by default."""
    name = call.function_name()
    with call.services.database.session() as session:
        find(session, name)
        record = setting(session, Kind.RECURSION, name)
    return record.value if record is not None else {"RecursiveLoop": "Terminate"}
