"""Publishing, unpublishing, deleting and scheduling articles."""

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from kolom.articles import public, publishing, repository
from kolom.articles.scheduler import publish_due
from kolom.articles.types import ArticleFilter, Body
from kolom.errors import Conflict, Gone, InvalidInput, Moved, NotFound, ServiceBusy
from kolom.models.articles import ArticleRecord, ArticlesTableRecord, BodyChunk, Count
from kolom.models.transaction import Transaction
from tests.factories import NOW, content
from tests.integration.conftest import RefusedCalls

pytestmark = pytest.mark.usefixtures("tables")


def parts_of(article_id: int) -> list[str]:
    return [str(item.part) for item in ArticlesTableRecord.query(str(article_id), consistent_read=True)]


def counts() -> dict[str, int]:
    return {str(item.part): int(item.articles) for item in Count.query("counts") if item.articles}


class TestFirstPublication:
    def test_a_published_article_can_be_read(self) -> None:
        publishing.publish(content("hello", html="<p>Halo</p>", labels=("News",), description="About"), now=NOW)
        found = public.get_article("hello")
        assert (found.article.title, found.article.labels, found.article.description) == ("Hello", ("News",), "About")
        assert found.body.html == "<p>Halo</p>"

    def test_ids_are_small_consecutive_numbers(self) -> None:
        ids = [publishing.publish(content(slug), now=NOW).article.id for slug in ("a1", "b1", "c1")]
        assert ids == [1, 2, 3]

    def test_the_date_defaults_to_the_time_of_publication(self) -> None:
        article = publishing.publish(content(published_at=None), now=NOW).article
        assert article.published_at == NOW

    def test_publishing_the_same_content_again_changes_nothing(self) -> None:
        first = publishing.publish(content(), now=NOW)
        second = publishing.publish(content(), now=NOW + timedelta(days=1))
        assert (second.change, second.article) == ("unchanged", first.article)

    def test_labels_that_differ_only_in_case_are_merged(self) -> None:
        article = publishing.publish(content(labels=("News", "news", " NEWS ")), now=NOW).article
        assert article.labels == ("News",)
        assert counts()["label#news"] == 1

    def test_the_source_is_stored_but_not_loaded_for_readers(self) -> None:
        body = Body(html="<p>x</p>", source="*x*", source_format="markdown")
        article = publishing.publish(content(body=body), now=NOW).article
        assert repository.get_body(article).source == "*x*"
        assert public.get_article("hello").body.source == ""


class TestChanging:
    def test_a_change_requires_the_version_that_was_read(self) -> None:
        publishing.publish(content(), now=NOW)
        with pytest.raises(Conflict, match=r"already exists \(version 1\)"):
            publishing.publish(content(title="New"), now=NOW)

    def test_a_change_to_an_outdated_version_is_rejected(self) -> None:
        publishing.publish(content(), now=NOW)
        publishing.publish(content(title="Second"), now=NOW, expected_version=1)
        with pytest.raises(Conflict, match="has version 2"):
            publishing.publish(content(title="Third"), now=NOW, expected_version=1)
        assert public.get_article("hello").article.title == "Second"

    def test_force_overwrites_any_version(self) -> None:
        publishing.publish(content(), now=NOW)
        forced = publishing.publish(content(title="Forced"), now=NOW, force=True)
        assert (forced.change, forced.article.version) == ("updated", 2)

    @pytest.mark.parametrize("path", ["/taken.html", "/taken/"], ids=["a path", "a path that is another's slug"])
    def test_force_does_not_retry_a_permanent_conflict(self, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
        """A path of another article stays taken, so the body is written only once."""
        publishing.publish(content("taken", path="/taken.html"), now=NOW)
        writes = Mock(wraps=repository.write_chunks)
        monkeypatch.setattr(repository, "write_chunks", writes)
        with pytest.raises(Conflict, match="belongs to another article"):
            publishing.publish(content("other", path=path), now=NOW, force=True)
        assert writes.call_count == 1

    def test_the_old_body_is_removed(self) -> None:
        article = publishing.publish(content(), now=NOW).article
        publishing.publish(content(html="<p>new</p>"), now=NOW, expected_version=1)
        assert [part for part in parts_of(article.id) if article.body_version in part] == []
        assert public.get_article("hello").body.html == "<p>new</p>"

    def test_the_date_of_first_publication_is_kept(self) -> None:
        publishing.publish(content(published_at=None), now=NOW)
        later = NOW + timedelta(days=3)
        article = publishing.publish(content(published_at=None, title="New"), now=later, expected_version=1).article
        assert (article.published_at, article.updated_at) == (NOW, later)

    def test_an_unknown_id_is_an_error(self) -> None:
        with pytest.raises(NotFound, match="no article with the id 7"):
            publishing.publish(content(), now=NOW, article_id=7)

    @pytest.mark.parametrize("changed", [20, 17])
    def test_all_of_many_labels_can_change_at_once(self, changed: int) -> None:
        before = [f"before {number}" for number in range(20)]
        after = [f"after {number}" for number in range(changed)] + before[changed:]
        publishing.publish(content(labels=tuple(before)), now=NOW)
        publishing.publish(
            content(labels=tuple(after), published_at=datetime(2025, 7, 1, tzinfo=UTC)), now=NOW, expected_version=1
        )
        assert {entry.label for entry in public.list_labels()} == set(after)
        assert public.count_articles(ArticleFilter(label="after 3", year=2025, month=7)) == 1
        assert public.count_articles(ArticleFilter(label="before 3")) == 0
        assert public.count_articles(ArticleFilter(label="before 3", year=2026)) == 0

    def test_a_change_of_many_labels_that_was_interrupted_can_be_undone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = content(labels=tuple(f"before {number}" for number in range(20)))
        publishing.publish(before, now=NOW)
        commit, commits = Transaction.commit, itertools.count()

        def interrupted(transaction: Transaction) -> None:
            if next(commits):
                raise ServiceBusy
            commit(transaction)

        after = content(
            labels=tuple(f"after {number}" for number in range(20)), published_at=datetime(2025, 7, 1, tzinfo=UTC)
        )
        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "commit", interrupted)
            with pytest.raises(ServiceBusy):
                publishing.publish(after, now=NOW, expected_version=1)
        assert publishing.publish(before, now=NOW, expected_version=2).change == "updated"
        assert {entry.label for entry in public.list_labels()} == set(before.labels)


class TestSlugsAndPaths:
    def test_an_old_slug_redirects_to_the_new_one(self) -> None:
        article = publishing.publish(content("old"), now=NOW).article
        publishing.publish(content("new"), now=NOW, article_id=article.id, expected_version=1)
        with pytest.raises(Moved) as moved:
            public.get_article("old")
        assert moved.value.slug == "new"

    def test_an_article_can_return_to_an_old_slug(self) -> None:
        article = publishing.publish(content("old"), now=NOW).article
        publishing.publish(content("new"), now=NOW, article_id=article.id, expected_version=1)
        publishing.publish(content("old"), now=NOW, article_id=article.id, expected_version=2)
        assert public.get_article("old").article.id == article.id

    def test_an_old_slug_cannot_be_used_by_another_article(self) -> None:
        article = publishing.publish(content("old"), now=NOW).article
        publishing.publish(content("new"), now=NOW, article_id=article.id, expected_version=1)
        with pytest.raises(Conflict, match="'old' is an alias of 'new'"):
            publishing.publish(content("old", title="Another"), now=NOW, force=True)

    def test_a_path_belongs_to_one_article(self) -> None:
        publishing.publish(content("one", path="/2024/05/x.html"), now=NOW)
        with pytest.raises(Conflict, match=r"the path '/2024/05/x\.html' belongs to another article"):
            publishing.publish(content("two", path="/2024/05/x.html"), now=NOW)
        assert [item.slug for item in public.list_articles(ArticleFilter(), limit=10).items] == ["one"]

    def test_a_rejected_publication_leaves_no_body(self) -> None:
        publishing.publish(content("one", path="/x.html"), now=NOW)
        with pytest.raises(Conflict):
            publishing.publish(content("two", path="/x.html"), now=NOW)
        assert parts_of(2) == []

    def test_the_default_path_of_another_article_cannot_be_used(self) -> None:
        publishing.publish(content("one"), now=NOW)
        with pytest.raises(Conflict, match="the path '/one/' belongs to another article"):
            publishing.publish(content("two", path="/one/"), now=NOW)
        publishing.publish(content("three", path="/four/"), now=NOW)
        with pytest.raises(Conflict):
            publishing.publish(content("four"), now=NOW)
        assert public.resolve_path("/four/") == "three"

    def test_articles_are_found_by_imported_path_and_by_slug(self) -> None:
        publishing.publish(content("one", path="/2024/05/x.html"), now=NOW)
        assert [public.resolve_path(path) for path in ("/2024/05/x.html", "/one/", "/one")] == ["one"] * 3


class TestUnpublishing:
    def test_an_unpublished_article_is_a_draft_and_not_counted(self) -> None:
        publishing.publish(content(labels=("a",)), now=NOW)
        publishing.unpublish("hello", now=NOW)
        with pytest.raises(NotFound):
            public.get_article("hello")
        assert counts() == {}

    def test_an_unpublished_article_can_be_published_again(self) -> None:
        publishing.publish(content(labels=("a",)), now=NOW)
        withdrawn = publishing.unpublish("hello", now=NOW)
        publishing.publish(content(labels=("a",)), now=NOW, expected_version=withdrawn.version)
        assert public.get_article("hello").article.status == "published"
        assert counts() == {"all": 1, "month#2026-02": 1, "label#a": 1, "label-month#a#2026-02": 1}

    def test_a_deleted_article_is_gone_and_its_slug_stays_reserved(self) -> None:
        article = publishing.publish(content(labels=("a",)), now=NOW).article
        publishing.delete("hello", now=NOW)
        with pytest.raises(Gone):
            public.get_article("hello")
        assert parts_of(article.id) == ["card"]
        with pytest.raises(Conflict, match="deleted"):
            publishing.publish(content(), now=NOW)

    def test_force_restores_a_deleted_article_under_its_id(self) -> None:
        article = publishing.publish(content(), now=NOW).article
        publishing.delete("hello", now=NOW)
        assert publishing.publish(content(), now=NOW, force=True).article.id == article.id
        assert public.get_article("hello").body.html == "<p>The body of hello.</p>"

    def test_deleting_twice_is_an_error(self) -> None:
        publishing.publish(content(), now=NOW)
        publishing.delete("hello", now=NOW)
        with pytest.raises(NotFound, match="deleted"):
            publishing.delete("hello", now=NOW)

    def test_deleting_again_completes_an_interrupted_deletion(self, monkeypatch: pytest.MonkeyPatch) -> None:
        article = publishing.publish(content(), now=NOW).article
        with monkeypatch.context() as patch:
            patch.setattr(repository, "delete_stale_chunks", Mock(side_effect=KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                publishing.delete("hello", now=NOW)
        with pytest.raises(NotFound, match="deleted"):
            publishing.delete("hello", now=NOW)
        assert parts_of(article.id) == ["card"]


class TestSchedule:
    def test_a_draft_is_stored_but_not_shown(self) -> None:
        publishing.publish(content(draft=True, labels=("a",)), now=NOW)
        with pytest.raises(NotFound):
            public.get_article("hello")
        assert (counts(), public.list_articles(ArticleFilter(), limit=5).items) == ({}, ())

    def test_a_scheduled_article_appears_when_it_is_due(self) -> None:
        due = NOW + timedelta(hours=1)
        publishing.publish(content(published_at=due, labels=("a",)), now=NOW)
        assert publish_due(now=due - timedelta(seconds=1)) == ([], [])
        assert counts() == {}
        assert publish_due(now=due) == (["hello"], [])
        assert public.get_article("hello").article.published_at == due
        assert counts() == {"all": 1, "month#2026-03": 1, "label#a": 1, "label-month#a#2026-03": 1}

    def test_releasing_twice_counts_once(self) -> None:
        publishing.publish(content(published_at=NOW + timedelta(hours=1)), now=NOW)
        later = NOW + timedelta(hours=2)
        assert [publish_due(now=later), publish_due(now=later)] == [(["hello"], []), ([], [])]
        assert counts()["all"] == 1

    def test_a_postponed_article_is_removed_from_the_lists(self) -> None:
        publishing.publish(content(), now=NOW)
        publishing.publish(content(published_at=NOW + timedelta(days=1)), now=NOW, expected_version=1)
        with pytest.raises(NotFound):
            public.get_article("hello")
        assert counts() == {}

    def test_an_article_in_persistent_conflict_is_not_released(self, faults: RefusedCalls, monkeypatch: Any) -> None:
        monkeypatch.setattr("kolom.models.retry.DEADLINE_SECONDS", 0.1)
        publishing.publish(content("busy", published_at=NOW + timedelta(hours=1)), now=NOW)
        faults.conflict(1_000)
        assert publish_due(now=NOW + timedelta(hours=2)) == ([], ["busy"])


class TestPages:
    def test_a_standalone_page_can_be_read_but_is_not_listed_or_counted(self) -> None:
        publishing.publish(content("about", kind="page", labels=("a",)), now=NOW)
        assert public.get_article("about").previous is None
        assert (counts(), public.list_articles(ArticleFilter(), limit=5).items) == ({}, ())


class TestSize:
    def test_two_megabytes_can_be_published_and_read(self) -> None:
        # Hexadecimal noise compresses to half, which still needs several items and several pages of a Query.
        noise = "".join(f"{(number * 2654435761) % 2**32:08x}" for number in range(2 * 1024 * 1024 // 8))
        article = publishing.publish(content(html=noise), now=NOW).article
        assert article.body_parts > 2
        assert public.get_article("hello").body.html == noise

    def test_more_than_two_megabytes_is_rejected_with_the_size(self) -> None:
        with pytest.raises(InvalidInput, match=r"3,145,728 bytes, at most 2,097,152"):
            publishing.publish(content(html="x" * 3 * 1024 * 1024), now=NOW)

    def test_no_item_is_near_the_size_limit(self) -> None:
        noise = "".join(f"{(number * 2654435761) % 2**32:08x}" for number in range(2 * 1024 * 1024 // 8))
        article = publishing.publish(content(html=noise), now=NOW).article
        parts = BodyChunk.query(str(article.id), BodyChunk.part.startswith("body#"))
        assert max(len(part.data) for part in parts) <= 360_000


class TestConcurrency:
    @pytest.mark.parametrize(
        "act",
        [
            lambda: publishing.publish(content(title="New", labels=("b",)), now=NOW, expected_version=1),
            lambda: publishing.publish(content("other"), now=NOW),
            lambda: publishing.publish(content("moved"), now=NOW, article_id=1, expected_version=1),
            lambda: publishing.unpublish("hello", now=NOW),
            lambda: publishing.delete("hello", now=NOW),
            lambda: publish_due(now=NOW + timedelta(days=9)),
        ],
        ids=["update", "create", "change slug", "unpublish", "delete", "release"],
    )
    def test_conflicting_transactions_are_retried(self, faults: RefusedCalls, act: Any) -> None:
        publishing.publish(content(labels=("a",)), now=NOW)
        publishing.publish(content("later", published_at=NOW + timedelta(days=1)), now=NOW)
        faults.conflict(3)
        act()
        assert faults.refused == 3

    def test_a_persistent_conflict_is_an_error_and_writes_nothing(self, faults: RefusedCalls, monkeypatch: Any) -> None:
        monkeypatch.setattr("kolom.models.retry.DEADLINE_SECONDS", 0.1)
        publishing.publish(content(), now=NOW)
        faults.conflict(1_000)
        with pytest.raises(ServiceBusy):
            publishing.publish(content(title="New"), now=NOW, expected_version=1)
        assert public.get_article("hello").article.title == "Hello"
        assert len([part for part in parts_of(1) if part.startswith("body#")]) == 1

    def test_concurrent_publications_lose_no_change(self) -> None:
        publishing.publish(content(), now=NOW)
        outcomes: list[str] = []
        barrier = threading.Barrier(8)

        def publish(number: int) -> None:
            barrier.wait()
            try:
                publishing.publish(content(title=f"By {number}", html=f"<p>{number}</p>"), now=NOW, expected_version=1)
                outcomes.append("won")
            except Conflict:
                outcomes.append("told")

        threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = public.get_article("hello")
        assert sorted(outcomes) == ["told"] * 7 + ["won"]
        assert found.body.html == f"<p>{found.article.title.removeprefix('By ')}</p>"
        assert len([part for part in parts_of(1) if part.startswith("body#")]) == 1

    def test_a_crash_before_the_transaction_changes_nothing(self, monkeypatch: Any) -> None:
        publishing.publish(content(), now=NOW)
        with monkeypatch.context() as patched:
            patched.setattr("kolom.articles.transitions.commit", _crash)
            with pytest.raises(KeyboardInterrupt):
                publishing.publish(content(html="<p>new</p>"), now=NOW, expected_version=1)
        assert public.get_article("hello").body.html == "<p>The body of hello.</p>"

    def test_the_next_publication_removes_the_body_that_a_crash_left(self, monkeypatch: Any) -> None:
        publishing.publish(content(), now=NOW)
        with monkeypatch.context() as patched:
            patched.setattr("kolom.articles.transitions.commit", _crash)
            with pytest.raises(KeyboardInterrupt):
                publishing.publish(content(html="<p>lost</p>"), now=NOW, expected_version=1)
        publishing.publish(content(html="<p>new</p>"), now=NOW, expected_version=1)
        assert len([part for part in parts_of(1) if part.startswith(("body#", "source#"))]) == 2

    def test_a_crash_after_the_transaction_leaves_a_complete_publication(self, monkeypatch: Any) -> None:
        publishing.publish(content(), now=NOW)
        with monkeypatch.context() as patched:
            patched.setattr("kolom.articles.repository.delete_stale_chunks", _crash)
            with pytest.raises(KeyboardInterrupt):
                publishing.publish(content(html="<p>new</p>"), now=NOW, expected_version=1)
        assert public.get_article("hello").body.html == "<p>new</p>"
        assert publishing.publish(content(html="<p>new</p>"), now=NOW, expected_version=1).change == "unchanged"

    def test_cleanup_keeps_the_body_of_a_concurrent_publication(self, monkeypatch: Any) -> None:
        """Between a writer's commit and its cleanup, another writer stores the next body."""
        publishing.publish(content(), now=NOW)
        tidy = repository.delete_stale_chunks

        def store_next_body(current: Any) -> None:
            monkeypatch.setattr("kolom.articles.repository.delete_stale_chunks", tidy)
            write = repository.write_chunks

            def write_before_cleanup(parts: Any) -> None:
                write(parts)
                tidy(current)

            monkeypatch.setattr("kolom.articles.repository.write_chunks", write_before_cleanup)
            publishing.publish(content(html="<p>third</p>"), now=NOW, expected_version=2)

        monkeypatch.setattr("kolom.articles.repository.delete_stale_chunks", store_next_body)
        publishing.publish(content(html="<p>second</p>"), now=NOW, expected_version=1)
        assert public.get_article("hello").body.html == "<p>third</p>"


def _crash(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_items_of_lists_contain_no_body() -> None:
    """The items that the lists read, and that the index copies, stay small."""
    publishing.publish(content(html="<p>" + "word " * 10_000 + "</p>"), now=NOW)
    raw = ArticleRecord.get("1", "card").serialize()
    assert sum(len(str(value)) for value in raw.values()) < 2_000
