"""scripts/setup.sh on machines that lack something: it names the one thing to install, in one line, and stops."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TOOLS = ("bash", "dirname", "rm", "sha256sum", "cat")


class Machine:
    """An empty checkout on a machine whose PATH holds little more than a shell; nobody is root there."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.checkout = folder / "checkout"
        (self.checkout / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "setup.sh", self.checkout / "scripts")
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        self.program("id", "echo 1000")

    def program(self, name: str, script: str) -> None:
        """Put a shell script on PATH."""
        file = self.bin / name
        file.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        file.chmod(0o755)

    def setup(self, purpose: str = "run") -> subprocess.CompletedProcess[str]:
        """Run the script."""
        environment = {"PATH": str(self.bin), "HOME": str(self.checkout)}
        command = [str(self.bin / "bash"), str(self.checkout / "scripts" / "setup.sh"), purpose]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without root, Python and bubblewrap."""
    return Machine(tmp_path)


def test_without_root_and_bubblewrap_the_one_package_is_named(machine: Machine) -> None:
    stopped = machine.setup()
    assert stopped.returncode == 1
    assert re.fullmatch(r"setup: the package bubblewrap, .* sudo apt-get install bubblewrap\n", stopped.stderr)
    assert stopped.stdout == ""


def test_without_a_new_enough_python_it_says_which_is_needed(machine: Machine) -> None:
    machine.program("bwrap", "exit 0")
    machine.program("python3", "exit 1")  # as the check of the version does on Python 3.10
    stopped = machine.setup()
    assert stopped.returncode == 1
    assert re.fullmatch(r"setup: Python 3\.11 or newer is needed.*\n", stopped.stderr)


def test_a_newer_python_is_found_by_its_name_and_without_venv_its_package_is_named(machine: Machine) -> None:
    machine.program("bwrap", "exit 0")
    machine.program("python3", "exit 1")
    broken = machine.checkout / "without_ensurepip"
    broken.mkdir()
    (broken / "ensurepip.py").write_text("raise ImportError\n")
    machine.program("python3.12", f'PYTHONPATH={broken} exec {os.path.realpath(sys.executable)} "$@"')
    stopped = machine.setup()
    package = f"python3.{sys.version_info.minor}-venv"
    assert stopped.returncode == 1
    assert stopped.stderr == f"setup: the package {package} is missing: run  sudo apt-get install {package}\n"


def test_the_second_setup_does_nothing_and_says_nothing() -> None:
    if not (ROOT / ".venv" / "installed-test").exists():
        pytest.skip("these tests were not started by make test")
    command = [str(ROOT / "scripts" / "setup.sh"), "lint"]
    again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert again.stdout == again.stderr == ""


def test_no_file_of_the_project_names_a_machines_folder_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    private = re.compile(r"/home/[a-z]+/|/root/\.|index-url|https?://[\w.]*(pypi|npmjs|artifactory)\.", re.IGNORECASE)
    for name in listed.splitlines():
        file = ROOT / name
        if file.suffix in (".sh", ".toml", ".cfg", ".txt", ".yml", "") and "vendor" not in name and file.is_file():
            assert not private.search(file.read_text(errors="replace")), name
