"""POST /handler: which handler the code in the form offers, as a hint under the field.

Called by htmx while a person types.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request

from sandbox.errors import LambdaError
from sandbox.runtimes import runtime
from webapp.pages.code import Sources
from webapp.pages.form import Draft
from webapp.pages.handler_names import detect, handler_problem
from webapp.services import services

blueprint = Blueprint("handlers", __name__)


@blueprint.post("/handler")
def suggest() -> str:
    """The hint; empty where the handler in the form is there, or the code offers none."""
    draft = Draft.from_form(request.form)
    handler = draft.handler.strip()
    try:
        chosen = runtime(draft.runtime)
        sources = Sources(services().packages, draft.files, draft.base_package, draft.deleted)
    except LambdaError:
        return ""
    found = detect(chosen, sources, request.form.get("open", ""))
    fits = bool(handler) and not handler_problem(chosen.family, handler, sources)
    return render_template("partials/handler_hint.html", found="" if fits else found)
