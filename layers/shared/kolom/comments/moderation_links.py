"""Signed links in moderation mails: each expires, and can be used once, for one action on one revision of a comment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from kolom.comments import repository
from kolom.comments.moderation import moderate
from kolom.comments.types import Action, Comment
from kolom.errors import Conflict, Gone, NotFound
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security import signing, single_use
from kolom.security.signing import SigningKeys
from kolom.timestamps import SECONDS_PER_DAY

LINK_DAYS = 7
ACTIONS: tuple[Action, ...] = ("approve", "spam", "delete")
"""The actions that a pending comment has links for."""

_PURPOSE = "kolom.moderation"


class LinkAlreadyUsed(Conflict):
    """The link was used before."""


@dataclass(frozen=True, slots=True)
class ModerationLink:
    """A link that applies ``action`` to the ``revision`` of a comment."""

    article_id: int
    comment_id: str
    action: Action
    revision: int
    expires: int

    @property
    def name(self) -> str:
        """Return the name by which the link is marked as used: never the token, which can have several spellings."""
        return f"moderation#{self.comment_id}#{self.action}#{self.revision}#{self.expires}"


def create(comment: Comment, action: Action, secret: SigningKeys, *, now: datetime) -> str:
    """Return the token of a link that applies ``action`` to the current revision, valid for :data:`LINK_DAYS`."""
    return create_until(int((now + timedelta(days=LINK_DAYS)).timestamp()), comment, action, secret)


def create_until(expires: int, comment: Comment, action: Action, secret: SigningKeys) -> str:
    """Return the token of such a link that expires at ``expires``, in Unix seconds."""
    return signing.sign(_PURPOSE, [comment.article_id, comment.id, action, comment.revision, expires], secret)


def parse(token: str, secret: Callable[[], SigningKeys], *, now: datetime) -> ModerationLink:
    """Return the link of a token.

    :raises NotFound: the token is invalid
    :raises Gone: the link has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None or payload[2] not in get_args(Action.__value__):
        raise NotFound("this link is not valid")
    link = ModerationLink(*payload)
    if now.timestamp() >= link.expires:
        raise Gone("this link has expired")
    return link


def preview(link: ModerationLink, *, now: datetime) -> Comment:
    """Return the current state of the link's comment.

    :raises NotFound: the comment no longer exists
    :raises LinkAlreadyUsed: the link was used before
    """
    comment = repository.get(link.article_id, link.comment_id, now=now)
    if comment is None:
        raise NotFound("this comment no longer exists")
    if GuardRecord.get_many([single_use.used_key(link.name)]):
        raise LinkAlreadyUsed("this link was used before")
    return comment


def execute(link: ModerationLink, *, shown_revision: object, now: datetime) -> Comment:
    """Apply the link's action, once.

    :raises NotFound: the comment no longer exists
    :raises LinkAlreadyUsed: the link was used before
    :raises Conflict: the comment's status does not allow the action, or the text is not the one that was shown
    """
    shown = str(shown_revision)
    revision = int(shown) if shown.isdecimal() and len(shown) < 10 else link.revision

    def use(transaction: Transaction) -> None:
        # Stored for a day after the link expires, for clocks that are behind.
        used = LinkAlreadyUsed("this link was used before")
        single_use.mark_used(transaction, link.name, expires_at=link.expires + SECONDS_PER_DAY, conflict=used)

    preview(link, now=now)
    return moderate(link.article_id, link.comment_id, link.action, by="link", now=now, revision=revision, also=use)
