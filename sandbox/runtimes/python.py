"""Python: every interpreter found on the host whose minor version is a Lambda runtime, with AWS's own client.

The environment's init runs on that interpreter and becomes the client itself (`preloads`), so that a cold start is
one interpreter's start. Source: "Building Lambda functions with Python" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from sandbox.function import Function
from sandbox.runtimes.base import Mount, Runtime
from sandbox.runtimes.toolchains import (
    INSTALL_COMMAND,
    holds_a_home,
    in_system,
    is_binary,
    on_path,
    toolchains,
)

MINORS = (14, 13, 12, 11, 10, 9)  # newest first, as they are offered
OLDEST_FOR_OUR_SDK = 10  # an older Python needs an older AWS SDK than the one installed with us
RUNTIME_FOLDER = "/var/runtime"
CLIENT_PACKAGES = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
# The AWS SDK, which Lambda's Python has; pure Python, so one copy serves every interpreter.
SDK_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")


class PythonRuntime(Runtime):
    """python3.N."""

    family = "python"
    default_handler = "lambda_function.lambda_handler"
    source_name = "lambda_function.py"
    preloads = True

    def __init__(self, minor: int) -> None:
        self.minor = minor
        self.identifier = f"python3.{minor}"
        self.label = f"Python 3.{minor}"

    @cached_property
    def _interpreter(self) -> Path | None:
        return next(_interpreters(self.minor), None)

    @property
    def has_interpreter(self) -> bool:
        """True where only the client may be missing."""
        return self._interpreter is not None

    @property
    def missing(self) -> str:
        """Names the interpreter, or else its client."""
        if self._interpreter is None:
            return f"Python 3.{self.minor} is not on this machine: install the package {self.identifier}."
        if not {"awslambdaric", "runtime_client"} <= self._packages.keys():
            return f"awslambdaric for Python 3.{self.minor} is not installed: run {INSTALL_COMMAND} python."
        return ""

    @property
    def _packages(self) -> Mapping[str, Path]:
        """What /var/runtime holds, by top-level name: a folder or a module's file."""
        if self.__dict__.get("_found") is None:
            found = _packages(self.minor)
            if "awslambdaric" not in found:
                return found  # not kept: the client may be installed while we run
            self.__dict__["_found"] = found
        return self.__dict__["_found"]  # type: ignore[no-any-return]

    def mounts(self) -> list[Mount]:
        """The interpreter's prefix, where it is not the system's, and the packages of /var/runtime."""
        assert self._interpreter is not None
        prefix = _prefix(self._interpreter)
        # At its own path: an interpreter built with a shared library looks for it there.
        mounts = [] if in_system(prefix) else [Mount(prefix, str(prefix))]
        return mounts + [Mount(path, f"{RUNTIME_FOLDER}/{path.name}") for path in self._packages.values()]

    def interpreter(self) -> str:
        """The interpreter, at the same path inside as outside."""
        return str(self._interpreter)

    def python_path(self) -> list[str]:
        """As on Lambda: the package, then the layers; the client and the standard library come after."""
        return ["/var/task", f"/opt/python/lib/{self.identifier}/site-packages", "/opt/python"]

    def command(self, function: Function, task: Path, opt: Path | None) -> list[str]:
        """What the init does by itself, as a command of its own."""
        return [self.interpreter(), "-m", "awslambdaric", function.handler]

    def variables(self, function: Function) -> Mapping[str, str]:
        """So that a Python started by the handler finds the AWS SDK too."""
        return {"PYTHONPATH": RUNTIME_FOLDER}


def _interpreters(minor: int) -> Iterator[Path]:
    """Interpreters of that version, the best first: the one that runs us, PATH's, the system's, pyenv's."""
    name = f"python3.{minor}"
    if sys.version_info[:2] == (3, minor):
        yield from _usable(Path(sys.base_prefix, "bin", name), minor)
    for program in on_path(name, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        yield from _usable(program, minor)
    versions = [(int(folder.name.split(".")[2]), folder) for folder in _pyenv(f"3.{minor}.*")]
    for _, folder in sorted(versions, reverse=True):
        yield from _usable(folder / "bin" / name, minor)


def _pyenv(pattern: str) -> list[Path]:
    found = Path.home().glob(f".pyenv/versions/{pattern}")
    return [folder for folder in found if folder.name.split(".")[2].isdigit()]


def _usable(program: Path, minor: int) -> Iterator[Path]:
    """`program` with its links resolved, if it is a whole installation that may be mounted."""
    program = program.resolve()
    prefix = _prefix(program)
    whole = any(Path(prefix, lib, f"python3.{minor}", "asyncio").is_dir() for lib in ("lib", "lib64"))
    if is_binary(program) and whole and not holds_a_home(prefix):
        yield program


def _prefix(program: Path) -> Path:
    return program.parent.parent


def client_folder(minor: int) -> Path:
    """Where the client is installed for an interpreter other than the one that runs us."""
    return toolchains() / "python" / f"python3.{minor}"


def _packages(minor: int) -> dict[str, Path]:
    folder = client_folder(minor)
    ours = sys.version_info[:2] == (3, minor)
    found: dict[str, Path] = {}
    for name in CLIENT_PACKAGES + SDK_PACKAGES:
        path = _in_folder(folder, name)
        if path is None and (ours or (name in SDK_PACKAGES and minor >= OLDEST_FOR_OUR_SDK)):
            path = _in_our_site_packages(name)
        if path is not None:
            found[name] = path
    return found


def _in_folder(folder: Path, name: str) -> Path | None:
    candidates = [folder / name, folder / f"{name}.py", *sorted(folder.glob(f"{name}.cpython-*.so"))]
    return next((path for path in candidates if path.exists()), None)


def _in_our_site_packages(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
