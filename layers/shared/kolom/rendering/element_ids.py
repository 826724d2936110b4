"""The ids of an article's elements: unique, telling, stable, and never in the page's way.

The page and its scripts own every id that is a plain ASCII word (``comments``, ``search``) and every one that begins
with ``kolom-`` or ``comment-``; an article's ids have a hyphen or a letter beyond ASCII, or the prefix ``section-``.
So an element of an article cannot pass for one of the page's, and cannot stand for a global variable that a script asks
for: an element with the id ``config`` would be ``window.config`` ("DOM clobbering"). The elements that reach further,
``<img>`` and frames, have no ids at all, and no element has a ``name``.
"""

import unicodedata
from collections import Counter
from typing import Final

PREFIX: Final = "section-"

_PAGE_PREFIXES: Final = ("kolom-", "comment-")
_MAX_SLUG_CHARACTERS: Final = 64
_MAX_WORD_CHARACTERS: Final = 100
_MAX_CHARACTERS: Final = 128


def slug(text: str) -> str:
    """The letters, marks and digits of any script in lower case, all else as single hyphens; perhaps empty."""
    folded = unicodedata.normalize("NFC", text[: 4 * _MAX_SLUG_CHARACTERS].lower())
    words = "".join(character if _is_of_a_word(character) else " " for character in folded).split()
    return "-".join(words)[:_MAX_SLUG_CHARACTERS].rstrip("-")


class ElementIds:
    """Hands out the ids of one article, in the order of asking."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._repeats: Counter[str] = Counter()
        self._targets: dict[str, str] = {}

    def reserve(self, wanted: str) -> str | None:
        """The id for an element that its author calls ``wanted``: just that, where it is safe and free.

        ``None`` if nothing of it could stand in an id.
        """
        limit = _MAX_CHARACTERS if _is_articles_own(wanted) else _MAX_WORD_CHARACTERS
        acceptable = len(wanted) <= limit and all(
            _is_of_a_word(character) or character in "-_.:" for character in wanted
        )
        base = wanted if acceptable else slug(wanted)
        return self._take(wanted, base) if base else None

    def for_heading(self, text: str) -> str:
        """An id for a heading of this text."""
        base = slug(text)
        return self._take(base, base or "1")

    def for_fragment(self, fragment: str) -> str:
        """Where a link to ``#fragment`` leads: the same, unless the element it means was given another id."""
        return fragment if fragment in self._taken else self._targets.get(fragment, fragment)

    def _take(self, wanted: str, base: str) -> str:
        if not _is_articles_own(base):
            base = PREFIX + base
        chosen = base
        while chosen in self._taken:
            self._repeats[base] += 1
            suffix = f"-{self._repeats[base] + 1}"
            chosen = base[: _MAX_CHARACTERS - len(suffix)] + suffix
        self._taken.add(chosen)
        self._targets.setdefault(wanted, chosen)
        return chosen


def _is_articles_own(identifier: str) -> bool:
    has_own_form = "-" in identifier or not identifier.isascii()
    return has_own_form and not identifier.lower().startswith(_PAGE_PREFIXES)


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"
