"""The security page names existing tests, and counts their hostile cases."""

import math
import re
from collections.abc import Callable
from typing import Final

import pytest

from kolom_cli.sam.model import Template
from tests.hostile import hostile_addresses, hostile_lines, hostile_texts
from tests.hostile_markup import hostile_markdown, hostile_markup
from tests.integration.cli import test_archive as archives
from tests.integration.comments import test_posting as posting
from tests.integration.contracts import test_hostile_requests as requests
from tests.integration.contracts import test_malformed_events as events
from tests.integration.pages import test_router as router
from tests.paths import PROJECT
from tests.unit.articles import test_preview_links as preview_links
from tests.unit.cli.archive import test_reader as archive_reader
from tests.unit.cli.importers.wordpress import test_reader as wordpress
from tests.unit.cli.media import test_downloader as downloader
from tests.unit.cli.media import test_store as media
from tests.unit.http import test_cross_origin as cross_origin
from tests.unit.rendering import test_sanitizer as sanitizer
from tests.unit.security import test_client_address as client_address

PAGE: Final = PROJECT / "docs/security.md"
FILE: Final = re.compile(r"(?:[a-z_]+/)+test_[a-z_]+\.py")
TEST: Final = re.compile(r"test_[a-z0-9_]+")


def cases(*tests: Callable[..., object]) -> int:
    """Return how many cases these parametrized tests have."""
    marks = [[mark for mark in vars(test)["pytestmark"] if mark.name == "parametrize"] for test in tests]
    return sum(math.prod(len(mark.args[1]) for mark in each) for each in marks)


def requests_to(template: Template) -> int:
    routes = [route for route in template.routes if route.function in requests.FUNCTIONS]
    first = {route.function: route for route in reversed(routes)}
    return sum(len(list(requests.cases(route, is_first=route is first[route.function]))) for route in routes)


@pytest.fixture
def counted(template: Template) -> dict[str, int]:
    """Return the number of hostile cases of each kind."""
    return {
        "texts of comments": len(list(hostile_texts())),
        "HTML and Markdown of articles": cases(
            sanitizer.test_hostile_html_becomes_harmless,
            sanitizer.test_hostile_html_becomes_harmless_within_other_markup,
            sanitizer.test_hostile_markdown_becomes_harmless,
            sanitizer.test_the_results_of_a_resolver_are_sanitised_too,
        ),
        "HTML, SVG, MathML and Markdown for a browser": len({*hostile_markup(), *hostile_markdown()}),
        "email addresses": len(list(hostile_addresses())),
        "names and subjects of messages": len(list(hostile_lines())),
        "requests to all routes": requests_to(template),
        "forged cursors": len(list(requests.forged_cursors())),
        "origins of other websites": cases(cross_origin.test_requests_of_other_websites_are_refused),
        "malformed tokens": cases(
            preview_links.test_a_malformed_token_is_rejected,
            preview_links.test_a_malformed_token_is_rejected_without_reading_the_secret,
        ),
        "redirects to other websites": cases(
            posting.test_a_form_does_not_redirect_to_other_urls, router.test_no_address_redirects_to_another_host
        ),
        "forged client addresses": cases(
            client_address.test_without_the_secret_the_connections_address_is_used,
            client_address.test_an_invalid_address_in_the_header_is_ignored,
        ),
        "stream records and events": len(events.CARDS) + len(events.MAILS) + len(events.SES),
        "records of archives": len(archive_reader.HOSTILE_ARCHIVES) + len(archives.HOSTILE_ARCHIVES),
        "entities in XML": cases(wordpress.test_an_export_that_declares_entities_is_rejected),
        "addresses of pictures to download": cases(
            downloader.test_addresses_that_are_not_public_are_refused,
            downloader.test_other_urls_are_refused,
            downloader.test_a_url_without_a_host_or_with_a_bad_port_is_invalid,
            downloader.test_the_target_of_a_redirect_is_checked_too,
        ),
        "active or malformed SVG files": cases(
            media.test_an_svg_with_active_content_is_rejected, media.test_a_malformed_svg_is_rejected
        ),
    }


def test_the_hostile_cases_are_counted_from_the_tests(counted: dict[str, int]) -> None:
    table = PAGE.read_text("utf-8").partition("\n## Hostile cases\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d,]+) \|", table, re.MULTILINE))
    assert {kind: int(number.replace(",", "")) for kind, number in rows.items()} == counted


def test_every_named_test_exists() -> None:
    """A cell names files, and then tests that each are in one of these files."""
    cells = [cell for line in PAGE.read_text("utf-8").splitlines() for cell in line.split(" | ")]
    named = 0
    for cell in cells:
        files = FILE.findall(cell)
        source = "".join((PROJECT / "tests" / file.removeprefix("tests/")).read_text("utf-8") for file in files)
        for test in TEST.findall(FILE.sub("", cell)):
            assert f"def {test}(" in source, test
            named += 1
    assert named > 80


def test_every_threat_has_a_proof() -> None:
    sections = re.findall(r"\| threat \| mitigation \| proof \|\n\|[-|]+\|\n((?:\|.+\n)+)", PAGE.read_text("utf-8"))
    rows = [row for section in sections for row in section.splitlines()]
    assert len(rows) > 50
    assert [row for row in rows if not FILE.search(row.rpartition(" | ")[2])] == []
