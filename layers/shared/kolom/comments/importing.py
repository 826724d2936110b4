"""Taking over comments that were written elsewhere: each once, at its own time and place. Nobody is written to."""

import hashlib
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

from pynamodb.exceptions import PynamoDBException
from ulid import ULID

from kolom.aws import is_unavailable
from kolom.comments import repository
from kolom.comments.types import Comment, Status
from kolom.errors import Conflict, ServiceBusy
from kolom.models.comments import CommentRecord
from kolom.models.transaction import DEADLINE_SECONDS, Transaction

_MARK: Final = "import:"
_MAX_MILLISECONDS: Final = 2**48 - 1
_MARK_LENGTH: Final = 16
_NOT_OF_THE_SOURCE: Final = frozenset(("id", "parent_id", "depth", "person"))
"""Where a comment came to stand when it was first adopted, and the hash of an address, which depends on the secret."""

type Change = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalComment:
    """A comment as it is elsewhere, for the article ``article_id``. ``origin`` names it there, for good.

    ``parent`` is the comment here that it answers. ``person`` stands for its author's address
    (:func:`kolom.security.pseudonyms.pseudonym_of`).
    """

    article_id: int
    origin: str
    name: str
    content: str
    created_at: datetime
    status: Status
    parent: Comment | None = None
    website: str | None = None
    person: str | None = None
    is_owner: bool = False


def id_suffix_of(origin: str) -> str:
    """What the id of the comment of that origin ends in, whatever its time: 80 bits in Crockford's base 32."""
    return str(ULID(bytes(6) + _origin_bytes(origin)))[-_MARK_LENGTH:]


def ids_by_suffix(article_id: int) -> dict[str, str]:
    """The ids of all comments of an article, by :func:`id_suffix_of`. One consistent Query a megabyte."""
    found = CommentRecord.query(str(article_id), consistent_read=True, attributes_to_get=["sort"])
    return {record.sort[-_MARK_LENGTH:]: record.sort for record in found}


def upsert(wanted: Comment, *, now: datetime, overwrite: bool = False) -> Change:
    """Keep the comment, of :func:`to_comment`, as it is elsewhere; the same again changes nothing.

    One that was adopted before follows its source as long as nobody has edited or moderated it here since;
    ``overwrite`` puts the source's state in place of that.

    :raises Conflict: it was changed here since
    :raises Busy: others were faster throughout; nothing was changed
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        old = repository.get(wanted.article_id, wanted.id)
        change = diff(old, wanted, overwrite=overwrite)
        if change == "unchanged":
            return change
        transaction = Transaction()
        new = repository.stage(transaction, old, _after(old, wanted), now=now)
        try:
            transaction.commit()
        except repository.StaleComment as error:
            if time.monotonic() > deadline:
                raise ServiceBusy("too many changes at once; nothing was changed, try again") from error
        except PynamoDBException as error:
            if is_unavailable(error) and repository.is_applied(new):
                return change
            raise
        else:
            return change


def diff(old: Comment | None, wanted: Comment, *, overwrite: bool) -> Change:
    """What becomes of the comment that is kept, if any, by :func:`upsert`.

    :raises Conflict: it was changed here since
    """
    if old is None:
        return "created"
    if old.change == wanted.change:
        return "unchanged"
    if not (overwrite or old.change.startswith(_MARK)):
        verb = "deleted" if old.status == "deleted" else "edited or moderated"
        raise Conflict(f"{verb} here since the import; --overwrite replaces it")
    return "updated"


def to_comment(foreign: ExternalComment, known_id: str | None = None) -> Comment:
    """The comment as it is kept; the same source always gives the same.

    ``known_id`` is its id if it was adopted before. That may be another than a new one would be: the comment that it
    answers was not there then, or was elsewhere.
    """
    parent = foreign.parent
    comment = Comment(
        article_id=foreign.article_id,
        id=known_id or _new_id(foreign),
        status=foreign.status,
        name=foreign.name,
        content=foreign.content,
        website=foreign.website,
        person=foreign.person,
        # Whoever had the same name and website there has the same picture; visitors cannot get it by typing them.
        avatar=_digest(foreign.name, foreign.website or "")[:12],
        is_owner=foreign.is_owner,
        created_at=foreign.created_at.astimezone(UTC).replace(microsecond=0),
        parent_id=parent.id if parent else None,
        depth=parent.depth + 1 if parent else 0,
        reasons=("imported",),
        decided_by="import",
        announced=True,
    )
    said = (f"{name}={value}" for name, value in asdict(comment).items() if name not in _NOT_OF_THE_SOURCE)
    return replace(comment, change=_MARK + _digest(*said))


def _after(old: Comment | None, wanted: Comment) -> Comment:
    if old is None:
        return wanted
    return replace(
        wanted,
        parent_id=old.parent_id,
        depth=old.depth,
        replies=old.replies,
        version=old.version + 1,
        revision=old.revision + 1,
    )


def _new_id(foreign: ExternalComment) -> str:
    """A ULID of its time, or just after its parent's, ending in a digest of its origin where others are random.

    Of its time to the second: exports of one blog in two formats may differ in the rest.
    """
    milliseconds = max(0, int(foreign.created_at.timestamp()) * 1000)
    if foreign.parent is not None:
        milliseconds = max(milliseconds, ULID.from_str(foreign.parent.id).milliseconds + 1)
    return str(ULID(min(milliseconds, _MAX_MILLISECONDS).to_bytes(6) + _origin_bytes(foreign.origin)))


def _origin_bytes(origin: str) -> bytes:
    return hashlib.sha256(origin.encode()).digest()[:10]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
