"""Editing and deleting by the author of a comment, for a limited time; and erasure."""

from dataclasses import replace
from datetime import datetime, timedelta

from kolom.articles.types import Article
from kolom.comments import authors, moderation_policy, posting, reply_subscriptions, repository
from kolom.comments.moderation_policy import Decision
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.errors import Gone, InvalidCredentials, PermissionDenied
from kolom.models.comments import AddressRecord, address_key
from kolom.models.transaction import Transaction
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext, check_edit


def edit(article: Article, comment_id: str, content: str, context: RequestContext, *, now: datetime) -> Comment:
    """Change the text of a comment, under the rate limits and spam rules of new ones. The same text changes nothing.

    The comment must be approved again, unless the site approves all comments. Spam stays spam.

    :raises InvalidCredentials: the edit token is missing or invalid
    :raises PermissionDenied: the token is for another comment, or the time for changes is over
    :raises Gone: the comment was deleted
    :raises RateLimited: a limit of the client, its network or the site is reached
    """
    current = _require_edit_token(article, comment_id, context, now)
    if current.status == "deleted":
        raise Gone("this comment has been deleted")
    if current.content == content:
        return current
    text = posting.submitted_text(article, name=current.name, content=content, website=current.website)
    checked = check_edit(comment_id, text, context, revision=current.revision, now=now)
    edited: list[Comment] = []

    def decide(comment: Comment) -> Comment:
        if comment.status == "deleted":
            raise Gone("this comment has been deleted")
        if comment.content == content:
            return comment  # a concurrent request made the same edit
        before = Decision(comment.status, comment.reasons)
        verdict = moderation_policy.decide_edit(checked.findings, settings().moderation_mode, before=before)
        new = replace(
            comment,
            content=content,
            status=verdict.status,
            status_before=comment.status,
            edited_at=now.replace(microsecond=0),
            revision=comment.revision + 1,
            reasons=verdict.reasons,
            decided_by="rules",
        )
        edited[:] = [new]
        return new

    def extend(transaction: Transaction) -> None:
        checked.stage(transaction)
        posting.enqueue_moderation_mail(transaction, edited[0], now=now)

    return repository.update(article.id, comment_id, decide, now=now, also=extend)


def delete_own(article: Article, comment_id: str, context: RequestContext, *, now: datetime) -> None:
    """Delete the comment with its author's data; if it has replies, a tombstone remains. Idempotent.

    :raises InvalidCredentials: the edit token is missing or invalid
    :raises PermissionDenied: the token is for another comment, or the time for changes is over
    :raises Gone: the comment was deleted, and is no longer stored
    """
    if not _require_edit_token(article, comment_id, context, now).is_erased:
        erase(article.id, comment_id, by="author", now=now)


def erase(article_id: int, comment_id: str, *, by: str, now: datetime) -> Comment:
    """Delete the comment, and permanently erase its text and its author's data.

    :raises NotFound: there is no such comment
    """
    erased: list[Comment] = []

    def decide(comment: Comment) -> Comment:
        erased[:] = [comment]
        return replace(
            comment,
            status="deleted",
            status_before=comment.status,
            name="",
            content="",
            website=None,
            person=None,
            avatar="",
            reasons=("erased",),
            decided_by=by,
        )

    def delete_address(transaction: Transaction) -> None:
        transaction.delete(AddressRecord(*address_key(comment_id)))
        reply_subscriptions.delete_for_comment(transaction, erased[0])

    return repository.update(article_id, comment_id, decide, now=now, also=delete_address)


def _require_edit_token(article: Article, comment_id: str, context: RequestContext, now: datetime) -> Comment:
    """Return the comment if the request has a valid token; the errors do not reveal whether the comment exists."""
    token = authors.read_edit_token(context.authorization, signing.load_keys)
    if token is None:
        raise InvalidCredentials("the Authorization header is required: Bearer with the edit token of this comment")
    if token != (article.id, comment_id):
        raise PermissionDenied("the edit token is for another comment")
    comment = repository.get(article.id, comment_id, now=now)
    if comment is None:
        raise Gone("this comment has been deleted")
    minutes = settings().edit_minutes
    if now > comment.created_at + timedelta(minutes=minutes):
        raise PermissionDenied(f"comments can be changed for {minutes} minutes after they are posted")
    return comment
