"""The documentation keeps its word: its example runs, and the files it names are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from webapp.settings import Settings

README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_readmes_library_example_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    command = [sys.executable, "-c", example]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert shown.startswith("b'\"Hello, World\"' ")
    assert "REPORT RequestId: " in shown


def test_the_readme_names_every_variable_that_configures_the_playground() -> None:
    sources = [*ROOT.glob("sandbox/**/*.py"), *ROOT.glob("webapp/**/*.py")]
    used = {name for file in sources for name in re.findall(r"LAMBDA_PLAYGROUND_[A-Z]+", file.read_text())}
    internal = {"LAMBDA_PLAYGROUND_READY"}
    assert used - internal == set(re.findall(r"`(LAMBDA_PLAYGROUND_[A-Z]+)`", README))


def test_the_readme_states_the_default_settings() -> None:
    settings = Settings.from_environment({"HOME": "~"})
    for default in (settings.account_id, settings.default_region, "~/.local/share/lambda-playground"):
        assert f"`{default}`" in README


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b(?:sandbox|webapp)/[\w/.]*\w\b/?", ARCHITECTURE))))
def test_each_file_that_the_architecture_names_exists(name: str) -> None:
    assert (ROOT / name).exists()


def test_every_link_of_the_documents_leads_to_a_file() -> None:
    for folder, text in ((ROOT, README), (ROOT / "docs", ARCHITECTURE)):
        for target in re.findall(r"\]\(([^)#]+)", text):
            assert target.startswith("https://") or (folder / target).exists()
