"""Function URLs answer: a request becomes an event in payload format 2.0, what the function returns the answer."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.runtimes import runtimes
from tests.api.support import ACCOUNT, function, unique
from tests.conftest import Server

ECHO = "def handler(event, context):\n    return event\n"
RETURN_BODY = "import json\ndef handler(event, context):\n    return json.loads(event['body'])\n"
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0123456789abcdef"
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def fetch(
    url: str, path: str = "", *, method: str = "GET", body: bytes | str | None = None, host: str = "", **headers: str
) -> Answer:
    """One request, exactly as it is said here; in a header's name "_" stands for a dash."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if host or not (parts.hostname or "").replace(".", "").isdigit():
        named["Host"] = host or parts.netloc
    try:
        connection.request(method, parts.path + path, body=body, headers=named)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def node_runtime() -> str:
    """A Node.js that this host has."""
    found = [runtime for runtime in runtimes() if runtime.family == "nodejs"]
    available = [runtime.identifier for runtime in found if runtime.available]
    if not available:
        pytest.skip(found[0].missing)
    return available[0]


def by_path_of(server: Server, url: str) -> str:
    """The same function's URL on the playground's own host."""
    return url if "/lambda-url/" in url else f"{server.url}/lambda-url/{urlsplit(url).netloc[:32]}/"


@contextmanager
def url_of(client: Any, code: str, *, node: bool = False, **config: Any) -> Iterator[str]:
    language: dict[str, str] = {"file": "main.mjs", "Runtime": node_runtime()} if node else {}
    with function(client, code, **language) as name:
        yield client.create_function_url_config(FunctionName=name, **{"AuthType": "NONE", **config})["FunctionUrl"]


@pytest.fixture(scope="module")
def echo(lambda_client: Any) -> Iterator[str]:
    """A URL that answers with the event it gets."""
    with url_of(lambda_client, ECHO) as url:
        yield url


@pytest.fixture(scope="module")
def returner(lambda_client: Any) -> Iterator[str]:
    """A URL whose function returns what the request's JSON body says."""
    with url_of(lambda_client, RETURN_BODY) as url:
        yield url


def returned(url: str, value: Any, **headers: str) -> Answer:
    return fetch(url, method="POST", body=json.dumps(value), Content_Type="application/json", **headers)


def test_a_request_becomes_an_event_in_payload_format_2(echo: str) -> None:
    answer = fetch(
        echo, "a%20b/c?x=1&y=two%20words&x=2", Cookie="one=1; two=2", User_Agent="test/1", X_Mixed_Case="Kept",
    )  # fmt: skip
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    event = answer.json()
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert event["rawPath"] == "/a%20b/c"
    assert event["rawQueryString"] == "x=1&y=two%20words&x=2"
    assert event["queryStringParameters"] == {"x": "1,2", "y": "two words"}
    assert event["cookies"] == ["one=1", "two=2"]
    assert event["headers"]["x-mixed-case"] == "Kept"
    assert "cookie" not in event["headers"]
    assert "body" not in event
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["accountId"] == "anonymous"
    assert context["stage"] == "$default"
    assert context["http"]["method"] == "GET"
    assert context["http"]["path"] == "/a%20b/c"
    assert context["http"]["sourceIp"] == "127.0.0.1"
    assert context["http"]["userAgent"] == "test/1"
    assert context["requestId"] == answer.headers["x-amzn-RequestId"]
    assert context["apiId"] == context["domainPrefix"]
    assert context["timeEpoch"] > 1_700_000_000_000
    assert context["time"].endswith(" +0000")


def test_the_same_url_answers_by_its_host(echo: str) -> None:
    url_id = fetch(echo).json()["requestContext"]["apiId"]
    host = f"{url_id}.lambda-url.us-east-1.localhost"
    port = urlsplit(echo).port
    for path in ("/", "/2015-03-31/functions", "/lambda-url/x"):
        event = fetch(f"http://127.0.0.1:{port}", path, host=f"{host}:{port}").json()
        assert event["rawPath"] == path
        assert event["requestContext"]["domainName"] == host


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-8", "application/problem+json"])
def test_a_body_of_text_arrives_as_it_is(echo: str, kind: str) -> None:
    event = fetch(echo, method="POST", body="schön".encode(), Content_Type=kind).json()
    assert (event["body"], event["isBase64Encoded"]) == ("schön", False)


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "application/x-www-form-urlencoded", "image/png", "text/plain"]
)
def test_any_other_body_arrives_in_base64(echo: str, kind: str) -> None:
    event = fetch(echo, method="PUT", body=b"\x89PNG\xff", Content_Type=kind).json()
    assert base64.b64decode(event["body"]) == b"\x89PNG\xff"
    assert event["isBase64Encoded"] is True


def test_a_function_says_status_headers_cookies_and_body(returner: str) -> None:
    answer = returned(
        returner,
        {
            "statusCode": 201, "headers": {"Content-Type": "text/html", "X-Own": "yes"}, "body": "<b>ö</b>",
            "cookies": ["a=1; HttpOnly", "b=2"],
        },
    )  # fmt: skip
    assert answer.status == 201
    assert answer.headers.get_all("Content-Type") == ["text/html"]
    assert answer.headers["X-Own"] == "yes"
    assert [cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie") or []] == ["a=1", "b=2"]
    assert answer.body.decode() == "<b>ö</b>"


def test_a_function_returns_bytes_in_base64(returner: str) -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    answer = returned(returner, {"statusCode": 200, "body": body, "isBase64Encoded": True})
    assert answer.body == b"\x00\xff"


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ({"hello": "world"}, b'{"hello":"world"}'),
        (["hello", 3, True], b'["hello",3,true]'),
        ("hello", b"hello"),
        (3.1, b"3.1"),
        (None, b"null"),
    ],
)
def test_anything_without_a_status_code_is_the_body_of_a_200(returner: str, value: Any, body: bytes) -> None:
    answer = returned(returner, value)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "application/json", body)


def test_a_status_code_may_be_text_and_a_body_may_be_missing(returner: str) -> None:
    assert returned(returner, {"statusCode": "418", "body": "teapot"}).status == 418
    answer = returned(returner, {"statusCode": 204})
    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": "many"},
        {"statusCode": 7},
        {"statusCode": 200, "headers": {"Bad Name": "x"}},
        {"statusCode": 200, "headers": {"X-Own": "a\r\nSet-Cookie: b=1"}},
        {"statusCode": 200, "body": "not base64!", "isBase64Encoded": True},
    ],
)
def test_what_can_be_no_answer_is_an_internal_server_error(returner: str, value: Any) -> None:
    answer = returned(returner, value)
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_a_failing_function_is_an_internal_server_error_and_says_nothing_else(lambda_client: Any) -> None:
    with url_of(lambda_client, "def handler(event, context):\n    raise ValueError('secret')\n") as url:
        answer = fetch(url)
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_a_url_that_does_not_exist_is_forbidden(server: Server) -> None:
    for url, host in (
        (server.url, f"{'0' * 32}.lambda-url.us-east-1.localhost"),
        (f"{server.url}/lambda-url/{'0' * 32}", ""),
    ):
        answer = fetch(url, "/", host=host)
        assert (answer.status, answer.body) == (403, b'{"Message":null}')
        assert answer.headers["x-amzn-ErrorType"] == "AccessDeniedException"


def test_a_throttled_function_answers_429(lambda_client: Any) -> None:
    with function(lambda_client, ECHO) as name:
        url = lambda_client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
        lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        answer = fetch(url)
    assert answer.status == 429
    assert answer.headers["x-amzn-ErrorType"] == "TooManyRequestsException"


def test_aws_iam_wants_a_signature(lambda_client: Any) -> None:
    with url_of(lambda_client, ECHO, AuthType="AWS_IAM") as url:
        answer = fetch(url)
        assert (answer.status, answer.body) == (403, b'{"Message":"Forbidden"}')
        event = fetch(url, **SIGNED).json()
    assert event["requestContext"]["accountId"] == ACCOUNT
    iam = event["requestContext"]["authorizer"]["iam"]
    assert (iam["accessKey"], iam["accountId"]) == ("AKIDEXAMPLE", ACCOUNT)


def test_six_megabytes_are_the_most_a_request_may_have(echo: str) -> None:
    answer = fetch(echo, method="POST", body=b"x" * (6 * 1024 * 1024 + 1), Content_Type="text/plain")
    assert answer.status == 413
    assert "6291456" in answer.json()["Message"]


def streaming(body: str) -> str:
    return (
        "import { setTimeout as sleep } from 'node:timers/promises';\n"
        f"export const handler = awslambda.streamifyResponse(async (event, stream) => {{\n{body}\n}});\n"
    )


def test_a_response_is_streamed_as_it_is_written(lambda_client: Any) -> None:
    code = streaming(
        "stream.setContentType('text/plain'); stream.write('first'); await sleep(1500);\n"
        "stream.write('second'); stream.end();"
    )
    with url_of(lambda_client, code, node=True, InvokeMode="RESPONSE_STREAM") as url:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
        connection.request("GET", parts.path, headers={"Host": parts.netloc})
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "text/plain"
        assert response.read(5) == b"first"
        first_s = time.monotonic()
        assert response.read() == b"second"
        assert time.monotonic() - first_s > 1
        connection.close()


@pytest.mark.parametrize("mode", ["RESPONSE_STREAM", "BUFFERED"])
def test_a_streaming_function_says_status_headers_and_cookies_first(lambda_client: Any, mode: str) -> None:
    code = streaming(
        "const headers = {'Content-Type': 'text/html', 'X-Own': 'yes'};\n"
        "stream = awslambda.HttpResponseStream.from(stream, {statusCode: 201, headers, cookies: ['a=1']});\n"
        "stream.write('<b>'); stream.write('x</b>'); stream.end();"
    )
    with url_of(lambda_client, code, node=True, InvokeMode=mode) as url:
        answer = fetch(url)
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["X-Own"] == "yes"
    assert (answer.headers["Set-Cookie"] or "").startswith("a=1")
    assert answer.body == b"<b>x</b>"


def test_a_stream_that_fails_at_once_is_an_internal_server_error_and_later_is_cut_short(lambda_client: Any) -> None:
    with url_of(lambda_client, streaming("throw new Error('no');"), node=True, InvokeMode="RESPONSE_STREAM") as url:
        assert fetch(url).status == 502
    code = streaming("stream.write('begun'); await sleep(300); throw new Error('no');")
    cut_short = pytest.raises(http.client.IncompleteRead)
    with url_of(lambda_client, code, node=True, InvokeMode="RESPONSE_STREAM") as url, cut_short:
        fetch(url)


def test_a_whole_response_is_passed_on_as_it_is_in_stream_mode(lambda_client: Any) -> None:
    code = "def handler(event, context):\n    return {'statusCode': 201, 'body': 'x'}\n"
    with url_of(lambda_client, code, InvokeMode="RESPONSE_STREAM") as url:
        answer = fetch(url)
    assert (answer.status, answer.json()) == (200, {"statusCode": 201, "body": "x"})


def test_an_aliases_url_runs_the_aliases_version(lambda_client: Any) -> None:
    with function(lambda_client, "def handler(event, context):\n    return context.function_version\n") as name:
        version = lambda_client.publish_version(FunctionName=name)["Version"]
        lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
        url = lambda_client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")[
            "FunctionUrl"
        ]
        assert fetch(url).body == b"1"


def test_lambda_answers_preflights_where_cors_is_configured(lambda_client: Any) -> None:
    cors = {
        "AllowOrigins": ["https://*.example.com"], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["x-own"],
        "ExposeHeaders": ["x-shown"], "MaxAge": 60, "AllowCredentials": True,
    }  # fmt: skip
    asks = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "X-Own"}
    own = "{'statusCode': 200, 'headers': {'access-control-allow-origin': '*'}}"
    with url_of(lambda_client, f"def handler(event, context):\n    return {own}\n", Cors=cors) as url:
        allowed = fetch(url, method="OPTIONS", Origin="https://a.example.com", **asks)
        assert allowed.status == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example.com"
        assert allowed.headers["Access-Control-Allow-Methods"] == "GET,PUT"
        assert allowed.headers["Access-Control-Allow-Headers"] == "x-own"
        assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
        assert allowed.headers["Access-Control-Max-Age"] == "60"
        foreign = fetch(url, method="OPTIONS", Origin="https://evil.test", **asks)
        assert foreign.headers["Access-Control-Allow-Origin"] is None

        answer = fetch(url, Origin="https://a.example.com")
        assert answer.headers.get_all("Access-Control-Allow-Origin") == ["https://a.example.com"]
        assert answer.headers["Access-Control-Expose-Headers"] == "x-shown"
        assert fetch(url).headers["Access-Control-Allow-Origin"] is None


def test_without_cors_the_function_answers_preflights_itself(echo: str) -> None:
    answer = fetch(echo, method="OPTIONS", Origin="https://example.com", Access_Control_Request_Method="PUT")
    assert answer.json()["requestContext"]["http"]["method"] == "OPTIONS"
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_a_function_is_kept_within_its_path_on_the_playgrounds_own_host(server: Server, returner: str) -> None:
    by_path = by_path_of(server, returner)
    prefix = urlsplit(by_path).path
    answer = returned(
        by_path,
        {"statusCode": 302, "headers": {"Location": "/next"}, "cookies": ["playground_browser=stolen; Path=/"]},
    )
    assert answer.headers["Set-Cookie"] == f"playground_browser=stolen; Path={prefix}"
    assert answer.headers["Location"] == f"{prefix}next"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox ")


def test_the_playgrounds_own_cookie_is_not_shown_to_functions(server: Server, echo: str) -> None:
    event = fetch(by_path_of(server, echo), Cookie="playground_browser=secret; own=1").json()
    assert event["cookies"] == ["own=1"]


def test_no_page_of_the_playground_is_hidden_by_a_function_url(server: Server) -> None:
    assert fetch(server.url, "/").status == 200
    assert fetch(server.url, f"/lambda-url/{unique()}/").status == 404
