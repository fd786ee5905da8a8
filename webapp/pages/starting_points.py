"""Drafts to begin with: a starter, a saved function, an uploaded package, or the starter of a first visit.

Called by the playground page, the starter and the package routes.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.errors import LambdaError
from sandbox.function import Function
from sandbox.package import Package, PackageStore
from sandbox.runtimes import Runtime, runtime, runtimes
from webapp.events import sample_event
from webapp.pages.code import Sources
from webapp.pages.configuration import format_environment
from webapp.pages.form import Draft
from webapp.pages.handler_names import detect
from webapp.starters import Starter, starter

FIRST_STARTER = "hello"
_SUFFIX_FAMILIES = {
    ".py": "python", ".mjs": "nodejs", ".js": "nodejs", ".cjs": "nodejs", ".ts": "nodejs", ".mts": "nodejs",
    ".go": "go", ".java": "java", ".jar": "java", ".class": "java",
}  # fmt: skip


def first_draft() -> Draft:
    """What a person sees who comes for the first time."""
    return from_starter(starter(FIRST_STARTER))


def from_starter(chosen: Starter, current_runtime: str = "") -> Draft:
    """A starter's code, configuration and event; on `current_runtime` where that is of its family."""
    return Draft(
        runtime=runtime_of_family(chosen.runtime_family, current_runtime).identifier,
        handler=chosen.handler,
        files=dict(chosen.files),
        memory_mb=str(chosen.memory_mb),
        timeout_s=str(chosen.timeout_s),
        environment=format_environment(chosen.environment),
        event=sample_event(chosen.event_slug).body,
    )


def from_function(function: Function, packages: PackageStore) -> Draft:
    """A saved function's code and configuration."""
    draft = Draft(
        runtime=function.runtime,
        handler=function.handler,
        base_package=function.code_sha256,
        memory_mb=str(function.memory_mb),
        timeout_s=str(function.timeout_s),
        environment=format_environment(function.environment),
        architecture=function.architecture,
        ephemeral_storage_mb=str(function.ephemeral_storage_mb),
        event=sample_event("hello-world").body,
    )
    return replace(draft, files=opened(draft, packages))


def from_package(draft: Draft, package: Package, packages: PackageStore) -> Draft:
    """`draft` with `package` in place of its code; runtime and handler change where they would not fit any more."""
    draft = replace(draft, files={}, deleted=(), base_package=package.sha256)
    sources = Sources(packages, {}, package.sha256)
    family = _family_of(sources)
    try:
        chosen = runtime(draft.runtime)
    except LambdaError:
        chosen = runtime_of_family(family or "python")
    if family and chosen.family != family and not ("bootstrap" in sources and chosen.family == "provided"):
        chosen = runtime_of_family(family)
    found = detect(chosen, sources)
    draft = replace(draft, runtime=chosen.identifier, handler=found or draft.handler)
    return replace(draft, files=opened(draft, packages))


def opened(draft: Draft, packages: PackageStore, path: str = "") -> dict[str, str]:
    """The draft's files with one of the package's beside them: `path`, or the one that its handler lies in."""
    files = dict(draft.files)
    try:
        sources = Sources(packages, files, draft.base_package, draft.deleted)
    except LambdaError:
        return files
    paths = [file.path for file in sources.list() if file.is_text and file.size <= MAX_EDITED_BYTES]
    module = draft.handler.rpartition(".")[0].replace(".", "/") or draft.handler
    likely = [name for name in paths if name.rpartition(".")[0] == module or name == module]
    chosen = path if path in paths else next(iter([*likely, *paths]), "")
    if chosen and (path or not files) and (text := sources.text(chosen)) is not None:
        files[chosen] = text
    return files


MAX_EDITED_BYTES = 1024 * 1024  # a text file larger than this is no source code


def runtime_of_family(family: str, current: str = "") -> Runtime:
    """`current` where it is of that family, else the newest available, else the newest there is."""
    members = [item for item in runtimes() if item.family == family] or runtimes()
    for item in members:
        if item.identifier == current:
            return item
    return next((item for item in members if item.available), members[0])


def _family_of(sources: Sources) -> str:
    paths = [file.path for file in sources.list()]
    if "bootstrap" in paths:
        return "provided"
    found = [family for path in paths for suffix, family in _SUFFIX_FAMILIES.items() if path.endswith(suffix)]
    at_top = [family for path in paths if "/" not in path for suffix, family in _SUFFIX_FAMILIES.items()
              if path.endswith(suffix)]  # fmt: skip
    counted = at_top or found
    return max(counted, key=counted.count) if counted else ""
