"""Find the sections of a long article that match a query, and link to their words. Pure.

The link is a fragment with text directives (https://wicg.github.io/scroll-to-text-fragment/): the browser scrolls to
the first word, and highlights the words. If it does not find them, it scrolls to the heading.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple
from unicodedata import normalize
from urllib.parse import quote

from kolom.rendering.types import Heading
from kolom.search.highlighter import SEPARATORS, block_starts, mark_part
from kolom.search.matcher import Match

MAX_SECTIONS: Final = 3
MIN_CHARACTERS: Final = 2_000
"""The length of the texts whose sections are shown: a screen or two."""

_MIN_HEADINGS: Final = 2
_MAX_WORDS: Final = 3
_CONTEXT_WORDS: Final = 2
_CONTEXT_CHARACTERS: Final = 40
_MAX_TITLE: Final = 120
_FOOTNOTE_MARK: Final = re.compile(r"\[\d+(?::\d+)?\]")
_MAX_FIRST_LINE: Final = 16
"""The maximum number of words before the first ``<br>`` of a heading."""

type Headings = Sequence[tuple[int, str]]
"""The headings of a text of one line per block: the number of the line, and the id of the heading."""


class Section(NamedTuple):
    """A section of an article; ``title_html`` is its heading, in which ``<mark>`` is the only markup.

    ``fragment`` is the part of a URL after ``#``: it leads to the section, and highlights words.
    """

    id: str
    title_html: str
    fragment: str


def find_headings(text: str, toc: Iterable[Heading]) -> Headings:
    """Return the headings of a table of contents that are in a text of one line per block.

    A heading with ``<br>`` has several lines in the text, and the marks of footnotes are only in the text.
    """
    lines = [_title_of(line) for line in text.split("\n")]
    places: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        places.setdefault(line, []).append(number)
    found: list[tuple[int, str]] = []
    start = 0
    for heading in toc:
        title = _title_of(normalize("NFC", heading.text))
        first_lines = (title, *accumulate(title.split()[:_MAX_FIRST_LINE], "{} {}".format))
        candidates = (_first_from(start, places.get(line, ())) for line in dict.fromkeys(first_lines))
        starts = [number for number in candidates if number is not None and _begins_with(lines, number, title)]
        if starts:
            found.append((min(starts), heading.id))
            start = min(starts) + 1
    return found


def _title_of(line: str) -> str:
    """Return a line without marks of footnotes."""
    return " ".join(_FOOTNOTE_MARK.sub("", line).split())


def _first_from(start: int, numbers: Sequence[int]) -> int | None:
    place = bisect_left(numbers, start)
    return numbers[place] if place < len(numbers) else None


def _begins_with(lines: Sequence[str], start: int, title: str) -> bool:
    """Return whether one or more whole lines, from ``start`` on, are the title."""
    place = 0
    for number in range(start, len(lines)):
        if not title.startswith(lines[number], place):
            return False
        place += len(lines[number]) + 1
        if place > len(title):
            return place == len(title) + 1
    return False


def best_sections(blocks: str, text: str, headings: Headings, matches: Sequence[Match]) -> tuple[Section, ...]:
    """Return at most three sections that have matches, those with the most distinct words first.

    Of sections with equally many words, the one with more of them in the heading comes first, then the one with more
    matches. Sections with less than half as many distinct words as the best one are left out.
    ``blocks`` has one line per block. ``text`` is the same text in one line, and ``matches`` are positions in it.
    """
    if len(text) < MIN_CHARACTERS or len(headings) < _MIN_HEADINGS or not matches:
        return ()
    starts, lines = block_starts(blocks), blocks.split("\n")
    bounds = [(starts[line], number, line) for number, (line, _) in enumerate(headings) if line < len(starts)]
    titles = {number: start + len(lines[line]) for start, number, line in bounds}
    found: list[tuple[int, int, int, int]] = []
    inside: dict[int, list[Match]] = {}
    ends = [*bounds[1:], (len(text), 0, 0)]
    for (start, number, _), (end, *_) in zip(bounds, ends, strict=True):
        inside[number] = [match for match in matches if start <= match[0] < end]
        words = {key for *_, key in inside[number]}
        in_heading = {key for first, _, key in inside[number] if first < titles[number]}
        found.append((-len(words), -len(in_heading), -len(inside[number]), number))
    found.sort()
    shown = [number for words, *_, number in found if words and 2 * words <= found[0][0]][:MAX_SECTIONS]
    return tuple(_section(text, headings[number], titles[number], starts, inside[number]) for number in shown)


def _section(text: str, heading: tuple[int, str], end: int, starts: Sequence[int], matches: Sequence[Match]) -> Section:
    """Return the section of a heading. ``starts`` are the places of lines in ``text``; the heading ends at ``end``."""
    line, identifier = heading
    title = mark_part(text, starts[line], min(end, starts[line] + _MAX_TITLE), matches)
    first: dict[str, Match] = {}
    for match in matches:
        first.setdefault(match[2], match)
    directives = [_directive(text, starts, match) for match in list(first.values())[:_MAX_WORDS]]
    return Section(identifier, title, f"{quote(identifier, safe='')}:~:{'&'.join(directives)}")


def _directive(text: str, starts: Sequence[int], match: Match) -> str:
    """Return the directive that finds a word by its neighbors in the same block."""
    start, end, _ = match
    block, after = next(
        ((first, last) for first, last in pairwise([*starts, len(text) + 1]) if first <= start < last), (0, len(text))
    )
    first = max(block, start - _CONTEXT_CHARACTERS)
    before = text[first:start].split()
    # Words that are cut off at the limit would not be found.
    prefix = " ".join(before[1 if first > block else 0 :][-_CONTEXT_WORDS:])
    behind = text[end : min(after, end + _CONTEXT_CHARACTERS)].split(" ")[: _CONTEXT_WORDS + 1]
    suffix = " ".join(behind[:-1]).strip(SEPARATORS)
    parts = [f"{_encoded(prefix)}-"] if prefix else []
    parts.append(_encoded(text[start:end]))
    if suffix:
        parts.append(f"-{_encoded(suffix)}")
    return f"text={','.join(parts)}"


def _encoded(text: str) -> str:
    return quote(text, safe="").replace("-", "%2D")
