"""Taking a visitor's comment: once, judged, and stored with everything that belongs to it in one transaction."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ulid import ULID

from kolom import outbox
from kolom.articles.types import Article
from kolom.comments import authors, moderation_policy, repository
from kolom.comments.types import MAX_DEPTH, Comment
from kolom.config import settings
from kolom.errors import Busy, Conflict, FieldError, Gone, Invalid
from kolom.models.comments import AddressRecord, CommentRecord, address_key
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.rendering import visitor_text
from kolom.security import signing
from kolom.security.pseudonyms import person_of
from kolom.submissions.pipeline import Arrival, Form, Intake
from kolom.submissions.spam_rules import Finding
from kolom.timestamps import SECONDS_PER_DAY

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a visitor wrote, already valid in itself."""

    name: str
    content: str
    email: str | None = None
    website: str | None = None
    parent_id: str | None = None
    notify_replies: bool = False
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class Posted:
    """The comment as it is kept, and the token by which its author may change it for a while.

    ``edit_token`` is None where nothing proves that the sender is the author.
    """

    comment: Comment
    edit_token: str | None


def post(article: Article, draft: Draft, arrival: Arrival, *, now: datetime) -> Posted:
    """Take the comment. Sent again, it changes nothing.

    Sent again under its idempotency key it gives the same answer. Without a key anybody behind the same address may
    repeat the words of another: that gives the comment as those words had it, and no token.

    :raises Invalid: a token is not valid, or there is no such comment to reply to
    :raises Conflict: the article takes no comments
    :raises Gone: it was posted before and has been deleted since
    :raises TooMany: the sender, their network or the site has to wait
    :raises Busy: nothing was stored
    """
    keys = signing.secret()
    author = authors.read_bearer(arrival.authorization, signing.secret)
    intake = Intake.begin("comment", _fields(article, draft), draft.form, arrival, now=now)
    if intake.before is not None:
        return _posted_before(intake, draft, intake.before)

    if not article.takes_comments(now, close_after_days=settings().comments_close_after_days):
        raise Conflict("this article takes no more comments")
    parent = _find_parent(article, draft.parent_id)
    intake.admit()
    writer = _approved_author(author)
    findings = examine(intake, article, name=draft.name, content=draft.content, website=draft.website)
    verdict = moderation_policy.judge(findings, settings().moderation_mode, trusted=writer is not None)
    person = person_of(draft.email, keys) if draft.email else None
    for _ in range(_ATTEMPTS):
        comment_id = _new_id(now, after=parent)
        comment = Comment(
            article_id=article.id,
            id=comment_id,
            status=verdict.status,
            name=draft.name,
            content=draft.content,
            website=draft.website,
            person=person,
            avatar=writer.avatar if writer else authors.avatar_of(comment_id, keys),
            created_at=now.replace(microsecond=0),  # as it is stored, so that every answer is the same
            parent_id=parent.id if parent else None,
            depth=parent.depth + 1 if parent else 0,
            reasons=verdict.reasons,
            change=intake.submission.id,
        )
        try:
            record = _store(intake, comment, draft, now=now)
        except repository.Changed:
            parent = _find_parent(article, draft.parent_id)
            continue
        if record is not None:
            return _posted_before(intake, draft, record)
        return Posted(comment, authors.edit_token(comment.article_id, comment.id, keys))
    raise Busy("too many changes at once; nothing was stored, try again")


def examine(intake: Intake, article: Article, *, name: str, content: str, website: str | None) -> tuple[Finding, ...]:
    """What speaks against a comment on that article, new or edited."""
    return intake.examine(
        name=name,
        content=content,
        links=visitor_text.render(content).links,
        website=website or "",
        # The names that no visitor has.
        names_taken=tuple(taken for taken in (article.author, settings().site_title) if taken),
    )


def notify_owner(transaction: Transaction, comment: Comment, *, now: datetime) -> None:
    """Add the mail about a new or edited comment to the transaction, if the site's owner wants mail; not about spam."""
    if settings().owner_email and comment.status != "spam" and not comment.is_owner:
        name = f"moderation#{comment.id}"
        outbox.put(
            transaction,
            name if comment.revision == 1 else f"{name}#{comment.revision}",
            "moderation",
            article_id=comment.article_id,
            item_id=comment.id,
            now=now,
        )


def _fields(article: Article, draft: Draft) -> dict[str, Any]:
    return {
        "article": article.id,
        "name": draft.name,
        "content": draft.content,
        "email": draft.email,
        "website": draft.website,
        "parent_id": draft.parent_id,
        "notify_replies": draft.notify_replies,
    }


def _find_parent(article: Article, parent_id: str | None) -> Comment | None:
    if parent_id is None:
        return None
    parent = repository.load(article.id, parent_id)
    if parent is None or parent.status != "approved":
        raise Invalid(FieldError("parent_id", "there is no such comment to reply to"))
    if parent.depth >= MAX_DEPTH:
        raise Invalid(FieldError("parent_id", "this thread is too deep: reply further up"))
    return parent


def _approved_author(author: tuple[int, str] | None) -> Comment | None:
    """The comment by which the sender proves to have been approved before."""
    comment = repository.load(*author) if author else None
    return comment if comment and comment.status == "approved" else None


def _new_id(now: datetime, *, after: Comment | None) -> str:
    """A ULID of this moment, or just after the parent's, should another clock have been ahead."""
    milliseconds = int(now.timestamp() * 1000)
    if after is not None:
        milliseconds = max(milliseconds, ULID.from_str(after.id).milliseconds + 1)
    return str(ULID.from_timestamp(milliseconds))


def _store(intake: Intake, comment: Comment, draft: Draft, *, now: datetime) -> GuardRecord | None:
    address = None
    if draft.email is not None:
        address = AddressRecord(
            *address_key(comment.id),
            email=draft.email,
            notify_replies=draft.notify_replies,
            expires_at=int(now.timestamp()) + settings().email_days * SECONDS_PER_DAY,
        )

    def add(transaction: Transaction) -> None:
        repository.write(transaction, None, comment, now=now, address=address, origin=intake.origin)
        if comment.parent_id is not None and not comment.is_visible:
            transaction.check(
                CommentRecord,
                (str(comment.article_id), comment.parent_id),
                CommentRecord.status == "approved",
                repository.Changed("the comment above was changed at the same moment"),
            )
        if address is not None:
            transaction.put(address)
        notify_owner(transaction, comment, now=now)

    return intake.store(comment.id, add, article_id=str(comment.article_id))


def _posted_before(intake: Intake, draft: Draft, record: GuardRecord) -> Posted:
    comment = repository.load(int(record.article_id or 0), str(record.item_id))
    if comment is None or comment.status == "deleted":
        raise Gone("this comment was posted before, and has been deleted since")
    if intake.submission.has_secret:
        return Posted(comment, authors.edit_token(comment.article_id, comment.id, signing.secret()))
    # What the author has made of it since is not for whoever knows the first words: it may still wait for approval.
    return Posted(replace(comment, content=draft.content, edited_at=None), None)
