"""A function's configuration: Lambda's defaults, then what a caller asks for, checked.

Called by CreateFunction and UpdateFunctionConfiguration. Both write a `VersionRecord`'s columns and `settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.limits import DEFAULT_MEMORY_MB, DEFAULT_STORAGE_MB, DEFAULT_TIMEOUT_S
from webapp.functions import checks
from webapp.functions.records import VersionRecord

# Members kept as they come, in `VersionRecord.settings`.
_KEPT = ("Environment", "Layers", "VpcConfig", "DeadLetterConfig", "TracingConfig", "EphemeralStorage", "KMSKeyArn")

# Columns by the member that sets them.
_COLUMNS = {
    "Runtime": "runtime",
    "Handler": "handler",
    "Role": "role",
    "Description": "description",
    "Timeout": "timeout_s",
    "MemorySize": "memory_mb",
}


def new_configuration(name: str, parameters: Mapping[str, Any]) -> VersionRecord:
    """The $LATEST of a new function, without its code. Raises InvalidParameterValueException."""
    if not parameters.get("Runtime") or not parameters.get("Handler"):
        raise checks.refuse(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            "Handler" if parameters.get("Runtime") else "Runtime",
        )
    version = VersionRecord(
        number=0,
        description="",
        timeout_s=DEFAULT_TIMEOUT_S,
        memory_mb=DEFAULT_MEMORY_MB,
        settings={
            "TracingConfig": {"Mode": "PassThrough"},
            "Architectures": ["x86_64"],
            "EphemeralStorage": {"Size": DEFAULT_STORAGE_MB},
            "SnapStart": "None",
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        },
    )
    configure(version, parameters)
    if parameters.get("Architectures"):
        version.settings = {**version.settings, "Architectures": parameters["Architectures"]}
    return version


def configure(version: VersionRecord, parameters: Mapping[str, Any]) -> None:
    """Change `version` by the members given; what is not given stays. Raises InvalidParameterValueException."""
    checks.check_absent(parameters)
    for member, column in _COLUMNS.items():
        if parameters.get(member) is not None:
            setattr(version, column, parameters[member])
    checks.check_runtime(version.runtime)
    settings = dict(version.settings)
    for member in _KEPT:
        if parameters.get(member) is not None:
            settings[member] = parameters[member]
    if parameters.get("Environment") is not None:
        settings["Environment"] = {"Variables": dict(parameters["Environment"].get("Variables") or {})}
        checks.check_environment(settings["Environment"]["Variables"])
    if parameters.get("Layers") is not None:
        checks.check_layer_list(parameters["Layers"])
    if parameters.get("SnapStart") is not None:
        settings["SnapStart"] = parameters["SnapStart"].get("ApplyOn") or "None"
    checks.check_snap_start(settings["SnapStart"], version.runtime)
    if parameters.get("LoggingConfig") is not None:
        settings["LoggingConfig"] = _logging(settings["LoggingConfig"], parameters["LoggingConfig"])
    if parameters.get("TracingConfig") is not None:
        settings["TracingConfig"] = {"Mode": parameters["TracingConfig"].get("Mode") or "PassThrough"}
    for member in ("DeadLetterConfig", "KMSKeyArn"):  # an empty one takes it away
        value = settings.get(member)
        if not value or (member == "DeadLetterConfig" and not value.get("TargetArn")):
            settings.pop(member, None)
    version.settings = settings


def _logging(old: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    log_format = asked.get("LogFormat") or old["LogFormat"]
    checks.check_logging(asked, log_format)
    new = {"LogFormat": log_format, "LogGroup": asked.get("LogGroup") or old["LogGroup"]}
    if log_format == "JSON":
        for level in ("ApplicationLogLevel", "SystemLogLevel"):
            new[level] = asked.get(level) or old.get(level) or "INFO"
    return new
