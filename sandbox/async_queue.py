"""Asynchronous invocations: queued at once, run in order of their time, tried again as Lambda does.

Used by `sandbox.manager`. A function error is tried again after one and two minutes; a throttled event waits longer
each time, until it is too old. Source: "How Lambda handles errors and retries with asynchronous invocation".
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.errors import LambdaError, TooManyRequestsException
from sandbox.function import Invocation
from sandbox.invoke import Request
from sandbox.limits import ASYNC_RETRY_DELAYS_S

_FIRST_BACKOFF_S, _MAX_BACKOFF_S = 1.0, 300.0
MAX_QUEUED = 10_000


@dataclass
class _Queued:
    request: Request
    max_retries: int
    expires_at: float
    errors: int = 0
    throttles: int = 0


class AsyncQueue:
    """The queue of one manager. `invoke` runs a request to its end."""

    def __init__(self, invoke: Callable[[Request], Invocation]) -> None:
        self._invoke = invoke
        self._heap: list[tuple[float, int, _Queued]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._dispatch, name="async-queue", daemon=True).start()

    def put(self, request: Request, max_retries: int, max_age_s: float) -> None:
        """Queue an event. Raises TooManyRequestsException where too many wait already."""
        with self._changed:
            if len(self._heap) >= MAX_QUEUED:
                raise TooManyRequestsException("Rate Exceeded.", reason="CallerRateLimitExceeded")
        self._push(0.0, _Queued(request, max_retries, time.monotonic() + max_age_s))

    def close(self) -> None:
        """Take nothing more from the queue."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _push(self, delay_s: float, item: _Queued) -> None:
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + delay_s, next(self._numbers), item))
            self._changed.notify()

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._heap or self._heap[0][0] > time.monotonic()):
                    self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                if self._closed:
                    return
                _, _, item = heapq.heappop(self._heap)
            threading.Thread(target=self._run, args=(item,), name="async-invoke", daemon=True).start()

    def _run(self, item: _Queued) -> None:
        if time.monotonic() > item.expires_at:
            return
        request = item.request
        # The same request id each time, as on Lambda; nothing of the last try is kept.
        again = Request(
            request.function, request.event, request.request_id, request.client_context, request.trace_id,
            request.qualifier_arn, request.force_cold,
        )  # fmt: skip
        try:
            failed = not self._invoke(again).succeeded
        except TooManyRequestsException:
            item.throttles += 1
            self._push(min(_FIRST_BACKOFF_S * 2 ** (item.throttles - 1), _MAX_BACKOFF_S), item)
            return
        except LambdaError:
            failed = True
        if failed and item.errors < item.max_retries:
            delay_s = ASYNC_RETRY_DELAYS_S[min(item.errors, len(ASYNC_RETRY_DELAYS_S) - 1)]
            item.errors += 1
            self._push(delay_s, item)
