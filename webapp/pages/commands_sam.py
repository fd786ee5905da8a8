"""A recipe as an AWS SAM template, with what SAM's command does against this playground and what only AWS can do.

Called by `webapp.pages.commands`. Strings are written as JSON, which is YAML as well.
"""

from __future__ import annotations

import json
import re
import shlex

from webapp.pages.commands_cli import download, exports
from webapp.pages.recipe import Recipe, on_one_line
from webapp.pages.snippets import Step

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(?:::[A-Za-z0-9_]+)?")  # what no YAML reader takes for anything else
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def steps(recipe: Recipe) -> tuple[Step, ...]:
    """The template, an invocation here, and the way to AWS."""
    return (
        download(recipe),
        Step("Describe the function", template(recipe), "yaml", file="template.yaml",
             text="The same configuration, as infrastructure in a file."),
        Step("Invoke it here", _invoke(recipe), text=_words(recipe)),
        Step("Deploy it to AWS", "unset AWS_ENDPOINT_URL\nsam deploy --guided",
             text="sam deploy goes through CloudFormation, which this playground has not: this one is for a real "
                  "account, with credentials of your own."),
    )  # fmt: skip


def template(recipe: Recipe) -> str:
    """template.yaml."""
    lines = [
        "AWSTemplateFormatVersion: '2010-09-09'",
        "Transform: AWS::Serverless-2016-10-31",
        "Resources:",
        "  Function:",
        "    Type: AWS::Serverless::Function",
        "    Properties:",
        f"      FunctionName: {_scalar(recipe.name)}",
        "      CodeUri: function.zip",
        f"      Runtime: {_scalar(recipe.runtime)}",
        f"      Handler: {_scalar(recipe.handler)}",
        f"      MemorySize: {recipe.memory_mb}",
        f"      Timeout: {recipe.timeout_s}",
        f"      Architectures: [{_scalar(recipe.architecture)}]",
        "      EphemeralStorage:",
        f"        Size: {recipe.ephemeral_storage_mb}",
    ]
    if recipe.environment:
        lines += ["      Environment:", "        Variables:"]
        lines += [f"          {_scalar(key)}: {_quoted(value)}" for key, value in recipe.environment.items()]
    return "\n".join(lines)


def _invoke(recipe: Recipe) -> str:
    event = "--event-file event.json"
    if not recipe.has_large_event:
        event = f"--event {shlex.quote(on_one_line(recipe.event))}"
    return f"{exports(recipe.endpoint_url, recipe.region)}\nsam remote invoke {shlex.quote(recipe.arn)} {event}"


def _words(recipe: Recipe) -> str:
    words = "Once in each terminal, the exports; then SAM invokes by the function's ARN and shows its log."
    return words if recipe.exists else "Create it by AWS CLI or boto3 first. " + words


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
