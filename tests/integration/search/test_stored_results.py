"""What a page of results reads: a small item for each result that is not in memory, and the rest of some texts."""

import json
import random
import zlib
from collections import Counter
from typing import Any

import pytest

from functions.search_articles.app import handler
from kolom.articles import publishing
from kolom.models.search import REST, TextRecord
from kolom.search import index_reader, result_cache
from kolom.search.index_writer import update_index
from kolom.search.result_records import ITEM_BYTES
from tests.factories import NOW, Context, content, request
from tests.integration.handlers import stored

pytestmark = pytest.mark.usefixtures("tables")

CHANCE = random.Random(1)  # random text is hardly compressible
SYMBOLS = " ".join("".join(chr(CHANCE.randrange(0x2190, 0x2400)) for _ in range(30)) for _ in range(150))
WORDS = " ".join("".join(CHANCE.choices("abcdefghijklmnopqrstuvwxyz", k=60)) for _ in range(200))


def publish(slug: str, text: str, **changes: Any) -> int:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW, force=True)
    assert update_index([done.article.id]) == set()
    return done.article.id


def long_text(beginning: str, end: str, filler: str = SYMBOLS) -> str:
    """Return a text of which one item has about the first half."""
    return f"{beginning} {filler} {end}"


def search(**query: Any) -> Any:
    """Return the body of a response."""
    answer = handler(request("/api/search", query), Context())
    assert answer["statusCode"] == 200
    return json.loads(answer["body"])


def snippet(**query: Any) -> str:
    """Return the snippet of the only result."""
    (item,) = search(**query)["items"]
    return str(item["snippet_html"])


def items_of(article_id: int) -> dict[str, Any]:
    """Return the stored items of a result by range key."""
    return {item["part"]["S"]: item for item in stored("search") if item["key"]["S"] == f"doc#{article_id}"}


def size_of(item: dict[str, Any]) -> int:
    """Return the size of an item with strings, lists, numbers of at most 20 digits, Booleans and binary values."""
    sizes = {
        "S": lambda text: len(text.encode()),
        "L": lambda entries: 3 + sum(1 + len(entry["S"].encode()) for entry in entries),
        "N": lambda _: 11,
        "BOOL": lambda _: 1,
        "B": len,
    }
    return sum(len(name) + sizes[kind](value) for name, typed in item.items() for kind, value in typed.items())


def beginning_of(article_id: int) -> str:
    """Return the text in the item of a result."""
    return zlib.decompress(items_of(article_id)["doc"]["text"]["B"]).decode()


def batches(requests: Counter[str], **query: Any) -> int:
    """Return how many BatchGetItem a search without results in memory makes."""
    index_reader.results.clear()
    requests.clear()
    search(**query)
    return requests["BatchGetItem"]


@pytest.mark.parametrize("text", ["Coffee.", long_text("Coffee.", "Harbour.")], ids=["short", "long"])
@pytest.mark.parametrize("excerpt", ["", "x" * 900], ids=["bare", "with an excerpt"])
def test_a_result_is_one_item_of_four_kilobytes_at_most(text: str, excerpt: str) -> None:
    """Each result of a page then costs half a read unit."""
    article_id = publish("one", text, excerpt=excerpt, labels=("Jawa",))
    items = items_of(article_id)
    assert size_of(items["doc"]) <= ITEM_BYTES
    assert set(items) == ({"doc"} if len(text) < 100 else {"doc", "rest"})
    if "rest" in items:
        assert size_of(items["doc"]) > ITEM_BYTES * 0.85


def test_the_rest_of_a_text_is_read_only_for_missing_words(requests: Counter[str]) -> None:
    """They are missing in the title, the labels and the beginning, and the article has them."""
    publish("one", long_text("The coffee", "the old harbour."), title="Train", labels=("Jawa",))
    publish("two", "A short museum.")
    assert batches(requests, q="coffee") == 1
    assert batches(requests, q="coffee train jawa museum") == 1
    assert batches(requests, q="coffee harbour") == 2


def test_a_word_at_the_end_of_a_long_text_is_shown() -> None:
    publish("one", long_text("The coffee", "the old harbour."))
    assert snippet(q="harbour").endswith("the old <mark>harbour</mark>.")


def test_the_beginning_of_a_long_text_ends_with_an_ellipsis() -> None:
    publish("one", long_text("The", "the old harbour.", WORDS))
    last = beginning_of(1).split()[-1]
    shown = snippet(q=last)
    assert shown.endswith(f"<mark>{last}</mark>…")


@pytest.mark.parametrize(
    ("query", "total", "relaxed"),
    [
        ('"old harbour"', 1, False),
        ('"coffee house"', 1, False),
        ('"harbour old"', 1, True),
        ('coffee -"old harbour"', 0, False),
    ],
    ids=["in the rest", "in the beginning", "in none", "excluded"],
)
def test_a_phrase_is_searched_in_the_whole_text(query: str, total: int, *, relaxed: bool) -> None:
    publish("one", long_text("A coffee house", "the old harbour."))
    answer = search(q=query)
    assert (answer["total"], answer["total_is_exact"], answer["relaxed"]) == (total, True, relaxed)


def test_a_phrase_across_the_end_of_the_beginning_is_found() -> None:
    text = long_text("The coffee", "the old harbour.", WORDS)
    publish("one", text)
    words = text.split()
    last = len(beginning_of(1).split())
    assert 50 < last < 150
    answer = search(q=f'"{" ".join(words[last - 2 : last + 2])}"')
    assert (answer["total"], answer["relaxed"]) == (1, False)


def test_a_phrase_is_unknown_while_the_rest_is_being_replaced() -> None:
    """The rest of another version of the text is not used."""
    publish("one", long_text("The coffee", "the old harbour."))
    TextRecord("doc#1", REST).update(actions=[TextRecord.rest.set("other")])
    answer = search(q='"old harbour"')
    assert (answer["relaxed"], answer["total_is_exact"], answer["total"]) == (True, False, 1)


def test_the_rest_of_a_text_is_removed_with_it() -> None:
    publish("one", long_text("The coffee", "the old harbour."))
    publish("one", "The coffee.")
    assert set(items_of(1)) == {"doc"}
    publish("one", long_text("The coffee", "the old harbour."))
    publishing.delete("one", now=NOW)
    assert update_index([1]) == set()
    assert items_of(1) == {}


def test_results_that_were_read_stay_in_memory(requests: Counter[str]) -> None:
    """Suggestions, pages and related articles share them."""
    publish("one", "The coffee.", title="Coffee")
    handler(request("/api/search/suggest", {"q": "coff"}), Context())
    requests.clear()
    assert search(q="coffee")["total"] == 1
    assert requests["BatchGetItem"] == 0


def test_a_changed_result_is_read_again() -> None:
    """The document list need not have changed."""
    publish("one", "The coffee.", title="Coffee")
    assert search(q="coffee")["items"][0]["title"] == "Coffee"
    publish("one", "The coffee.", title="Kaffee")
    assert search(q="coffee")["items"][0]["title"] == "Kaffee"


def test_a_result_is_read_again_after_five_minutes(requests: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    publish("one", "The coffee.")
    search(q="coffee")
    monkeypatch.setattr(result_cache, "LIFETIME_SECONDS", -1)
    requests.clear()
    search(q="coffee")
    assert requests["BatchGetItem"] == 1


def test_results_in_memory_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are dropped."""
    monkeypatch.setattr(result_cache, "MAX_BYTES", 30)
    cache = result_cache.ResultCache[str]()
    cache.keep_only(1)
    for number in (1, 2, 3, 4, 2):
        cache.put(number, str(number), 10, revision=1)
    assert [cache.get(number) for number in range(1, 5)] == [None, "2", "3", "4"]


def test_a_result_that_was_read_before_a_change_is_not_kept() -> None:
    cache = result_cache.ResultCache[str]()
    cache.keep_only(2)
    cache.put(1, "old", 10, revision=1)
    assert cache.get(1) is None
