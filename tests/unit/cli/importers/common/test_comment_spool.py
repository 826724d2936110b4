"""The spool of comments: entries of the same id, and threads of any shape."""

from datetime import UTC, datetime
from time import process_time

from kolom_cli.importers.common.comment_spool import CommentSpool
from kolom_cli.importers.common.entry_ids import SAME_ID
from kolom_cli.importers.common.types import ImportedComment


def _comment(content: str, origin: str = "x:#1", parent: str | None = None) -> ImportedComment:
    return ImportedComment(
        name="1",
        origin=origin,
        article=("slug:x",),
        thread="/x/",
        author="Budi",
        content=content,
        created_at=datetime(2024, 5, 6, tzinfo=UTC),
        parent=parent,
    )


def _spooled(spool: CommentSpool) -> list[ImportedComment]:
    spool.finish()
    return [each.comment for each in spool.below(None)]


def test_different_comments_of_one_origin_are_numbered_and_copies_are_left_out() -> None:
    with CommentSpool.on_disk() as spool:
        entries = [("a", "x:#1"), ("taken", "x:#1#2"), ("b", "x:#1"), ("c", "x:#1")]
        assert all(spool.add(_comment(*entry)) for entry in entries)
        assert not any(spool.add(_comment(*entry)) for entry in entries)
        found = [(each.content, each.origin, each.notes) for each in _spooled(spool)]
    assert found == [
        ("a", "x:#1", ()),
        ("taken", "x:#1#2", ()),
        ("b", "x:#1#3", (SAME_ID,)),
        ("c", "x:#1#4", (SAME_ID,)),
    ]


def test_many_comments_of_one_origin_take_linear_time() -> None:
    started = process_time()
    with CommentSpool.on_disk() as spool:
        assert all(spool.add(_comment(str(number))) for number in range(1_000))
        assert not any(spool.add(_comment(str(number))) for number in range(1_000))
        assert len(_spooled(spool)) == 1_000
    assert process_time() - started < 8


def test_comments_in_a_cycle_of_parents_come_last_and_none_is_lost() -> None:
    with CommentSpool.on_disk() as spool:
        for key, parent in (("1", "2"), ("2", "1"), ("3", "3"), ("4", None), ("5", "4")):
            spool.add(_comment(key, key, parent=parent))
        assert [each.content for each in _spooled(spool)] == ["4", "5", "1", "2", "3"]
