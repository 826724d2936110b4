"""Signed links by which a moderator acts from a mail: expiring, each for one action, once, on one text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from kolom.comments import repository
from kolom.comments.moderation import moderate
from kolom.comments.types import Action, Comment
from kolom.errors import Conflict, Gone, NotFound
from kolom.models.transaction import Transaction
from kolom.security import signing, single_use
from kolom.security.signing import SigningKeys
from kolom.timestamps import SECONDS_PER_DAY

LINK_DAYS = 7

_PURPOSE = "kolom.moderation"


class LinkAlreadyUsed(Conflict):
    """The link was used."""


@dataclass(frozen=True, slots=True)
class ModerationLink:
    """What a link does: ``action`` to the comment as it was in its ``revision``."""

    article_id: int
    comment_id: str
    action: Action
    revision: int
    expires: int

    @property
    def name(self) -> str:
        """What is remembered of a used link: never the token, of which there may be several spellings."""
        return f"moderation#{self.comment_id}#{self.action}#{self.revision}#{self.expires}"


def create(comment: Comment, action: Action, secret: SigningKeys, *, now: datetime) -> str:
    """The token of a link that does ``action`` to the comment as it is, for :data:`LINK_DAYS`."""
    expires = int((now + timedelta(days=LINK_DAYS)).timestamp())
    return signing.sign(_PURPOSE, [comment.article_id, comment.id, action, comment.revision, expires], secret)


def parse(token: str, secret: Callable[[], SigningKeys], *, now: datetime) -> ModerationLink:
    """What the token's link does.

    :raises NotFound: it is not one of this site
    :raises Gone: it has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None or payload[2] not in get_args(Action.__value__):
        raise NotFound("this link is not valid")
    link = ModerationLink(*payload)
    if now.timestamp() >= link.expires:
        raise Gone("this link has expired")
    return link


def preview(link: ModerationLink) -> Comment:
    """The comment that the link is about, as it is now.

    :raises NotFound: there is none any more
    :raises AlreadyDone: the link was used
    """
    comment = repository.get(link.article_id, link.comment_id)
    if comment is None:
        raise NotFound("there is no such comment any more")
    if single_use.get_records([f"used#{link.name}"]):
        raise LinkAlreadyUsed("this link was used before")
    return comment


def execute(link: ModerationLink, *, shown_revision: object, now: datetime) -> Comment:
    """Do what the link says, once.

    :raises NotFound: there is no such comment any more
    :raises AlreadyDone: the link was used
    :raises Conflict: the comment's status does not allow it, or its text is neither the link's nor the one shown
    """
    shown = str(shown_revision)
    revision = int(shown) if shown.isdecimal() and len(shown) < 10 else link.revision

    def use(transaction: Transaction) -> None:
        # Kept a day longer than the link is good, for a clock that runs late.
        used = LinkAlreadyUsed("this link was used before")
        single_use.mark_used(transaction, link.name, expires_at=link.expires + SECONDS_PER_DAY, refused=used)

    preview(link)
    return moderate(link.article_id, link.comment_id, link.action, by="link", now=now, revision=revision, also=use)
