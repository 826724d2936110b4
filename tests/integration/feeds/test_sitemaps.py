"""The sitemap index, the sitemaps and robots.txt."""

from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from functions.serve_feeds import app
from kolom.articles import publishing
from kolom.errors import InvalidInput
from kolom.feeds import sitemaps
from tests.factories import NOW, content, request
from tests.integration.contracts.recorder import recorded
from tests.integration.handlers import Response, call

pytestmark = pytest.mark.usefixtures("tables")

SITE = "https://blog.example"
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def get(path: str) -> Response:
    return call(app.handler, request(path))


def places(path: str) -> list[str]:
    """Return the addresses that a document lists, without the origin."""
    answer = get(path)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    document = etree.fromstring(answer.body.encode())
    return [str(place.text).removeprefix(SITE) for place in document.iter(f"{NAMESPACE}loc")]


def publish(slug: str, date: str, **changes: Any) -> None:
    moment = datetime.fromisoformat(date).replace(tzinfo=UTC)
    publishing.publish(content(slug, published_at=moment, **changes), now=NOW)


def test_the_index_lists_the_pages_and_every_month_with_articles() -> None:
    publish("a", "2025-12-01")
    publish("b", "2026-02-01")
    assert places("/sitemap.xml") == [f"/sitemaps/{name}.xml" for name in ("pages", "2026-02", "2025-12")]


def test_every_published_address_is_in_exactly_one_sitemap() -> None:
    publish("a", "2026-01-05")
    publish("b", "2026-01-06", path="/2026/01/b & c.html".replace(" ", ""))
    publish("rujak", "2026-02-01")
    publish("café", "2026-02-02")
    publish("about", "2026-02-03", kind="page")
    publish("imprint", "2026-02-03", kind="page")
    publish("draft", "2026-02-04", draft=True)
    publish("gone", "2026-02-05")
    publishing.delete("gone", now=NOW)
    listed = [place for name in places("/sitemap.xml") for place in places(name)]
    assert sorted(listed) == sorted(
        [
            "/",
            "/archive/",
            "/labels/",
            "/contact/",
            "/about/",
            "/imprint/",
            "/a/",
            "/2026/01/b&c.html",
            "/rujak/",
            "/caf%C3%A9/",
        ]
    )


def test_an_address_has_its_date_of_last_change() -> None:
    publish("a", "2026-01-05", updated_at=datetime(2026, 1, 9, 8, 30, tzinfo=UTC))
    document = etree.fromstring(get("/sitemaps/2026-01.xml").body.encode())
    assert document.findtext(f"{NAMESPACE}url/{NAMESPACE}lastmod") == "2026-01-09T08:30:00Z"


def test_months_are_in_the_sites_time_zone() -> None:
    publish("a", "2026-01-31T18:00")  # February in Jakarta
    assert places("/sitemap.xml")[1:] == ["/sitemaps/2026-02.xml"]
    assert places("/sitemaps/2026-02.xml") == ["/a/"]


def test_a_month_with_too_many_articles_is_split_into_stable_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sitemaps, "MAX_URLS", 2)
    for day in range(1, 6):
        publish(f"d{day}", f"2026-01-0{day}")
    assert places("/sitemap.xml")[1:] == [f"/sitemaps/2026-01{part}.xml" for part in ("", "-2", "-3")]
    assert [places(f"/sitemaps/2026-01{part}.xml") for part in ("", "-2", "-3")] == [
        *(["/d1/", "/d2/"], ["/d3/", "/d4/"]),
        ["/d5/"],
    ]
    publish("d6", "2026-01-06")
    assert places("/sitemaps/2026-01.xml") == ["/d1/", "/d2/"]


def test_a_part_that_does_not_exist_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_URLS", 1)
    for day in range(1, 4):
        publish(f"d{day}", f"2026-01-0{day}")
    for name, status, requests in (("2026-01-3.xml", 200, 2), ("2026-01-4.xml", 404, 1), ("2026-01-11.xml", 404, 0)):
        with recorded() as asked:
            assert get(f"/sitemaps/{name}").status == status
        assert len(asked.operations) == requests


def test_the_number_of_parts_of_a_month_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_URLS", 1)
    monkeypatch.setattr(sitemaps, "MAX_PARTS", 2)
    for day in range(1, 5):
        publish(f"d{day}", f"2026-01-0{day}")
    assert places("/sitemap.xml")[1:] == ["/sitemaps/2026-01.xml", "/sitemaps/2026-01-2.xml"]
    assert get("/sitemaps/2026-01-3.xml").status == 404


@pytest.mark.parametrize(
    "name",
    [
        *("2026-02.xml", "2026-13.xml", "2026-1.xml", "0000-01.xml", "9999-12.xml", "2026-01-1.xml", "2026-01-2.xml"),
        *("2026-01-999.xml", "2026-01-1000.xml", "pages", "x", "%00", "2026-01.xml.gz", "２０２６-01.xml"),
    ],
)
def test_a_sitemap_that_no_index_lists_is_not_found(name: str) -> None:
    publish("a", "2026-01-01")
    assert get(f"/sitemaps/{name}").status == 404


def test_a_sitemap_costs_one_request_and_robots_txt_none() -> None:
    publish("a", "2026-01-01")
    for path, expected in (("/sitemap.xml", 1), ("/sitemaps/pages.xml", 1), ("/sitemaps/2026-01.xml", 1)):
        with recorded() as asked:
            get(path)
        assert len(asked.operations) == expected
    with recorded() as asked:
        get("/robots.txt")
    assert len(asked.operations) == 0


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml", "/sitemaps/x.xml", "/feeds/atom.xml"])
def test_no_article_can_have_the_address_of_a_sitemap(path: str) -> None:
    with pytest.raises(InvalidInput, match="reserved for the site itself"):
        publish("a", "2026-01-01", path=path)


def test_robots_txt_excludes_the_api_and_search_results_and_names_the_sitemap() -> None:
    answer = get("/robots.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.body.splitlines()
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /api/", "Disallow: /preview/", "Disallow: /search/?"} <= set(lines)
    assert f"Sitemap: {SITE}/sitemap.xml" in lines
