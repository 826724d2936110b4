"""Each public address has one form. Its variants, such as with another slash at the end, redirect to it once."""

import http.client
import os
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest

from functions.serve_feeds import app as serve_feeds
from functions.serve_pages import app as serve_pages
from kolom.articles import aliases, publishing
from kolom.config import settings
from kolom.feeds import formats
from kolom.pages import theme
from kolom.security import signing
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.seed import StackLoader
from tests.factories import NOW, content, request
from tests.integration.handlers import call
from tests.paths import PROJECT

HINDI, TAMIL = "\u0939\u093f\u0928\u094d\u0926\u0940-\u0932\u0947\u0916", "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd"
FILES = [
    *(f"/feeds/{name}" for name in (*formats.FORMATS, "comments.xml", "comments/hello")),
    f"/feeds/comments/{quote(HINDI)}",
    *("/robots.txt", "/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/2026-03.xml", "/2024/05/x.html"),
]
FOLDERS = [
    *("/hello/", "/labels/", "/archive/", "/contact/", "/search/", "/2026/", "/2026/03/", "/label/news/"),
    *(
        "/label/c%23/",
        "/label/why%3F/",
        "/label/ac%2Fdc/",
        "/label/%E4%B8%AD%E6%96%87/",
        f"/{quote(HINDI)}/",
        f"/{quote(TAMIL)}/",
    ),
]


@pytest.fixture(scope="module")
def stack() -> Iterator[EmulatedStack]:
    before = dict(os.environ)
    with EmulatedStack(PROJECT / "template.yaml", port=0) as running:
        StackLoader().deploy_assets(running)
        publishing.publish(content("hello", labels=("News", "C#", "Why?", "AC/DC", "中文"), published_at=NOW), now=NOW)
        publishing.publish(content(HINDI, published_at=NOW), now=NOW)
        publishing.publish(content(TAMIL, published_at=NOW), now=NOW)
        publishing.publish(content("x", path="/2024/05/x.html", published_at=NOW), now=NOW)
        wordpress = publishing.publish(content("wp", path="/2012/01/hello/", published_at=NOW), now=NOW).article.id
        aliases.add_alias(wordpress, "/?p=12")
        aliases.add_alias(wordpress, "/2012/why?.html")
        old = publishing.publish(content("old", published_at=NOW), now=NOW).article.id
        publishing.publish(content("new", published_at=NOW), now=NOW, article_id=old, force=True)
        yield running
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()
    signing.load_keys.cache_clear()
    theme.clear_cache()


def ask(stack: EmulatedStack, address: str, method: str = "GET") -> tuple[int, str | None]:
    """Return the status of a response and its ``Location``."""
    connection = http.client.HTTPConnection(urlsplit(stack.url).netloc, timeout=60)
    try:
        connection.request(method, address)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location")
    finally:
        connection.close()


@pytest.mark.parametrize("path", [*FILES, *FOLDERS])
def test_another_form_of_a_public_address_redirects_once(stack: EmulatedStack, path: str) -> None:
    forms = {f"{path}/", f"{path}//"} if path in FILES else {path.rstrip("/"), f"{path}/"}
    for method in ("GET", "HEAD"):
        assert ask(stack, path, method) == (200, None)
        for form in forms:
            assert ask(stack, form, method) == (301, path), form


@pytest.mark.parametrize("path", [path for path in (*FILES, *FOLDERS) if path != "/search/"])
def test_a_redirect_keeps_the_query(stack: EmulatedStack, path: str) -> None:
    form = path.rstrip("/") if path in FOLDERS else f"{path}/"
    assert ask(stack, f"{form}?label=News&q=a%26b") == (301, f"{path}?label=News&q=a%26b")


def test_a_former_slug_redirects_once_with_its_query(stack: EmulatedStack) -> None:
    assert ask(stack, "/old?comments=x") == (301, "/new/?comments=x")
    assert ask(stack, "/feeds/comments/old/?q=1") == (301, "/feeds/comments/new?q=1")


def test_parameters_that_no_route_reads_end_at_the_cdn(stack: EmulatedStack) -> None:
    """Otherwise the cache would have a page once for each value of ``fbclid``."""
    assert ask(stack, "/old?utm_source=a&comments=x&fbclid=b") == (301, "/new/?comments=x")
    assert ask(stack, "/feeds/comments/old/?x=1") == (301, "/feeds/comments/new")
    assert ask(stack, "/api/articles?limit=1&utm_source=a")[0] == 200
    assert ask(stack, "/api/articles?limit=0&utm_source=a")[0] == 422


@pytest.mark.parametrize("tracked", ["", "&fbclid=x", "&utm_source=a+b"], ids=["plain", "fbclid", "utm"])
def test_query_urls_of_other_systems_still_redirect(stack: EmulatedStack, tracked: str) -> None:
    assert ask(stack, f"/?p=12{tracked}") == (301, "/2012/01/hello/")
    assert ask(stack, f"/index.php?page_id=12&preview=true{tracked}") == (301, "/2012/01/hello/")
    assert ask(stack, f"/?m=202603{tracked}") == (301, "/2026/03/")
    assert ask(stack, f"/?s=two+words{tracked}") == (301, "/search/?q=two+words")
    assert ask(stack, f"/?feed=rss2{tracked}") == (301, "/feeds/rss.xml")
    assert ask(stack, f"/feeds/posts/default?alt=rss{tracked}") == (301, "/feeds/rss.xml")
    assert ask(stack, f"/?cat=3{tracked}")[0] == 404


def test_an_old_path_with_a_question_mark_redirects(stack: EmulatedStack) -> None:
    assert ask(stack, "/2012/why%3f.html") == ask(stack, "/2012/why%3F.html") == (301, "/2012/01/hello/")


def test_both_forms_of_the_old_icon_address_redirect_to_the_icon(stack: EmulatedStack) -> None:
    status, icon = ask(stack, "/favicon.ico")
    assert (status, icon) == ask(stack, "/favicon.ico/")
    assert status == 301
    assert icon is not None
    assert ask(stack, icon) == (200, None)


@pytest.mark.parametrize(
    ("address", "place"),
    [("/%EF%BB%BF", "/"), ("/%EF%BB%BF/", "/"), ("/hello%E2%80%8B", "/hello/"), ("/hello/%EF%BB%BF", "/hello/")],
)
def test_an_address_with_an_invisible_character_redirects_once(stack: EmulatedStack, address: str, place: str) -> None:
    assert ask(stack, address) == (301, place)
    assert ask(stack, f"/none{address}")[0] == 404


@pytest.mark.parametrize("path", ["/hello", "/hello/", "/old", "/2024/05/x.html", "/2024/05/x.html/", f"/{HINDI}"])
def test_the_api_finds_either_form_of_a_path(stack: EmulatedStack, path: str) -> None:
    assert ask(stack, f"/api/paths?path={quote(path)}")[0] == 200


@pytest.mark.parametrize("part", ["", "/comments", "/related"])
def test_the_api_accepts_slugs_with_combining_marks(stack: EmulatedStack, part: str) -> None:
    assert ask(stack, f"/api/articles/{quote(HINDI)}{part}") == (200, None)


@pytest.mark.parametrize(
    "path", ["/feeds/none.xml/", "/sitemaps/none.xml", "/sitemaps/a/b/", "/api/labels/", "/robots.txt/x"]
)
def test_an_unknown_address_is_not_redirected(stack: EmulatedStack, path: str) -> None:
    assert ask(stack, path) == (404, None)


@pytest.mark.parametrize("path", ["/robots.txt/", "/sitemap.xml/", "/sitemaps/pages.xml/", "/feeds/atom.xml/"])
def test_each_function_redirects_a_document_with_a_slash_at_its_end(path: str) -> None:
    app = serve_feeds if path.startswith("/feeds/") else serve_pages
    answer = call(app.handler, request(path, "x=1"))
    assert (answer.status, answer.headers["Location"]) == (301, f"{path.rstrip('/')}?x=1")
