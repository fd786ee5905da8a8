"""`lambda-playground serve`: starts the manager and gunicorn, keeps both running, and stops both.

This process does nothing else and has one thread. It holds the listening socket and the data folder's lock,
waits for signals, and starts again what ended. Its children die with it, and environments with the manager.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from sandbox.client import SandboxClient
from sandbox.errors import LambdaError
from webapp.gunicorn_settings import READY_FD
from webapp.listening import ServeError, accepts, is_loopback, listener, locked, short_path, url_of
from webapp.processes import STOP_SIGNALS, Child, blocked_signals, next_signal
from webapp.settings import Settings

START_TIMEOUT_S = 60.0
POLL_S = 0.02

Say = Callable[[str], None]


@dataclass(frozen=True)
class ServeOptions:
    """Where and how to serve; port 0 takes any free one. `reload` is for work on the playground itself."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    reload: bool = False
    access_log: bool = False


def serve(settings: Settings, options: ServeOptions, say: Say) -> None:
    """Serve until a signal says stop. `say` takes each line meant for the person at the terminal.

    Raises `ServeError`. To be called by the main thread: the children's death is tied to it.
    """
    if options.reload and not is_loopback(options.host):
        raise ServeError("--reload serves a debugger that runs any code: use it with a loopback --host only.")
    with ExitStack() as stack:
        lock = stack.enter_context(locked(settings.data_folder))
        listening = stack.enter_context(listener(options.host, options.port))
        url = url_of(options.host, listening.getsockname()[1])
        lock.write(f"by process {os.getpid()}, at {url}")
        settings = replace(settings, socket_path=stack.enter_context(short_path(settings.socket_path)))
        stack.enter_context(blocked_signals())
        supervisor = _Supervisor(settings, options, listening, say)
        try:
            if supervisor.start():
                _announce(settings, options, url, say)
                supervisor.watch()
        finally:
            supervisor.stop()


def _announce(settings: Settings, options: ServeOptions, url: str, say: Say) -> None:
    with suppress(LambdaError):
        if warning := SandboxClient(settings.socket_path).status().warning:
            say(f"Warning: {warning}")
    if not is_loopback(options.host):
        say(f"Warning: whoever reaches {options.host} over the network can run code: there is no login.")
    say(f"Lambda playground: {url}  (Ctrl-C stops it)")


class _Supervisor:
    """The two children, and what is done when one ends. gunicorn looks after its workers likewise."""

    def __init__(self, settings: Settings, options: ServeOptions, listening: socket.socket, say: Say) -> None:
        self._socket_path = settings.socket_path
        self._say = say
        environment = {
            **os.environ,
            "LAMBDA_PLAYGROUND_DATA": str(settings.data_folder),
            "LAMBDA_PLAYGROUND_DATABASE": settings.database_url,
            "LAMBDA_PLAYGROUND_SOCKET": str(settings.socket_path),
        }
        self._manager = Child("manager", _manager_command(settings), environment)
        if options.reload:
            self._web: _GunicornServer | _DebugServer = _DebugServer(listening, environment)
        else:
            self._web = _GunicornServer(listening, options, environment)
        self._children = (self._manager, self._web.child)

    def start(self) -> bool:
        """Start both. True when both answer, False if a signal said stop. Raises `ServeError`."""
        self._socket_path.unlink(missing_ok=True)
        for child in self._children:
            child.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (self._web.ready() and accepts(socket.AF_UNIX, str(self._socket_path))):
            if next_signal(POLL_S) in STOP_SIGNALS:
                return False
            for child in self._children:
                if child.ended():
                    raise ServeError(f"The {child.name} did not start ({child.reap()}): see above.")
            if time.monotonic() > deadline:
                raise ServeError(f"The playground is not ready after {START_TIMEOUT_S:.0f} seconds.")
        return True

    def watch(self) -> None:
        """Start again what ends, until a signal says stop."""
        while True:
            now = time.monotonic()
            for child in self._children:
                if child.ended():
                    self._say(f"The {child.name} ended ({child.reap()}); it is started again.")
                if child.start_at is not None and child.start_at <= now:
                    child.start()
            due = [child.start_at for child in self._children if child.start_at is not None]
            if next_signal(max(0.0, min(due) - now) if due else 3600.0) in STOP_SIGNALS:
                return

    def stop(self) -> None:
        """Stop the web server, which lets short runs end, and then the manager with its environments."""
        for child in reversed(self._children):
            child.stop()
        self._socket_path.unlink(missing_ok=True)


class _GunicornServer:
    """gunicorn on our listening socket; a worker writes to a pipe when it is there to answer requests."""

    def __init__(self, listening: socket.socket, options: ServeOptions, environment: dict[str, str]) -> None:
        self._ready, writer = os.pipe()
        command = [sys.executable, "-m", "gunicorn", "--config", "python:webapp.gunicorn_settings"]
        command += ["--bind", f"fd://{listening.fileno()}", "--workers", str(options.workers)]
        if options.access_log:
            command += ["--access-logfile", "-"]
        command.append("webapp.app:create_app()")
        descriptors = (listening.fileno(), writer)
        self.child = Child("web server", command, {**environment, READY_FD: str(writer)}, descriptors)

    def ready(self) -> bool:
        return bool(select.select([self._ready], [], [], 0)[0])


class _DebugServer:
    """Flask's own, which reloads what changes. Ours was only there to see that the address is free."""

    def __init__(self, listening: socket.socket, environment: dict[str, str]) -> None:
        self._family, self._address = listening.family, listening.getsockname()[:2]
        listening.close()
        host, port = self._address
        command = [sys.executable, "-m", "webapp.debug_server", host, str(port)]
        self.child = Child("debug server", command, environment)

    def ready(self) -> bool:
        return accepts(self._family, self._address)


def _manager_command(settings: Settings) -> list[str]:
    where = ["--socket", str(settings.socket_path), "--data", str(settings.package_folder)]
    return [sys.executable, "-m", "sandbox.server", *where]
