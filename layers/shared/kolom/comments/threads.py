"""What stands below an article: its comments in threads, and other articles about the same. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from kolom.articles.types import Card
from kolom.comments.types import CommentPage, ShownComment


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """A page of an article's comments, and related articles.

    ``comments`` is None where they cannot be read at this moment; without ``cursor`` they begin with the first.
    ``is_open`` tells whether readers may comment, ``answering`` is the id of the comment to be answered.
    """

    comments: CommentPage | None
    related: tuple[Card, ...] = ()
    is_open: bool = True
    cursor: str | None = None
    answering: str | None = None

    @property
    def answered(self) -> ShownComment | None:
        """The comment on this page that the form answers, if it is to answer one."""
        items = self.comments.items if self.comments else ()
        return next((each for each in items if each.id == self.answering and not each.deleted), None)


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
