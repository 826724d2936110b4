"""Convert the footnotes of WordPress: shortcodes of plugins, and those of the block editor. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

_NOTES: Final = frozenset(
    ("ref", "footnote", "fn", "efn_note", "mfn", "modern_footnote", "sidenote", "simple_footnote")
)
_LISTS: Final = frozenset(
    ("references", "reflist", "footnotes", "footnotes_list", "footnote_list", "efn_reference", "display_footnotes")
)
"""Shortcodes that show the list of footnotes. They are removed, because Kolom shows the list at the end."""
_MARK: Final = re.compile(r"<sup\b(?=[^<>]*\sdata-fn=)[^<>]*>", re.IGNORECASE)
_PARAGRAPH: Final = re.compile(r"\n\s*\n|<(?:p|div|ul|ol|blockquote|pre)[\s>]")
_BREAK: Final = re.compile(r"\s*\n\s*")
_NO_MARKERS: Final = dict.fromkeys((0, 1, 2))
"""Removes the control characters with which :mod:`.html_converter` marks code and blocks."""
_MAX_BYTES: Final = 1024 * 1024


@dataclass(slots=True)
class Footnotes:
    """The footnotes of one article, in the order of their first mention."""

    _texts: list[str] = field(default_factory=list)
    _mentions: list[int] = field(default_factory=list)
    _names: dict[str, int] = field(default_factory=dict)

    def render(self, name: str, named: Mapping[str, str], inner: str | None) -> str | None:
        """Return the mark of a footnote, or an empty text for a list of footnotes; None for other shortcodes."""
        if name in _LISTS and not (inner or "").strip():
            return ""
        key = named.get("name", "")
        if name not in _NOTES or (inner is None and key not in self._names):
            return None
        number = self._names.get(key, 0) if key else 0
        if not number:
            self._texts.append("")
            self._mentions.append(0)
            number = len(self._texts)
            if key:
                self._names[key] = number
        self._texts[number - 1] = self._texts[number - 1] or (inner or "").strip()
        self._mentions[number - 1] += 1
        again = f":{count}" if (count := self._mentions[number - 1] - 1) else ""
        link = f'<a href="#fn-{number}" id="fnref-{number}{again}">[{number}{again}]</a>'
        return f'<sup class="footnote-ref">{link}</sup>'

    def with_list(self, text: str, stored: str) -> str:
        """Return the text with the list of its footnotes at the end; ``stored`` are those of the block editor."""
        items = [
            _item(f"fn-{number}", note, [f"fnref-{number}", *(f"fnref-{number}:{n}" for n in range(1, mentions))])
            for number, (note, mentions) in enumerate(zip(self._texts, self._mentions, strict=True), start=1)
        ]
        blocks = [_item(key, note, [f"{key}-link"]) for key, note in _stored(stored)]
        if blocks:
            text = _MARK.sub('<sup class="footnote-ref">', text)
        if not items and not blocks:
            return text
        notes = "".join(items + blocks)
        return f'{text}\n\n<section class="footnotes"><ol class="footnotes-list">{notes}</ol></section>'


def _item(key: str, note: str, references: list[str]) -> str:
    back = " ".join(f'<a class="footnote-backref" href="#{escape(each)}">↩︎</a>' for each in references)
    if _PARAGRAPH.search(note):
        content = f"<p>{'</p><p>'.join(re.split(r'\n\s*\n', note))}</p><p>{back}</p>"
    else:
        content = f"<p>{_BREAK.sub(' ', note)} {back}</p>"
    return f'<li class="footnote-item" id="{escape(key)}">{content}</li>'


def _stored(text: str) -> list[tuple[str, str]]:
    """Return the ids and texts of the block editor's footnotes; empty if they are not valid JSON."""
    try:
        found = json.loads(text) if 0 < len(text) <= _MAX_BYTES else []
    except (ValueError, RecursionError):
        return []
    return [
        (each["id"], each["content"].translate(_NO_MARKERS))
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get("content"), str)
    ]
