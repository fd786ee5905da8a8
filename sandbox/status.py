"""What a manager tells of itself: how it isolates, what runs, which runtimes this host has."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.runtimes import runtimes


@dataclass(frozen=True)
class RuntimeStatus:
    """One runtime identifier; `missing` names the package to install, "" where it is available."""

    identifier: str
    family: str
    label: str
    missing: str

    @property
    def available(self) -> bool:
        """True where this host can run it."""
        return not self.missing


@dataclass(frozen=True)
class ManagerStatus:
    """`isolation` and `limits` are sentences for the page, `warning` one more where something is off, else ""."""

    isolation: str
    limits: str
    warning: str
    environments: int
    spares: int
    concurrency_limit: int
    runtimes: tuple[RuntimeStatus, ...]


def runtime_statuses() -> tuple[RuntimeStatus, ...]:
    """Every runtime known, as this host has it."""
    return tuple(RuntimeStatus(r.identifier, r.family, r.label, r.missing) for r in runtimes())
