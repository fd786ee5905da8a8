"""The manager as a process of its own: `python -m sandbox.server --socket PATH --data FOLDER`.

Started by `lambda-playground serve`. A thread serves each connection; the calls are those of `sandbox.client`. The
socket is there, and connects, once the manager is ready. SIGTERM and SIGINT end it cleanly.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from sandbox import wire
from sandbox.errors import InvalidParameterValueException, LambdaError, ServiceException
from sandbox.function import Function
from sandbox.manager import Sandbox, default_runtime

_INVOKE_FIELDS = ("client_context", "trace_id", "request_id", "force_cold", "qualifier_arn")


class Server:
    """Answers calls on a listening unix socket for one `Sandbox`."""

    def __init__(self, sandbox: Sandbox, listener: socket.socket) -> None:
        self._sandbox = sandbox
        self._listener = listener

    def serve(self) -> None:
        """Accept until the listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(connection,), name="connection", daemon=True).start()

    def _connection(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while (frame := wire.receive(connection)) is not None:
                try:
                    self._answer(connection, *frame)
                except LambdaError as error:
                    wire.send(connection, *wire.error_frame(error))
                except OSError:
                    raise
                except Exception as error:
                    traceback.print_exc()
                    words = f"The playground failed inside ({type(error).__name__}); its terminal says more."
                    wire.send(connection, *wire.error_frame(ServiceException(words)))

    def _answer(self, connection: socket.socket, call: dict[str, Any], body: bytes) -> None:
        sandbox, name = self._sandbox, call["call"]
        if name == "follow":
            for item in sandbox.follow(call["run_id"], timeout_s=call.get("timeout_s")):
                wire.send(connection, *wire.item_frame(item))
            wire.send(connection, {"kind": "end"})
        elif name == "invoke":
            wire.send(connection, *wire.item_frame(sandbox.invoke(*_invoke_arguments(call, body), **_options(call))))
        elif name == "start":
            run_id = sandbox.start(*_invoke_arguments(call, body), **_options(call))
            wire.send(connection, {"kind": "value", "value": run_id})
        elif name == "invoke_async":
            retries, age_s = call["max_retries"], call["max_age_s"]
            function, event = _invoke_arguments(call, body)
            request_id = sandbox.invoke_async(function, event, max_retries=retries, max_age_s=age_s, **_options(call))
            wire.send(connection, {"kind": "value", "value": request_id})
        elif name == "provision":
            ready = sandbox.provision(Function.from_dict(call["function"]), call["count"])
            wire.send(connection, {"kind": "value", "value": ready})
        elif name == "stop":
            sandbox.stop(call["run_id"])
            wire.send(connection, {"kind": "value", "value": None})
        elif name == "discard":
            sandbox.discard(call["name"])
            wire.send(connection, {"kind": "value", "value": None})
        elif name == "status":
            wire.send(connection, *wire.item_frame(sandbox.status()))
        else:
            raise InvalidParameterValueException(f"The manager has no call named {name}.")


def _invoke_arguments(call: dict[str, Any], body: bytes) -> tuple[Function, bytes]:
    return Function.from_dict(call["function"]), body


def _options(call: dict[str, Any]) -> dict[str, Any]:
    return {name: call[name] for name in _INVOKE_FIELDS if name in call}


def listen(path: Path) -> socket.socket:
    """A listening unix socket at `path` that only this user may connect to; takes the place of a dead one."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    listener.bind(str(temporary))
    temporary.chmod(0o600)  # before anyone can connect; a umask would be every thread's
    listener.listen(256)
    temporary.replace(path)
    return listener


def main(arguments: list[str] | None = None) -> int:
    """The manager's process; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description="The playground's manager.")
    parser.add_argument("--socket", type=Path, required=True, help="the unix socket to listen on")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the packages")
    options = parser.parse_args(arguments)
    # an environment takes some eight descriptors; many systems allow 1,024 unless asked
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        sandbox = Sandbox(options.data)
    except LambdaError as error:
        print(error.message, file=sys.stderr)
        return 1
    with sandbox:
        sandbox.warm_up(default_runtime())
        listener = listen(options.socket)

        def stop(*_: object) -> None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        Server(sandbox, listener).serve()
        options.socket.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
