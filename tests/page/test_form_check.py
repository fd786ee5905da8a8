"""What the form says of bad input, a sentence a field, in AWS's words where AWS has them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from sandbox.limits import MAX_EVENT_BYTES
from webapp.app import create_app
from webapp.pages.configuration import format_environment, parse_environment
from webapp.pages.form import Draft
from webapp.pages.starting_points import first_draft, from_starter
from webapp.services import Services, services
from webapp.settings import Settings
from webapp.starters import starters


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = str(tmp_path_factory.mktemp("form"))
    return create_app(Settings.from_environment({"LAMBDA_PLAYGROUND_DATA": data}))


@pytest.fixture
def shared(app: Flask) -> Iterator[Services]:
    with app.app_context():
        yield services()


def sentence(shared: Services, field: str, **changes: object) -> str:
    """The one sentence that those changes to a good draft bring about, at `field` and nowhere else."""
    problems = replace(first_draft(), **changes).check(shared)  # type: ignore[arg-type]
    assert list(problems) == [field], problems
    return problems[field]


def test_the_first_draft_and_every_starter_whose_runtime_is_here_can_be_run(shared: Services) -> None:
    assert first_draft().check(shared) == {}
    for starter in starters():
        problems = from_starter(starter).check(shared)
        assert not set(problems) - {"runtime"}, (starter.slug, problems)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("memory_mb", "64", "Value '64' at 'memorySize' failed to satisfy constraint: Member must have value "
         "greater than or equal to 128"),
        ("memory_mb", "10241", "Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value "
         "less than or equal to 10240"),
        ("memory_mb", "128.5", "must be a whole number, from 128 to 10,240"),
        ("memory_mb", "", "must be a whole number"),
        ("timeout_s", "0", "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater "
         "than or equal to 1"),
        ("timeout_s", "901", "less than or equal to 900"),
        ("ephemeral_storage_mb", "511", "Value '511' at 'ephemeralStorage.size' failed to satisfy constraint"),
        ("architecture", "riscv", "Member must satisfy enum value set: [x86_64, arm64]"),
        ("environment", "1ST=x", "[a-zA-Z]([a-zA-Z0-9_])+"),
        ("environment", "KEY", "Line 1 of the environment variables, 'KEY', is not KEY=value."),
        ("environment", "KEY=1\nKEY=2", "The environment variable KEY is there twice."),
        ("environment", "AWS_REGION=eu-west-1", "provided contains reserved keys that are currently not supported "
         "for modification. Reserved keys used in this request: AWS_REGION"),
        ("environment", "LONG=" + 4100 * "x", "exceeded the 4KB limit"),
        ("runtime", "cobol", "at 'runtime' failed to satisfy constraint"),
        ("runtime", "", "Choose a runtime"),
        ("handler", "", "Name the handler"),
        ("handler", "a b.c", "failed to satisfy constraint"),
        ("handler", "lambda_handler", "Bad handler 'lambda_handler'"),
        ("handler", "lambda_function.main", "Handler 'main' missing on module 'lambda_function'. lambda_function.py "
         "offers lambda_function.lambda_handler."),
        ("handler", "app.lambda_handler", "Unable to import module 'app': there is no file app.py."),
        ("event", "", "The event is empty"),
        ("event", '{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: a comma or a closing bracket is missing."),
        ("event", '{"a": NaN}', "NaN"),
        ("event", "[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_each_bad_value_gets_one_sentence_at_its_field(shared: Services, field: str, value: str, words: str) -> None:
    assert words in sentence(shared, field, **{field: value})


def test_an_event_over_six_megabytes_gets_lambdas_sentence(shared: Services) -> None:
    event = '"' + "x" * MAX_EVENT_BYTES + '"'
    assert f"must be smaller than {MAX_EVENT_BYTES} bytes" in sentence(shared, "event", event=event)


def test_empty_code_and_binary_code_are_told_apart(shared: Services) -> None:
    assert "The code is empty" in sentence(shared, "code", files={})
    assert "The code is empty" in sentence(shared, "code", files={"lambda_function.py": " \n"})
    assert "is binary" in sentence(shared, "code", files={"lambda_function.py": "\x7fELF\0\0"})


@pytest.mark.parametrize("path", ["../x.py", "/etc/x.py", "a//b.py", "a/../b.py", "a\\b.py", "", "dir/"])
def test_a_file_can_not_be_named_out_of_the_package(shared: Services, path: str) -> None:
    files = {**first_draft().files, path: "x = 1"}
    assert sentence(shared, "code", files=files)


def test_a_package_that_is_gone_is_said_at_the_upload(shared: Services) -> None:
    for sha256 in ("0" * 64, "../../etc/passwd"):
        assert "no longer stored" in sentence(shared, "upload", base_package=sha256)


def test_the_page_is_there_while_the_manager_is_down_and_says_so_once(app: Flask) -> None:
    page = app.test_client().get("/")
    assert page.status_code == 200
    assert page.text.count("The sandbox is not running") == 1
    assert "def lambda_handler" in page.text


def test_nothing_in_a_form_raises_and_no_text_is_dropped() -> None:
    texts = {
        "memory_mb": "lots",
        "timeout_s": "-",
        "environment": "???",
        "event": "{",
        "runtime": "x",
        "handler": "",
    }
    draft = Draft.from_form(MultiDict({**texts, "file:a.py": "x\r\ny", "deleted": "b.py"}))
    assert {name: getattr(draft, name) for name in texts} == texts
    assert draft.files == {"a.py": "x\ny"}  # forms send CRLF
    assert draft.deleted == ("b.py",)
    assert Draft.from_dict(draft.to_dict()) == draft


def test_environment_variables_come_back_as_they_were_whatever_is_in_them() -> None:
    variables = {
        "PLAIN": "a=b",
        "EMPTY": "",
        "LINES": "a\nb",
        "QUOTED": '"x"',
        "SPACES": "  x  ",
        "WORD": "né",
    }
    assert parse_environment(format_environment(variables)) == variables


def test_edits_lie_over_the_package_and_leave_what_was_executable_so(shared: Services) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        main = zipfile.ZipInfo("main")
        main.external_attr = 0o100755 << 16
        archive.writestr(main, b"\x7fELF\0")
        archive.writestr("app.py", "def handler(event, context): return 1\n")
        archive.writestr("old.py", "x = 1\n")
    base = shared.packages.put_zip(data.getvalue())
    draft = replace(
        first_draft(), handler="app.handler", base_package=base.sha256, deleted=("old.py",),
        files={"app.py": "def handler(event, context): return 2\n", "new.py": ""},
    )  # fmt: skip
    assert draft.check(shared) == {}
    package = shared.packages.get(draft.to_function(shared).code_sha256)
    assert [(file.name, file.executable) for file in package.files()] == [
        ("app.py", False), ("main", True), ("new.py", False),
    ]  # fmt: skip
    assert b"return 2" in Path(package.path, "app.py").read_bytes()
    unchanged = replace(draft, deleted=(), files={"app.py": "def handler(event, context): return 1\n"})
    assert unchanged.to_function(shared).code_sha256 == base.sha256
