"""Handler names as they are found in code that is only read, never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.package import PackageStore
from sandbox.runtimes import runtimes
from webapp.pages.code import Sources
from webapp.pages.handler_names import detect, handler_problem
from webapp.starters import starters

TWO = "def {}(event, context):\n    return 1\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PackageStore:
    return PackageStore(Path(tmp_path_factory.mktemp("store")))


def found(store: PackageStore, family: str, files: dict[str, str]) -> str:
    runtime = next(item for item in runtimes() if item.family == family)
    return detect(runtime, Sources(store, files))


def test_every_starters_handler_is_the_one_that_its_code_offers(store: PackageStore) -> None:
    families = {item.family for item in runtimes()}
    for starter in starters():
        if starter.runtime_family in families:
            assert found(store, starter.runtime_family, dict(starter.files)) == starter.handler, starter.slug


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"app.py": TWO.format("handler")}, "app.handler"),
        ({"app.py": TWO.format("process") + TWO.format("lambda_handler")}, "app.lambda_handler"),
        ({"src/orders/app.py": TWO.format("on_order_handler")}, "src.orders.app.on_order_handler"),
        ({"util.py": "def add(a, b): return a + b", "index.py": TWO.format("handler")}, "index.handler"),
        ({"app.py": "import functools\nhandler = functools.partial(print)"}, "app.handler"),
        ({"app.py": "def handler(event, context):\n    retur n"}, "app.handler"),  # half-typed
        ({"app.py": "def handler(*arguments): pass"}, "app.handler"),
        ({"app.py": "x = 1"}, ""),
    ],
)
def test_a_python_handler_is_a_function_of_event_and_context(
    store: PackageStore, files: dict[str, str], handler: str
) -> None:
    assert found(store, "python", files) == handler


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        ("app.handler", {"app.py": "from elsewhere import *"}),
        ("app.handler", {"app.py": "globals()['handler'] = print"}),
        (
            "app.handler",
            {"app.py": "try:\n    from fast import handler\nexcept ImportError:\n    handler = None"},
        ),
        ("app.handler", {"app.py": "if True:\n    def handler(event, context): pass"}),
        ("app.handler", {"app.py": "def broken(:"}),
        ("src/app.handler", {"src/app.py": TWO.format("handler")}),
        ("pkg.handler", {"pkg/__init__.py": "from .x import handler"}),
        ("os.getenv", {"app.py": "x = 1"}),
        ("app.Class", {"app.py": "class Class: pass"}),
    ],
)
def test_a_python_handler_that_reading_can_not_rule_out_is_let_through(
    store: PackageStore, handler: str, files: dict[str, str]
) -> None:
    assert handler_problem("python", handler, Sources(store, files)) == ""


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("export const handler = async (event) => event;", "handler"),
        ("export async function main(event) {}", "main"),
        ("exports.run = async () => 1;", "run"),
        ("const f = 1;\nmodule.exports = { handler: f, other };", "handler"),
        ("const f = 1;\nexport { f as handler };", "handler"),
    ],
)
def test_a_node_handler_is_an_export(store: PackageStore, code: str, name: str) -> None:
    from webapp.pages.handler_names import candidates

    assert candidates("nodejs", "src/index.mjs", code)[0] == f"src/index.{name}"
    assert handler_problem("nodejs", f"src/index.{name}", Sources(store, {"src/index.mjs": code})) == ""


def test_a_node_handler_that_is_not_exported_gets_a_sentence_that_names_what_is(store: PackageStore) -> None:
    sources = Sources(store, {"index.mjs": "export const handler = async () => 1;"})
    assert handler_problem("nodejs", "index.main", sources) == (
        "index.main is undefined or not exported by index.mjs. It exports index.handler."
    )
    assert "there is no file app.mjs or app.js" in handler_problem("nodejs", "app.handler", sources)
    assert "written file.function" in handler_problem("nodejs", "handler", sources)
