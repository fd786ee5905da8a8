"""What Lambda refuses in a function's configuration although the service model allows it, in AWS's words.

Called by `webapp.functions.configuring` before anything changes. Source of the words: answers recorded from AWS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.errors import InvalidParameterValueException
from sandbox.limits import MAX_ENVIRONMENT_BYTES, MAX_LAYERS, MAX_UNZIPPED_BYTES, RESERVED_ENVIRONMENT
from webapp.api.service_model import runtime_identifiers
from webapp.functions.layers import LayerVersion

MAX_TAGS = 50
MAX_NAME_LENGTH = 64

# "Improving startup performance with Lambda SnapStart": Java 11, Python 3.12 and .NET 8 and later.
_SNAPSTART = ("java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10")

# Members that stand for something this playground does not have; configuration of them would be a lie.
_ABSENT = {
    "FileSystemConfigs": "Amazon EFS file systems",
    "ImageConfig": "container images",
    "CapacityProviderConfig": "capacity providers",
    "DurableConfig": "durable functions",
    "TenancyConfig": "tenant isolation",
    "AcceleratorConfig": "accelerators",
    "PublishTo": "capacity providers",
}


def refuse(message: str, field: str) -> InvalidParameterValueException:
    """The error for a value that Lambda does not take."""
    return InvalidParameterValueException(message, field=field)


def check_name_length(name: str) -> None:
    """A function's name has 64 characters at most (as an ARN, the model's 140)."""
    if len(name) > MAX_NAME_LENGTH:
        raise refuse(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_NAME_LENGTH}",
            "FunctionName",
        )


def check_runtime(identifier: str) -> None:
    """Any identifier that Lambda has or had: whether this host can run it shows at the first invocation."""
    known = runtime_identifiers()
    if identifier not in known:
        raise refuse(
            f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(known)}] or be a valid ARN",
            "Runtime",
        )


def check_environment(variables: Mapping[str, str]) -> None:
    """No reserved name, and 4 KB at most all together."""
    reserved = sorted(RESERVED_ENVIRONMENT & variables.keys())
    if reserved:
        raise refuse(
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains reserved keys that are currently not supported for modification. Reserved "
            f"keys used in this request: {', '.join(reserved)}",
            "Environment",
        )
    if environment_bytes(variables) > MAX_ENVIRONMENT_BYTES:
        measured = json.dumps(dict(variables), ensure_ascii=False, separators=(",", ":"))
        raise refuse(
            "Lambda was unable to configure your environment variables because the environment variables you "
            f"have provided exceeded the {MAX_ENVIRONMENT_BYTES // 1024}KB limit. String measured: {measured}",
            "Environment",
        )
    if any("\0" in value for value in variables.values()):
        raise refuse("An environment variable must not contain a null character.", "Environment")


def environment_bytes(variables: Mapping[str, str]) -> int:
    """The size that counts against the 4 KB: the variables as JSON, in UTF-8."""
    return len(json.dumps(dict(variables), ensure_ascii=False, separators=(",", ":")).encode())


def check_layer_list(arns: Sequence[str]) -> None:
    """Five at most, each layer once."""
    if len(arns) > MAX_LAYERS:
        raise refuse(f"Cannot reference more than {MAX_LAYERS} layers.", "Layers")
    layers: dict[str, str] = {}
    for arn in arns:
        layer = arn.rpartition(":")[0]
        if layer in layers:
            raise refuse(
                f"Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{layers[layer]} and {arn} are versions of the same layer.",
                "Layers",
            )
        layers[layer] = arn


def check_total_size(unzipped_bytes: int, layers: Sequence[LayerVersion]) -> None:
    """The package and its layers, unpacked: 250 MB at most."""
    total = unzipped_bytes + sum(layer.unzipped_size for layer in layers)
    if layers and total > MAX_UNZIPPED_BYTES:
        raise refuse(
            f"Function code combined with layers exceeds the maximum allowed size of {MAX_UNZIPPED_BYTES} bytes. "
            f"The actual size is {total} bytes.",
            "Layers",
        )


def check_snap_start(apply_on: str, runtime: str) -> None:
    """SnapStart is for some runtimes only."""
    if apply_on != "None" and runtime not in _SNAPSTART:
        raise refuse(f"{runtime} is not supported for SnapStart enabled functions.", "SnapStart")


def check_logging(config: Mapping[str, Any], log_format: str) -> None:
    """Levels are for the JSON format only."""
    if log_format != "JSON" and ("ApplicationLogLevel" in config or "SystemLogLevel" in config):
        raise refuse(
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change '
            'the LogFormat to "JSON" and try again.',
            "LoggingConfig",
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """Fifty at most."""
    if len(tags) > MAX_TAGS:
        raise refuse("Number of tags exceeds resource tag limit.", "Tags")


def check_absent(parameters: Mapping[str, Any]) -> None:
    """Refuse, in one clear sentence, what the playground does not have."""
    for member, words in _ABSENT.items():
        if parameters.get(member):
            raise refuse(f"{member} is not supported: the playground does not have {words}.", member)
