"""Deployment packages and layers on disk, each named by the SHA-256 of its zip.

Called by `webapp` (uploads, pasted code, the API) to put packages, and by the manager to get them. Several
processes share one root: everything appears there by one rename, whole or not at all. The zip is what is kept;
the unpacked tree is made again from it wherever it is missing or damaged.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sandbox import archive
from sandbox.archive import PackedFile
from sandbox.errors import (
    InvalidParameterValueException,
    InvalidZipFileException,
    LambdaError,
    ResourceNotFoundException,
    ServiceException,
)
from sandbox.limits import MAX_UNZIPPED_BYTES, MAX_ZIP_BYTES, MB
from sandbox.tree import merge, publish, scratch, sweep, tree_size, walk, write_synced

MAX_TEXT_BYTES = MB  # a larger file is not offered as text: no editor is a help with it
_REMEMBERED = 4096  # Package objects kept by one process
_SHA256 = re.compile(r"[0-9a-f]{64}")


class RequestEntityTooLargeException(LambdaError):
    """The zip is larger than a direct upload may be."""

    type = "RequestEntityTooLargeException"
    status = 413


@dataclass(frozen=True)
class PackageFile:
    """One file of a package. `name` is relative, `size` in bytes; a symbolic link has its target in `link`.

    Where `is_text`, `Package.read` gives valid UTF-8 of at most 1 MB.
    """

    name: str
    size: int
    executable: bool
    is_text: bool
    link: str = ""


@dataclass(frozen=True)
class Package:
    """An unpacked package: the SHA-256 of its zip in hex, its folder, the bytes of the zip and of the files."""

    sha256: str
    path: Path
    code_size: int
    unzipped_size: int

    @property
    def code_sha256(self) -> str:
        """The hash as the API shows it, in base64 ("API reference, FunctionConfiguration")."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode()

    def files(self) -> list[PackageFile]:
        """Its files and links, sorted by name; the first call looks into each to see whether it is text."""
        return list(self._files)

    def read(self, name: str) -> bytes:
        """One file of it, through links that stay inside. Raises KeyError where there is no such file."""
        top = os.path.realpath(self.path)
        try:
            path = os.path.realpath(os.path.join(top, archive.clean_name(name)))
            if not path.startswith(top + os.sep) or not os.path.isfile(path):
                raise KeyError(name)
            return Path(path).read_bytes()
        except (LambdaError, OSError) as error:
            raise KeyError(name) from error

    @cached_property
    def _files(self) -> tuple[PackageFile, ...]:
        found = []
        for name, entry in walk(self.path):
            if entry.is_symlink():
                found.append(PackageFile(name, 0, False, False, os.readlink(entry.path)))
            elif not entry.is_dir():
                status = entry.stat()
                text = status.st_size <= MAX_TEXT_BYTES and _is_text(Path(entry.path))
                found.append(PackageFile(name, status.st_size, bool(status.st_mode & 0o111), text))
        return tuple(found)


class PackageStore:
    """The packages under `root`, safe to use from several threads and processes at once.

    `<root>/zips/<sha256>.zip` is the zip as it came, `<root>/packages/<sha256>/` what is in it (folders 0755,
    files 0644 or 0755: the uid of a sandbox must read it), `<root>/layers-merged/<hash>/` what /opt shows.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self._packages, self._zips, self._merged = (self.root / name for name in ("packages", "zips", "layers-merged"))
        self._known: dict[str, Package] = {}
        self._known_merges: dict[tuple[str, ...], Path] = {}
        with _storing():
            for folder in (self._packages, self._zips, self._merged):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(archive.FOLDER_MODE)
                sweep(folder)

    def put_zip(self, data: bytes, *, field: str = "Code") -> Package:
        """Check, unpack and keep an uploaded zip. `field` is the parameter an error is about.

        Raises RequestEntityTooLargeException above 50 MB, InvalidParameterValueException from 250 MB unzipped
        on, and InvalidZipFileException for a zip that can't be unpacked or holds what a package must not hold.
        """
        if len(data) > MAX_ZIP_BYTES:
            raise RequestEntityTooLargeException(
                f"The zip has {len(data) / MB:.1f} MB ({len(data)} bytes); an upload must not be larger than "
                f"{MAX_ZIP_BYTES // MB} MB ({MAX_ZIP_BYTES} bytes).",
                field=field,
            )
        return self._put(data, field)

    def put_files(
        self,
        files: Mapping[str, bytes],
        *,
        base: str = "",
        deleted: Collection[str] = (),
        field: str = "Code",
    ) -> Package:
        """Keep a package of these files; the same files give the same zip at any time, and so the same package.

        With `base`, the package of that SHA-256 with `files` put over its own, and `deleted` names (files, links
        or whole folders) taken away; links and execute bits are kept. A file that starts with #! or is named
        bootstrap is executable. Where nothing differs from `base`, that is what is returned.
        Raises InvalidZipFileException for a name a package can't have, ResourceNotFoundException for `base`.
        """
        below = self.get(base) if base else None
        try:
            packed, changed = _laid_over(below, files, deleted)
            if below is not None and not changed:
                return below
            if not packed:
                raise InvalidZipFileException("The package has no files.")
            with _storing():
                data = archive.pack(packed.values())
        except LambdaError as error:
            error.field = field
            raise
        return self._put(data, field)

    def get(self, sha256: str) -> Package:
        """The package of that SHA-256 (hex). Raises ResourceNotFoundException where it was never put."""
        known = self._known.get(sha256)
        if known is not None and known.path.is_dir():
            return known
        zip_path, path = self._zip_path(sha256), self._packages / sha256
        try:
            code_size = zip_path.stat().st_size
        except FileNotFoundError as error:
            raise _no_package(sha256) from error
        with _storing():
            # a tree that had not reached the disk when the power went may be there with empty files
            size = archive.unzipped_size(zip_path)
            if tree_size(path) != size:
                with scratch(self._packages) as aside:
                    publish(_unpacked(zip_path, aside)[0], path, size)
        return self._remember(Package(sha256, path, code_size, size))

    def zip_bytes(self, sha256: str) -> bytes:
        """The zip as it was put. Raises ResourceNotFoundException."""
        try:
            return self._zip_path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise _no_package(sha256) from error

    def check_size(self, sha256: str, layers: Sequence[str], *, field: str = "Layers") -> None:
        """Raise InvalidParameterValueException where code and layers unzip to more than 250 MB together."""
        total = sum(self.get(name).unzipped_size for name in (sha256, *layers))
        if total > MAX_UNZIPPED_BYTES:
            raise InvalidParameterValueException(
                "Function code combined with layers exceeds the maximum allowed size of "
                f"{MAX_UNZIPPED_BYTES} bytes. The actual size is {total} bytes.",
                field=field,
            )

    def merge_layers(self, layers: Sequence[str]) -> Path | None:
        """The folder to show at /opt: the layers over one another, lowest first; None without layers.

        Raises ResourceNotFoundException where one of them was never put.
        """
        if not layers:
            return None
        packages = [self.get(layer) for layer in layers]
        if len(packages) == 1:
            return packages[0].path
        known = self._known_merges.get(tuple(layers))
        if known is not None and known.is_dir():
            return known
        merged = self._merged / hashlib.sha256("\n".join(layers).encode()).hexdigest()
        with _storing(), scratch(self._merged) as aside:
            tree = aside / "tree"
            tree.mkdir()
            publish(tree, merged, merge([package.path for package in packages], tree))
        self._known_merges[tuple(layers)] = merged
        return merged

    def _put(self, data: bytes, field: str) -> Package:
        sha256 = hashlib.sha256(data).hexdigest()
        with contextlib.suppress(ResourceNotFoundException):
            return self.get(sha256)
        path = self._packages / sha256
        try:
            with _storing(), scratch(self._packages) as aside:
                tree, size = _unpacked(data, aside)
                write_synced(self._zip_path(sha256), data)
                publish(tree, path, size)
        except LambdaError as error:
            error.field = field
            raise
        return self._remember(Package(sha256, path, len(data), size))

    def _zip_path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):  # it becomes part of a path
            raise _no_package(sha256)
        return self._zips / f"{sha256}.zip"

    def _remember(self, package: Package) -> Package:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        return self._known.setdefault(package.sha256, package)


def _unpacked(source: bytes | Path, aside: Path) -> tuple[Path, int]:
    tree = aside / "tree"
    tree.mkdir()
    return tree, archive.unpack(source, tree)


def _laid_over(
    below: Package | None, files: Mapping[str, bytes], deleted: Collection[str]
) -> tuple[dict[str, PackedFile], bool]:
    """What a zip of `files` over the package `below` holds, and whether it differs from that package."""
    packed: dict[str, PackedFile] = {}
    changed = False
    gone = {archive.clean_name(name) for name in deleted}
    for old in below.files() if below else ():
        if old.name in gone or any(old.name.startswith(f"{name}/") for name in gone):
            changed = True
        else:
            content = os.fsencode(old.link) if old.link else below.path / old.name  # type: ignore[union-attr]
            packed[old.name] = PackedFile(old.name, content, old.executable, bool(old.link))
    for given, content in files.items():
        name = archive.clean_name(given)
        if not name:
            raise InvalidZipFileException("The package has a file without a name.")
        was = packed.get(name)
        if was and isinstance(was.content, Path) and was.content.read_bytes() == content:
            continue
        changed = True
        executable = content.startswith(b"#!") or name.rpartition("/")[2] == "bootstrap"
        packed[name] = PackedFile(name, content, executable or bool(was and was.executable))
    return packed, changed


@contextmanager
def _storing() -> Iterator[None]:
    """Say a disk's failure (full, read-only) in a sentence, without the host's paths."""
    try:
        yield
    except OSError as error:
        raise ServiceException(f"The package could not be stored: {error.strerror or error}.") from error


def _no_package(sha256: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"There is no package with the SHA-256 {archive.shown(sha256)}.")


def _is_text(path: Path) -> bool:
    with open(path, "rb") as file:
        data = file.read(1024)
        if b"\0" in data:
            return False
        data += file.read()
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data
