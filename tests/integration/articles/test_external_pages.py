"""External articles: pages of other sites that Kolom finds, and whose comments it has, but does not show."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.fetch_articles import app as fetch_articles
from functions.fetch_comments import app as fetch_comments
from functions.search_articles import app as search_articles
from functions.serve_feeds import app as serve_feeds
from functions.serve_pages import app as serve_pages
from functions.write_comments import app as write_comments
from kolom.articles import admin, aliases, public, publishing, repository
from kolom.articles.input import ArticleInput
from kolom.articles.mapping import summary_attributes
from kolom.articles.types import Article, ArticleFilter
from kolom.errors import Conflict, InvalidInput, StaleRead
from kolom.models.articles import ArticlesTableRecord
from kolom.search.index_writer import update_index
from kolom.search.reindexing import article_ids
from tests.factories import NOW, comment_request, content, request
from tests.integration.conftest import Configure
from tests.integration.external_pages import slug_at
from tests.integration.handlers import call

pytestmark = pytest.mark.usefixtures("tables")

URL = "https://site.example/2024/walks.html"


def external(slug: str = "walks", url: str = URL, **changes: Any) -> ArticleInput:
    return content(slug, kind="external", url=url, **changes)


def publish(wanted: ArticleInput, **options: Any) -> Article:
    """Publish and index an article."""
    article = publishing.publish(wanted, now=NOW, **options).article
    assert update_index([article.id]) == set()
    return article


def raw_items(key: str) -> dict[str, Any]:
    """Return the items with that hash key by range key, as stored."""
    return {item.part: item.to_dynamodb_dict() for item in ArticlesTableRecord.query(key)}


class TestStoredItems:
    def test_an_external_page_adds_a_url_and_a_pointer(self) -> None:
        article = publish(external(labels=("News",)))
        items = raw_items(str(article.id))
        assert sorted(part.partition("#")[0] for part in items) == ["body", "card", "source"]
        card = items["card"]
        assert (card["kind"], card["url"], card["path"]) == ({"S": "external"}, {"S": URL}, {"S": "/walks/"})
        assert card["shelf"] == {"S": "external"}
        assert raw_items("url:site.example/2024/walks")["pointer"]["id"] == {"N": str(article.id)}
        assert raw_items("counts") == {}

    def test_other_articles_have_no_such_attribute(self) -> None:
        article = publish(content(labels=("News",)))
        assert all("url" not in item for item in raw_items(str(article.id)).values())
        assert "url" not in summary_attributes(article), "the digests of stored search results would change"

    def test_the_digest_of_other_articles_is_that_of_earlier_versions(self) -> None:
        """Otherwise every import would rewrite all articles."""
        assert publish(content()).fingerprint == "e9e6cde5149dd04e3132fab60fc0886e7eae0cd0e16e98fa2bfd6d4921aa9a14"


class TestPublishing:
    def test_the_same_page_again_changes_nothing(self) -> None:
        first = publish(external())
        again = publishing.publish(external(url="http://www.site.example/2024/walks.html"), now=NOW, force=True)
        assert (again.article.id, again.change) == (first.id, "updated")
        assert publishing.publish(external(), now=NOW, force=True).article.id == first.id
        assert publishing.publish(external(), now=NOW).change == "unchanged"

    def test_concurrent_publications_of_a_page_create_one_article(self) -> None:
        barrier = threading.Barrier(4)

        def attempt(number: int) -> int | str:
            barrier.wait()
            try:
                return publishing.publish(external(f"walks-{number}"), now=NOW, force=True).article.id
            except Conflict as error:
                return str(error)

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(attempt, range(4)))
        ids = {result for result in results if isinstance(result, int)}
        assert len(ids) == 1, results
        pointer = repository.find_id("url:site.example/2024/walks")
        assert {pointer} == ids

    def test_publishing_a_page_whose_url_another_one_took_meanwhile_fails(self) -> None:
        publish(external())
        with pytest.raises(Conflict, match="belongs to another article"):
            publishing.publish_new(external("other"), 99, now=NOW)
        assert repository.get(99) is None
        assert raw_items("99") == {}

    def test_a_page_that_moves_keeps_its_id_and_its_former_url(self) -> None:
        article = publish(external())
        moved = publish(external(url="https://new.example/walks/"), article_id=article.id, force=True)
        assert moved.id == article.id
        assert slug_at(url=URL) == slug_at(url="https://new.example/walks/") == "walks"

    def test_the_same_paths_of_two_sites_are_two_pages(self) -> None:
        publish(external("walks", "https://a.example/walks/"))
        publish(external("walks-2", "https://b.example/walks/"))
        assert slug_at(url="https://a.example/walks") == "walks"
        assert slug_at(url="https://b.example/walks") == "walks-2"
        assert slug_at(url="https://c.example/walks") == 404

    def test_a_slug_of_another_article_is_refused(self) -> None:
        publish(content())
        publish(external())
        for wanted in (external("hello", "https://site.example/x"), external(url="https://site.example/x")):
            with pytest.raises(Conflict, match=r"the slug '.*' belongs to another article"):
                publishing.publish(wanted, now=NOW, force=True)

    def test_only_sync_changes_a_page_of_another_site(self) -> None:
        article, own = publish(external()), publish(content())
        with pytest.raises(Conflict, match="which only `kolom sync` changes"):
            publishing.publish(content("walks"), now=NOW, force=True)
        with pytest.raises(Conflict, match="which cannot be a draft"):
            publishing.unpublish("walks", now=NOW)
        with pytest.raises(Conflict, match="is an article of this site"):
            publishing.publish(external(), now=NOW, article_id=own.id, force=True)
        assert repository.get(article.id) == article

    @pytest.mark.parametrize(
        "changes",
        [
            {"url": None},
            {"url": "javascript:alert(1)"},
            {"draft": True},
            {"path": "/2024/walks.html"},
        ],
    )
    def test_a_page_needs_a_url_and_has_neither_path_nor_draft(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput):
            external(**changes)
        with pytest.raises(InvalidInput):
            content(url=URL)


class TestReading:
    def test_a_page_is_found_by_all_variants_of_its_url(self) -> None:
        publish(external())
        for url in (
            URL,
            "http://www.site.example/2024/walks/?utm_source=x#y",
            "https://site.example/2024/walks?page=2",
        ):
            assert slug_at(url=url) == "walks"
        assert slug_at(path="/walks/") == "walks"
        assert slug_at(url="https://site.example/2024/other.html") == slug_at(url="nonsense") == 404
        assert slug_at() == 422

    def test_a_url_of_the_blog_itself_is_found_too(self) -> None:
        publish(content(path="/2024/05/x.html"))
        for url in ("https://www.blog.example/2024/05/x.html", "https://blog.example/2024/05/x.html?a=b#c"):
            assert slug_at(url=url) == "hello"

    def test_lists_counts_feeds_and_sitemaps_do_not_have_it(self) -> None:
        publish(external(labels=("News",)))
        own = publish(content(labels=("News",)))
        for path, names in (("/api/articles", ["hello"]), ("/api/labels", ["News"]), ("/api/archive", [2])):
            items = call(fetch_articles.handler, request(path)).json["items"]
            assert [item.get("slug") or item.get("label") or item["month"] for item in items] == names
        assert call(fetch_articles.handler, request("/api/articles", "label=News")).json["total"] == 1
        assert call(fetch_articles.handler, request(f"/api/articles/{own.slug}")).json["previous"] is None
        for path in ("/feeds/atom.xml", "/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/2026-02.xml"):
            assert "walks" not in call(serve_feeds.handler, request(path)).body
        for path in ("/", "/label/news/", "/archive/", "/labels/", "/2026/"):
            assert "walks" not in call(serve_pages.handler, request(path)).body.lower()

    def test_search_suggestions_and_related_link_to_the_page(self) -> None:
        text = "<p>Coffee and long walks along the harbour of the town.</p>"
        publish(external(html=text))
        own = publish(content(html=text))
        update_index([own.id])
        found = call(search_articles.handler, request("/api/search", "q=harbour")).json["items"]
        suggested = call(search_articles.handler, request("/api/search/suggest", "q=walk")).json["items"]
        related = call(search_articles.handler, request("/api/articles/hello/related")).json["items"]
        for items in (found, suggested, related):
            assert {item["slug"]: item["url"] for item in items}["walks"] == URL
        assert {item["slug"]: item["path"] for item in found} == {"walks": "/walks/", "hello": "/hello/"}
        corrected = call(search_articles.handler, request("/api/search", "q=harbuor")).json
        assert corrected["did_you_mean"] == "harbour"
        for path, query in (("/search/", "q=harbour"), ("/hello/", "")):
            page = call(serve_pages.handler, request(path, query)).body
            assert f'href="{URL}"' in page
            assert 'href="/walks/"' not in page

    def test_its_address_on_the_blog_leads_to_the_stored_url_only(self) -> None:
        publish(external())
        for path in ("/walks/", "/walks"):
            answer = call(serve_pages.handler, request(path, "url=https://evil.example&next=//evil.example"))
            assert (answer.status, answer.headers["Location"]) == (302, URL)
            assert answer.headers["Cache-Control"] == "max-age=60"
        publish(external("strolls"), force=True)
        assert call(serve_pages.handler, request("/walks/")).headers["Location"] == URL

    @pytest.mark.usefixtures("secret")
    def test_a_deleted_page_is_gone_but_can_return_with_its_comments(self, configure: Configure) -> None:
        configure(moderation_mode="none")
        article = publish(external())
        comment = call(write_comments.handler, comment_request("walks", content="First!"))
        assert comment.status == 201
        publishing.delete("walks", now=NOW)
        update_index([article.id])
        assert slug_at(url=URL) == 404
        assert call(serve_pages.handler, request("/walks/")).status == 410
        assert call(search_articles.handler, request("/api/search", "q=walks")).json["items"] == []
        assert call(fetch_comments.handler, request("/api/articles/walks/comments")).status == 410
        assert publish(external(), force=True).id == article.id
        assert slug_at(url=URL) == "walks"
        assert call(fetch_comments.handler, request("/api/articles/walks/comments")).json["total"] == 1


@pytest.mark.usefixtures("secret")
def test_comments_work_by_the_slug_of_a_page(configure: Configure) -> None:
    configure(moderation_mode="none", comments_close_after_days=0)
    publish(external(published_at=NOW - timedelta(days=1)))
    assert call(write_comments.handler, comment_request("walks", content="First!")).status == 201
    shown = call(fetch_comments.handler, request("/api/articles/walks/comments")).json
    assert [each["content_html"] for each in shown["items"]] == ["<p>First!</p>"]
    feed = call(serve_feeds.handler, request("/feeds/comments/walks")).body
    assert f"{URL}#comment-" in feed


def test_the_author_lists_external_pages_apart() -> None:
    article = publish(external())
    assert [each.id for each in admin.list_by_status("external", limit=5).items] == [article.id]
    assert admin.list_by_status("published", limit=5).items == admin.list_by_status("page", limit=5).items == ()
    assert public.count_articles(ArticleFilter()) == 0
    assert list(article_ids()) == [article.id], "a reindexing includes them"


class TestFormerUrls:
    def test_a_released_url_leads_to_the_next_page_that_has_it(self) -> None:
        article = publish(external())
        moved = publish(external(url="https://site.example/new"), article_id=article.id, force=True)
        aliases.release_former_url(URL, article.id)
        aliases.release_former_url(URL, article.id)
        assert (slug_at(url=URL), slug_at(url="https://site.example/new")) == (404, "walks")
        assert repository.get(article.id) == moved
        publish(external("walks-2"))
        assert slug_at(url=URL) == "walks-2"

    def test_neither_the_current_url_nor_that_of_another_page_is_released(self) -> None:
        article, other = publish(external()), publish(external("other", "https://site.example/other"))
        aliases.release_former_url(URL, article.id)
        aliases.release_former_url(URL, other.id)
        assert slug_at(url=URL) == "walks"

    def test_a_page_that_returns_to_its_former_url_meanwhile_keeps_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        article = publish(external())
        moved = publish(external(url="https://site.example/new"), article_id=article.id, force=True)
        publish(external(), article_id=article.id, force=True)
        monkeypatch.setattr(repository, "get", lambda _: moved)
        with pytest.raises(StaleRead, match="was changed in the meantime"):
            aliases.release_former_url(URL, article.id)
        assert slug_at(url=URL) == "walks"
