"""Secrets of Secrets Manager, which each process fetches again after some minutes, because they may be rotated."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from kolom import aws
from kolom.errors import ConfigurationError

MAX_AGE_SECONDS: Final = 300.0
"""How long a process uses a secret before it fetches it again."""

RETRY_SECONDS: Final = 60.0
"""How long a process uses an older secret after it could not fetch a valid one."""

MAX_OUTAGE_SECONDS: Final = 3_000.0
"""How old a secret may be when a process decides to use it for another minute.

Less than the time after which a new key signs (:data:`kolom.security.stored_keys.SIGNS_AFTER`), so that a process knows
each key that signs.
"""

CURRENT: Final = "AWSCURRENT"
PENDING: Final = "AWSPENDING"


class CachedSecret[T]:
    """What ``load`` returns, at most :data:`MAX_AGE_SECONDS` old.

    If Secrets Manager is unavailable, or the new value is invalid, the older value stays in use for about
    :data:`MAX_OUTAGE_SECONDS`. Without one, the call fails and the next one tries again.
    """

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._value: T | None = None
        self._fetched = 0.0
        self._fresh_until = 0.0

    def __call__(self) -> T:
        """Return the value, which may have to be fetched."""
        # Wall-clock time: a monotonic clock may stop while Lambda freezes the process.
        if self._value is None or time.time() >= self._fresh_until:
            self._refresh()
        assert self._value is not None
        return self._value

    def _refresh(self) -> None:
        try:
            self._value = self._load()
        except Exception as error:
            is_invalid = isinstance(error, ConfigurationError)
            is_usable = self._value is not None and time.time() < self._fetched + MAX_OUTAGE_SECONDS
            if not is_usable or not (is_invalid or aws.is_temporary(error)):
                raise
            # Imported here, because `kolom` imports this module, and the logger reads the environment.
            from kolom.observability import logger

            if is_invalid:
                logger.error("a secret is invalid; its older value is still used", reason=str(error))
            else:
                logger.warning("a secret could not be fetched again", error=type(error).__name__)
            self._fresh_until = time.time() + RETRY_SECONDS
        else:
            self._fetched = time.time()
            self._fresh_until = self._fetched + MAX_AGE_SECONDS

    @property
    def is_cached(self) -> bool:
        """Whether there is a value."""
        return self._value is not None

    def cache_clear(self) -> None:
        """Forget the value, and the client."""
        self._value = None
        _client.cache_clear()


def fetch(name: str) -> str:
    """Return the current value of a secret."""
    return _fetch(name, CURRENT)


def fetch_accepted(name: str) -> tuple[str, ...]:
    """Return the current value of a secret, and the one that will replace it, if there is one."""
    current = _fetch(name, CURRENT)
    try:
        return current, _fetch(name, PENDING)
    except Exception as error:
        if aws.error_code(error) != "ResourceNotFoundException":
            raise
        return (current,)


def _fetch(name: str, stage: str) -> str:
    response: dict[str, Any] = _client().get_secret_value(SecretId=name, VersionStage=stage)
    return str(response["SecretString"])


@cache
def _client() -> Any:
    # Creating a client takes longer than a request.
    return aws.new_client("secretsmanager")
