"""The stored lists of related articles on the pages of articles."""

from typing import Any

import pytest

from benchmarks.capacity import metered
from kolom.articles import publishing, repository
from kolom.models.search import RELATED, RelatedRecord, read_revisions
from kolom.search import document_table
from kolom.search.index_writer import update_index
from kolom.search.related_lists import LENGTH, listed_related
from tests.factories import NOW, content

pytestmark = pytest.mark.usefixtures("tables")

TEXT = "Diplomacy of distant harbours and patient captains."


def publish(slug: str, text: str = TEXT, **changes: Any) -> int:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW, force=True)
    assert update_index([done.article.id]) == set()
    return done.article.id


def related(article_id: int, limit: int = LENGTH) -> list[str]:
    """Return the slugs of the related articles on the page of an article."""
    return [summary.slug for summary in listed_related(article_id, limit)]


def test_an_older_article_leads_to_newer_ones() -> None:
    ids = [publish(f"a{n}") for n in range(4)]
    publish("other", "Recipes for soup with lentils.")
    assert [set(related(each)) for each in ids] == [{f"a{n}" for n in range(4)} - {f"a{n}"} for n in range(4)]


def test_reading_a_list_takes_two_requests_whatever_the_size_of_the_site() -> None:
    for number in range(6):
        article_id = publish(f"a{number}")
    with metered() as bill:
        assert len(related(article_id, 4)) == 4
    assert (dict(bill.requests), bill.read_units) == ({"GetItem": 1, "BatchGetItem": 1}, 2.5)


def test_an_article_is_omitted_as_soon_as_it_is_not_published() -> None:
    first, second = publish("a"), publish("b")
    assert related(first) == ["b"]
    publishing.publish(content("b", kind="page"), now=NOW, force=True)
    assert related(first) == []
    publishing.unpublish("b", now=NOW)
    assert related(first) == []
    update_index([second])
    assert related(second) == []
    assert [int(each) for each in RelatedRecord.get(f"related#{first}", RELATED).ids] == []


def test_articles_that_are_no_longer_published_are_replaced_by_others_of_the_list() -> None:
    *_, last = [publish(f"a{number}") for number in range(7)]
    shown = related(last, 4)
    publishing.unpublish(shown[1], now=NOW)
    replaced = related(last, 4)
    assert replaced[:3] == [shown[0], *shown[2:]]
    assert len(replaced) == 4


def test_a_process_with_an_older_document_list_stores_the_lists_of_a_new_article() -> None:
    """An eventually consistent read may still return the revision before the article was added."""
    publish("a")
    document_table.get()
    read = read_revisions

    with pytest.MonkeyPatch.context() as patch:
        stale = read()
        patch.setattr(
            document_table, "read_revisions", lambda *, consistent=False: read(consistent=True) if consistent else stale
        )
        second = publish("b")
    assert (related(second), related(1)) == (["a"], ["b"])
    assert RelatedRecord.get(f"related#{second}", RELATED).ids


def test_an_edited_article_leaves_the_lists_of_its_former_subject() -> None:
    first = publish("a")
    publish("b")
    soup = publish("soup", "Recipes for soup with lentils.")
    publish("b", "Lentils and other recipes for soup.")
    assert (related(first), related(soup)) == ([], ["b"])


def test_an_index_of_an_earlier_version_has_no_lists_and_is_searched() -> None:
    first, _ = publish("a"), publish("b")
    RelatedRecord(f"related#{first}", RELATED).delete()
    assert related(first) == ["b"]
    repository.request_reindex(first, "mark")
    update_index([first])
    assert [int(each) for each in RelatedRecord.get(f"related#{first}", RELATED).ids] == [2]


@pytest.mark.moto
def test_an_edit_that_changes_no_term_computes_no_list() -> None:
    publish("a")
    publish("b")
    with metered() as bill:
        publish("b", description="Another description.")
    assert bill.reads["related"] == 0


def test_an_article_whose_list_could_not_be_stored_is_indexed_again() -> None:
    """The failure does not hide the article from searches, and the next attempt stores the list."""
    first = publish("a")
    done = publishing.publish(content("b", html=f"<p>{TEXT}</p>"), now=NOW)

    def fail(record: RelatedRecord) -> None:
        raise OSError("refused")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RelatedRecord, "save", fail)
        assert update_index([done.article.id]) == {done.article.id}
    assert update_index([done.article.id]) == set()
    assert related(first) == ["b"]
