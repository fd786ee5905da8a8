"""A browser without scripts, for the page's tests: keeps cookies, posts the form, follows nothing by itself."""

from __future__ import annotations

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

HELLO = 'def lambda_handler(event, context):\n    return {"hello": event.get("name", "World")}\n'


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `headers` by lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def words(self) -> str:
        """What a person reads of the page: tags away, entities resolved, white space in one."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())


class Visitor:
    """One browser's way to the playground at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), _NoRedirect(), _NoError()
        )

    def get(self, path: str, **headers: str) -> Answer:
        """GET; `HX_Request="true"` makes it htmx's."""
        return self._send(urllib.request.Request(self.url + path, headers=_names(headers)))

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """POST a form."""
        data = urllib.parse.urlencode(form or {}).encode()
        return self._send(urllib.request.Request(self.url + path, data, headers=_names(headers)))

    def run(self, code: str = HELLO, event: Any = None, **fields: str) -> Answer:
        """Run a Python handler, and wait for the result where it takes longer than the first answer."""
        return self.ended(self.start(code, event, **fields))

    def ended(self, answer: Answer) -> Answer:
        """An answer of POST /runs, or the result that its stream ends with."""
        if "data-running" not in answer.text:
            return answer
        result = dict(self.stream(run_id_of(answer)))["result"]
        return Answer(200, answer.headers, result.encode())

    def start(self, code: str = HELLO, event: Any = None, *, htmx: bool = True, **fields: str) -> Answer:
        """POST /runs with a Python handler, as the page does; the first answer."""
        form = {
            "runtime": _python(),
            "handler": "lambda_function.lambda_handler",
            "file:lambda_function.py": code,
        }
        form |= {"event": json.dumps({} if event is None else event), **fields}
        form = {name: value for name, value in form.items() if value is not None}
        return self.post("/runs", form, **({"HX_Request": "true"} if htmx else {}))

    def stream(self, run_id: str, last: int = 0) -> Iterator[tuple[str, str]]:
        """The events of a run's stream, (kind, data), as they come."""
        headers = {"Last-Event-ID": str(last)} if last else {}
        request = urllib.request.Request(f"{self.url}/runs/{run_id}/stream", headers=headers)
        kind, data = "", []
        with self._opener.open(request, timeout=60) as answer:
            for raw in answer:
                line = raw.decode().rstrip("\n")
                if not line and kind:
                    yield kind, "\n".join(data)
                    kind, data = "", []
                elif line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data.append(line.removeprefix("data: "))

    def _send(self, request: urllib.request.Request) -> Answer:
        with self._opener.open(request, timeout=60) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, headers, answer.read())


def run_id_of(answer: Answer) -> str:
    """The run that an answer of POST /runs speaks of."""
    found = re.search(r'data-(?:ended|running)="([0-9a-f-]+)"', answer.text)
    assert found, answer.text
    return found[1]


def _python() -> str:
    from sandbox.runtimes import runtimes

    return next(item.identifier for item in runtimes() if item.family == "python" and item.available)


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


class _NoError(urllib.request.HTTPErrorProcessor):
    def http_response(self, _request: Any, response: Any) -> Any:
        return response

    https_response = http_response
