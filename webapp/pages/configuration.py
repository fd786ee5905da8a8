"""A function's configuration as the form has it: texts, checked in AWS's words, and turned into values.

Called by `webapp.pages.form`. Ranges are in `sandbox.limits`; the sentences are those of the Lambda API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from sandbox.limits import (
    MAX_ENVIRONMENT_BYTES,
    MAX_MEMORY_MB,
    MAX_STORAGE_MB,
    MAX_TIMEOUT_S,
    MEMORY_MB_PER_VCPU,
    MIN_MEMORY_MB,
    MIN_STORAGE_MB,
    MIN_TIMEOUT_S,
    RESERVED_ENVIRONMENT,
)

ARCHITECTURES = ("x86_64", "arm64")
_KEY = re.compile(r"[a-zA-Z]([a-zA-Z0-9_])+")

# field of the form → the member's name in the Lambda API, lowest, highest
RANGES: Mapping[str, tuple[str, int, int]] = {
    "memory_mb": ("memorySize", MIN_MEMORY_MB, MAX_MEMORY_MB),
    "timeout_s": ("timeout", MIN_TIMEOUT_S, MAX_TIMEOUT_S),
    "ephemeral_storage_mb": ("ephemeralStorage.size", MIN_STORAGE_MB, MAX_STORAGE_MB),
}


def configuration_problems(texts: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with those fields of the configuration that are in `texts`: field → one sentence."""
    problems = {name: number_problem(name, texts[name]) for name in RANGES if name in texts}
    if "architecture" in texts:
        problems["architecture"] = architecture_problem(texts["architecture"])
    if "environment" in texts:
        problems["environment"] = environment_problem(texts["environment"])
    return {name: sentence for name, sentence in problems.items() if sentence}


def number_problem(field: str, text: str) -> str:
    """What is wrong with the number in `field` (a key of `RANGES`); "" when nothing is."""
    name, lowest, highest = RANGES[field]
    text = text.strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return f"Value '{_shortened(text)}' at '{name}' must be a whole number, from {lowest:,} to {highest:,}."
    value = int(text)
    if value < lowest:
        return _constraint(text, name, f"greater than or equal to {lowest}")
    if value > highest:
        return _constraint(text, name, f"less than or equal to {highest}")
    return ""


def architecture_problem(text: str) -> str:
    """What is wrong with the architecture; "" when nothing is."""
    if text in ARCHITECTURES:
        return ""
    return (
        f"Value '[{_shortened(text)}]' at 'architectures' failed to satisfy constraint: "
        f"Member must satisfy constraint: [Member must satisfy enum value set: [{', '.join(ARCHITECTURES)}]]"
    )


def environment_problem(text: str) -> str:
    """What is wrong with the environment's lines; "" when nothing is."""
    seen: dict[str, str] = {}
    for number, line in _lines(text):
        key, equals, value = line.partition("=")
        key = key.strip()
        if not equals:
            return f"Line {number} of the environment variables, '{_shortened(line.strip())}', is not KEY=value."
        if not _KEY.fullmatch(key):
            return (
                f"Key '{_shortened(key)}' at 'environment.variables' failed to satisfy constraint: "
                f"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {_KEY.pattern}]"
            )
        if key in seen:
            return f"The environment variable {key} is there twice."
        seen[key] = _value(value)
    return reserved_problem(seen) or size_problem(seen)


def reserved_problem(variables: Mapping[str, str]) -> str:
    """AWS's sentence where `variables` has names that Lambda sets itself; "" else."""
    reserved = [key for key in variables if key in RESERVED_ENVIRONMENT]
    if not reserved:
        return ""
    return (
        "Lambda was unable to configure your environment variables because the environment variables you have "
        "provided contains reserved keys that are currently not supported for modification. "
        f"Reserved keys used in this request: {', '.join(reserved)}"
    )


def size_problem(variables: Mapping[str, str]) -> str:
    """AWS's sentence where `variables`, as JSON, is over 4 KB; "" else."""
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False) if variables else ""
    size = len(measured.encode("utf-8", "replace"))
    if size <= MAX_ENVIRONMENT_BYTES:
        return ""
    return (
        "Lambda was unable to configure your environment variables because the environment variables you have "
        f"provided exceeded the {MAX_ENVIRONMENT_BYTES // 1024}KB limit. They measure {size:,} bytes."
    )


def parse_environment(text: str) -> dict[str, str]:
    """The variables that the lines set. Lines that set none are passed over."""
    found = {}
    for _, line in _lines(text):
        key, equals, value = line.partition("=")
        if equals:
            found[key.strip()] = _value(value)
    return found


def format_environment(variables: Mapping[str, str]) -> str:
    """Lines that `parse_environment` reads back: a value with a newline, or that looks quoted, is put in quotes."""
    return "\n".join(f"{key}={_quoted(value)}" for key, value in variables.items())


def vcpu_share(memory_mb: int) -> str:
    """The share of CPU that comes with so much memory, such as "0.07 vCPU" ("Configure Lambda function memory")."""
    return f"{memory_mb / MEMORY_MB_PER_VCPU:.2f} vCPU"


def _lines(text: str) -> list[tuple[int, str]]:
    lines = text.replace("\r\n", "\n").split("\n")
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _quoted(value: str) -> str:
    special = "\n" in value or "\r" in value or value.startswith('"')
    return json.dumps(value, ensure_ascii=False) if special else value


def _value(text: str) -> str:
    if text.startswith('"'):
        try:
            parsed = json.loads(text)
        except ValueError:
            return text
        if isinstance(parsed, str):
            return parsed
    return text


def _constraint(text: str, name: str, rule: str) -> str:
    return f"Value '{text}' at '{name}' failed to satisfy constraint: Member must have value {rule}"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
