"""GET /: the page with the form. Others that answer with the whole page call `render_playground`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request
from markupsafe import Markup

from sandbox.errors import LambdaError
from sandbox.limits import (
    MAX_EVENT_BYTES,
    MAX_MEMORY_MB,
    MAX_STORAGE_MB,
    MAX_TIMEOUT_S,
    MAX_ZIP_BYTES,
    MEMORY_MB_PER_VCPU,
    MIN_MEMORY_MB,
    MIN_STORAGE_MB,
    MIN_TIMEOUT_S,
)
from sandbox.runtimes import Runtime, runtimes
from webapp.events import sample_events
from webapp.functions.names import FunctionName
from webapp.functions.store import resolve, to_sandbox
from webapp.pages import starting_points
from webapp.pages.browser import browser_id
from webapp.pages.code import SourceFile, Sources
from webapp.pages.configuration import configuration_problems, parse_environment, vcpu_share
from webapp.pages.file_tree import folders
from webapp.pages.form import ERROR_FIELDS, Draft
from webapp.pages.saved_events import saved_events
from webapp.services import Services, services
from webapp.starters import starter, starters

blueprint = Blueprint("playground", __name__)
blueprint.record(lambda state: state.app.jinja_env.globals.update(error_fields=ERROR_FIELDS))
blueprint.add_app_template_filter(folders)

FAMILIES = {
    "python": "Python",
    "nodejs": "Node.js",
    "go": "Go",
    "java": "Java",
    "provided": "Any executable",
}


@blueprint.get("/")
def index() -> Response:
    """The form: with a starter (`?starter=slug`), with a saved function (`?function=name`), or as last left."""
    if slug := request.args.get("starter"):
        try:
            return render_playground(starting_points.from_starter(starter(slug)))
        except KeyError:
            abort(404, f"There is no starter named {slug[:60]}.")
    if name := request.args.get("function"):
        return render_playground(_saved_function(name))
    return render_playground(starting_points.first_draft(), is_given=False)


@blueprint.post("/check")
def check_configuration() -> Response:
    """While a person types: a sentence at each field of the configuration that is wrong."""
    return field_errors(configuration_problems(request.form), status=200, fields=list(request.form))


def render_playground(
    draft: Draft,
    *,
    errors: Mapping[str, str] | None = None,
    result: Markup | str = "",
    is_given: bool = True,
    open_path: str = "",
    status: int = 200,
) -> Response:
    """The whole page with `draft` in it, a sentence at each field of `errors`, and `result` in its place.

    `is_given` is False where the browser may put the draft it has kept in place of this one.
    """
    shared = services()
    browser_id()  # so that this browser can keep events and see its history from its first run on
    files = source_files(draft, shared)
    first = _open_path(draft, files, open_path)
    body = render_template(
        "playground.html",
        draft=draft,
        errors=errors or {},
        result=result,
        is_given=is_given,
        files=files,
        edited=sorted((file for file in files if file.text is not None), key=lambda file: file.path != first),
        open_path=first,
        runtime_groups=_grouped_runtimes(),
        starter_groups=_by_family(),
        sample_groups=[(key, list(group)) for key, group in groupby(sample_events(), lambda item: item.service)],
        saved=saved_events(shared.database, browser_id()),
        event_title=next((item.title for item in sample_events() if item.body == draft.event), "Your own"),
        variables=parse_environment(draft.environment),
        vcpu=_vcpu(draft),
        warning=manager_warning(shared),
        limits=LIMITS,
    )
    response = make_response(body, status)
    response.headers["Cache-Control"] = "no-cache"
    return response


LIMITS = {
    "memory": (MIN_MEMORY_MB, MAX_MEMORY_MB),
    "timeout": (MIN_TIMEOUT_S, MAX_TIMEOUT_S),
    "storage": (MIN_STORAGE_MB, MAX_STORAGE_MB),
    "event_bytes": MAX_EVENT_BYTES,
    "upload_bytes": MAX_ZIP_BYTES,
    "mb_per_vcpu": MEMORY_MB_PER_VCPU,
}


def field_errors(errors: Mapping[str, str], status: int = 422, fields: Sequence[str] = ERROR_FIELDS) -> Response:
    """The answer to htmx: the sentence at each of `fields`, swapped out of band, and nothing else touched."""
    named = [name for name in ERROR_FIELDS if name in fields]
    response = make_response(render_template("partials/field_errors.html", errors=errors, error_fields=named), status)
    response.headers["HX-Reswap"] = "none"
    return response


def source_files(draft: Draft, shared: Services) -> list[SourceFile]:
    """The rows of the file tree."""
    try:
        return Sources(shared.packages, draft.files, draft.base_package, draft.deleted).list()
    except LambdaError:
        return Sources(shared.packages, draft.files).list()


def manager_warning(shared: Services) -> str:
    """One sentence where runs can't be isolated or can't run at all; "" where all is well."""
    try:
        return shared.sandbox.status().warning
    except (LambdaError, OSError) as error:
        current_app.logger.warning("No manager: %s", error)
        return "The sandbox is not running, so nothing can be run now. It is being started again; try in a moment."


def _saved_function(name: str) -> Draft:
    shared = services()
    try:
        with shared.database.session() as session:
            region = name.split(":")[3] if name.startswith("arn:") and name.count(":") > 5 else ""
            qualified = FunctionName.parse(
                name,
                request.args.get("qualifier"),
                region=region or shared.settings.default_region,
                account_id=shared.settings.account_id,
            )
            function = to_sandbox(session, resolve(session, qualified))
    except LambdaError as error:
        abort(404, error.message)
    return starting_points.from_function(function, shared.packages)


def _open_path(draft: Draft, files: list[SourceFile], wanted: str) -> str:
    edited = [file.path for file in files if file.text is not None]
    if wanted in edited:
        return wanted
    module = draft.handler.rpartition(".")[0].replace(".", "/")
    return next((path for path in edited if path.rpartition(".")[0] == module), edited[0] if edited else "")


def _grouped_runtimes() -> list[tuple[str, list[Runtime]]]:
    return [
        (label, [item for item in runtimes() if item.family == family])
        for family, label in FAMILIES.items()
        if any(item.family == family for item in runtimes())
    ]


def _by_family() -> list[tuple[str, Runtime, list[object]]]:
    return [
        (
            label,
            starting_points.runtime_of_family(family),
            [item for item in starters() if item.runtime_family == family],
        )
        for family, label in FAMILIES.items()
    ]


def _vcpu(draft: Draft) -> str:
    return vcpu_share(int(draft.memory_mb)) if draft.memory_mb.strip().isdigit() else ""
