"""WordPress URLs that differ only in their query, such as ``/?p=12``, redirect to their equivalent, if any."""

from urllib.parse import parse_qs, urlsplit

import pytest

from functions.fetch_articles.app import handler as fetch_articles
from kolom.articles import aliases, publishing
from kolom.pages.response import HtmlResponse
from kolom.pages.router import dispatch
from tests.factories import NOW, content, request
from tests.integration.handlers import call


@pytest.fixture
def article(tables: None) -> int:
    """Publish an article that was the post 12 of a WordPress blog."""
    published = publishing.publish(content("hello", path="/2012/01/hello/"), now=NOW).article.id
    aliases.add_alias(published, "/?p=12")
    return published


def _get(address: str) -> HtmlResponse:
    parts = urlsplit(address)
    return dispatch(parts.path, parse_qs(parts.query))


@pytest.mark.usefixtures("article")
@pytest.mark.parametrize(
    "address",
    [
        *("/?p=12", "/?page_id=12", "/index.php?p=12", "?p=12", "/blog/?p=12", "/blog/index.php?page_id=12"),
        *("/?p=12&preview=true&preview_nonce=1a", "/?p=12&cpage=2", "/?p=abc&page_id=12", "/?post_type=x&p=12"),
    ],
)
def test_the_number_of_a_post_leads_to_it_in_one_redirect(address: str) -> None:
    answer = _get(address)
    assert (answer.status, answer.headers["Location"]) == (301, "/2012/01/hello/")
    assert _get(answer.headers["Location"]).status == 200


@pytest.mark.usefixtures("article")
def test_a_redirect_keeps_other_parameters() -> None:
    assert _get("/?p=12&utm_source=a+b").headers["Location"] == "/2012/01/hello/?utm_source=a+b"


@pytest.mark.usefixtures("article")
@pytest.mark.parametrize(
    "address",
    [
        "/?p=13",
        "/?page_id=13",
        "/index.php?p=13",
        "/blog/?p=13",
        "/?attachment_id=3",
        "/?cat=3",
        "/?author=1",
        "/?p=0",
        "/?p=00001",
        "/?p=99999999999999999999",
    ],
)
def test_an_unknown_number_is_an_error_page(address: str) -> None:
    assert _get(address).status == 404


@pytest.mark.parametrize("status", ["draft", "deleted"])
def test_the_number_of_a_post_that_is_not_public_is_an_error_page(article: int, status: str) -> None:
    (publishing.unpublish if status == "draft" else publishing.delete)("hello", now=NOW)
    assert _get("/?p=12").status == (404 if status == "draft" else 410)


@pytest.mark.usefixtures("article")
@pytest.mark.parametrize(
    "address",
    [
        "/?utm_source=x",
        "/?p=",
        "/?p=abc",
        "/?p=-1",
        "/?p=12.5",
        "/?cat=x",
        "/?m=1",
    ],
)
def test_unknown_and_invalid_parameters_show_the_home_page(address: str) -> None:
    answer = _get(address)
    assert answer.status == 200
    assert '<link rel="canonical" href="https://blog.example/">' in answer.html


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/index.php", "/"),
        ("/?m=201201", "/2012/01/"),
        ("/?m=20120131", "/2012/01/"),
        ("/?m=2012", "/2012/"),
        ("/?s=red+tea", "/search/?q=red+tea"),
        ("/?feed=rss2", "/feeds/rss.xml"),
        ("/?feed=atom", "/feeds/atom.xml"),
        ("/index.php?feed=comments-rss2", "/feeds/comments.xml"),
    ],
)
def test_lists_searches_and_feeds_have_an_equivalent(address: str, target: str) -> None:
    answer = _get(address)
    assert (answer.status, answer.headers["Location"]) == (301, target)


@pytest.mark.usefixtures("article")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/%3Fp=12", 200), ("/%3Fpage_id=12", 200), ("/index.php%3Fp=12%26preview=true", 200), ("/%3Fp=13", 404)],
)
def test_the_api_finds_an_article_by_the_number_of_its_post(path: str, status: int) -> None:
    answer = call(fetch_articles, request("/api/paths", f"path={path}"))
    assert answer.status == status
    if status == 200:
        assert answer.json["slug"] == "hello"
