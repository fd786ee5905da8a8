"""The runtimes of this host. `runtimes()` and `runtime()` are all that the rest of the project calls.

To add one: a file beside this one with its class (start from `provided.py`), and a line in the table below.
"""

from __future__ import annotations

from functools import cache

from sandbox.errors import InvalidParameterValueException
from sandbox.runtimes.base import BuildError, FunctionStartError, Mount, Runtime
from sandbox.runtimes.golang import GoRuntime
from sandbox.runtimes.java import VERSIONS as JAVA_VERSIONS
from sandbox.runtimes.java import JavaRuntime
from sandbox.runtimes.nodejs import MAJORS as NODE_MAJORS
from sandbox.runtimes.nodejs import NodejsRuntime
from sandbox.runtimes.provided import ProvidedRuntime
from sandbox.runtimes.python import MINORS as PYTHON_MINORS
from sandbox.runtimes.python import PythonRuntime

__all__ = ["BuildError", "FunctionStartError", "Mount", "Runtime", "runtime", "runtimes"]


@cache
def _table() -> dict[str, Runtime]:
    known: list[Runtime] = [
        *(PythonRuntime(minor) for minor in PYTHON_MINORS),
        *(NodejsRuntime(major) for major in NODE_MAJORS),
        GoRuntime(),
        *(JavaRuntime(version) for version in JAVA_VERSIONS),
        ProvidedRuntime("provided.al2023", "Any executable, Amazon Linux 2023"),
        ProvidedRuntime("provided.al2", "Any executable, Amazon Linux 2"),
    ]
    return {item.identifier: item for item in known}


def runtimes() -> list[Runtime]:
    """Every runtime identifier known, whether this host can run it or not; newest first in each family."""
    return list(_table().values())


def runtime(identifier: str) -> Runtime:
    """The runtime of that identifier. Raises InvalidParameterValueException, as CreateFunction does."""
    found = _table().get(identifier)
    if found is None:
        known = ", ".join(_table())
        raise InvalidParameterValueException(
            f"Value {identifier} at 'runtime' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{known}] or be a valid ARN",
            field="Runtime",
        )
    return found
