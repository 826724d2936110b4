"""Highlight matches in titles and snippets: escaped text in which ``<mark>`` is the only markup. Pure."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice
from typing import Final

import regex

from kolom.search.matcher import Match, Matcher
from kolom.search.tokenizer import strip_accents

SNIPPET_CHARACTERS: Final = 240
MAX_CHARACTERS: Final = 50_000
"""The maximum length of text that is searched for one snippet."""

_LEAD_CHARACTERS: Final = 60
_WORD_CHARACTERS: Final = 30
_MAX_MATCHES: Final = 500
_GRAPHEME: Final = regex.compile(r"\X")
_GRAPHEME_CHARACTERS: Final = 40
BLOCK_SEPARATOR: Final = " · "
"""Stands between two blocks of a text, such as a heading and a paragraph, if no punctuation mark ends the first."""

_PUNCTUATION_MARKS: Final = tuple(".!?…:;,。！？：；，、؟؛،।॥။៖")
_SENTENCE_ENDS: Final = tuple(".!?…؟।॥។")
_CLOSING: Final = "\"'”’»›)]}」』）】》"
SEPARATORS: Final = " ·"
"""The characters of :data:`BLOCK_SEPARATOR`, which a part of a text neither begins nor ends with."""


def join_blocks(text: str) -> str:
    """Return a text of one line per block as one line with visible boundaries."""
    first, *others = text.split("\n")
    pieces = [first]
    for before, line in zip([first, *others], others, strict=False):
        pieces += [_separator(before), line]
    return "".join(pieces)


def block_starts(text: str) -> list[int]:
    """Return where each line of a text begins in :func:`join_blocks` of it."""
    lines = text.split("\n")
    starts = [0]
    for before in lines[:-1]:
        starts.append(starts[-1] + len(before) + len(_separator(before)))
    return starts


def _separator(before: str) -> str:
    ends = not before or before.rstrip(_CLOSING).endswith(_PUNCTUATION_MARKS)
    return " " if ends else BLOCK_SEPARATOR


def matching_labels(labels: Sequence[str], matcher: Matcher) -> tuple[str, ...]:
    """Return the labels that have a match."""
    return tuple(filter(matcher.is_in_label, labels))


def mark_title(title: str, matcher: Matcher) -> str:
    """Return the whole title with matches marked."""
    return _mark(title, 0, len(title), list(matcher.find(title)))


def mark_part(text: str, start: int, end: int, matches: Sequence[Match]) -> str:
    """Return ``text[start:end]`` with matches marked."""
    return _mark(text, start, end, matches)


def find_matches(
    text: str,
    matcher: Matcher,
    *,
    hints: Sequence[str] = (),
    within: int = MAX_CHARACTERS,
) -> list[Match]:
    """Return the matches in a text of one line (:func:`join_blocks`).

    Only ``within`` characters are searched. In a longer text, the search starts near the first occurrence of any of the
    ``hints``, which are in lower case.
    """
    first = _first_hint(text, hints) if len(text) > within else 0
    found = islice(matcher.find(text[first : first + within]), _MAX_MATCHES)
    return [(start + first, end + first, key) for start, end, key in found]


def mark_snippet(text: str, matches: Sequence[Match], *, continues: bool = False) -> str:
    """Return the part of ``text`` with the most distinct matches: about 240 characters of whole words.

    Without a match, returns the beginning of the text. ``continues`` is true if ``text`` is the beginning of a longer
    text.
    """
    start, end = _without_separators(text, *_window(text, matches))
    before = "…" if start > 0 else ""
    after = _ellipsis(text, end) if end < len(text) or continues else ""
    return before + _mark(text, start, end, matches) + after


def _ellipsis(text: str, end: int) -> str:
    """Return the ellipsis after ``text[:end]``, with a space if a sentence ends there."""
    is_sentence_end = (end == len(text) or text[end].isspace()) and text[:end].rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
    return " …" if is_sentence_end else "…"


def _first_hint(text: str, hints: Sequence[str]) -> int:
    lower = text.replace("İ", "i").lower()  # the only letter that becomes longer in lower case
    start = min((start for hint in hints if (start := lower.find(hint)) >= 0), default=-1)
    if start < 0 and hints:
        # Other spellings: without accents, as initials, with a hyphen, with separators of thousands.
        spellings = "|".join("[-‐‑.,]?".join(map(re.escape, hint)) for hint in map(strip_accents, hints))
        match = re.search(spellings, strip_accents(lower))
        start = match.start() if match else 0
    return max(0, start - SNIPPET_CHARACTERS)


def _window(text: str, matches: Sequence[Match]) -> tuple[int, int]:
    best_start, best_end = _densest(matches)
    start = max(0, best_start - _LEAD_CHARACTERS) if matches else 0
    end = max(start + SNIPPET_CHARACTERS, best_end)
    if end >= len(text):
        end = len(text)
        start = max(0, min(start, end - SNIPPET_CHARACTERS)) if matches else 0
    return _word_start(text, start), _word_end(text, end)


def _without_separators(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds moved past block separators, except at the beginning and the end of the whole text."""
    while 0 < start < end and text[start] in SEPARATORS:
        start += 1
    while start < end < len(text) and text[end - 1] in SEPARATORS:
        end -= 1
    return start, end


def _densest(matches: Sequence[Match]) -> tuple[int, int]:
    """Return the bounds of the best part: the most distinct stems, then the most words, then the first."""
    best, bounds, last = (0, 0), (0, 0), 0
    inside: dict[str, int] = {}
    for number, (start, _, key) in enumerate(matches):
        while last < len(matches) and matches[last][1] - start <= SNIPPET_CHARACTERS - _LEAD_CHARACTERS:
            inside[matches[last][2]] = inside.get(matches[last][2], 0) + 1
            last += 1
        value = (len(inside), last - number)
        if value > best:
            best, bounds = value, (start, matches[max(last - 1, number)][1])
        if last > number:
            inside[key] -= 1
            if not inside[key]:
                del inside[key]
        else:
            last = number + 1  # a word longer than the whole part
    return bounds


def _word_start(text: str, position: int) -> int:
    """Return the next start of a word at or after ``position`` if it is near, else that of a grapheme cluster."""
    if position == 0 or text[position - 1].isspace():
        return position
    for place in range(position, min(position + _WORD_CHARACTERS, len(text))):
        if text[place].isspace():
            return place + 1
    return next((each for each in _grapheme_ends(text, position) if each >= position), len(text))


def _word_end(text: str, position: int) -> int:
    """Return the end of the last whole word before ``position`` if it is near, else that of a grapheme cluster."""
    if position >= len(text) or text[position].isspace():
        return position
    for place in range(position, max(position - _WORD_CHARACTERS, 0), -1):
        if text[place - 1].isspace():
            return place - 1
    return max((each for each in _grapheme_ends(text, position) if each <= position), default=position)


def _grapheme_ends(text: str, position: int) -> Iterator[int]:
    """Yield the ends of the grapheme clusters around ``position``, such as a letter with its marks."""
    start = max(0, position - _GRAPHEME_CHARACTERS)
    yield from (each.end() for each in _GRAPHEME.finditer(text, start, position + _GRAPHEME_CHARACTERS))


def _mark(text: str, start: int, end: int, matches: Sequence[Match]) -> str:
    pieces: list[str] = []
    position = start
    for first, last, _ in matches:
        if last <= start or first >= end:
            continue
        first, last = max(first, position), min(last, end)  # character pairs overlap
        if last <= first:
            continue
        pieces.append(escape(text[position:first]))
        pieces.append(f"<mark>{escape(text[first:last])}</mark>")
        position = last
    pieces.append(escape(text[position:end]))
    return "".join(pieces).replace("</mark><mark>", "")
