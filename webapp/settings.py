"""Where this playground keeps its things, read once from the environment.

Called by `webapp.app`, `webapp.cli` and the API; every variable begins with LAMBDA_PLAYGROUND_.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.function import DEFAULT_ACCOUNT, DEFAULT_REGION


@dataclass(frozen=True)
class Settings:
    """The playground's settings.

    `data_folder` holds packages and, by default, the database; `database_url` is a SQLAlchemy URL; `socket_path`
    is the manager's unix socket. `strict` refuses what the playground otherwise forgives a beginner, such as a
    placeholder role, or an update that does not wait for the state Active.
    """

    data_folder: Path
    database_url: str
    socket_path: Path
    account_id: str = DEFAULT_ACCOUNT
    default_region: str = DEFAULT_REGION
    strict: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from `environment` (the process's own by default)."""
        env = os.environ if environment is None else environment
        data = Path(env.get("LAMBDA_PLAYGROUND_DATA") or _default_data_folder(env)).expanduser().absolute()
        return cls(
            data_folder=data,
            database_url=env.get("LAMBDA_PLAYGROUND_DATABASE") or f"sqlite:///{data / 'playground.db'}",
            socket_path=Path(env.get("LAMBDA_PLAYGROUND_SOCKET") or data / "manager.sock"),
            account_id=env.get("LAMBDA_PLAYGROUND_ACCOUNT") or DEFAULT_ACCOUNT,
            default_region=env.get("LAMBDA_PLAYGROUND_REGION") or DEFAULT_REGION,
            strict=env.get("LAMBDA_PLAYGROUND_STRICT", "") in ("1", "true", "yes"),
        )

    @property
    def package_folder(self) -> Path:
        """The root of the content-addressed `PackageStore`, shared with the manager."""
        return self.data_folder


def _default_data_folder(env: Mapping[str, str]) -> Path:
    base = env.get("XDG_DATA_HOME")
    return (Path(base) if base else Path(env.get("HOME", "~")) / ".local" / "share") / "lambda-playground"
