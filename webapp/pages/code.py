"""The form's code: an uploaded package, if there is one, under the files that were edited, added or deleted.

Called by `webapp.pages.form` (check, store) and by the file tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from sandbox.errors import LambdaError, ResourceNotFoundException
from sandbox.limits import MB
from sandbox.package import Package, PackageStore

MAX_PATH_LENGTH = 255
_stored: dict[str, str] = {}  # a draft's code → hex SHA-256 of its zip: a large package is packed once, not every run
_MAX_STORED = 500


@dataclass(frozen=True)
class SourceFile:
    """One row of the file tree. `text` where it is edited or new; None for one that lies in the package."""

    path: str
    size: int
    is_text: bool = True
    executable: bool = False
    text: str | None = None


class Sources:
    """The files of a draft, read only when asked for."""

    def __init__(
        self, packages: PackageStore, files: Mapping[str, str], base_package: str = "", deleted: tuple[str, ...] = ()
    ) -> None:
        self._files = files
        self._deleted = frozenset(deleted)
        self.package: Package | None = packages.get(base_package) if base_package else None

    def __contains__(self, path: str) -> bool:
        return path in self._files or path in self._packaged

    def text(self, path: str) -> str | None:
        """The file's text; None where there is no such file or it is binary."""
        if path in self._files:
            return self._files[path]
        if self.package is None or path not in self:
            return None
        return as_text(self.package.read(path))

    def list(self) -> list[SourceFile]:
        """Every file, by path."""
        edited = [
            SourceFile(path, len(text.encode("utf-8", "replace")), text=text) for path, text in self._files.items()
        ]
        return sorted([*edited, *self._packaged.values()], key=lambda item: (item.path.count("/") > 0, item.path))

    @cached_property
    def _packaged(self) -> dict[str, SourceFile]:
        if self.package is None:
            return {}
        return {
            item.name: SourceFile(item.name, item.size, item.is_text, item.executable)
            for item in self.package.files()
            if item.name not in self._files and item.name not in self._deleted
        }


def as_text(data: bytes) -> str | None:
    """`data` as text; None where it is binary."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def path_problem(path: str) -> str:
    """What is wrong with a file's name; "" when nothing is."""
    parts = PurePosixPath(path).parts
    if not path or path.endswith("/"):
        return "A file needs a name, such as helpers.py."
    if path.startswith("/") or ".." in parts or "\\" in path or any(ord(character) < 32 for character in path):
        return f"'{path}' can't be a file's name: write it relative to the package, such as lib/helpers.py."
    if len(path.encode("utf-8", "replace")) > MAX_PATH_LENGTH or str(PurePosixPath(path)) != path:
        return f"'{path[:40]}' can't be a file's name: it is too long, or holds an empty part."
    return ""


def problems(
    packages: PackageStore, files: Mapping[str, str], base_package: str, deleted: tuple[str, ...]
) -> dict[str, str]:
    """What is wrong with the code, by field ("code" or "upload")."""
    try:
        found = Sources(packages, files, base_package, deleted)
    except LambdaError:
        return {"upload": "The uploaded package is no longer stored here. Upload it again."}
    for path, text in files.items():
        if sentence := path_problem(path):
            return {"code": sentence}
        if "\0" in text:
            return {"code": f"{path} is binary: upload it in a .zip file instead of pasting it."}
    packaged = found.package is not None and any(file.text is None for file in found.list())
    if not packaged and not any(text.strip() for text in files.values()):
        return {"code": "The code is empty. Paste a handler, upload a file, or choose a starter."}
    if sum(map(len, files.values())) > MB:
        try:
            store(packages, files, base_package, deleted)
        except LambdaError as error:
            return {"code": error.message}
    return {}


def store(packages: PackageStore, files: Mapping[str, str], base_package: str, deleted: tuple[str, ...]) -> Package:
    """The deployment package of it all, stored. Raises LambdaError in one sentence where it can't be one."""
    contents = {path: text.encode("utf-8", "replace") for path, text in files.items()}
    key = _key(base_package, contents, deleted)
    if key in _stored:
        with suppress(ResourceNotFoundException):
            return packages.get(_stored[key])
    package = packages.put_files(contents, base=base_package, deleted=deleted)
    if len(_stored) >= _MAX_STORED:
        _stored.clear()
    _stored[key] = package.sha256
    return package


def _key(base_package: str, contents: Mapping[str, bytes], deleted: tuple[str, ...]) -> str:
    digest = hashlib.sha256(repr((base_package, sorted(deleted))).encode())
    for path, data in sorted(contents.items()):
        digest.update(repr((path, len(data))).encode() + data)
    return digest.hexdigest()
