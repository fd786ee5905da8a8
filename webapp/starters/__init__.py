"""The starter handlers of the page, each for one idea; their files lie in the folder named after the slug.

Called by the page and by tests. To add one: make its folder and add a line to the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Starter:
    """One starter: `files` by name, and the configuration and sample event it is best run with."""

    slug: str
    title: str
    idea: str
    runtime_family: str
    files: Mapping[str, str]
    handler: str
    event_slug: str = "hello-world"
    memory_mb: int = 128
    timeout_s: int = 3
    environment: Mapping[str, str] = field(default_factory=dict)


_PYTHON = "lambda_function.lambda_handler"


@cache
def _read() -> tuple[Starter, ...]:
    return (
        _python("hello", "Hello", "A function takes an event and returns a response."),
        _python("reading-an-event", "Reading an event", "The event is a dict whose shape its sender decides.",
                event_slug="s3-put"),
        _python("logging", "Logging", "print and logging both reach the log, but not alike."),
        _python("raising-an-error", "Raising an error", "An exception becomes the error the caller sees."),
        _python("timeout", "Timeout", "Lambda ends a handler that takes longer than its timeout."),
        _python("cold-versus-warm", "Cold versus warm", "Module state outlives an invocation, not for ever."),
        _python("tmp-reuse", "/tmp reuse", "Files in /tmp are there again when the environment is warm."),
        _python("environment-variables", "Environment variables", "Configuration comes from the environment.",
                environment={"GREETING": "Good morning"}),
        _python("context-methods", "Context methods", "The context knows the request, the limits and the time left."),
        _python("api-response", "API Gateway response", "A web response is a dict with a status code and a body.",
                event_slug="apigateway-http"),
        _python("sqs-batch", "SQS batch", "A batch may fail in part, message by message.", event_slug="sqs"),
        _python("memory", "Out of memory", "A function that takes more than its memory size is killed.",
                timeout_s=10),
        _python("helper-module", "A helper module", "A deployment package may hold several files."),
        _python("log-lines", "Log lines as they come", "The log of a long run can be watched live.", timeout_s=10),
        _other("node-hello", "Node.js hello", "An async handler in an ES module.", "nodejs", "index.handler"),
        _other("node-callback", "Node.js callback", "A CommonJS handler answers by callback.", "nodejs",
               "index.handler"),
        _other("node-streaming", "Node.js response streaming", "A response can be sent piece by piece.", "nodejs",
               "index.handler", timeout_s=10),
        _other("go-hello", "Go hello", "A Go handler with a typed request and response.", "go", "main"),
        _other("java-hello", "Java hello", "A class that implements RequestHandler.", "java",
               "example.Handler::handleRequest", memory_mb=512, timeout_s=15),
        _other("shell-bootstrap", "A runtime in shell", "A runtime is a loop around two HTTP requests.",
               "provided", "bootstrap"),
    )


def starters() -> list[Starter]:
    """Every starter, the simplest first, Python before the others."""
    return list(_read())


def starter(slug: str) -> Starter:
    """The starter of that slug; `KeyError` where there is none."""
    for item in _read():
        if item.slug == slug:
            return item
    raise KeyError(slug)


def _python(slug: str, title: str, idea: str, *, event_slug: str = "hello-world", timeout_s: int = 3,
            environment: Mapping[str, str] | None = None) -> Starter:
    return Starter(slug, title, idea, "python", _files(slug), _PYTHON, event_slug=event_slug,
                   timeout_s=timeout_s, environment=environment or {})


def _other(slug: str, title: str, idea: str, family: str, handler: str, *, memory_mb: int = 128,
           timeout_s: int = 3) -> Starter:
    return Starter(slug, title, idea, family, _files(slug), handler, memory_mb=memory_mb, timeout_s=timeout_s)


def _files(slug: str) -> dict[str, str]:
    folder = resources.files(__name__) / slug
    found = {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.is_file()}
    return dict(sorted(found.items(), key=lambda pair: (not pair[0].startswith("lambda_function"), pair[0])))
