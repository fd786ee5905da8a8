"""The library: cold starts against a bare `python3 -c pass`, warm invocations against a bare pipe."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace

from benchmarks.timing import Line, alternating
from sandbox import Function, Sandbox
from sandbox.runtimes import runtime as runtime_named

HELLO = b"def lambda_handler(event, context):\n    return {'hello': event['name']}\n"
EVENT = b'{"name": "World"}'
ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"

SPARES_WAIT_S = 5.0
QUIET_S = 0.05  # from the last spare's start to the next measurement


def hello(sandbox: Sandbox, runtime: str) -> Function:
    """A function that says hello."""
    package = sandbox.packages.put_files({"lambda_function.py": HELLO})
    return Function(package.sha256, "lambda_function.lambda_handler", runtime=runtime)


def cold(sandbox: Sandbox, runtime: str, rounds: int) -> list[Line]:
    """A first run, with an environment booted ahead and without."""
    interpreter = runtime_named(runtime).interpreter()
    assert interpreter is not None
    ahead = hello(sandbox, runtime)
    # An environment with a /tmp of another size than the usual is never one that was booted ahead.
    scratch = replace(ahead, ephemeral_storage_mb=513)

    def bare() -> None:
        subprocess.run([interpreter, "-c", "pass"], check=True)

    def quiet() -> None:
        deadline = time.monotonic() + SPARES_WAIT_S
        while sandbox.status().spares < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(QUIET_S)

    def first(function: Function) -> None:
        assert sandbox.invoke(function, EVENT, force_cold=True).succeeded

    quiet()
    first(ahead)
    bare_ms, ahead_ms, scratch_ms = alternating(
        [bare, lambda: first(ahead), lambda: first(scratch)], rounds, before=quiet
    )
    against = f"{interpreter.rpartition('/')[2]} -c pass"
    return [
        Line("cold, environment booted ahead", ahead_ms, against, bare_ms),
        Line("cold, from nothing", scratch_ms, against, bare_ms),
    ]


def warm(sandbox: Sandbox, runtime: str, rounds: int) -> Line:
    """A warm run, thaw and freeze included."""
    interpreter = runtime_named(runtime).interpreter()
    assert interpreter is not None
    function = hello(sandbox, runtime)
    command = [interpreter, "-c", ECHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as echo:
        assert echo.stdin is not None
        assert echo.stdout is not None
        to_echo, from_echo = echo.stdin, echo.stdout

        def bare() -> None:
            to_echo.write(EVENT + b"\n")
            to_echo.flush()
            from_echo.readline()

        def run() -> None:
            sandbox.invoke(function, EVENT)

        for _ in range(20):
            bare()
            run()
        bare_ms, run_ms = alternating([bare, run], rounds)
        to_echo.close()
    return Line("warm, by the library", run_ms, "a line to a Python and back", bare_ms)
