"""Idempotency: identify repeated submissions, so that each creates one comment or message.

The record of a submission is written in the transaction that stores it, on condition that it is new. A concurrent or
later repetition finds the record and gets the result of the first submission.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from kolom.errors import FieldError, InvalidInput, KolomError
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security.signing import SigningKeys, keyed_hash, keyed_hashes

KEY_HOURS = 24
"""How long an idempotency key identifies its first submission."""

SAME_MINUTES = 10
"""How long the same text from the same client counts as the same submission, if there is no key."""

MAX_KEY_CHARACTERS = 255
IDEMPOTENCY_HEADER = "Idempotency-Key"


class DuplicateSubmission(KolomError):
    """A record of this submission exists already. The caller must read it."""


@dataclass(frozen=True, slots=True)
class SubmissionIdentity:
    """The identity of a submission.

    ``id`` represents the submission in the set of a rate limit. It is a short keyed hash: without the key of the
    site, nobody can find two submissions with the same id. Without an idempotency key, the same text gets a new id
    in each period of :data:`SAME_MINUTES`.

    ``key`` and ``fingerprint`` are stored. Those that depend on personal data also depend on the key of the site, so a
    guess of an IP address or email address cannot be verified with them. So after a rotation of the site's key, the
    same text without an idempotency key is another submission. ``known_fingerprints`` are those by all keys, and the
    one that earlier versions stored, without a key.
    """

    id: str
    key: str
    fingerprint: str
    lasts_seconds: int
    has_secret: bool
    """Whether the client sent a key. Only this client knows it, so a repetition with the key comes from it."""

    known_fingerprints: frozenset[str]

    @classmethod
    def of(
        cls,
        purpose: str,
        fields: Mapping[str, object],
        *,
        idempotency_key: str | None,
        client: str,
        keys: SigningKeys,
        now: datetime,
    ) -> "SubmissionIdentity":
        """Return the identity of a submission: by its idempotency key, or else by its fields and client.

        :raises InvalidInput: the key is blank, too long, or not printable ASCII
        """
        text = json.dumps(fields, ensure_ascii=True, sort_keys=True)
        if idempotency_key is None:
            digest = keyed_hash("kolom.submission.same", "\0".join((purpose, text, client)), keys)
            lasts_seconds = SAME_MINUTES * 60
            short_id = _short_id(f"{digest}#{int(now.timestamp()) // lasts_seconds}", keys)
            known = frozenset({digest})
            return cls(short_id, f"once#{digest}", digest, lasts_seconds, has_secret=False, known_fingerprints=known)
        secret = idempotency_key.strip()
        if not 1 <= len(secret) <= MAX_KEY_CHARACTERS or not (secret.isascii() and secret.isprintable()):
            raise InvalidInput(
                FieldError(IDEMPOTENCY_HEADER, f"must have 1 to {MAX_KEY_CHARACTERS} printable ASCII characters")
            )
        digest = _digest(purpose, "key", secret)
        fingerprints = keyed_hashes("kolom.submission.fields", "\0".join((purpose, text)), keys)
        return cls(
            _short_id(digest, keys),
            f"once#{digest}",
            fingerprints[0],
            KEY_HOURS * 3600,
            has_secret=True,
            known_fingerprints=frozenset({*fingerprints, _digest(purpose, text)}),
        )

    def stage(self, transaction: Transaction, article_id: str | None, item_id: str, *, now: datetime) -> None:
        """Add the record to the transaction, which raises :class:`DuplicateSubmission` if one exists."""
        seconds = int(now.timestamp())
        record = GuardRecord(
            self.key,
            fingerprint=self.fingerprint,
            article_id=article_id,
            item_id=item_id,
            expires_at=seconds + self.lasts_seconds,
        )
        is_new = GuardRecord.key.does_not_exist() | (GuardRecord.expires_at <= seconds)
        transaction.put(record, is_new, DuplicateSubmission("this was submitted before"))

    def find(self, records: Iterable[GuardRecord], *, now: datetime) -> GuardRecord | None:
        """Return this submission's record among ``records``, or None.

        :raises InvalidInput: the key was used for another submission
        """
        for record in records:
            if record.key == self.key and record.is_unexpired(now):
                if record.fingerprint not in self.known_fingerprints:
                    raise InvalidInput(FieldError(IDEMPOTENCY_HEADER, "was already used for a different request"))
                return record
        return None


def _short_id(digest: str, keys: SigningKeys) -> str:
    return keyed_hash("kolom.submission", digest, keys)[:12]


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:40]
