"""Where a package can be downloaded from: the Code.Location of GetFunction, the Content.Location of a layer.

The link is good for ten minutes and can't be guessed, as AWS's presigned one; `webapp.api.dispatch` registers the
route that serves it. The key it is signed with lies in the data folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort, request

from webapp.services import Services, services

EXPIRES_S = 600


def location(shared: Services, base_url: str, sha256: str) -> str:
    """The URL of the zip with that (hex) SHA-256, below `base_url`."""
    expires = int(time.time()) + EXPIRES_S
    signature = _signature(_key(shared.settings.data_folder), sha256, expires)
    return f"{base_url}/code/{sha256}.zip?expires={expires}&signature={signature}"


def register(app: Flask) -> None:
    """Serve the links."""
    app.add_url_rule("/code/<sha256>.zip", "package_download", _download)


def _download(sha256: str) -> Response:
    shared = services()
    given, expires = request.args.get("signature", ""), request.args.get("expires", "")
    key = _key(shared.settings.data_folder)
    if not expires.isdecimal() or len(expires) > 15:
        abort(403, "This link to a package is not complete.")
    if not hmac.compare_digest(given.encode(), _signature(key, sha256, int(expires)).encode()):
        abort(403, "This link to a package is not valid.")
    if int(expires) < time.time():
        abort(403, "This link to a package has expired. Ask for the function again for a new one.")
    response = Response(shared.packages.zip_bytes(sha256), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{sha256[:16]}.zip"'
    return response


def _signature(key: bytes, sha256: str, expires: int) -> str:
    return hmac.new(key, f"{sha256}:{expires}".encode(), hashlib.sha256).hexdigest()


@cache
def _key(folder: Path) -> bytes:
    """The key of this data folder. Several workers may want to make it at once: the first one's counts."""
    path = folder / "links.key"
    if not path.exists():
        fresh = folder / f"links.key.{os.getpid()}.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return bytes.fromhex(path.read_text())
