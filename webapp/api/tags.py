"""Tags of functions, event source mappings and code signing configurations. Source: "API reference", TagResource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.api.operations import Call, operation
from webapp.functions.checks import check_tags, refuse
from webapp.functions.tagging import tagged_resource


@operation("TagResource")
def tag_resource(call: Call) -> Mapping[str, Any]:
    """Add tags; a key that is there gets the new value."""
    added: dict[str, str] = call.parameters["Tags"]
    if not added:
        raise refuse("Tags must hold at least one tag.", "Tags")
    with call.services.database.writing() as session:
        resource = tagged_resource(session, call.parameters["Resource"], region=call.region, account_id=call.account_id)
        tags = {**resource.tags, **added}
        check_tags(tags)
        resource.tags = tags
    return {}


@operation("UntagResource")
def untag_resource(call: Call) -> Mapping[str, Any]:
    """Remove tags by their keys; a key that is not there is no error."""
    keys = set(call.parameters["TagKeys"])
    with call.services.database.writing() as session:
        resource = tagged_resource(session, call.parameters["Resource"], region=call.region, account_id=call.account_id)
        resource.tags = {key: value for key, value in resource.tags.items() if key not in keys}
    return {}


@operation("ListTags")
def list_tags(call: Call) -> Mapping[str, Any]:
    """A resource's tags."""
    with call.services.database.session() as session:
        resource = tagged_resource(session, call.parameters["Resource"], region=call.region, account_id=call.account_id)
        return {"Tags": dict(resource.tags)}
