"""The protocol below the operations: paths, encodings, regions, and answers for what Lambda does not have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.api.support import arn_of, function
from tests.conftest import Server


@pytest.fixture(scope="module")
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


def ask(
    server: Server, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], Any]:
    """One request as it is written here: status, headers in lower case, decoded JSON."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for key, value in {"Content-Length": str(len(body)), **headers}.items():
        connection.putheader(key.replace("_", "-"), value)
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    found = {key.lower(): value for key, value in answer.getheaders()}
    assert found["content-type"] == "application/json", text[:200]
    return answer.status, found, json.loads(text) if text else None


def test_an_arn_in_the_path_may_be_encoded_or_not(server: Server, name: str) -> None:
    plain = arn_of(name)
    for form in (plain, plain.replace(":", "%3A"), plain.replace(":", "%3a"), plain.replace("-", "%2D")):
        status, _, shown = ask(server, f"/2015-03-31/functions/{form}/configuration")
        assert (status, shown["FunctionName"]) == (200, name)
    for form in (plain, plain.replace(":", "%3A")):
        assert ask(server, f"/2017-03-31/tags/{form}")[0] == 200


def test_a_closing_slash_makes_no_difference(server: Server) -> None:
    for path in ("/2015-03-31/functions", "/2015-03-31/functions/", "/2015-03-31/functions/?MaxItems=1"):
        assert "Functions" in ask(server, path)[2]


@pytest.mark.parametrize(
    "path", ["/2015-03-31/nothing", "/2099-01-01/", "/2015-03-31/functions/a/b/c/d", "/2015-03-31/functions//x//"]
)
def test_a_path_that_lambda_does_not_have_is_answered_in_its_own_way(server: Server, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        status, headers, answer = ask(server, path, method)
        assert status in (404, 400)
        assert headers["x-amzn-errortype"]
        assert answer["message"]


def test_an_operation_that_is_not_there_is_named(server: Server) -> None:
    status, headers, answer = ask(server, "/2025-11-30/capacity-providers")
    assert (status, headers["x-amzn-errortype"]) == (501, "NotImplementedException")
    assert answer["message"] == "The playground does not implement ListCapacityProviders, which Lambda has."


def test_the_region_is_the_one_that_was_signed_for(server: Server, name: str) -> None:
    path = f"/2015-03-31/functions/{name}/configuration"
    for region, expected in (("us-east-1", 200), ("eu-west-1", 404)):
        scope = (
            f"AWS4-HMAC-SHA256 Credential=AKID/20261124/{region}/lambda/aws4_request, SignedHeaders=host, Signature=0"
        )
        assert ask(server, path, Authorization=scope)[0] == expected


def test_a_body_that_is_no_json_object_is_refused(server: Server, name: str) -> None:
    path = f"/2015-03-31/functions/{name}/configuration"
    for body, error in (
        (b"{", "InvalidRequestContentException"),
        (b"[]", "SerializationException"),
        (b"[" * 100_000, "InvalidRequestContentException"),
        (b'{"Timeout": true}', "SerializationException"),
        (b'{"Timeout": 1e999}', "SerializationException"),
        (b'{"Environment": {"Variables": {"AA": {}}}}', "SerializationException"),
        (rb'{"Description": "half a surrogate pair \ud800"}', "SerializationException"),
    ):
        status, headers, _ = ask(server, path, "PUT", body)
        assert (status, headers["x-amzn-errortype"]) == (400, error), body[:40]


def test_a_web_page_of_somebody_else_can_not_call_the_api(server: Server, name: str) -> None:
    path = f"/2015-03-31/functions/{name}/invocations"
    assert ask(server, path, "POST", b"{}", Origin="https://elsewhere.example")[0] == 403
    assert ask(server, path, "POST", b"{}", Origin=server.url)[0] == 200
