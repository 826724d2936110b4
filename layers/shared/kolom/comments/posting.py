"""Post comments of visitors. Each is stored once, together with all related writes in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ulid import ULID

from kolom import outbox
from kolom.articles.types import Article
from kolom.comments import authors, moderation_policy, repository
from kolom.comments.moderation_policy import Decision
from kolom.comments.types import MAX_DEPTH, Comment
from kolom.config import settings
from kolom.errors import Conflict, FieldError, Gone, InvalidInput, StaleRead
from kolom.models.comments import AddressRecord, CommentRecord, address_key
from kolom.models.guard import GuardRecord
from kolom.models.retry import retry_on_conflict
from kolom.models.transaction import Transaction
from kolom.rendering import visitor_text
from kolom.rendering.text import plain_text
from kolom.security import origins, signing
from kolom.security.origins import SubmissionOrigin
from kolom.security.pseudonyms import pseudonym_of
from kolom.submissions.pipeline import FormMeta, RequestContext, SubmissionPipeline, SubmittedText, submit_new
from kolom.submissions.spam_rules import SpamFinding
from kolom.timestamps import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    """A visitor's comment with validated fields."""

    name: str
    content: str
    email: str | None = None
    website: str | None = None
    parent_id: str | None = None
    notify_replies: bool = False
    form: FormMeta = field(default_factory=FormMeta)


@dataclass(frozen=True, slots=True)
class PostedComment:
    """The stored comment, and the token with which its author may edit it for a limited time.

    ``edit_token`` is None if nothing proves that the client is the author. ``is_new`` is false for a repetition.
    """

    comment: Comment
    edit_token: str | None
    is_new: bool = True


def post(article: Article, comment: NewComment, context: RequestContext, *, now: datetime) -> PostedComment:
    """Post a comment. Sending it again changes nothing.

    With the same idempotency key, the result is the stored comment as it is now, with its edit token. Without a key,
    the same fields from the same IP address soon after are a repetition, perhaps by another visitor: the result then
    has the text as it was posted, and no edit token.

    :raises InvalidInput: the form token, the proof of work or the idempotency key is not valid, or the parent comment
        cannot be replied to
    :raises InvalidCredentials: there is an Authorization header, but it has no edit token of this site
    :raises Conflict: comments on the article are closed
    :raises Gone: the comment was posted before and has been deleted since
    :raises RateLimited: a limit of the client, its network or the site is reached
    :raises ServiceBusy: nothing was stored
    """
    trusted = authors.read_edit_token(context.authorization, signing.load_keys)
    return submit_new(_CommentSubmission(article, comment, trusted, now), context, now=now)


def submitted_text(article: Article, *, name: str, content: str, website: str | None) -> SubmittedText:
    """Return the text that the spam rules evaluate for a new or edited comment on that article."""
    rendered = visitor_text.render(content)
    return SubmittedText(
        name=name,
        content=plain_text(rendered.html),
        source=content,
        links=rendered.links,
        website=website or "",
        reserved_names=tuple(reserved for reserved in (article.author, settings().site_title) if reserved),
    )


def enqueue_moderation_mail(transaction: Transaction, comment: Comment, *, now: datetime) -> None:
    """Add the mail about a new or edited comment to the transaction if the owner wants mail.

    There is no mail about spam and about the owner's own comments.
    """
    if settings().owner_email and comment.status != "spam" and not comment.is_owner:
        name = f"moderation#{comment.id}"
        outbox.enqueue(
            transaction,
            name if comment.revision == 1 else f"{name}#{comment.revision}",
            "moderation",
            article_id=comment.article_id,
            item_id=comment.id,
            now=now,
        )


class _CommentSubmission:
    """A comment submission. ``trusted`` is the comment whose edit token the client has, as article and comment id."""

    purpose = "comment"
    is_message = False

    def __init__(self, article: Article, comment: NewComment, trusted: tuple[int, str] | None, now: datetime) -> None:
        self._article = article
        self._new = comment
        self._trusted = trusted
        self._now = now
        self._parent: Comment | None = None
        self.form = comment.form

    def fields(self) -> dict[str, Any]:
        return {
            "article": self._article.id,
            "name": self._new.name,
            "content": self._new.content,
            "email": self._new.email,
            "website": self._new.website,
            "parent_id": self._new.parent_id,
            "notify_replies": self._new.notify_replies,
        }

    def check(self) -> None:
        if not self._article.takes_comments(self._now, close_after_days=settings().comments_close_after_days):
            raise Conflict("comments on this article are closed")
        self._parent = self._find_parent()

    def text(self) -> SubmittedText:
        new = self._new
        return submitted_text(self._article, name=new.name, content=new.content, website=new.website)

    def store(self, findings: Sequence[SpamFinding], pipeline: SubmissionPipeline) -> PostedComment:
        trusted = self._find_trusted_comment()
        decision = moderation_policy.decide(findings, settings().moderation_mode, trusted=trusted is not None)
        keys = signing.load_keys()

        def attempt() -> PostedComment:
            comment = self._comment(decision, trusted, pipeline)
            try:
                pipeline.save_once(
                    comment.id, partial(self._stage, comment, pipeline.origin), article_id=str(comment.article_id)
                )
            except StaleRead:
                self._parent = self._find_parent()
                raise
            return PostedComment(comment, authors.create_edit_token(comment.article_id, comment.id, keys))

        return retry_on_conflict(attempt)

    def repeat(self, record: GuardRecord, *, is_same_client: bool) -> PostedComment:
        comment = repository.get(int(record.article_id or 0), str(record.item_id), now=self._now)
        if comment is None or comment.status == "deleted":
            raise Gone("this comment was posted before and has been deleted since")
        if is_same_client:
            token = authors.create_edit_token(comment.article_id, comment.id, signing.load_keys())
            return PostedComment(comment, token, is_new=False)
        # A later edit may be unapproved, so it must not be shown to someone who only knows the first text.
        return PostedComment(replace(comment, content=self._new.content, edited_at=None), None, is_new=False)

    def _find_parent(self) -> Comment | None:
        if self._new.parent_id is None:
            return None
        parent = repository.get(self._article.id, self._new.parent_id, now=self._now)
        if parent is None or parent.status != "approved":
            raise InvalidInput(FieldError("parent_id", "the comment to reply to does not exist"))
        if parent.depth >= MAX_DEPTH:
            raise InvalidInput(FieldError("parent_id", "maximum thread depth reached; reply to an earlier comment"))
        return parent

    def _find_trusted_comment(self) -> Comment | None:
        """Return the approved comment whose edit token the client has, or None."""
        comment = repository.get(*self._trusted, now=self._now) if self._trusted else None
        return comment if comment and comment.status == "approved" else None

    def _comment(self, decision: Decision, trusted: Comment | None, pipeline: SubmissionPipeline) -> Comment:
        new, parent, keys = self._new, self._parent, signing.load_keys()
        comment_id = _new_id(self._now, after=parent)
        return Comment(
            article_id=self._article.id,
            id=comment_id,
            status=decision.status,
            name=new.name,
            content=new.content,
            website=new.website,
            person=pseudonym_of(new.email, keys) if new.email else None,
            avatar=trusted.avatar if trusted else authors.avatar_seed(comment_id, keys),
            created_at=self._now.replace(microsecond=0),  # as stored, so that every response is the same
            parent_id=parent.id if parent else None,
            depth=parent.depth + 1 if parent else 0,
            reasons=decision.reasons,
            change=pipeline.identity.id,
        )

    def _stage(self, comment: Comment, origin: SubmissionOrigin, transaction: Transaction) -> None:
        address = self._address(comment)
        repository.stage(transaction, None, comment, now=self._now, parent=self._parent, address=address, origin=origin)
        origins.stage(transaction, comment.id, origin, now=self._now)
        if comment.parent_id is not None and not comment.is_visible:
            transaction.check(
                CommentRecord,
                (str(comment.article_id), comment.parent_id),
                CommentRecord.status == "approved",
                StaleRead(repository.PARENT_CHANGED),
            )
        if address is not None:
            transaction.put(address)
        enqueue_moderation_mail(transaction, comment, now=self._now)

    def _address(self, comment: Comment) -> AddressRecord | None:
        if self._new.email is None:
            return None
        return AddressRecord(
            *address_key(comment.id),
            email=self._new.email,
            notify_replies=self._new.notify_replies,
            expires_at=int(self._now.timestamp()) + settings().email_days * SECONDS_PER_DAY,
        )


def _new_id(now: datetime, *, after: Comment | None) -> str:
    """Return a ULID of the current time, or just after the parent's if another clock was ahead."""
    milliseconds = int(now.timestamp() * 1000)
    if after is not None:
        milliseconds = max(milliseconds, ULID.from_str(after.id).milliseconds + 1)
    return str(ULID.from_timestamp(milliseconds))
