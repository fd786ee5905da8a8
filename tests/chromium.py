"""Which Chromium the tests drive. scripts/setup.sh asks, by `python -m tests.chromium`, whether there is one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOADED = Path(__file__).resolve().parent.parent / ".venv" / "browsers"  # playwright's, by scripts/setup.sh

ARGUMENTS = [
    "--no-sandbox",  # with it, Chromium refuses to run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def system_chromium() -> str | None:
    """The system's own; None where it has none, or only Ubuntu's snap, which can't be driven."""
    for name in _NAMES:
        path = shutil.which(name)
        if path and "/snap/" not in os.path.realpath(path) and b"/snap/" not in _start(path):
            return path
    return None


def _start(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(4096)


if __name__ == "__main__":
    sys.exit(0 if system_chromium() or any(DOWNLOADED.glob("chromium*")) else 1)
