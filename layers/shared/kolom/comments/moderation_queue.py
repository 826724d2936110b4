"""The next comment that waits for approval, for the pages of moderation links."""

from typing import Final

from kolom.comments import repository
from kolom.comments.types import Comment
from kolom.models.comments import CommentRecord

_CANDIDATES: Final = 3
"""The index lags a write by about a second, so it may still have comments that were moderated just before."""


def find_next_pending(except_id: str) -> Comment | None:
    """Return the oldest pending comment besides ``except_id``, or None. A Query of keys and at most three GetItem."""
    found = CommentRecord.by_status.query("pending", limit=_CANDIDATES, attributes_to_get=["article_id", "sort"])
    for record in found:
        comment = repository.get(int(record.article_id), record.sort) if record.sort != except_id else None
        if comment is not None and comment.status == "pending":
            return comment
    return None
