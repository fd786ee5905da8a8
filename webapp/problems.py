"""The page's own answer to whatever goes wrong: one clear sentence, never a stack trace.

`webapp.app` registers it. The Lambda API turns its own errors into AWS's shapes before they come here.
"""

from __future__ import annotations

import io
import logging
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template
from htmx_flask import request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from sandbox.errors import LambdaError
from sandbox.limits import MAX_ZIP_BYTES, MB

log = logging.getLogger(__name__)

_SENTENCES = {
    404: "There is nothing at this address. The link may be old, or a letter of it is missing.",
    405: "This address is part of a form. Go back to the playground and send the form from there.",
    413: f"What was sent is too large: a deployment package may have {MAX_ZIP_BYTES // MB} MB zipped.",
    500: "The playground itself failed at this. The reason is in the server's log; nothing you typed is lost.",
}
_DRAIN_BYTES = 1024 * MB


def register(app: Flask) -> None:
    """Answer errors of the pages in the page's design."""
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(LambdaError, _lambda_problem)
    app.register_error_handler(Exception, _unexpected)


def problem(status: int, sentence: str, title: str = "") -> Response:
    """The answer for a person: a page, or the sentence alone where htmx asks."""
    title = title or HTTPStatus(status).phrase
    template = "partials/problem.html" if request.htmx else "problem.html"
    return make_response(render_template(template, status=status, title=title, sentence=sentence), status)


def _http_problem(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400 and error.response is not None:
        return make_response(error.get_response())
    ours = type(error).description != error.description  # abort() was given a sentence
    sentence = (error.description if ours else None) or _SENTENCES.get(status) or error.description
    answer = problem(status, sentence or _SENTENCES[500], "Not found" if isinstance(error, NotFound) else "")
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _lambda_problem(error: LambdaError) -> Response:
    if error.status >= 500:
        log.error("%s %s: %s", request.method, request.path, error.message)
    return problem(error.status, error.message)


def _unexpected(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, _SENTENCES[500], "Something broke")


def _too_large(_error: RequestEntityTooLarge) -> Response:
    drain()
    return problem(413, _SENTENCES[413], "Too large")


def drain() -> None:
    """Read what the browser still sends, up to 1 GB: it shows a dead connection if it is answered before it ends.

    The form is an empty one from then on, for whatever still looks at it.
    """
    environ, left = request.environ, _DRAIN_BYTES
    if not environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
        left = 0  # the debug server's stream does not end with the request
    stream = environ["wsgi.input"]
    try:
        while left > 0 and (chunk := stream.read(64 * 1024)):
            left -= len(chunk)
    except OSError:
        pass  # the browser has gone
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(), "0"
