"""The same from your terminal: what was done on the page, as AWS CLI, boto3 and SAM.

`GET /runs/<id>/commands` and `GET /r/<token>/commands` answer for a run; a function's page includes the same
partial. Everything shown works as it stands against this server, in the order shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, make_response, render_template
from htmx_flask import request
from markupsafe import Markup

from sandbox.errors import LambdaError
from webapp.pages import commands_boto3, commands_cli, commands_sam
from webapp.pages.form import Draft
from webapp.pages.permalinks import shared_run
from webapp.pages.recipe import Recipe, recipe_of_draft
from webapp.pages.runs import own_run
from webapp.pages.snippets import Step, highlighted
from webapp.runs.store import Run
from webapp.services import services

blueprint = Blueprint("commands", __name__)
blueprint.add_app_template_filter(highlighted)


@dataclass(frozen=True)
class Tab:
    """One way to do it: `key` names it in ids, `steps` are to be done in their order."""

    key: str
    title: str
    steps: tuple[Step, ...]


def tabs(recipe: Recipe) -> tuple[Tab, ...]:
    """Every way."""
    return (
        Tab("cli", "AWS CLI", commands_cli.steps(recipe)),
        Tab("boto3", "boto3", commands_boto3.steps(recipe)),
        Tab("sam", "SAM", commands_sam.steps(recipe)),
    )


def render_commands(recipe: Recipe) -> Markup:
    """The panel."""
    return Markup(render_template("partials/commands.html", tabs=tabs(recipe), recipe=recipe))


def endpoint_url() -> str:
    """This server as the request's sender reaches it, without a closing slash."""
    return str(request.host_url).rstrip("/")


@blueprint.get("/runs/<run_id>/commands")
def of_own_run(run_id: str) -> Response:
    """For the browser that made the run."""
    return _answer(own_run(services(), run_id))


@blueprint.get("/r/<token>/commands")
def of_shared_run(token: str) -> Response:
    """For whoever has the link to the run."""
    return _answer(shared_run(services(), token))


def _answer(run: Run) -> Response:
    try:
        recipe = recipe_of_draft(Draft.from_dict(run.draft), services(), endpoint_url())
    except LambdaError as error:
        abort(404, error.message)
    panel = render_commands(recipe)
    return make_response(panel if request.htmx else render_template("commands.html", panel=panel))
