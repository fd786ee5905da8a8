"""The web application: one Flask app of the pages, the Lambda API and function URLs.

Called by gunicorn as `webapp.app:create_app()`, by `webapp.debug_server` and by tests.
"""

from __future__ import annotations

from flask import Flask
from flask_compress import Compress
from htmx_flask import Htmx

import webapp.api.dispatch
import webapp.function_urls
import webapp.package_urls
import webapp.pages
from sandbox.client import SandboxClient
from sandbox.limits import MB
from sandbox.package import PackageStore
from webapp import problems, security, static_files
from webapp.database import Database
from webapp.services import Services, install
from webapp.settings import Settings

# The form takes more than Lambda does, so that whoever exceeds a quota is told by a sentence at the field.
MAX_REQUEST_BYTES = 192 * MB
MAX_FIELD_BYTES = 64 * MB
MAX_FIELDS = 4_000


def create_app(settings: Settings | None = None) -> Flask:
    """The app for `settings` (the environment's by default), with its tables made.

    It starts without a manager: pages that need none are there, and runs say that it is gone.
    """
    settings = settings or Settings.from_environment()
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    app = Flask(__name__, static_folder=None, template_folder=str(static_files.folder("templates")))
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FIELD_BYTES,
        MAX_FORM_PARTS=MAX_FIELDS,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIN_SIZE=1_000,
        COMPRESS_STREAMS=False,  # a stream is for what has to arrive at once
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,  # the API's answers are no cached pages
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Htmx(app)
    Compress(app)
    database = Database(settings.database_url)
    install(
        app, Services(settings, database, PackageStore(settings.package_folder), SandboxClient(settings.socket_path))
    )

    security.register(app)
    static_files.register(app)
    problems.register(app)
    webapp.api.dispatch.register(app)  # ahead of the pages: it looks at paths that are the API's alone
    webapp.package_urls.register(app)
    webapp.function_urls.register(app)
    webapp.pages.register(app)
    database.create_tables()  # every model is imported by now
    return app
