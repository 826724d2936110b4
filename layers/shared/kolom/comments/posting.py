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
from kolom.errors import Conflict, FieldError, Gone, InvalidInput, ServiceBusy
from kolom.models.comments import AddressRecord, CommentRecord, address_key
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.rendering import visitor_text
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom.submissions.pipeline import FormMeta, RequestContext, SubmissionPipeline
from kolom.submissions.spam_rules import SpamFinding
from kolom.timestamps import SECONDS_PER_DAY

_ATTEMPTS = 5


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

    ``edit_token`` is None where nothing proves that the sender is the author.
    """

    comment: Comment
    edit_token: str | None


def post(article: Article, draft: NewComment, arrival: RequestContext, *, now: datetime) -> PostedComment:
    """Take the comment. Sent again, it changes nothing.

    Sent again under its idempotency key it gives the same answer. Without a key anybody behind the same address may
    repeat the words of another: that gives the comment as those words had it, and no token.

    :raises Invalid: a token is not valid, or there is no such comment to reply to
    :raises Conflict: the article takes no comments
    :raises Gone: it was posted before and has been deleted since
    :raises TooMany: the sender, their network or the site has to wait
    :raises Busy: nothing was stored
    """
    keys = signing.load_keys()
    author = authors.read_edit_token(arrival.authorization, signing.load_keys)
    pipeline = SubmissionPipeline.start("comment", _fields(article, draft), draft.form, arrival, now=now)
    if pipeline.before is not None:
        return _posted_before(pipeline, draft, pipeline.before)

    if not article.takes_comments(now, close_after_days=settings().comments_close_after_days):
        raise Conflict("this article takes no more comments")
    parent = _find_parent(article, draft.parent_id)
    pipeline.check_limits()
    writer = _approved_author(author)
    findings = examine(pipeline, article, name=draft.name, content=draft.content, website=draft.website)
    verdict = moderation_policy.decide(findings, settings().moderation_mode, trusted=writer is not None)
    person = pseudonym_of(draft.email, keys) if draft.email else None
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
            avatar=writer.avatar if writer else authors.avatar_seed(comment_id, keys),
            created_at=now.replace(microsecond=0),  # as it is stored, so that every answer is the same
            parent_id=parent.id if parent else None,
            depth=parent.depth + 1 if parent else 0,
            reasons=verdict.reasons,
            change=pipeline.submission.id,
        )
        try:
            record = _store(pipeline, comment, draft, now=now)
        except repository.StaleComment:
            parent = _find_parent(article, draft.parent_id)
            continue
        if record is not None:
            return _posted_before(pipeline, draft, record)
        return PostedComment(comment, authors.create_edit_token(comment.article_id, comment.id, keys))
    raise ServiceBusy("too many changes at once; nothing was stored, try again")


def examine(
    pipeline: SubmissionPipeline, article: Article, *, name: str, content: str, website: str | None
) -> tuple[SpamFinding, ...]:
    """What speaks against a comment on that article, new or edited."""
    return pipeline.score_spam(
        name=name,
        content=content,
        links=visitor_text.render(content).links,
        website=website or "",
        # The names that no visitor has.
        names_taken=tuple(taken for taken in (article.author, settings().site_title) if taken),
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


def _fields(article: Article, draft: NewComment) -> dict[str, Any]:
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
    parent = repository.get(article.id, parent_id)
    if parent is None or parent.status != "approved":
        raise InvalidInput(FieldError("parent_id", "there is no such comment to reply to"))
    if parent.depth >= MAX_DEPTH:
        raise InvalidInput(FieldError("parent_id", "this thread is too deep: reply further up"))
    return parent


def _approved_author(author: tuple[int, str] | None) -> Comment | None:
    """The comment by which the sender proves to have been approved before."""
    comment = repository.get(*author) if author else None
    return comment if comment and comment.status == "approved" else None


def _new_id(now: datetime, *, after: Comment | None) -> str:
    """A ULID of this moment, or just after the parent's, should another clock have been ahead."""
    milliseconds = int(now.timestamp() * 1000)
    if after is not None:
        milliseconds = max(milliseconds, ULID.from_str(after.id).milliseconds + 1)
    return str(ULID.from_timestamp(milliseconds))


def _store(pipeline: SubmissionPipeline, comment: Comment, draft: NewComment, *, now: datetime) -> GuardRecord | None:
    address = None
    if draft.email is not None:
        address = AddressRecord(
            *address_key(comment.id),
            email=draft.email,
            notify_replies=draft.notify_replies,
            expires_at=int(now.timestamp()) + settings().email_days * SECONDS_PER_DAY,
        )

    def add(transaction: Transaction) -> None:
        repository.stage(transaction, None, comment, now=now, address=address, origin=pipeline.origin)
        if comment.parent_id is not None and not comment.is_visible:
            transaction.check(
                CommentRecord,
                (str(comment.article_id), comment.parent_id),
                CommentRecord.status == "approved",
                repository.StaleComment("the comment above was changed at the same moment"),
            )
        if address is not None:
            transaction.put(address)
        enqueue_moderation_mail(transaction, comment, now=now)

    return pipeline.save_once(comment.id, add, article_id=str(comment.article_id))


def _posted_before(pipeline: SubmissionPipeline, draft: NewComment, record: GuardRecord) -> PostedComment:
    comment = repository.get(int(record.article_id or 0), str(record.item_id))
    if comment is None or comment.status == "deleted":
        raise Gone("this comment was posted before, and has been deleted since")
    if pipeline.submission.has_secret:
        return PostedComment(comment, authors.create_edit_token(comment.article_id, comment.id, signing.load_keys()))
    # What the author has made of it since is not for whoever knows the first words: it may still wait for approval.
    return PostedComment(replace(comment, content=draft.content, edited_at=None), None)
