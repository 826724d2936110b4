"""The search page: links that narrow a search, and those that remove its filters."""

from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import html

from kolom.articles import publishing
from kolom.pages.router import dispatch
from kolom.search.index_writer import update_index
from tests.factories import NOW, content
from tests.integration.conftest import Configure

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, **changes: Any) -> None:
    """Publish an article about coffee and index it."""
    done = publishing.publish(content(slug, html="<p>coffee</p>", **changes), now=NOW)
    assert update_index([done.article.id]) == set()


def page(**query: Any) -> html.HtmlElement:
    """Return the search page."""
    values = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
    return html.fromstring(dispatch("/search/", {"q": ["coffee"], **values}).html)


def links(found: html.HtmlElement, *, are_active: bool) -> dict[str, str]:
    """Return the links that remove a filter, or those that add one, by text."""
    shown = [each for each in found.xpath("//nav[@class='facets']//a") if (each.get("class") is not None) == are_active]
    return {" ".join(each.text_content().split()): each.get("href") for each in shown}


@pytest.fixture
def blog(tables: None, configure: Configure) -> None:
    """Publish two articles that differ in label, year and language."""
    configure(languages="en,id")
    publish("one", labels=("All", "Travel"), language="en", published_at=datetime(2023, 5, 1, tzinfo=UTC))
    publish("two", labels=("All",), language="id", published_at=datetime(2024, 5, 1, tzinfo=UTC))


@pytest.mark.usefixtures("blog")
def test_the_page_offers_what_narrows_the_search() -> None:
    """A label that all results have would not narrow it."""
    assert links(page(), are_active=False) == {
        "Travel 1": "/search/?q=coffee&label=Travel",
        "2024 1": "/search/?q=coffee&from=2024-01-01&to=2024-12-31",
        "2023 1": "/search/?q=coffee&from=2023-01-01&to=2023-12-31",
        "English 1": "/search/?q=coffee&language=en",
        "Indonesian 1": "/search/?q=coffee&language=id",
    }


@pytest.mark.usefixtures("blog")
def test_the_links_keep_the_other_filters() -> None:
    assert links(page(label="all", sort="newest"), are_active=False)["Travel 1"] == (
        "/search/?q=coffee&label=all&label=Travel&sort=newest"
    )


@pytest.mark.usefixtures("blog")
def test_each_filter_can_be_removed() -> None:
    found = page(label=["all", "travel", "ALL"], language="en", **{"from": "2023-01-01", "to": "2023-12-31"})
    years = "&from=2023-01-01&to=2023-12-31"
    assert links(found, are_active=True) == {
        "Remove the filter all ×": f"/search/?q=coffee&label=travel&language=en{years}",
        "Remove the filter travel ×": f"/search/?q=coffee&label=all&language=en{years}",
        "Remove the filter 2023 ×": "/search/?q=coffee&label=all&label=travel&language=en",
        "Remove the filter English ×": f"/search/?q=coffee&label=all&label=travel{years}",
    }
    assert [each.get("value") for each in found.xpath("//form//input[@name='label']")] == ["all", "travel"]


@pytest.mark.usefixtures("blog")
def test_a_search_that_cannot_be_narrowed_has_no_links() -> None:
    assert not page(q="zebra").find_class("facets")


def test_a_search_of_the_blog_alone_leaves_out_pages_of_other_sites() -> None:
    publish("own")
    publish("other", kind="external", url="https://a.example/other/")
    for site, wanted in (("blog.example", "/own/"), ("a.example", "https://a.example/other/")):
        shown = page(q=f"coffee site:{site}").xpath("//main//a/@href")
        assert {each for each in shown if "own" in each or "other" in each} == {wanted}


def test_the_search_page_explains_the_operators(configure: Configure) -> None:
    configure(languages="id,en")
    assert "teh OR kopi" in page(q="").find_class("search__tips")[0].text_content()
