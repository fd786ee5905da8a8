"""Which operation a request is for: method and URI template of every operation in the service model.

Called by `webapp.api.dispatch`. Works on the raw path: an ARN in it may carry encoded slashes and colons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote

from webapp.api.service_model import operation_model, service_model

API_PATH = re.compile(r"^/\d{4}-\d{2}-\d{2}/")


@dataclass(frozen=True)
class Route:
    """One operation's method, path segments ("{Name}" is a label) and the query it insists on."""

    operation: str
    method: str
    segments: tuple[str, ...]
    query: frozenset[tuple[str, str]]


@cache
def routes() -> dict[str, tuple[Route, ...]]:
    """Every route by HTTP method, the most particular first."""
    table: dict[str, list[Route]] = {}
    for name in service_model().operation_names:
        http = operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        route = Route(name, http["method"], tuple(path.strip("/").split("/")), frozenset(parse_qsl(query)))
        table.setdefault(route.method, []).append(route)
    return {
        method: tuple(sorted(found, key=lambda route: (-len(route.query), _labels_in(route))))
        for method, found in table.items()
    }


def _labels_in(route: Route) -> int:
    return sum(segment.startswith("{") for segment in route.segments)


def match(method: str, raw_path: str, query: list[tuple[str, str]]) -> tuple[str, dict[str, str]] | None:
    """The operation and its decoded labels; None where no operation has that path.

    `raw_path` is percent-encoded as the client sent it, without the query.
    """
    segments = raw_path.strip("/").split("/")
    given = set(query)
    candidates = [route for route in routes().get(method, ()) if route.query <= given]
    # only where no operation has a path of that length can the slashes be those of an ARN
    for greedy in (False, True):
        for route in candidates:
            labels = _labels(route.segments, segments, greedy)
            if labels is not None:
                return route.operation, labels
    return None


def _labels(template: tuple[str, ...], segments: list[str], greedy: bool) -> dict[str, str] | None:
    if greedy and len(segments) > len(template) and template[-1].startswith("{"):
        # a client that does not encode the slashes of an ARN in the last label
        segments = [*segments[: len(template) - 1], "/".join(segments[len(template) - 1 :])]
    if len(segments) != len(template):
        return None
    labels: dict[str, str] = {}
    for expected, got in zip(template, segments, strict=True):
        if expected.startswith("{"):
            labels[expected.strip("{}+")] = unquote(got)
        elif expected != got:
            return None
    return labels
