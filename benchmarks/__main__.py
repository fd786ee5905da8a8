"""`make bench`: measures everything in one run and prints the table. `--quick` takes fewer rounds."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks import library, served
from benchmarks.timing import Line, alternating, table
from sandbox import Sandbox
from sandbox.manager import default_runtime


def main() -> None:
    """Print what a run costs."""
    quick = "--quick" in sys.argv[1:]
    runtime = default_runtime()
    rounds = 10 if quick else 40
    with tempfile.TemporaryDirectory() as folder, Sandbox(Path(folder, "library")) as sandbox:
        status = sandbox.status()
        print(f"{runtime} on {platform.machine()}, {os.cpu_count()} CPUs. {status.isolation} {status.limits}\n")
        lines = library.cold(sandbox, runtime, rounds)
        lines.append(library.warm(sandbox, runtime, rounds * 25))
        with served.playground(Path(folder, "served")) as url:
            lines += over_http(url, sandbox, runtime, rounds)
            alone_ms, crowd_ms, a_second = served.crowd(url, runtime)
    lines.append(Line(f"warm, {served.BROWSERS} browsers at once", crowd_ms, "one browser", alone_ms))
    print(table(lines))
    print(f"\n{served.BROWSERS} browsers at once get {a_second:.0f} runs a second; medians, each pair taken in turns.")


def over_http(url: str, sandbox: Sandbox, runtime: str, rounds: int) -> list[Line]:
    """A warm and a first run by the page, a warm one by boto3, against a warm one by the library."""
    browser = served.Browser(url, runtime)
    client = served.api_client(url, runtime)
    function = library.hello(sandbox, runtime)

    def by_library() -> None:
        sandbox.invoke(function, library.EVENT)

    def by_api() -> None:
        client.invoke(FunctionName="hello", Payload=library.EVENT)["Payload"].read()

    def first() -> None:
        browser.run(force_cold="on")

    for action in (by_library, browser.run, by_api):
        for _ in range(5):
            action()
    library_ms, page_ms, api_ms = alternating([by_library, browser.run, by_api], rounds * 2)
    first_ms, bare_ms = alternating([first, by_library], rounds // 2)
    against = "warm, by the library"
    return [
        Line("warm, by the page (POST /runs)", page_ms, against, library_ms),
        Line("warm, by the API (boto3)", api_ms, against, library_ms),
        Line("cold, by the page (POST /runs)", first_ms, against, bare_ms),
    ]


if __name__ == "__main__":
    main()
