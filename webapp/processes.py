"""Child processes that are looked after, and that end when their parent does, whatever it died of.

Called by `webapp.serve`, which has one thread; `die_with_parent` also by gunicorn's workers.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
SIGNALS = STOP_SIGNALS | {signal.SIGCHLD}
STOP_TIMEOUT_S = 4.0  # from SIGTERM to SIGKILL; gunicorn's own graceful_timeout is below
STEADY_S = 10.0  # a child that ran this long is started again at once; others wait a little longer each time
MAX_BACKOFF_S = 5.0

_prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before any fork: a fork's child should do little


def die_with_parent(parent: int) -> None:
    """Have the kernel send SIGKILL to this process when its parent, the process `parent`, is gone.

    To be called by the child. The kernel ties the signal to the parent's *thread*: a child has to be started
    by a thread that lives as long as the process, as the main thread does.
    """
    if _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died before the kernel knew
        os._exit(1)


@contextmanager
def blocked_signals() -> Iterator[None]:
    """Have signals wait for `next_signal`, so that none comes between two lines of ours."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        while next_signal(0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def next_signal(timeout_s: float) -> signal.Signals | None:
    """The next of `SIGNALS` under `blocked_signals`, or None after `timeout_s`."""
    got = signal.sigtimedwait(SIGNALS, timeout_s)
    return None if got is None else signal.Signals(got.si_signo)


class Child:
    """One child process and its next start.

    It has a session of its own, so that the terminal's Ctrl-C reaches only us; `descriptors` stay open in it.
    `start_at` (time.monotonic) is when to start it again; None while it runs.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        descriptors: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.start_at: float | None = None
        self._command = command
        self._environment = environment
        self._descriptors = descriptors
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._backoff_s = 0.0

    def start(self) -> None:
        """Start it. Only under `blocked_signals`, and only by the main thread."""
        parent = os.getpid()

        def prepare() -> None:
            die_with_parent(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

        self.start_at = None
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            cwd=Path(__file__).parent.parent,  # `python -m` looks there first: these packages, and no others
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self._descriptors,
            start_new_session=True,
            preexec_fn=prepare,
        )

    def ended(self) -> bool:
        """True from its end until `reap`."""
        if self._process is None:
            return False
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def reap(self) -> str:
        """Clear away what it left, plan the next start, and say in words how it ended."""
        status = self._clear()
        steady = time.monotonic() - self._started > STEADY_S
        self._backoff_s = 0.0 if steady else min(MAX_BACKOFF_S, max(0.1, 2 * self._backoff_s))
        self.start_at = time.monotonic() + self._backoff_s
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to what is left after a while, or as soon as one more signal says to hurry."""
        self.start_at = None
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while not self.ended() and time.monotonic() < deadline:
            if next_signal(0.1) in STOP_SIGNALS:
                break
        self._clear()

    def _clear(self) -> int:
        """Kill the rest of its process group, whose number is ours until the wait, and wait."""
        process, self._process = self._process, None
        assert process is not None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()
