"""The CloudFront function of the template, run by the JavaScript engine of a browser."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from kolom.i18n.negotiation import LANGUAGE_HEADER
from kolom.security.client_address import VIEWER_HEADER
from kolom_cli.emulator.api_gateway import Request
from kolom_cli.emulator.cloudfront import through_function
from kolom_cli.sam.intrinsics import parse
from kolom_cli.sam.loader import load
from tests.paths import PROJECT
from tests.unit.i18n.test_negotiation import HEADERS, LANGUAGES

QUERIES = (
    *("", "q=a", "utm_source=x", "fbclid=x&q=a%20b+c", "p=12&utm_campaign=a&p=13", "slug=a&slug=b&gclid=x&slug=c"),
    *("Q=a", "q", "unknown", "__proto__=x&q=a", "toString=x", "constructor=1&label=b"),
)
RUN = "([code, events]) => { const handler = new Function(`${code}; return handler;`)(); return events.map(handler); }"


@pytest.fixture(scope="module")
def code() -> str:
    """Return the function's code with the languages of the test."""
    resource = parse((PROJECT / "template.yaml").read_text("utf-8"))["Resources"]["NameViewer"]
    written: str = resource["Properties"]["FunctionCode"]["Fn::Sub"]
    return written.replace("${Languages}", ",".join(LANGUAGES))


def run(chromium: Browser, code: str, *headers: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the function for requests with these headers; return the headers that it passes on."""
    events = [
        {"viewer": {"ip": "203.0.113.7"}, "request": {"uri": "/", "headers": each, "querystring": {}}}
        for each in headers
    ]
    page = chromium.new_page()
    requests = page.evaluate(RUN, [code, events])
    page.close()
    return [each["headers"] for each in requests]


def test_the_cdn_chooses_the_same_language_as_the_functions(chromium: Browser, code: str) -> None:
    found = run(chromium, code, *({"accept-language": {"value": header}} for header in HEADERS), {})
    assert [each[LANGUAGE_HEADER]["value"] for each in found] == [*HEADERS.values(), "id"]


def test_a_repeated_header_counts_as_one_list(chromium: Browser, code: str) -> None:
    repeated = {"value": "fr", "multiValue": [{"value": "fr"}, {"value": "en;q=0.5"}]}
    (found,) = run(chromium, code, {"accept-language": repeated})
    assert found[LANGUAGE_HEADER]["value"] == "en"


def event_of(query: str) -> dict[str, Any]:
    """Return CloudFront's event for a request with this query string."""
    found: dict[str, Any] = {}
    for each in filter(None, query.split("&")):
        name, _, value = each.partition("=")
        entry = found.setdefault(name, {"value": value, "multiValue": []})
        entry["multiValue"].append({"value": value})
    for entry in found.values():
        if len(entry["multiValue"]) == 1:
            del entry["multiValue"]
    return {"viewer": {"ip": "203.0.113.7"}, "request": {"uri": "/", "headers": {}, "querystring": found}}


def test_the_cdn_keeps_the_same_parameters_as_the_local_stack(chromium: Browser, code: str) -> None:
    cdn = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"}).cdn
    assert cdn is not None
    assert cdn.query_parameters is not None
    known = cdn.query_parameters
    page = chromium.new_page()
    requests = page.evaluate(RUN, [code, [event_of(query) for query in QUERIES]])
    page.close()
    locally = [through_function(Request(method="GET", path="/", query=query), known).query for query in QUERIES]
    assert [each["querystring"] for each in requests] == [
        event_of(query)["request"]["querystring"] for query in locally
    ]


def test_the_cdn_encodes_the_same_question_marks_as_the_local_stack(chromium: Browser, code: str) -> None:
    paths = ("/", "/label/why%3F/", "/label/why%3f%3F/", "/label/why%253F/", "/label/c%23/")
    events = [{**event_of(""), "request": {"uri": path, "headers": {}, "querystring": {}}} for path in paths]
    page = chromium.new_page()
    requests = page.evaluate(RUN, [code, events])
    page.close()
    locally = [through_function(Request(method="GET", path=path), frozenset()).path for path in paths]
    assert [each["uri"] for each in requests] == locally
    assert locally[1:3] == ["/label/why%253F/", "/label/why%253F%253F/"]


def test_a_visitor_cannot_set_the_headers_of_the_cdn(chromium: Browser, code: str) -> None:
    forged = {LANGUAGE_HEADER: {"value": "en"}, VIEWER_HEADER: {"value": "198.51.100.1"}}
    (found,) = run(chromium, code, forged)
    assert (found[LANGUAGE_HEADER]["value"], found[VIEWER_HEADER]["value"]) == ("id", "203.0.113.7")
    assert "${" not in code
    assert len(code) < 10_000
