"""Detect which language of the site a text has. Deterministic: it counts the words in each language's dictionary."""

import html
from functools import cache
from typing import TYPE_CHECKING, Final

from kolom.rendering.html_tokenizer import End, Start, Text, tokenize

if TYPE_CHECKING:
    from simplemma import LanguageDetector

MIN_WORDS: Final = 12
"""The minimum number of words; a shorter text may be a title or a list of names."""

_MIN_SHARE: Final = 0.5
_MIN_LEAD: Final = 0.25
_CODE: Final = frozenset(("pre", "code", "kbd", "samp"))


def detect_language(title: str, content_html: str, languages: tuple[str, ...]) -> str | None:
    """Return the language of an article among ``languages``; None if it is unclear, as in a short text or only code.

    If ``languages`` has only one, it is returned for any text. Otherwise, one without a dictionary is never returned.
    """
    if len(languages) == 1:
        return languages[0]
    text = f"{title}\n{_prose(content_html)}"
    known = tuple(code for code in languages if code in _supported())
    if not known or sum(any(map(str.isalpha, word)) for word in text.split()) < MIN_WORDS:
        return None
    found = _detector(known).proportion_in_each_language(text)
    shares = {code: found.get(code, 0.0) for code in known}
    best, *others = sorted(known, key=lambda code: -shares[code])
    lead = shares[best] - max((shares[code] for code in others), default=0.0)
    return best if shares[best] >= _MIN_SHARE and lead >= _MIN_LEAD else None


def _prose(content_html: str) -> str:
    """Return the text of the HTML without code."""
    pieces, depth = [], 0
    for token in tokenize(content_html):
        match token:
            case Start(name) if name in _CODE:
                depth += 1
            case End(name) if name in _CODE:
                depth = max(0, depth - 1)
            case Start() | End():
                pieces.append(" ")
            case Text(markup) if not depth:
                pieces.append(html.unescape(markup))
            case _:
                pass
    return "".join(pieces)


# Imported only when a language must be detected: the module takes 0.3 s, and a dictionary up to a second.


@cache
def _supported() -> frozenset[str]:
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES  # noqa: PLC0415, RUF100

    return frozenset(SUPPORTED_LANGUAGES)


@cache
def _detector(languages: tuple[str, ...]) -> "LanguageDetector":
    from simplemma import LanguageDetector  # noqa: PLC0415, RUF100

    return LanguageDetector(languages)
