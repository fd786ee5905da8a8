"""Save as function: what is in the form becomes a function, by the same operations that the AWS CLI calls.

`POST /functions` takes the fields of `POST /runs` and `function_name`. A function of that name is updated, else one
is created; its role, layers and whatever else the form has no field for stay as they are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template
from htmx_flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from sandbox.errors import LambdaError, ResourceNotFoundException
from sandbox.function import Function
from webapp.pages.form import ERROR_FIELDS, Draft
from webapp.pages.function_api import call
from webapp.pages.packages import TOO_LARGE, submitted
from webapp.pages.playground import render_playground
from webapp.pages.recipe import ROLE
from webapp.problems import drain
from webapp.services import Services, services

blueprint = Blueprint("save_function", __name__)

NAME = "function_name"
SETTLE_S = 5.0  # how long an update waits for the one before it

# The API's parameters → the form's fields
_FIELDS: Mapping[str, str] = {
    "FunctionName": NAME,
    "Runtime": "runtime",
    "Handler": "handler",
    "MemorySize": "memory_mb",
    "Timeout": "timeout_s",
    "Environment": "environment",
    "Architectures": "architecture",
    "EphemeralStorage": "ephemeral_storage_mb",
    "Code": "code",
    "ZipFile": "code",
}


@blueprint.post("/functions")
def save() -> Response:
    """Create or update the function; a sentence at each field that is wrong."""
    shared = services()
    try:
        draft, errors = submitted(shared)
    except RequestEntityTooLarge:
        drain()
        abort(413, TOO_LARGE)
    name = request.form.get(NAME, "").strip()
    errors = errors or {field: words for field, words in draft.check(shared).items() if field != "event"}
    if not name:
        errors[NAME] = "Name the function: letters, digits, hyphens and underscores, 64 at the most."
    verb = ""
    if not errors:
        try:
            name, verb = _save(shared, name, draft)
        except LambdaError as error:
            errors = {_field_of(error): error.message}
    if errors:
        return _refusal(draft, errors)
    if not request.htmx:
        return make_response(redirect(f"/functions/{name}?saved={verb}", 303))
    answer = render_template("partials/save_answer.html", name=name, verb=verb, errors={}, error_fields=_error_fields())
    return make_response(answer)


def _save(shared: Services, name: str, draft: Draft) -> tuple[str, str]:
    """The function's name without what else was in front of it (an ARN), and "created" or "updated"."""
    function = draft.to_function(shared)
    zip_file = shared.packages.zip_bytes(function.code_sha256)
    try:
        call("GetFunctionConfiguration", FunctionName=name)
    except ResourceNotFoundException:
        role = f"arn:aws:iam::{shared.settings.account_id}:role/{ROLE}"
        configuration = _configuration(function)
        answer = call("CreateFunction", FunctionName=name, Role=role, Code={"ZipFile": zip_file},
                      Architectures=[function.architecture], **configuration)  # fmt: skip
        return answer["FunctionName"], "created"
    _settle(name)
    call("UpdateFunctionConfiguration", FunctionName=name, **_configuration(function))
    _settle(name)
    answer = call("UpdateFunctionCode", FunctionName=name, ZipFile=zip_file, Architectures=[function.architecture])
    return answer["FunctionName"], "updated"


def _configuration(function: Function) -> dict[str, Any]:
    return {
        "Runtime": function.runtime,
        "Handler": function.handler,
        "MemorySize": function.memory_mb,
        "Timeout": function.timeout_s,
        "Environment": {"Variables": dict(function.environment)},
        "EphemeralStorage": {"Size": function.ephemeral_storage_mb},
    }


def _settle(name: str) -> None:
    """Wait as the waiter `function_updated_v2` would: a strict playground takes one update after the other."""
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        found = call("GetFunctionConfiguration", FunctionName=name)
        if found.get("State") != "Pending" and found.get("LastUpdateStatus") != "InProgress":
            return
        time.sleep(0.05)


def _field_of(error: LambdaError) -> str:
    """Where an error of the API is shown: at its field, or at the name where the form has none for it."""
    known = _FIELDS.get(error.field or "", error.field or "")
    if known in ERROR_FIELDS:
        return known
    for parameter, field in _FIELDS.items():
        if f" at '{parameter[0].lower()}{parameter[1:]}" in error.message:
            return field
    return NAME


def _error_fields() -> list[str]:
    return [*(field for field in ERROR_FIELDS if field != "event"), NAME]


def _refusal(draft: Draft, errors: Mapping[str, str]) -> Response:
    if not request.htmx:
        return render_playground(draft, errors=errors, status=422)
    body = render_template("partials/field_errors.html", errors=errors, error_fields=_error_fields())
    answer = make_response(body, 422)
    answer.headers["HX-Reswap"] = "none"
    return answer
