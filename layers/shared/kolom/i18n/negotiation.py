"""Choose the language of a page from the reader's ``Accept-Language``. Pure.

The CDN (``NameViewer`` in ``template.yaml``) makes the same choice before it searches its cache, since the cache has a
page for each language. A test compares both implementations.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

LANGUAGE_HEADER: Final = "x-kolom-language"
"""The request header with the decision of the CDN, by which it caches pages."""

_ENTRY: Final = re.compile(
    r"([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.ASCII | re.IGNORECASE
)
_SPACE: Final = " \t\n\r\f\v"


def choose_language(headers: Mapping[str, str], languages: Sequence[str]) -> str:
    """Return the language of ``languages`` for a request with these headers, whose names are in lower case.

    The CDN's decision takes precedence. It is only a preference, so it does not matter who wrote the header.
    """
    decided = headers.get(LANGUAGE_HEADER, "")
    return decided if decided in languages else negotiate(headers.get("accept-language", ""), languages)


def negotiate(accept_language: str, languages: Sequence[str]) -> str:
    """Return the preferred language by a lookup (RFC 4647, 3.4); of equal weights, the first counts.

    If no language matches, or the header is invalid, it is the first of ``languages``.
    """
    chosen, best = languages[0], 0.0
    for element in accept_language.split(","):
        entry = element.strip(_SPACE)
        if not entry:  # RFC 9110, 5.6.1: empty elements are ignored
            continue
        match = _ENTRY.fullmatch(entry)
        if match is None:
            return languages[0]
        weight = float(match[2] or 1)
        found = _look_up(match[1].lower(), languages)
        if found is not None and weight > best:
            chosen, best = found, weight
    return chosen


def _look_up(tag: str, languages: Sequence[str]) -> str | None:
    """Return the longest of ``languages`` that the tag begins with, in time independent of the number of subtags."""
    return max((each for each in languages if f"{tag}-".startswith(f"{each}-")), key=len, default=None)
