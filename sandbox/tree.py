"""Folder trees of our own making: made aside and given their name whole, walked, measured, laid over one another.

Called by `sandbox.package`. Nothing here follows a symbolic link.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.archive import FOLDER_MODE

SCRATCH_AGE_S = 3600.0  # a scratch folder this old was left by a process that died


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A private folder to work in, beside what will come of it (a rename can't leave the file system)."""
    path = folder / f".scratch-{secrets.token_hex(8)}"
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove the scratch folders of processes that died while they had one."""
    for path in folder.glob(".scratch-*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > SCRATCH_AGE_S:
                shutil.rmtree(path, ignore_errors=True)


def publish(tree: Path, final: Path, size: int) -> None:
    """Give a finished tree of `size` bytes, made in a scratch folder, its name.

    Where another process was first, its tree is as good as ours and stays; a damaged one makes room.
    """
    if _renamed(tree, final) or tree_size(final) == size:
        return
    with contextlib.suppress(FileNotFoundError):
        os.rename(final, tree.with_name("damaged"))
    _renamed(tree, final)


def _renamed(tree: Path, final: Path) -> bool:
    try:
        os.rename(tree, final)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def write_synced(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all; it is on the disk, and not only on its way there, when this returns."""
    with scratch(path.parent) as aside:
        with open(aside / "file", "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside / "file", path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def walk(top: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below `top`, as (name relative to it, entry), sorted, a folder before what is in it."""
    pending = [("", str(top))]
    found: list[tuple[str, os.DirEntry[str]]] = []
    while pending:
        prefix, folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append((prefix + entry.name, entry))
                if entry.is_dir(follow_symlinks=False):
                    pending.append((f"{prefix}{entry.name}/", entry.path))
    return iter(sorted(found, key=lambda pair: pair[0]))


def tree_size(top: Path) -> int | None:
    """The bytes of all files below `top`, or None where there is no such folder."""
    try:
        return sum(
            entry.stat(follow_symlinks=False).st_size for _, entry in walk(top) if entry.is_file(follow_symlinks=False)
        )
    except FileNotFoundError:
        return None


def merge(layers: Sequence[Path], target: Path) -> int:
    """Lay trees over one another in the empty folder `target`, a later one winning; returns its files' bytes.

    A folder over a folder adds to it; anything else takes the place of what was there, with all that was in
    it. Files are hard links where the file system has them: packages never change.
    """
    chosen: dict[str, os.DirEntry[str]] = {}
    for layer in layers:
        folder_lost = False
        for name, entry in walk(layer):
            folder_lost |= name in chosen and _is_folder(chosen[name]) and not _is_folder(entry)
            chosen[name] = entry
        if folder_lost:
            chosen = _reachable(chosen)
    total = 0
    # sorted: a folder before what is in it; links last, so that nothing is written through one
    for name, entry in sorted(chosen.items(), key=lambda item: (item[1].is_symlink(), item[0])):
        path = target / name
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), path)
        elif _is_folder(entry):
            path.mkdir()
            path.chmod(FOLDER_MODE)
        else:
            total += entry.stat().st_size
            _link_or_copy(entry.path, path)
    target.chmod(FOLDER_MODE)
    return total


def _reachable(entries: dict[str, os.DirEntry[str]]) -> dict[str, os.DirEntry[str]]:
    """Those that still stand in a folder, after files and links took the place of some folders."""
    kept: dict[str, os.DirEntry[str]] = {}
    for name, entry in sorted(entries.items()):  # a folder before what is in it
        parent = name.rpartition("/")[0]
        if not parent or (parent in kept and _is_folder(kept[parent])):
            kept[name] = entry
    return kept


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _link_or_copy(source: str, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or with too many to this file
        shutil.copy2(source, target)
