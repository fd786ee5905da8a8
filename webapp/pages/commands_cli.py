"""A recipe as AWS CLI commands, quoted for a POSIX shell. They work in versions 1 and 2, except where a step says so.

Called by `webapp.pages.commands`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from webapp.pages.recipe import MAX_INLINE_EVENT, Recipe, on_one_line
from webapp.pages.snippets import Step

EVENT_FILE = "event.json"
_END = "END_OF_EVENT"


def steps(recipe: Recipe) -> tuple[Step, ...]:
    """Point the CLI here, make the function (or change the one that is there), invoke it."""
    if recipe.exists:
        return (point_here(recipe), *invoke(recipe), change_configuration(recipe), *change_code(recipe))
    return (point_here(recipe), download(recipe), create(recipe), *invoke(recipe), change_configuration(recipe))


def point_here(recipe: Recipe) -> Step:
    """The environment of every further command."""
    return Step(
        "Point the tools at this playground",
        exports(recipe.endpoint_url, recipe.region),
        text="Once in each terminal. The credentials may be anything: nobody checks them here.",
    )


def exports(endpoint_url: str, region: str) -> str:
    """The exports by which any AWS tool comes here."""
    return (
        f"export AWS_ENDPOINT_URL={shlex.quote(endpoint_url)}\n"
        "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"
        f"export AWS_DEFAULT_REGION={shlex.quote(region)}"
    )


def download(recipe: Recipe) -> Step:
    """The deployment package."""
    return Step(
        "Get the code as a deployment package",
        f"curl -fsS -o function.zip {shlex.quote(recipe.package_url)}",
        text="The files of this run, zipped. With files of your own: zip function.zip lambda_function.py",
    )


def create(recipe: Recipe) -> Step:
    """create-function, and the wait until it is Active."""
    options = [
        ("--function-name", recipe.name),
        ("--runtime", recipe.runtime),
        ("--handler", recipe.handler),
        ("--role", recipe.role),
        ("--architectures", recipe.architecture),
        *_configuration(recipe),
    ]
    lines = command("create-function", options, ["--zip-file fileb://function.zip"])
    return Step("Create the function", f"{lines}\n{_wait('function-active-v2', recipe)}")


def change_configuration(recipe: Recipe) -> Step:
    """update-function-configuration, and the wait until it is in force."""
    options = [("--function-name", recipe.name), ("--handler", recipe.handler), *_configuration(recipe)]
    lines = command("update-function-configuration", options)
    return Step(
        "Change its configuration",
        f"{lines}\n{_wait('function-updated-v2', recipe)}",
        text="These are the present settings: edit what you want to change. --environment replaces all variables.",
    )


def change_code(recipe: Recipe) -> tuple[Step, ...]:
    """The present code down, and new code up."""
    options = [("--function-name", recipe.name), ("--architectures", recipe.architecture)]
    update = command("update-function-code", options, ["--zip-file fileb://function.zip"])
    fetch = f"curl -fsS -o function.zip {shlex.quote(recipe.package_url)}"
    return (
        Step(
            "Change its code",
            f"{fetch}\n{update}\n{_wait('function-updated-v2', recipe)}",
            text="The first line fetches the present code. Edit what is in the zip, then send it.",
        ),
    )


def invoke(recipe: Recipe) -> tuple[Step, ...]:
    """invoke in the spelling of version 1 and in that of version 2; from a file where the event is long."""
    options = [("--function-name", recipe.name)]
    if recipe.qualifier:
        options.append(("--qualifier", recipe.qualifier))
    line = on_one_line(recipe.event)
    if recipe.has_large_event:
        text = f"Save the event as {EVENT_FILE} first: it is too long for a command."
        return (Step("Invoke it", _invoke(options, f"--payload fileb://{EVENT_FILE}"), text=text),)
    if len(line) > MAX_INLINE_EVENT:
        end = _END
        while end in recipe.event:
            end += "_"
        write = f"cat > {EVENT_FILE} <<'{end}'\n{recipe.event.strip()}\n{end}"
        text = "fileb:// sends the file as it is, with either version of the CLI."
        return (Step("Invoke it", f"{write}\n{_invoke(options, f'--payload fileb://{EVENT_FILE}')}", text=text),)
    payload = f"--payload {shlex.quote(line)}"
    return (
        Step("Invoke it", _invoke(options, payload), text="With AWS CLI version 1 (aws --version tells)."),
        Step(
            "Invoke it with AWS CLI version 2",
            _invoke(options, "--cli-binary-format raw-in-base64-out", payload),
            text="Version 2 takes --payload for base64, unless it is told that this is the raw text.",
        ),
    )


def command(operation: str, options: Sequence[tuple[str, str]], more: Sequence[str] = ()) -> str:
    """An aws lambda command, an option a line. What the CLI would read as an address goes in as JSON instead."""
    parts, addressed = [], {}
    for option, value in options:
        if "://" in value and not value.startswith("{"):
            addressed["".join(word.capitalize() for word in option.strip("-").split("-"))] = value
        else:
            joint = "=" if value.startswith("-") else " "
            parts.append(f"{option}{joint}{shlex.quote(value)}")
    if addressed:
        parts.append(f"--cli-input-json {shlex.quote(json.dumps(addressed))}")
    return " \\\n  ".join([f"aws lambda {operation} {parts[0]}", *parts[1:], *more])


def _configuration(recipe: Recipe) -> list[tuple[str, str]]:
    variables = json.dumps({"Variables": dict(recipe.environment)}, ensure_ascii=False)
    return [
        ("--memory-size", str(recipe.memory_mb)),
        ("--timeout", str(recipe.timeout_s)),
        ("--ephemeral-storage", f"Size={recipe.ephemeral_storage_mb}"),
        *([("--environment", variables)] if recipe.environment else []),
    ]


def _invoke(options: Sequence[tuple[str, str]], *more: str) -> str:
    return command("invoke", options, [*more, "response.json"]) + "\ncat response.json"


def _wait(waiter: str, recipe: Recipe) -> str:
    return f"aws lambda wait {waiter} --function-name {shlex.quote(recipe.name)}"
