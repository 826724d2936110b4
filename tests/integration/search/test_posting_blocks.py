"""Postings of a term are added and removed by single updates, and packed when there are enough of them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolom.models import search as model
from kolom.search import posting_blocks
from kolom.search.codec import POSTINGS_PER_BLOCK, encode_posting
from kolom.search.posting_blocks import PACK_AFTER
from tests.integration.handlers import stored

pytestmark = pytest.mark.usefixtures("tables")


def add(start: int, stop: int, code: int = 1) -> None:
    """Add the postings of the articles from ``start`` to before ``stop``, one at a time."""
    for each in range(start, stop):
        posting_blocks.add("coffee", each // POSTINGS_PER_BLOCK, [encode_posting(each, code)])


def remove(*article_ids: int, code: int = 1) -> None:
    """Remove the postings of articles one at a time."""
    for each in article_ids:
        posting_blocks.remove("coffee", each // POSTINGS_PER_BLOCK, [encode_posting(each, code)])


def blocks() -> list[dict[str, Any]]:
    """Return the stored blocks."""
    return [item for item in stored("search") if item["key"]["S"] == "coffee"]


def test_many_postings_are_packed() -> None:
    add(1, 60)
    (block,) = blocks()
    assert len(block.get("elements", {"NS": ()})["NS"]) < PACK_AFTER
    assert len(block["packed"]["B"]) < 60
    assert posting_blocks.read("coffee") == dict.fromkeys(range(1, 60), 1)


def test_a_packed_posting_can_be_removed_and_added_again() -> None:
    add(1, 60)
    remove(7, 8)
    assert posting_blocks.read("coffee") == dict.fromkeys({*range(1, 60)} - {7, 8}, 1)
    add(8, 9)
    assert posting_blocks.read("coffee") == dict.fromkeys({*range(1, 60)} - {7}, 1)


def test_removed_postings_are_packed_away() -> None:
    add(1, 2 * PACK_AFTER + 1)
    remove(*range(1, PACK_AFTER + 1))
    (block,) = blocks()
    assert "removed" not in block
    assert posting_blocks.read("coffee") == dict.fromkeys(range(PACK_AFTER + 1, 2 * PACK_AFTER + 1), 1)


def test_a_block_without_postings_is_deleted() -> None:
    """This includes a block that never existed."""
    add(1, 40)
    remove(*range(1, 40))
    remove(3)
    assert blocks() == []


def test_an_added_frequency_replaces_a_packed_one() -> None:
    """The old posting is removed afterwards, so that the article is found at any time."""
    add(1, 40)
    add(5, 6, code=3)
    assert posting_blocks.read("coffee")[5] == 3
    remove(5)
    assert posting_blocks.read("coffee") == dict.fromkeys(range(1, 40), 1) | {5: 3}


@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_change_while_a_block_is_packed_is_kept(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    add(1, PACK_AFTER)
    replace = model.replace_postings

    def interrupted(*arguments: Any) -> bool:
        monkeypatch.setattr(model, "replace_postings", replace)
        add(99, 100) if change == "add" else remove(1)
        return replace(*arguments)

    monkeypatch.setattr(model, "replace_postings", interrupted)
    add(PACK_AFTER, PACK_AFTER + 1)
    expected = set(range(1, PACK_AFTER + 1))
    expected = expected | {99} if change == "add" else expected - {1}
    assert posting_blocks.read("coffee").keys() == expected


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.integers(1, 3)), max_size=25))
def test_any_changes_leave_the_postings_that_were_added_last(changes: list[tuple[bool, int, int]]) -> None:
    for item in blocks():
        model.delete_items([("coffee", item["part"]["S"])])
    expected: set[tuple[int, int]] = set()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(posting_blocks, "PACK_AFTER", 3)
        for is_added, article_id, code in changes:
            if is_added:
                add(article_id, article_id + 1, code)
                expected.add((article_id, code))
            else:
                remove(article_id, code=code)
                expected.discard((article_id, code))
    found = posting_blocks.read("coffee")
    assert found.keys() == {article_id for article_id, _ in expected}
    assert set(found.items()) <= expected
    assert bool(blocks()) == bool(expected)
