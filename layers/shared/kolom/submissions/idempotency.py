"""Once: which submission is which, and the record that makes sure that it becomes one comment or message.

The record is written in the transaction that stores what was submitted, on the condition that it is new. Whoever sends
the same again, at the same moment or later, finds it and gets what the first one became.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from kolom.errors import FieldError, InvalidInput, KolomError
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security.signing import SigningKeys, keyed_hash

KEY_HOURS = 24
"""How long an idempotency key stands for its first submission."""

SAME_MINUTES = 10
"""How long the same words from the same sender are the same submission, where there is no key."""

MAX_KEY_CHARACTERS = 255
IDEMPOTENCY_HEADER = "Idempotency-Key"


class DuplicateSubmission(KolomError):
    """There is a record of this submission already: look at it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What makes a submission the one that it is.

    ``id`` stands for it in a limit's set. It is short, and keyed: nobody can look for two submissions of one id. The
    same words without a key have another id once they are another submission.
    """

    id: str
    key: str
    fingerprint: str
    lasts_seconds: int
    has_secret: bool
    """Whether its sender gave it a key. Nobody else knows that, so who repeats it is the same sender."""

    @classmethod
    def of(
        cls,
        purpose: str,
        fields: Mapping[str, object],
        *,
        idempotency_key: str | None,
        sender: str,
        keys: SigningKeys,
        now: datetime,
    ) -> "Submission":
        """The submission of these fields: by the key that its sender gave it, or by the fields and the sender.

        :raises Invalid: the key is blank, too long, or not of printable ASCII
        """
        text = json.dumps(fields, ensure_ascii=True, sort_keys=True)
        fingerprint = _digest(purpose, text)
        if idempotency_key is None:
            digest = _digest(purpose, "same", text, sender)
            lasts_seconds = SAME_MINUTES * 60
            short_id = _short_id(f"{digest}#{int(now.timestamp()) // lasts_seconds}", keys)
            return cls(short_id, f"once#{digest}", fingerprint, lasts_seconds, has_secret=False)
        secret = idempotency_key.strip()
        if not 1 <= len(secret) <= MAX_KEY_CHARACTERS or not (secret.isascii() and secret.isprintable()):
            raise InvalidInput(
                FieldError(IDEMPOTENCY_HEADER, f"must have 1 to {MAX_KEY_CHARACTERS} printable characters")
            )
        digest = _digest(purpose, "key", secret)
        return cls(_short_id(digest, keys), f"once#{digest}", fingerprint, KEY_HOURS * 3600, has_secret=True)

    def remember(self, transaction: Transaction, article_id: str | None, item_id: str, *, now: datetime) -> None:
        """Add the record to the transaction; :class:`DuplicateSubmission` if there is one already."""
        seconds = int(now.timestamp())
        record = GuardRecord(
            self.key,
            fingerprint=self.fingerprint,
            article_id=article_id,
            item_id=item_id,
            expires_at=seconds + self.lasts_seconds,
        )
        is_new = GuardRecord.key.does_not_exist() | (GuardRecord.expires_at <= seconds)
        transaction.put(record, is_new, DuplicateSubmission("this was sent before"))

    def find(self, records: Iterable[GuardRecord], *, now: datetime) -> GuardRecord | None:
        """Its record among ``records``, if it has one.

        :raises Invalid: the key was used for another submission
        """
        for record in records:
            if record.key == self.key and record.expires_at > now.timestamp():
                if record.fingerprint != self.fingerprint:
                    raise InvalidInput(FieldError(IDEMPOTENCY_HEADER, "was used before, for something else"))
                return record
        return None


def _short_id(digest: str, keys: SigningKeys) -> str:
    return keyed_hash("kolom.submission", digest, keys)[:12]


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:40]
