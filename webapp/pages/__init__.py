"""The pages: one module a page or a part of it, each with a `blueprint`.

`webapp.app` calls `register`. To add one: its module beside this file, and a line in the tuple below.
"""

from __future__ import annotations

from flask import Flask, request

from webapp.security import refuse_foreign_form


def register(app: Flask) -> None:
    """Add every page to `app`; none of them takes another site's form."""
    from webapp.pages import (  # not above: they import modules of this package, and tables come with them
        commands,
        events,
        functions,
        guide,
        handlers,
        history,
        packages,
        permalinks,
        playground,
        runs,
        save_function,
        starters,
    )

    pages = (
        playground, packages, handlers, events, starters, runs, history, permalinks, functions, save_function,
        commands, guide,
    )  # fmt: skip
    for page in pages:
        app.register_blueprint(page.blueprint)
    names = {page.blueprint.name for page in pages}

    @app.before_request
    def _guard() -> None:
        if request.blueprint in names:
            refuse_foreign_form()
