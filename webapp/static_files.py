"""Style sheets, scripts and images: each under a URL with the content's hash, compressed once, cached for ever.

The hash is of all files together and stands in the path's first part, so that a module's relative imports carry it
along. Templates call `static_url("js/main.js")`.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache, lru_cache
from pathlib import Path

import brotli
from flask import Flask, Response, abort, current_app, request

_IMMUTABLE = "public, max-age=31536000, immutable"
_COMPRESSED = (".js", ".css", ".svg", ".json", ".txt", ".map")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@cache
def folder(name: str) -> Path:
    """The folder "templates" or "static": beside this module in an installed wheel, else at the repository's top."""
    here = Path(__file__).parent
    return here / name if (here / name).is_dir() else here.parent / name


def register(app: Flask) -> None:
    """Serve the files, and give templates `static_url`."""
    _version()
    app.add_url_rule("/static/<version>/<path:name>", "static", _serve)
    app.add_url_rule("/favicon.ico", "favicon", lambda: _serve(_version(), "img/favicon.svg"))
    app.jinja_env.globals["static_url"] = static_url


def static_url(name: str) -> str:
    """The URL of a static file; another one whenever any of them changes."""
    return f"/static/{_version()}/{name}"


def _version() -> str:
    if current_app and current_app.debug:  # who edits the files wants to see them
        _version_of_files.cache_clear()
    return _version_of_files()


@cache
def _version_of_files() -> str:
    digest = hashlib.sha256()
    root = folder("static")
    for path in sorted(root.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _serve(version: str, name: str) -> Response:
    root = folder("static").resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        abort(404)
    encoding = ""
    if path.suffix in _COMPRESSED:
        encoding = request.accept_encodings.best_match(["br", "gzip"]) or ""
    body = _encoded(path, path.stat().st_mtime_ns, encoding)
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    response = Response(body, mimetype=media_type)
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _IMMUTABLE if version == _version() else "no-cache"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


@lru_cache(maxsize=512)
def _encoded(path: Path, _modified_ns: int, encoding: str) -> bytes:
    data = path.read_bytes()
    if encoding == "br":
        return bytes(brotli.compress(data, quality=9))
    if encoding == "gzip":
        return gzip.compress(data, 9, mtime=0)
    return data
