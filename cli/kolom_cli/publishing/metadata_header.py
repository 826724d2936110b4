"""Read ``Title: …`` lines at the beginning of a text: metadata without delimiters. Pure.

Pelican, Python-Markdown's Meta-Data extension and MultiMarkdown write such lines, and Nikola writes them as
``.. title: …``, often in an HTML comment. The running time is linear in the length of the text.
"""

import re
from dataclasses import dataclass
from typing import Final

from kolom_cli.publishing.draft_marks import MARK_KEYS, draft_mark, normalize

_HEADER_KEYS: Final = MARK_KEYS | {
    *("title", "date", "modified", "updated", "author", "authors", "tags", "category", "categories", "slug"),
    *("summary", "description", "lang", "language", "template", "layout", "link", "type", "url", "saveas"),
    *("keywords", "copyright", "subtitle", "affiliation", "baseheaderlevel", "htmlheader", "htmlheaderlevel"),
    *("latexmode", "latexinput", "latexheader", "latexheaderlevel", "latexfooter", "quoteslanguage"),
    *("bibliostyle", "transcludebase", "mmdheader", "mmdfooter", "lastmodified", "publishdate"),
}
"""The known keys: lines without any of them are not a header. Other keys cannot contain spaces."""

KEY_LINE: Final = re.compile(r" {0,3}(?:\.\.[ \t]+)?([A-Za-z][\w -]{0,40}):([ \t].*|)")
_KEY_WITHOUT_SPACE: Final = re.compile(r" {0,3}([A-Za-z][\w-]{0,40}):(\S.*)")
_LINE: Final = re.compile(r"([^\r\n]*+)(?:\r\n|\n|\r|\Z)")
_OPENING: Final = re.compile(r"\s*(<!--\s*)?")
_MAX_LINES: Final = 200
_MAX_LINE: Final = 4_000


@dataclass(frozen=True, slots=True)
class Header:
    """The keys of a header with the lines of their values, and the position of the text after it."""

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    end: int = 0

    def as_map(self) -> dict[str, str]:
        """Return each value on one line. A repeated key is kept under a new name, with underscores at its end."""
        found: dict[str, str] = {}
        for key, lines in self.values:
            name = key
            while name in found:
                name += "_"
            found[name] = " ".join(lines).strip()
        return found


def read_header(text: str) -> Header:
    """Return the header of a text; an empty one if there is none. ``Note: this is old`` is not a header.

    The lines of a value after the first are indented. The header ends before the first line that is neither a key nor
    indented, so that no text is lost, or after an empty line or the end of its comment.
    """
    opening = _OPENING.match(text)
    position = opening.end() if opening else 0
    is_comment = bool(opening and opening[1])
    values: list[tuple[str, list[str]]] = []
    for _ in range(_MAX_LINES):
        line = _LINE.match(text, position)
        if line is None or not line[1].strip():
            break
        if line[1].strip() == "-->":
            return _checked(values, line.end() if is_comment else position)
        if key := _key(line[1][:_MAX_LINE]):
            values.append((key[0], [key[1]]))
        elif values and line[1].startswith((" ", "\t")):
            values[-1][1].append(line[1].strip())
        else:
            break
        position = line.end()
    if is_comment:
        end = text.find("-->", position)
        return _checked(values, end + 3) if end >= 0 else Header()
    return _checked(values, _after_empty_lines(text, position))


def _key(line: str) -> tuple[str, str] | None:
    """Return the key and the value of a line; None if the line has no key."""
    match = KEY_LINE.fullmatch(line)
    if match is None:
        compact = _KEY_WITHOUT_SPACE.fullmatch(line)
        return (compact[1], compact[2].strip()) if compact and normalize(compact[1]) in _HEADER_KEYS else None
    name = match[1].strip()
    if " " in name and normalize(name) not in _HEADER_KEYS:
        return None
    return name, match[2].strip()


def _checked(values: list[tuple[str, list[str]]], end: int) -> Header:
    known = {normalize(key) for key, _ in values} & _HEADER_KEYS
    found = Header(tuple((key, tuple(lines)) for key, lines in values), end)
    is_header = len(known) > 1 or "title" in known or draft_mark(found.as_map()) is not None
    return found if is_header else Header()


def _after_empty_lines(text: str, position: int) -> int:
    while (line := _LINE.match(text, position)) and line.end() > position and not line[1].strip():
        position = line.end()
    return position
