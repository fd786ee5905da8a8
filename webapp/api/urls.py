"""Function URL configurations: create, get, update, delete and list. `webapp.function_urls` answers the URLs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from sandbox.errors import ResourceConflictException, ResourceNotFoundException
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.api.service_model import service_model
from webapp.api.validation import compiled, errors_detected, failed
from webapp.function_urls.addresses import url_for
from webapp.function_urls.records import FunctionUrlRecord, url_of, urls_of
from webapp.functions.names import FunctionName
from webapp.functions.records import now_ms
from webapp.functions.store import find, find_alias

_NOTHING = "The resource you requested does not exist."


@operation("CreateFunctionUrlConfig")
def create_function_url_config(call: Call) -> Mapping[str, Any]:
    """Give a function, or one of its aliases, a URL."""
    name = _name(call)
    with call.services.database.writing() as session:
        _require_function(session, name)
        if url_of(session, name) is not None:
            raise ResourceConflictException(
                f"Failed to create function url config for [functionArn = {name.qualified_arn}]. "
                "Error message:  FunctionUrlConfig exists for this Lambda function"
            )
        record = FunctionUrlRecord(
            region=name.region,
            account_id=name.account_id,
            name=name.name,
            qualifier=name.qualifier or "",
            auth_type=call.parameters["AuthType"],
            invoke_mode=call.parameters.get("InvokeMode", "BUFFERED"),
            cors=call.parameters.get("Cors") or None,
        )
        session.add(record)
    return _fields(call, record)


@operation("UpdateFunctionUrlConfig")
def update_function_url_config(call: Call) -> Mapping[str, Any]:
    """Change what is given; an empty Cors takes CORS away from Lambda."""
    name, parameters = _name(call), call.parameters
    with call.services.database.writing() as session:
        _require_function(session, name)
        record = _existing(session, name)
        record.auth_type = parameters.get("AuthType", record.auth_type)
        record.invoke_mode = parameters.get("InvokeMode", record.invoke_mode)
        if "Cors" in parameters:
            record.cors = parameters["Cors"] or None
        record.modified_ms = now_ms()
    return _fields(call, record)


@operation("GetFunctionUrlConfig")
def get_function_url_config(call: Call) -> Mapping[str, Any]:
    """The configuration."""
    with call.services.database.session() as session:
        return _fields(call, _existing(session, _name(call)))


@operation("DeleteFunctionUrlConfig")
def delete_function_url_config(call: Call) -> Mapping[str, Any]:
    """Take the URL away; the function keeps working."""
    with call.services.database.writing() as session:
        session.delete(_existing(session, _name(call)))
    return {}


@operation("ListFunctionUrlConfigs")
def list_function_url_configs(call: Call) -> Mapping[str, Any]:
    """The URLs of a function and of its aliases."""
    name = _name(call)
    with call.services.database.session() as session:
        _require_function(session, name.qualified(None))
        records = urls_of(session, name)
    chosen, marker = page(records, lambda record: record.url_id, call.parameters)
    return {"FunctionUrlConfigs": [_fields(call, record) for record in chosen], "NextMarker": marker}


def _name(call: Call) -> FunctionName:
    """The function and the alias; a version can have no URL."""
    pattern = service_model().shape_for("FunctionUrlQualifier").metadata["pattern"]
    qualifier = call.parameters.get("Qualifier")
    if qualifier is not None and compiled(pattern).fullmatch(qualifier) is None:
        problem = failed(qualifier, "qualifier", f"Member must satisfy regular expression pattern: {pattern}")
        raise errors_detected([problem])
    return call.function_name()


def _require_function(session: Session, name: FunctionName) -> None:
    try:
        if name.qualifier is None:
            find(session, name)
        else:
            find_alias(session, name)
    except ResourceNotFoundException:
        raise ResourceNotFoundException("Function does not exist", field="FunctionName") from None


def _existing(session: Session, name: FunctionName) -> FunctionUrlRecord:
    record = url_of(session, name)
    if record is None:
        raise ResourceNotFoundException(_NOTHING)
    return record


def _fields(call: Call, record: FunctionUrlRecord) -> dict[str, Any]:
    return {
        "FunctionUrl": url_for(call.base_url, record.url_id, record.region),
        "FunctionArn": record.function_name.qualified_arn,
        "AuthType": record.auth_type,
        "Cors": record.cors,
        "InvokeMode": record.invoke_mode,
        "CreationTime": datetime.fromtimestamp(record.created_ms / 1000, UTC),
        "LastModifiedTime": datetime.fromtimestamp(record.modified_ms / 1000, UTC),
    }
