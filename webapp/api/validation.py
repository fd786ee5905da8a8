"""Every constraint of the service model, checked before anything changes, in AWS's own words.

Called by `webapp.api.operations` with the parameters. All that is wrong is said in one error, as AWS does:
"2 validation errors detected: Value 'x' at 'functionName' failed to satisfy constraint: …; Value …".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import OperationModel, Shape

from sandbox.errors import ValidationException
from webapp.api.service_model import constraints

# Checked by the operations themselves, which answer these with other errors than the model's.
_LEFT_TO_OPERATIONS = {"Runtime", "FunctionUrlQualifier"}

# What a guide's reader leaves as it is: arn:aws:iam::your-account-id:role/your-lambda-role
_PLACEHOLDER_ROLE = re.compile(r"arn:aws[a-zA-Z-]*:iam::[^:\s]*:role/\S+")


def validate(operation: OperationModel, parameters: Mapping[str, Any], *, strict: bool = False) -> None:
    """Raise ValidationException with every broken constraint of `operation`'s input.

    A role whose account is a placeholder passes unless `strict`, so that a beginner's guide runs as it stands.
    """
    shape = operation.input_shape
    if shape is None:
        return
    found = list(_structure(shape, parameters, ""))
    if not strict and _PLACEHOLDER_ROLE.fullmatch(str(parameters.get("Role", ""))):
        found = [(field, sentence) for field, sentence in found if field != "role"]
    if found:
        raise errors_detected(found)


def errors_detected(problems: list[tuple[str, str]]) -> ValidationException:
    """The error for some problems, each a field's path and its sentence ("Value … failed to satisfy …")."""
    errors = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
    text = "; ".join(sentence for _field, sentence in problems)
    return ValidationException(f"{errors} detected: {text}", field=problems[0][0])


def failed(value: object, path: str, constraint: str) -> tuple[str, str]:
    """One problem in AWS's words; `value` None is printed as a bare null."""
    shown = "null" if value is None else f"'{value}'"
    return path, f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _structure(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, member in shape.members.items():
        where = f"{path}.{_camel(name)}" if path else _camel(name)
        if value.get(name) is not None:
            yield from _member(member, value[name], where)
        elif name in shape.required_members:
            yield failed(None, where, "Member must not be null")


def _member(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, str]]:
    kind = shape.type_name
    if kind == "structure":
        yield from _structure(shape, value, path)
    elif kind == "list":
        yield from _list(shape, value, path)
    elif kind == "map":
        yield from _map(shape, value, path)
    elif shape.name not in _LEFT_TO_OPERATIONS:
        shown = "java.nio.HeapByteBuffer" if kind == "blob" else _shown(value)
        for constraint, holds in _scalar(shape, value):
            if not holds:
                yield failed(shown, path, constraint)


def _list(shape: Shape, value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    limits = constraints(shape)
    for constraint, holds in _length(limits, len(value)):
        if not holds:
            yield failed(_shown(value), path, constraint)
    if shape.member.type_name in ("structure", "list", "map"):
        for number, item in enumerate(value, 1):
            where = f"{path}.{number}.member"
            if item is None:
                yield failed(None, where, "Member must not be null")
            else:
                yield from _member(shape.member, item, where)
        return
    if shape.member.name in _LEFT_TO_OPERATIONS:
        return
    if any(item is None or not all(holds for _, holds in _scalar(shape.member, item)) for item in value):
        words = f"Member must satisfy constraint: [{_all_constraints(shape.member)}]"
        yield failed(_shown(value), path, words)


def _map(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for constraint, holds in _length(constraints(shape), len(value)):
        if not holds:
            yield failed(_shown(value), path, constraint)
    if not all(holds for key in value for _, holds in _scalar(shape.key, key)):
        words = f"Map keys must satisfy constraint: [{_all_constraints(shape.key)}]"
        yield failed(_shown(value), path, words)
    if shape.value.type_name in ("structure", "list", "map"):
        for key, item in value.items():
            if item is not None:
                yield from _member(shape.value, item, f"{path}.{key}.member")
    elif not all(v is not None and all(h for _, h in _scalar(shape.value, v)) for v in value.values()):
        words = f"Map value must satisfy constraint: [{_all_constraints(shape.value)}]"
        yield failed(_shown(value), path, words)


def _scalar(shape: Shape, value: Any) -> Iterator[tuple[str, bool]]:
    """Each constraint of a simple shape, in AWS's order, and whether `value` keeps it."""
    limits = constraints(shape)
    if isinstance(value, (str, bytes)):
        yield from _length(limits, len(value))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float if shape.type_name in ("float", "double") else int
        for bound, words in (("max", "less than"), ("min", "greater than")):
            if bound in limits:
                holds = value <= limits[bound] if bound == "max" else value >= limits[bound]
                yield f"Member must have value {words} or equal to {number(limits[bound])}", holds
    if "pattern" in limits:
        holds = isinstance(value, str) and compiled(limits["pattern"]).fullmatch(value) is not None
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}", holds
    if "enum" in limits:
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]", value in limits["enum"]


def _length(limits: Mapping[str, Any], length: int) -> Iterator[tuple[str, bool]]:
    if "max" in limits:
        yield f"Member must have length less than or equal to {limits['max']}", length <= limits["max"]
    if "min" in limits:
        yield f"Member must have length greater than or equal to {limits['min']}", length >= limits["min"]


def _all_constraints(shape: Shape) -> str:
    probe: Any = 0 if shape.type_name in ("integer", "long", "float", "double") else ""
    return ", ".join([*(constraint for constraint, _ in _scalar(shape, probe)), "Member must not be null"])


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The service model's (Java) pattern as Python reads it."""
    python = pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", "").replace(r"\p{Z}", r"\s")
    return re.compile(python)


def _camel(name: str) -> str:
    if name.isupper():
        return name.lower()
    head = re.match(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]", name)
    return head.group().lower() + name[head.end() :] if head else name


def _shown(value: Any) -> str:
    """A value as Java's toString prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    return str(value)
