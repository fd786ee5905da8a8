"""A recipe as one Python program with boto3.

Called by `webapp.pages.commands`. Every value is written by `repr`, so that none of them can end its literal.
"""

from __future__ import annotations

import json
from pprint import pformat
from typing import Any

from webapp.pages.json_text import parsed
from webapp.pages.recipe import Recipe
from webapp.pages.snippets import Step

_WIDTH = 96


def steps(recipe: Recipe) -> tuple[Step, ...]:
    """The program, whole."""
    name = repr(recipe.name)
    parts = [_client(recipe)]
    if not recipe.exists:
        parts += [
            f"with urlopen({recipe.package_url!r}) as package:\n    zip_file = package.read()",
            _call("client.create_function", [("FunctionName", recipe.name), ("Runtime", recipe.runtime),
                  ("Handler", recipe.handler), ("Role", recipe.role), ("Code", _Raw('{"ZipFile": zip_file}')),
                  ("Architectures", [recipe.architecture]), *_configuration(recipe)]),
            f'client.get_waiter("function_active_v2").wait(FunctionName={name})',
        ]  # fmt: skip
    parts += _invoke(recipe)
    change = [
        "# These are the present settings: edit what you want to change. Environment replaces all variables.",
        _call("client.update_function_configuration", [("FunctionName", recipe.name), *_configuration(recipe)]),
        f'client.get_waiter("function_updated_v2").wait(FunctionName={name})',
    ]
    return (
        Step("Create and invoke it" if not recipe.exists else "Invoke it", "\n\n".join(parts), "python",
             text="pip install boto3, and run this with python."),
        Step("Change its configuration", "\n".join(change), "python", text="With the client from above."),
    )  # fmt: skip


class _Raw(str):
    """Code to be written as it is."""

    __slots__ = ()


def _client(recipe: Recipe) -> str:
    imports = ["import json"] if _value(recipe)[0] else []
    if not recipe.exists:
        imports.append("from urllib.request import urlopen")
    client = _call("client = boto3.client", [
        (None, "lambda"), ("endpoint_url", recipe.endpoint_url), ("region_name", recipe.region),
        ("aws_access_key_id", "test"), ("aws_secret_access_key", "test"),
    ])  # fmt: skip
    return "\n".join([*imports, *([""] if imports else []), "import boto3", "", client])


def _invoke(recipe: Recipe) -> list[str]:
    arguments: list[tuple[str | None, Any]] = [("FunctionName", recipe.name)]
    if recipe.qualifier:
        arguments.append(("Qualifier", recipe.qualifier))
    same, value = _value(recipe)
    if recipe.has_large_event:
        setup, payload = ['event = open("event.json").read()  # save the event under that name first'], "event.encode()"
    elif same:
        setup, payload = [f"event = {pformat(value, width=_WIDTH, sort_dicts=False)}"], "json.dumps(event)"
    else:
        setup, payload = [f"event = {recipe.event!r}"], "event.encode()"
    lines = [*setup, _call("answer = client.invoke", [*arguments, ("Payload", _Raw(payload))])]
    return ["\n".join([*lines, 'print(answer["StatusCode"], answer.get("FunctionError", "no error"))',
                       'print(answer["Payload"].read().decode())'])]  # fmt: skip


def _value(recipe: Recipe) -> tuple[bool, Any]:
    """Whether Python's own value of the event is the same JSON again, and that value."""
    if recipe.has_large_event:
        return False, None
    is_json, value = parsed(recipe.event)
    return is_json and parsed(json.dumps(value)) == (True, value), value


def _configuration(recipe: Recipe) -> list[tuple[str, Any]]:
    return [
        ("MemorySize", recipe.memory_mb),
        ("Timeout", recipe.timeout_s),
        ("EphemeralStorage", {"Size": recipe.ephemeral_storage_mb}),
        *([("Environment", {"Variables": dict(recipe.environment)})] if recipe.environment else []),
    ]


def _call(callee: str, arguments: list[Any]) -> str:
    """A call, on one line where it fits."""
    written = [(f"{name}=" if name else "") + _literal(value) for name, value in arguments]
    line = f"{callee}({', '.join(written)})"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    return "\n".join([f"{callee}(", *(f"    {item}," for item in written), ")"])


def _literal(value: Any) -> str:
    return value if isinstance(value, _Raw) else pformat(value, width=_WIDTH, sort_dicts=False)
