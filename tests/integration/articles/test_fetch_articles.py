"""``GET /api/articles`` and related routes, called with API Gateway events."""

import base64
import gzip
import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.fetch_articles import app
from kolom.articles import publishing
from kolom.articles.types import Body
from kolom.rendering.types import Heading
from tests.factories import NOW, Context, content, request
from tests.integration.conftest import RefusedCalls
from tests.integration.contracts.recorder import recorded

pytestmark = pytest.mark.usefixtures("tables")

CARD = {
    *("id", "slug", "path", "url", "title", "excerpt", "image", "labels", "language", "author"),
    *("published_at", "updated_at", "reading_minutes"),
}


def get(path: str, query: str | dict[str, Any] = "", **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer: dict[str, Any] = app.handler(request(path, query, headers=named), Context())
    return answer


def fetch(path: str, query: str | dict[str, Any] = "") -> Any:
    answer = get(path, query)
    assert answer["statusCode"] == 200, answer["body"]
    return json.loads(answer["body"])


def publish_days(days: int, **changes: Any) -> None:
    for day in range(days):
        date = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        publishing.publish(content(f"day-{day:02d}", published_at=date, **changes), now=NOW)


def slugs(answer: Any) -> list[str]:
    return [item["slug"] for item in answer["items"]]


def test_json_responses_name_the_time_zone_of_the_site() -> None:
    publish_days(1)
    found = get("/api/articles/day-00")
    again = get("/api/articles/day-00", if_none_match=found["headers"]["ETag"])
    assert again["statusCode"] == 304
    for answer in (found, again):
        assert answer["headers"]["Kolom-Time-Zone"] == "Asia/Jakarta"


class TestLists:
    def test_an_empty_blog_has_an_empty_list(self) -> None:
        assert fetch("/api/articles") == {"items": [], "total": 0, "next_cursor": None}

    def test_summaries_have_the_documented_fields(self) -> None:
        publish_days(1, labels=("News",), language="id", author="Sari", image="/media/x.png")
        (card,) = fetch("/api/articles")["items"]
        assert set(card) == CARD
        assert card["published_at"] == "2026-01-01T00:00:00Z"
        assert (card["url"], card["path"]) == ("https://blog.example/day-00/", "/day-00/")

    def test_articles_are_listed_newest_first_in_pages_of_twenty(self) -> None:
        publish_days(25)
        answer = fetch("/api/articles")
        assert slugs(answer) == [f"day-{day:02d}" for day in range(24, 4, -1)]
        assert (answer["total"], answer["next_cursor"] is not None) == (25, True)

    def test_a_list_reads_only_what_it_shows(self) -> None:
        publish_days(1, labels=("News",))
        for query in ("", "label=News"):
            with recorded() as asked:
                fetch("/api/articles", query)
            assert asked.attributes["kolom-articles"] == CARD - {"url"} | {"key", "part", "item", "schema"}

    def test_articles_with_equal_dates_are_ordered_by_id(self) -> None:
        for number in range(5):
            publishing.publish(content(f"n{number}"), now=NOW)
        first = fetch("/api/articles", {"limit": 3})
        second = fetch("/api/articles", {"limit": 3, "cursor": first["next_cursor"]})
        assert slugs(first) + slugs(second) == ["n4", "n3", "n2", "n1", "n0"]

    def test_paging_is_complete_while_articles_are_published(self) -> None:
        publish_days(10)
        answer, seen = fetch("/api/articles", {"limit": 3}), []
        for number in range(4):
            seen += slugs(answer)
            publishing.publish(content(f"new-{number}"), now=NOW)
            if answer["next_cursor"]:
                answer = fetch("/api/articles", {"limit": 3, "cursor": answer["next_cursor"]})
        assert seen == [f"day-{day:02d}" for day in range(9, -1, -1)]

    @pytest.mark.parametrize("limit", [1, 2, 5, 6, 100])
    def test_every_limit_returns_the_whole_list(self, limit: int) -> None:
        publish_days(6)
        answer = fetch("/api/articles", {"limit": limit})
        seen = slugs(answer)
        while answer["next_cursor"]:
            answer = fetch("/api/articles", {"limit": limit, "cursor": answer["next_cursor"]})
            seen += slugs(answer)
        assert seen == [f"day-{day:02d}" for day in range(5, -1, -1)]

    @pytest.mark.parametrize(
        ("filters", "total"),
        [
            ({}, 4),
            ({"label": "news"}, 2),
            ({"label": "NEWS"}, 2),
            ({"year": 2025}, 3),
            ({"year": 2025, "month": 12}, 2),
            ({"label": "News", "year": 2025}, 1),
            ({"label": "News", "year": 2025, "month": 12}, 1),
            ({"label": "a,b & c#/ü"}, 1),
            ({"label": "unknown"}, 0),
            ({"label": "unknown", "year": 2025, "month": 1}, 0),
            ({"year": 1}, 0),
            ({"year": 9999, "month": 12}, 0),
        ],
    )
    def test_totals_match_every_combination_of_filters(self, filters: dict[str, Any], total: int) -> None:
        publishing.publish(content("a1", labels=("News",), published_at=datetime(2025, 12, 5, tzinfo=UTC)), now=NOW)
        publishing.publish(
            content("a2", labels=("a,b & c#/ü",), published_at=datetime(2025, 12, 7, tzinfo=UTC)), now=NOW
        )
        publishing.publish(content("a3", published_at=datetime(2025, 6, 5, tzinfo=UTC)), now=NOW)
        publishing.publish(content("a4", labels=("News",), published_at=datetime(2026, 1, 5, tzinfo=UTC)), now=NOW)
        answer = fetch("/api/articles", filters)
        assert (answer["total"], len(answer["items"])) == (total, total)

    def test_months_are_in_the_sites_time_zone(self) -> None:
        """In Jakarta the new year begins at 17:00 UTC."""
        publishing.publish(content("old", published_at=datetime(2025, 12, 31, 16, 59, 59, tzinfo=UTC)), now=NOW)
        publishing.publish(content("new", published_at=datetime(2025, 12, 31, 17, tzinfo=UTC)), now=NOW)
        assert slugs(fetch("/api/articles", {"year": 2026, "month": 1})) == ["new"]
        assert slugs(fetch("/api/articles", {"year": 2025})) == ["old"]
        assert fetch("/api/archive")["items"] == [
            {"year": 2026, "month": 1, "count": 1},
            {"year": 2025, "month": 12, "count": 1},
        ]

    def test_labels_are_counted_in_alphabetical_order(self) -> None:
        publish_days(2, labels=("zebra", "Apel"))
        assert fetch("/api/labels") == {"items": [{"label": "Apel", "count": 2}, {"label": "zebra", "count": 2}]}

    def test_unknown_parameters_are_ignored(self) -> None:
        publish_days(1)
        assert fetch("/api/articles", "utm_source=x&limit=5")["total"] == 1


class TestBadRequests:
    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=ten", "limit"),
            ("year=0", "year"),
            ("year=twenty", "year"),
            ("year=2024&month=13", "month"),
            ("month=5", "month"),
        ],
    )
    def test_an_invalid_filter_is_named_in_the_problem(self, query: str, field: str) -> None:
        answer = get("/api/articles", query)
        problem = json.loads(answer["body"])
        assert answer["statusCode"] == problem["status"] == 422
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        assert [error["field"] for error in problem["errors"]] == [field]

    @pytest.mark.parametrize("cursor", ["x", "%00", "AAAA", "a" * 5_000, "🦊", "=", "e30="])
    def test_an_invalid_cursor_is_a_bad_request(self, cursor: str) -> None:
        answer = get("/api/articles", {"cursor": cursor})
        assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (400, "no-store")

    def test_a_cursor_modified_at_any_position_is_a_bad_request(self) -> None:
        publish_days(2)
        cursor = fetch("/api/articles", {"limit": 1})["next_cursor"]
        for place, original in enumerate(cursor):
            for other in string.ascii_letters[::9] + "-_9":
                if other != original:
                    tampered = cursor[:place] + other + cursor[place + 1 :]
                    assert get("/api/articles", {"cursor": tampered})["statusCode"] == 400

    def test_a_cursor_of_another_list_is_a_bad_request(self) -> None:
        publish_days(2, labels=("News",))
        cursor = fetch("/api/articles", {"limit": 1, "label": "News"})["next_cursor"]
        assert get("/api/articles", {"cursor": cursor})["statusCode"] == 400
        assert get("/api/articles", {"cursor": cursor, "label": "news"})["statusCode"] == 200

    @pytest.mark.parametrize("path", ["/api/nothing", "/api/articles/a/b", "/api", "/api/articles/"])
    def test_an_unknown_path_is_answered_with_a_problem(self, path: str) -> None:
        answer = get(path)
        assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (404, "application/problem+json")


class TestArticle:
    def test_an_article_has_all_its_fields(self) -> None:
        body = Body(html='<h2 id="one">One</h2>', toc=(Heading("one", 2, "One"),))
        publishing.publish(content(body=body, description="About", comments_open=False), now=NOW)
        article = fetch("/api/articles/hello")
        assert set(article) == CARD | {"description", "content_html", "toc", "previous", "next", "comments_open"}
        assert article["content_html"] == '<h2 id="one">One</h2>'
        assert article["toc"] == [{"id": "one", "level": 2, "text": "One"}]
        assert (article["description"], article["comments_open"]) == ("About", False)

    def test_an_article_has_its_previous_and_next_article(self) -> None:
        publish_days(3)
        article = fetch("/api/articles/day-01")
        assert article["previous"] == {"slug": "day-00", "title": "Day 00"}
        assert article["next"] == {"slug": "day-02", "title": "Day 02"}
        assert fetch("/api/articles/day-00")["previous"] is None
        assert fetch("/api/articles/day-02")["next"] is None

    @pytest.mark.parametrize(
        "path", ["/api/articles/hari-ini", "/api/articles/%E6%97%A5%E6%9C%AC", "/api/articles/日本"]
    )
    def test_slugs_in_any_script_are_found(self, path: str) -> None:
        publishing.publish(content("hari-ini"), now=NOW)
        publishing.publish(content("日本"), now=NOW)
        assert fetch(path)["slug"] in {"hari-ini", "日本"}

    def test_an_alias_redirects_to_the_current_slug(self) -> None:
        article = publishing.publish(content("old"), now=NOW).article
        publishing.publish(content("日本"), now=NOW, article_id=article.id, expected_version=1)
        answer = get("/api/articles/old")
        assert answer["statusCode"] == 301
        assert answer["headers"]["Location"] == "/api/articles/%E6%97%A5%E6%9C%AC"
        assert answer["headers"]["Cache-Control"] == "max-age=60"

    def test_a_deleted_article_is_gone(self) -> None:
        publishing.publish(content(), now=NOW)
        publishing.delete("hello", now=NOW)
        answer = get("/api/articles/hello")
        assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (410, "max-age=60")

    def test_an_old_slug_of_a_deleted_article_is_gone(self) -> None:
        article = publishing.publish(content("old"), now=NOW).article
        publishing.publish(content("new"), now=NOW, article_id=article.id, expected_version=1)
        publishing.delete("new", now=NOW)
        assert get("/api/articles/old")["statusCode"] == 410

    @pytest.mark.parametrize("hidden", [{"draft": True}, {"published_at": NOW + timedelta(days=1)}])
    def test_drafts_and_scheduled_articles_are_not_found(self, hidden: dict[str, Any]) -> None:
        publishing.publish(content(path="/x.html", **hidden), now=NOW)
        assert get("/api/articles/hello")["statusCode"] == 404
        assert get("/api/paths", {"path": "/x.html"})["statusCode"] == 404

    def test_a_path_is_resolved_to_its_slug(self) -> None:
        publishing.publish(content(path="/2024/05/x.html"), now=NOW)
        assert fetch("/api/paths", {"path": "/2024/05/x.html"}) == {"slug": "hello"}
        assert get("/api/paths", {"path": "/2024/05/y.html"})["statusCode"] == 404


class TestCaching:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/health",
            "/api/articles",
            "/api/articles/hello",
            "/api/labels",
            "/api/archive",
            "/api/paths?path=/hello/",
        ],
    )
    def test_every_response_has_an_etag(self, path: str) -> None:
        publishing.publish(content(labels=("a",)), now=NOW)
        path, _, query = path.partition("?")
        first = get(path, query)
        tag = first["headers"]["ETag"]
        assert tag.startswith('"')
        for header in (tag, f"W/{tag}", f'"other", W/{tag}', "*"):
            again = get(path, query, if_none_match=header)
            assert (again["statusCode"], again["body"], again["headers"]["ETag"]) == (304, "", tag)
        assert get(path, query, if_none_match='"other"')["statusCode"] == 200

    def test_a_change_changes_the_etag(self) -> None:
        publishing.publish(content(), now=NOW)
        before = get("/api/articles/hello")["headers"]["ETag"]
        publishing.publish(content(title="New"), now=NOW, expected_version=1)
        assert get("/api/articles/hello", if_none_match=before)["statusCode"] == 200

    def test_a_large_body_is_compressed_if_the_client_accepts_it(self) -> None:
        publishing.publish(content(html="word " * 300_000), now=NOW)
        answer = get("/api/articles/hello", accept_encoding="br, gzip;q=0.8")
        assert answer["headers"]["Content-Encoding"] == "gzip"
        body = gzip.decompress(base64.b64decode(answer["body"]))
        assert json.loads(body)["content_html"] == "word " * 300_000
        assert get("/api/articles/hello", if_none_match=answer["headers"]["ETag"])["statusCode"] == 304
        assert "Content-Encoding" not in get("/api/articles/hello", accept_encoding="gzip;q=0")["headers"]

    def test_the_largest_article_fits_into_a_response(self) -> None:
        """As text, its quotes would be escaped twice (in the JSON body and in Lambda's JSON), so the body is Base64."""
        publishing.publish(content(html='"' * 2 * 1024 * 1024), now=NOW)
        answer = get("/api/articles/hello", accept_encoding="identity")
        assert len(json.dumps(answer)) < 6 * 1024 * 1024
        assert json.loads(base64.b64decode(answer["body"]))["content_html"] == '"' * 2 * 1024 * 1024


class TestFailures:
    @pytest.mark.parametrize("operation", ["GetItem", "Query"])
    def test_throttling_is_answered_with_retry_after(self, faults: RefusedCalls, operation: str) -> None:
        publishing.publish(content(), now=NOW)
        faults.throttle(operation)
        answer = get("/api/articles/hello")
        assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")
        assert answer["headers"]["Content-Type"] == "application/problem+json"

    def test_an_unexpected_error_reveals_no_details(self, monkeypatch: Any) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("the secret is 42")

        monkeypatch.setattr("kolom.articles.public.list_labels", fail)
        answer = get("/api/labels")
        assert answer["statusCode"] == 500
        assert "42" not in answer["body"]
        assert "Traceback" not in answer["body"]
