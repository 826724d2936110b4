"""The signing keys as the secret stores them, each with the time in which it may be used. Pure.

A rotation adds a key that signs only an hour later. By then, every process has fetched it, so no process refuses what
another one has signed. The keys before it have an end, after which they verify nothing (:mod:`kolom.security.signing`
names the exceptions). So a rotation is one write, and nothing has to run at the end of a key.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from kolom.errors import ConfigurationError
from kolom.timestamps import parse_time, to_rfc3339

SIGNS_AFTER: Final = timedelta(hours=1)
"""How long a new key waits until it signs. Processes fetch the keys much more often."""

VALID_FOR: Final = timedelta(days=90)
"""How long a key verifies after the next one began to sign."""

_FIRST_KEY: Final = "1"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StoredKeys:
    """The keys by their ids. ``current`` signs until ``next_from``, and then ``next_id``, if there is one.

    A secret that does not begin with ``{``, such as the one that the template generates, is the single key ``1``.
    Otherwise it is JSON: ``{"current": "1", "keys": {"1": "…", "2": "…"}, "next": {"id": "2", "from": "…"},
    "until": {"1": "…"}, "rotated": "…"}``, of which ``current`` and ``keys`` are required. ``rotated`` is the time of
    the last rotation.
    """

    current: str
    keys: Mapping[str, str]
    next_id: str | None = None
    next_from: datetime | None = None
    until: Mapping[str, datetime] = field(default_factory=dict)
    rotated: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "StoredKeys":
        """Parse the value of the secret in Secrets Manager.

        :raises ConfigurationError: it has no keys, the current key is missing, or an id cannot be part of a token
        """
        if not text.lstrip().startswith("{"):
            parsed = cls(current=_FIRST_KEY, keys={_FIRST_KEY: text.strip()})
        else:
            try:
                parsed = cls._from_json(json.loads(text))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ConfigurationError("the secret must be a key, or JSON with current and keys") from error
        signing = {parsed.current} if parsed.next_id is None else {parsed.current, parsed.next_id}
        if not signing <= parsed.keys.keys() or not all(parsed.keys.values()):
            raise ConfigurationError("the secret has an empty key, or its current or next key is missing")
        if not all(key_id and "." not in key_id for key_id in parsed.keys):
            raise ConfigurationError("the ids of keys in the secret must not be empty or have a full stop")
        return parsed

    @classmethod
    def _from_json(cls, data: Any) -> "StoredKeys":
        following = data.get("next")
        return cls(
            current=str(data["current"]),
            keys={str(key_id): str(key) for key_id, key in data["keys"].items()},
            next_id=str(following["id"]) if following else None,
            next_from=parse_time(following["from"]) if following else None,
            until={str(key_id): parse_time(text) for key_id, text in data.get("until", {}).items()},
            rotated=parse_time(data["rotated"]) if "rotated" in data else None,
        )

    def to_text(self) -> str:
        """Return the value for the secret."""
        data: dict[str, Any] = {"current": self.current, "keys": dict(self.keys)}
        if self.next_id is not None and self.next_from is not None:
            data["next"] = {"id": self.next_id, "from": to_rfc3339(self.next_from)}
        data["until"] = {key_id: to_rfc3339(end) for key_id, end in self.until.items()}
        if self.rotated is not None:
            data["rotated"] = to_rfc3339(self.rotated)
        return json.dumps(data)

    def signing_key(self, now: datetime) -> str:
        """Return the id of the key that signs."""
        if self.next_id is not None and self.next_from is not None and self.next_from <= now:
            return self.next_id
        return self.current

    def retired(self, now: datetime) -> frozenset[str]:
        """Return the ids of the keys whose time is over; never the one that signs."""
        over = {key_id for key_id, end in self.until.items() if end <= now}
        return frozenset(over & self.keys.keys() - {self.signing_key(now)})

    def rotate(self, key: str, now: datetime) -> "StoredKeys":
        """Add a key that signs after :data:`SIGNS_AFTER`, and end the others :data:`VALID_FOR` later."""
        new, begins = self._new_id(), now + SIGNS_AFTER
        return StoredKeys(
            current=self.signing_key(now),
            keys={**self.keys, new: key},
            next_id=new,
            next_from=begins,
            until=self._end_all(begins + VALID_FOR),
            rotated=now,
        )

    def revoke(self, key: str, now: datetime) -> "StoredKeys":
        """Add a key that signs at once, and end all others."""
        new = self._new_id()
        return StoredKeys(current=new, keys={**self.keys, new: key}, until=self._end_all(now), rotated=now)

    def has_one_valid_key(self, now: datetime) -> bool:
        """Return whether only one key verifies."""
        return len(self.keys) == len(self.retired(now)) + 1

    def _end_all(self, end: datetime) -> dict[str, datetime]:
        """Return the ends of all keys, at the latest ``end``."""
        return {key_id: min(end, self.until.get(key_id, end)) for key_id in self.keys}

    def _new_id(self) -> str:
        number = max((int(key_id) for key_id in self.keys if key_id.isdecimal()), default=0) + 1
        return str(number)
