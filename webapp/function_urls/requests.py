"""From an HTTP request to the event a function gets, in payload format 2.0.

Source: "Invoking Lambda function URLs, Request payload format".
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Request

from sandbox.errors import RequestTooLargeException
from sandbox.limits import MAX_EVENT_BYTES, MB
from webapp.function_urls.addresses import Address
from webapp.pages.browser import COOKIE

# What belongs to one connection, and the cookies, which have a member of their own.
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "cookie"}
MAX_DRAINED_BYTES = 64 * MB
_TEXT = re.compile(r"text/|application/(.+\+)?(json|xml)|application/javascript")
_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/")


def read_body(request: Request) -> bytes:
    """The request's body; RequestTooLargeException past 6 MB."""
    request.max_content_length = None
    body = b"" if (request.content_length or 0) > MAX_EVENT_BYTES else request.stream.read(MAX_EVENT_BYTES + 1)
    if (request.content_length or 0) > MAX_EVENT_BYTES or len(body) > MAX_EVENT_BYTES:
        _drain(request)
        raise _too_large()
    return body


def access_key(request: Request) -> str | None:
    """The access key the request is signed with by Signature Version 4; None where it is unsigned.

    The playground knows no secret keys, so no signature is wrong.
    """
    signed = request.headers.get("Authorization", "")
    if signed.startswith("AWS4-") and (match := _CREDENTIAL.search(signed)):
        return match["key"]
    if request.args.get("X-Amz-Signature") and (credential := request.args.get("X-Amz-Credential")):
        return credential.partition("/")[0]
    return None


def event_for(
    request: Request, address: Address, body: bytes, *, account_id: str, request_id: str, trace_id: str
) -> bytes:
    """The event, as JSON. `account_id` is the caller's, "anonymous" without one."""
    headers = {name.lower(): value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
    headers |= {
        "x-amzn-trace-id": trace_id,
        "x-forwarded-for": ", ".join([*request.headers.getlist("X-Forwarded-For"), request.remote_addr or ""]),
        "x-forwarded-port": request.host.rpartition(":")[2] if ":" in request.host else "80",
        "x-forwarded-proto": request.scheme,
    }
    query = request.query_string.decode("latin-1")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": address.raw_path,
        "rawQueryString": query,
    }
    if cookies := _cookies(request, address):
        event["cookies"] = cookies
    event["headers"] = headers
    if query:
        event["queryStringParameters"] = _joined(query)
    event["requestContext"] = _context(request, address, account_id, request_id)
    if body:
        event["body"], event["isBase64Encoded"] = _text(request, body)
    else:
        event["isBase64Encoded"] = False
    encoded = json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogateescape")
    if len(encoded) > MAX_EVENT_BYTES:
        raise _too_large()
    return encoded


def new_trace_id() -> str:
    """A fresh X-Ray trace header."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def _drain(request: Request) -> None:
    """Read what is still being sent: most clients look for an answer only when they are through."""
    left = MAX_DRAINED_BYTES
    try:
        while left > 0 and (chunk := request.stream.read(64 * 1024)):
            left -= len(chunk)
    except OSError:
        pass  # the client has gone


def _context(request: Request, address: Address, account_id: str, request_id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    context: dict[str, Any] = {
        "accountId": account_id,
        "apiId": address.url_id,
        "domainName": request.host.partition(":")[0],
        "domainPrefix": address.url_id,
        "http": {
            "method": request.method,
            "path": address.raw_path,
            "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "sourceIp": request.remote_addr or "",
            "userAgent": request.headers.get("User-Agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": int(now.timestamp() * 1000),
    }
    if key := access_key(request):
        context["authorizer"] = {
            "iam": {
                "accessKey": key,
                "accountId": account_id,
                "callerId": key,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": f"arn:aws:iam::{account_id}:root",
                "userId": key,
            }
        }
    return context


def _cookies(request: Request, address: Address) -> list[str]:
    """The cookies one by one; where a function shares the playground's host, without the playground's own."""
    cookies = [cookie.strip() for cookie in request.headers.get("Cookie", "").split(";") if cookie.strip()]
    if not address.prefix:
        return cookies
    return [cookie for cookie in cookies if cookie.partition("=")[0] != COOKIE]


def _joined(query: str) -> dict[str, str]:
    parameters: dict[str, list[str]] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        parameters.setdefault(key, []).append(value)
    return {key: ",".join(values) for key, values in parameters.items()}


def _text(request: Request, body: bytes) -> tuple[str, bool]:
    """The body as text, and False; in base64, and True, where its type is not one of text or it is no UTF-8."""
    kind = request.headers.get("Content-Type", "text/plain").lower()
    if _TEXT.match(kind):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _too_large() -> RequestTooLargeException:
    return RequestTooLargeException(
        f"Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation"
    )
