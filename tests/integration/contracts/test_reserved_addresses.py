"""Articles cannot have an address that the site itself serves."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.articles.names import (
    RESERVED_SLUGS,
    SITE_SEGMENTS,
    alias_problem,
    is_reserved_path,
    path_problem,
    slug_problem,
)
from kolom.pages.router import _ROUTES
from kolom_cli.emulator.inbox_pages import ROOT
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template
from tests.paths import PROJECT

PAGES = [pattern for pattern, _ in _ROUTES if not pattern.fullmatch("/")]


def _segment(path: str) -> str:
    return path.split("/")[1].rstrip("?")


def _served_segments() -> set[str]:
    """Return the first path segments of the routes of the API, the CDN, the pages and the local stack."""
    template: Template = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"})
    assert template.cdn is not None
    routes = [route.path for route in template.routes]
    behaviors = [each.pattern for each in template.cdn.behaviors]
    pages = [pattern.pattern for pattern in PAGES if pattern.pattern[1].isalpha()]
    return {_segment(path) for path in (*routes, *behaviors, *pages, ROOT) if re.match(r"/[^{]", path)}


def test_reserved_segments_are_those_that_the_site_serves() -> None:
    assert _served_segments() == SITE_SEGMENTS


def test_studio_and_well_known_paths_are_reserved() -> None:
    assert {"studio", ".well-known"} <= RESERVED_SLUGS


@pytest.mark.parametrize("segment", ["about", "tags", "wp-login.php", "feed", "index.html", "favicon.ico"])
def test_other_paths_are_available_for_articles(segment: str) -> None:
    assert path_problem(f"/{segment}/") is None


@pytest.mark.parametrize("segment", sorted(RESERVED_SLUGS))
def test_no_article_gets_a_reserved_address(segment: str) -> None:
    for path in (f"/{segment}", f"/{segment}/", f"/{segment}/x.html"):
        assert "is reserved for the site itself" in str(path_problem(path))
        assert "is reserved for the site itself" in str(alias_problem(path))
    assert slug_problem(segment)


@given(path=st.one_of([st.from_regex(pattern, fullmatch=True) for pattern in PAGES]))
def test_no_article_has_the_address_of_a_page_of_the_site(path: str) -> None:
    assert path_problem(path)
    assert alias_problem(path)
    if (match := re.fullmatch(r"/([^/]+)/", path)) is not None:
        assert slug_problem(match[1])


@pytest.mark.parametrize(
    ("path", "is_list"),
    [
        ("/2024", True),
        ("/2024/", True),
        ("/2024/5", True),
        ("/2024/05", True),
        ("/2024/12/", True),
        ("/2024/13/", False),
        ("/2024/00/", False),
        ("/2024/100/", False),
        ("/2024/05/title/", False),
        ("/20245/", False),
        ("/\u0662\u0660\u0662\u0664/", False),
    ],
)
def test_lists_by_year_and_month_have_reserved_addresses(path: str, is_list: bool) -> None:
    assert is_reserved_path(path) is is_list
    assert (path_problem(path) is not None) is is_list
