"""Why a submission was flagged: sentences that are stored, and their messages in the languages of the site. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Final

_STORED: Final[Mapping[str, str]] = {
    "honeypot": "honeypot: a field that people do not see was filled in",
    "ban": "ban: the sender is banned",
    "speed": "speed: sent {seconds} s after its form was made",
    "copies": "copies: the same text came {copies} times in a day",
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
}
"""What is stored, by the name that the catalog has for it. Comments and archives hold these: do not change them."""


def to_reason(name: str, **values: object) -> str:
    """The reason of that name as it is stored."""
    return _STORED[name].format(**values)


def names() -> frozenset[str]:
    """The names of all reasons: each has a message ``reason.<name>``."""
    return frozenset(_STORED)


def describe(reason: str, translate: Callable[..., str]) -> str:
    """A stored reason in the language of ``translate``; one that is not known, such as an imported one, as it is."""
    for name, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(reason):
            return translate(f"reason.{name}", **match.groupdict())
    return reason


def _pattern(stored: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(stored)), re.DOTALL)


_PATTERNS: Final = {name: _pattern(stored) for name, stored in _STORED.items()}
