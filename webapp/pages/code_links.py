"""Links from what a run printed to the line of code it speaks of: tracebacks and compilers' messages.

Called by `webapp.pages.logs` and `webapp.pages.result`; `static/js/result.js` brings the editor there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from markupsafe import Markup, escape

MAX_LINKED_TEXT = 64 * 1024  # characters of one text; beyond it is no traceback

# Each names a path and a line: Python's frame, a shell's complaint, and path:line as all others write it.
# A path is looked for only where one may begin, so that long words cost no more than one look.
_PLACE = re.compile(
    r'File "(?P<python>[^"\n]{1,300})",? [lL]ine (?P<python_line>\d{1,7})'
    r"|(?<![\w./-])(?P<paren>[\w./-]{1,300}\.py), line (?P<paren_line>\d{1,7})"
    r"|(?<![\w./-])(?P<shell>[\w./-]{0,300}(?:bootstrap|\.sh)): (?:line )?(?P<shell_line>\d{1,7})"
    r"|(?<![\w@$+./-])(?P<colon>(?:file://)?[\w@$+./-]{1,300}\.(?:mjs|cjs|js|mts|cts|ts|java|go|py|rb|sh))"
    r":(?P<colon_line>\d{1,7})(?::\d{1,7})?"
)
_TASK_ROOT = "/var/task/"


class CodeLinks:
    """Finds places in the code in a text, and links them.

    `files` gives the paths in the deployment package; it is called once, when a text first names a place.
    """

    def __init__(self, files: Callable[[], Iterable[str]]) -> None:
        self._list = files

    @cached_property
    def _files(self) -> frozenset[str]:
        return frozenset(self._list())

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(self._files):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def __call__(self, text: str) -> Markup:
        """`text`, escaped, with its places as links."""
        if len(text) > MAX_LINKED_TEXT:
            return escape(text)
        return Markup("").join(self._pieces(text))

    def link(self, text: str, path: str, line: int) -> Markup:
        """`text` as a link to that place; only the text where we have no such file."""
        found = self.find(path)
        return escape(text) if found is None else _link(text, found, str(line))

    def find(self, named: str) -> str | None:
        """The file meant by the path that a runtime or compiler `named`; None where it is none of ours."""
        path = named.removeprefix("file://")
        if path.startswith(_TASK_ROOT):
            inside = path.removeprefix(_TASK_ROOT)
            return inside if inside in self._files else None
        if path.startswith(("/usr/", "/var/runtime/", "/opt/", "/lib/")) or "node_modules/" in path:
            return None  # the runtime's own files may be named like ours
        path = path.removeprefix("./")
        if path in self._files:
            return path
        named_so = self._by_name.get(path.rpartition("/")[2], [])
        if "/" not in path:  # Java's frames name the file alone
            return named_so[0] if len(named_so) == 1 else None
        suffix = [item for item in named_so if f"/{path}".endswith(f"/{item}") or item.endswith(f"/{path}")]
        return suffix[0] if len(suffix) == 1 else None

    def _pieces(self, text: str) -> Iterator[Markup]:
        end = 0
        for match in _PLACE.finditer(text):
            kind = next(name for name in ("python", "paren", "shell", "colon") if match[name] is not None)
            found = self.find(match[kind])
            if found is None:
                continue
            yield escape(text[end : match.start()])
            yield _link(match.group(), found, match[kind + "_line"])
            end = match.end()
        yield escape(text[end:])


def _link(text: str, path: str, line: str) -> Markup:
    anchor = Markup('<a class="code-link" href="#code-area" data-file="{}" data-line="{}">{}</a>')
    return anchor.format(path, line, text)
