"""The environment variables and resource limits a function starts with.

Used by `sandbox.environment`. Source: "Defined runtime environment variables" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sandbox.function import Function
from sandbox.limits import MAX_FILES, MAX_PROCESSES
from sandbox.runtimes.base import Runtime

TASK_ROOT = "/var/task"
RUNTIME_ROOT = "/var/runtime"

_PATH = "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin"
_LIBRARY_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"


def log_stream_name(function: Function) -> str:
    """A new environment's log stream: date, version and 32 hexadecimal digits."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"


def environment_variables(function: Function, runtime: Runtime, runtime_api: str, log_stream: str) -> dict[str, str]:
    """Every variable the handler sees: Lambda's, then the runtime's, then the function's own on top where allowed.

    `runtime_api` is host:port. The credentials are made up: they have the form of a role's, and open nothing.
    """
    variables = {
        "PATH": _PATH,
        "LD_LIBRARY_PATH": _LIBRARY_PATH,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "SHLVL": "0",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
    }
    variables.update(runtime.variables(function))
    variables.update(function.environment)
    reserved = {
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": function.initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_ACCESS_KEY_ID": "ASIA" + secrets.token_hex(8).upper(),
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        "AWS_SESSION_TOKEN": secrets.token_urlsafe(96),
        "LAMBDA_TASK_ROOT": TASK_ROOT,
        "LAMBDA_RUNTIME_DIR": RUNTIME_ROOT,
    }
    if runtime.managed:
        reserved["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{runtime.identifier}"
    if function.log_format.upper() == "JSON":
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        if function.application_log_level:
            reserved["AWS_LAMBDA_LOG_LEVEL"] = function.application_log_level
    variables.update(reserved)
    return variables


def resource_limits() -> dict[str, int]:
    """rlimits by name, for the init to set on itself: Lambda's descriptors and processes, and no core dumps."""
    return {"RLIMIT_NOFILE": MAX_FILES, "RLIMIT_NPROC": MAX_PROCESSES, "RLIMIT_CORE": 0}
