"""The local stack of a small template, requested over HTTP."""

import http.client
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import boto3
import pytest

from kolom_cli.emulator import api_gateway
from kolom_cli.emulator.stack import EmulatedStack, PortError
from tests.paths import FIXTURES
from tests.serving import eventually

FIXTURE = FIXTURES / "local_stack"


@pytest.fixture(scope="module")
def stack() -> Iterator[EmulatedStack]:
    with EmulatedStack(FIXTURE / "template.yaml", port=0) as running:
        yield running


class Answer:
    """A response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(stack: EmulatedStack, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(stack.url + path, data=body, method=method, headers=named)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return Answer(response)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error)  # type: ignore[arg-type]


def module_of(function: str) -> ModuleType:
    return next(
        module for name, module in sys.modules.items() if name.startswith("_kolom_local") and name.endswith(function)
    )


def test_a_function_gets_an_event_like_that_of_api_gateway(stack: EmulatedStack) -> None:
    answer = ask(stack, "/things/a%20b?x=1&x=2", Cookie="a=1; b=2", X_Forwarded_For="6.6.6.6")
    event = answer.json["event"]
    assert event["routeKey"] == "GET /things/{name}"
    assert event["rawPath"] == "/things/a b"
    assert event["pathParameters"] == {"name": "a b"}
    assert event["queryStringParameters"] == {"x": "1,2"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert 0 < answer.json["milliseconds"] <= 3000


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/", "GET /"),
        ("GET", "/things/fixed", "GET /things/fixed"),
        ("GET", "/things/a/b", "GET /things/{proxy+}"),
        ("POST", "/echo", "POST /echo"),
        ("PUT", "/echo", "ANY /echo"),
    ],
)
def test_the_most_specific_route_is_used(stack: EmulatedStack, method: str, path: str, key: str) -> None:
    assert ask(stack, path, method).json["event"]["routeKey"] == key


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", "/things/a")])
def test_a_path_without_a_route_is_answered_404_by_the_gateway(stack: EmulatedStack, method: str, path: str) -> None:
    answer = ask(stack, path, method)
    assert (answer.status, answer.json) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("what", ["crash", "sleep", "malformed", "header", "large"])
def test_a_failing_function_is_answered_with_internal_server_error(stack: EmulatedStack, what: str) -> None:
    answer = ask(stack, f"/do/{what}")
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})


def test_a_body_beyond_the_gateways_limit_is_rejected(stack: EmulatedStack) -> None:
    answer = ask(stack, "/echo", "POST", b"x" * (10 * 1024 * 1024 + 1), Content_Type="text/plain")
    assert (answer.status, answer.json) == (413, {"message": "Request Entity Too Large"})


def test_binary_bodies_are_supported_in_both_directions(stack: EmulatedStack) -> None:
    event = ask(stack, "/echo", "POST", b"\xff\x00", Content_Type="image/png").json["event"]
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)
    assert ask(stack, "/do/binary").body == b"\xff\x00"


def test_every_cookie_has_its_own_header(stack: EmulatedStack) -> None:
    assert ask(stack, "/do/cookies").headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2"]


def test_a_result_without_a_status_code_becomes_a_200_response(stack: EmulatedStack) -> None:
    assert ask(stack, "/do/json").json == {"inferred": True}
    assert ask(stack, "/do/text").body == b"just text"


def test_only_allowed_origins_get_cors_headers(stack: EmulatedStack) -> None:
    friend = ask(stack, "/do/cors", Origin="https://friend.example").headers
    stranger = ask(stack, "/do/cors", Origin="https://stranger.example").headers
    assert friend["Access-Control-Allow-Origin"] == "https://friend.example"
    assert "Access-Control-Allow-Origin" not in stranger


def test_the_gateway_answers_preflight_requests_itself(stack: EmulatedStack) -> None:
    answer = ask(stack, "/echo", "OPTIONS", Origin="https://friend.example", Access_Control_Request_Method="POST")
    assert (answer.status, answer.headers["Access-Control-Allow-Methods"]) == (204, "GET,POST")


def test_a_head_response_has_the_length_and_no_body(stack: EmulatedStack) -> None:
    answer = ask(stack, "/echo", "HEAD")
    assert int(answer.headers["Content-Length"]) > 0
    assert answer.body == b""


def test_a_connection_is_reused_for_further_requests(stack: EmulatedStack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(stack.url.rsplit(":", 1)[1]), timeout=60)
    try:
        for _ in range(3):
            connection.request("POST", "/echo", body=b"x", headers={"Content-Type": "text/plain"})
            first = connection.sock
            assert connection.getresponse().read()
            assert connection.sock is first
    finally:
        connection.close()


def test_a_chunked_body_is_passed_on_completely(stack: EmulatedStack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(stack.url.rsplit(":", 1)[1]), timeout=60)
    try:
        chunks = iter([b"one", b"two"])
        connection.request("POST", "/echo", body=chunks, headers={"Content-Type": "text/plain"}, encode_chunked=True)
        assert json.loads(connection.getresponse().read())["event"]["body"] == "onetwo"
    finally:
        connection.close()


def test_a_request_that_waits_too_long_is_refused_with_the_time_to_wait(
    stack: EmulatedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler is not called, so that the client may send the request again."""
    monkeypatch.setattr(api_gateway, "INTEGRATION_TIMEOUT_SECONDS", 0.2)
    with stack.runtime._turn:
        refused = ask(stack, "/put/refused", "POST", b"")
    assert (refused.status, refused.json) == (503, {"message": "Service Unavailable"})
    assert refused.headers["Retry-After"] == "1"
    monkeypatch.undo()
    table = stack.aws.client("dynamodb")
    assert "Item" not in table.get_item(TableName="kolom-things", Key={"id": {"S": "refused"}})
    assert ask(stack, "/put/refused", "POST", b"").status == 201


def test_twenty_concurrent_clients_are_all_answered(stack: EmulatedStack) -> None:
    def visit(number: int) -> list[int]:
        return [ask(stack, f"/put/client-{number}-{each}", "POST", b"").status for each in range(5)]

    with ThreadPoolExecutor(20) as pool:
        statuses = [status for visits in pool.map(visit, range(20)) for status in visits]
    assert statuses == [201] * 100


def test_the_stream_delivers_in_order_and_retries_from_the_failed_record(stack: EmulatedStack) -> None:
    names = ["wanted-1", "other-1", "wanted-2-fail", "wanted-3", "wanted-4-crash", "wanted-5"]
    for name in names:
        ask(stack, f"/put/{name}", "POST", b"")
    stack.wait_until_idle()
    collect = module_of("collect")
    ids = [record["dynamodb"]["Keys"]["id"]["S"] for record in collect.records]
    assert list(dict.fromkeys(ids)) == [name for name in names if name.startswith("wanted")]
    record = collect.records[0]
    assert record["eventName"] == "INSERT"
    assert record["eventSourceARN"].startswith("arn:aws:dynamodb:us-east-1:123456789012:table/kolom-things/stream/")
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "wanted-1"}, "colour": {"S": "green"}}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)


def test_a_schedule_invokes_its_function_at_its_rate_with_its_input(stack: EmulatedStack) -> None:
    tick = module_of("tick")
    assert eventually(lambda: len(tick.events) >= 2)
    assert tick.events[0] == {"tick": 1}
    assert stack.run_schedule("tick") >= 3


def test_assets_and_media_are_served_as_files(stack: EmulatedStack) -> None:
    asset = ask(stack, "/assets/site.css")
    assert asset.headers["Content-Type"] == "text/css; charset=utf-8"
    s3 = stack.aws.client("s3")
    s3.put_object(Bucket="kolom-mediabucket", Key="media/a.png", Body=b"png", ContentType="image/png")
    media = ask(stack, "/media/a.png")
    assert (media.body, media.headers["Content-Type"]) == (b"png", "image/png")
    assert "immutable" in media.headers["Cache-Control"]
    assert ask(stack, "/media/a.png", If_None_Match=media.headers["ETag"]).status == 304
    assert ask(stack, "/media/missing.png").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../template.yaml",
        "/assets/%2e%2e/template.yaml",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/a%00.css",
        "/assets/%ff",
        "/assets/%ed%a0%80",
        "/assets/%01",
        "/assets/%0d%0aset-cookie:a",
        "/assets/%",
        "/assets/%zz",
        "/assets/%25%30%30",
        "/assets/%c0%af",
        "/assets/..%5c..%5ctemplate.yaml",
        "/assets/%00.abcdef01.css",
        "/assets/" + "a" * 300 + ".abcdef01.css",
        "/assets/" + "%c3%a9" * 130,
        "/%61ssets/%00",
        "/media/%ff",
        "/media/%01",
        "/media/%ef%bf%be",
        "/media/..%2f..%2fsite.css",
        "/assets/" + "a" * 300,
        "/assets/" + "a/" * 3000,
        "/assets/theme/kolom.css/x",
        "/media/%00",
        "/media/" + "a" * 3000,
    ],
    ids=lambda path: path[:40],
)
def test_only_files_of_the_frontend_are_assets(stack: EmulatedStack, path: str) -> None:
    assert ask(stack, path).status == 404


def test_another_process_uses_the_same_store_and_the_stacks_outputs(stack: EmulatedStack) -> None:
    def client(service: str) -> Any:
        return boto3.client(service, endpoint_url=stack.aws_endpoint_url, region_name="us-east-1")  # type: ignore[call-overload]

    (described,) = client("cloudformation").describe_stacks(StackName="kolom")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    assert outputs["Table"] == "kolom-things"
    assert outputs["Site"] == stack.url
    ask(stack, "/put/seen", "POST", b"")
    assert client("dynamodb").get_item(TableName=outputs["Table"], Key={"id": {"S": "seen"}})["Item"]
    assert len(client("secretsmanager").get_secret_value(SecretId=outputs["Secret"])["SecretString"]) == 40
    ttl = client("dynamodb").describe_time_to_live(TableName="kolom-things")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_a_port_in_use_is_named(stack: EmulatedStack) -> None:
    taken = int(stack.url.rsplit(":", 1)[1])
    with pytest.raises(PortError, match=str(taken)), EmulatedStack(FIXTURE / "template.yaml", port=taken):
        pass


def test_a_port_that_the_user_may_not_use_is_not_called_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("kolom_cli.emulator.stack.HttpServer", refuse)
    refused = pytest.raises(PortError, match="you may not use port 80 or 81")
    with refused, EmulatedStack(FIXTURE / "template.yaml", port=80):
        pass


def test_an_overlong_url_is_rejected_with_a_response(stack: EmulatedStack) -> None:
    answer = ask(stack, "/anything?q=" + "x" * 300_000)
    assert (answer.status, answer.json) == (431, {"message": "Request Header Fields Too Large"})


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get"])
def test_methods_that_the_gateway_does_not_support_are_rejected(stack: EmulatedStack, method: str) -> None:
    """A route for any method matches seven methods."""
    answer = ask(stack, "/echo", method)
    assert (answer.status, answer.json) == (403, {"message": "Forbidden"})
