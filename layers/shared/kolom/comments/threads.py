"""Comments as threads. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from kolom.comments.types import ShownComment


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment with the threads that answer it. ``answers`` is the id of what it answers, if that is elsewhere."""

    comment: ShownComment
    replies: "list[Thread]"
    answers: str | None = None


def threads(comments: Sequence[ShownComment]) -> list[Thread]:
    """The comments of a page, oldest first, as threads."""
    placed: dict[str, Thread] = {}
    roots: list[Thread] = []
    for comment in comments:
        above = placed.get(comment.parent_id or "")
        thread = Thread(comment, [], comment.parent_id if above is None else None)
        placed[comment.id] = thread
        (roots if above is None else above.replies).append(thread)
    return roots
