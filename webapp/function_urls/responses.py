"""From what a function returned to the HTTP answer of its URL.

Source: "Invoking Lambda function URLs, Response payload format"; what it leaves open is as AWS was seen to
do it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from sandbox.errors import LambdaError
from sandbox.function import Invocation
from webapp.function_urls.addresses import Address

# A streaming function says by this type that metadata comes first, parted from the body by eight NUL bytes.
PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response"
PRELUDE_END = b"\0" * 8
MAX_PRELUDE_BYTES = 64 * 1024

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_THE_FUNCTIONS = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}
_COOKIE_ATTRIBUTE = re.compile(r";\s*(path|domain)=[^;]*", re.IGNORECASE)
# A page that shares the playground's host must not act as the playground's own.
_SANDBOX = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"


class MalformedResponse(Exception):
    """The function returned what can't be an HTTP answer."""


def buffered(invocation: Invocation) -> Response:
    """The answer for a whole response."""
    if not invocation.succeeded:
        return internal_server_error()
    try:
        if invocation.content_type.startswith(PRELUDE_TYPE):
            prelude, found, body = invocation.payload.partition(PRELUDE_END)
            return _with_metadata(json.loads(prelude), [body] if found else [])
        return _from_payload(invocation.payload)
    except (MalformedResponse, ValueError):
        return internal_server_error()


def streamed(items: Iterator[Any]) -> Response:
    """The answer for the chunks of a response, sent on as they come.

    `items` are `SandboxClient.invoke_stream`'s: chunks with `data` and `content_type`, and the Invocation
    at the end.
    """
    first = next(items, None)
    if first is None:
        return internal_server_error()
    if isinstance(first, Invocation):
        failed = not first.succeeded
        return internal_server_error() if failed else Response(first.payload, content_type=first.content_type)
    if not str(first.content_type).startswith(PRELUDE_TYPE):
        return Response(_chunks(first.data, items), content_type=first.content_type or "application/octet-stream")
    begun = bytes(first.data)
    while PRELUDE_END not in begun and len(begun) <= MAX_PRELUDE_BYTES:
        item = next(items, None)
        if item is None or isinstance(item, Invocation):
            return internal_server_error()
        begun += item.data
    prelude, _, rest = begun.partition(PRELUDE_END)
    try:
        return _with_metadata(json.loads(prelude), _chunks(rest, items))
    except (MalformedResponse, ValueError):
        return internal_server_error()


def internal_server_error() -> Response:
    """The answer where the function failed, whatever the reason."""
    return Response("Internal Server Error", status=502, content_type="application/json")


def error_answer(error: LambdaError) -> Response:
    """The answer where the function was not run."""
    return message_answer(error.status, error.message, error.type)


def message_answer(status: int, message: str | None, error_type: str) -> Response:
    """A JSON answer of Lambda's own."""
    answer = Response(json.dumps({"Message": message}, separators=(",", ":")), status=status)
    answer.content_type = "application/json"
    answer.headers["x-amzn-ErrorType"] = error_type
    return answer


def confine(answer: Response, address: Address) -> None:
    """Keep an answer that comes from the playground's own host within its path, and out of the playground's pages."""
    if not address.prefix:
        return
    answer.headers["Content-Security-Policy"] = _SANDBOX
    cookies = answer.headers.getlist("Set-Cookie")
    answer.headers.remove("Set-Cookie")
    for cookie in cookies:
        answer.headers.add("Set-Cookie", f"{_COOKIE_ATTRIBUTE.sub('', cookie)}; Path={address.prefix}/")
    location = answer.headers.get("Location", "")
    if location.startswith("/") and not location.startswith("//"):
        answer.headers["Location"] = address.prefix + location
    answer.autocorrect_location_header = False


def _from_payload(payload: bytes) -> Response:
    value = json.loads(payload)
    if isinstance(value, dict) and "statusCode" in value:
        return _with_metadata(value, [_body(value)])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, content_type="application/json")


def _with_metadata(metadata: Any, body: Iterable[bytes]) -> Response:
    if not isinstance(metadata, dict):
        raise MalformedResponse
    headers = _headers(metadata)
    content_type = headers.pop("Content-Type", None)
    chunks = b"".join(body) if isinstance(body, list) else body
    answer = Response(chunks, status=_status(metadata), headers=headers)
    answer.headers["Content-Type"] = content_type or "application/json"
    return answer


def _status(metadata: Mapping[str, Any]) -> int:
    given = metadata.get("statusCode", 200)
    if isinstance(given, str) and given.isdecimal():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 200 <= given <= 599:
        raise MalformedResponse
    return given


def _headers(metadata: Mapping[str, Any]) -> Headers:
    headers = Headers()
    given = metadata.get("headers") or {}
    cookies = metadata.get("cookies") or []
    if not isinstance(given, dict) or not isinstance(cookies, list):
        raise MalformedResponse
    for name, value in given.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise MalformedResponse
        if name.lower() not in _NOT_THE_FUNCTIONS:
            headers.add(name, _header_value(value))
    for cookie in cookies:
        headers.add("Set-Cookie", _header_value(cookie))
    return headers


def _header_value(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        raise MalformedResponse
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if any(ord(character) < 32 and character != "\t" for character in text):
        raise MalformedResponse
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise MalformedResponse from None
    return text


def _body(value: Mapping[str, Any]) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    if value.get("isBase64Encoded") is True:
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise MalformedResponse from None
    return body.encode("utf-8", "surrogatepass")


def _chunks(begun: bytes, items: Iterator[Any]) -> Iterator[bytes]:
    if begun:
        yield begun
    for item in items:
        if not isinstance(item, Invocation):
            yield item.data
        elif not item.succeeded:
            # the status has been sent: an answer cut short is the only way left to say that it is not whole
            raise ConnectionAbortedError(f"The function failed while its response was streamed: {item.error_type}")
