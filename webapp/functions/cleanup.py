"""What hangs on a function without being a column of it: told when one is made, and when one goes.

`webapp.api.functions` calls `created` and `deleted` inside its transaction; the modules that keep policies,
URLs, event invoke configurations … register with `on_create` and `on_delete` when they are imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from webapp.functions.names import FunctionName

Created = Callable[[Session, FunctionName, Mapping[str, Any]], None]
Deleted = Callable[[Session, FunctionName], None]

_on_create: list[Created] = []
_on_delete: list[Deleted] = []


def on_create(callback: Created) -> Created:
    """Have `callback(session, name, parameters)` called for every new function.

    The parameters are CreateFunction's. It may raise a LambdaError (a CodeSigningConfigArn that does not exist),
    and nothing is created.
    """
    _on_create.append(callback)
    return callback


def on_delete(callback: Deleted) -> Deleted:
    """Have `callback(session, name)` called for everything deleted.

    `name.qualifier` is None where the whole function goes, else the version or alias that does; `name.region`
    and `name.name` say of which function. It runs inside the transaction that deletes.
    """
    _on_delete.append(callback)
    return callback


def created(session: Session, name: FunctionName, parameters: Mapping[str, Any]) -> None:
    """Tell everyone that a function was made."""
    for callback in _on_create:
        callback(session, name, parameters)


def deleted(session: Session, name: FunctionName) -> None:
    """Tell everyone that a function, a version or an alias is going."""
    for callback in _on_delete:
        callback(session, name)
