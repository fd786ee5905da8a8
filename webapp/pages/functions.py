"""Saved functions: the list of them, each one's page, and what can be done with it there.

Functions made by the AWS CLI and by "Save as function" are the same functions; everything here goes through the
API's own operations.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template
from htmx_flask import request

from sandbox.errors import LambdaError
from webapp.events import sample_event
from webapp.functions.names import FunctionName
from webapp.functions.store import route, to_sandbox
from webapp.pages import event_json
from webapp.pages.browser import browser_id
from webapp.pages.commands import endpoint_url, render_commands
from webapp.pages.commands_cli import exports
from webapp.pages.function_api import call
from webapp.pages.function_view import as_datetime, function_rows, function_view, laid_out, policy_words
from webapp.pages.recipe import recipe_of_function
from webapp.pages.runs import start_run
from webapp.pages.starting_points import from_function, runtime_of_family
from webapp.services import services

blueprint = Blueprint("functions", __name__)
for _filter in (as_datetime, laid_out, policy_words):
    blueprint.add_app_template_filter(_filter)

DEFAULT_EVENT = "hello-world"
_FIRST = r"""zip function.zip lambda_function.py
aws lambda create-function --function-name my-function \
  --zip-file fileb://function.zip --handler lambda_function.lambda_handler \
  --runtime {runtime} --role arn:aws:iam::123456789012:role/lambda-role"""


@blueprint.get("/functions")
def index() -> Response:
    """Every function there is."""
    here = exports(endpoint_url(), services().settings.default_region)
    body = render_template(
        "functions.html",
        rows=function_rows(),
        first_commands=f"{here}\n{_FIRST.format(runtime=runtime_of_family('python').identifier)}",
        deleted=request.args.get("deleted"),
    )
    return _fresh(make_response(body))


@blueprint.get("/functions/<name>")
def show(name: str) -> Response:
    """One function: configuration, versions, aliases, URLs and the rest of what belongs to it."""
    return _page(name)


@blueprint.post("/functions/<name>/invoke")
def invoke(name: str) -> Response:
    """Invoke it with the posted event: the result, as of any run; the sentence at the event where it is no JSON."""
    shared, event = services(), request.form.get("event", "").replace("\r\n", "\n")
    if problem := event_json.problem(event):
        if not request.htmx:
            return _page(name, event=event, problem=problem, status=422)
        answer = make_response(
            render_template("partials/field_errors.html", errors={"event": problem}, error_fields=["event"]), 422
        )
        answer.headers["HX-Reswap"] = "none"
        return answer
    region = _region() or shared.settings.default_region
    qualifier = request.form.get("qualifier") or None
    try:
        with shared.database.session() as session:
            qualified = FunctionName.parse(name, qualifier, region=region, account_id=shared.settings.account_id)
            function = to_sandbox(session, route(session, qualified))
    except LambdaError as error:
        abort(error.status, error.message)
    draft = replace(from_function(function, shared.packages), event=event)
    answer = start_run(shared, function, draft)
    if request.htmx:  # the errors of an earlier attempt go
        answer.set_data(
            answer.get_data(as_text=True)
            + render_template("partials/field_errors.html", errors={}, error_fields=["event"])
        )
    return answer


@blueprint.post("/functions/<name>/delete")
def delete(name: str) -> Response:
    """Delete it, as DeleteFunction does; back to the list."""
    try:
        call("DeleteFunction", _region(), FunctionName=name)
    except LambdaError as error:
        abort(error.status, error.message)
    return make_response(redirect("/functions?" + urlencode({"deleted": name}), 303))


def _page(name: str, *, event: str = "", problem: str = "", status: int = 200) -> Response:
    browser_id()  # so that the runs made here are this browser's
    try:
        view = function_view(name, _region())
    except LambdaError as error:
        abort(404 if error.status in (400, 404) else error.status, error.message)
    event = event or sample_event(DEFAULT_EVENT).body
    recipe = recipe_of_function(view.configuration, view.location, event, endpoint_url())
    body = render_template(
        "function.html",
        view=view,
        row=view.row,
        configuration=view.configuration,
        event=event,
        errors={"event": problem},
        commands=render_commands(recipe),
        saved=request.args.get("saved"),
    )
    return _fresh(make_response(body, status))


def _region() -> str:
    return str(request.args.get("region", ""))[:32]


def _fresh(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-cache"
    return answer
