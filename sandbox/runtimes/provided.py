"""The OS-only runtimes: the package's own executable `bootstrap` speaks the Runtime API, in any language.

The shortest runtime there is: copy it to add another. Source: "Building a custom runtime for AWS Lambda" in the
AWS Lambda Developer Guide.
"""

from __future__ import annotations

from pathlib import Path

from sandbox.function import Function
from sandbox.runtimes import golang
from sandbox.runtimes.base import FunctionStartError, Mount, Runtime
from sandbox.runtimes.executable import exec_failure, host_path

BOOTSTRAPS = ("/var/task/bootstrap", "/opt/bootstrap")  # the first that is there is run


class ProvidedRuntime(Runtime):
    """provided.al2 and provided.al2023, alike here: the system is the host's own."""

    family = "provided"
    managed = False
    default_handler = "bootstrap"
    source_name = "bootstrap"

    def __init__(self, identifier: str, label: str) -> None:
        self.identifier = identifier
        self.label = label

    def mounts(self) -> list[Mount]:
        """Nothing beyond the system's folders."""
        return []

    def prepare(self, code: Path) -> Path:
        """The package itself, or a bootstrap built of its Go source."""
        return golang.build(code) if golang.is_source(code) else code

    def command(self, function: Function, task: Path, opt: Path | None) -> list[str]:
        """The package's bootstrap, or else a layer's; Runtime.InvalidEntrypoint where there is none."""
        for bootstrap in BOOTSTRAPS:
            path = host_path(bootstrap, task, opt)
            if path is None or not path.is_file():
                continue
            failure = exec_failure(bootstrap, task, opt)
            if failure:
                raise FunctionStartError("Runtime.InvalidEntrypoint", f"fork/exec {bootstrap}: {failure}")
            return [bootstrap]
        message = f"Couldn't find valid bootstrap(s): [{' '.join(BOOTSTRAPS)}]"
        raise FunctionStartError("Runtime.InvalidEntrypoint", message)
