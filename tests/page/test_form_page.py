"""The form in a real browser: editor, files, configuration, events, starters, drafts."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server

pytestmark = pytest.mark.browser

CODE = "#code-editor .cm-content"
EVENT = "#event-editor .cm-content"


def opened(page: Page, path: str = "/") -> Page:
    """The page, with its scripts at work."""
    page.goto(path)
    page.wait_for_selector("#playground[data-ready]")
    return page


def draft(page: Page) -> dict:  # type: ignore[type-arg]
    """What would be sent."""
    return page.evaluate("window.playground.draft.collect()")  # type: ignore[no-any-return]


def type_over(page: Page, where: str, text: str) -> None:
    """Replace all text of an editor, as by pasting."""
    page.locator(where).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def package(**files: str | bytes) -> dict[str, object]:
    """A zip to upload; "__" in a name is a slash, and a last "_" the dot before py."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(re.sub("_py$", ".py", name.replace("__", "/")), content)
    return {"name": "package.zip", "mimeType": "application/zip", "buffer": data.getvalue()}


def test_the_first_page_has_a_handler_an_event_and_a_run_button_and_blocks_nothing(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    opened(page)
    expect(page.locator(CODE)).to_contain_text("def lambda_handler(event, context):")
    expect(page.locator(EVENT)).to_contain_text('"key1": "value1"')
    expect(page.get_by_label("Handler", exact=True)).to_have_value("lambda_function.lambda_handler")
    expect(page.get_by_role("button", name="Run Ctrl ↵")).to_be_visible()
    expect(page.locator("#result")).to_contain_text("Nothing has run yet.")
    expect(page.locator("#code-editor .tok-keyword").first).to_have_text("def")
    colours = page.eval_on_selector("#code-editor .tok-keyword", "element => getComputedStyle(element).color")
    assert colours != page.eval_on_selector("#code-editor .cm-line", "element => getComputedStyle(element).color")
    assert said == []


def test_the_first_page_is_under_300_kb_and_comes_from_here_alone(page: Page, server: Server) -> None:
    sizes: dict[str, int] = {}
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    urls: dict[str, str] = {}
    client.on("Network.responseReceived", lambda event: urls.update({event["requestId"]: event["response"]["url"]}))
    client.on("Network.loadingFinished",
              lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))  # fmt: skip
    opened(page)
    page.wait_for_load_state("networkidle")
    assert all(url.startswith((server.url, "data:")) for url in urls.values())
    total = sum(sizes.values())
    assert 50_000 < total < 300_000, total


def test_static_files_are_compressed_and_cached_for_ever_under_their_hash(page: Page) -> None:
    answers = {}
    page.on("response", lambda answer: answers.update({answer.url: answer}))
    opened(page)
    script = next(answer for url, answer in answers.items() if url.endswith("/js/main.js"))
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-encoding"] == "br"
    assert page.request.get("/static/0/js/main.js").headers["cache-control"] == "no-cache"
    assert page.request.get("/static/0/../../webapp/app.py").status == 404
    assert page.request.get("/static/0/..%2f..%2fwebapp%2fapp.py").status == 404


def test_tab_indents_and_escape_then_tab_leaves_the_editor(page: Page) -> None:
    opened(page)
    type_over(page, CODE, "x")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.evaluate("window.playground.editor.text('lambda_function.py')") == "    x"
    page.wait_for_timeout(600)  # what is typed faster is undone as one step
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("window.playground.editor.text('lambda_function.py')") == "x"
    page.keyboard.press("Control+z")
    assert page.evaluate("window.playground.editor.text('lambda_function.py')") == "    x"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator(CODE)).not_to_be_focused()


def test_what_is_typed_over_a_selection_takes_its_place_and_no_style_is_refused(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    opened(page)
    page.locator(CODE).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("x = (1")
    assert page.evaluate("window.playground.editor.text('lambda_function.py')") == "x = (1)"
    page.keyboard.press("Control+a")
    page.keyboard.type("(")
    assert page.evaluate("window.playground.editor.text('lambda_function.py')") == "(x = (1))"
    assert said == []


def test_a_run_leaves_the_focus_where_it_was(page: Page) -> None:
    opened(page)
    page.locator("#run").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("Hello, World")
    expect(page.locator("#run")).to_be_focused()


def test_find_opens_in_the_editor(page: Page) -> None:
    opened(page)
    page.locator(CODE).click()
    page.keyboard.press("Control+f")
    page.get_by_placeholder("Find").press_sequentially("World")
    expect(page.locator("#code-editor .cm-searchMatch")).to_have_count(1)


def test_control_and_enter_runs_what_is_in_the_editor(page: Page) -> None:
    opened(page)
    type_over(page, CODE, "def lambda_handler(event, context):\n    return {'seen': event}\n")
    type_over(page, EVENT, '{"n": 17}')
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result")).to_contain_text('"n": 17')


def test_a_line_is_shown_when_a_traceback_asks_for_it(page: Page) -> None:
    opened(page)
    type_over(page, CODE, "\n".join(f"line_{number} = {number}" for number in range(1, 200)))
    assert page.evaluate("window.playground.editor.goto('lambda_function.py', 150)")
    expect(page.locator("#code-editor .cm-activeLine")).to_have_text("line_150 = 150")
    expect(page.locator("#code-editor .cm-activeLine")).to_be_in_viewport()


def test_nothing_typed_is_lost_on_a_reload_or_in_going_away_and_back(page: Page) -> None:
    opened(page)
    type_over(page, CODE, "def mine(event, context):\n    return 1\n")
    type_over(page, EVENT, '{"mine": true}')
    expect(page.get_by_label("Handler", exact=True)).to_have_value("lambda_function.mine")
    page.locator("#configuration summary").click()
    page.get_by_label("Memory").fill("512")
    page.get_by_role("button", name="Add a variable").click()
    page.keyboard.type("GREETING")
    page.keyboard.press("Tab")
    page.keyboard.type('"quoted"')
    page.get_by_role("button", name="New file").click()
    page.get_by_label("Name").and_(page.locator("#file-path")).fill("lib/help.py")
    page.keyboard.press("Enter")
    expect(page.locator("#open-file")).to_have_text("lib/help.py")
    page.keyboard.insert_text("y = 2")
    before = draft(page)
    page.reload()
    page.wait_for_selector("#playground[data-ready]")
    assert draft(page) == before
    page.goto("/nothing-here")
    page.go_back()
    page.wait_for_selector("#playground[data-ready]")
    assert draft(page) == before
    assert before["environment"] == 'GREETING="\\"quoted\\""'
    assert before["files"]["lib/help.py"] == "y = 2"


def test_a_starter_fills_the_form_and_can_be_undone(page: Page) -> None:
    opened(page)
    type_over(page, CODE, "def mine(event, context): pass")
    page.get_by_role("button", name="Starters").click()
    page.get_by_label("Search the starters").fill("environment variables")
    page.keyboard.press("Enter")
    expect(page.locator(CODE)).to_contain_text("os.environ")
    assert draft(page)["environment"] == "GREETING=Good morning"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(CODE)).to_contain_text("def mine")
    assert draft(page)["environment"] == ""


def test_another_runtime_brings_its_own_starter_while_the_code_is_untouched(page: Page) -> None:
    opened(page)
    other = page.eval_on_selector_all(
        "#runtime option:not([disabled]):not([data-family=python])", "options => options.map(o => o.value)"
    )
    if not other:
        pytest.skip("No runtime but Python's is on this machine")
    page.get_by_label("Runtime").select_option(other[0])
    expect(page.locator(CODE)).not_to_contain_text("def lambda_handler")
    assert draft(page)["runtime"] == other[0]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(CODE)).to_contain_text("def lambda_handler")
    type_over(page, CODE, "def mine(event, context): pass")
    page.get_by_label("Runtime").select_option(other[0])
    expect(page.locator("#toasts")).to_contain_text("Your code is as it was.")
    expect(page.locator(CODE)).to_contain_text("def mine")


def test_a_runtime_that_is_not_here_names_the_package_to_install(page: Page) -> None:
    opened(page)
    for option in page.locator("#runtime option[disabled]").all():
        assert re.search(r"install|run ", option.inner_text())


def test_a_package_is_uploaded_its_tree_shown_and_its_files_edited(page: Page) -> None:
    opened(page)
    upload = package(app_py="from lib.help import y\n\ndef handler(event, context):\n    return y\n",
                     lib__help_py="y = 'from the zip'\n", lib__native_so=b"\x7fELF\0\0")  # fmt: skip
    page.set_input_files("#upload", upload)  # type: ignore[arg-type]
    expect(page.get_by_label("Handler", exact=True)).to_have_value("app.handler")
    expect(page.locator(CODE)).to_contain_text("def handler")
    tree = page.get_by_role("navigation", name="Files of the package")
    tree.get_by_role("button", name="native_so").click()
    expect(page.locator("#binary-note")).to_contain_text("Binary: lib/native_so, 6 bytes.")
    tree.get_by_role("button", name="help.py").click()
    expect(page.locator(CODE)).to_contain_text("from the zip")
    type_over(page, CODE, "y = 'edited'\n")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result")).to_contain_text("edited")

    page.get_by_role("button", name="Rename file").click()
    page.locator("#file-path").fill("lib/other.py")
    page.keyboard.press("Enter")
    expect(tree.get_by_role("button", name="other.py")).to_be_visible()
    assert draft(page)["deleted"] == ["lib/help.py"]
    page.get_by_role("button", name="Delete file").click()
    expect(tree.get_by_role("button", name="other.py")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(tree.get_by_role("button", name="other.py")).to_be_visible()
    page.reload()
    page.wait_for_selector("#playground[data-ready]")
    expect(tree.get_by_role("button", name="native_so")).to_be_visible()
    assert draft(page)["files"]["lib/other.py"] == "y = 'edited'\n"


def test_a_source_file_may_be_dropped_on_the_page(page: Page) -> None:
    opened(page)
    transfer = page.evaluate_handle("""() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["def dropped(event, context):\\n    return 1\\n"], "dropped.py"));
        return transfer;
    }""")
    page.dispatch_event(CODE, "dragover", {"dataTransfer": transfer})
    expect(page.locator("#drop-zone")).to_have_class(re.compile("is-drop-target"))
    page.dispatch_event(CODE, "drop", {"dataTransfer": transfer})
    expect(page.get_by_label("Handler", exact=True)).to_have_value("dropped.dropped")
    expect(page.locator(CODE)).to_contain_text("def dropped")
    assert list(draft(page)["files"]) == ["dropped.py"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.zip", b"this is no zip", "unzip"),
        ("code.py", b"\x93\xfa\x96\x7b\xff\0", "is binary, not source code"),
        ("empty.py", b"", "is empty"),
        ("big.zip", b"PK" + bytes(60 * 1024 * 1024), "may have 50 MB zipped"),
    ],
)
def test_a_bad_upload_gets_one_sentence_at_its_field_and_the_code_stays(
    page: Page, name: str, content: bytes, words: str
) -> None:
    opened(page)
    if len(content) < 50 * 1024 * 1024:
        page.set_input_files("#upload", {"name": name, "mimeType": "application/zip", "buffer": content})
    else:
        page.evaluate(
            """([name, size]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(size)], name));
            const input = document.getElementById("upload");
            input.files = transfer.files;
            input.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
            [name, len(content)],
        )
    expect(page.locator("#error-upload")).to_contain_text(words)
    expect(page.locator(CODE)).to_contain_text("def lambda_handler")
    assert draft(page)["base_package"] == ""


def test_bad_numbers_and_variables_are_said_when_the_field_is_left_and_go_when_mended(page: Page) -> None:
    opened(page)
    page.locator("#configuration summary").click()
    page.get_by_label("Memory").fill("64")
    expect(page.locator("#vcpu")).to_have_text("0.04 vCPU")
    page.get_by_label("Timeout").fill("901")
    expect(page.locator("#error-memory_mb")).to_contain_text("greater than or equal to 128")
    page.get_by_label("Memory").fill("1769")
    expect(page.locator("#error-memory_mb")).to_have_text("")
    expect(page.locator("#vcpu")).to_have_text("1.00 vCPU")
    expect(page.locator("#error-timeout_s")).to_contain_text("less than or equal to 900")
    expect(page.get_by_label("Timeout")).to_have_attribute("aria-invalid", "true")


def test_a_run_with_errors_goes_to_the_first_and_keeps_the_rest(page: Page) -> None:
    opened(page)
    type_over(page, CODE, "def mine(event, context): pass")
    page.get_by_label("Handler", exact=True).fill("lambda_function.other")
    page.locator("#configuration summary").click()
    page.get_by_label("Memory").fill("10")
    page.locator("#configuration summary").click()
    page.get_by_role("button", name="Run Ctrl ↵").click()
    expect(page.locator("#error-handler")).to_contain_text("Handler 'other' missing on module 'lambda_function'.")
    expect(page.get_by_label("Handler", exact=True)).to_be_focused()
    expect(page.locator("#error-memory_mb")).to_contain_text("Member must have value")
    expect(page.locator("#result")).to_contain_text("Nothing has run yet.")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_label("Handler", exact=True)).to_have_value("lambda_function.mine")


def test_two_themes_follow_the_system_and_the_toggle_is_remembered(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url, color_scheme="dark")
    page = opened(context.new_page())
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(19, 20, 22)"
    page.get_by_role("button", name="Dark theme").click()
    assert page.evaluate(ground) == "rgb(245, 244, 241)"
    page.reload()
    assert page.evaluate(ground) == "rgb(245, 244, 241)"
    context.close()


def test_a_phone_shows_it_in_one_column_with_run_at_hand(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url, viewport={"width": 390, "height": 844}, has_touch=True)
    page = opened(context.new_page())
    page.locator("#configuration summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_role("button", name="Run", exact=False).and_(page.locator("#run"))).to_be_in_viewport()
    page.locator("#event-pick").click()
    box = page.locator("#event-picker").bounding_box()
    assert box
    assert (box["x"], box["width"]) == (0, 390)
    context.close()


def test_every_control_has_a_name_and_the_way_there_by_tab_is_seen(page: Page) -> None:
    opened(page)
    page.evaluate("document.getElementById('configuration').open = true")
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, input, select, textarea, a[href]")]
        .filter((element) => element.checkVisibility() && element.type !== "hidden")
        .filter((element) => !(element.labels?.length || element.ariaLabel || element.textContent.trim()))
        .map((element) => element.outerHTML)""")
    assert nameless == []
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main part")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the main part")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        if page.evaluate("document.activeElement.classList.contains('cm-content')"):
            page.keyboard.press("Escape")
    for stop in ("runtime", "Starters", "upload", "handler", "memory_mb", "event-pick", "run"):
        assert stop in seen, seen


def test_a_page_that_is_not_there_says_so_in_a_sentence(page: Page) -> None:
    answer = page.goto("/nowhere")
    assert answer
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.goto("/?starter=none")
    expect(page.locator("main")).to_contain_text("There is no starter named none.")
    page.goto("/?function=none")
    expect(page.locator("main")).to_contain_text("Function not found")
