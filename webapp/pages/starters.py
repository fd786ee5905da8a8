"""GET /starters/SLUG: a starter as a draft, for the page's scripts to put into the form without leaving it.

Without scripts, the picker's links go to `/?starter=SLUG`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request

from webapp.events import sample_event
from webapp.pages.starting_points import from_starter
from webapp.starters import starter

blueprint = Blueprint("starters", __name__)


@blueprint.get("/starters/<slug>")
def show(slug: str) -> dict[str, Any]:
    """The draft's fields; `?runtime=` is the one chosen in the form, kept where it fits."""
    try:
        chosen = starter(slug)
        draft = from_starter(chosen, request.args.get("runtime", ""))
        return {**draft.to_dict(), "event_title": sample_event(chosen.event_slug).title}
    except KeyError:
        abort(404, f"There is no starter named {slug[:60]}.")
