"""Takes the README's docs/screenshot.png: `.venv/bin/python -m scripts.screenshot`, after the page has changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.served import playground
from tests import chromium

TARGET = Path(__file__).resolve().parent.parent / "docs" / "screenshot.png"


def main() -> None:
    """Open the page, run what it offers, and take the picture."""
    with tempfile.TemporaryDirectory() as folder, playground(Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.system_chromium(), args=chromium.ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 860}, device_scale_factor=1)
        page.goto(url)
        for _ in range(2):  # the second run is a warm one
            page.keyboard.press("Control+Enter")
            page.get_by_text("Billed duration").first.wait_for()
            page.wait_for_timeout(500)
        page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main()
