"""Facets: the numbers of results by label, year and language; and pages among the results."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from kolom.articles import publishing
from kolom.search import facets, posting_blocks, unknown_words
from kolom.search.index_writer import update_index
from kolom.search.result_cache import LIFETIME_SECONDS
from tests.factories import NOW, content
from tests.integration.conftest import Configure
from tests.integration.search.searching import search

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str = "coffee", **changes: Any) -> int:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW, force=True)
    assert update_index([done.article.id]) == set()
    return done.article.id


def label_counts(**query: Any) -> dict[str, int]:
    """Return the number of results by label."""
    return {each["label"]: each["count"] for each in search(**query)["facets"]["labels"]}


@pytest.fixture
def many_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches treat their results like many: only those of the page are read."""
    monkeypatch.setattr(unknown_words, "_MAX_EXAMINED", 0)


def test_results_are_counted_by_label_year_and_language() -> None:
    publish("one", labels=("Travel", "Food"), language="en", published_at=datetime(2023, 5, 1, tzinfo=UTC))
    publish("two", labels=("Food",), language="id", published_at=datetime(2024, 5, 1, tzinfo=UTC))
    publish("three", labels=("Food",), language="id", published_at=datetime(2024, 6, 1, tzinfo=UTC))
    publish("other", "tea", labels=("Travel",))
    assert search(q="coffee")["facets"] == {
        "labels": [{"label": "Food", "count": 3}, {"label": "Travel", "count": 1}],
        "years": [{"year": 2024, "count": 2}, {"year": 2023, "count": 1}],
        "languages": [{"language": "id", "count": 2}, {"language": "en", "count": 1}],
    }


def test_a_language_counts_what_its_link_finds() -> None:
    """A search in one language looks for the stems of that language only."""
    publish("satu", "menerima tamu", language="id", title="Satu")
    publish("dua", "penerimaan", language="id", title="Dua")
    publish("one", "the word terima", language="en", title="One")
    publish("two", "the word menerima", language="en", title="Two")
    for query in ("menerima", "menerima word", "menrima", "meneri", "label:x OR label:t", "after:2020"):
        answer = search(q=query)
        counts = {each["language"]: each["count"] for each in answer["facets"]["languages"]}
        assert counts == {code: total for code in ("en", "id") if (total := search(q=query, language=code)["total"])}, (
            query
        )
    assert search(q="menerima")["total"] == 4
    assert search(q="menerima")["facets"]["languages"] == [
        {"language": "id", "count": 2},
        {"language": "en", "count": 1},
    ]


def test_the_counts_are_those_of_the_filtered_results() -> None:
    publish("one", labels=("A", "B"))
    publish("two", labels=("A",))
    assert label_counts(q="coffee", label="b") == {"A": 1, "B": 1}
    assert label_counts(q="coffee -label:b") == {"A": 1}
    assert label_counts(q="zebra") == {}
    assert search(q="")["facets"] is None


@pytest.mark.usefixtures("many_results")
def test_the_counts_of_many_results_are_exact_although_one_page_is_read() -> None:
    for number in range(5):
        publish(f"number-{number}", labels=("All", "Odd" if number % 2 else "Even"))
    publish("tea", "tea", labels=("All",))
    page = search(q="coffee", limit=4)
    assert label_counts(q="coffee", limit=4) == {"All": 5, "Even": 3, "Odd": 2}
    assert search(q="coffee", limit=4, cursor=page["next_cursor"])["facets"] is None


def test_the_spellings_of_a_label_are_one_label() -> None:
    publish("one", labels=("Food",))
    publish("two", labels=("food",))
    assert list(label_counts(q="coffee").values()) == [2]


@pytest.mark.usefixtures("many_results")
def test_labels_are_read_once_until_an_article_changes(requests: Counter[str]) -> None:
    for number in range(3):
        publish(f"number-{number}", labels=("A", "B"))
    search(q="coffee", limit=1)
    requests.clear()
    assert label_counts(q="coffee", limit=1) == {"A": 3, "B": 3}
    assert requests["Query"] == 1
    publish("number-0", labels=("A",))
    assert label_counts(q="coffee", limit=2) == {"A": 3, "B": 2}


@pytest.mark.usefixtures("many_results")
def test_labels_that_were_read_during_a_change_are_corrected_after_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        publish(f"number-{number}", labels=("A", "B"))
    remove = posting_blocks.remove

    def search_and_remove(term: str, block: int, numbers: set[int]) -> None:
        label_counts(q="coffee", limit=1)
        remove(term, block, numbers)

    with monkeypatch.context() as patched:
        patched.setattr(posting_blocks, "remove", search_and_remove)
        publish("number-0", labels=("A",))
    now = time.monotonic()
    monkeypatch.setattr("kolom.search.facets.time.monotonic", lambda: now + LIFETIME_SECONDS)
    assert label_counts(q="coffee", limit=2) == {"A": 3, "B": 2}


@pytest.mark.usefixtures("many_results")
def test_at_most_eight_labels_are_read(requests: Counter[str]) -> None:
    for number in range(3):
        publish(f"number-{number}", labels=tuple(f"label {n}" for n in range(20)))
    requests.clear()
    assert len(label_counts(q="coffee", limit=1)) == facets.MAX_LABELS
    assert requests["Query"] == 1 + facets.MAX_LABELS


@pytest.mark.usefixtures("many_results")
def test_required_labels_are_not_read_again_and_leave_room_for_others(requests: Counter[str]) -> None:
    chosen, others = [f"chosen {n}" for n in range(5)], [f"other {n}" for n in range(8)]
    for number in range(3):
        publish(f"number-{number}", labels=(*chosen, *others))
    asked: dict[str, Any] = {"q": 'coffee label:"chosen 0"', "label": chosen[1:]}
    requests.clear()
    assert label_counts(**asked, limit=1) == dict.fromkeys(others, 3)
    assert requests["Query"] == 1 + len(chosen) + len(others)
    for number in range(3):
        publish(f"number-{number}", labels=(*chosen, others[0]))
    requests.clear()
    assert label_counts(**asked, limit=1) == dict.fromkeys([*chosen, others[0]], 3)
    assert requests["Query"] == 1 + len(chosen) + 1


def test_years_are_those_of_the_time_zone_of_the_site(configure: Configure) -> None:
    configure(time_zone="Asia/Jakarta")
    publish("one", published_at=datetime(2023, 12, 31, 20, tzinfo=UTC))
    assert search(q="coffee")["facets"]["years"] == [{"year": 2024, "count": 1}]


@pytest.mark.parametrize("moment", [datetime(1, 1, 2, tzinfo=UTC), datetime(2, 1, 1, tzinfo=UTC)], ids=str)
@pytest.mark.parametrize("zone", ["Asia/Jakarta", "America/New_York"])
def test_the_first_year_of_the_calendar_is_no_error(moment: datetime, zone: str, configure: Configure) -> None:
    configure(time_zone=zone)
    publish("one", published_at=moment)
    assert len(search(q="coffee")["facets"]["years"]) <= 1


def test_pages_are_found() -> None:
    publish("about", "we roast coffee", kind="page")
    assert [item["slug"] for item in search(q="roast")["items"]] == ["about"]
    publishing.unpublish("about", now=NOW)
    assert update_index([1]) == set()
    assert search(q="roast")["items"] == []


def test_pages_are_not_related_to_articles() -> None:
    publish("one", "we roast coffee")
    publish("about", "we roast coffee", kind="page")
    publish("two", "we roast coffee")
    assert [item["slug"] for item in search(path="/api/articles/one/related")["items"]] == ["two"]
    publish("two", "we roast coffee", kind="page")
    assert search(path="/api/articles/one/related")["items"] == []
