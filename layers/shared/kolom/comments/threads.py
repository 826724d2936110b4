"""Arrange comments in threads. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from kolom.comments.types import PublicComment


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment with the threads that reply to it.

    ``parent_elsewhere`` is the id of its parent, if that is not on the same page.
    """

    comment: PublicComment
    replies: "list[Thread]"
    parent_elsewhere: str | None = None


def build_threads(comments: Sequence[PublicComment]) -> list[Thread]:
    """Return the comments of a page, oldest first, as threads."""
    placed: dict[str, Thread] = {}
    roots: list[Thread] = []
    for comment in comments:
        parent = placed.get(comment.parent_id or "")
        thread = Thread(comment, [], comment.parent_id if parent is None else None)
        placed[comment.id] = thread
        (roots if parent is None else parent.replies).append(thread)
    return roots
