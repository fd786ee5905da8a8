"""Function URLs: an HTTP endpoint for a function or an alias, configured through `webapp.api.urls`.

They are another site than the playground, so they are answered ahead of Flask: none of its routes, error
pages, compression or security headers is theirs. `webapp.app` calls `register`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.wrappers import Request, Response

from sandbox.errors import LambdaError, TooManyRequestsException
from sandbox.function import Function
from webapp.function_urls import cors, requests, responses
from webapp.function_urls.addresses import Address, address_of
from webapp.function_urls.records import FunctionUrlRecord
from webapp.functions.state import refuse_pending
from webapp.functions.store import route, to_sandbox
from webapp.services import Services, services

log = logging.getLogger(__name__)

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
ANONYMOUS = "anonymous"


def register(app: Flask) -> None:
    """Have function URLs answered wherever `app` is served."""
    inner: WsgiApp = app.wsgi_app

    def with_function_urls(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        address = address_of(request.host, _raw_path(environ))
        if address is None:
            return inner(environ, start_response)
        with app.app_context():
            current = services()
        return _answer(request, address, current)(environ, start_response)

    app.wsgi_app = with_function_urls  # type: ignore[method-assign]


def _answer(request: Request, address: Address, current: Services) -> Response:
    request_id = str(uuid.uuid4())
    trace_id = request.headers.get("X-Amzn-Trace-Id") or requests.new_trace_id()
    try:
        answer = _invoke(request, address, current, request_id, trace_id)
    except TooManyRequestsException as error:
        answer = responses.message_answer(429, "Rate Exceeded.", error.type)
    except LambdaError as error:
        answer = responses.error_answer(error)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        answer = responses.internal_server_error()
    answer.headers["x-amzn-RequestId"] = request_id
    answer.headers["X-Amzn-Trace-Id"] = trace_id
    responses.confine(answer, address)
    return answer


def _invoke(request: Request, address: Address, current: Services, request_id: str, trace_id: str) -> Response:
    with current.database.session() as session:
        record = session.get(FunctionUrlRecord, address.url_id)
        if record is None:
            return responses.message_answer(403, None, "AccessDeniedException")
        name = record.function_name
        if record.cors and cors.is_preflight(request):
            return cors.preflight(request, record.cors)
        signed = requests.access_key(request) is not None
        if not signed and (record.auth_type == "AWS_IAM" or not _is_public(record, current)):
            return responses.message_answer(403, "Forbidden", "AccessDeniedException")
        version = route(session, name)
        refuse_pending(version, current.settings)
        function = to_sandbox(session, version)
    event = requests.event_for(
        request,
        address,
        requests.read_body(request),
        account_id=record.account_id if signed and record.auth_type == "AWS_IAM" else ANONYMOUS,
        request_id=request_id,
        trace_id=trace_id,
    )
    answer = _run(function, event, record, current, request_id, trace_id)
    if record.cors:
        cors.add_headers(request, record.cors, answer)
    return answer


def _run(
    function: Function, event: bytes, record: FunctionUrlRecord, current: Services, request_id: str, trace_id: str
) -> Response:
    options: dict[str, Any] = {
        "request_id": request_id,
        "trace_id": trace_id,
        "qualifier_arn": record.function_name.qualified_arn,
    }
    if record.invoke_mode == "RESPONSE_STREAM":
        return responses.streamed(iter(current.sandbox.invoke_stream(function, event, **options)))
    return responses.buffered(current.sandbox.invoke(function, event, **options))


def _is_public(record: FunctionUrlRecord, current: Services) -> bool:
    """Whether everyone may call a URL of AuthType NONE: with AWS the function's policy must say so as well."""
    if not current.settings.strict:
        return True
    from webapp.api.policies import allows_public_url  # the API's modules are imported after this one

    with current.database.session() as session:
        return allows_public_url(session, record.function_name)


def _raw_path(environ: dict[str, Any]) -> str:
    """The path as the client encoded it: from gunicorn, from werkzeug, or as good as a test client gives it."""
    uri = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/"))
    return urlsplit(uri).path if uri.startswith(("http://", "https://")) else uri.partition("?")[0]
