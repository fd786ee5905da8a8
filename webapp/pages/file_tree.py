"""The files of a draft by folder, as the tree shows them.

Used by the template `partials/file_tree.html`, as the filter `folders`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from webapp.pages.code import SourceFile

MAX_LISTED = 200  # files of one folder


@dataclass
class Folder:
    """One folder: its own files, the folders in it, and how many files lie in it at any depth."""

    name: str = ""
    files: list[SourceFile] = field(default_factory=list)
    inner: dict[str, Folder] = field(default_factory=dict)
    count: int = 0
    left_out: int = 0  # of its own files, because there are too many to list

    @property
    def folders(self) -> list[Folder]:
        """The folders in it by name."""
        return [self.inner[name] for name in sorted(self.inner)]


def folders(files: Sequence[SourceFile]) -> Folder:
    """The tree of `files`."""
    root = Folder()
    for file in files:
        at = root
        at.count += 1
        for part in file.path.split("/")[:-1]:
            at = at.inner.setdefault(part, Folder(part))
            at.count += 1
        if len(at.files) < MAX_LISTED or file.text is not None:
            at.files.append(file)
        else:
            at.left_out += 1
    return root
