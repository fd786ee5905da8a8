"""Functions made, shown, listed and deleted. Source: "API reference", the operations of these names.

Updates are in `webapp.api.updates`, versions in `webapp.api.versions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from sandbox.errors import InvalidParameterValueException, ResourceConflictException
from sandbox.package import Package
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.functions import checks, code, describe
from webapp.functions.cleanup import created, deleted
from webapp.functions.configuring import new_configuration
from webapp.functions.discarding import discard_environments
from webapp.functions.names import LATEST, FunctionName
from webapp.functions.publishing import publish
from webapp.functions.records import FunctionRecord, VersionRecord
from webapp.functions.state import Change, begin
from webapp.functions.store import find, resolve, version_of
from webapp.layers.store import resolve_layers
from webapp.package_urls import package_url


@operation("CreateFunction")
def create_function(call: Call) -> Mapping[str, Any]:
    """A new function, Pending at first; with Publish a version 1 as well."""
    given = call.parameters
    name = call.function_name().only_function().qualified(None)
    checks.check_name_length(name.name)
    if given.get("PackageType") == "Image" or given["Code"].get("ImageUri"):
        raise code.refuse_images()
    latest = new_configuration(name.name, given)
    checks.check_tags(given.get("Tags") or {})
    with call.services.database.session() as session:
        _refuse_taken(session, name)  # before the work of unpacking; what counts is the check in _insert
    package = code.package(call.services.packages, given["Code"])
    latest.code_sha256, latest.code_size = package.sha256, package.code_size
    begin(latest, Change.CREATED, call.services.settings)
    try:
        with call.services.database.writing() as session:
            return _insert(session, call, name, latest, package)
    except IntegrityError:  # the other of two creates at once, on a server that lets both begin
        raise _taken(name) from None


def _insert(
    session: Session, call: Call, name: FunctionName, latest: VersionRecord, package: Package
) -> Mapping[str, Any]:
    given = call.parameters
    _refuse_taken(session, name)
    layers = resolve_layers(session, given.get("Layers") or [], region=name.region, account_id=name.account_id)
    checks.check_total_size(package.unzipped_size, layers)
    record = FunctionRecord(
        region=name.region,
        name=name.name,
        account_id=name.account_id,
        tags=dict(given.get("Tags") or {}),
        next_version=1,
        versions=[latest],
    )
    session.add(record)
    session.flush()
    created(session, name, given)
    answer = describe.configuration(session, latest)
    if given.get("Publish"):
        answer["Version"] = publish(session, record).version
    return answer


def _refuse_taken(session: Session, name: FunctionName) -> None:
    query = select(FunctionRecord.id)
    if session.scalar(query.where(FunctionRecord.region == name.region, FunctionRecord.name == name.name)):
        raise _taken(name)


def _taken(name: FunctionName) -> ResourceConflictException:
    return ResourceConflictException(f"Function already exist: {name.name}", field="FunctionName")


@operation("GetFunction")
def get_function(call: Call) -> Mapping[str, Any]:
    """The configuration, where the code can be downloaded, tags and reserved concurrency."""
    name = call.function_name()
    with call.services.database.session() as session:
        version = resolve(session, name)
        record = version.function
        answer: dict[str, Any] = {
            "Configuration": describe.configuration(session, version, arn=name.qualified_arn),
            "Code": {"RepositoryType": "S3", "Location": package_url(call.base_url, version.code_sha256)},
        }
        if record.tags:
            answer["Tags"] = record.tags
        if record.reserved_concurrency is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": record.reserved_concurrency}
        return answer


@operation("GetFunctionConfiguration")
def get_function_configuration(call: Call) -> Mapping[str, Any]:
    """The configuration of a function, a version or an alias's version."""
    name = call.function_name()
    with call.services.database.session() as session:
        return describe.configuration(session, resolve(session, name), arn=name.qualified_arn)


@operation("ListFunctions")
def list_functions(call: Call) -> Mapping[str, Any]:
    """The region's functions by name, 50 a page; every version of them with FunctionVersion ALL."""
    given = call.parameters
    every_version = given.get("FunctionVersion") == "ALL"
    if given.get("MasterRegion", "ALL") != "ALL":
        return {"Functions": []}  # only replicas of Lambda@Edge functions are asked for, and there are none
    query = (
        select(VersionRecord)
        .join(VersionRecord.function)
        .where(FunctionRecord.region == call.region)
        .options(selectinload(VersionRecord.function))
        .order_by(FunctionRecord.name, VersionRecord.number)
    )
    with call.services.database.session() as session:
        found = session.scalars(query if every_version else query.where(VersionRecord.number == 0)).all()
        chosen, marker = page(found, lambda version: version.qualified_arn, given)
        return {
            "Functions": [
                describe.listed(session, version, arn=version.qualified_arn if every_version else None)
                for version in chosen
            ],
            "NextMarker": marker,
        }


@operation("DeleteFunction")
def delete_function(call: Call) -> Mapping[str, Any]:
    """Delete a function with all its versions and aliases, or one version of it."""
    name = call.function_name()
    if name.qualifier == LATEST:
        raise InvalidParameterValueException(
            "$LATEST version cannot be deleted without deleting the function.", field="Qualifier"
        )
    if name.names_alias:
        raise InvalidParameterValueException(
            "Deletion of aliases is not currently supported by DeleteFunction: use DeleteAlias.",
            field="Qualifier",
        )
    with call.services.database.writing() as session:
        record = find(session, name.qualified(None), lock=True)
        if name.qualifier is None:
            deleted(session, name)
            session.delete(record)
        else:
            _delete_version(session, record, name)
    discard_environments(call.services, name)
    return {"StatusCode": 204}


def _delete_version(session: Session, record: FunctionRecord, name: FunctionName) -> None:
    version = version_of(record, name.qualifier or "", name)
    using = [alias.name for alias in record.aliases if version.version in (alias.function_version, *alias.weights)]
    if using:
        raise ResourceConflictException(
            f"Version {version.version} cannot be deleted: it is used by these aliases: {', '.join(using)}",
            field="Qualifier",
        )
    deleted(session, name)
    record.versions.remove(version)
