"""Zip files from strangers: checked, unpacked within bounds, and made the same every time.

Called by `sandbox.package` alone. A zip's own words (sizes, modes, names) are only claims;
what counts is what comes out.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import InvalidParameterValueException, InvalidZipFileException
from sandbox.limits import MAX_UNZIPPED_BYTES

# Ours, not Lambda's: it names no number of files. This is what a zip without the ZIP64 extension can hold.
MAX_ENTRIES = 65_535  # and as many folders again that only stand in other entries' names
MAX_LINKS = 4_096  # each is followed to its end, which takes a while where somebody wants it to
MAX_NAME_BYTES = 1_024  # of a whole name; deeper trees than any package manager makes
MAX_NAME_PART_BYTES = 255  # NAME_MAX of Linux's file systems

CHUNK_BYTES = 64 * 1024
FILE_MODE, EXECUTABLE_MODE, FOLDER_MODE = 0o644, 0o755, 0o755

# Lambda's own words for these
CORRUPT = "Could not unzip uploaded file. Please check your file, then try to upload again."
EMPTY = "Uploaded file must be a non-empty zip"
UNZIPPED_TOO_LARGE = f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes"

_ENTRY_SIGNATURE = b"PK\x01\x02"  # of one entry in a zip's central directory
_LOCAL_HEADER_BYTES = 30  # before an entry's content, at least
_WITHOUT_MODES = frozenset({0, 10, 11, 14})  # "made by" FAT, NTFS: systems that have no execute bit to record
_READABLE_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_KINDS = {stat.S_IFLNK: "link", stat.S_IFDIR: "folder", stat.S_IFREG: "file", 0: "file"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can say
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, UnicodeError, ValueError,
    NotImplementedError, OverflowError, RuntimeError, IndexError,
)  # fmt: skip


@dataclass(frozen=True)
class PackedFile:
    """One entry of a zip to be made: the `content` of a file, or of a link the path it points to."""

    name: str
    content: bytes | Path
    executable: bool = False
    link: bool = False


@dataclass(frozen=True)
class _Entry:
    """One checked entry of a zip: `kind` is "file", "folder" or "link"."""

    name: str
    kind: str
    executable: bool
    info: zipfile.ZipInfo


def unpack(source: bytes | Path, top: Path) -> int:
    """Unpack a zip (its bytes, or a file of ours) into the empty folder `top`; returns the bytes of its files.

    Folders become 0755, files 0644, or 0755 where any execute bit is set. `top` is left half filled on error.
    Raises InvalidZipFileException (one sentence that names the file at fault; AWS's words for a zip that
    can't be read) and InvalidParameterValueException where it unpacks to 250 MB or more.
    """
    with _opened(source) as archive:
        entries = _checked(archive.infolist())
        for folder in _folders(entries):
            _make_folder(top / folder)
        total = 0
        for entry in entries:
            if entry.kind == "file":
                total += _write_file(archive, entry, top / entry.name, MAX_UNZIPPED_BYTES - total)
        # links come last, so that nothing is ever written through one
        links = [(entry, _link_target(archive, entry)) for entry in entries if entry.kind == "link"]
        for entry, target in links:
            os.symlink(target, top / entry.name)
        _check_links(top, links)
    top.chmod(FOLDER_MODE)
    return total


def unzipped_size(source: Path) -> int:
    """The bytes that the files of a stored zip take, by its own word, which `unpack` has proved."""
    with _opened(source) as archive:
        return sum(entry.info.file_size for entry in _checked(archive.infolist()) if entry.kind == "file")


def pack(files: Iterable[PackedFile]) -> bytes:
    """A zip of `files` that depends on nothing but them: sorted, with fixed times and modes.

    Raises InvalidZipFileException for a name that a package can't have.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files, key=lambda file: file.name):
            info = zipfile.ZipInfo(clean_name(file.name), _EPOCH)
            info.create_system = 3  # Unix, whatever this host is
            info.compress_type = zipfile.ZIP_DEFLATED
            mode = EXECUTABLE_MODE if file.executable else FILE_MODE
            info.external_attr = ((stat.S_IFLNK | 0o777) if file.link else (stat.S_IFREG | mode)) << 16
            if isinstance(file.content, bytes):
                archive.writestr(info, file.content)
            else:  # kept from another package, maybe a large one: somebody waits for it
                archive.writestr(info, file.content.read_bytes(), compresslevel=1)
    return buffer.getvalue()


def clean_name(name: str) -> str:
    """A name as the package stores it: relative, without "." and empty parts ("./a//b" is "a/b", "./" is "").

    Raises InvalidZipFileException where the name leads out of the package or can't be a file's.
    """
    if "\0" in name:
        raise InvalidZipFileException(f"{shown(name)} has a NUL character in its name.")
    if "\\" in name:
        raise InvalidZipFileException(
            f"{shown(name)} has a backslash in its name: zip the package again with / between folders."
        )
    if name.startswith("/") or re.match(r"[A-Za-z]:/", name):
        raise InvalidZipFileException(
            f"{shown(name)} is an absolute path: names in a package must be relative to its top."
        )
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidZipFileException(f'{shown(name)} leads out of the package: names must not contain "..".')
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError as error:
        raise InvalidZipFileException(f"{shown(name)} has a name that is not Unicode text.") from error
    if max(sizes, default=0) > MAX_NAME_PART_BYTES:
        raise InvalidZipFileException(
            f"{shown(name)} has too long a name: {MAX_NAME_PART_BYTES} bytes at most for a file or folder."
        )
    if sum(sizes) + len(sizes) > MAX_NAME_BYTES:
        raise InvalidZipFileException(f"{shown(name)} has too long a path: {MAX_NAME_BYTES:,} bytes at most.")
    return "/".join(parts)


def shown(name: str) -> str:
    """A name in quotes as a sentence shows it: control characters escaped, the middle of a long one cut."""
    if len(name) > 80:
        name = f"{name[:50]}…{name[-25:]}"
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)
    return f'"{text}"'


@contextmanager
def _opened(source: bytes | Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip; whatever `zipfile` finds wrong with it, now or while it is read, in AWS's words."""
    if isinstance(source, bytes):
        if not source:
            raise InvalidZipFileException(EMPTY)
        # zipfile makes an object for every entry before it returns: bound their number first
        if source.count(_ENTRY_SIGNATURE) > MAX_ENTRIES:
            raise _too_many()
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            yield archive
    except _BROKEN as error:
        raise InvalidZipFileException(CORRUPT) from error


def _too_many() -> InvalidZipFileException:
    return InvalidZipFileException(f"The package has too many files and folders: {MAX_ENTRIES:,} at most.")


def _checked(infos: list[zipfile.ZipInfo]) -> list[_Entry]:
    """All entries, each harmless by itself and beside the others. Sizes are only claims yet."""
    if sum(info.file_size for info in infos) >= MAX_UNZIPPED_BYTES:
        raise InvalidParameterValueException(UNZIPPED_TOO_LARGE)
    entries = [entry for entry in map(_entry, infos) if entry.name]
    if not any(entry.kind != "folder" for entry in entries):
        raise InvalidZipFileException(EMPTY)
    if sum(entry.kind == "link" for entry in entries) > MAX_LINKS:
        raise InvalidZipFileException(f"The package has too many symbolic links: {MAX_LINKS:,} at most.")
    _check_overlap(infos)
    return entries


def _entry(info: zipfile.ZipInfo) -> _Entry:
    original = _real_name(info)
    name = clean_name(original)
    if info.flag_bits & 0x1 or info.flag_bits & 0x40:
        raise InvalidZipFileException(f"{shown(original)} is encrypted: zip it again without a password.")
    if info.compress_type not in _READABLE_METHODS:
        raise InvalidZipFileException(
            f"{shown(original)} is compressed by a method Lambda can't unpack: use deflate, the usual one."
        )
    mode = info.external_attr >> 16
    kind = _KINDS.get(stat.S_IFMT(mode))
    if kind is None:
        raise InvalidZipFileException(
            f"{shown(original)} is a device, pipe or socket: a package holds only files, folders and links."
        )
    if original.endswith("/"):
        kind = "folder"
    if not name and kind != "folder":
        raise InvalidZipFileException("The package has a file without a name.")
    executable = bool(mode & 0o111)
    if name == "bootstrap" and (info.create_system in _WITHOUT_MODES or not mode & 0o777):
        executable = True  # zipped on Windows, where there was no execute bit to keep
    return _Entry(name, kind, executable, info)


def _real_name(info: zipfile.ZipInfo) -> str:
    """The name its bytes say: `zipfile` cuts it at a NUL, and takes one not marked UTF-8 for code page 437."""
    name = info.orig_filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            return name.encode("cp437").decode()
        except UnicodeError:
            pass
    return name


def _check_overlap(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes of the zip: how a small zip claims to hold petabytes."""
    end, previous = 0, ""
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < 0:  # its beginning was cut off
            raise InvalidZipFileException(CORRUPT)
        if info.header_offset < end:
            raise InvalidZipFileException(f"{shown(info.filename)} overlaps {shown(previous)} in the zip.")
        end, previous = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size, info.filename


def _folders(entries: list[_Entry]) -> list[str]:
    """Every folder to be made, an outer one before those in it.

    Refuses a name that stands twice, or as a file and as the folder of another; and too many of all of them.
    """
    kinds: dict[str, str] = {}
    for entry in entries:
        before = kinds.setdefault(entry.name, entry.kind)
        if before != entry.kind:
            raise InvalidZipFileException(f"{shown(entry.name)} is both {before} and {entry.kind} in the zip.")
    if sum(kind != "folder" for kind in kinds.values()) < sum(entry.kind != "folder" for entry in entries):
        counts = Counter(entry.name for entry in entries if entry.kind != "folder")
        raise InvalidZipFileException(f"{shown(counts.most_common(1)[0][0])} is in the zip twice.")
    folders: set[str] = set()
    for entry in entries:
        folder = entry.name if entry.kind == "folder" else _parent(entry.name)
        while folder and folder not in folders:
            if kinds.get(folder, "folder") != "folder":
                raise InvalidZipFileException(
                    f"{shown(folder)} is a {kinds[folder]} in the zip, and the folder of {shown(entry.name)} too."
                )
            folders.add(folder)
            folder = _parent(folder)
        if len(folders) + len(entries) > 2 * MAX_ENTRIES:
            raise _too_many()
    return sorted(folders)


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _make_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(FOLDER_MODE)  # whatever the umask: another uid must be able to read it


def _write_file(archive: zipfile.ZipFile, entry: _Entry, path: Path, room: int) -> int:
    """Write one file, a chunk at a time; returns its size. Stops where `room` is used up, whatever it claimed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    size = 0
    with archive.open(entry.info) as content, open(os.open(path, flags, 0o600), "wb") as file:
        while chunk := content.read(CHUNK_BYTES):
            size += len(chunk)
            if size >= room:
                raise InvalidParameterValueException(UNZIPPED_TOO_LARGE)
            file.write(chunk)
        os.fchmod(file.fileno(), EXECUTABLE_MODE if entry.executable else FILE_MODE)
    if size != entry.info.file_size:
        raise InvalidZipFileException(CORRUPT)
    return size


def _link_target(archive: zipfile.ZipFile, entry: _Entry) -> str:
    with archive.open(entry.info) as content:
        data = content.read(MAX_NAME_BYTES + 1)
    target = data.decode()
    if not target or "\0" in target or len(data) > MAX_NAME_BYTES:
        raise InvalidZipFileException(f"{shown(entry.name)} is a link that points nowhere.")
    if target.startswith("/"):
        raise _points_outside(entry, target)
    return target


def _check_links(top: Path, links: Iterable[tuple[_Entry, str]]) -> None:
    """Follow each link as the kernel would, links on its way too, and refuse one that leaves the package."""
    inside = os.path.realpath(top)
    for entry, target in links:
        end = os.path.realpath(top / entry.name)
        if end != inside and not end.startswith(inside + os.sep):
            raise _points_outside(entry, target)


def _points_outside(entry: _Entry, target: str) -> InvalidZipFileException:
    return InvalidZipFileException(
        f"{shown(entry.name)} is a link that points outside the package, to {shown(target)}."
    )
