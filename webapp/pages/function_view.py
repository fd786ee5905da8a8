"""A saved function as its page shows it: everything that the API tells of it, in a shape for reading.

Called by `webapp.pages.functions`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.errors import LambdaError
from sandbox.runtimes import runtime
from webapp.pages.function_api import call, everything, regions
from webapp.pages.payload import size_words
from webapp.services import services

_ROLE = re.compile(r"arn:aws[a-zA-Z-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")

# State and LastUpdateStatus ("Lambda function states"), in words
_STATES = {
    "Pending": ("changing", "Pending", "It is being created. It can be invoked in a moment."),
    "Failed": ("failed", "Failed", "It could not be created. Delete it, mend the cause and create it again."),
    "Inactive": ("changing", "Inactive", "It has been idle for long. The next invocation makes it active again."),
    "Active": ("active", "Active", "It is ready to be invoked."),
}
_UPDATES = {
    "InProgress": ("changing", "Updating", "An update is on its way. Until then the version before it answers."),
    "Failed": ("failed", "Update failed", "The last update failed. The version before it still answers."),
}


@dataclass(frozen=True)
class StateView:
    """`kind` is "active", "changing" or "failed"; `label` a word, `words` a sentence."""

    kind: str
    label: str
    words: str


@dataclass(frozen=True)
class FunctionRow:
    """One function of the list. `region` is "" in the default one; memory in MB, timeout in s."""

    name: str
    region: str
    runtime: str
    runtime_label: str
    memory_mb: int
    timeout_s: int
    state: StateView
    modified: datetime | None
    code_size: str
    url: str

    @property
    def query(self) -> str:
        """What a link to it needs behind its name."""
        return f"?region={self.region}" if self.region else ""


@dataclass(frozen=True)
class FunctionView:
    """One function. `configuration` is its FunctionConfiguration; the rest are the API's lists, as they are."""

    row: FunctionRow
    configuration: Mapping[str, Any]
    location: str
    role_warning: str
    variables: Mapping[str, str]
    layers: tuple[str, ...]
    versions: tuple[Mapping[str, Any], ...]
    aliases: tuple[Mapping[str, Any], ...]
    urls: tuple[Mapping[str, Any], ...]
    mappings: tuple[Mapping[str, Any], ...]
    tags: Mapping[str, str]
    reserved_concurrency: int | None

    @property
    def qualifiers(self) -> list[str]:
        """What may be invoked: $LATEST, aliases, versions."""
        numbers = [str(item["Version"]) for item in self.versions if item["Version"] != "$LATEST"]
        return ["$LATEST", *[str(item["Name"]) for item in self.aliases], *reversed(numbers)]


def function_rows() -> list[FunctionRow]:
    """Every function of every region, the last changed first."""
    rows = [
        _row(configuration, region, first_url(configuration["FunctionName"], region))
        for region in regions()
        for configuration in everything("ListFunctions", "Functions", region)
    ]
    return sorted(rows, key=lambda row: (row.modified.timestamp() if row.modified else 0, row.name), reverse=True)


def function_view(name: str, region: str) -> FunctionView:
    """The function of that name. Raises ResourceNotFoundException in AWS's words."""
    found = call("GetFunction", region, FunctionName=name)
    configuration = found["Configuration"]
    urls = _optional("ListFunctionUrlConfigs", "FunctionUrlConfigs", region, FunctionName=name)
    return FunctionView(
        row=_row(configuration, region, urls[0]["FunctionUrl"] if urls else ""),
        configuration=configuration,
        location=(found.get("Code") or {}).get("Location", ""),
        role_warning=role_warning(configuration.get("Role", "")),
        variables=(configuration.get("Environment") or {}).get("Variables") or {},
        layers=tuple(layer["Arn"] for layer in configuration.get("Layers") or []),
        versions=_optional("ListVersionsByFunction", "Versions", region, FunctionName=name),
        aliases=_optional("ListAliases", "Aliases", region, FunctionName=name),
        urls=urls,
        mappings=_optional("ListEventSourceMappings", "EventSourceMappings", region, FunctionName=name),
        tags=found.get("Tags") or {},
        reserved_concurrency=(found.get("Concurrency") or {}).get("ReservedConcurrentExecutions"),
    )


def first_url(name: str, region: str) -> str:
    """The function's URL, "" where it has none."""
    urls = _optional("ListFunctionUrlConfigs", "FunctionUrlConfigs", region, FunctionName=name)
    return str(urls[0]["FunctionUrl"]) if urls else ""


def role_warning(role: str) -> str:
    """A sentence where AWS would refuse the role: a guide's placeholder, say. "" where it would not."""
    if _ROLE.fullmatch(role):
        return ""
    return (
        f"Its role, {role[:120]}, is a placeholder and no ARN of an IAM role. This playground lets that pass; AWS "
        "refuses to create such a function, so put the ARN of a role of your own account there."
    )


def state_view(configuration: Mapping[str, Any]) -> StateView:
    """State and LastUpdateStatus as one thing."""
    state, update = configuration.get("State") or "Active", configuration.get("LastUpdateStatus")
    (kind, label, words), said = _STATES[state], configuration.get("StateReason")
    if state == "Active" and update in _UPDATES:
        (kind, label, words), said = _UPDATES[update], configuration.get("LastUpdateStatusReason")
    return StateView(kind, label, f"{words} Lambda says: {said}" if said and kind == "failed" else words)


def policy_words(alias: Mapping[str, Any]) -> str:
    """Where an alias leads: "version 2", or the shares where it is weighted."""
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    if not weights:
        return f"version {alias['FunctionVersion']}"
    rest = 1 - sum(float(weight) for weight in weights.values())
    shares = [f"version {alias['FunctionVersion']} ({rest:.0%})"]
    return ", ".join([*shares, *(f"version {version} ({float(weight):.0%})" for version, weight in weights.items())])


def as_datetime(value: Any) -> datetime | None:
    """A moment of the API, which gives some as texts and some as numbers."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def laid_out(value: Any) -> str:
    """A nested configuration as JSON text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _row(configuration: Mapping[str, Any], region: str, url: str) -> FunctionRow:
    identifier = configuration.get("Runtime") or ""
    try:
        label = runtime(identifier).label
    except LambdaError:
        label = identifier or "Container image"
    return FunctionRow(
        name=configuration["FunctionName"],
        region="" if region in ("", services().settings.default_region) else region,
        runtime=identifier,
        runtime_label=label,
        memory_mb=configuration["MemorySize"],
        timeout_s=configuration["Timeout"],
        state=state_view(configuration),
        modified=as_datetime(configuration.get("LastModified")),
        code_size=size_words(configuration["CodeSize"]),
        url=url,
    )


def _optional(operation: str, member: str, region: str, **parameters: Any) -> tuple[Mapping[str, Any], ...]:
    """A list, empty where this playground lacks the operation."""
    try:
        return tuple(everything(operation, member, region, **parameters))
    except LambdaError as error:
        if error.status in (404, 501):
            return ()
        raise
