"""A function's code and configuration changed.

Source: "API reference", UpdateFunctionCode and UpdateFunctionConfiguration.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from sandbox.errors import PreconditionFailedException
from webapp.api.operations import Call, operation
from webapp.functions import checks, code, describe
from webapp.functions.configuring import configure
from webapp.functions.discarding import discard_environments
from webapp.functions.layers import find_layers
from webapp.functions.publishing import publish
from webapp.functions.records import VersionRecord, now_ms
from webapp.functions.state import Change, begin, refuse_changing, revision_of
from webapp.functions.store import find
from webapp.layers.store import resolve_layers


@operation("UpdateFunctionCode")
def update_function_code(call: Call) -> Mapping[str, Any]:
    """New code for $LATEST; DryRun only says what would come of it, Publish makes a version as well."""
    given = call.parameters
    name = call.function_name().only_function().qualified(None)
    checks.check_absent(given)
    with call.services.database.session() as session:
        refuse_changing(find(session, name).latest, call.services.settings)
    package = code.package(call.services.packages, given)
    dry_run = bool(given.get("DryRun"))
    with call.services.database.writing() as session, nullcontext() if not dry_run else session.no_autoflush:
        record = find(session, name, lock=True)
        latest = record.latest
        check_revision(latest, given.get("RevisionId"))
        checks.check_total_size(package.unzipped_size, find_layers(session, latest.settings.get("Layers") or []))
        latest.code_sha256, latest.code_size = package.sha256, package.code_size
        if given.get("Architectures"):
            latest.settings = {**latest.settings, "Architectures": given["Architectures"]}
        latest.modified_ms = now_ms()
        if dry_run:
            answer = describe.configuration(session, latest)
            session.expunge(latest)  # shown, not stored
            return answer
        begin(latest, Change.UPDATED, call.services.settings)
        if given.get("Publish"):
            version = publish(session, record)
            answer = describe.configuration(session, version, arn=version.qualified_arn)
        else:
            answer = describe.configuration(session, latest)
    discard_environments(call.services, name)
    return answer


@operation("UpdateFunctionConfiguration")
def update_function_configuration(call: Call) -> Mapping[str, Any]:
    """New configuration for $LATEST: what is not given stays as it is."""
    given = call.parameters
    name = call.function_name().only_function().qualified(None)
    with call.services.database.writing() as session:
        latest = find(session, name, lock=True).latest
        refuse_changing(latest, call.services.settings)
        check_revision(latest, given.get("RevisionId"))
        configure(latest, given)
        if given.get("Layers"):
            package = call.services.packages.get(latest.code_sha256)
            layers = resolve_layers(session, given["Layers"], region=name.region, account_id=name.account_id)
            checks.check_total_size(package.unzipped_size, layers)
        latest.modified_ms = now_ms()
        begin(latest, Change.UPDATED, call.services.settings)
        answer = describe.configuration(session, latest)
    discard_environments(call.services, name)
    return answer


def check_revision(version: VersionRecord, revision_id: str | None) -> None:
    """PreconditionFailedException where the caller knows another revision than the one there is."""
    if revision_id is not None and revision_id != revision_of(version):
        raise wrong_revision()


def wrong_revision() -> PreconditionFailedException:
    """The error for a RevisionId that is not the latest."""
    return PreconditionFailedException(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
        "retrieve the latest Revision Id",
        field="RevisionId",
    )
