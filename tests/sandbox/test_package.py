"""What Lambda takes as a deployment package, what it refuses and in which words, and how packages are kept."""

from __future__ import annotations

import base64
import hashlib
import io
import multiprocessing
import os
import random
import shutil
import stat
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import archive
from sandbox.errors import InvalidParameterValueException, LambdaError, ResourceNotFoundException
from sandbox.limits import MAX_UNZIPPED_BYTES, MAX_ZIP_BYTES, MB
from sandbox.package import MAX_TEXT_BYTES, PackageStore

HANDLER = b"def handler(event, context):\n    return event\n"
COULD_NOT_UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
TOO_LARGE_UNZIPPED = "Unzipped size must be smaller than 262144000 bytes"
LINK = stat.S_IFLNK | 0o777


@pytest.fixture
def store(tmp_path: Path) -> PackageStore:
    return PackageStore(tmp_path)


def zipped(*entries: tuple[str, bytes] | tuple[str, bytes, int], system: int = 3) -> bytes:
    """A zip of (name, content[, mode]) as they are, whatever they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content, *mode in entries:
            info = zipfile.ZipInfo("x" * len(name) if "\0" in name else name)
            info.filename = name
            info.create_system = system
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (mode[0] if mode else stat.S_IFREG | 0o644) << 16
            with made.open(info, "w") as file:
                file.write(content)
    return buffer.getvalue()


def zeros(size: int) -> bytes:
    """A zip of one file of `size` zeros."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
        made.open("zeros.bin", "w") as file,
    ):
        for done in range(0, size, MB):
            file.write(bytes(min(MB, size - done)))
    return buffer.getvalue()


def refused(store: PackageStore, data: bytes) -> str:
    """The sentence with which a zip is refused; and nothing of it is left behind."""
    with pytest.raises(LambdaError) as caught:
        store.put_zip(data, field="ZipFile")
    assert caught.value.type == "InvalidParameterValueException"
    assert caught.value.status == 400
    assert caught.value.field == "ZipFile"
    assert kept(store) == []
    return str(caught.value)


def kept(store: PackageStore) -> list[str]:
    """Everything below the store's folders, by relative path."""
    return sorted(
        path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.parent != store.root
    )


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


class TestAPackage:
    def test_is_named_by_the_sha256_of_its_zip_and_shows_it_in_base64_as_the_api_does(
        self, store: PackageStore
    ) -> None:
        data = zipped(("lambda_function.py", HANDLER))
        package = store.put_zip(data)
        digest = hashlib.sha256(data)
        assert package.sha256 == digest.hexdigest()
        assert package.code_sha256 == base64.b64encode(digest.digest()).decode()
        assert (package.code_size, package.unzipped_size) == (len(data), len(HANDLER))
        assert package.path == store.root / "packages" / package.sha256
        assert (package.path / "lambda_function.py").read_bytes() == HANDLER

    def test_gives_back_the_very_zip_that_was_uploaded(self, store: PackageStore) -> None:
        data = zipped(("lambda_function.py", HANDLER))
        assert store.zip_bytes(store.put_zip(data).sha256) == data

    def test_lists_its_files_for_the_page(self, store: PackageStore) -> None:
        package = store.put_zip(
            zipped(
                ("lambda_function.py", HANDLER),
                ("lib/native.so", b"\x7fELF\0\1\2", stat.S_IFREG | 0o755),
                ("lib/empty/", b"", stat.S_IFDIR | 0o755),
                ("lib/latin1.txt", "é".encode("latin-1")),
                ("lib/current", b"native.so", LINK),
                ("lib/large.txt", b"x" * (MAX_TEXT_BYTES + 1)),
            )
        )
        files = {file.name: file for file in package.files()}
        assert list(files) == [
            "lambda_function.py", "lib/current", "lib/large.txt", "lib/latin1.txt", "lib/native.so",
        ]  # fmt: skip
        assert [name for name, file in files.items() if file.is_text] == ["lambda_function.py"]
        assert [name for name, file in files.items() if file.executable] == ["lib/native.so"]
        assert files["lib/native.so"].size == 7
        assert files["lib/current"].link == "native.so"

    def test_reads_a_file_of_its_own(self, store: PackageStore) -> None:
        package = store.put_zip(zipped(("a/b.txt", b"b"), ("link", b"a/b.txt", LINK)))
        assert package.read("a/b.txt") == b"b"
        assert package.read("link") == b"b"

    @pytest.mark.parametrize(
        "name", ["../../zips", "/etc/passwd", "a/../../x", "nope", "a", "", ".", "a/b.txt/c", "x\0", "a\\b", "x" * 300]
    )
    def test_reads_nothing_else(self, store: PackageStore, name: str) -> None:
        package = store.put_zip(zipped(("a/b.txt", b"b")))
        with pytest.raises(KeyError):
            package.read(name)

    def test_reads_nothing_through_a_link_that_somehow_points_outside(
        self, store: PackageStore, tmp_path: Path
    ) -> None:
        package = store.put_zip(zipped(("a.txt", b"a")))
        (package.path / "evil").symlink_to("/etc/passwd")
        with pytest.raises(KeyError):
            package.read("evil")

    def test_that_was_never_put_is_not_found(self, store: PackageStore) -> None:
        for name in ("0" * 64, "../../etc", "", "A" * 64):
            for method in (store.get, store.zip_bytes):
                with pytest.raises(ResourceNotFoundException):
                    method(name)


class TestPermissions:
    def test_everything_can_be_read_by_the_sandboxes_uid_whatever_the_zip_and_the_umask_say(
        self, store: PackageStore
    ) -> None:
        before = os.umask(0o077)
        try:
            package = store.put_zip(
                zipped(
                    ("private.py", HANDLER, stat.S_IFREG | 0o600),
                    ("writable.py", HANDLER, stat.S_IFREG | 0o666),
                    ("setuid", b"x", stat.S_IFREG | 0o4700),
                    ("closed/", b"", stat.S_IFDIR | 0o000),
                    ("implied/deep/file", b"x", stat.S_IFREG | 0o010),
                )
            )
        finally:
            os.umask(before)
        modes = {path.relative_to(package.path).as_posix(): mode_of(path) for path in package.path.rglob("*")}
        assert modes == {
            "private.py": 0o644, "writable.py": 0o644, "setuid": 0o755, "closed": 0o755,
            "implied": 0o755, "implied/deep": 0o755, "implied/deep/file": 0o755,
        }  # fmt: skip
        assert mode_of(package.path) == 0o755
        assert mode_of(package.path.parent) == 0o755
        assert (package.path / "private.py").stat().st_uid == os.getuid()

    def test_a_bootstrap_zipped_on_windows_is_executable(self, store: PackageStore) -> None:
        package = store.put_zip(zipped(("bootstrap", b"x", 0), ("other", b"x", 0), system=0))
        assert [file.name for file in package.files() if file.executable] == ["bootstrap"]

    def test_a_bootstrap_zipped_on_linux_without_its_execute_bit_is_not(self, store: PackageStore) -> None:
        package = store.put_zip(zipped(("bootstrap", b"x", stat.S_IFREG | 0o644)))
        assert not package.files()[0].executable


class TestNames:
    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("../evil.py", '"../evil.py" leads out of the package: names must not contain "..".'),
            ("a/../../evil", '"a/../../evil" leads out of the package: names must not contain "..".'),
            ("/etc/cron.d/evil", '"/etc/cron.d/evil" is an absolute path: names in a package must be relative'
                                 " to its top."),
            ("C:/evil", '"C:/evil" is an absolute path: names in a package must be relative to its top.'),
            ("src\\app.py", '"src\\\\app.py" has a backslash in its name: zip the package again with / between'
                            " folders."),
            ("..\\evil", '"..\\\\evil" has a backslash in its name: zip the package again with / between folders.'),
            ("a/" + "n" * 256, f'"a/{"n" * 48}…{"n" * 25}" has too long a name: 255 bytes at most for a file or'
                               " folder."),
            ("deep/" * 300 + "x", f'"{"deep/" * 10}…{("deep/" * 300 + "x")[-25:]}" has too long a path: 1,024 bytes'
                                  " at most."),
        ],
    )  # fmt: skip
    def test_that_must_not_be_are_refused_in_a_sentence_that_names_the_file(
        self, store: PackageStore, name: str, sentence: str
    ) -> None:
        assert refused(store, zipped(("lambda_function.py", HANDLER), (name, b"x"))) == sentence.replace("\\\\", "\\")

    def test_with_a_nul_are_refused(self, store: PackageStore) -> None:
        data = zipped(("good.py?.evil", b"x")).replace(b"good.py?.evil", b"good.py\0.evil")
        assert refused(store, data) == '"good.py\\x00.evil" has a NUL character in its name.'

    def test_do_not_reach_the_sentence_with_their_control_characters(self, store: PackageStore) -> None:
        assert refused(store, zipped(("../\x1b[31m\n\u202e", b"x"))).startswith('"../\\x1b[31m\\n\\u202e" leads')

    def test_that_stand_twice_are_refused(self, store: PackageStore) -> None:
        with pytest.warns(UserWarning, match="Duplicate name"):
            data = zipped(("app.py", b"1"), ("other.py", b"2"), ("app.py", b"3"))
        assert refused(store, data) == '"app.py" is in the zip twice.'
        assert refused(store, zipped(("app.py", b"1"), ("./app.py", b"2"))) == '"app.py" is in the zip twice.'

    @pytest.mark.parametrize(
        ("entries", "sentence"),
        [
            ([("a", b"1"), ("a/b", b"2")], '"a" is a file in the zip, and the folder of "a/b" too.'),
            ([("a/b/c", b"2"), ("a", b"1")], '"a" is a file in the zip, and the folder of "a/b/c" too.'),
            ([("a", b"1"), ("a/", b"")], '"a" is both file and folder in the zip.'),
            ([("a", b"/tmp", LINK), ("a/b", b"2")], '"a" is a link in the zip, and the folder of "a/b" too.'),
            ([("a", b"b", LINK), ("a", b"2")], '"a" is both link and file in the zip.'),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_that_are_file_and_folder_at_once_are_refused(
        self, store: PackageStore, entries: list[Any], sentence: str
    ) -> None:
        assert refused(store, zipped(*entries)) == sentence

    def test_keep_to_unicode_whether_or_not_the_zip_says_that_it_is(self, store: PackageStore) -> None:
        marked = zipped(("ünï/ハンドラ.py", HANDLER))
        unmarked = zipped(("handler-xx.py", HANDLER)).replace(b"handler-xx.py", "händler-x.py".encode())
        assert [file.name for file in store.put_zip(marked).files()] == ["ünï/ハンドラ.py"]
        assert [file.name for file in store.put_zip(unmarked).files()] == ["händler-x.py"]

    def test_may_begin_with_a_dot_and_a_slash(self, store: PackageStore) -> None:
        package = store.put_zip(zipped(("./", b"", stat.S_IFDIR), ("./app.py", HANDLER), ("a//b", b"x")))
        assert [file.name for file in package.files()] == ["a/b", "app.py"]


class TestLinks:
    def test_inside_the_package_are_kept(self, store: PackageStore) -> None:
        package = store.put_zip(
            zipped(
                ("bin/tool", b"../lib/tool.py", LINK),
                ("lib/tool.py", HANDLER),
                ("latest", b"lib", LINK),
                ("dangling", b"not/there", LINK),
                ("top", b".", LINK),
            )
        )
        assert os.readlink(package.path / "bin/tool") == "../lib/tool.py"
        assert (package.path / "latest" / "tool.py").read_bytes() == HANDLER
        assert package.unzipped_size == len(HANDLER)

    @pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "..", "a/../../x", "/var/task/a"])
    def test_that_point_outside_are_refused(self, store: PackageStore, target: str) -> None:
        sentence = refused(store, zipped(("app.py", HANDLER), ("evil", target.encode(), LINK)))
        assert sentence == f'"evil" is a link that points outside the package, to "{target}".'

    def test_that_point_outside_by_way_of_another_link_are_refused(self, store: PackageStore) -> None:
        # as text, "p/q/r/up/.." stays inside; but p/q/r/up is the top of the package
        data = zipped(("p/q/r/up", b"../../..", LINK), ("evil", b"p/q/r/up/..", LINK))
        assert refused(store, data) == '"evil" is a link that points outside the package, to "p/q/r/up/..".'

    def test_are_never_written_through(self, store: PackageStore, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        data = zipped(("d", str(outside).encode(), LINK), ("d/evil", b"x"))
        assert refused(store, data) == '"d" is a link in the zip, and the folder of "d/evil" too.'
        assert list(outside.iterdir()) == []

    @pytest.mark.parametrize("target", [b"", b"a\0b", b"x" * 5000])
    def test_to_nowhere_are_refused(self, store: PackageStore, target: bytes) -> None:
        assert refused(store, zipped(("evil", target, LINK))) == '"evil" is a link that points nowhere.'

    def test_in_a_circle_do_no_harm(self, store: PackageStore) -> None:
        package = store.put_zip(zipped(("a", b"b", LINK), ("b", b"a", LINK), ("app.py", HANDLER)))
        assert [file.name for file in package.files()] == ["a", "app.py", "b"]
        with pytest.raises(KeyError):
            package.read("a")

    def test_by_the_thousand_are_refused(self, store: PackageStore) -> None:
        data = zipped(*((f"l{number}", b"app.py", LINK) for number in range(archive.MAX_LINKS + 1)))
        assert refused(store, data) == "The package has too many symbolic links: 4,096 at most."


class TestWhatIsNotAFile:
    @pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
    def test_is_refused(self, store: PackageStore, kind: int) -> None:
        assert refused(store, zipped(("dev/null", b"", kind | 0o666))) == (
            '"dev/null" is a device, pipe or socket: a package holds only files, folders and links.'
        )

    def test_encrypted_entries_are_refused(self, store: PackageStore) -> None:
        data = bytearray(zipped(("secret.py", HANDLER)))
        data[6] |= 1  # in the local header
        data[data.index(b"PK\x01\x02") + 8] |= 1  # in the central directory
        assert refused(store, bytes(data)) == '"secret.py" is encrypted: zip it again without a password.'

    @pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
    def test_a_method_of_compression_that_is_not_deflate_is_refused(self, store: PackageStore, method: int) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as made:
            made.writestr("app.py", HANDLER)
        assert refused(store, buffer.getvalue()) == (
            '"app.py" is compressed by a method Lambda can\'t unpack: use deflate, the usual one.'
        )


class TestAZipThatCantBeRead:
    def test_is_refused_in_awss_words(self, store: PackageStore) -> None:
        whole = zipped(("lambda_function.py", HANDLER * 50))
        for data in (b"def handler", b"PK", b"\0" * 5000, whole[:-1], whole[:100], whole[30:], HANDLER * 100):
            assert refused(store, data) == COULD_NOT_UNZIP

    @pytest.mark.parametrize("empty", [b"", zipped(), zipped(("folder/", b"", stat.S_IFDIR | 0o755))])
    def test_an_empty_one_is_refused_in_awss_words(self, store: PackageStore, empty: bytes) -> None:
        assert refused(store, empty) == "Uploaded file must be a non-empty zip"

    def test_a_damaged_file_in_it_is_found_by_its_checksum(self, store: PackageStore) -> None:
        data = bytearray(zipped(("lambda_function.py", os.urandom(5000))))
        data[1000] ^= 0xFF
        assert refused(store, bytes(data)) == COULD_NOT_UNZIP

    def test_never_does_worse_than_being_refused(self, store: PackageStore) -> None:
        whole = zipped(("a.py", HANDLER), ("b/c", b"a.py", LINK), ("d/", b"", stat.S_IFDIR), ("e", os.urandom(99)))
        chance = random.Random(20)
        for _ in range(400):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                store.put_zip(bytes(data))
            except LambdaError as error:
                assert error.status == 400  # noqa: PT017
        assert not list(store.root.glob("*/.scratch-*"))


class TestSizes:
    def test_an_upload_of_50_mb_is_the_largest(self, store: PackageStore) -> None:
        with pytest.raises(LambdaError) as caught:
            store.put_zip(bytes(60 * MB), field="ZipFile")
        assert str(caught.value) == (
            "The zip has 60.0 MB (62914560 bytes); an upload must not be larger than 50 MB (52428800 bytes)."
        )
        assert (caught.value.type, caught.value.status) == ("RequestEntityTooLargeException", 413)
        assert caught.value.field == "ZipFile"
        assert refused(store, bytes(MAX_ZIP_BYTES)) == COULD_NOT_UNZIP

    def test_250_mb_unzipped_are_too_much(self, store: PackageStore) -> None:
        bomb = zeros(MAX_UNZIPPED_BYTES)
        assert len(bomb) < 2 * MB
        assert refused(store, bomb) == TOO_LARGE_UNZIPPED

    def test_a_size_that_claims_to_be_small_is_not_believed(self, store: PackageStore) -> None:
        bomb = bytearray(zeros(8 * MB))
        size = struct.pack("<L", 8 * MB)
        position = bomb.find(size)
        while position >= 0:
            bomb[position : position + 4] = struct.pack("<L", 100)
            position = bomb.find(size)
        assert refused(store, bytes(bomb)) == COULD_NOT_UNZIP

    def test_a_size_that_claims_to_be_large_is_refused_before_anything_is_unpacked(self, store: PackageStore) -> None:
        data = bytearray(zipped(("app.py", HANDLER)))
        entry = data.index(b"PK\x01\x02")
        data[entry + 24 : entry + 28] = struct.pack("<L", MAX_UNZIPPED_BYTES)
        assert refused(store, bytes(data)) == TOO_LARGE_UNZIPPED

    def test_unpacking_stops_where_the_room_ends_whatever_the_zip_says(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(zeros(4 * MB))) as opened:
            entry = archive._entry(opened.infolist()[0])
            with pytest.raises(InvalidParameterValueException, match=TOO_LARGE_UNZIPPED):
                archive._write_file(opened, entry, tmp_path / "file", 1 * MB)
        assert (tmp_path / "file").stat().st_size < 1 * MB

    def test_a_thousandfold_expansion_takes_no_memory(self, store: PackageStore) -> None:
        bomb = zeros(100 * MB)
        tracemalloc.start()
        try:
            store.put_zip(bomb)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2 * MB

    def test_entries_that_share_bytes_of_the_zip_are_refused(self, store: PackageStore) -> None:
        data = zipped(("aaaa", b"x" * 100), ("bbbb", b"y" * 100))
        second = data.rindex(b"PK\x03\x04")
        directory = data.rindex(b"PK\x01\x02")
        assert struct.unpack_from("<L", data, directory + 42) == (second,)
        shared = data[: directory + 42] + struct.pack("<L", 0) + data[directory + 46 :]
        assert refused(store, shared) == '"bbbb" overlaps "aaaa" in the zip.'

    def test_too_many_files_are_refused_before_they_are_looked_at(self, store: PackageStore) -> None:
        data = b"PK\x01\x02" * (archive.MAX_ENTRIES + 1)
        assert refused(store, data) == "The package has too many files and folders: 65,535 at most."

    def test_names_that_make_too_many_folders_are_refused(self, store: PackageStore) -> None:
        deep = "/".join("d" * 500)
        data = zipped(*((f"{number}/{deep}/x", b"") for number in range(300)))
        assert refused(store, data) == "The package has too many files and folders: 65,535 at most."

    def test_code_and_layers_share_the_250_mb(self, store: PackageStore) -> None:
        code, layer = store.put_zip(zeros(150 * MB)), store.put_zip(zeros(100 * MB))
        store.check_size(code.sha256, [layer.sha256])
        small = store.put_files({"x": b"x"})
        with pytest.raises(InvalidParameterValueException) as caught:
            store.check_size(code.sha256, [layer.sha256, small.sha256])
        assert str(caught.value) == (
            "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
            "The actual size is 262144001 bytes."
        )


class TestPastedFiles:
    def test_give_the_same_package_whenever_and_in_whatever_order(self, store: PackageStore, tmp_path: Path) -> None:
        first = store.put_files({"a.py": b"1", "lib/b.py": b"2"})
        time.sleep(0.01)
        other = PackageStore(tmp_path / "other").put_files({"lib/b.py": b"2", "a.py": b"1"})
        assert first.sha256 == other.sha256

    def test_that_are_scripts_or_named_bootstrap_are_executable(self, store: PackageStore) -> None:
        package = store.put_files({"bootstrap": b"x", "run.sh": b"#!/bin/sh\n", "app.py": HANDLER})
        assert [file.name for file in package.files() if file.executable] == ["bootstrap", "run.sh"]

    @pytest.mark.parametrize(
        ("files", "sentence"),
        [
            ({}, "The package has no files."),
            ({"../x": b""}, '"../x" leads out of the package: names must not contain "..".'),
            ({"": b""}, "The package has a file without a name."),
            ({"x\0y": b""}, '"x\\x00y" has a NUL character in its name.'),
            ({"a\udc80": b""}, '"a\\udc80" has a name that is not Unicode text.'),
            ({"a": b"", "a/b": b""}, '"a" is a file in the zip, and the folder of "a/b" too.'),
        ],
    )
    def test_are_refused_like_those_of_a_zip(self, store: PackageStore, files: dict[str, bytes], sentence: str) -> None:
        with pytest.raises(LambdaError) as caught:
            store.put_files(files, field="files")
        assert (str(caught.value), caught.value.field) == (sentence, "files")

    def test_over_an_uploaded_package_change_only_what_was_edited(self, store: PackageStore) -> None:
        uploaded = store.put_zip(
            zipped(
                ("app.py", b"old"), ("bin/tool", b"\x7fELF", stat.S_IFREG | 0o755), ("link", b"app.py", LINK),
                ("gone.py", b"x"), ("folder/gone.py", b"x"), ("folder2/kept.py", b"x"),
            )
        )  # fmt: skip
        edited = store.put_files(
            {"app.py": b"new", "more.py": b"m"}, base=uploaded.sha256, deleted=["gone.py", "folder/", "not there"]
        )
        assert [file.name for file in edited.files()] == [
            "app.py", "bin/tool", "folder2/kept.py", "link", "more.py",
        ]  # fmt: skip
        assert edited.read("link") == b"new"
        assert [file.name for file in edited.files() if file.executable] == ["bin/tool"]

    def test_that_change_nothing_of_a_package_are_that_package(self, store: PackageStore) -> None:
        uploaded = store.put_zip(zipped(("app.py", HANDLER), ("other.py", b"x")))
        assert store.put_files({"app.py": HANDLER}, base=uploaded.sha256) is uploaded


class TestLayers:
    def test_none_give_no_folder(self, store: PackageStore) -> None:
        assert store.merge_layers([]) is None

    def test_are_laid_over_one_another_the_later_one_winning(self, store: PackageStore) -> None:
        first = store.put_zip(
            zipped(
                ("python/a.py", b"1"), ("python/both.py", b"1"), ("bin/tool", b"#!", stat.S_IFREG | 0o755),
                ("x/in-folder", b"1"), ("y", b"1"), ("l", b"python", LINK),
            )
        )  # fmt: skip
        second = store.put_zip(zipped(("python/both.py", b"2"), ("x", b"2"), ("y/in-folder", b"2"), ("l/f", b"2")))
        merged = store.merge_layers([first.sha256, second.sha256])
        assert merged is not None
        files = {p.relative_to(merged).as_posix(): p.read_bytes() for p in merged.rglob("*") if p.is_file()}
        assert files == {
            "python/a.py": b"1", "python/both.py": b"2", "bin/tool": b"#!", "x": b"2", "y/in-folder": b"2",
            "l/f": b"2",
        }  # fmt: skip
        assert mode_of(merged / "bin/tool") == 0o755
        assert {mode_of(path) for path in (merged, merged / "python", merged / "y")} == {0o755}
        assert first.read("python/both.py") == b"1"
        assert not (first.path / "python" / "f").exists()

    def test_that_took_a_folder_away_do_not_bring_it_back_with_a_third(self, store: PackageStore) -> None:
        layers = [store.put_files(files).sha256 for files in ({"x/a": b"1"}, {"x": b"2"}, {"x/b": b"3"})]
        merged = store.merge_layers(layers)
        assert merged is not None
        assert sorted(path.name for path in (merged / "x").iterdir()) == ["b"]

    def test_in_another_order_are_another_folder(self, store: PackageStore) -> None:
        one, two = store.put_files({"f": b"1"}).sha256, store.put_files({"f": b"2"}).sha256
        there, back = store.merge_layers([one, two]), store.merge_layers([two, one])
        assert there is not None
        assert back is not None
        assert ((there / "f").read_bytes(), (back / "f").read_bytes()) == (b"2", b"1")
        assert store.merge_layers([one, two]) == there == PackageStore(store.root).merge_layers([one, two])

    def test_that_were_never_put_are_not_found(self, store: PackageStore) -> None:
        with pytest.raises(ResourceNotFoundException):
            store.merge_layers([store.put_files({"f": b"1"}).sha256, "0" * 64])


class TestTheStore:
    def test_knows_what_an_earlier_process_put(self, store: PackageStore) -> None:
        package = store.put_zip(zipped(("app.py", HANDLER), ("link", b"app.py", LINK)))
        assert PackageStore(store.root).get(package.sha256) == package

    def test_unpacks_again_what_is_missing_or_was_cut_short(self, store: PackageStore) -> None:
        package = store.put_files({"app.py": HANDLER, "lib/x.py": b"x"})
        shutil.rmtree(package.path)
        assert store.get(package.sha256).read("app.py") == HANDLER
        (package.path / "app.py").write_bytes(b"")  # as after a power cut
        assert PackageStore(store.root).get(package.sha256).read("app.py") == HANDLER
        shutil.rmtree(package.path)
        assert store.put_files({"app.py": HANDLER, "lib/x.py": b"x"}).read("lib/x.py") == b"x"

    def test_sweeps_what_a_process_left_when_it_was_killed_but_not_what_one_is_working_on(
        self, store: PackageStore
    ) -> None:
        for folder in ("packages", "zips", "layers-merged"):
            for name, age_s in (("old", 7200), ("new", 5)):
                path = store.root / folder / f".scratch-{name}"
                (path / "tree").mkdir(parents=True)
                os.utime(path, (time.time() - age_s,) * 2)
        PackageStore(store.root)
        assert {path.name for path in store.root.glob("*/.scratch-*")} == {".scratch-new"}

    def test_says_in_a_sentence_what_the_disk_refuses(self, store: PackageStore) -> None:
        (store.root / "packages").rmdir()
        (store.root / "packages").write_bytes(b"")
        with pytest.raises(LambdaError) as caught:
            store.put_files({"app.py": HANDLER})
        assert str(caught.value) == "The package could not be stored: Not a directory."
        assert caught.value.status == 500

    def test_is_safe_with_many_processes_that_put_the_same_things_at_once(self, tmp_path: Path) -> None:
        for data in _race(tmp_path, _put_and_merge):
            assert data == [HANDLER * 2000, b"2"]
        assert not list(tmp_path.glob("*/.scratch-*"))
        assert len(list((tmp_path / "packages").iterdir())) == 3

    def test_is_safe_with_many_processes_that_find_the_same_damage_at_once(self, tmp_path: Path) -> None:
        package = PackageStore(tmp_path).put_files({"app.py": HANDLER, "lib/x.py": b"x"})
        (package.path / "app.py").unlink()
        for data in _race(tmp_path, _get, package.sha256):
            assert data == [HANDLER]
        assert not list(tmp_path.glob("*/.scratch-*"))

    def test_gives_a_known_package_without_reading_it(self, store: PackageStore) -> None:
        package = store.put_files({"app.py": HANDLER})
        start = time.perf_counter()
        for _ in range(1000):
            assert store.get(package.sha256) is package
        assert (time.perf_counter() - start) / 1000 < 0.0005


def _race(root: Path, work: Callable[..., list[bytes]], *arguments: str, processes: int = 6) -> list[list[bytes]]:
    """What `work` gave in each of several processes that started it at the same moment."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(processes), context.Queue()

    def run() -> None:
        barrier.wait()
        try:
            results.put(work(root, *arguments))
        except BaseException as error:
            results.put([repr(error).encode()])

    started = [context.Process(target=run) for _ in range(processes)]
    for process in started:
        process.start()
    found = [results.get(timeout=30) for _ in started]
    for process in started:
        process.join()
    return found


def _put_and_merge(root: Path) -> list[bytes]:
    store = PackageStore(root)
    package = store.put_zip(zipped(("app.py", HANDLER * 2000), *((f"lib/{n}.py", HANDLER) for n in range(100))))
    merged = store.merge_layers([store.put_files({"f": text}).sha256 for text in (b"1", b"2")])
    assert merged is not None
    return [package.read("app.py"), (merged / "f").read_bytes()]


def _get(root: Path, sha256: str) -> list[bytes]:
    return [PackageStore(root).get(sha256).read("app.py")]
