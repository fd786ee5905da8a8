"""`python -m sandbox.runtimes.install` puts the runtimes' clients in place; what it can't it says in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.runtimes import runtimes
from sandbox.runtimes.install import FAMILIES, CannotInstall, install_clients, run_tool
from sandbox.runtimes.toolchains import toolchains


def test_once_installed_there_is_nothing_left_to_do() -> None:
    install_clients(FAMILIES, lambda line: None)
    said: list[str] = []
    install_clients(FAMILIES, said.append)
    assert not [line for line in said if "is not on this machine" not in line]


def test_every_interpreter_that_is_here_has_its_client_then() -> None:
    install_clients(FAMILIES, lambda line: None)
    assert not [item.missing for item in runtimes() if "is not installed" in item.missing]


def test_a_family_that_can_not_be_installed_is_one_line_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_PLAYGROUND_TOOLCHAINS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PATH", str(tmp_path))  # nothing to build with
    said: list[str] = []
    assert not install_clients(["cobol", "nodejs", "java"], said.append)
    assert said[0] == "cobol: there is no such family; there are python, nodejs, go, java."
    assert {line.split(":")[0] for line in said} == {"cobol", "nodejs", "java"}
    assert all("install the package" in line for line in said[1:])
    assert len(said) == 3


def test_a_tool_that_fails_is_quoted_by_its_most_telling_line(tmp_path: Path) -> None:
    script = "echo start; echo 'npm error code E404'; echo end; exit 1"
    with pytest.raises(CannotInstall, match=r"^sh failed: npm error code E404$"):
        run_tool(["sh", "-c", script], tmp_path)


def test_the_folder_of_clients_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDA_PLAYGROUND_TOOLCHAINS", str(tmp_path))
    assert toolchains() == tmp_path
    monkeypatch.delenv("LAMBDA_PLAYGROUND_TOOLCHAINS")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert toolchains() == Path("/somewhere/lambda-playground/toolchains")
