"""Where the runtimes' clients and build caches are kept on the host, and how programs are looked for.

`sandbox.runtimes.install` fills the folder; the runtimes read it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

INSTALL_COMMAND = "python -m sandbox.runtimes.install"


def toolchains() -> Path:
    """The folder of everything that is fetched or built once for all functions (need not exist yet)."""
    named = os.environ.get("LAMBDA_PLAYGROUND_TOOLCHAINS")
    if named:
        return Path(named).absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "lambda-playground", "toolchains")


def on_path(name: str, *others: str) -> Iterator[Path]:
    """Every program of that name on PATH, then those of `others` (absolute paths) that can be run."""
    for folder in os.get_exec_path():
        found = shutil.which(name, path=folder) if folder else None
        if found:
            yield Path(found)
    for other in others:
        if os.access(other, os.X_OK) and os.path.isfile(other):
            yield Path(other)


def is_binary(program: Path) -> bool:
    """True for a real executable, False for a wrapper script such as a version manager's shim."""
    try:
        with program.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def in_system(path: Path) -> bool:
    """True where the sandbox sees `path` already, because it lies under the system's own folders."""
    return path.is_relative_to("/usr") or path.is_relative_to("/lib") or path.is_relative_to("/bin")


def holds_a_home(folder: Path) -> bool:
    """True where mounting `folder` would show a home, or the machine, as a whole."""
    home = Path.home().resolve()
    return home.is_relative_to(folder) or folder in (Path("/home"), Path("/opt"), Path("/var"), Path("/tmp"))
