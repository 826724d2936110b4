"""The CloudFront function of the template, run by the JavaScript engine of a browser."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from kolom.i18n.negotiation import LANGUAGE_HEADER
from kolom.security.client_address import VIEWER_HEADER
from kolom_cli.sam.intrinsics import parse
from tests.paths import PROJECT
from tests.unit.i18n.test_negotiation import HEADERS, LANGUAGES

RUN = "([code, events]) => { const handler = new Function(`${code}; return handler;`)(); return events.map(handler); }"


@pytest.fixture(scope="module")
def code() -> str:
    """Return the function's code with the languages of the test."""
    resource = parse((PROJECT / "template.yaml").read_text("utf-8"))["Resources"]["NameViewer"]
    written: str = resource["Properties"]["FunctionCode"]["Fn::Sub"]
    return written.replace("${Languages}", ",".join(LANGUAGES))


def run(chromium: Browser, code: str, *headers: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the function for requests with these headers; return the headers that it passes on."""
    events = [{"viewer": {"ip": "203.0.113.7"}, "request": {"headers": each}} for each in headers]
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


def test_a_visitor_cannot_set_the_headers_of_the_cdn(chromium: Browser, code: str) -> None:
    forged = {LANGUAGE_HEADER: {"value": "en"}, VIEWER_HEADER: {"value": "198.51.100.1"}}
    (found,) = run(chromium, code, forged)
    assert (found[LANGUAGE_HEADER]["value"], found[VIEWER_HEADER]["value"]) == ("id", "203.0.113.7")
    assert "${" not in code
    assert len(code) < 10_000
