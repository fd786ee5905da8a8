"""The event picker: sample events, a browser's own, saving, deleting and formatting them.

With scripts, the picker asks for partials and JSON; without, each button posts the form and gets the whole page.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, abort, make_response, render_template
from htmx_flask import request

from webapp.events import sample_event
from webapp.pages import event_json
from webapp.pages.browser import browser_id
from webapp.pages.form import Draft
from webapp.pages.playground import field_errors, render_playground
from webapp.pages.saved_events import delete_event, save_event, saved_event_body, saved_events
from webapp.services import services

blueprint = Blueprint("events", __name__)


@blueprint.get("/events/sample/<slug>")
def sample(slug: str) -> Response:
    """A sample event's JSON."""
    return _json(_sample(slug))


@blueprint.get("/events/saved/<int:event_id>")
def saved(event_id: int) -> Response:
    """One of this browser's events."""
    return _json(_saved(event_id))


@blueprint.post("/events/pick")
def pick() -> Response:
    """Without scripts: the page again, with the event that was picked."""
    draft = Draft.from_form(request.form)
    if slug := request.form.get("sample"):
        draft = replace(draft, event=_sample(slug))
    elif event_id := request.form.get("saved", type=int):
        draft = replace(draft, event=_saved(event_id))
    return render_playground(draft)


@blueprint.post("/events/format")
def reformat() -> Response:
    """The page again with the event's JSON laid out, or with what is wrong with it."""
    draft = Draft.from_form(request.form)
    problem = event_json.problem(draft.event)
    if request.htmx:
        return field_errors({"event": problem}) if problem else _json(event_json.formatted(draft.event))
    if problem:
        return render_playground(draft, errors={"event": problem}, status=422)
    return render_playground(replace(draft, event=event_json.formatted(draft.event)))


@blueprint.post("/events")
def save() -> Response:
    """Keep the form's event under `event_name`."""
    draft = Draft.from_form(request.form)
    problem = event_json.problem(draft.event) or save_event(
        services().database, browser_id(), request.form.get("event_name", ""), draft.event
    )
    if not request.htmx:
        errors = {"event": problem} if problem else {}
        return render_playground(draft, errors=errors, status=422 if problem else 200)
    return field_errors({"event": problem}) if problem else _list()


@blueprint.post("/events/saved/<int:event_id>/delete")
def delete(event_id: int) -> Response:
    """Drop one of this browser's events."""
    if not delete_event(services().database, browser_id(), event_id):
        abort(404, "This browser has no such event; it may be deleted already.")
    return _list() if request.htmx else render_playground(Draft.from_form(request.form))


def _sample(slug: str) -> str:
    try:
        return sample_event(slug).body
    except KeyError:
        abort(404, f"There is no sample event named {slug[:60]}.")


def _saved(event_id: int) -> str:
    body = saved_event_body(services().database, browser_id(), event_id)
    if body is None:
        abort(404, "This browser has no such event; it may be deleted already.")
    return body


def _json(body: str) -> Response:
    return Response(body, mimetype="application/json")


def _list() -> Response:
    saved_ones = saved_events(services().database, browser_id())
    return make_response(render_template("partials/saved_events.html", saved=saved_ones))
