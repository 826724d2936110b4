"""Store visitors' comments, each once and with everything that belongs to it in one transaction."""

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
from kolom.models.transaction import Transaction, retry_on_conflict
from kolom.rendering import visitor_text
from kolom.security import signing
from kolom.security.origins import SubmissionOrigin
from kolom.security.pseudonyms import pseudonym_of
from kolom.submissions.pipeline import FormMeta, RequestContext, SubmissionPipeline, SubmittedText, submit_new
from kolom.submissions.spam_rules import SpamFinding
from kolom.timestamps import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    """What a visitor wrote, already valid in itself."""

    name: str
    content: str
    email: str | None = None
    website: str | None = None
    parent_id: str | None = None
    notify_replies: bool = False
    form: FormMeta = field(default_factory=FormMeta)


@dataclass(frozen=True, slots=True)
class PostedComment:
    """The comment as it is kept, and the token by which its author may change it for a while.

    ``edit_token`` is None where nothing proves that the sender is the author. ``is_new`` is false for a repetition.
    """

    comment: Comment
    edit_token: str | None
    is_new: bool = True


def post(article: Article, comment: NewComment, context: RequestContext, *, now: datetime) -> PostedComment:
    """Store a comment. Sending it again changes nothing.

    With the same idempotency key, the answer is the same as the first. Without a key, anyone behind the same address
    may repeat another visitor's words: the answer is the comment as it was posted, without an edit token.

    :raises InvalidInput: a token is not valid, or there is no such comment to reply to
    :raises Conflict: the article takes no comments
    :raises Gone: it was posted before and has been deleted since
    :raises RateLimited: the client, its network or the site has to wait
    :raises ServiceBusy: nothing was stored
    """
    trusted = authors.read_edit_token(context.authorization, signing.load_keys)
    return submit_new(_CommentSubmission(article, comment, trusted, now), context, now=now)


def submitted_text(article: Article, *, name: str, content: str, website: str | None) -> SubmittedText:
    """Return what the spam rules look at in a comment on that article, new or edited."""
    return SubmittedText(
        name=name,
        content=content,
        links=visitor_text.render(content).links,
        website=website or "",
        reserved_names=tuple(taken for taken in (article.author, settings().site_title) if taken),
    )


def enqueue_moderation_mail(transaction: Transaction, comment: Comment, *, now: datetime) -> None:
    """Add the mail about a new or edited comment to the transaction, if the site's owner wants mail; not about spam."""
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
    """``trusted`` is the comment whose edit token the sender has, as article and comment id."""

    purpose = "comment"

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
            raise Conflict("this article takes no more comments")
        self._parent = self._find_parent()

    def text(self) -> SubmittedText:
        new = self._new
        return submitted_text(self._article, name=new.name, content=new.content, website=new.website)

    def store(self, findings: Sequence[SpamFinding], pipeline: SubmissionPipeline) -> PostedComment:
        author = self._approved_author()
        decision = moderation_policy.decide(findings, settings().moderation_mode, trusted=author is not None)
        keys = signing.load_keys()

        def attempt() -> PostedComment:
            comment = self._comment(decision, author, pipeline)
            try:
                pipeline.save_once(
                    comment.id, partial(self._stage, comment, pipeline.origin), article_id=str(comment.article_id)
                )
            except StaleRead:
                self._parent = self._find_parent()
                raise
            return PostedComment(comment, authors.create_edit_token(comment.article_id, comment.id, keys))

        return retry_on_conflict(attempt)

    def repeat(self, record: GuardRecord, *, by_its_sender: bool) -> PostedComment:
        comment = repository.get(int(record.article_id or 0), str(record.item_id))
        if comment is None or comment.status == "deleted":
            raise Gone("this comment was posted before, and has been deleted since")
        if by_its_sender:
            token = authors.create_edit_token(comment.article_id, comment.id, signing.load_keys())
            return PostedComment(comment, token, is_new=False)
        # An edit since may still wait for approval, and is not for whoever knows the first words.
        return PostedComment(replace(comment, content=self._new.content, edited_at=None), None, is_new=False)

    def _find_parent(self) -> Comment | None:
        if self._new.parent_id is None:
            return None
        parent = repository.get(self._article.id, self._new.parent_id)
        if parent is None or parent.status != "approved":
            raise InvalidInput(FieldError("parent_id", "there is no such comment to reply to"))
        if parent.depth >= MAX_DEPTH:
            raise InvalidInput(FieldError("parent_id", "this thread is too deep: reply further up"))
        return parent

    def _approved_author(self) -> Comment | None:
        """Return the approved comment by which the sender proves who they are."""
        comment = repository.get(*self._trusted) if self._trusted else None
        return comment if comment and comment.status == "approved" else None

    def _comment(self, decision: Decision, author: Comment | None, pipeline: SubmissionPipeline) -> Comment:
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
            avatar=author.avatar if author else authors.avatar_seed(comment_id, keys),
            created_at=self._now.replace(microsecond=0),  # as it is stored, so that every answer is the same
            parent_id=parent.id if parent else None,
            depth=parent.depth + 1 if parent else 0,
            reasons=decision.reasons,
            change=pipeline.identity.id,
        )

    def _stage(self, comment: Comment, origin: SubmissionOrigin, transaction: Transaction) -> None:
        address = self._address(comment)
        repository.stage(transaction, None, comment, now=self._now, address=address, origin=origin)
        if comment.parent_id is not None and not comment.is_visible:
            transaction.check(
                CommentRecord,
                (str(comment.article_id), comment.parent_id),
                CommentRecord.status == "approved",
                StaleRead("the comment above was changed at the same moment"),
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
    """Return a ULID of this moment, or just after the parent's if another clock was ahead."""
    milliseconds = int(now.timestamp() * 1000)
    if after is not None:
        milliseconds = max(milliseconds, ULID.from_str(after.id).milliseconds + 1)
    return str(ULID.from_timestamp(milliseconds))
