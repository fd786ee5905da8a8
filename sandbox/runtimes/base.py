"""What a runtime is to an execution environment: the host folders it needs, the command that starts its client.

One file a runtime family beside this one; `sandbox.runtimes` collects them. To add one, copy the shortest
(`provided.py`) and add it to the table there.
"""

from __future__ import annotations

import re
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

    Looking for its parts on the host is done at the first look at `missing` or `mounts()`, and kept.
    """

    identifier: str
    family: str  # "python" | "nodejs" | "java" | "go" | "provided"
    label: str  # "Python 3.13"
    managed: bool = True  # False for provided.*: no AWS_EXECUTION_ENV
    default_handler: str = ""  # for a new function on the page
    source_name: str = ""  # the file a pasted handler is saved as ("index.mjs"); "" = upload only
    preloads: bool = False  # True: sandbox/guest/init.py becomes the client itself (Python), no exec

    @property
    def missing(self) -> str:
        """ "" where the host can run it, else one sentence that names the package to install."""
        return ""

    @property
    def available(self) -> bool:
        """True where this host can run it."""
        return not self.missing

    @property
    def version_label(self) -> str:
        """As INIT_START prints it, such as "python:3.13.v1"."""
        return re.sub(r"^([a-z]+)(\.?)", r"\1:", self.identifier, count=1) + ".v1"

    @abstractmethod
    def mounts(self) -> list[Mount]:
        """Host folders that the runtime needs beyond the system's own (/usr, /bin, /lib*, bound for all).

        Cheap after the first call; never holds a user's home as a whole. Only asked of an available runtime.
        """

    @abstractmethod
    def command(self, function: Function, task: Path, opt: Path | None) -> list[str]:
        """The argv exec'ed inside the sandbox, with /var/task in place and the environment set.

        `task` and `opt` are the host folders mounted at /var/task and /opt (`opt` is None without layers).
        Raises `FunctionStartError` where the package can't be started at all.
        """

    def interpreter(self) -> str | None:
        """For a runtime that `preloads`: the Python, inside the sandbox, that runs the init."""
        return None

    def python_path(self) -> list[str]:
        """For a runtime that `preloads`: what its init puts on `sys.path` before the client's folder."""
        return []

    def variables(self, function: Function) -> Mapping[str, str]:
        """Environment variables of this runtime's own (PATH, LANG, TZ, AWS_*, LAMBDA_* are set for all)."""
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
    """The package can't be started.

    `error_type` and `message` are as Lambda words them ("Runtime.InvalidEntrypoint", "fork/exec …").
    The error's JSON says "RequestId: <uuid> Error: " before the message where `names_request` is True.
    """

    def __init__(self, error_type: str, message: str, *, names_request: bool = True) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.names_request = names_request
