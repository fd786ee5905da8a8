"""Layers: publish, get, list and delete their versions.

Functions find them through `webapp.layers.store`. Source: "Managing Lambda dependencies with layers".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from sandbox.errors import InvalidParameterValueException, ResourceNotFoundException
from sandbox.package import Package
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.api.service_model import runtime_identifiers
from webapp.api.validation import errors_detected, failed
from webapp.layers.records import LayerVersionRecord
from webapp.layers.store import LayerArn, find
from webapp.package_urls import package_url

_PUBLISH_ATTEMPTS = 5  # two may publish the same layer at once, where the database does not make one of them wait


@operation("PublishLayerVersion")
def publish_layer_version(call: Call) -> Mapping[str, Any]:
    """Make the next version of a layer, and the layer with its first one."""
    parameters = call.parameters
    _check_runtimes("compatibleRuntimes", parameters.get("CompatibleRuntimes"))
    name = layer_name(call)
    package = _package(call)
    for attempt in range(1, _PUBLISH_ATTEMPTS + 1):
        try:
            return {
                **_version_fields(record := _insert(call, name, package)),
                **_content_fields(call, record),
            }
        except IntegrityError:
            if attempt == _PUBLISH_ATTEMPTS:
                raise
    raise AssertionError("not reached")


@operation("GetLayerVersion")
def get_layer_version(call: Call) -> Mapping[str, Any]:
    """One version, with a link to its zip."""
    return _found(call, find_layer(call))


@operation("GetLayerVersionByArn")
def get_layer_version_by_arn(call: Call) -> Mapping[str, Any]:
    """The same, by the version's ARN."""
    arn = LayerArn.parse(call.parameters["Arn"])
    record = None
    if arn is not None and arn.account_id == call.account_id and arn.region == call.region:
        with call.services.database.session() as session:
            record = find(session, arn.region, arn.name, arn.version)
    return _found(call, record)


@operation("ListLayerVersions")
def list_layer_versions(call: Call) -> Mapping[str, Any]:
    """The versions of a layer, the newest first; none where there is no such layer."""
    records = [record for record in _existing(call) if record.name == layer_name(call) and _matches(call, record)]
    chosen, marker = page(records, lambda record: record.version, call.parameters)
    return {
        "LayerVersions": [_version_fields(record, listed=True) for record in chosen],
        "NextMarker": marker,
    }


@operation("ListLayers")
def list_layers(call: Call) -> Mapping[str, Any]:
    """Every layer by name, with its newest version that matches the filters."""
    latest: dict[str, LayerVersionRecord] = {}
    for record in _existing(call):
        if _matches(call, record):
            latest.setdefault(record.name, record)
    chosen, marker = page(sorted(latest.values(), key=lambda r: r.name), lambda r: r.name, call.parameters)
    layers = [
        {
            "LayerName": record.name,
            "LayerArn": record.layer_arn,
            "LatestMatchingVersion": _version_fields(record, listed=True),
        }
        for record in chosen
    ]
    return {"Layers": layers, "NextMarker": marker}


@operation("DeleteLayerVersion")
def delete_layer_version(call: Call) -> Mapping[str, Any]:
    """Hide a version from new functions; those that use it keep it. No error where there is none."""
    version_number(call)
    with call.services.database.writing() as session:
        record = find(session, call.region, layer_name(call), call.parameters["VersionNumber"])
        if record is not None:
            record.deleted = True
    return {}


def layer_name(call: Call) -> str:
    """The bare name of the layer that the call names, be it by ARN."""
    text = str(call.parameters["LayerName"])
    arn = LayerArn.parse(text)
    return arn.name if arn is not None else text


def version_number(call: Call) -> int:
    """The version that the call names."""
    number = int(call.parameters["VersionNumber"])
    if number < 1:
        raise InvalidParameterValueException("Layer Version Cannot be less than 1", field="VersionNumber")
    return number


def find_layer(call: Call) -> LayerVersionRecord | None:
    """The version that the call names, deleted or not."""
    number = version_number(call)
    with call.services.database.session() as session:
        return find(session, call.region, layer_name(call), number)


def _package(call: Call) -> Package:
    content = call.parameters["Content"]
    if content.get("ZipFile"):
        return call.services.packages.put_zip(content["ZipFile"], field="Content")
    if content.get("S3Bucket") or content.get("S3Key"):
        raise InvalidParameterValueException(
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: "
            "The specified bucket does not exist. The playground has no S3, please send the layer as ZipFile.",
            field="Content",
        )
    raise InvalidParameterValueException("Uploaded file must be a non-empty zip", field="Content")


def _insert(call: Call, name: str, package: Package) -> LayerVersionRecord:
    with call.services.database.writing() as session:
        newest = session.scalar(
            select(func.max(LayerVersionRecord.version)).where(
                LayerVersionRecord.region == call.region, LayerVersionRecord.name == name
            )
        )
        record = LayerVersionRecord(
            region=call.region,
            account_id=call.account_id,
            name=name,
            version=(newest or 0) + 1,
            sha256=package.sha256,
            code_size=package.code_size,
            unzipped_size=package.unzipped_size,
            description=call.parameters.get("Description", ""),
            license_info=call.parameters.get("LicenseInfo"),
            compatible_runtimes=call.parameters.get("CompatibleRuntimes"),
            compatible_architectures=call.parameters.get("CompatibleArchitectures"),
        )
        session.add(record)
    return record


def _existing(call: Call) -> list[LayerVersionRecord]:
    """Every version of the region that is not deleted, the newest of a layer first."""
    _check_runtimes("compatibleRuntime", call.parameters.get("CompatibleRuntime"))
    with call.services.database.session() as session:
        return list(
            session.scalars(
                select(LayerVersionRecord)
                .where(LayerVersionRecord.region == call.region, LayerVersionRecord.deleted.is_(False))
                .order_by(LayerVersionRecord.version.desc())
            )
        )


def _matches(call: Call, record: LayerVersionRecord) -> bool:
    runtime = call.parameters.get("CompatibleRuntime")
    architecture = call.parameters.get("CompatibleArchitecture")
    return (runtime is None or runtime in (record.compatible_runtimes or ())) and (
        architecture is None or architecture in (record.compatible_architectures or ())
    )


def _check_runtimes(path: str, given: list[str] | str | None) -> None:
    known = runtime_identifiers()
    unknown = [given] if isinstance(given, str) else given or []
    if all(runtime in known for runtime in unknown):
        return
    shown = f"[{', '.join(given)}]" if isinstance(given, list) else given
    raise errors_detected([failed(shown, path, f"Member must satisfy enum value set: [{', '.join(known)}]")])


def _found(call: Call, record: LayerVersionRecord | None) -> Mapping[str, Any]:
    if record is None or record.deleted:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return {**_version_fields(record), **_content_fields(call, record)}


def _version_fields(record: LayerVersionRecord, *, listed: bool = False) -> dict[str, Any]:
    fields = {
        "LayerVersionArn": record.arn,
        "Version": record.version,
        "Description": record.description,
        "CreatedDate": datetime.fromtimestamp(record.created_ms / 1000, UTC),
        "CompatibleRuntimes": record.compatible_runtimes,
        "CompatibleArchitectures": record.compatible_architectures,
        "LicenseInfo": record.license_info,
    }
    return fields if listed else {**fields, "LayerArn": record.layer_arn}


def _content_fields(call: Call, record: LayerVersionRecord) -> dict[str, Any]:
    package = call.services.packages.get(record.sha256)
    content = {
        "Location": package_url(call.base_url, record.sha256),
        "CodeSha256": package.code_sha256,
        "CodeSize": record.code_size,
    }
    return {"Content": content}
