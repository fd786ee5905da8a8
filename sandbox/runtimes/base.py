"""What a runtime is to an execution environment: the host folders it needs and the command that starts its client.

One file a runtime family beside this one; `sandbox.runtimes` collects them. To add one, copy the shortest
(`provided.py`) and add it to the table there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.function import Function


@dataclass(frozen=True)
class Mount:
    """A read-only bind: `host` appears at `guest` inside the sandbox (files or folders)."""

    host: Path
    guest: str


class Runtime(ABC):
    """One runtime identifier ("python3.13", "nodejs20.x", "provided.al2023", …) on this host.

    `missing` is "" where the host can run it, else one sentence that names the package to install.
    """

    identifier: str
    family: str  # "python" | "nodejs" | "java" | "go" | "provided"
    label: str  # "Python 3.13"
    missing: str = ""
    managed: bool = True  # False for provided.*: no AWS_EXECUTION_ENV
    default_handler: str = ""  # for a new function on the page
    source_name: str = ""  # the file a pasted handler is saved as ("lambda_function.py", "index.mjs"); "" = upload only
    preloads: bool = False  # True: sandbox/guest/init.py becomes this runtime's client itself (Python), no exec

    @property
    def available(self) -> bool:
        """True where this host can run it."""
        return not self.missing

    @property
    def version_label(self) -> str:
        """As INIT_START prints it, such as "python:3.13.v1"."""
        return f"{self.identifier}.v1"

    @abstractmethod
    def mounts(self) -> list[Mount]:
        """Host folders that the runtime needs, beyond the system's /usr, /bin, /lib*, (bound read-only for all).

        Called once at discovery; never holds a user's home as a whole.
        """

    @abstractmethod
    def command(self, function: Function) -> list[str]:
        """The argv exec'ed inside the sandbox, with /var/task in place and the environment set.

        Raises `FunctionStartError` where the package can't be started at all.
        """

    def interpreter(self) -> str | None:
        """For a runtime that `preloads`: the Python, inside the sandbox, that runs the init."""
        return None

    def variables(self, function: Function) -> Mapping[str, str]:
        """Environment variables of this runtime beyond Lambda's own (PATH, LANG, TZ, AWS_*, LAMBDA_* are set for all)."""
        return {}

    def prepare(self, code: Path) -> Path:
        """Turn the unpacked package (read-only) into what is mounted at /var/task; itself by default.

        Go and Java sources are built here, cached by content; may take long, runs off the manager's loop.
        Raises `BuildError` with the compiler's lines.
        """
        return code


class BuildError(Exception):
    """The source does not compile. `output` is the compiler's text, its paths as the user named the files."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


class FunctionStartError(Exception):
    """The package can't be started. `error_type` and `message` as Lambda words them (Runtime.InvalidEntrypoint, …)."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
