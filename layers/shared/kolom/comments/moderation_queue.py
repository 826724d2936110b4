"""The next comment that waits for approval, for the pages of moderation links."""

from typing import Final

from kolom.comments import repository
from kolom.comments.types import Comment
from kolom.models.comments import CommentRecord

_CANDIDATES: Final = 3
"""The index lags a write by about a second, so it may still have comments that were moderated just before."""


def find_next_pending(except_id: str) -> Comment | None:
    """Return the oldest pending comment besides ``except_id``, or None. A Query of keys and at most three GetItem."""
    # `select` is the default with a list of attributes. It is explicit because the function's policy requires it.
    found = CommentRecord.table_connection().query(
        "pending",
        index_name=CommentRecord.by_status.Meta.index_name,
        attributes_to_get=["article_id", "sort"],
        select="SPECIFIC_ATTRIBUTES",
        limit=_CANDIDATES,
    )
    for item in found["Items"]:
        article_id, comment_id = int(item["article_id"]["S"]), item["sort"]["S"]
        comment = repository.get(article_id, comment_id) if comment_id != except_id else None
        if comment is not None and comment.status == "pending":
            return comment
    return None
