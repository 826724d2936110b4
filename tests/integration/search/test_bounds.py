"""Limits of the DynamoDB requests of each search, and failures of DynamoDB."""

import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from functions.index_articles.app import handler as index_handler
from functions.search_articles.app import handler
from kolom.articles import publishing, repository
from kolom.models.search import DOCUMENTS, ResultRecord, add_elements, add_postings, increase_revisions
from kolom.search import (
    document_table,
    index_reader,
    more_like_this,
    phrase_matcher,
    phrase_verification,
    tokenizer,
    vocabulary,
)
from kolom.search.analyzer import stem
from kolom.search.codec import (
    POSTINGS_PER_BLOCK,
    DocumentStats,
    decode_document,
    decode_posting,
    encode_document,
    encode_posting,
)
from kolom.search.document import IndexedDocument, build_document
from kolom.search.forward_index import ForwardEntry, to_record
from kolom.search.index_reader import StoredResult
from kolom.search.index_writer import update_index
from kolom.search.matcher import Matcher
from kolom.search.phrase_matcher import SearchedText
from kolom.search.query_parser import MAX_PHRASES
from kolom.search.result_records import result_records
from tests.factories import NOW, Context, content, request
from tests.integration.conftest import RefusedCalls

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str, **changes: Any) -> int:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW)
    assert update_index([done.article.id]) == set()
    return done.article.id


def get(path: str, **query: Any) -> dict[str, Any]:
    """Return a response."""
    answer: dict[str, Any] = handler(request(path, query), Context())
    return answer


def asked(requests: Counter[str], path: str, **query: Any) -> dict[str, int]:
    """Return the calls of a request when the document list is in memory, but the results are not."""
    assert get(path, **query)["statusCode"] == 200
    index_reader.results.clear()
    requests.clear()
    assert get(path, **query)["statusCode"] == 200
    return dict(requests)


def test_a_query_reads_each_term_and_all_results_at_once(requests: Counter[str]) -> None:
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
    # Twenty-four words, two of them with a spelling correction that reads the vocabulary twice.
    assert made.get("Query", 0) <= 28
    assert sum(made.values()) <= 30


def test_the_longest_query_on_a_site_of_many_languages_is_bounded(requests: Counter[str]) -> None:
    for number, language in enumerate(("en", "id", "fr", "de", "xx")):
        publish(f"n{number}", "coffee", language=language)
    made = asked(
        requests, "/api/search", q="coffee " + " ".join(f"{chr(97 + n)}ionings" for n in range(26)) + " -walkings"
    )
    # Thirty-two stems; two corrections, each with two parts of the vocabulary and three words.
    assert made["Query"] <= 32 + 2 * (2 + 3 * 4)
    assert made["GetItem"] == 1


class Read:
    """Counts the articles and characters that searches read, their requests, and the characters they tokenize."""

    def __init__(self) -> None:
        self.articles = self.characters = self.requests = self.made_into_words = 0

    def add(self, found: dict[int, StoredResult]) -> None:
        """Count one request."""
        self.requests += bool(found)
        self.articles += len(found)
        self.characters += sum(len(each.text) for each in found.values())


@pytest.fixture
def read(tables: None, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Count what searches read and tokenize."""
    seen = Read()

    def load_results(*args: Any, **options: Any) -> dict[int, StoredResult]:
        found = load(*args, **options)
        seen.add(found)
        return found

    def count(text: str) -> Any:
        seen.made_into_words += len(text)
        return tokenizer.tokenize(text)

    def count_found(matcher: Matcher, text: str) -> Any:
        seen.made_into_words += len(text)
        return find(matcher, text)

    find, load = Matcher.find, index_reader.load_results
    monkeypatch.setattr(index_reader, "load_results", load_results)
    monkeypatch.setattr(more_like_this, "load_results", load_results)
    monkeypatch.setattr(phrase_matcher, "tokenize", count)
    monkeypatch.setattr(Matcher, "find", count_found)
    return seen


def text_of(size: int, *sentences: str) -> str:
    """Return a text of ``size`` characters that contains ``sentences``."""
    words = "bdfgjklmnprst"
    filler = " ".join(f"{a}o{b}e{c}" for a in words for b in words for c in words)
    return (" ".join(sentences) + " " + filler * (size // len(filler) + 1))[:size]


def publish_many(number: int, size: int, *sentences: str) -> None:
    """Put articles of that size into the index, which contains only the words of the sentences."""
    first = publishing.publish(content("n0", html=f"<p>{text_of(size, *sentences)}</p>"), now=NOW).article
    body = repository.find_rendered_body(first)
    assert body is not None
    entry = build_document(first, body)
    articles = [replace(first, id=1 + n, slug=f"n{n}") for n in range(number)]
    document = DocumentStats(NOW, "en", entry_length(entry))
    add_elements(DOCUMENTS, 0, (encode_document(each.id, document) for each in articles))
    increase_revisions(1, 0)
    terms = entry.postings.keys() & {stem(word.form, "en") for word in tokenizer.tokenize(" ".join(sentences))}
    asked_for = {term: decode_posting(entry.postings[term])[1] for term in terms}
    for term, code in asked_for.items():
        add_postings(term, 0, (encode_posting(each.id, code) for each in articles))
    with ResultRecord.batch_write() as batch:
        for each in articles:
            for record in result_records(each, entry):
                if record is not None:
                    batch.save(record)
    held = ForwardEntry(postings={term: {encode_posting(1, code)} for term, code in asked_for.items()})
    to_record(1, held, revision=1).save()


def entry_length(entry: IndexedDocument) -> int:
    """Return the length code of an entry."""
    assert entry.list_entry is not None
    return decode_document(entry.list_entry)[1]


def search(**query: Any) -> dict[str, Any]:
    """Return the body of a response."""
    body: dict[str, Any] = json.loads(get("/api/search", **query)["body"])
    return body


@pytest.mark.parametrize(("number", "size"), [(240, 5_000), (40, 50_000), (14, 120_000)])
def test_a_phrase_search_reads_about_a_megabyte_at_most(read: Read, number: int, size: int) -> None:
    """The response has the results found so far, and a total that is not exact."""
    publish_many(number, size, "the old harbour")
    answer = search(q='"old harbour"', limit=100)
    assert read.requests == -(-read.articles // 100)
    assert read.articles == answer["total"]
    assert 10 <= read.articles < number
    assert read.characters < 1_500_000
    assert answer["total_is_exact"] is False
    assert answer["relaxed"] is False


def test_a_phrase_search_reads_a_limited_number_of_texts(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole text of fewer ones: the document list may say that long texts are short, as those of stop words."""
    rests: list[int] = []

    def load_rests(beginnings: Any) -> Any:
        listed = list(beginnings)
        rests.append(len(listed))
        return load(listed)

    load = index_reader.load_rests
    monkeypatch.setattr(index_reader, "load_rests", load_rests)
    monkeypatch.setattr(document_table, "_BYTES_PER_WORD", 0)
    monkeypatch.setattr(phrase_verification, "MAX_VERIFIED", 12)
    monkeypatch.setattr(phrase_verification, "MAX_RESTS", 4)
    publish_many(20, 15_000, "an old stone harbour")
    answer = search(q='"old harbour"')
    assert (read.articles, rests[0], answer["total_is_exact"]) == (12, 4, False)


def test_a_phrase_that_few_texts_can_contain_is_answered_exactly(read: Read) -> None:
    publish_many(12, 50_000, "the old harbour")
    answer = search(q='"old harbour"', limit=12)
    assert (answer["total"], answer["total_is_exact"], len(answer["items"])) == (12, True, 12)


def test_texts_are_compared_with_few_phrases_of_an_or(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others count as words. All sides of the query are in fifteen words."""
    compared = 0

    def count(searched: SearchedText, *args: Any) -> bool | None:
        nonlocal compared
        compared += len(searched.text)
        return has(searched, *args)

    has = SearchedText.has
    monkeypatch.setattr(SearchedText, "has", count)
    words = [f"{letter}ayung" for letter in "bdgjklmnprstwyz"]
    publish_many(3, 1_000, *words)
    sides = [f'"{second} {first}"' for number, first in enumerate(words) for second in words[number + 1 :]]
    assert search(q=" OR ".join(sides))["total"] == 3
    assert compared <= 3 * 1_100 * MAX_PHRASES


def test_texts_without_the_phrase_are_not_tokenized(read: Read) -> None:
    """They are read once, and only shown results are searched for snippets."""
    publish_many(30, 20_000, "an old stone harbour")
    answer = search(q='"old harbour"')
    assert (answer["relaxed"], answer["total"], answer["total_is_exact"]) == (True, 30, True)
    assert read.requests == 1
    assert read.made_into_words <= 10 * (20_000 + 100)


def test_a_phrase_is_not_reported_missing_if_not_all_texts_were_read(read: Read) -> None:
    """Its words are searched, and the total is not exact, because an unread text may contain the phrase."""
    publish_many(40, 50_000, "an old stone harbour")
    answer = search(q='"old harbour"')
    assert (answer["relaxed"], answer["total"], answer["total_is_exact"]) == (True, 40, False)


def test_an_excluded_phrase_reads_only_texts_that_may_contain_it(read: Read) -> None:
    publish_many(30, 50_000, "coffee, but no tea")
    answer = search(q='coffee -"green tea"')
    assert (answer["total"], answer["total_is_exact"]) == (30, True)
    assert read.articles == 10


def test_unread_texts_that_may_contain_an_excluded_phrase_are_left_out(read: Read) -> None:
    publish_many(40, 50_000, "coffee, tea, all green")
    answer = search(q='coffee -"green tea"')
    assert 10 <= answer["total"] < 40
    assert answer["total_is_exact"] is False


def test_a_page_with_long_texts_ends_early(read: Read) -> None:
    """It has at least ten results; the next page continues, and the total counts all."""
    publish_many(40, 50_000, "coffee")
    page = search(q="coffee", limit=100)
    pages = [[item["slug"] for item in page["items"]]]
    while page["next_cursor"]:
        page = search(q="coffee", limit=100, cursor=page["next_cursor"])
        pages.append([item["slug"] for item in page["items"]])
    assert page["total"] == 40
    assert sorted(slug for page in pages for slug in page) == sorted(f"n{n}" for n in range(40))
    assert all(10 <= len(slugs) < 40 for slugs in pages[:-1])


def test_the_snippets_of_a_page_share_a_limit(read: Read) -> None:
    publish_many(100, 7_000, "coffee")
    shown = len(search(q="coffee", limit=100)["items"])
    assert shown * 7_000 > 550_000
    assert read.made_into_words <= 500_000 + shown * 100


def test_a_page_of_short_texts_has_the_requested_length(read: Read) -> None:
    publish_many(101, 500, "coffee")
    assert len(search(q="coffee", limit=100)["items"]) == 100


def test_related_articles_with_long_texts_end_early(read: Read) -> None:
    publish_many(40, 50_000, "coffee")
    items = json.loads(get("/api/articles/n0/related", limit=100)["body"])["items"]
    assert 10 <= len(items) < 39


def test_a_correction_reads_a_limited_part_of_the_vocabulary(
    requests: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If too many words have the same first letter, only words with a longer common prefix or the same end are read."""
    monkeypatch.setattr(vocabulary, "MAX_READ", 20)
    publish("one", "harbour " + " ".join(f"ha{a}{b}" for a in "bcdfg" for b in "aeiou"))
    for typed in ("harbuor", "hrabour", "xarbour"):
        assert search(q=typed)["did_you_mean"] == "harbour"
        assert asked(requests, "/api/search", q=typed)["Query"] <= 1 + 4 + 3


def test_a_completion_is_bounded(requests: Counter[str]) -> None:
    """Two Queries for the words and titles that begin with the last word, and one for each stem of three words."""
    for number, language in enumerate(("en", "id", "fr", "de", "xx")):
        publish(f"n{number}", " ".join(f"gamel{a}{b}ings" for a in "bcdfg" for b in "aeiou"), language=language)
    made = asked(requests, "/api/search", q="gamel")
    assert made == {"GetItem": 1, "Query": made["Query"], "BatchGetItem": 1}
    assert made["Query"] <= 5 + 2 + 3 * 4
    words = " ".join(f"{chr(97 + n)}ionings" for n in range(22))
    made = asked(requests, "/api/search", q=f"{words} gamelbaing")
    # The stems, two corrections and a completion.
    assert made["Query"] <= 32 + 2 * (2 + 3 * 4) + 2 + 3 * 4
    assert asked(requests, "/api/search", q="gamelbaings")["Query"] <= 5


def test_suggestions_read_a_limited_number_of_excluded_words(requests: Counter[str]) -> None:
    publish("one", "gamelan")
    excluded = " ".join(f"-{chr(97 + n)}word" for n in range(20))
    made = asked(requests, "/api/search/suggest", q=f"{excluded} gamel")
    assert made["Query"] <= 2 + 4 + 3


def test_terms_are_read_until_the_postings_reach_the_limit(
    requests: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most important words are searched for, exclusions apply, and the total is not exact."""
    monkeypatch.setattr(index_reader, "MAX_POSTINGS", 5)
    terms = [f"{chr(97 + n) * 3}harbour" for n in range(20)]
    publish("one", " ".join(terms))
    publish("two", " ".join(terms) + " milk")
    answer = search(q=" ".join(terms) + " -milk")
    assert ([item["slug"] for item in answer["items"]], answer["total_is_exact"]) == (["one"], False)
    assert asked(requests, "/api/search", q=" ".join(terms) + " -milk")["Query"] == 8


def test_an_empty_query_only_checks_the_revision_of_the_document_list(requests: Counter[str]) -> None:
    publish("one", "coffee")
    assert asked(requests, "/api/search", q="") == {"GetItem": 1}


def test_suggestions_and_related_articles_are_bounded(requests: Counter[str]) -> None:
    for number in range(5):
        publish(f"n{number}", " ".join(f"coffee{chr(97 + n)}" for n in range(20)), title="Coffee")
    assert sum(asked(requests, "/api/search/suggest", q="a b c d e f g coffee coff").values()) <= 12
    assert sum(asked(requests, "/api/articles/n0/related").values()) <= 14


def test_the_document_list_is_read_again_only_after_a_change(
    requests: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("one", "coffee")
    assert asked(requests, "/api/search", q="coffee")["Query"] == 1
    known = document_table.get()
    publish("two", "coffee")
    monkeypatch.setattr(document_table, "_current", known)  # the indexer has its own in another process
    requests.clear()
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 2
    assert requests["Query"] == 2


@pytest.mark.parametrize("operation", ["Query", "GetItem", "BatchGetItem"])
def test_a_throttled_search_is_answered_503(faults: RefusedCalls, operation: str) -> None:
    publish("one", "coffee")
    assert get("/api/search", q="coffee")["statusCode"] == 200
    index_reader.results.clear()
    faults.throttle(operation)
    answer = get("/api/search", q="coffee")
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["Retry-After"]) > 0
    assert json.loads(answer["body"])["status"] == 503


def record(number: int, article_id: int) -> dict[str, Any]:
    """Return a record of the articles' stream."""
    keys = {"key": {"S": str(article_id)}, "part": {"S": "card"}}
    change = {"Keys": keys, "SequenceNumber": f"{number:021d}", "StreamViewType": "KEYS_ONLY"}
    return {"eventID": str(number), "eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


def deliver(*article_ids: int) -> list[str]:
    """Return the sequence numbers of the records to retry."""
    event = {"Records": [record(number, each) for number, each in enumerate(article_ids, start=1)]}
    answer = index_handler(event, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_only_failed_records_of_a_batch_are_retried(faults: RefusedCalls) -> None:
    first = publishing.publish(content("one", html="<p>coffee</p>"), now=NOW).article.id
    faults.throttle("UpdateItem")
    assert deliver(first, first, 99) == [f"{1:021d}", f"{2:021d}"]
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 0
    faults._planned.clear()
    assert deliver(first, first, 99) == []
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 1


def test_a_redelivered_record_writes_nothing(requests: Counter[str]) -> None:
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
    assert requests["UpdateItem"] <= 5  # the new word, the old word, the length in the document list and its revision


def test_articles_of_a_batch_share_their_writes(requests: Counter[str]) -> None:
    ids = [publishing.publish(content(f"n{n}", title="T", html="<p>coffee</p>"), now=NOW).article.id for n in range(30)]
    requests.clear()
    assert deliver(*ids) == []
    assert requests["UpdateItem"] <= 4


def test_a_term_with_many_blocks_is_found_completely(tables: None) -> None:
    for _ in range(3):
        publish(f"a{_}", "coffee")
    from kolom.models.articles import Sequence

    Sequence("sequence", "article").update(actions=[Sequence.value.add(3 * POSTINGS_PER_BLOCK)])
    publish("later", "coffee")
    assert json.loads(get("/api/search", q="coffee")["body"])["total"] == 4


def test_two_versions_with_only_long_unique_words_fit_into_one_item() -> None:
    chance = random.Random(1)
    held = ForwardEntry()
    for _ in range(2):
        words = ["".join(chance.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=64)) for _ in range(15_000)]
        done = publishing.publish(content("one", html=f"<p>{' '.join(words)}</p>"), now=NOW, force=True)
        body = repository.find_rendered_body(done.article)
        assert body is not None
        postings = build_document(done.article, body).postings
        assert len(postings) > 2_000
        held.merge(ForwardEntry(postings={term: {element} for term, element in postings.items()}))
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
def test_texts_in_any_script_are_indexed_and_found(text: str, query: str) -> None:
    publish("one", text, language="xx")
    answer = json.loads(get("/api/search", q=query)["body"])
    assert answer["total"] <= 1
    assert len(answer["items"][0]["snippet_html"]) < 3_000 if answer["items"] else query.startswith(("x", "é"))
