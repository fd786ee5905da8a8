"""A version as Lambda shows it: the FunctionConfiguration of the API, with what AWS leaves out left out.

Called by every operation that answers with a function's configuration, and by the page's list of functions.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException
from sandbox.runtimes import runtime as runtime_named
from webapp.api.responses import lambda_time
from webapp.functions.layers import find_layers
from webapp.functions.records import AliasRecord, VersionRecord
from webapp.functions.state import revision_of, state_fields


def configuration(session: Session, version: VersionRecord, *, arn: str | None = None) -> dict[str, Any]:
    """The whole configuration, with its state. `arn` is the FunctionArn where it is not the unqualified one."""
    shown = listed(session, version, arn=arn)
    shown.update(state_fields(version))
    shown["RuntimeVersionConfig"] = {"RuntimeVersionArn": runtime_version_arn(version)}
    return shown


def listed(session: Session, version: VersionRecord, *, arn: str | None = None) -> dict[str, Any]:
    """The configuration as lists have it: no state, no runtime version."""
    settings = version.settings
    snap_start = settings["SnapStart"]
    taken = snap_start != "None" and version.number > 0
    shown: dict[str, Any] = {
        "FunctionName": version.function.name,
        "FunctionArn": arn or version.function.arn,
        "Runtime": version.runtime,
        "Role": version.role,
        "Handler": version.handler,
        "CodeSize": version.code_size,
        "Description": version.description,
        "Timeout": version.timeout_s,
        "MemorySize": version.memory_mb,
        "LastModified": lambda_time(datetime.fromtimestamp(version.modified_ms / 1000, UTC)),
        "CodeSha256": code_sha256(version),
        "Version": version.version,
        "TracingConfig": settings["TracingConfig"],
        "RevisionId": revision_of(version),
        "PackageType": "Zip",
        "Architectures": settings["Architectures"],
        "EphemeralStorage": settings["EphemeralStorage"],
        "SnapStart": {"ApplyOn": snap_start, "OptimizationStatus": "On" if taken else "Off"},
        "LoggingConfig": settings["LoggingConfig"],
    }
    for member in ("Environment", "DeadLetterConfig", "KMSKeyArn"):
        if member in settings:
            shown[member] = settings[member]
    if "VpcConfig" in settings:
        shown["VpcConfig"] = {
            "SubnetIds": settings["VpcConfig"].get("SubnetIds") or [],
            "SecurityGroupIds": settings["VpcConfig"].get("SecurityGroupIds") or [],
            "VpcId": "",  # the network that would tell is not there
            "Ipv6AllowedForDualStack": bool(settings["VpcConfig"].get("Ipv6AllowedForDualStack")),
        }
    if settings.get("Layers"):
        layers = find_layers(session, settings["Layers"])
        shown["Layers"] = [{"Arn": layer.arn, "CodeSize": layer.code_size} for layer in layers]
    return shown


def alias(record: AliasRecord) -> dict[str, Any]:
    """An alias as the API shows it."""
    shown: dict[str, Any] = {
        "AliasArn": record.arn,
        "Name": record.name,
        "FunctionVersion": record.function_version,
        "Description": record.description,
        "RevisionId": record.revision_id,
    }
    if record.weights:
        shown["RoutingConfig"] = {"AdditionalVersionWeights": record.weights}
    return shown


def code_sha256(version: VersionRecord) -> str:
    """The code's SHA-256 in base64."""
    return b64encode(bytes.fromhex(version.code_sha256)).decode()


def runtime_version_arn(version: VersionRecord) -> str:
    """The ARN that INIT_START prints as well."""
    try:
        label = runtime_named(version.runtime).version_label
    except InvalidParameterValueException:  # a runtime of Lambda's that nothing here can run
        label = version.runtime
    digest = hashlib.sha256(label.encode()).hexdigest()
    return f"arn:aws:lambda:{version.function.region}::runtime:{digest}"
