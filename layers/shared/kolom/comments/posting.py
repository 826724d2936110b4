"""Taking a visitor's comment: once, judged, and stored with everything that belongs to it in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pynamodb.exceptions import PynamoDBException
from ulid import ULID

from kolom import signing
from kolom.articles.types import Article
from kolom.comments import people, rules, store, text
from kolom.comments.types import MAX_DEPTH, Comment
from kolom.config import settings
from kolom.errors import Busy, Conflict, FieldError, Gone, Invalid, KolomError
from kolom.guard import bans, forms, limits, once
from kolom.guard.once import SeenBefore, Submission
from kolom.guard.senders import Sender
from kolom.models.base import timestamp
from kolom.models.comments import AddressRecord, CommentRecord, address_key
from kolom.models.guard import GuardRecord
from kolom.models.outbox import QUEUE, OutboxRecord
from kolom.models.transaction import Transaction, is_unavailable

_COPIES_FROM = 40
"""How long a text is that two people do not write by chance."""

_ATTEMPTS = 5
_SECONDS_A_DAY = 86_400
_MAIL_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a visitor wrote, already valid in itself. ``honeypot`` tells that a hidden field was filled in."""

    name: str
    content: str
    email: str | None = None
    website: str | None = None
    parent_id: str | None = None
    notify_replies: bool = False
    form_token: str | None = None
    proof: str | None = None
    honeypot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How it came: from which IP address, with which headers."""

    address: str
    idempotency_key: str | None = None
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """The comment as it is kept, and the token by which its author may change it for a while."""

    comment: Comment
    edit_token: str


def post(article: Article, draft: Draft, arrival: Arrival, *, now: datetime) -> Posted:
    """Take the comment. Sent again, it gives the same answer and changes nothing.

    :raises Invalid: a token is not valid, or there is no such comment to reply to
    :raises Conflict: the article takes no comments
    :raises Gone: it was posted before and has been deleted since
    :raises TooMany: the sender, their network or the site has to wait
    :raises Busy: nothing was stored
    """
    keys = signing.secret()
    sender = Sender.of(arrival.address, keys)
    submission = Submission.of(
        "comment", _fields(article, draft), idempotency_key=arrival.idempotency_key, sender=sender.address
    )
    author = people.read_bearer(arrival.authorization, signing.secret)
    records = once.read([submission.key, *bans.ban_keys(sender)])
    if (record := submission.find(records, now=now)) is not None:
        return _posted_before(record)

    if not article.takes_comments(now, close_after_days=settings().comments_close_after_days):
        raise Conflict("this article takes no more comments")
    form_seconds, proof = _check_form(draft, now)
    parent = _find_parent(article, draft.parent_id)
    limits.check(submission.id, limits.limits(sender, settings().comments_per_minute), now=now)
    writer = _approved_author(author)
    evidence = gather(
        article,
        name=draft.name,
        website=draft.website,
        content=draft.content,
        form_seconds=form_seconds,
        honeypot=draft.honeypot,
        banned=bans.is_banned(records, now),
        copies=_copies(draft.content, submission.id, now),
        trusted=writer is not None,
    )
    verdict = rules.judge(evidence, policy())
    person = people.person_of(draft.email, keys) if draft.email else None
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
            avatar=writer.avatar if writer else people.avatar_of(comment_id, keys),
            created_at=now.replace(microsecond=0),  # as it is stored, so that every answer is the same
            parent_id=parent.id if parent else None,
            depth=parent.depth + 1 if parent else 0,
            reasons=verdict.reasons,
            change=submission.id,
        )
        try:
            _store(comment, submission, draft, sender, proof, now=now)
        except store.Changed:
            parent = _find_parent(article, draft.parent_id)
            continue
        except SeenBefore:
            return _posted_before(_record_of(submission, now))
        except PynamoDBException as error:
            record = _find_after(error, submission, now)
            if record is None:
                raise
            return _posted_before(record)
        return Posted(comment, people.edit_token(comment.article_id, comment.id, keys))
    raise Busy("too many changes at once; nothing was stored, try again")


def gather(
    article: Article,
    *,
    name: str,
    website: str | None,
    content: str,
    form_seconds: float | None,
    honeypot: bool = False,
    banned: bool = False,
    copies: int = 1,
    trusted: bool = False,
) -> rules.Evidence:
    """What the rules look at."""
    return rules.Evidence(
        name=name,
        content=content,
        website=website or "",
        links=text.count_links(text.render(content)),
        form_seconds=form_seconds,
        honeypot=honeypot,
        banned=banned,
        copies=copies,
        trusted=trusted,
        names_taken=tuple(taken for taken in (article.author, settings().site_title) if taken),
    )


def policy() -> rules.Policy:
    """What this site allows, by its settings."""
    words = (word.strip() for word in settings().blocked_words.split(","))
    return rules.Policy(
        mode=settings().moderation_mode,
        links_allowed=settings().links_allowed,
        blocked_words=tuple(word for word in words if word),
    )


def notify_owner(transaction: Transaction, comment: Comment, *, now: datetime) -> None:
    """Add the mail about a new or edited comment to the transaction, if the site's owner wants mail; not about spam."""
    if settings().owner_email and comment.status != "spam" and not comment.is_owner:
        name = f"moderation#{comment.id}"
        transaction.put(
            OutboxRecord(
                name if comment.revision == 1 else f"{name}#{comment.revision}",
                kind="moderation",
                article_id=str(comment.article_id),
                item_id=comment.id,
                status="waiting",
                created_at=now,
                queue=QUEUE,
                due=timestamp(now),
                expires_at=int(now.timestamp()) + _MAIL_DAYS * _SECONDS_A_DAY,
            )
        )


def _fields(article: Article, draft: Draft) -> dict[str, object]:
    """What makes two submissions the same: all but the proofs that a form is fetched anew for."""
    return {
        "article": article.id,
        "name": draft.name,
        "content": draft.content,
        "email": draft.email,
        "website": draft.website,
        "parent_id": draft.parent_id,
        "notify_replies": draft.notify_replies,
        "honeypot": draft.honeypot,
    }


def _check_form(draft: Draft, now: datetime) -> tuple[float | None, forms.Proof | None]:
    seconds = None
    if draft.form_token is not None:
        seconds = forms.seconds_open(draft.form_token, signing.secret, now=now)
    elif settings().form_token == "required":  # noqa: S105 - a setting
        raise Invalid(FieldError("form_token", "is required: GET /api/form-token"))
    if settings().proof_of_work == "none":
        return seconds, None
    if draft.proof is None:
        raise Invalid(FieldError("altcha", "is required: the solved challenge of GET /api/form-token"))
    return seconds, forms.check_proof(draft.proof, signing.secret())


def _find_parent(article: Article, parent_id: str | None) -> Comment | None:
    if parent_id is None:
        return None
    parent = store.load(article.id, parent_id)
    if parent is None or parent.status != "approved":
        raise Invalid(FieldError("parent_id", "there is no such comment to reply to"))
    if parent.depth >= MAX_DEPTH:
        raise Invalid(FieldError("parent_id", "this thread is too deep: reply further up"))
    return parent


def _approved_author(author: tuple[int, str] | None) -> Comment | None:
    """The comment by which the sender proves to have been approved before."""
    comment = store.load(*author) if author else None
    return comment if comment and comment.status == "approved" else None


def _copies(content: str, submission_id: str, now: datetime) -> int:
    folded = rules.fold(content)
    if len(folded) < _COPIES_FROM:
        return 1
    return limits.count_copies(sha256(folded.encode()).hexdigest()[:32], submission_id, now=now)


def _new_id(now: datetime, *, after: Comment | None) -> str:
    """A ULID of this moment, or just after the parent's, should another clock have been ahead."""
    milliseconds = int(now.timestamp() * 1000)
    if after is not None:
        milliseconds = max(milliseconds, ULID.from_str(after.id).milliseconds + 1)
    return str(ULID.from_timestamp(milliseconds))


def _store(
    comment: Comment,
    submission: Submission,
    draft: Draft,
    sender: Sender,
    proof: forms.Proof | None,
    *,
    now: datetime,
) -> None:
    """One transaction: the record of the submission first, since its refusal tells most."""
    transaction = Transaction()
    submission.remember(transaction, str(comment.article_id), comment.id, now=now)
    if proof is not None:
        used: KolomError = Invalid(FieldError("altcha", "was used before: open the form again"))
        once.use(transaction, proof.id, expires_at=proof.expires_at, refused=used)
    store.write(transaction, None, comment, now=now)
    if comment.parent_id is not None and not comment.is_visible:
        transaction.check(
            CommentRecord,
            (str(comment.article_id), comment.parent_id),
            CommentRecord.status == "approved",
            store.Changed("the comment above was changed at the same moment"),
        )
    bans.remember_sender(transaction, comment.id, sender, now=now)
    if draft.email is not None:
        transaction.put(
            AddressRecord(
                *address_key(comment.id),
                email=draft.email,
                notify_replies=draft.notify_replies,
                expires_at=int(now.timestamp()) + settings().email_days * _SECONDS_A_DAY,
            )
        )
    notify_owner(transaction, comment, now=now)
    transaction.commit()


def _posted_before(record: GuardRecord) -> Posted:
    comment = store.load(int(record.article_id or 0), str(record.item_id))
    if comment is None or comment.status == "deleted":
        raise Gone("this comment was posted before, and has been deleted since")
    return Posted(comment, people.edit_token(comment.article_id, comment.id, signing.secret()))


def _record_of(submission: Submission, now: datetime) -> GuardRecord:
    record = submission.find(once.read([submission.key]), now=now)
    if record is None:
        raise Busy("this was sent before; try again")
    return record


def _find_after(error: PynamoDBException, submission: Submission, now: datetime) -> GuardRecord | None:
    """What an attempt left whose answer was lost: the record, if the transaction was made after all."""
    return submission.find(once.read([submission.key]), now=now) if is_unavailable(error) else None
