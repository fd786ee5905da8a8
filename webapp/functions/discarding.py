"""Old execution environments ended once a function has changed or gone.

Called by the operations after their transaction. Environments of an older update are never used again anyway; this
only frees their memory sooner, so a manager that isn't there is no reason to fail.
"""

from __future__ import annotations

import logging

from sandbox.errors import ManagerUnavailable
from webapp.functions.names import FunctionName
from webapp.services import Services

log = logging.getLogger(__name__)


def discard_environments(services: Services, name: FunctionName) -> None:
    """End the idle environments of the function."""
    try:
        services.sandbox.discard(name.name)
    except ManagerUnavailable as error:
        log.info("The environments of %s are not discarded: %s", name.name, error)
