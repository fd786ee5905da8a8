"""A new version from $LATEST.

Called by PublishVersion, and by CreateFunction and UpdateFunctionCode with Publish.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy.orm import Session

from webapp.functions.records import FunctionRecord, VersionRecord, new_revision_id, now_ms
from webapp.functions.state import new_revision

_COPIED = ("runtime", "handler", "role", "timeout_s", "memory_mb", "code_sha256", "code_size", "environment_id")


def publish(session: Session, record: FunctionRecord, description: str | None = None) -> VersionRecord:
    """The version made from $LATEST as it is; the last one again where nothing has changed since it was made.

    The version has the state of $LATEST (still pending where that is), and its own `description` if one is given.
    """
    latest, last = record.latest, record.versions[-1]
    content = content_hash(latest)
    if last.number and last.content_hash == content:
        return last
    version = VersionRecord(
        number=record.next_version,
        description=latest.description if description is None else description,
        settings=dict(latest.settings),
        modified_ms=now_ms(),
        content_hash=content,
        pending_until_ms=max(latest.pending_until_ms, latest.updating_until_ms),
        updating_until_ms=0,
        provisioned_concurrency=0,
        **{name: getattr(latest, name) for name in _COPIED},
    )
    version.revision_id = version.settled_revision_id = new_revision_id()  # of a version, it stays what it is
    record.next_version += 1
    record.versions.append(version)
    new_revision(latest)
    session.flush()
    return version


def content_hash(version: VersionRecord) -> str:
    """What two versions have in common that are made of the same code and configuration."""
    content = [
        version.code_sha256, version.runtime, version.handler, version.role, version.description,
        version.timeout_s, version.memory_mb, version.settings,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
