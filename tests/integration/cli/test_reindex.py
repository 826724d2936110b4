"""`kolom reindex`: all articles are indexed again, whatever state the index is in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from kolom.articles import publishing, repository
from kolom.models import search as model
from kolom.search import document_table, reindexing, vocabulary
from kolom.search.autocomplete import suggest
from kolom.search.index_writer import is_current, update_index
from kolom.search.search_request import SearchRequest
from kolom.search.searcher import search
from kolom_cli.terminal import console
from tests.factories import NOW, content
from tests.integration.cli.conftest import Kolom


def publish(slug: str, text: str) -> int:
    """Publish an article and index it."""
    article_id = publishing.publish(content(slug, html=f"<p>{text}</p>"), now=NOW).article.id
    assert update_index([article_id]) == set()
    return article_id


def found(text: str) -> list[str]:
    """Return the slugs that a search finds."""
    return [item.summary.slug for item in search(SearchRequest(text=text)).items]


@contextmanager
def indexer(ids: list[int]) -> Iterator[None]:
    """Run the indexing function in the background."""
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(0.05):
            update_index(ids, workers=1)

    worker = threading.Thread(target=follow)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()


def damage() -> None:
    """Delete postings without the writer."""
    client = boto3.client("dynamodb")
    client.delete_item(TableName="kolom-search", Key={"key": {"S": "coffe"}, "part": {"S": "b00000"}})


def test_a_damaged_index_is_repaired(kolom: Kolom) -> None:
    ids = [publish("one", "coffee and tea"), publish("two", "coffee and milk")]
    damage()
    assert found("coffee") == []
    with indexer(ids):
        ran = kolom("reindex")
    assert (ran.exit_code, ran.stdout) == (0, "Indexed 2 articles.\n")
    assert sorted(found("coffee")) == ["one", "two"]


def test_a_rebuild_removes_words_that_no_article_has(kolom: Kolom) -> None:
    article_id = publish("one", "coffee")
    publishing.publish(content("one", html="<p>cocoa</p>"), now=NOW, force=True)
    update_index([article_id])
    assert vocabulary.with_prefix("coff", 10) == ["coffee"]
    assert suggest("coc").completions == ("cocoa",)
    with indexer([article_id]):
        ran = kolom("reindex", "--rebuild", "--yes", "--json")
    assert (ran.exit_code, ran.json["indexed"]) == (0, 1)
    assert vocabulary.with_prefix("coff", 10) == []
    assert suggest("coc").completions == ("cocoa",)


def test_a_search_with_an_outdated_document_list_works_after_a_rebuild(kolom: Kolom) -> None:
    article_id = publish("one", "coffee")
    assert found("coffee") == ["one"]
    before = document_table.get().revision
    kolom("reindex", "--rebuild", "--yes", "--no-wait")
    assert found("coffee") == []
    update_index([article_id])
    assert found("coffee") == ["one"]
    assert document_table.get().revision > before


def test_articles_unpublished_while_indexing_was_down_are_removed(kolom: Kolom) -> None:
    article_id = publish("one", "coffee")
    publishing.unpublish("one", now=NOW)
    assert found("coffee") == ["one"]
    with indexer([article_id]):
        assert kolom("reindex").exit_code == 0
    assert found("coffee") == []


def test_a_missing_indexer_is_reported(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    publish("one", "coffee")
    monkeypatch.setattr(reindexing, "PATIENCE_SECONDS", 0.1)
    ran = kolom("reindex")
    assert ran.exit_code == 1
    assert "1 of 1 articles are not indexed yet" in ran.stderr


def test_the_first_interrupt_stops_waiting(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    publish("one", "coffee")

    def interrupted(ids: Any, done: Any, stopped: threading.Event) -> list[int]:
        stopped.set()
        return list(ids)

    monkeypatch.setattr(reindexing, "wait_until_indexed", interrupted)
    ran = kolom("reindex")
    assert ran.exit_code == 130
    assert "Marked 1 article;" in ran.stderr


def test_an_interrupt_before_all_are_marked_asks_to_run_it_again(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    publish("one", "coffee")

    @contextmanager
    def interrupted() -> Iterator[threading.Event]:
        stopped = threading.Event()
        stopped.set()
        yield stopped

    monkeypatch.setattr(console, "interruptible", interrupted)
    ran = kolom("reindex", "--rebuild", "--yes")
    assert ran.exit_code == 130
    assert "Marked 0 articles;" in ran.stderr
    assert "Run `kolom reindex` again to mark the others." in " ".join(ran.stderr.split())


def test_without_confirmation_nothing_is_rebuilt(kolom: Kolom) -> None:
    publish("one", "coffee")
    assert kolom("reindex", "--rebuild", answer="n\n").exit_code == 1
    assert found("coffee") == ["one"]


def test_many_articles_of_every_status_are_marked(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "_PAGE", 20)
    for number in range(45):
        publishing.publish(content(f"n{number}", html="<p>x</p>"), now=NOW)
    publishing.unpublish("n7", now=NOW)
    publishing.delete("n8", now=NOW)
    ran = kolom("reindex", "--no-wait", "--json")
    assert ran.json == {"articles": 45, "marked": 45, "indexed": 0, "removed": 0}


def test_marking_a_missing_article_for_reindexing_creates_nothing(tables: None) -> None:
    repository.request_reindex(99, "mark")
    assert repository.get(99) is None


def test_a_marked_article_is_outdated_until_it_is_indexed_again(tables: None) -> None:
    article_id = publish("one", "coffee")
    assert is_current(article_id)
    repository.request_reindex(article_id, "mark")
    assert not is_current(article_id)
    update_index([article_id])
    assert is_current(article_id)


def test_searches_know_the_synonyms_again_after_the_search_table_was_replaced(kolom: Kolom) -> None:
    publish("one", "automobile")
    assert kolom("search", "synonyms", "add", "car", "automobile").exit_code == 0
    model.table().delete_item(model.DOCUMENTS, model.REVISION)
    document_table.clear_cache()
    assert found("car") == []
    assert kolom("reindex", "--no-wait").exit_code == 0
    assert found("car") == ["one"]
