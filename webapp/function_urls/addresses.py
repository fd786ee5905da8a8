"""Two ways to one function URL: by host, as with AWS, and by path, which works where that host can't be
resolved.

`http://<id>.lambda-url.<region>.localhost:8000/…` and `http://127.0.0.1:8000/lambda-url/<id>/…`.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from webapp.function_urls.records import URL_ID_LENGTH

_ID = rf"[a-z0-9]{{{URL_ID_LENGTH}}}"
_HOST = re.compile(rf"(?P<id>{_ID})\.lambda-url\.")
_PATH = re.compile(rf"(?P<prefix>/lambda-url/(?P<id>{_ID}))(?P<rest>/.*)?")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Address:
    """What a request is addressed to: a URL's id, the path below it as the client encoded it, and the prefix.

    `prefix` is "" where the URL has a host of its own, else the path in front ("/lambda-url/<id>").
    """

    url_id: str
    raw_path: str
    prefix: str


def address_of(host: str, raw_path: str) -> Address | None:
    """The address of a request with that Host header and path; None where it is for the playground itself."""
    if match := _HOST.match(host.lower()):
        return Address(match["id"], raw_path or "/", "")
    if match := _PATH.fullmatch(raw_path):
        return Address(match["id"], match["rest"] or "/", match["prefix"])
    return None


def url_for(base_url: str, url_id: str, region: str) -> str:
    """The URL to hand out to a caller who came by `base_url`: by host where that is sure to reach us."""
    parts = urlsplit(base_url)
    if parts.hostname in _LOOPBACK and _resolves():
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{url_id}.lambda-url.{region}.localhost{port}/"
    return f"{base_url}/lambda-url/{url_id}/"


@cache
def _resolves() -> bool:
    """Whether names below localhost lead here: browsers and curl know it, other programs ask the system."""
    try:
        found = socket.getaddrinfo(f"{'a' * URL_ID_LENGTH}.lambda-url.us-east-1.localhost", None)
    except OSError:
        return False
    return all(info[4][0] in _LOOPBACK for info in found)
