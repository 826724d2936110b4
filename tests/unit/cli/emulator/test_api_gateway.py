"""Conversion of requests to events and of results to responses, as in API Gateway's HTTP API."""

import base64

import pytest

from kolom_cli.emulator.api_gateway import Match, Request, match_route, preflight, to_event, to_response, with_cors
from kolom_cli.sam.model import Cors, Route

CORS = Cors(allow_origins=("https://a.example",), allow_methods=("GET",), allow_headers=("x-a",), max_age_seconds=9)


def route(key: str) -> Route:
    method, _, path = key.rpartition(" ")
    return Route(method=method or "ANY", path=path, function="f")


def event(**request: object) -> dict[str, object]:
    match = Match(route("GET /x"), {})
    return to_event(Request(**{"method": "GET", "path": "/x", **request}), match, now=0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/a/b", "GET /a/b"),
        ("GET", "/a/c", "GET /a/{name}"),
        ("GET", "/a/c/d", "GET /a/{proxy+}"),
        ("GET", "/b", "$default"),
        ("POST", "/a/b", "ANY /a/b"),
        ("DELETE", "/a/c", "$default"),
    ],
)
def test_the_most_specific_route_is_chosen(method: str, path: str, key: str) -> None:
    keys = ["$default", "GET /a/{proxy+}", "GET /a/{name}", "ANY /a/b", "GET /a/b"]
    match = match_route([route(each) for each in keys], method, path)
    assert match is not None
    assert match.route.key == key


def test_path_variables_are_named() -> None:
    match = match_route([route("GET /a/{x}/{proxy+}")], "GET", "/a/1/2/3")
    assert match is not None
    assert match.path_parameters == {"x": "1", "proxy": "2/3"}


def test_an_unknown_path_has_no_route() -> None:
    assert match_route([route("GET /a")], "POST", "/a") is None


def test_the_path_is_decoded_and_the_query_string_is_not() -> None:
    made = event(path="/x%20y/%C3%A9", query="q=a%20b")
    assert made["rawPath"] == "/x y/é"
    assert made["rawQueryString"] == "q=a%20b"
    assert made["queryStringParameters"] == {"q": "a b"}


def test_the_path_ends_at_a_question_mark_that_is_encoded_once() -> None:
    assert event(path="/x%3Fy/z", query="q=a")["rawPath"] == "/x"
    assert event(path="/x%253Fy/z")["rawPath"] == "/x%3Fy/z"


def test_repeated_parameters_and_headers_are_joined_by_commas() -> None:
    made = event(query="a=1&b=&a=2", headers=[("X-One", "1"), ("x-one", "2")])
    assert made["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert made["headers"]["x-one"] == "1,2"  # type: ignore[index]


def test_cookies_are_a_list_and_no_header() -> None:
    made = event(headers=[("Cookie", "a=1; b=2")])
    assert made["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in made["headers"]  # type: ignore[operator]


def test_optional_fields_are_omitted_from_the_event() -> None:
    assert not {"cookies", "queryStringParameters", "pathParameters", "body"} & event().keys()


def test_the_context_has_the_ip_address_and_the_time() -> None:
    context = event(source_ip="127.0.0.9", headers=[("X-Forwarded-For", "6.6.6.6"), ("User-Agent", "u")])[
        "requestContext"
    ]
    assert context["http"] == {  # type: ignore[index]
        "method": "GET",
        "path": "/x",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.9",
        "userAgent": "u",
    }
    assert (context["time"], context["timeEpoch"]) == ("01/Jan/1970:00:00:00 +0000", 0)  # type: ignore[index]


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", "application/x-www-form-urlencoded"])
def test_text_bodies_are_passed_as_text(kind: str) -> None:
    made = event(headers=[("Content-Type", kind)], body="é".encode())
    assert (made["body"], made["isBase64Encoded"]) == ("é", False)


@pytest.mark.parametrize("kind", ["image/png", "multipart/form-data; boundary=x", ""])
def test_binary_bodies_are_passed_as_base64(kind: str) -> None:
    made = event(headers=[("Content-Type", kind)], body=b"\xff")
    assert (made["body"], made["isBase64Encoded"]) == (base64.b64encode(b"\xff").decode(), True)


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "x"},
        {"statusCode": 99},
        {"statusCode": 100},
        {"statusCode": 200, "body": 1},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"a": "b\nc: d"}},
        {"statusCode": 200, "headers": {"a": "b\x01"}},
        {"statusCode": 200, "headers": {"a": "日"}},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"a: b\r\nc": "d"}},
        {"statusCode": 200, "headers": {"": "b"}},
        {"statusCode": 200, "cookies": ["a=b\r\nc: d"]},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "body": "x" * 6 * 1024 * 1024},
        {"unserialisable": object()},
    ],
)
def test_a_malformed_result_is_an_internal_server_error(result: object) -> None:
    response = to_response(result)
    assert (response.status, response.body) == (500, b'{"message":"Internal Server Error"}')


def test_the_size_of_a_result_is_measured_as_the_runtime_encodes_it() -> None:
    """Lambda's runtime for Python 3.13 does not escape characters beyond ASCII."""
    assert to_response({"statusCode": 200, "body": "日" * 1_500_000}).status == 200
    assert to_response({"statusCode": 200, "body": "日" * 2_100_000}).status == 500


@pytest.mark.parametrize(
    ("result", "body"), [({"a": 1}, b'{"a": 1}'), ("text", b"text"), ([1], b"[1]"), (None, b"null")]
)
def test_a_result_without_a_status_code_becomes_a_json_response(result: object, body: bytes) -> None:
    response = to_response(result)
    assert (response.status, response.headers, response.body) == (200, [("Content-Type", "application/json")], body)


def test_the_gateway_answers_preflight_requests_of_allowed_origins() -> None:
    response = preflight(CORS, Request(method="OPTIONS", path="/", headers=[("Origin", "https://a.example")]))
    assert response is not None
    assert response.status == 204
    assert dict(response.headers) == {
        "access-control-allow-origin": "https://a.example",
        "vary": "origin",
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "9",
    }


@pytest.mark.parametrize("origin", ["https://b.example", "https://a.example.evil", "http://a.example"])
def test_other_origins_get_no_cors_headers(origin: str) -> None:
    request = Request(method="GET", path="/", headers=[("Origin", origin)])
    assert with_cors(CORS, request, to_response("x")).headers == to_response("x").headers


def test_the_gateways_cors_headers_replace_those_of_the_function() -> None:
    request = Request(method="GET", path="/", headers=[("Origin", "https://a.example")])
    answer = to_response({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}})
    assert ("access-control-allow-origin", "https://a.example") in with_cors(CORS, request, answer).headers
    assert ("Access-Control-Allow-Origin", "*") not in with_cors(CORS, request, answer).headers
