"""Import comments from other systems, idempotently, keeping their dates and threads. Sends no mail."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

from ulid import ULID

from kolom.comments import repository
from kolom.comments.authors import imported_avatar_seed
from kolom.comments.types import Comment, Status
from kolom.errors import Conflict
from kolom.models.comments import CommentRecord
from kolom.models.expiry import has_expired
from kolom.models.retry import retry_on_conflict
from kolom.models.transaction import Transaction
from kolom.submissions.reasons import to_reason

_CHANGE_PREFIX: Final = "import:"
_MAX_MILLISECONDS: Final = 2**48 - 1
_SUFFIX_LENGTH: Final = 16
_LOCAL_FIELDS: Final = frozenset(("id", "parent_id", "depth", "person"))
"""Fields that do not come from the source: the position of the comment, and the pseudonym, which is site-specific."""

type Change = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class CommentState:
    """What an import needs to know of a stored comment: its place in the thread, and its last change."""

    id: str
    parent_id: str | None
    depth: int
    status: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalComment:
    """A comment of another system for the article ``article_id``. ``origin`` is its permanent name in that system.

    ``parent`` is the comment that it replies to. ``avatar`` is the seed of its author's avatar, by
    default derived from name and website. ``person`` is the author's pseudonym
    (:func:`kolom.security.pseudonyms.pseudonym_of`).
    """

    article_id: int
    origin: str
    name: str
    content: str
    created_at: datetime
    status: Status
    parent: CommentState | Comment | None = None
    website: str | None = None
    person: str | None = None
    is_owner: bool = False
    avatar: str = ""


def id_suffix_of(origin: str) -> str:
    """Return the last characters of the id of the comment with that origin: 80 bits in Crockford's base 32."""
    return str(ULID(bytes(6) + _origin_bytes(origin)))[-_SUFFIX_LENGTH:]


def load_states(article_id: int) -> dict[str, CommentState]:
    """Return the states of all unexpired comments of an article by their :func:`id_suffix_of`.

    A consistent Query per megabyte.
    """
    attributes = ["sort", "schema", "parent_id", "depth", "status", "change", "expires_at"]
    found = CommentRecord.query(str(article_id), consistent_read=True, attributes_to_get=attributes)
    return {
        record.sort[-_SUFFIX_LENGTH:]: CommentState(
            record.sort, record.parent_id, int(record.depth), record.status, record.change
        )
        for record in found
        if not has_expired(record.expires_at)
    }


def upsert(
    imported: Comment,
    *,
    now: datetime,
    overwrite: bool = False,
    is_new: bool = False,
    has_approved_parent: bool = False,
) -> Change:
    """Create or update a comment made by :func:`to_comment`. Importing the same comment again changes nothing.

    A comment that was imported before is updated from its source until someone edits or moderates it on this
    site; ``overwrite`` replaces such changes.

    ``is_new`` and ``has_approved_parent`` are what the caller has read before, which saves a request each. The
    transaction checks them; if they are no longer true, the comment and its parent are read.

    :raises Conflict: the comment was changed on this site since the import
    :raises ServiceBusy: concurrent changes made every attempt fail; nothing was changed
    """

    def attempt() -> Change:
        nonlocal is_new, has_approved_parent
        old = None if is_new else repository.get(imported.article_id, imported.id, now=now)
        change = diff(old, imported, overwrite=overwrite)
        if change != "unchanged":
            transaction = Transaction()
            new = repository.stage(
                transaction, old, _next_state(old, imported), has_approved_parent=has_approved_parent, now=now
            )
            is_new = has_approved_parent = False
            repository.commit(transaction, new)
        return change

    return retry_on_conflict(attempt)


def create_all(imported: Sequence[Comment], *, now: datetime) -> None:
    """Create comments of one article, made by :func:`to_comment`, in one transaction.

    The parent of each, if it has one, is approved: one of these comments, or a stored one.

    :raises StaleRead: one of the comments exists, or a parent is not approved any more; nothing was written
    :raises ServiceBusy: concurrent changes made every attempt fail; nothing was written
    """
    transaction = Transaction()
    repository.stage_new(transaction, imported, now=now)
    repository.commit(transaction, *imported)


def diff(old: Comment | CommentState | None, imported: Comment, *, overwrite: bool) -> Change:
    """Return the change that :func:`upsert` would make to the stored comment ``old``.

    :raises Conflict: the comment was changed on this site since the import
    """
    if old is None:
        return "created"
    if old.change == imported.change:
        return "unchanged"
    if not (overwrite or old.change.startswith(_CHANGE_PREFIX)):
        verb = "deleted" if old.status == "deleted" else "edited or moderated"
        raise Conflict(f"{verb} here since the import; --overwrite replaces it")
    return "updated"


def to_comment(external: ExternalComment, known_id: str | None = None) -> Comment:
    """Convert an external comment to the comment to store; the same source always gives the same result.

    ``known_id`` is its id if it was imported before. A new id could differ, since the id depends on the parent, which
    may have been missing at that time, or may have been a different comment.
    """
    parent = external.parent
    comment = Comment(
        article_id=external.article_id,
        id=known_id or _new_id(external),
        status=external.status,
        name=external.name,
        content=external.content,
        website=external.website,
        person=external.person,
        avatar=external.avatar or imported_avatar_seed(external.name, external.website),
        is_owner=external.is_owner,
        created_at=external.created_at.astimezone(UTC).replace(microsecond=0),
        parent_id=parent.id if parent else None,
        depth=parent.depth + 1 if parent else 0,
        reasons=(to_reason("imported"),),
        decided_by="import",
        announced=True,
    )
    source_values = (f"{name}={value}" for name, value in asdict(comment).items() if name not in _LOCAL_FIELDS)
    return replace(comment, change=_CHANGE_PREFIX + _digest(*source_values))


def _next_state(old: Comment | None, imported: Comment) -> Comment:
    if old is None:
        return imported
    return replace(
        imported,
        parent_id=old.parent_id,
        depth=old.depth,
        replies=old.replies,
        version=old.version + 1,
        revision=old.revision + 1,
    )


def _new_id(external: ExternalComment) -> str:
    """Return a ULID of the comment's time, or just after its parent's, with a digest of its origin as the random part.

    Times are truncated to seconds: the fractions may differ between exports of one blog in two formats.
    """
    milliseconds = max(0, int(external.created_at.timestamp()) * 1000)
    if external.parent is not None:
        milliseconds = max(milliseconds, ULID.from_str(external.parent.id).milliseconds + 1)
    return str(ULID(min(milliseconds, _MAX_MILLISECONDS).to_bytes(6) + _origin_bytes(external.origin)))


def _origin_bytes(origin: str) -> bytes:
    return hashlib.sha256(origin.encode()).digest()[:10]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
