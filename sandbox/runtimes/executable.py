"""Is a file of a package a program that this machine can execute? If not, why, in exec(2)'s own words.

Asked by the runtimes that run the package's own executable (`provided`, `go`), before one is started.
"""

from __future__ import annotations

import errno
import os
import platform
import struct
from pathlib import Path

_SYSTEM_FOLDERS = ("usr", "bin", "sbin", "lib", "lib64")  # the sandbox has the host's
_ELF_MACHINES = {"x86_64": 62, "aarch64": 183}  # e_machine, elf(5)


def exec_failure(program: str, task: Path, opt: Path | None) -> str:
    """ "" where `program` can be executed, else why not ("permission denied").

    `program` is its path inside the sandbox, `task` and `opt` are the host folders of /var/task and /opt.
    """
    path = host_path(program, task, opt)
    if path is None or not path.exists():
        return _words(errno.ENOENT)
    if not path.is_file() or not path.stat().st_mode & 0o111:
        return _words(errno.EACCES)
    with path.open("rb") as file:
        head = file.read(256)
    if head.startswith(b"#!"):
        interpreter = head[2:].split(b"\n")[0].split()
        there = host_path(os.fsdecode(interpreter[0]), task, opt) if interpreter else None
        return "" if there is not None and there.exists() else _words(errno.ENOENT)
    machine = _ELF_MACHINES.get(platform.machine())
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        built_for = struct.unpack_from("<H", head, 18)[0]
        return "" if machine in (None, built_for) else _words(errno.ENOEXEC)
    return _words(errno.ENOEXEC)


def host_path(inside: str, task: Path, opt: Path | None) -> Path | None:
    """The host's path of a path inside the sandbox, None where the sandbox has nothing there."""
    path = Path(os.path.normpath(inside))
    for root, host in ((Path("/var/task"), task), (Path("/opt"), opt)):
        if path.is_relative_to(root):
            return None if host is None else host / path.relative_to(root)
    return path if path.is_absolute() and path.parts[1:2] and path.parts[1] in _SYSTEM_FOLDERS else None


def _words(number: int) -> str:
    return os.strerror(number).lower()
