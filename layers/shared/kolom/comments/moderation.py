"""What a moderator does with comments: conditional on what the comment is, so that of two at once one is told."""

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
    """Do ``action`` to the comment, once. ``by`` says who did, such as ``kolom``.

    With ``revision``, only if its text is still the one of that revision. ``restore`` gives a deleted comment, or one
    that was taken for spam, the status that it had before. ``also`` adds writes to the transaction.

    :raises NotFound: there is no such comment
    :raises Conflict: its status does not allow it, or its author has edited or erased it meanwhile
    :raises Busy: nothing was changed; a later try may succeed
    """

    def decide(comment: Comment) -> Comment:
        if comment.status not in _FROM[action]:
            raise Conflict(f"the comment is {comment.status}: there is nothing to {action}")
        if comment.is_erased:
            raise Conflict("its author has erased the comment")
        if revision is not None and comment.revision != revision:
            raise Conflict("its author has edited the comment meanwhile: look at it again")
        status = _TO.get(action) or comment.status_before or "pending"
        return replace(comment, status=status, status_before=comment.status, decided_by=by)

    return repository.update(article_id, comment_id, decide, now=now, also=also)
