"""Cross-origin requests to a function URL, where its configuration has Lambda handle them.

Source: "Creating and managing Lambda function URLs, Cross-origin resource sharing". Lambda answers
preflights itself and puts its headers in place of the function's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

# Without AllowMethods, what the CORS protocol lets through anyhow.
_SIMPLE_METHODS = ("GET", "HEAD", "POST")


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what it may send."""
    return request.method == "OPTIONS" and bool(
        request.headers.get("Origin") and request.headers.get("Access-Control-Request-Method")
    )


def preflight(request: Request, cors: Mapping[str, Any]) -> Response:
    """The answer to a preflight: all that is allowed, or nothing where the origin, method or a header is not."""
    answer = Response(status=200, content_type="application/json")
    method = request.headers.get("Access-Control-Request-Method", "")
    methods = cors.get("AllowMethods") or _SIMPLE_METHODS
    asked = [h.strip() for h in request.headers.get("Access-Control-Request-Headers", "").split(",") if h.strip()]
    allowed = cors.get("AllowHeaders") or []
    if not _has(methods, method) or not all(_has(allowed, header) for header in asked):
        return answer
    if not _add_origin(request, cors, answer):
        return answer
    credentials = bool(cors.get("AllowCredentials"))
    # "*" means everything only without credentials; with them it is spelt out
    answer.headers["Access-Control-Allow-Methods"] = method if credentials and "*" in methods else ",".join(methods)
    if allowed:
        spelt_out = credentials and "*" in allowed
        answer.headers["Access-Control-Allow-Headers"] = ",".join(asked if spelt_out else allowed).lower()
    if cors.get("MaxAge") is not None:
        answer.headers["Access-Control-Max-Age"] = str(cors["MaxAge"])
    return answer


def add_headers(request: Request, cors: Mapping[str, Any], answer: Response) -> None:
    """Put the configured headers on the function's answer, in place of what it brings itself."""
    for name in [name for name, _ in answer.headers if name.lower().startswith("access-control-")]:
        answer.headers.remove(name)
    if not request.headers.get("Origin") or not _add_origin(request, cors, answer):
        return
    if exposed := cors.get("ExposeHeaders"):
        answer.headers["Access-Control-Expose-Headers"] = ",".join(exposed)


def _add_origin(request: Request, cors: Mapping[str, Any], answer: Response) -> bool:
    """Whether the origin is allowed; the headers say so."""
    origin = request.headers["Origin"]
    origins = cors.get("AllowOrigins") or []
    if not any(_matches(pattern, origin) for pattern in origins):
        return False
    if "*" in origins and not cors.get("AllowCredentials"):
        answer.headers["Access-Control-Allow-Origin"] = "*"
    else:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.vary.add("Origin")
    if cors.get("AllowCredentials"):
        answer.headers["Access-Control-Allow-Credentials"] = "true"
    return True


def _matches(pattern: str, origin: str) -> bool:
    """Whether an allowed origin is this one; a star stands for anything ("https://*", "https://*.example.com")."""
    head, star, tail = pattern.lower().partition("*")
    origin = origin.lower()
    if not star:
        return origin == head
    return len(origin) >= len(head) + len(tail) and origin.startswith(head) and origin.endswith(tail)


def _has(allowed: Any, wanted: str) -> bool:
    return "*" in allowed or wanted.lower() in [item.lower() for item in allowed]
