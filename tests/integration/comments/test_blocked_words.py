"""The owner's list of blocked words applies to submissions, in addition to the parameter."""

import pytest

from benchmarks.capacity import metered
from kolom.submissions import blocked_words_editor, blocked_words_list
from kolom.submissions.blocked_words_list import BlockedWordsCache
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure

pytestmark = pytest.mark.usefixtures("tables")


def test_parameter_and_list_both_apply(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none", blocked_words="casino")
    blocked_words_editor.change(lambda _: ("slot gacor",))
    statuses = [
        blog.post(f"Number {n}: {text}.").json["status"] for n, text in enumerate(("casino", "a slot", "Slot Gacor"))
    ]
    assert statuses == ["pending", "approved", "pending"]


def test_a_process_reads_the_list_once_a_minute() -> None:
    now = [0.0]
    cache = BlockedWordsCache(lambda: now[0])
    with metered() as bill:
        assert list(cache.get().find("casino")) == []
    assert (bill.total_requests, bill.read_units) == (1, 0.5)
    blocked_words_editor.change(lambda _: ("casino",))
    now[0] = 59.0
    with metered() as bill:
        assert list(cache.get().find("casino")) == []
    assert bill.total_requests == 0
    now[0] = 60.0
    assert list(cache.get().find("casino")) == ["casino"]
    blocked_words_editor.change(lambda _: ())
    now[0] = 120.0
    assert list(cache.get().find("casino")) == []


def test_a_concurrent_change_is_not_lost() -> None:
    def edit(current: tuple[str, ...]) -> tuple[str, ...]:
        if current == ():
            assert blocked_words_list.replace(("first",), expected_revision=0)
        return (*current, "second")

    assert blocked_words_editor.change(edit) == ("first", "second")
    assert blocked_words_editor.load() == ("first", "second")
