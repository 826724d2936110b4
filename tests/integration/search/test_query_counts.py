"""Queries of readers are counted if the owner wants it, and never who searched."""

import functools
import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import boto3
import pytest

from functions.search_articles.app import handler
from functions.serve_pages.app import handler as page_handler
from kolom.articles import publishing
from kolom.models import guard
from kolom.models.guard import GuardRecord, SearchCount
from kolom.search import query_counts
from kolom.search.index_writer import update_index
from kolom.search.query_counts import MIN_DAYS, MIN_NETWORKS, current_month, list_shown
from kolom.security import signing
from kolom.security.client_address import ORIGIN_HEADER, VIEWER_HEADER
from tests.factories import NOW, Context, content, request
from tests.integration.conftest import Configure, RefusedCalls


@pytest.fixture(autouse=True)
def report(tables: None, several_days: None, configure: Configure) -> None:
    """Turn the report on, and publish an article."""
    configure(search_report="on")
    article_id = publishing.publish(content("one", html="<p>coffee</p>"), now=NOW).article.id
    assert update_index([article_id]) == set()


def visit(event: dict[str, Any], address: str) -> dict[str, Any]:
    """Return the event as that of a connection from an address."""
    event["requestContext"]["http"]["sourceIp"] = address
    return event


def search(text: str, visitor: int = 0, **query: Any) -> dict[str, Any]:
    """Search as a visitor from a network of their own; return the response."""
    answer: dict[str, Any] = handler(
        visit(request("/api/search", {"q": text, **query}), f"10.{visitor}.0.1"), Context()
    )
    assert answer["statusCode"] == 200
    return answer


def search_page(text: str, visitor: int = 0, **query: Any) -> None:
    """Open the search page as a visitor from a network of their own."""
    event = visit(request("/search/", {"q": text, **query}), f"10.{visitor}.0.1")
    assert page_handler(event, Context())["statusCode"] == 200


def shown() -> list[tuple[str, int, int]]:
    """Return the report: query, searches, searches without results."""
    return [(each.text, int(each.searches), int(each.without_results)) for each in list_shown(current_month())]


def stored() -> list[SearchCount]:
    """Return the stored counts of queries."""
    return [item for item in SearchCount.scan() if item.searches]


def test_a_query_is_shown_after_several_visitors_have_used_it() -> None:
    used = 0
    while not shown():
        used += 1
        (search if used % 2 else search_page)("  Coffee ", visitor=used)
        assert used < 100
    assert used >= MIN_NETWORKS
    assert shown() == [("coffee", used, 0)]
    search("COFFEE", visitor=1)
    assert shown() == [("coffee", used + 1, 0)]


def test_one_visitor_never_makes_a_query_visible() -> None:
    for number in range(50):
        handler(visit(request("/api/search", "q=coffee"), f"10.0.{number}.1"), Context())  # the same network
    (item,) = stored()
    assert (int(item.searches), len(item.visitors or ())) == (50, 1)
    assert not item.text
    assert shown() == []


def test_a_query_of_fewer_than_three_days_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_counts, "MAX_PER_MINUTE", 1_000)
    first = query_counts.today().replace(day=1)
    for day in range(1, MIN_DAYS + 1):
        assert shown() == []
        monkeypatch.setattr(query_counts, "today", functools.partial(first.replace, day=day))
        for visitor in range(30):
            search("coffee", visitor=visitor)
    assert shown() == [("coffee", 30 * MIN_DAYS, 0)]


def test_behind_the_cdn_only_searches_that_it_forwards_are_counted(configure: Configure) -> None:
    boto3.client("secretsmanager").create_secret(Name="kolom-originsecret", SecretString="o" * 64)
    configure(search_report="on", origin_secret_name="kolom-originsecret")
    signing.get_origin_secrets.cache_clear()
    for proof in ("", "wrong", "o" * 64):
        headers = {VIEWER_HEADER: "10.0.0.1", ORIGIN_HEADER: proof}
        handler(request("/api/search", "q=coffee", headers=headers), Context())
    assert [int(item.searches) for item in stored()] == [1]


def test_without_the_secret_of_the_cdn_a_search_answers_and_is_not_counted(configure: Configure) -> None:
    configure(search_report="on", origin_secret_name="kolom-originsecret")
    signing.get_origin_secrets.cache_clear()
    search("coffee")
    assert stored() == []


def test_searches_without_results_are_counted() -> None:
    for visitor in range(60):
        search("matcha", visitor=visitor)
    assert shown() == [("matcha", 60, 60)]


def test_a_rare_query_and_its_visitors_cannot_be_read_in_the_table() -> None:
    search("secret diagnosis", visitor=77)
    items = [item.serialize() for item in GuardRecord.scan()]
    assert {item["key"]["S"].partition("#")[0] for item in items} == {"searches"}
    text = json.dumps([item.to_dynamodb_dict() for item in SearchCount.scan()], default=str)
    for hidden in ("secret", "diagnosis", "10.77", "203.0.113"):
        assert hidden not in text
    (item,) = stored()
    assert all(0 <= number < 16 for number in item.visitors or ())


def test_the_number_of_a_visitor_differs_between_queries_and_months(monkeypatch: pytest.MonkeyPatch) -> None:
    def numbers() -> list[int]:
        """Return the number of the same visitor for each of some queries, in their order."""
        found = []
        for number in range(12):
            before = {item.key for item in stored()}
            search(f"query {number}")
            (item,) = (item for item in stored() if item.key not in before)
            found += [int(each) for each in item.visitors or ()]
        return found

    first = numbers()
    assert len(first) == 12
    assert len(set(first)) > 3
    monkeypatch.setattr(query_counts, "today", lambda: date(2027, 1, 1))
    assert numbers() != first
    assert len({item.key.rpartition("#")[2] for item in stored()}) == 24


def test_only_the_first_page_of_a_query_with_words_is_counted() -> None:
    for number in range(2):
        article_id = publishing.publish(content(f"n{number}", html="<p>coffee</p>"), now=NOW).article.id
        update_index([article_id])
    cursor = json.loads(search("coffee", limit=1)["body"])["next_cursor"]
    search("coffee", limit=1, cursor=cursor)
    search_page("", visitor=1)
    search("-coffee")
    search("budi@example.com")
    handler(request("/api/search/suggest", "q=coffee"), Context())
    (item,) = stored()
    assert int(item.searches) == 1


def test_a_search_costs_one_update_more(requests: Counter[str]) -> None:
    search("coffee")
    search("tea")
    requests.clear()
    search("coffee")
    assert requests == {"GetItem": 1, "Query": 1, "UpdateItem": 1}
    for visitor in range(30):
        search("coffee", visitor=visitor)
    requests.clear()
    search("coffee")
    assert requests["UpdateItem"] == 1


def test_with_the_report_off_nothing_is_stored(configure: Configure) -> None:
    configure(search_report="off")
    search("coffee")
    search_page("coffee")
    assert list(GuardRecord.scan()) == []


def test_the_number_of_counted_searches_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000.0]
    monkeypatch.setattr("kolom.search.query_counts.time.monotonic", lambda: clock[0])
    for _ in range(query_counts.MAX_PER_MINUTE + 5):
        query_counts.count("coffee", has_results=True, network="10.0.0.0/24")
    assert int(stored()[0].searches) == query_counts.MAX_PER_MINUTE
    clock[0] += 60
    query_counts.count("coffee", has_results=True, network="10.0.0.0/24")
    assert int(stored()[0].searches) == query_counts.MAX_PER_MINUTE + 1


def test_the_number_of_shown_queries_is_limited(monkeypatch: pytest.MonkeyPatch, requests: Counter[str]) -> None:
    monkeypatch.setattr(query_counts, "MAX_SHOWN", 1)
    monkeypatch.setattr(query_counts, "MAX_PER_MINUTE", 1_000)
    for visitor in range(40):
        search("coffee", visitor=visitor)
    for visitor in range(40):
        search("tea", visitor=visitor)
    assert [query for query, *_ in shown()] == ["coffee"]
    requests.clear()
    search("tea")
    assert requests["UpdateItem"] == 1


def test_an_interrupted_showing_is_repeated_by_the_next_search(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(guard, "show_query", lambda *_, **__: True)
        for visitor in range(40):
            search("coffee", visitor=visitor)
    assert shown() == []
    search("coffee")
    assert shown() == [("coffee", 41, 0)]


def test_counts_expire_with_the_month_and_shown_queries_a_year_later() -> None:
    search("tea")
    for visitor in range(40):
        search("coffee", visitor=visitor)
    days = {
        item.text or item.key.rpartition("#")[2][:4]: (
            datetime.fromtimestamp(int(item.expires_at), UTC) - datetime.now(UTC)
        ).days
        for item in SearchCount.scan()
    }
    assert days.pop("coffee") == days.pop("show") > 366
    assert len(days) == 2
    assert all(0 <= each <= 32 for each in days.values())


def test_a_search_answers_if_another_thread_forgets_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgotten(dict[str, bytes]):
        """Keys that another thread clears at once."""

        def __setitem__(self, name: str, value: bytes) -> None:
            self.clear()

    monkeypatch.setattr(query_counts, "_salts", Forgotten())
    search("coffee")
    assert len(stored()) == 1


def test_a_search_answers_if_it_cannot_be_counted(faults: RefusedCalls) -> None:
    faults.throttle("UpdateItem")
    assert json.loads(search("coffee")["body"])["total"] == 1
