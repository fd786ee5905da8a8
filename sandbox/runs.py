"""Runs that go on while others watch, each on a thread of its own; what it gives is kept for its followers.

Used by `sandbox.manager` for `start`, `follow` and `stop`. A run that has ended is kept for a quarter of an hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from sandbox.errors import LambdaError, ResourceNotFoundException, ServiceException
from sandbox.function import Invocation, LogEvent, ResponseChunk
from sandbox.invoke import Request

KEPT_S = 900.0
KEPT_RUNS = 500

RunItem = LogEvent | ResponseChunk | Invocation


class Run:
    """One run: what it has produced so far, and whether it has ended."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.ended_at: float | None = None
        self._items: list[RunItem] = []
        self._error: LambdaError | None = None
        self._changed = threading.Condition()
        request.on_log = self._add
        request.on_chunk = lambda data, content_type: self._add(ResponseChunk(data, content_type))

    def work(self, invoke: Callable[[Request], Invocation]) -> None:
        """Run to the end, whatever happens."""
        try:
            self._add(invoke(self.request))
        except LambdaError as error:
            self._error = error
        except Exception as error:
            self._error = ServiceException(f"The playground failed in this run ({type(error).__name__}). Run it again.")
            raise
        finally:
            with self._changed:
                self.ended_at = time.monotonic()
                self._changed.notify_all()

    def follow(self, timeout_s: float | None) -> Iterator[RunItem | None]:
        """Everything from the start on, then live; None as the last item where `timeout_s` ran out."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        seen = 0
        while True:
            with self._changed:
                while seen == len(self._items) and self.ended_at is None:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        break
                    self._changed.wait(left)
                news = self._items[seen:]
                ended = self.ended_at is not None
            seen += len(news)
            yield from news
            if ended:
                if self._error is not None:
                    raise self._error
                return
            if deadline is not None and time.monotonic() >= deadline:
                yield None
                return

    def _add(self, item: RunItem) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()


class Runs:
    """The runs of one manager, by id."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def start(self, request: Request, invoke: Callable[[Request], Invocation]) -> str:
        """Start and return the run's id (the request id)."""
        run = Run(request)
        with self._lock:
            self._sweep()
            self._runs[request.request_id] = run
        threading.Thread(target=run.work, args=(invoke,), name="run", daemon=True).start()
        return request.request_id

    def get(self, run_id: str) -> Run:
        """Raises ResourceNotFoundException where there is none, or it ended long ago."""
        with self._lock:
            run = self._runs.get(run_id)
        if run is None:
            raise ResourceNotFoundException("There is no such run; it may have ended long ago. Run it again.")
        return run

    def _sweep(self) -> None:
        now = time.monotonic()
        ended = [(run.ended_at, run_id) for run_id, run in self._runs.items() if run.ended_at is not None]
        for place, (ended_at, run_id) in enumerate(sorted(ended, reverse=True)):
            if now - ended_at > KEPT_S or place >= KEPT_RUNS:
                del self._runs[run_id]
