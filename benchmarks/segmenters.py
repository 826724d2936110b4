"""Split Chinese, Japanese and Thai into words with dictionaries, as Kolom does not.

uv sync --extra cli --group bench --group segmenters
"""

from collections.abc import Callable, Iterable

import regex

from benchmarks.runner.figures import require_packages

type Segment = Callable[[str], list[str]]
"""Returns the words of a text, in small letters and without punctuation."""

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]")


def jieba() -> Segment:
    """Return jieba's segmentation of Chinese for search engines, which also has the shorter words of long ones."""
    import jieba as library

    library.setLogLevel("ERROR")
    return lambda text: _words(library.cut_for_search(text))


def mecab() -> Segment:
    """Return MeCab's segmentation of Japanese with UniDic."""
    import fugashi

    tagger = fugashi.Tagger()
    return lambda text: _words(node.surface for node in tagger(text))


def newmm() -> Segment:
    """Return PyThaiNLP's segmentation of Thai."""
    import pythainlp

    return lambda text: _words(pythainlp.word_tokenize(text, engine="newmm"))


SEGMENTERS: dict[str, tuple[str, tuple[str, ...], Callable[[], Segment]]] = {
    "zh": ("jieba", ("jieba",), jieba),
    "ja": ("MeCab", ("fugashi", "unidic_lite"), mecab),
    "th": ("newmm", ("pythainlp",), newmm),
}
"""For each language: the name of a segmenter, the packages that it needs, and the function that loads it."""


def load_segmenter(language: str) -> Segment:
    """Return the segmenter of a language of :data:`SEGMENTERS`.

    :raises NotRunError: it is not installed
    """
    _, packages, load = SEGMENTERS[language]
    require_packages(*packages, group="segmenters")
    return load()


def _words(pieces: Iterable[str]) -> list[str]:
    return [piece.lower() for piece in pieces if _WORD.search(piece)]
