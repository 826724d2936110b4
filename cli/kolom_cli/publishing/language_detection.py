"""Detect which language of the site a text has. Deterministic.

Chinese, Japanese and Vietnamese are recognized by their characters, and the others by the words in the dictionary of
each language. Indonesian and Malay share most words, so common words that only one of them has distinguish them.
"""

import html
import re
import unicodedata
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

# Chinese and Japanese words have two characters on average, and at least a tenth of the characters of a Japanese text
# are kana. A quarter or more of the words of a Vietnamese text have one of these letters, which other languages lack.
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA: Final = re.compile(r"[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff]")
_VIETNAMESE: Final = re.compile(r"[đơư\u1ea0-\u1ef9]")
_CHARACTERS_PER_WORD: Final = 2
_MIN_KANA: Final = 0.1
_MIN_VIETNAMESE: Final = 0.2

_INDONESIAN_WORDS: Final = """
    agustus aktivitas akun bahwa beda bensin berbagai bisa coba delapan desember detik dokter gratis jendela
    juli jumat juni kamis kantor karena kemarin komunitas koran kualitas kursi listrik maret mau menit mobil
    musik obat perusahaan polisi rapat rusak saja sebagian sehat senin sepeda sore taksi tanggal tapi tautan
    televisi teman uang universitas yaitu
"""
_MALAY_WORDS: Final = """
    akaun akhbar aktiviti awak baharu bahawa basikal berhampiran beza cuba disember emak filem iaitu isnin
    jumaat kakitangan kerana kerusi khamis komuniti kualiti lapan mahu manakala mesyuarat minit muzik ogos
    pautan pejabat pelbagai peperiksaan perisian rosak sahaja sains sebahagian sekiranya senarai sihat
    syarikat tarikh teksi telefon televisyen tingkap ubat universiti
"""
_MALAYIC: Final = ("id", "ms")


def detect_language(title: str, content_html: str, languages: tuple[str, ...]) -> str | None:
    """Return the language of an article among ``languages``; None if it is unclear, as in a short text or only code.

    If ``languages`` has only one, it is returned for any text. Otherwise, one without a dictionary is never returned,
    except for Chinese, Japanese and Vietnamese.
    """
    if len(languages) == 1:
        return languages[0]
    text = unicodedata.normalize("NFC", f"{title}\n{_prose(content_html)}")
    words = [word for word in text.lower().split() if any(map(str.isalpha, word))]
    if found := _language_of_characters(text, words):
        return found if found in languages else None
    known = tuple(code for code in languages if code in _supported())
    if not known or len(words) < MIN_WORDS:
        return None
    found = _language_of_words(text, known)
    is_malayic = found in _MALAYIC and known.count("id") and known.count("ms")
    return _indonesian_or_malay(words) if is_malayic else found


def _language_of_characters(text: str, words: list[str]) -> str | None:
    """Return ``zh``, ``ja`` or ``vi`` if most characters or words are of that language."""
    han, kana = (len(pattern.findall(text)) for pattern in (_HAN, _KANA))
    if han + kana >= max(MIN_WORDS * _CHARACTERS_PER_WORD, sum(map(str.isalpha, text)) / 2):
        return "ja" if kana >= _MIN_KANA * (han + kana) else "zh"
    vietnamese = sum(bool(_VIETNAMESE.search(word)) for word in words)
    return "vi" if len(words) >= MIN_WORDS and vietnamese >= _MIN_VIETNAMESE * len(words) else None


def _language_of_words(text: str, languages: tuple[str, ...]) -> str | None:
    """Return the language whose dictionary has by far most words of the text; for ``id`` and ``ms``, either of them."""
    found = _detector(languages).proportion_in_each_language(text)
    shares = {code: found.get(code, 0.0) for code in languages}
    best, *others = sorted(languages, key=lambda code: -shares[code])
    rivals = [code for code in others if not {code, best} <= set(_MALAYIC)]
    lead = shares[best] - max((shares[code] for code in rivals), default=0.0)
    return best if shares[best] >= _MIN_SHARE and lead >= _MIN_LEAD else None


def _indonesian_or_malay(words: list[str]) -> str | None:
    """Return ``id`` or ``ms`` if the text has at least twice as many words of the one as of the other."""
    plain = [part for word in words for part in re.findall(r"\w+", word)]
    indonesian, malay = (
        sum(word in distinctive for word in plain)
        for distinctive in (frozenset(_INDONESIAN_WORDS.split()), frozenset(_MALAY_WORDS.split()))
    )
    if indonesian == malay or max(indonesian, malay) < 2 * min(indonesian, malay):
        return None
    return "id" if indonesian > malay else "ms"


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
    from simplemma.strategies import DefaultDictionaryFactory, DefaultStrategy  # noqa: PLC0415, RUF100

    # The default factory keeps eight dictionaries: with more languages, it would load all of them for each text.
    factory = DefaultDictionaryFactory(cache_max_size=len(languages))
    return LanguageDetector(languages, lemmatization_strategy=DefaultStrategy(dictionary_factory=factory))
