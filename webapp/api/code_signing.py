"""Code signing configurations, and which functions have one: stored configuration, no package is checked for it."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from sandbox.errors import LambdaError, ResourceConflictException, ResourceNotFoundException
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.database import Base
from webapp.function_settings import FunctionSettingRecord, Kind, put, remove, setting
from webapp.functions.cleanup import on_create
from webapp.functions.names import FunctionName
from webapp.functions.records import now_ms
from webapp.functions.store import find
from webapp.functions.tagging import taggable

_ALPHABET = string.ascii_lowercase + string.digits


class CodeSigningConfigNotFoundException(LambdaError):
    """A function is to have a configuration that does not exist."""

    type = "CodeSigningConfigNotFoundException"
    status = 404


class CodeSigningConfigRecord(Base):
    """One configuration; publishers and policies in the shapes of the API."""

    __tablename__ = "code_signing_configs"

    id: Mapped[str] = mapped_column(String(21), primary_key=True)
    region: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(String(12))
    description: Mapped[str] = mapped_column(Text, default="")
    publishers: Mapped[dict[str, Any]]
    policies: Mapped[dict[str, Any]]
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)
    modified_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:code-signing-config:{self.id}"


@operation("CreateCodeSigningConfig")
def create_code_signing_config(call: Call) -> Mapping[str, Any]:
    """Make a configuration."""
    parameters = call.parameters
    record = CodeSigningConfigRecord(
        id="csc-" + "".join(secrets.choice(_ALPHABET) for _ in range(17)),
        region=call.region,
        account_id=call.account_id,
        description=parameters.get("Description", ""),
        publishers=parameters["AllowedPublishers"],
        policies=_policies(parameters.get("CodeSigningPolicies")),
        tags=parameters.get("Tags") or {},
    )
    with call.services.database.writing() as session:
        session.add(record)
    return {"CodeSigningConfig": _fields(record)}


@operation("UpdateCodeSigningConfig")
def update_code_signing_config(call: Call) -> Mapping[str, Any]:
    """Change what is given."""
    parameters = call.parameters
    with call.services.database.writing() as session:
        record = _existing(session, call)
        record.description = parameters.get("Description", record.description)
        record.publishers = parameters.get("AllowedPublishers", record.publishers)
        if "CodeSigningPolicies" in parameters:
            record.policies = _policies(parameters["CodeSigningPolicies"])
        record.modified_ms = now_ms()
    return {"CodeSigningConfig": _fields(record)}


@operation("GetCodeSigningConfig")
def get_code_signing_config(call: Call) -> Mapping[str, Any]:
    """One configuration."""
    with call.services.database.session() as session:
        return {"CodeSigningConfig": _fields(_existing(session, call))}


@operation("DeleteCodeSigningConfig")
def delete_code_signing_config(call: Call) -> Mapping[str, Any]:
    """Delete a configuration that no function has."""
    with call.services.database.writing() as session:
        record = _existing(session, call)
        if users := _users(session, record):
            raise ResourceConflictException(
                f"The code signing configuration {record.arn} can not be deleted: {len(users)} function(s) use it."
            )
        session.delete(record)
    return {}


@operation("ListCodeSigningConfigs")
def list_code_signing_configs(call: Call) -> Mapping[str, Any]:
    """Every configuration of the region, the oldest first."""
    with call.services.database.session() as session:
        records = session.scalars(
            select(CodeSigningConfigRecord)
            .where(CodeSigningConfigRecord.region == call.region)
            .order_by(CodeSigningConfigRecord.created_ms, CodeSigningConfigRecord.id)
        ).all()
    chosen, marker = page(records, lambda record: record.id, call.parameters)
    return {"CodeSigningConfigs": [_fields(record) for record in chosen], "NextMarker": marker}


@operation("ListFunctionsByCodeSigningConfig")
def list_functions_by_code_signing_config(call: Call) -> Mapping[str, Any]:
    """The functions that have it."""
    with call.services.database.session() as session:
        users = _users(session, _existing(session, call))
    chosen, marker = page(users, lambda user: user.name, call.parameters)
    arns = [FunctionName(user.name, None, call.region, call.account_id).arn for user in chosen]
    return {"FunctionArns": arns, "NextMarker": marker}


@operation("PutFunctionCodeSigningConfig")
def put_function_code_signing_config(call: Call) -> Mapping[str, Any]:
    """Give a function a configuration."""
    name = call.function_name().only_function()
    with call.services.database.writing() as session:
        find(session, name)
        _attach(session, name, call.parameters["CodeSigningConfigArn"])
    return {"CodeSigningConfigArn": call.parameters["CodeSigningConfigArn"], "FunctionName": name.name}


@operation("GetFunctionCodeSigningConfig")
def get_function_code_signing_config(call: Call) -> Mapping[str, Any]:
    """The configuration a function has; an empty answer where it has none, as AWS gives it."""
    name = call.function_name().only_function()
    with call.services.database.session() as session:
        find(session, name)
        record = setting(session, Kind.CODE_SIGNING, name.qualified(None))
    return {**record.value, "FunctionName": name.name} if record is not None else {}


@operation("DeleteFunctionCodeSigningConfig")
def delete_function_code_signing_config(call: Call) -> Mapping[str, Any]:
    """Take the configuration from a function."""
    name = call.function_name().only_function()
    with call.services.database.writing() as session:
        find(session, name)
        remove(session, Kind.CODE_SIGNING, name.qualified(None))
    return {}


@on_create
def _created(session: Session, name: FunctionName, parameters: Mapping[str, Any]) -> None:
    """CreateFunction may name a configuration."""
    if arn := parameters.get("CodeSigningConfigArn"):
        _attach(session, name, arn)


def _attach(session: Session, name: FunctionName, arn: str) -> None:
    if _find(session, name.region, arn) is None:
        raise CodeSigningConfigNotFoundException(
            "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
            f"{arn}.",
            field="CodeSigningConfigArn",
        )
    put(session, Kind.CODE_SIGNING, name.qualified(None), {"CodeSigningConfigArn": arn})


def _find(session: Session, region: str, arn: str) -> CodeSigningConfigRecord | None:
    record = session.get(CodeSigningConfigRecord, arn.rpartition(":")[2])
    return record if record is not None and record.region == region and record.arn == arn else None


def _existing(session: Session, call: Call) -> CodeSigningConfigRecord:
    arn = call.parameters["CodeSigningConfigArn"]
    record = _find(session, call.region, arn)
    if record is None:
        raise _not_found(arn)
    return record


@taggable("code-signing-config")
def _tagged(session: Session, arn: str) -> CodeSigningConfigRecord:
    record = _find(session, arn.split(":")[3], arn)
    if record is None:
        raise _not_found(arn)
    return record


def _not_found(arn: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"The Lambda code signing configuration {arn} can not be found.")


def _users(session: Session, record: CodeSigningConfigRecord) -> list[FunctionSettingRecord]:
    """The settings of the functions that have it, by name."""
    attached = session.scalars(
        select(FunctionSettingRecord)
        .where(FunctionSettingRecord.region == record.region, FunctionSettingRecord.kind == Kind.CODE_SIGNING.value)
        .order_by(FunctionSettingRecord.name)
    )
    return [user for user in attached if user.value["CodeSigningConfigArn"] == record.arn]


def _policies(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"UntrustedArtifactOnDeployment": "Warn", **(given or {})}


def _fields(record: CodeSigningConfigRecord) -> dict[str, Any]:
    return {
        "CodeSigningConfigId": record.id,
        "CodeSigningConfigArn": record.arn,
        "Description": record.description,
        "AllowedPublishers": record.publishers,
        "CodeSigningPolicies": record.policies,
        "LastModified": datetime.fromtimestamp(record.modified_ms / 1000, UTC),
    }
