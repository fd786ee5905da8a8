"""What the commands for a terminal are made from: a function's configuration, its code's address and an event.

Made from a run's form or a saved function; `webapp.pages.commands` writes it as AWS CLI, boto3 and SAM.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.limits import DEFAULT_MEMORY_MB, DEFAULT_STORAGE_MB, DEFAULT_TIMEOUT_S
from webapp.package_urls import package_url
from webapp.pages.configuration import parse_environment
from webapp.pages.form import Draft
from webapp.services import Services

DEFAULT_NAME = "my-function"  # of what was run without a name
ROLE = "lambda-role"  # nothing here asks IAM, but every function names a role
MAX_INLINE_EVENT = 240  # characters; a longer event is written to a file first
MAX_EVENT = 16 * 1024  # characters; more than that is no command to copy

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")|(\s+)|([:,])')


@dataclass(frozen=True)
class Recipe:
    """One function and one invocation of it. `exists`: it is saved under that name. `event` is JSON text."""

    name: str
    runtime: str
    handler: str
    memory_mb: int
    timeout_s: int
    environment: Mapping[str, str]
    architecture: str
    ephemeral_storage_mb: int
    event: str
    package_url: str
    endpoint_url: str
    region: str
    account_id: str
    exists: bool = False
    qualifier: str = ""

    @property
    def role(self) -> str:
        """The role's ARN: well-formed, of the account that the playground speaks for."""
        return f"arn:aws:iam::{self.account_id}:role/{ROLE}"

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def has_large_event(self) -> bool:
        """Whether the event is too large to be written into a command."""
        return len(self.event) > MAX_EVENT


def recipe_of_draft(draft: Draft, services: Services, endpoint_url: str) -> Recipe:
    """The commands' recipe for what is in the form. Raises LambdaError where its package is no longer stored."""
    return Recipe(
        name=DEFAULT_NAME,
        runtime=draft.runtime,
        handler=draft.handler.strip(),
        memory_mb=_number(draft.memory_mb, DEFAULT_MEMORY_MB),
        timeout_s=_number(draft.timeout_s, DEFAULT_TIMEOUT_S),
        environment=parse_environment(draft.environment),
        architecture=draft.architecture,
        ephemeral_storage_mb=_number(draft.ephemeral_storage_mb, DEFAULT_STORAGE_MB),
        event=draft.event,
        package_url=package_url(endpoint_url, draft.package(services).sha256),
        endpoint_url=endpoint_url,
        region=services.settings.default_region,
        account_id=services.settings.account_id,
    )


def recipe_of_function(configuration: Mapping[str, Any], location: str, event: str, endpoint_url: str) -> Recipe:
    """The recipe for a saved function, from its FunctionConfiguration and Code.Location."""
    arn = configuration["FunctionArn"].split(":")
    return Recipe(
        name=configuration["FunctionName"],
        runtime=configuration.get("Runtime", ""),
        handler=configuration.get("Handler", ""),
        memory_mb=configuration["MemorySize"],
        timeout_s=configuration["Timeout"],
        environment=(configuration.get("Environment") or {}).get("Variables") or {},
        architecture=configuration["Architectures"][0],
        ephemeral_storage_mb=configuration["EphemeralStorage"]["Size"],
        event=event,
        package_url=location,
        endpoint_url=endpoint_url,
        region=arn[3],
        account_id=arn[4],
        exists=True,
    )


def on_one_line(event: str) -> str:
    """The same JSON, token by token, without line breaks."""
    return _TOKEN.sub(lambda match: match[1] or (f"{match[3]} " if match[3] else ""), event)


def _number(text: str, default: int) -> int:
    return int(text) if text.strip().isdecimal() else default
