"""What a playground claims before it serves: an address, a data folder, and a path for the manager's socket.

Called by `webapp.serve`. Whatever is taken already is a `ServeError`, one sentence for a person.
"""

from __future__ import annotations

import errno
import fcntl
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_SOCKET_PATH = 100  # bytes; the kernel takes 107
BACKLOG = 512


class ServeError(Exception):
    """The playground can't be served. `str(error)` is one sentence that says why, and what to do."""


class Lock:
    """The data folder's lock file; its text tells the next one who has it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        """Replace the text."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)


@contextmanager
def locked(folder: Path) -> Iterator[Lock]:
    """Hold `folder` for this process alone; the kernel lets go of it when the process is gone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ServeError(f"The data folder {folder} can't be used: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(descriptor, 200, 0).decode(errors="replace") or "by one that is about to start"
        os.close(descriptor)
        raise ServeError(
            f"The data folder {folder} is served already, {owner}; for a second playground choose another with --data."
        ) from None
    try:
        yield Lock(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def short_path(path: Path) -> Iterator[Path]:
    """`path` for a unix socket, or one in a temporary folder where it is longer than the kernel takes."""
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        yield path
        return
    folder = tempfile.mkdtemp(prefix="lambda-playground-")
    try:
        yield Path(folder) / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def listener(host: str, port: int) -> Iterator[socket.socket]:
    """A listening TCP socket, ours: gunicorn may end and start again, and no connection is lost."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServeError(f"{host} is no address of this machine: {error.strerror}.") from error
    with listening:
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                hint = f"choose another, such as --port {port + 1} (make run PORT={port + 1})"
                raise ServeError(f"Port {port} is in use; {hint}.") from None
            raise ServeError(f"Can't listen on port {port} of {host}: {error.strerror}.") from error
        yield listening


def url_of(host: str, port: int) -> str:
    """The URL that a browser on this machine opens."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def is_loopback(host: str) -> bool:
    """True where only this machine can reach `host`, a name or an address."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(address[0])).is_loopback for *_, address in found)


def accepts(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    """True where a server accepts connections at `address`."""
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0
