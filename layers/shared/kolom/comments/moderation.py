"""Moderation actions, conditional on the state of the comment, so that concurrent actions conflict."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from kolom.comments import repository
from kolom.comments.types import Action, Comment, Status
from kolom.errors import Conflict
from kolom.models.transaction import Transaction

_FROM: Mapping[Action, tuple[Status, ...]] = {
    "approve": ("pending", "spam"),
    "spam": ("pending", "approved"),
    "delete": ("pending", "approved", "spam"),
    "restore": ("deleted", "spam"),
}
_TO: Mapping[Action, Status] = {"approve": "approved", "spam": "spam", "delete": "deleted"}


def moderate(
    article_id: int,
    comment_id: str,
    action: Action,
    *,
    by: str,
    now: datetime,
    revision: int | None = None,
    also: Callable[[Transaction], None] | None = None,
) -> Comment:
    """Apply ``action`` to the comment, once. ``by`` names the moderator, such as ``kolom``.

    With ``revision``, the text must still be that of the revision. ``restore`` gives a deleted comment, or one
    marked as spam, its previous status. ``also`` adds writes to the transaction.

    :raises NotFound: there is no such comment
    :raises Conflict: its status does not allow the action, or its author has edited or erased it in the meantime
    :raises ServiceBusy: nothing was changed; retrying may succeed
    """

    def decide(comment: Comment) -> Comment:
        if comment.status not in _FROM[action]:
            raise Conflict(f"cannot {action} a comment that is {comment.status}")
        if comment.is_erased:
            raise Conflict("the comment was erased by its author")
        if revision is not None and comment.revision != revision:
            raise Conflict("the comment was edited in the meantime; review it again")
        status = _TO.get(action) or comment.status_before or "pending"
        return replace(comment, status=status, status_before=comment.status, decided_by=by)

    return repository.update(article_id, comment_id, decide, now=now, also=also)
