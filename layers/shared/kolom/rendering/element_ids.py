"""Element ids of an article: unique, readable, stable, and without conflicts with the page.

The page and its scripts own every id that is a plain ASCII word (``comments``, ``search``) and every id that begins
with ``kolom-`` or ``comment-``; an article's ids have a hyphen or a letter beyond ASCII, or the prefix ``section-``.
So an element of an article cannot be mistaken for one of the page, and cannot replace a global variable of a script: an
element with the id ``config`` would be ``window.config`` ("DOM clobbering"). Elements that allow further DOM clobbering
(``<img>`` and frames) have no ids, and no element has a ``name``.
"""

import unicodedata
from collections import Counter
from typing import Final

PREFIX: Final = "section-"

PAGE_ANCHORS: Final = frozenset(("", "comments", "content", "related", "shares", "top"))
"""The elements of an article's page that a link may lead to, besides its comments and the text itself."""

_PAGE_PREFIXES: Final = ("kolom-", "comment-")
_MAX_SLUG_CHARACTERS: Final = 64
_MAX_WORD_CHARACTERS: Final = 100
_MAX_CHARACTERS: Final = 128


def slug(text: str) -> str:
    """Return the letters, marks and digits of any script in lower case, all else as single hyphens; may be empty."""
    folded = unicodedata.normalize("NFC", text[: 4 * _MAX_SLUG_CHARACTERS].lower())
    words = "".join(character if _is_word_character(character) else " " for character in folded).split()
    return "-".join(words)[:_MAX_SLUG_CHARACTERS].rstrip("-")


def article_fragment(fragment: str) -> str:
    """Return the fragment for a link to an element of another article whose author gave it the id ``fragment``."""
    if fragment.startswith(_PAGE_PREFIXES) or fragment in PAGE_ANCHORS or not _is_acceptable(fragment):
        return fragment
    return ElementIds().reserve(fragment) or fragment


def element_url(article_url: str, fragment: str) -> str:
    """Return the URL of an article, with its :func:`article_fragment` unless ``fragment`` is empty."""
    return f"{article_url}#{article_fragment(fragment)}" if fragment else article_url


class ElementIds:
    """Assigns the ids of one article, in the order of the calls."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._repeats: Counter[str] = Counter()
        self._targets: dict[str, str] = {}

    def reserve(self, requested: str) -> str | None:
        """Return an id for an element whose author requested ``requested``: exactly that if it is safe and unused.

        None if no character of it is allowed in an id.
        """
        base = requested if _is_acceptable(requested) else slug(requested)
        return self._take(requested, base) if base else None

    def for_heading(self, text: str) -> str:
        """Return an id for a heading with this text."""
        base = slug(text)
        return self._take(base, base or "1")

    def link_to_top(self, fragment: str) -> None:
        """Make links to ``#fragment`` lead to the top of the page, unless an element has that id."""
        self._targets.setdefault(fragment, "")

    def for_fragment(self, fragment: str) -> str:
        """Return the target of a link to ``#fragment``: unchanged, unless its element was given a different id."""
        return fragment if fragment in self._used else self._targets.get(fragment, fragment)

    def _take(self, requested: str, base: str) -> str:
        if not _is_article_id(base):
            base = PREFIX + base
        chosen = base
        while chosen in self._used:
            self._repeats[base] += 1
            suffix = f"-{self._repeats[base] + 1}"
            chosen = base[: _MAX_CHARACTERS - len(suffix)] + suffix
        self._used.add(chosen)
        self._targets.setdefault(requested, chosen)
        return chosen


def _is_article_id(identifier: str) -> bool:
    differs_from_page_ids = "-" in identifier or not identifier.isascii()
    return differs_from_page_ids and not identifier.lower().startswith(_PAGE_PREFIXES)


def _is_acceptable(identifier: str) -> bool:
    limit = _MAX_CHARACTERS if _is_article_id(identifier) else _MAX_WORD_CHARACTERS
    return len(identifier) <= limit and all(
        _is_word_character(character) or character in "-_.:" for character in identifier
    )


def _is_word_character(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"
