"""What a person has in the form: code, configuration and event, as typed. Nothing typed is ever dropped.

Called by the playground page, by runs (which keep a draft with its result), and by "Save as function".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.errors import LambdaError
from sandbox.function import Function
from sandbox.limits import (
    DEFAULT_MEMORY_MB,
    DEFAULT_STORAGE_MB,
    DEFAULT_TIMEOUT_S,
    MAX_HANDLER_LENGTH,
)
from sandbox.package import Package
from sandbox.runtimes import runtime, runtimes
from webapp.pages import code, event_json
from webapp.pages.configuration import configuration_problems, parse_environment
from webapp.pages.handler_names import handler_problem
from webapp.services import Services

FILE_FIELD = "file:"

# Every field that may have an error, in the page's order; `#error-<field>` is its place.
ERROR_FIELDS = (
    "runtime", "code", "upload", "handler", "memory_mb", "timeout_s", "ephemeral_storage_mb", "architecture",
    "environment", "event",
)  # fmt: skip


class Form(Protocol):
    """What `Draft.from_form` reads: werkzeug's MultiDict is one."""

    def getlist(self, key: str) -> list[str]:
        """Every value of a field."""

    def keys(self) -> Iterable[str]:
        """The fields' names."""


@dataclass(frozen=True)
class Draft:
    """The form's fields as texts; whether they make sense is for `check` to say.

    `files` are the texts edited or new by path, `base_package` (hex SHA-256 or "") the uploaded package under them,
    `deleted` the paths of it that are no longer there.
    """

    runtime: str = ""
    handler: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    base_package: str = ""
    deleted: tuple[str, ...] = ()
    memory_mb: str = str(DEFAULT_MEMORY_MB)
    timeout_s: str = str(DEFAULT_TIMEOUT_S)
    environment: str = ""
    architecture: str = "x86_64"
    ephemeral_storage_mb: str = str(DEFAULT_STORAGE_MB)
    event: str = "{}"
    force_cold: bool = False

    @classmethod
    def from_form(cls, form: Form) -> Draft:
        """The draft in a posted form, whatever is in it; a field that is missing has its default."""
        texts = {name: _last(form, name) for name in _TEXT_FIELDS}
        files = {
            key.removeprefix(FILE_FIELD): _newlines(form.getlist(key)[-1])
            for key in form.keys()  # noqa: SIM118 - not a dict
            if key.startswith(FILE_FIELD)
        }
        return cls(
            **{name: text for name, text in texts.items() if text is not None},
            files=files,
            deleted=tuple(form.getlist("deleted")),
            force_cold=bool(_last(form, "force_cold")),
        )

    def check(self, services: Services) -> dict[str, str]:
        """What is wrong: field → one sentence, for the fields of `ERROR_FIELDS`. Empty when it can be run."""
        problems = {
            "runtime": self._runtime_problem(),
            **code.problems(services.packages, self.files, self.base_package, self.deleted),
            "handler": self._handler_problem(),
            **configuration_problems(dataclasses.asdict(self)),
            "event": event_json.problem(self.event),
        }
        if not any(problems.get(name) for name in ("runtime", "code", "upload", "handler")):
            sources = code.Sources(services.packages, self.files, self.base_package, self.deleted)
            problems["handler"] = handler_problem(runtime(self.runtime).family, self.handler.strip(), sources)
        return {name: sentence for name, sentence in problems.items() if sentence}

    def package(self, services: Services) -> Package:
        """The deployment package, stored. Raises LambdaError with a sentence where it is none."""
        return code.store(services.packages, self.files, self.base_package, self.deleted)

    def to_function(self, services: Services) -> Function:
        """The function to run; call `check` first. Raises LambdaError where the package can't be stored."""
        return Function(
            code_sha256=self.package(services).sha256,
            handler=self.handler.strip(),
            runtime=self.runtime,
            memory_mb=int(self.memory_mb),
            timeout_s=int(self.timeout_s),
            environment=parse_environment(self.environment),
            architecture=self.architecture,
            ephemeral_storage_mb=int(self.ephemeral_storage_mb),
            account_id=services.settings.account_id,
            region=services.settings.default_region,
        )

    def event_bytes(self) -> bytes:
        """The event as it is sent."""
        return self.event.encode("utf-8", "replace")

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form, read back by `from_dict`."""
        return dataclasses.asdict(self) | {"deleted": list(self.deleted)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Draft:
        """The draft that `to_dict` wrote; keys of another version are passed over."""
        names = {item.name for item in dataclasses.fields(cls)}
        known = {name: value for name, value in data.items() if name in names}
        return cls(**{**known, "deleted": tuple(known.get("deleted", ()))})

    def _runtime_problem(self) -> str:
        try:
            return runtime(self.runtime).missing
        except LambdaError as error:
            known = ", ".join(item.identifier for item in runtimes())
            return error.message if self.runtime else f"Choose a runtime: one of {known}."

    def _handler_problem(self) -> str:
        handler = self.handler.strip()
        if not handler:
            return "Name the handler: the function that Lambda calls, such as lambda_function.lambda_handler."
        if len(handler) > MAX_HANDLER_LENGTH:
            return (
                f"Value '{handler[:40]}…' at 'handler' failed to satisfy constraint: Member must have length less than "
                f"or equal to {MAX_HANDLER_LENGTH}"
            )
        if any(character.isspace() for character in handler):
            return (
                f"Value '{handler}' at 'handler' failed to satisfy constraint: Member must satisfy regular expression "
                r"pattern: [^\s]+"
            )
        return ""


_TEXT_FIELDS = (
    "runtime", "handler", "base_package", "memory_mb", "timeout_s", "environment", "architecture",
    "ephemeral_storage_mb", "event",
)  # fmt: skip


def _last(form: Form, name: str) -> str | None:
    values = form.getlist(name)
    return _newlines(values[-1]) if values else None


def _newlines(text: str) -> str:
    """Forms send CRLF for every newline of a textarea; a script's first line must not end so."""
    return text.replace("\r\n", "\n")
