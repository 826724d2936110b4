"""The reasons for the status of a comment or contact message: stored sentences, and their translations. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Final

_STORED: Final[Mapping[str, str]] = {
    "honeypot": "honeypot: a field that people do not see was filled in",
    "ban": "ban: the sender is banned",
    "speed": "speed: sent {seconds} s after its form was made",
    "copies": "copies: the same text came {copies} times in a day",  # stored by earlier versions only
    "senders": "copies: {senders} people sent the same text on a day",
    "words": "words: {word} is blocked",
    "links_without_form": "links: {links}, where {allowed} are allowed without a form token",
    "links": "links: {links}, where {allowed} are allowed",
    "short": "length: hardly a word",
    "long": "length: {characters} characters",
    "capitals": "capitals: nearly all letters are",
    "name": "name: it is that of the site or of the article's author",
    "moderation": "moderation: every comment waits for approval",
    "first": "first: no comment of this author has been approved yet",
    "edit": "edit: its author changed it",
    "owner": "owner: written by the site's owner",
    "imported": "imported",
}
"""The stored sentences by the names of the reasons. Do not change them: comments and archives contain them."""


def to_reason(name: str, **values: object) -> str:
    """Return the stored sentence of a reason."""
    return _STORED[name].format(**values)


def names() -> frozenset[str]:
    """Return the names of all reasons. The translation of each has the key ``reason.<name>``."""
    return frozenset(_STORED)


def describe(reason: str, translate: Callable[..., str]) -> str:
    """Translate a stored reason. An unknown reason, such as one of another version, is returned unchanged."""
    for name, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(reason):
            return translate(f"reason.{name}", **match.groupdict())
    return reason


def _pattern(stored: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(stored)), re.DOTALL)


_PATTERNS: Final = {name: _pattern(stored) for name, stored in _STORED.items()}
