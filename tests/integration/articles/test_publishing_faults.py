"""Whichever call of a publication fails, no name, count or list shows it, and publishing again completes it."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from pynamodb.exceptions import PutError

from kolom.articles import publishing, repository
from kolom.articles.input import ArticleInput
from kolom.errors import Conflict, ServiceBusy
from kolom.models.errors import StorageError
from tests.factories import NOW, content
from tests.integration.aws import client
from tests.integration.conftest import FaultInjector
from tests.integration.handlers import stored

KINDS = (*FaultInjector.KINDS, "timed out before", "timed out after", "partial")
MORE_THAN_ANY = 60


def article(text: str = "First.") -> ArticleInput:
    """Return an article with a path of its own and two labels."""
    return content("hello", html=f"<p>{text}</p>", labels=("News", "Code"), path="/2024/05/hello.html")


def items(part: str = "") -> list[tuple[str, str]]:
    """Return the keys of the items whose range key begins with ``part``."""
    found = [(item["key"]["S"], item["part"]["S"]) for item in stored("articles")]
    return sorted(each for each in found if each[1].startswith(part))


def chunks() -> list[tuple[str, str]]:
    """Return the keys of all chunks of bodies and sources."""
    return [*items("body#"), *items("source#")]


def check_names() -> None:
    """Check that each name, label item and count belongs to a stored article."""
    ids = {key for key, _ in items("card")}
    assert {item["id"]["N"] for item in stored("articles") if item["part"]["S"] == "pointer"} <= ids
    assert {key for key, _ in items("label#") if key.isdecimal()} <= ids
    counts = {
        item["part"]["S"]: int(item["articles"]["N"]) for item in stored("articles") if item["key"]["S"] == "counts"
    }
    assert {name: number for name, number in counts.items() if number != len(ids)} == {}


def fail_each_call(injector: FaultInjector, kind: str, act: Callable[[], object], check: Callable[[bool], None]) -> int:
    """Let an outage begin at each call of ``act`` in turn; ``check`` gets whether it failed. Return the calls."""
    for number in range(MORE_THAN_ANY):
        injector.fail_at(number, kind, persistent=True)
        failed = False
        try:
            act()
        except (StorageError, ServiceBusy):
            failed = True
        made = injector.calls
        injector.fail_at(None, kind, persistent=False)
        check(failed)
        if made <= number:
            return number
    raise AssertionError("it never ends")


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_new_article_has_no_name_and_is_complete_when_published_again(
    injector: FaultInjector, kind: str
) -> None:
    """The id of the failed publication stays unused, and chunks that an outage left belong to no article."""

    def check(failed: bool) -> None:
        check_names()
        again = publishing.publish(article(), now=NOW, force=True)
        check_names()
        assert [key for key, _ in items("card")] == [str(again.article.id)]
        assert repository.get_snapshot(again.article.id) is not None
        own = [key for key, _ in chunks() if key == str(again.article.id)]
        assert len(own) == again.article.body_parts + again.article.source_parts
        for item in stored("articles"):
            delete(item)

    assert fail_each_call(injector, kind, lambda: publishing.publish(article(), now=NOW), check) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_edit_leaves_the_old_or_the_new_version_and_nothing_else(injector: FaultInjector, kind: str) -> None:
    publishing.publish(article("Before."), now=NOW)
    number = 0

    def edit() -> None:
        publishing.publish(article(f"After {number}."), now=NOW, force=True)

    def check(failed: bool) -> None:
        nonlocal number
        check_names()
        loaded = repository.get_snapshot(1)
        assert loaded is not None
        edit()
        current = repository.get_snapshot(1)
        assert current is not None
        assert current[1].html == f"<p>After {number}.</p>"
        if loaded[1].html != current[1].html:
            # Publishing again changed the article, so it has also deleted what the failure left.
            assert len(chunks()) == current[0].body_parts + current[0].source_parts
        number += 1

    assert fail_each_call(injector, kind, edit, check) >= 5


def delete(item: dict[str, Any]) -> None:
    """Delete an item of the Articles table."""
    client("dynamodb").delete_item(TableName="kolom-articles", Key={"key": item["key"], "part": item["part"]})


def test_chunks_whose_writing_failed_are_deleted(tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The response was lost, or only some of them were written."""
    write = repository.write_chunks

    def write_and_fail(parts: Any) -> None:
        write(parts)
        raise PutError(cause=EndpointConnectionError(endpoint_url="https://dynamodb"))

    monkeypatch.setattr(repository, "write_chunks", write_and_fail)
    with pytest.raises(PutError):
        publishing.publish(article(), now=NOW)
    assert items() == [("sequence", "article")]


def test_a_publication_that_is_refused_reports_why_even_if_its_chunks_cannot_be_deleted(
    tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing.publish(article(), now=NOW)

    def fail(_: object) -> None:
        raise PutError(cause=EndpointConnectionError(endpoint_url="https://dynamodb"))

    monkeypatch.setattr(repository, "delete_chunks", fail)
    taken = article().model_copy(update={"slug": "other"})
    with pytest.raises(Conflict, match="belongs to another article"):
        publishing.publish(taken, now=NOW)
