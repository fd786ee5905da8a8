"""What every request of this process shares: settings, database, packages and the way to the manager.

Made once by `webapp.app.create_app`; the pages and the API take it from `services()`.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from sandbox.client import SandboxClient
from sandbox.package import PackageStore
from webapp.database import Database
from webapp.settings import Settings

_KEY = "lambda-playground"


@dataclass(frozen=True)
class Services:
    """The parts that requests work with. Safe to use from several threads."""

    settings: Settings
    database: Database
    packages: PackageStore
    sandbox: SandboxClient


def install(app: Flask, shared: Services) -> None:
    """Let `services()` give `shared` wherever `app` is the current one."""
    app.extensions[_KEY] = shared


def services() -> Services:
    """The current app's services. To be called within a request or an app context."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Services)
    return found
