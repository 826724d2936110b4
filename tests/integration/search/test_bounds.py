"""What one request asks of DynamoDB, and what happens when DynamoDB refuses."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from functions.index_articles.app import handler as index_handler
from functions.search_articles.app import handler
from kolom.articles import publishing, store
from kolom.models.base import connection
from kolom.search.codes import POSTINGS_PER_BLOCK
from kolom.search.entries import describe
from kolom.search.held import Held, to_record
from kolom.search.indexing import index
from tests.factories import NOW, Context, content, request
from tests.integration.conftest import Faults

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str, **changes: Any) -> int:
    """Publish an article and let the index take it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW)
    assert index([done.article.id]) == set()
    return done.article.id


def get(path: str, **query: Any) -> dict[str, Any]:
    """An answer."""
    answer: dict[str, Any] = handler(request(path, query), Context())
    return answer


@pytest.fixture
def requests(tables: None) -> Iterator[Counter[str]]:
    """The calls to DynamoDB by their names."""
    made: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        made[model.name] += 1

    events = connection().client.meta.events
    events.register("before-call.dynamodb.*", count)
    yield made
    events.unregister("before-call.dynamodb.*", count)


def asked(requests: Counter[str], path: str, **query: Any) -> dict[str, int]:
    """What a request asks for once the document list is in memory."""
    assert get(path, **query)["statusCode"] == 200
    requests.clear()
    assert get(path, **query)["statusCode"] == 200
    return dict(requests)


def test_a_query_reads_a_term_each_and_the_page_at_once(requests: Counter[str]) -> None:
    for number in range(12):
        publish(f"n{number}", "coffee of the old harbour", labels=("Jawa",))
    one = {"GetItem": 1, "BatchGetItem": 1}
    assert asked(requests, "/api/search", q="coffee") == one | {"Query": 1}
    assert asked(requests, "/api/search", q="coffee harbour old", limit=12) == one | {"Query": 3}
    assert asked(requests, "/api/search", q="coffee", label="jawa", language="en") == one | {"Query": 2}
    assert asked(requests, "/api/search", q='"old harbour" coffee') == one | {"Query": 3}


def test_the_longest_query_is_bounded(requests: Counter[str]) -> None:
    publish("one", "coffee")
    made = asked(requests, "/api/search", q=" ".join(f"wrd{n}" for n in range(500)))
    # Sixteen stems, two words looked up for corrections.
    assert made.get("Query", 0) <= 18
    assert sum(made.values()) <= 20


def test_an_empty_query_reads_only_whether_there_is_news(requests: Counter[str]) -> None:
    publish("one", "coffee")
    assert asked(requests, "/api/search", q="") == {"GetItem": 1}


def test_suggestions_and_related_are_bounded(requests: Counter[str]) -> None:
    for number in range(5):
        publish(f"n{number}", " ".join(f"coffee{chr(97 + n)}" for n in range(20)), title="Coffee")
    assert sum(asked(requests, "/api/search/suggest", q="a b c d e f g coffee coff").values()) <= 12
    assert sum(asked(requests, "/api/articles/n0/related").values()) <= 13


def test_the_document_list_is_read_again_only_after_a_change(requests: Counter[str]) -> None:
    publish("one", "coffee")
    assert asked(requests, "/api/search", q="coffee")["Query"] == 1
    publish("two", "coffee")
    requests.clear()
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 2
    assert requests["Query"] == 2


@pytest.mark.parametrize("operation", ["Query", "GetItem", "BatchGetItem"])
def test_a_busy_table_is_told_as_such(faults: Faults, operation: str) -> None:
    publish("one", "coffee")
    assert get("/api/search", q="coffee")["statusCode"] == 200
    faults.throttle(operation)
    answer = get("/api/search", q="coffee")
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["Retry-After"]) > 0
    assert json.loads(answer["body"])["status"] == 503


def record(number: int, article_id: int) -> dict[str, Any]:
    """A record of the articles' stream."""
    keys = {"key": {"S": str(article_id)}, "part": {"S": "card"}}
    change = {"Keys": keys, "SequenceNumber": f"{number:021d}", "StreamViewType": "KEYS_ONLY"}
    return {"eventID": str(number), "eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


def deliver(*article_ids: int) -> list[str]:
    """The sequence numbers that have to come again."""
    event = {"Records": [record(number, each) for number, each in enumerate(article_ids, start=1)]}
    answer = index_handler(event, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_of_a_batch_only_what_failed_comes_again(faults: Faults) -> None:
    first = publishing.publish(content("one", html="<p>coffee</p>"), now=NOW).article.id
    faults.throttle("UpdateItem")
    assert deliver(first, first, 99) == [f"{1:021d}", f"{2:021d}"]
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 0
    faults._planned.clear()
    assert deliver(first, first, 99) == []
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 1


def test_a_record_that_comes_again_writes_nothing(requests: Counter[str]) -> None:
    article_id = publish("one", "coffee")
    requests.clear()
    assert deliver(article_id) == []
    assert set(requests) == {"GetItem"}


def test_an_edit_writes_only_the_words_that_changed(requests: Counter[str]) -> None:
    words = [f"wo{chr(97 + n)}rd" for n in range(26)]
    publish("one", " ".join(words))
    publishing.publish(content("one", html=f"<p>{' '.join(words[1:])} harbour</p>"), now=NOW, force=True)
    requests.clear()
    assert deliver(1) == []
    assert requests["UpdateItem"] <= 5  # the new word, the old one, the length in the document list and its revision


def test_articles_of_a_batch_share_their_writes(requests: Counter[str]) -> None:
    ids = [publishing.publish(content(f"n{n}", title="T", html="<p>coffee</p>"), now=NOW).article.id for n in range(30)]
    requests.clear()
    assert deliver(*ids) == []
    assert requests["UpdateItem"] <= 4


def test_a_term_of_many_blocks_is_found_whole(tables: None) -> None:
    for _ in range(3):
        publish(f"a{_}", "coffee")
    from kolom.models.articles import Sequence

    Sequence("sequence", "article").update(actions=[Sequence.value.add(3 * POSTINGS_PER_BLOCK)])
    publish("later", "coffee")
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 4


def test_two_versions_of_nothing_but_long_unheard_words_fit_one_item() -> None:
    chance = random.Random(1)
    held = Held()
    for _ in range(2):
        words = ["".join(chance.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=64)) for _ in range(15_000)]
        done = publishing.publish(content("one", html=f"<p>{' '.join(words)}</p>"), now=NOW, force=True)
        body = store.load_shown(done.article)
        assert body is not None
        postings = describe(done.article, body).postings
        assert len(postings) > 2_000
        held.include(Held(postings={term: {element} for term, element in postings.items()}))
    assert len(to_record(1, held, revision=1).data) < 300_000


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("x" * 2_000_000, "x" * 64),
        ("ก่" * 20_000, "ก่ก่"),
        ("東京都" * 5_000, "東京"),
        ("שלום עולם", "שלום"),
        ("سَلَام", "سلام"),
        ("e\u0301" * 30_000, "é"),
        ("party 🎉🎉 time", "party"),
    ],
    ids=["endless", "thai", "japanese", "hebrew", "arabic", "marks", "emoji"],
)
def test_any_writing_is_indexed_and_found(text: str, query: str) -> None:
    publish("one", text, language="xx")
    answer = json.loads(get("/api/search", q=query)["body"])
    assert answer["total"] <= 1
    assert len(answer["items"][0]["snippet_html"]) < 3_000 if answer["items"] else query.startswith(("x", "é"))
