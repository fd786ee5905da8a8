"""Where a stored package can be downloaded: what AWS gives as a presigned URL of S3.

The API puts `package_url` into Code.Location and Content.Location. Whoever knows a package's hash may have
it.
"""

from __future__ import annotations

from flask import Blueprint, Flask, Response, abort

from sandbox.errors import ResourceNotFoundException
from webapp.services import services

blueprint = Blueprint("package_urls", __name__)


def register(app: Flask) -> None:
    """Have `app` answer the URLs."""
    app.register_blueprint(blueprint)


def package_url(base_url: str, sha256: str) -> str:
    """The URL of the zip with that hex SHA-256, as the caller who came by `base_url` reaches it."""
    return f"{base_url}/package-zips/{sha256}.zip"


@blueprint.get("/package-zips/<sha256>.zip")
def download(sha256: str) -> Response:
    """The bytes of the zip that was uploaded."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        abort(404)
    try:
        data = services().packages.zip_bytes(sha256)
    except ResourceNotFoundException:
        abort(404)
    return Response(data, content_type="application/zip")
