"""The pages: one module a page or a part of it, each with a `blueprint`.

`webapp.app` calls `register`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint, Flask

from webapp.security import refuse_foreign_form

MODULES = (
    "playground",
    "packages",
    "handlers",
    "events",
    "starters",
    "runs",
    "history",
    "permalinks",
    "logs",
    "estimate",
    "functions",
    "save_function",
    "commands",
    "guide",
)


def register(app: Flask) -> None:
    """Add every page to `app`; none of them takes another site's form."""
    for name in MODULES:
        if find_spec(f"{__name__}.{name}") is None:
            continue
        module = import_module(f"{__name__}.{name}")
        blueprint = getattr(module, "blueprint", None)
        if isinstance(blueprint, Blueprint):
            blueprint.before_request(refuse_foreign_form)
            app.register_blueprint(blueprint)
