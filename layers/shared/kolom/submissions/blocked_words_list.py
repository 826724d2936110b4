"""The owner's list of blocked words, in addition to those of the parameter ``BlockedWords``.

It is an item of the Articles table. A process reads it at most once a minute, so that a submission usually makes no
request for it. Commands use :mod:`.blocked_words_editor`.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from kolom.config import settings
from kolom.models.articles import BLOCKED_WORDS, SETTINGS, BlockedWordsRecord
from kolom.models.expressions import Condition
from kolom.submissions.blocked_words import BlockedWords, decode, encode

CACHE_SECONDS: Final = 60.0


class BlockedWordsCache:
    """The blocked words of parameter and list, as they were read last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._until = 0.0
        self._record: BlockedWordsRecord | None = None
        self._prepared_from: tuple[str, int] | None = None
        self._words = BlockedWords()

    def get(self) -> BlockedWords:
        """Return the words. One GetItem if the list was not read in the last minute."""
        with self._lock:
            now = self._clock()
            if now >= self._until:
                self._record = read(consistent=False)
                self._until = now + CACHE_SECONDS
            parameter = settings().blocked_words
            source = parameter, int(self._record.revision) if self._record else 0
            if source != self._prepared_from:
                listed = decode(self._record.data) if self._record else ()
                self._words = BlockedWords((*parameter.split(","), *listed))
                self._prepared_from = source
            return self._words

    def clear(self) -> None:
        """Drop the list, so that it is read again."""
        with self._lock:
            self._until = 0.0
            self._prepared_from = None


cached_words: Final = BlockedWordsCache()
"""The words that this process has read."""


def read(*, consistent: bool) -> BlockedWordsRecord | None:
    """Return the item of the list, or None if there is none. One GetItem."""
    try:
        return BlockedWordsRecord.get(BLOCKED_WORDS, SETTINGS, consistent_read=consistent)
    except BlockedWordsRecord.DoesNotExist:
        return None


def replace(words: tuple[str, ...], *, expected_revision: int) -> bool:
    """Store the list with the next revision; return False if its revision is not the expected one, 0 for none."""
    is_expected: Condition = BlockedWordsRecord.key.does_not_exist()
    if expected_revision:
        is_expected = BlockedWordsRecord.revision == expected_revision
    record = BlockedWordsRecord(BLOCKED_WORDS, SETTINGS, revision=expected_revision + 1, data=encode(words))
    return record.save_if(is_expected)
