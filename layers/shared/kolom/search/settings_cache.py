"""Keep the owner's settings of the search in memory until they change.

Every search reads the revision of the settings in an item that it reads anyway
(:func:`kolom.models.search.read_revisions`). The settings are read when it has changed: one GetItem in each process
after each change, and none on a site without settings.
"""

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Final

from kolom.search import settings_repository

if TYPE_CHECKING:
    from kolom.search.pins import PinIndex
    from kolom.search.search_settings import SearchSettings
    from kolom.search.synonyms import SynonymIndex

_MAX_LANGUAGES: Final = 16
"""The number of combinations of languages for which the synonyms are in memory."""


class SettingsCache:
    """The settings of the expected revision, prepared for searches."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._expected = 0
        self._loaded: tuple[int, SearchSettings] | None = None
        self._pins: PinIndex = {}
        self._synonyms: dict[tuple[str, ...], SynonymIndex] = {}

    def keep_only(self, revision: int) -> None:
        """Expect this revision; 0 if there are no settings."""
        self._expected = revision

    def pins(self) -> "PinIndex":
        """Return the pinned articles. One GetItem if the settings have changed."""
        with self._lock:
            self._load()
            return self._pins

    def synonyms(self, languages: Sequence[str]) -> "SynonymIndex":
        """Return the synonyms in these languages. One GetItem if the settings have changed."""
        from kolom.search.synonyms import SynonymIndex  # Imported here: see _load.

        with self._lock:
            settings = self._load()
            key = tuple(languages)
            if key not in self._synonyms:
                if len(self._synonyms) == _MAX_LANGUAGES:
                    self._synonyms.clear()
                self._synonyms[key] = SynonymIndex(settings.synonyms, key)
            return self._synonyms[key]

    def clear(self) -> None:
        """Drop the settings, so that they are read again."""
        with self._lock:
            self._loaded = None

    def _load(self) -> "SearchSettings":
        # Imported here, for searches only: pages of articles also read the revisions, and need no stemmers.
        from kolom.search.pins import index_pins
        from kolom.search.search_settings import SearchSettings, decode

        expected = self._expected
        if self._loaded is None or self._loaded[0] != expected:
            record = settings_repository.read() if expected else None
            settings = decode(record.data) if record else SearchSettings()
            self._loaded = expected, settings
            self._pins = index_pins(settings.pins)
            self._synonyms.clear()
        return self._loaded[1]


owner_settings: Final = SettingsCache()
"""The settings that this process has read."""
