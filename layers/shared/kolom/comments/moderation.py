"""Moderation actions, conditional on the state of the comment, so that concurrent actions conflict."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from kolom.comments import repository
from kolom.comments.types import Action, Comment, Status
from kolom.errors import Conflict
from kolom.models.transaction import Transaction
from kolom.rendering import visitor_text
from kolom.rendering.text import plain_text
from kolom.submissions import copies

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

    With ``revision``, the text must still be that of the revision. ``restore`` gives a deleted comment, or one marked
    as spam, its previous status, or ``pending`` if that is not known. ``also`` adds writes to the transaction.
    Approving a text resets the count of its copies.

    :raises NotFound: there is no such comment
    :raises Conflict: its status does not allow the action, or it was edited or erased in the meantime
    :raises ServiceBusy: nothing was changed; retrying may succeed
    """
    approved: list[str] = []

    def decide(comment: Comment) -> Comment:
        if comment.status not in _FROM[action]:
            raise Conflict(f"cannot {action} a comment that is {comment.status}")
        if comment.is_erased:
            raise Conflict("the comment was erased")
        if revision is not None and comment.revision != revision:
            raise Conflict("the comment was edited in the meantime; review it again")
        status = _TO.get(action) or _restored_status(comment)
        approved[:] = [comment.content] if status == "approved" else []
        return replace(comment, status=status, status_before=comment.status, decided_by=by)

    def extend(transaction: Transaction) -> None:
        for text in approved:
            copies.reset(transaction, plain_text(visitor_text.render(text).html), now=now)
        if also is not None:
            also(transaction)

    return repository.update(article_id, comment_id, decide, now=now, also=extend)


def _restored_status(comment: Comment) -> Status:
    """Return the status of a deleted comment, or one marked as spam, when that is undone.

    If spam is deleted and restored, its previous status is ``deleted``. To restore it again undoes the marking as spam.
    """
    before = comment.status_before
    return "pending" if before is None or before == "deleted" else before
