"""What the author of a comment may do to it for some minutes: write it anew, or take it back for good."""

from dataclasses import replace
from datetime import datetime, timedelta

from kolom.articles.types import Article
from kolom.comments import authors, moderation_policy, posting, reply_subscriptions, repository
from kolom.comments.moderation_policy import Decision
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.errors import FieldError, Gone, InvalidInput
from kolom.models.comments import AddressRecord, address_key
from kolom.models.transaction import Transaction
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext, SubmissionPipeline


def edit(article: Article, comment_id: str, content: str, arrival: RequestContext, *, now: datetime) -> Comment:
    """Give the comment a new text, which passes the same checks as a new comment. The same text changes nothing.

    Unless no comments wait for approval, it waits for it again. Spam stays spam.

    :raises Invalid: the token is missing, forged, of another comment, or too old
    :raises Gone: it was deleted
    :raises TooMany: the sender, their network or the site has to wait
    """
    current = _require_edit_token(article, comment_id, arrival, now)
    if current.status == "deleted":
        raise Gone("this comment has been deleted")
    if current.content == content:
        return current
    pipeline = SubmissionPipeline.start_edit(comment_id, content, arrival, revision=current.revision, now=now)
    pipeline.check_limits()
    findings = posting.examine(pipeline, article, name=current.name, content=content, website=current.website)
    edited: list[Comment] = []

    def decide(comment: Comment) -> Comment:
        if comment.status == "deleted":
            raise Gone("this comment has been deleted")
        if comment.content == content:
            return comment  # the same edit, made at the same moment
        before = Decision(comment.status, comment.reasons)
        verdict = moderation_policy.decide_edit(findings, settings().moderation_mode, before=before)
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

    return repository.update(
        article.id,
        comment_id,
        decide,
        now=now,
        also=lambda transaction: posting.enqueue_moderation_mail(transaction, edited[0], now=now),
    )


def delete_own(article: Article, comment_id: str, arrival: RequestContext, *, now: datetime) -> None:
    """Delete the comment and everything that its author gave; a tombstone keeps the place if there are replies.

    Taken back twice is taken back once.

    :raises Invalid: the token is missing, forged, of another comment, or too old
    :raises Gone: it was deleted, and its time is over
    """
    if not _require_edit_token(article, comment_id, arrival, now).is_erased:
        erase(article.id, comment_id, by="author", now=now)


def erase(article_id: int, comment_id: str, *, by: str, now: datetime) -> Comment:
    """Delete the comment, and with it for good what its author wrote and who they were.

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

    def forget_address(transaction: Transaction) -> None:
        transaction.delete(AddressRecord(*address_key(comment_id)))
        reply_subscriptions.delete_for_comment(transaction, erased[0], now=now)

    return repository.update(article_id, comment_id, decide, now=now, also=forget_address)


def _require_edit_token(article: Article, comment_id: str, arrival: RequestContext, now: datetime) -> Comment:
    """The comment, for whoever has its token in time; nobody else learns whether there is one."""
    token = authors.read_edit_token(arrival.authorization, signing.load_keys)
    if token is None:
        raise InvalidInput(FieldError("authorization", "is required: Bearer and the edit token of this comment"))
    if token != (article.id, comment_id):
        raise InvalidInput(FieldError("authorization", "is the token of another comment"))
    comment = repository.get(article.id, comment_id)
    if comment is None:
        raise Gone("this comment has been deleted")
    minutes = settings().edit_minutes
    if now > comment.created_at + timedelta(minutes=minutes):
        raise InvalidInput(FieldError("authorization", f"has expired: a comment can be changed for {minutes} minutes"))
    return comment
