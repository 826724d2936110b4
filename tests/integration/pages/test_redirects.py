"""Each address of an article answers, or redirects once to the address that does."""

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import quote, unquote

import boto3
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from moto import mock_aws

from functions.fetch_articles.app import handler as fetch_articles
from functions.fetch_comments.app import handler as fetch_comments
from functions.search_articles.app import handler as search_articles
from functions.serve_feeds.app import handler as serve_feeds
from kolom.articles import aliases, public, publishing, repository
from kolom.articles.types import PublishedArticle
from kolom.errors import Conflict, InvalidInput, NotFound
from kolom.models.articles import POINTER, Pointer
from kolom.pages import router
from kolom.pages.response import HtmlResponse
from kolom.urls import encoded_path
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.sam.loader import load
from tests.factories import NOW, content, request
from tests.integration.handlers import call
from tests.integration.pages.following import follow
from tests.paths import PROJECT

NFC, NFD = "caf\u00e9", "cafe\u0301"


@pytest.fixture(autouse=True)
def plain_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the page of an article by its id; other tests cover its content."""
    monkeypatch.setattr(router, "load_article_extras", lambda *_, **__: None)
    monkeypatch.setattr("kolom.pages.views.render_article", _page)


def _page(found: PublishedArticle, _: None, **__: object) -> HtmlResponse:
    return HtmlResponse(200, str(found.article.id), {})


def publish(slug: str, path: str | None = None, *, article_id: int | None = None, draft: bool = False) -> int:
    """Publish or change an article, and return its id."""
    wanted = content(slug, path=path, draft=draft)
    return publishing.publish(wanted, now=NOW, article_id=article_id, force=True).article.id


def location(address: str) -> tuple[int, str | None]:
    page = router.dispatch(address, {})
    return page.status, page.headers.get("Location")


@pytest.mark.usefixtures("tables")
class TestAnArticle:
    @pytest.mark.parametrize(
        "path", ["/ptest-old/", "/hello2/", "/Hello_Three/", "/hello.four/", "/About/", "/tags/", "/x.html", "/x"]
    )
    def test_with_a_path_other_than_its_slug_is_at_the_path(self, path: str) -> None:
        publish("template-paginated", path)
        assert location(path) == (200, None)
        assert location("/template-paginated/") == (301, path)
        assert location("/template-paginated") == (301, path)

    def test_is_at_its_exact_path_to_which_variants_redirect(self) -> None:
        publish("a", "/2024/Caf\u00e9's/")
        canonical = "/2024/Caf%C3%A9's/"
        assert location(canonical) == location("/2024/Caf\u00e9's/") == (200, None)
        variants = [
            "/2024/Caf%C3%A9's",
            "/2024/Cafe%CC%81's/",
            "/2024/Cafe%CC%81's",
            "/%32024/Caf%c3%a9%27s/",
            "//2024//Caf%C3%A9's/",
        ]
        assert [location(variant) for variant in variants] == [(301, canonical)] * len(variants)
        assert location("/2024/caf%C3%A9's/") == (404, None)

    @pytest.mark.parametrize(("given_form", "other_form"), [(NFC, NFD), (NFD, NFC)])
    def test_has_a_composed_path_and_is_found_at_both_normal_forms(self, given_form: str, other_form: str) -> None:
        publish("a", f"/{given_form}/")
        publish("b", f"/2024/{given_form}.html")
        for path in (f"/{given_form}/", f"/2024/{given_form}.html"):
            canonical = quote(unicodedata.normalize("NFC", path))
            found = {quote(path), quote(path.replace(given_form, other_form))}
            assert {location(each) for each in found} == {(200, None), (301, canonical)}
            assert location(canonical) == (200, None)

    def test_may_be_renamed_there_and_back(self) -> None:
        article_id = publish("a")
        publish("b", article_id=article_id)
        assert [location("/a/"), location("/b/")] == [(301, "/b/"), (200, None)]
        publish("a", article_id=article_id)
        assert [location("/a/"), location("/b/")] == [(200, None), (301, "/a/")]

    def test_may_change_its_path_there_and_back(self) -> None:
        article_id = publish("a", "/x/")
        publish("a", "/y.html", article_id=article_id)
        assert [location(path) for path in ("/x/", "/y.html", "/a/")] == [
            (301, "/y.html"),
            (200, None),
            (301, "/y.html"),
        ]
        publish("a", article_id=article_id)
        assert [location(path) for path in ("/x/", "/y.html", "/a/")] == [(301, "/a/"), (301, "/a/"), (200, None)]
        publish("a", "/x/", article_id=article_id)
        assert [location(path) for path in ("/x/", "/y.html", "/a/")] == [(200, None), (301, "/x/"), (301, "/x/")]

    def test_may_change_its_slug_to_the_one_in_its_path(self) -> None:
        article_id = publish("a", "/x/")
        publish("x", article_id=article_id)
        assert [location("/x/"), location("/a/")] == [(200, None), (301, "/x/")]

    def test_as_a_draft_is_not_found_at_any_address(self) -> None:
        publish("a", "/x/", draft=True)
        assert [location(path) for path in ("/x/", "/x", "/a/")] == [(404, None)] * 3

    def test_once_deleted_is_gone_at_every_address(self) -> None:
        publish("a", "/x/", article_id=publish("a", "/2024/y.html"))
        publishing.delete("a", now=NOW)
        assert [location(path) for path in ("/x/", "/x", "/a/", "/2024/y.html", "/2024/y.html/")] == [(410, None)] * 5


@pytest.mark.usefixtures("tables")
class TestTwoArticles:
    @pytest.mark.parametrize("path", ["/x/", "/x"])
    def test_cannot_have_each_others_path_and_slug(self, path: str) -> None:
        publish("a", path)
        with pytest.raises(Conflict):
            publish("x")
        publish("y")
        with pytest.raises(Conflict, match=r"the path '/y/?' belongs to another article"):
            publish("b", path.replace("x", "y"))

    def test_may_have_longer_paths_that_differ_by_a_trailing_slash(self) -> None:
        a, b = publish("a", "/2024/x"), publish("b", "/2024/x/")
        assert [follow("/2024/x").page.html, follow("/2024/x/").page.html] == [str(a), str(b)]

    def test_cannot_differ_only_by_unicode_normalization(self) -> None:
        publish(NFC)
        with pytest.raises(Conflict):
            publish("b", f"/{NFD}/")

    def test_cannot_have_the_path_of_the_other_as_an_alias(self) -> None:
        a, b = publish("a", "/About/"), publish("b")
        aliases.add_alias(b, "/About.html")
        for alias in ("/About/", "/About"):
            with pytest.raises(Conflict):
                aliases.add_alias(b, alias)
        assert not aliases.add_alias(a, "/About/")
        assert [location(path) for path in ("/About.html", "/About")] == [(301, "/b/"), (301, "/About/")]

    def test_a_current_address_takes_precedence_over_an_old_one(self) -> None:
        """Earlier versions did not reserve the slug ``x`` for a path ``/x``, so two articles may have one address."""
        a, b = publish("a", "/x"), publish("b")
        Pointer("slug:x", POINTER, id=b).save()
        assert follow("/x").page.html == str(a)
        assert location("/x/") == (301, "/b/")
        publishing.delete("b", now=NOW)
        assert follow("/x").page.html == str(a)

    def test_a_draft_does_not_hide_another_article(self) -> None:
        publish("x", draft=True)
        b = publish("b")
        Pointer("path:/x", POINTER, id=b).save()
        assert location("/x") == (301, "/b/")


@pytest.mark.usefixtures("tables")
class TestStoredByAnEarlierVersion:
    def test_a_path_without_a_final_slash_has_no_slug_pointer(self) -> None:
        publish("a", "/x")
        Pointer("slug:x", POINTER).delete()
        assert [location(path) for path in ("/x", "/x/", "/a/")] == [(200, None), (301, "/x"), (301, "/x")]
        assert public.resolve_path("/x/") == "a"

    def test_an_alias_of_one_segment_has_no_path_pointer(self) -> None:
        aliases.add_alias(publish("a"), "/old/")
        Pointer("path:/old/", POINTER).delete()
        assert [location("/old/"), location("/old")] == [(301, "/a/")] * 2

    @pytest.mark.parametrize("path", ["/2024/", "/2024/05/", "/2024/5", "/search/x.html", "/studio/x/"])
    def test_a_reserved_path_is_replaced_by_the_slug(self, path: str) -> None:
        article_id = publish("a", "/free.html")
        card = publishing.get_by_slug("a")
        boto3.client("dynamodb").update_item(
            TableName="kolom-articles",
            Key={"key": {"S": str(article_id)}, "part": {"S": "card"}},
            UpdateExpression="SET #path = :path",
            ExpressionAttributeNames={"#path": "path"},
            ExpressionAttributeValues={":path": {"S": path}},
        )
        assert card.path == "/free.html"
        assert [location("/a/"), location("/free.html")] == [(200, None), (301, "/a/")]
        assert publishing.get_by_slug("a").path == "/a/"


@pytest.mark.usefixtures("tables")
class TestTheApi:
    @pytest.fixture(autouse=True)
    def articles(self, tables: None) -> None:  # noqa: ARG002 - created before these articles
        publish("b", "/x/", article_id=publish("a", "/Y_y/"))
        publish(NFC)

    @pytest.mark.parametrize("name", ["a", "x", "Y_y"])
    @pytest.mark.parametrize("ending", ["", "/comments", "/related"])
    def test_an_alias_redirects_to_the_slug(self, name: str, ending: str) -> None:
        handler: Any = {"": fetch_articles, "/comments": fetch_comments, "/related": search_articles}[ending]
        answer = call(handler, request(f"/api/articles/{name}{ending}"))
        assert (answer.status, answer.headers["Location"]) == (301, f"/api/articles/b{ending}")
        assert call(handler, request(answer.headers["Location"])).status == 200

    @pytest.mark.parametrize("name", ["a", "x", "Y_y"])
    def test_an_alias_redirects_to_the_comment_feed(self, name: str) -> None:
        answer = call(serve_feeds, request(f"/feeds/comments/{name}"))
        assert (answer.status, answer.headers["Location"]) == (301, "/feeds/comments/b")
        assert call(serve_feeds, request("/feeds/comments/b")).status == 200

    def test_a_slug_in_the_other_normal_form_redirects_to_the_slug(self) -> None:
        answer = call(fetch_articles, request(f"/api/articles/{quote(NFD)}"))
        assert (answer.status, answer.headers["Location"]) == (301, f"/api/articles/{quote(NFC)}")

    @pytest.mark.parametrize("path", ["/x/", "/x", "/b/", "/a", "/Y_y", "/Y_y/"])
    def test_every_path_is_resolved_to_the_slug(self, path: str) -> None:
        answer = call(fetch_articles, request("/api/paths", {"path": path}))
        assert (answer.status, answer.json) == (200, {"slug": "b"})

    def test_every_surface_uses_the_same_address(self) -> None:
        url = "https://blog.example/x/"
        assert call(fetch_articles, request("/api/articles/b")).json["url"] == url
        for path in ("/feeds/atom.xml", "/feeds/rss.xml", "/feeds/feed.json", "/sitemaps/2026-02.xml"):
            body = call(serve_feeds, request(path)).body
            assert url in body
            assert "https://blog.example/b/" not in body


SEGMENTS = st.one_of(
    st.sampled_from(["x", "y", "X", "x.html", "x_y", "C++", "it's", "a:b@c", "-", "2024", "05", "13", "100", NFC, NFD]),
    st.sampled_from(["tags", "labels", "label", "archive", "search", "feeds", "api", "preview", "assets", "media"]),
    st.sampled_from(["contact", "sitemaps", "studio", "page", "_local", "robots.txt", "sitemap.xml", "\u0628"]),
    st.text("xX.\u00e9\u0301~_", min_size=1, max_size=4),
)
PATHS = st.builds(
    lambda segments, end: "/" + "/".join(segments) + end,
    st.lists(SEGMENTS, min_size=1, max_size=3),
    st.sampled_from("/ "),
).map(str.strip)
SLUGS = st.sampled_from(["x", "y", "x_y", "tags", "search", "2024", "100", "\u0628", NFC])
FATES: st.SearchStrategy[Literal["published", "draft", "deleted"]] = st.sampled_from(
    ["published", "published", "published", "draft", "deleted"]
)
CHANGES = st.tuples(st.one_of(st.none(), st.integers(0, 3)), SLUGS, st.one_of(st.none(), PATHS), FATES)


TABLE = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"}).tables["ArticlesTable"]


@pytest.fixture(scope="module")
def store_of_articles() -> Iterator[None]:
    with mock_aws(), patch_moto():
        boto3.client("dynamodb").create_table(**TABLE.create)
        yield


def _empty_store() -> None:
    client = boto3.client("dynamodb")
    client.delete_table(TableName="kolom-articles")
    client.create_table(**TABLE.create)


class History:
    """Runs an author's changes, and records which article each address must lead to."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.addresses: dict[str, int] = {}

    def change(self, target: int | None, slug: str, path: str | None, fate: str) -> None:
        """Publish or change an article; a rejected change must change nothing."""
        known = self.ids[target] if target is not None and target < len(self.ids) else None
        with suppress(Conflict, InvalidInput, NotFound):
            wanted = content(slug, path=path, draft=fate == "draft", kind="page")
            article = publishing.publish(wanted, now=NOW, article_id=known, force=True).article
            self.ids.append(article.id)
            self.addresses |= dict.fromkeys((f"/{slug}/", article.path), article.id)
            if fate == "deleted":
                publishing.delete(slug, now=NOW)


def _variants(path: str) -> set[str]:
    bare = path.rstrip("/")
    forms = {unicodedata.normalize(form, each) for form in ("NFC", "NFD") for each in (bare, f"{bare}/")}
    spellings = {spelling for form in forms for spelling in (encoded_path(form), quote(form), form)}
    return spellings | {quote(path).replace("%C3", "%c3"), path.replace("x", "%78")}


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", unquote(path))


def _bare(path: str) -> str:
    return _composed(path).rstrip("/")


@pytest.mark.usefixtures("store_of_articles")
@hypothesis_settings(max_examples=15, deadline=None)
@given(changes=st.lists(CHANGES, min_size=1, max_size=5))
@example(changes=[(None, "x", "/caf\u00e9/e\u0301/", "published")])
@example(changes=[(None, "x", "/cafe\u0301/", "draft"), (None, "caf\u00e9", None, "published")])
@example(changes=[(None, "x", "/X/-/", "deleted"), (None, "tags", "/X/-", "published")])
def test_every_previous_address_leads_to_its_article(
    changes: list[tuple[int | None, str, str | None, Any]],
) -> None:
    _empty_store()
    history = History()
    for change in changes:
        history.change(*change)
    for address, article_id in history.addresses.items():
        article = repository.get(article_id)
        assert article is not None
        # A variant may be the address of another article, which may be deleted.
        others = {_composed(each) for each, other_id in history.addresses.items() if other_id != article_id}
        followed = follow(encoded_path(address))
        if article.status == "deleted":
            assert (followed.page.status, followed.redirects) == (410, 0)
            continue
        if article.status != "published":
            # The path of a draft redirects to a public article with another spelling of that path.
            if _bare(address) not in map(_bare, others):
                assert (followed.page.status, followed.redirects) == (404, 0)
            continue
        assert followed.found
        assert (followed.address, followed.page.html) == (encoded_path(article.path), str(article_id))
        assert follow(encoded_path(article.path)).redirects == 0
        assert all(follow(variant).found for variant in _variants(address) if _composed(variant) not in others)
