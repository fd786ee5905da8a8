"""One run of a file from the terminal: the page's form without the page.

Called by `webapp.cli`. The runtime is told by the file's name or content, the handler found in the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sandbox import Sandbox
from sandbox.client import SandboxClient
from sandbox.errors import InvalidParameterValueException
from sandbox.function import Function, Invocation, LogEvent
from sandbox.package import Package, PackageStore
from sandbox.runtimes import Runtime, runtimes
from sandbox.runtimes import runtime as runtime_of
from webapp.database import Database
from webapp.pages.code import Sources, as_text
from webapp.pages.configuration import format_environment
from webapp.pages.form import ERROR_FIELDS, Draft
from webapp.pages.handler_names import NODE_SUFFIXES, detect
from webapp.services import Services
from webapp.settings import Settings

_FAMILIES = {
    ".py": "python",
    **dict.fromkeys(NODE_SUFFIXES, "nodejs"),
    ".go": "go",
    ".java": "java",
    ".class": "java",
    ".jar": "java",
}
_ARCHIVES = (".zip", ".jar")


@dataclass(frozen=True)
class Request:
    """What to run: `name` is the file's, "-" for stdin; empty `handler` and `runtime` are found out."""

    name: str
    code: bytes
    event: bytes
    handler: str
    runtime: str
    memory_mb: str
    timeout_s: str
    environment: Mapping[str, str]


def invoke_once(settings: Settings, request: Request, say: Callable[[str], None]) -> Invocation:
    """Run it to its end; `say` takes each line of the log as it appears.

    Raises LambdaError with one sentence where the request can't be run.
    """
    packages = PackageStore(settings.package_folder)
    draft = _draft(packages, request)
    # The form's checks read the packages and the settings; neither rows nor a manager are asked for.
    services = Services(settings, Database("sqlite://"), packages, SandboxClient(settings.socket_path))
    problems = draft.check(services)
    for field in ERROR_FIELDS:
        if field in problems:
            raise InvalidParameterValueException(problems[field], field=field)
    with Sandbox(settings.data_folder) as sandbox:
        return _follow(sandbox, draft.to_function(services), draft.event_bytes(), say)


def _follow(sandbox: Sandbox, function: Function, event: bytes, say: Callable[[str], None]) -> Invocation:
    run = sandbox.start(function, event)
    try:
        for item in sandbox.follow(run):
            if isinstance(item, LogEvent):
                say(item.message)
            elif isinstance(item, Invocation):
                return item
    except KeyboardInterrupt:
        sandbox.stop(run)
        raise
    raise AssertionError("a run that is followed without a time limit ends with its Invocation")


def _draft(packages: PackageStore, request: Request) -> Draft:
    draft = Draft(
        runtime=request.runtime,
        handler=request.handler,
        memory_mb=request.memory_mb,
        timeout_s=request.timeout_s,
        environment=format_environment(request.environment),
        event=_text(request.event, "The event"),
    )
    suffix = PurePosixPath(request.name).suffix.lower()
    if suffix in _ARCHIVES:
        package = packages.put_zip(request.code)
        draft = replace(draft, base_package=package.sha256, runtime=draft.runtime or _runtime_of_zip(package))
    else:
        text = _text(request.code, request.name)
        draft = replace(draft, runtime=draft.runtime or _runtime_of_source(request.name, suffix, text))
        draft = replace(draft, files={_file_name(request.name, runtime_of(draft.runtime)): text})
    if not draft.handler:
        sources = Sources(packages, draft.files, draft.base_package)
        draft = replace(draft, handler=detect(runtime_of(draft.runtime), sources))
    return draft


def _text(data: bytes, what: str) -> str:
    text = as_text(data)
    if text is None:
        raise InvalidParameterValueException(f"{what} is not text; binaries go into a .zip.")
    return text


def _runtime_of_source(name: str, suffix: str, text: str) -> str:
    if name == "-" and not text.startswith("#!"):
        return _newest("python")
    if suffix in _FAMILIES:
        return _newest(_FAMILIES[suffix])
    if text.startswith("#!"):
        return _newest("provided")
    raise InvalidParameterValueException(f"{name} doesn't say what language it is in: name its --runtime.")


def _runtime_of_zip(package: Package) -> str:
    names = [file.name for file in package.files()]
    if "bootstrap" in names:
        return _newest("provided")
    for name in sorted(names, key=lambda name: name.count("/")):
        if family := _FAMILIES.get(PurePosixPath(name).suffix):
            return _newest(family)
    raise InvalidParameterValueException("The zip doesn't say what language it is in: name its --runtime.")


def _newest(family: str) -> str:
    """The newest runtime of the family that this host can run, or else the newest."""
    known = [item for item in runtimes() if item.family == family]
    if not known:
        raise InvalidParameterValueException(f"There is no runtime for {family} here.")
    return next((item for item in known if item.available), known[0]).identifier


def _file_name(name: str, runtime: Runtime) -> str:
    """The name in the package: its own where a handler can be named by it, else the runtime's usual one."""
    stem = PurePosixPath(name).stem
    if runtime.family != "provided" and re.fullmatch(r"[A-Za-z_][\w-]*", stem) and PurePosixPath(name).suffix:
        return name
    return runtime.source_name or name
