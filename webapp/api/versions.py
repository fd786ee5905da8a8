"""Published versions. Source: "API reference", PublishVersion and ListVersionsByFunction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.errors import InvalidParameterValueException
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.api.updates import check_revision
from webapp.functions import checks, describe
from webapp.functions.publishing import publish
from webapp.functions.state import refuse_changing
from webapp.functions.store import find


@operation("PublishVersion")
def publish_version(call: Call) -> Mapping[str, Any]:
    """A version of $LATEST as it is; the last version again where nothing has changed since."""
    given = call.parameters
    checks.check_absent(given)
    name = call.function_name().only_function().qualified(None)
    with call.services.database.writing() as session:
        record = find(session, name, lock=True)
        latest = record.latest
        refuse_changing(latest, call.services.settings)
        check_revision(latest, given.get("RevisionId"))
        current = describe.code_sha256(latest)
        wanted = given.get("CodeSha256")
        if wanted and wanted != current:
            raise InvalidParameterValueException(
                f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({current}). Please try "
                "again with the CodeSHA256 in $LATEST.",
                field="CodeSha256",
            )
        version = publish(session, record, given.get("Description"))
        return describe.configuration(session, version, arn=version.qualified_arn)


@operation("ListVersionsByFunction")
def list_versions_by_function(call: Call) -> Mapping[str, Any]:
    """$LATEST, then every version by number, 50 a page."""
    with call.services.database.session() as session:
        record = find(session, call.function_name())
        chosen, marker = page(record.versions, lambda version: version.version, call.parameters)
        return {
            "Versions": [describe.listed(session, version, arn=version.qualified_arn) for version in chosen],
            "NextMarker": marker,
        }
