"""The seam between an asynchronous invocation and its event invoke configuration.

`webapp.api.event_invoke` registers its look-up; Invoke with InvocationType Event asks here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sandbox.limits import ASYNC_RETRY_DELAYS_S, MAX_ASYNC_EVENT_AGE_S
from webapp.functions.names import FunctionName


@dataclass(frozen=True)
class RetryPolicy:
    """How often a failed event is tried again, and how old it may become, in s."""

    max_retries: int = len(ASYNC_RETRY_DELAYS_S)
    max_age_s: int = MAX_ASYNC_EVENT_AGE_S


Finder = Callable[[Session, FunctionName], RetryPolicy]

_finders: list[Finder] = []


def retries_come_from(finder: Finder) -> Finder:
    """Register the look-up: the policy of a function and qualifier, Lambda's defaults where none is set."""
    _finders.append(finder)
    return finder


def retry_policy(session: Session, name: FunctionName) -> RetryPolicy:
    """The policy for an event sent to `name`, whose qualifier is the one that the caller gave."""
    return _finders[0](session, name) if _finders else RetryPolicy()
