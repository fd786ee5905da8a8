"""From the Code of a request to a package in the store.

Called by CreateFunction and UpdateFunctionCode, outside any transaction: unpacking may take a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.errors import InvalidParameterValueException, LambdaError
from sandbox.limits import MAX_ZIP_BYTES
from sandbox.package import Package, PackageStore
from webapp.functions.checks import refuse


class ZippedTooLargeException(LambdaError):
    """The zip is larger than a direct upload may be."""

    type = "RequestEntityTooLargeException"
    status = 413


def package(packages: PackageStore, code: Mapping[str, Any]) -> Package:
    """The package that `code` brings (ZipFile); a clear error for where it can't come from."""
    sources = [source for source in ("ZipFile", "S3Bucket", "S3Key", "ImageUri") if code.get(source) is not None]
    if "ImageUri" in sources:
        raise refuse_images()
    if "S3Bucket" in sources or "S3Key" in sources:
        if "ZipFile" in sources:
            raise refuse("Please do not provide other FunctionCode parameters when providing a ZipFile.", "Code")
        raise InvalidParameterValueException(
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket "
            f"does not exist: {code.get('S3Bucket', '')}. The playground has no S3; send the package itself "
            "(ZipFile, or --zip-file fileb://function.zip).",
            field="S3Bucket",
        )
    if "ZipFile" not in sources:
        raise refuse("Please provide a source for function code.", "Code")
    data: bytes = code["ZipFile"]
    if not data:
        raise refuse("Uploaded file must be a non-empty zip", "ZipFile")
    if len(data) > MAX_ZIP_BYTES:
        raise ZippedTooLargeException(f"Zipped size must be smaller than {MAX_ZIP_BYTES} bytes", field="ZipFile")
    return packages.put_zip(data, field="ZipFile")


def refuse_images() -> InvalidParameterValueException:
    """The error for functions defined as container images."""
    return refuse(
        "PackageType Image is not supported: the playground runs .zip deployment packages, not container images.",
        "PackageType",
    )
