"""The Lambda API over HTTP: every request below /YYYY-MM-DD/ is one operation of the service model.

`webapp.app` calls `register`. Signatures are accepted unverified; the region is the one that was signed for.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from flask import Flask, Request, Response, request

from sandbox.errors import LambdaError, RequestTooLargeException, ServiceException
from sandbox.limits import MAX_ASYNC_EVENT_BYTES, MAX_EVENT_BYTES
from webapp.api.operations import Call, handlers, perform
from webapp.api.parsing import parse
from webapp.api.responses import answer, error_answer
from webapp.api.routing import API_PATH, match
from webapp.api.service_model import operation_model
from webapp.problems import drain
from webapp.services import services

log = logging.getLogger(__name__)

# "Request must be smaller than … bytes", as AWS says: 50 MB of zip in base64, with some room
MAX_REQUEST_BYTES = 70_167_211
_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[a-z0-9-]+)/")


class RequestEntityTooLargeException(LambdaError):
    """The request is larger than any operation takes."""

    type = "RequestEntityTooLargeException"
    status = 413


class UnknownOperationException(LambdaError):
    """No operation of Lambda's has that path."""

    type = "UnknownOperationException"
    status = 404


class CrossOriginException(LambdaError):
    """A web page of another origin sent an unsigned request through somebody's browser."""

    type = "AccessDeniedException"
    status = 403


def register(app: Flask) -> None:
    """Have `app` answer the Lambda API. Imports every operation, so that their tables are known."""
    handlers()
    app.before_request(_intercept)


def _intercept() -> Response | None:
    """The API's answer, or None for the pages.

    Runs ahead of Flask's routing, which would decode the slashes and colons of an ARN in the path.
    """
    raw_path = _raw_path(request)
    if not API_PATH.match(raw_path):
        return None
    request_id = str(uuid.uuid4())
    try:
        return _answer(raw_path, request_id)
    except LambdaError as error:
        return error_answer(error, request_id)
    except Exception:
        log.exception("%s %s failed", request.method, raw_path)
        failure = ServiceException("An error occurred and the request cannot be processed.")
        return error_answer(failure, request_id)


def _answer(raw_path: str, request_id: str) -> Response:
    query = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    found = match(request.method, raw_path, query)
    if found is None:
        raise UnknownOperationException(f"The Lambda API has no operation at {request.method} {raw_path}")
    name, labels = found
    _refuse_foreign_pages(request)
    operation = operation_model(name)
    body = _body(request, name)
    current = services()
    headers = {key.lower(): value for key, value in request.headers.items()}
    call = Call(
        parameters=parse(operation, labels, query, headers, body),
        services=current,
        region=_region(headers, query) or current.settings.default_region,
        account_id=current.settings.account_id,
        request_id=request_id,
        headers=headers,
        base_url=request.host_url.rstrip("/"),
    )
    response = answer(operation, perform(name, call), request_id)
    response.headers.extend(call.answer_headers)
    return response


def _raw_path(incoming: Request) -> str:
    """The path as the client encoded it: gunicorn gives RAW_URI, werkzeug REQUEST_URI."""
    uri = incoming.environ.get("RAW_URI") or incoming.environ.get("REQUEST_URI") or incoming.path
    return urlsplit(uri).path if uri.startswith("http") else str(uri).partition("?")[0]


def _body(incoming: Request, operation: str) -> bytes:
    limit, spoken = MAX_REQUEST_BYTES, operation
    error: type[LambdaError] = RequestEntityTooLargeException
    if operation in ("Invoke", "InvokeWithResponseStream", "InvokeAsync"):
        asynchronous = operation == "InvokeAsync" or incoming.headers.get("X-Amz-Invocation-Type") == "Event"
        limit = MAX_ASYNC_EVENT_BYTES if asynchronous else MAX_EVENT_BYTES
        error, spoken = RequestTooLargeException, "InvokeFunction"
    if (incoming.content_length or 0) > limit:
        drain()
        raise error(f"Request must be smaller than {limit} bytes for the {spoken} operation")
    incoming.max_content_length = None
    body = incoming.stream.read(limit + 1)
    if len(body) > limit:
        raise error(f"Request must be smaller than {limit} bytes for the {spoken} operation")
    return body


def _region(headers: Mapping[str, str], query: list[tuple[str, str]]) -> str | None:
    """The region of the credential scope that the request is signed for."""
    credential = headers.get("authorization", "")
    for key, value in query:
        if key == "X-Amz-Credential":
            credential = f"Credential={value}"
    found = _CREDENTIAL.search(credential)
    return found["region"] if found else None


def _refuse_foreign_pages(incoming: Request) -> None:
    origin = incoming.headers.get("Origin")
    if origin and "Authorization" not in incoming.headers and urlsplit(origin).netloc != incoming.host:
        raise CrossOriginException("A web page of another origin may not call this API.")
