"""No request makes a route answer 5xx, and the API's errors are problem details."""

import base64
import importlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from kolom.articles import publishing
from kolom.comments import authors
from kolom.http.request_body import is_form
from kolom.models.base import MAX_KEY_BYTES, connection
from kolom.pagination import encode_cursor
from kolom.search.index_writer import update_index
from kolom.search.search_request import SearchRequest
from kolom.security import signing
from kolom_cli.sam.model import Route, Template
from tests.factories import NOW, Context, content, request
from tests.integration.conftest import Configure
from tests.integration.handlers import strings_in

type Case = tuple[str, dict[str, Any]]

LONG = "9" * 5_000
"""More digits than Python reads as a number, in more bytes than a key of DynamoDB has."""

WORDS = {
    "NUL": "\0",
    "a percent sign": "%",
    "no hexadecimal digits": "%zz",
    "no UTF-8": "%ff%fe",
    "an encoded surrogate": "%ED%A0%80",
    "an encoded NUL": "%00",
    "an encoded slash": "a%2Fb",
    "climbing": "..%2F..%2Fetc",
    "a long number": LONG,
    "long text": "é" * 3_000,
    "an encoded long text": quote("é" * 1_500),
    "another direction": "\u202e\u2066",
    "a line break": "a\r\nb",
}
VALUES = {
    **WORDS,
    "not a number": "NaN",
    "too large": "1e999",
    "negative": "-1",
    "nested JSON": "[" * 5_000,
    "other digits": "١٢",
    "a damaged cursor": "AAAA",
    "a cursor with accents": "é",
}
QUERIES = {
    "/api/articles": ("label", "year", "month", "limit", "cursor"),
    "/api/paths": ("path", "url"),
    "/api/search": ("q", "label", "language", "from", "to", "limit", "cursor"),
    "/api/search/suggest": ("q",),
    "/api/articles/{slug}/related": ("limit",),
    "/api/articles/{slug}/comments": ("order", "limit", "cursor"),
    "/api/comments": ("url", "order", "limit", "cursor"),
    "/api/comments/counts": ("slug", "url"),
    "/": ("cursor",),
    "/search/": ("q", "cursor"),
    "/hello/": ("comments", "answer"),
    "/feeds/{proxy+}": ("label",),
}
"""Which parameters a path reads."""

HEADERS = {
    "authorization": (
        *("", "Bearer", "Bearer ", "Basic eDp5", "Bearer 1.é.x", "Bearer 1.W10.x", f"Bearer 1.{LONG}"),
        f"Bearer 1.{base64.urlsafe_b64encode(b'[' * 300).decode()}.x",
    ),
    "if-none-match": ('"', ",,,", "*", 'W/"' * 2_000, "\0"),
    "accept-encoding": (";;q", "gzip;q=x", "*;q=0.000"),
    "accept-language": ("*;q=9," * 500, ";;;;", LONG, "\0"),
    "idempotency-key": ("", " ", "é", "a" * 256, "a\0"),
    "x-kolom-viewer": ("::1%eth0", LONG, "é"),
    "x-kolom-origin": ("é",),
    "content-type": ("", ";", "application/json; charset=utf-16", "multipart/form-data", "text/plain", "é/ü", "\0"),
}
POSITIONS = (
    *("", "x", "\0", "#", "[1,2]", "[NaN,NaN,NaN]", "[0,1e999,1]", f"[0,{LONG},1]", f"[0,0.5,{LONG}]", "[null,{},[]]"),
    *("[" * 5_000, "9999-99-99T99:99:99Z#000000000000", f"2026-01-01T00:00:00Z#{'١' * 12}", "Z" * 26),
)
NESTED = ("[" * 65 + "]" * 65, '{"a":' * 9_990 + "1" + "}" * 9_990, "[" * 9_990 + "]" * 9_990, "[" * 60_000)


def json_bodies() -> Iterator[tuple[str, str]]:
    """Generate bodies with the content type JSON."""
    for text in NESTED:
        yield f"nested {text[:5]}, {len(text)} characters", text
        yield f"nested in a field {text[:5]}, {len(text)} characters", f'{{"content": {text}}}'
    for text in ("", " ", "[]", "null", "1", '"x"', "{", "{}", "[}", "\ufeff{}", '{"content": "x"', "\0", "{'a': 1}"):
        yield f"no object: {text!r}", text
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", LONG, f"-{LONG}", f"1.{LONG}", "1e-9999"):
        yield f"the number {number[:10]}", f'{{"content": {number}, "message": {number}, "revision": {number}}}'
    for value in ("[]", "{}", "true", "null", '"\\ud800"', '"\\u0000"', '"\\udfff\\ud800"'):
        names = ("name", "content", "email", "website", "message", "subject", "parent_id", "notify_replies")
        tokens = ("form_token", "altcha", "website_url", "revision", "\\ud800")
        yield f"everywhere {value}", "{" + ", ".join(f'"{name}": {value}' for name in (*names, *tokens)) + "}"
    yield "the same name twice", '{"content": 1, "content": "x", "message": [], "message": "x"}'
    for name, proof in {
        "nested": b"[" * 3_000,
        "an array": b"[]",
        "a number": LONG.encode()[:3_000],
        "a surrogate": b'{"challenge": "\\ud800"}',
        "empty parts": b'{"challenge": {"parameters": {}, "signature": null}, "solution": {}}',
        "not UTF-8": b"\xff\xfe",
    }.items():
        altcha = base64.b64encode(proof).decode()
        fields = {"name": "Budi", "content": "Hello.", "email": "budi@example.com", "message": "Hello."}
        yield f"a proof of work: {name}", json.dumps({**fields, "altcha": altcha})
        yield f"a form token: {name}", json.dumps({**fields, "form_token": f"1.{altcha}.x"})


FORMS = {
    "application/x-www-form-urlencoded": (
        *("", "%", "%ff", "&&&", "=", "content=%ED%A0%80", "a[b][c][d]=1", "a=1&" * 60, "[" * 5_000, "é=é"),
        *("content=%00&name=%00&email=%00&message=%00", "redirect=%5C%5Cevil", "redirect=http://[", "revision=" + LONG),
    ),
    "multipart/form-data": ("", "x"),
    "multipart/form-data; boundary=b": (
        *("", "--b", "--b--", "--b\r\n\r\nx\r\n--b--", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
        '--b\r\nContent-Disposition: form-data; name="a[b][c]"\r\n\r\nx\r\n--b--',
        '--b\r\nContent-Disposition: form-data; name="\0"\r\nContent-Type: text/plain; charset=x\r\n\r\nx\r\n--b--',
    ),
}


def path_of(route: Route, value: str = "hello") -> str:
    """Return a path of the route with ``value`` for every variable."""
    path = route.path
    for name in ("slug", "comment_id", "token", "name", "proxy+"):
        path = path.replace(f"{{{name}}}", value)
    return path


def cases(route: Route, *, is_first: bool) -> Iterator[Case]:
    """Generate requests for a route; the first route of a function also gets requests that are unrelated to it."""
    path, method = path_of(route), route.method
    if method == "HEAD":
        return
    if "{" in route.path:
        for name, word in WORDS.items():
            yield f"in the path {name}", request(path_of(route, word), method=method)
    if method == "GET":
        yield from query_cases(route)
    if is_first:
        yield from common_cases(path, method)
    if method in {"POST", "PATCH", "DELETE"}:
        yield from body_cases(path, method)


def common_cases(path: str, method: str) -> Iterator[Case]:
    """Generate methods, headers and queries of every kind."""
    for name in ("GET", "PUT", "TRACE", "OPTIONS", "FOO", ""):
        yield f"the method {name!r}", request(path, method=name)
    for query in ("%", "%ff=%ff", "&&==&", "a" * 9_000, "%00=%00", "limit", "limit=1&limit=2", "q[]=1"):
        yield f"the query {query[:9]}", request(path, query, method=method)
    for name, values in HEADERS.items():
        for value in values:
            yield f"{name}: {value[:20]!r}", request(path, method=method, headers={name: value})
    bare = request(path, method=method)
    yield "no headers", {name: value for name, value in bare.items() if name != "headers"}
    yield "headers are null", {**bare, "headers": None, "queryStringParameters": None, "body": None}


def query_cases(route: Route) -> Iterator[Case]:
    """Generate queries of every kind."""
    for path in ("/search/", "/hello/") if route.path == "/{proxy+}" else (route.path,):
        for name in QUERIES.get(path, ()):
            address = path if path != route.path else path_of(route)
            for kind, value in VALUES.items():
                yield f"{path} {name} is {kind}", request(address, {name: value})
            for value in ("%", "%zz", "%ff%fe", "%ED%A0%80", "%00"):
                yield f"{path} {name}={value}", request(address, f"{name}={value}")


def body_cases(path: str, method: str) -> Iterator[Case]:
    """Generate bodies of every kind."""
    json_type = {"content-type": "application/json"}
    for name, text in json_bodies():
        yield f"JSON: {name}", request(path, method=method, headers=json_type, body=text)
    for content_type, texts in FORMS.items():
        for text in texts:
            headers = {"content-type": content_type}
            yield f"{content_type}: {text[:20]!r}", request(path, method=method, headers=headers, body=text)
    for name, data in {
        "not base64": "%%%",
        "not ASCII": "é",
        "not UTF-8": base64.b64encode(b'{"content": "\xff"}').decode(),
        "UTF-16": base64.b64encode('{"content": "x"}'.encode("utf-16")).decode(),
        "padding missing": "AAA",
    }.items():
        yield (
            f"base64: {name}",
            {
                **request(path, method=method, headers=json_type, body=data),
                "isBase64Encoded": True,
            },
        )
    yield "a body without a type", request(path, method=method, body="{}")
    yield "a body of text", request(path, method=method, headers={"content-type": "text/plain"}, body="{}")


def forged_cursors() -> Iterator[tuple[str, str, str, str]]:
    """Return forged cursors, each with the function and the list that it seems to belong to."""
    wanted = SearchRequest(
        text="body", language=None, earliest=None, latest=None, sort="relevance", limit=10, cursor=None
    )
    for position in POSITIONS:
        yield "fetch_articles", "/api/articles", "", encode_cursor("articles?&year=&month=", position)
        yield "search_articles", "/api/search", "q=body&", encode_cursor(wanted.listing, position)
        listing = "comments?article=1&order=oldest"
        yield "fetch_comments", "/api/articles/hello/comments", "", encode_cursor(listing, position)
        yield "serve_pages", "/", "", encode_cursor("articles?&year=&month=", position)


@pytest.fixture
def blog(secret: str, configure: Configure) -> None:
    """Publish an article, and configure the site for many comments."""
    configure(comments_per_minute=100, owner_email="owner@example.com", proof_of_work="none")
    publishing.publish(content("hello", labels=("News",)), now=NOW)
    update_index((1,))


@pytest.fixture
def strict_keys() -> Iterator[None]:
    """Reject overlong keys, as DynamoDB does and moto does not."""

    def check(params: dict[str, Any], **_: Any) -> None:
        for text in strings_in(params):
            assert len(text.encode()) <= MAX_KEY_BYTES, "a key is too long"

    names = ("GetItem", "BatchGetItem", "Query")
    events = connection().client.meta.events
    for name in names:
        events.register(f"provide-client-params.dynamodb.{name}", check)
    yield
    for name in names:
        events.unregister(f"provide-client-params.dynamodb.{name}", check)


def answer_of(function: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return the function's response."""
    answer: dict[str, Any] = importlib.import_module(f"functions.{function}.app").handler(event, Context())
    return answer


def fault(route: Route, event: dict[str, Any]) -> str | None:
    """Return what is wrong with the response; None if it is not a server error and has the route's format."""
    try:
        answer = answer_of(route.function, event)
    except Exception as error:  # noqa: BLE001 - API Gateway answers 500 to any exception
        return repr(error)
    if answer["statusCode"] >= 500:
        return str(answer["body"])
    json.dumps(answer).encode()
    kind = answer["headers"].get("Content-Type", "")
    is_told = answer["statusCode"] < 400 or kind in {"application/problem+json", "text/html; charset=utf-8"}
    is_page = kind.startswith("text/html")
    may_be_page = not route.path.startswith("/api/") or "{token}" in route.path or is_form(event)
    return None if is_told and (may_be_page or not is_page) else f"{answer['statusCode']} {kind}"


FUNCTIONS = [
    *("fetch_articles", "serve_mail_links", "preview_article", "fetch_comments", "search_articles"),
    *("serve_feeds", "serve_pages", "submit_contact", "write_comments"),
]


@pytest.mark.usefixtures("blog", "strict_keys")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_request_is_answered_with_a_server_error(
    function: str, template: Template, subtests: pytest.Subtests
) -> None:
    routes = [route for route in template.routes if route.function == function]
    for route in routes:
        faults = {}
        for number, (name, event) in enumerate(cases(route, is_first=route is routes[0])):
            event["requestContext"]["http"]["sourceIp"] = f"10.{number // 250}.{number % 250}.1"
            faults[name] = fault(route, event)
        with subtests.test(route.key):
            assert {name: found for name, found in faults.items() if found is not None} == {}


@pytest.mark.usefixtures("blog", "strict_keys")
def test_a_forged_cursor_is_rejected_or_starts_at_another_position() -> None:
    for function, path, query, cursor in forged_cursors():
        answer = answer_of(function, request(path, f"{query}cursor={cursor}"))
        assert answer["statusCode"] in {200, 400}, (path, cursor)


@pytest.mark.usefixtures("blog")
@pytest.mark.parametrize(
    ("function", "method", "path"),
    [
        ("write_comments", "POST", "/api/articles/hello/comments"),
        ("write_comments", "PATCH", "/api/articles/hello/comments/01"),
        ("submit_contact", "POST", "/api/contact"),
    ],
)
def test_json_may_be_nested_64_levels_deep_and_no_deeper(function: str, method: str, path: str) -> None:
    def status(levels: int) -> int:
        text = '{"x":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"
        answer = answer_of(
            function, request(path, method=method, headers={"content-type": "application/json"}, body=text)
        )
        return int(answer["statusCode"])

    assert (status(64), status(65), status(9_990)) == (422, 400, 400)


@pytest.mark.usefixtures("blog")
def test_brackets_within_strings_do_not_count_as_nesting() -> None:
    text = json.dumps({"name": "Budi", "content": '[{"' * 1_000 + "\\"})
    event = request(
        "/api/articles/hello/comments", method="POST", headers={"content-type": "application/json"}, body=text
    )
    assert answer_of("write_comments", event)["statusCode"] == 201


@pytest.mark.usefixtures("blog")
def test_an_edit_token_with_another_purpose_or_key_is_rejected() -> None:
    token = authors.create_edit_token(1, "01", signing.load_keys())
    for forged in (
        token.replace("1.", "2.", 1),
        token[:-1],
        f"{token}.x",
        signing.sign("x", [1, "01"], signing.load_keys()),
    ):
        event = request(
            "/api/articles/hello/comments/01", method="DELETE", headers={"authorization": f"Bearer {forged}"}
        )
        assert answer_of("write_comments", event)["statusCode"] in {401, 422}
