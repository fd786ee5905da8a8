"""Links to a run: POST /runs/<id>/share makes one, GET /r/<token> shows it to whoever has it.

Also the downloads of a run's response and log, which its own browser and the link's readers may fetch alike.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, render_template
from htmx_flask import request

from webapp.pages.browser import browser_id
from webapp.pages.form import Draft
from webapp.pages.json_text import parsed
from webapp.pages.playground import render_playground
from webapp.pages.result import render_result
from webapp.pages.runs import own_run
from webapp.runs import store
from webapp.runs.store import Run
from webapp.services import Services, services

blueprint = Blueprint("permalinks", __name__)

_GONE = "There is no shared run at this address. A letter of the link may be missing."


@blueprint.post("/runs/<run_id>/share")
def share(run_id: str) -> Response:
    """Make the run's link, the same one each time."""
    with services().database.writing() as session:
        token = store.share(session, run_id, browser_id())
    if token is None:
        abort(404, "This run can't be shared: it still runs, or another browser made it.")
    if not request.htmx:
        return make_response(redirect(f"/runs/{run_id}#share", 303))
    return make_response(render_template("partials/result_share.html", run_id=run_id, token=token, fresh=True))


@blueprint.get("/r/<token>")
def shared(token: str) -> Response:
    """The whole page with the shared run in it; Run makes a run of one's own."""
    run = shared_run(services(), token)
    draft = Draft.from_dict(run.draft)
    assert run.outcome is not None
    result = render_result(run.outcome, draft, services(), run.id, token, shared=True)
    answer = render_playground(draft, result=result)
    answer.headers["X-Robots-Tag"] = "noindex"  # who has the link may see it; nobody else should find it
    return answer


@blueprint.get("/runs/<run_id>/response")
def own_response(run_id: str) -> Response:
    """The response's bytes as a file, for the browser that made the run."""
    return _response_file(own_run(services(), run_id))


@blueprint.get("/r/<token>/response")
def shared_response(token: str) -> Response:
    """The response's bytes as a file, for whoever has the link."""
    return _response_file(shared_run(services(), token))


@blueprint.get("/runs/<run_id>/log")
def own_log(run_id: str) -> Response:
    """The log as a text file, for the browser that made the run."""
    return _log_file(own_run(services(), run_id))


@blueprint.get("/r/<token>/log")
def shared_log(token: str) -> Response:
    """The log as a text file, for whoever has the link."""
    return _log_file(shared_run(services(), token))


def shared_run(shared: Services, token: str) -> Run:
    """The run of that link; answers 404 where there is none."""
    with shared.database.session() as session:
        found = store.find_shared(session, token)
    if found is None or found.outcome is None:
        abort(404, _GONE)
    return found


def _response_file(run: Run) -> Response:
    ended = run.outcome.invocation if run.outcome else None
    if ended is None:
        abort(404, "This run has no response.")
    try:
        text = ended.payload.decode("utf-8")
        suffix = "json" if parsed(text)[0] else "txt"
    except UnicodeDecodeError:
        suffix = "bin"
    return _file(ended.payload, f"response-{run.id[:8]}.{suffix}")


def _log_file(run: Run) -> Response:
    ended = run.outcome.invocation if run.outcome else None
    if ended is None:
        abort(404, "This run has no log.")
    return _file(ended.log_text().encode("utf-8", "replace"), f"log-{run.id[:8]}.txt")


def _file(data: bytes, name: str) -> Response:
    """A download, never a page: what a function answers is not to be trusted with this origin."""
    answer = make_response(data)
    answer.headers["Content-Type"] = "application/octet-stream"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
