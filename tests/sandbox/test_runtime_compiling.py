"""Compilers run on anybody's source: isolated, and only once for the same source."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from sandbox.runtimes import compiling
from sandbox.runtimes.base import BuildError, Mount
from sandbox.runtimes.compiling import Compiler, built_once, content_key

needs_bwrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not on this machine: install the package bubblewrap."
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "main.txt").write_text("text")
    return folder


def shell(script: str, source: Path, output: Path, compiler: Compiler | None = None) -> str:
    _, printed = (compiler or Compiler()).run(["/bin/sh", "-c", script], source, output)
    return printed


@needs_bwrap
def test_a_compiler_sees_its_source_and_writes_its_output(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    assert shell("cat main.txt; echo made > /build/output/made", source, output) == "text"
    assert (output / "made").read_text() == "made\n"


@needs_bwrap
def test_a_compiler_can_not_change_its_source_nor_anything_else(source: Path, tmp_path: Path) -> None:
    script = "for place in /build/source /build /usr /etc / /root; do echo x > $place/x; done 2>/dev/null; echo done"
    assert shell(script, source, tmp_path / "output") == "done\n"
    assert sorted(path.name for path in source.iterdir()) == ["main.txt"]


@needs_bwrap
def test_a_compiler_sees_no_home_no_process_and_no_variable_of_the_host(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "secret")
    (tmp_path / "secret").write_text("secret")
    printed = shell(f"cat {tmp_path}/secret; ls -A /root /home; env", source, tmp_path / "output")
    assert "secret" not in printed.replace(f"{tmp_path}/secret", "").lower()
    assert len(shell("ls -d /proc/[0-9]*", source, tmp_path / "output").split()) < 10


@needs_bwrap
def test_a_compiler_has_no_network_unless_it_is_given(source: Path, tmp_path: Path) -> None:
    devices = shell("cat /proc/net/dev", source, tmp_path / "output").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


@needs_bwrap
def test_a_compiler_may_not_make_namespaces(source: Path, tmp_path: Path) -> None:
    assert "Operation not permitted" in shell("unshare --user true", source, tmp_path / "output")


@needs_bwrap
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user's uid to give")
def test_a_compiler_is_not_root(source: Path, tmp_path: Path) -> None:
    assert shell("id -u", source, tmp_path / "output") == f"{compiling.BUILD_UID}\n"


@needs_bwrap
def test_a_compiler_that_takes_too_long_is_ended(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "TIMEOUT_S", 0.3)
    with pytest.raises(BuildError, match="took longer than"):
        shell("sleep 30", source, tmp_path / "output")


@needs_bwrap
def test_a_compiler_may_say_only_so_much(source: Path, tmp_path: Path) -> None:
    printed = shell("yes | head -c 1000000", source, tmp_path / "output")
    assert len(printed) == compiling.MAX_MESSAGES_BYTES


@needs_bwrap
def test_a_cache_is_shared_by_builds(source: Path, tmp_path: Path) -> None:
    compiler = Compiler(caches=[Mount(tmp_path / "cache", "/build/cache")])
    shell("echo kept > /build/cache/x", source, tmp_path / "one", compiler)
    assert shell("cat /build/cache/x", source, tmp_path / "two", compiler) == "kept\n"


def test_what_was_built_is_made_once_by_many_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDA_PLAYGROUND_TOOLCHAINS", str(tmp_path))
    built = []

    def build(output: Path) -> None:
        built.append(output)
        (output / "x").write_text("x")

    threads = [threading.Thread(target=built_once, args=("kind", "content", build)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert (built_once("kind", "content", build) / "x").read_text() == "x"
    assert built_once("kind", "other", build) != built_once("kind", "content", build)


def test_a_build_that_fails_leaves_nothing_and_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_PLAYGROUND_TOOLCHAINS", str(tmp_path))

    def fail(output: Path) -> None:
        (output / "half").write_text("x")
        raise BuildError("main.x:1:1: no")

    with pytest.raises(BuildError):
        built_once("kind", "content", fail)
    assert not [path for path in (tmp_path / "builds").iterdir() if path.is_dir()]
    assert built_once("kind", "content", lambda output: None).is_dir()


def test_what_was_built_holds_only_files_and_folders_that_all_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_PLAYGROUND_TOOLCHAINS", str(tmp_path))

    def build(output: Path) -> None:
        (output / "folder").mkdir(mode=0o700)
        (output / "folder" / "private").write_text("x")
        (output / "folder" / "private").chmod(0o600)
        (output / "link").symlink_to("/etc/passwd")
        os.mkfifo(output / "pipe")

    folder = built_once("kind", "content", build)
    found = {str(path.relative_to(folder)): oct(path.stat().st_mode & 0o777) for path in folder.rglob("*")}
    assert found == {"folder": "0o755", "folder/private": "0o644"}


def test_the_key_of_a_folder_is_its_names_its_bytes_and_what_may_be_executed(source: Path) -> None:
    first = content_key(source)
    assert content_key(source) == first
    (source / "main.txt").chmod(0o755)
    second = content_key(source)
    (source / "main.txt").rename(source / "other.txt")
    assert len({first, second, content_key(source)}) == 3
