"""What a reader typed: words, ``"phrases"``, ``-exclusions``. Pure.

There is no wrong query: a sign is an operator only where it is used as one, and means nothing elsewhere.

* A hyphen excludes if it begins a clause (after white space or at the beginning), stands alone (``--dry-run`` is a
  word) and is directly followed by a letter, by ``#`` or ``@`` and a letter, or by a phrase. Before a digit it is a
  minus. No dash and no minus sign excludes.
* A quotation mark opens a phrase unless a letter or a digit stands before it (``27"``), and if one of its kind follows
  to close it. Brackets that quote in Chinese and Japanese open one anywhere.

Stop words are left out unless there is nothing else.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import regex

from kolom.search.analyzer import is_stop_word, stems
from kolom.search.tokenizer import MAX_WORD, Word, join_hyphenated, tokenize

MAX_WORDS: Final = 24
"""How many different words of a query are looked for, at most; and how many words of a phrase."""

MAX_STEMS: Final = 32
"""How many stems one query reads, at most."""

MAX_EXCLUSIONS: Final = 4
MAX_PHRASES: Final = 4
_MAX_EXCLUDED_STEMS: Final = 16
_MAX_TELLING: Final = 2

_OTHER_APOSTROPHES: Final = frozenset("`´‘′")
"""Signs that some type as an apostrophe. They part words."""

_BRACKETS: Final = ("「」", "『』", "《》", "〈〉")
_QUOTES: Final = ('"“”„‟＂〝〞〟', "«»", "‹›", *_BRACKETS)
_ALL_QUOTES: Final = "".join(_QUOTES)
_PHRASE: Final = "|".join(f"[{kind}](?P<phrase>[^{kind}]*+)[{kind}]" for kind in _QUOTES)
_CLAUSE: Final = regex.compile(
    rf"""
    (?P<not> (?<!\S) [-－] (?= [\#@]?\p{{L}} | {_PHRASE} ) )?+
    (?:
        (?: (?<![\p{{L}}\p{{M}}\p{{N}}]) | (?=[{"".join(_BRACKETS)}]) ) (?: {_PHRASE} )
      | (?P<word> [^\s{_ALL_QUOTES}]++ )
    )
    """,
    regex.VERBOSE | regex.VERSION1,
)


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word to look for: any of its stems will do.

    ``count`` is how often it was typed; ``[start:end]`` where, first. ``is_required`` is false for another spelling of
    what is looked for anyway.
    """

    form: str
    stems: tuple[str, ...]
    start: int
    end: int
    count: int = 1
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the index is asked. Phrases are sequences of forms; the words of a phrase are among ``words``.

    ``telling`` has for each excluded phrase the stems of its longest words: a text that lacks one of these words does
    not have the phrase.
    """

    words: tuple[QueryWord, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    excluded_phrases: tuple[tuple[str, ...], ...] = ()
    telling: tuple[tuple[tuple[str, ...], ...], ...] = ()

    @property
    def excluded_stems(self) -> list[str]:
        """The stems of the excluded words, each once."""
        return list(dict.fromkeys(itertools.chain.from_iterable(self.excluded)))

    @property
    def stems(self) -> list[str]:
        """All stems to be read, each once: of the excluded words, then of the others, the most important first."""
        listed = (*self.excluded, *(word.stems for word in sorted(self.words, key=_importance)), *_flat(self.telling))
        return list(dict.fromkeys(itertools.chain.from_iterable(listed)))

    def restricted_to(self, known: Mapping[str, object]) -> "Query":
        """The query reduced to the stems in ``known``; words without one are dropped."""
        return replace(
            self,
            words=tuple(replace(word, stems=kept) for word in self.words if (kept := _among(word.stems, known))),
            telling=tuple(
                tuple(each for each in words if len(_among(each, known)) == len(each)) for words in self.telling
            ),
        )


def parse(text: str, languages: Sequence[str]) -> Query:
    """The query that ``text`` is, for articles in ``languages`` (codes, those of most articles first).

    At most :data:`MAX_WORDS` words and :data:`MAX_STEMS` stems: the words that are repeated most, and of these the
    longest, which tend to be the rarest. Where not all stems of all words can be read, each word has that of the first
    language, and the most important ones those of the others.
    """
    wanted: list[Word] = []
    others: list[Word] = []
    phrases: list[tuple[str, ...]] = []
    excluded: list[str] = []
    excluded_phrases: list[tuple[str, ...]] = []
    for is_excluded, is_phrase, found in _clauses(text):
        forms = tuple(word.form for word in found)[:MAX_WORDS]
        compounds = list(_compounds(found, text))
        if is_excluded:
            if len(forms) == 1:
                excluded += forms
            else:
                excluded_phrases.append(forms)
            excluded += [word.form for word in compounds]
        else:
            wanted += found
            others += compounds
            if is_phrase and len(forms) > 1:
                phrases.append(forms)
    reader = _Reader(languages)
    shut_out = reader.read(list(dict.fromkeys(excluded))[:MAX_EXCLUSIONS], _MAX_EXCLUDED_STEMS)
    chosen = _chosen(wanted, others, languages)
    read = reader.read([word.form for word in chosen], MAX_STEMS)
    not_found = tuple(dict.fromkeys(excluded_phrases))[:MAX_PHRASES]
    telling = [_telling(phrase, languages) for phrase in not_found]
    told = reader.read(list(dict.fromkeys(_flat(telling))), MAX_STEMS, whole=True)
    return Query(
        words=tuple(
            replace(word, stems=read[word.form])
            for word in sorted(chosen, key=lambda word: (not word.is_required, word.start))
            if word.form in read
        ),
        phrases=tuple(dict.fromkeys(phrases))[:MAX_PHRASES],
        excluded=tuple(shut_out.values()),
        excluded_phrases=not_found,
        telling=tuple(tuple(told[form] for form in forms if form in told) for forms in telling),
    )


class _Reader:
    """Decides which stems are read."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = languages
        self._read: set[str] = set()

    def read(self, forms: Sequence[str], limit: int, *, whole: bool = False) -> dict[str, tuple[str, ...]]:
        """Stems of these forms, as long as there are at most ``limit`` in all: of each the first, then the others.

        Forms without a stem that is read are missing; with ``whole``, also those of which not all stems are.
        """
        known = {form: stems(form, self._languages) for form in forms}
        chosen: dict[str, list[str]] = {form: [] for form in forms}
        for place in range(max(map(len, known.values()), default=0)):
            for form, found in known.items():
                if place < len(found) and (found[place] in self._read or len(self._read) < limit):
                    self._read.add(found[place])
                    chosen[form].append(found[place])
        return {
            form: tuple(each) for form, each in chosen.items() if each and not (whole and len(each) < len(known[form]))
        }


def _clauses(text: str) -> Iterator[tuple[bool, bool, list[Word]]]:
    """Each clause that has words: whether it is excluded, whether it is a phrase, its words and where they stand."""
    for match in _CLAUSE.finditer(text):
        is_phrase = match["word"] is None
        start = match.start("phrase" if is_phrase else "word")
        found = [
            Word(word.form, word.start + start, word.end + start)
            for word in tokenize(match["phrase" if is_phrase else "word"])
        ]
        if found:
            yield match["not"] is not None, is_phrase, found


def _compounds(found: Sequence[Word], text: str) -> Iterator[Word]:
    for first, second in itertools.pairwise(found):
        compound = join_hyphenated(first, second, text)
        if compound is None and text[first.end : second.start] in _OTHER_APOSTROPHES:
            compound = f"{first.form}'{second.form}"[:MAX_WORD]
        if compound:
            yield Word(compound, first.start, second.end)


def _chosen(wanted: Sequence[Word], others: Sequence[Word], languages: Sequence[str]) -> list[QueryWord]:
    """The words that are looked for, the most important first, still without their stems."""
    counts = Counter(word.form for word in wanted)
    telling = {form for form in counts if not is_stop_word(form, *languages)} or counts.keys()
    made: dict[str, QueryWord] = {}
    for word in wanted:
        if word.form in telling:
            made.setdefault(word.form, QueryWord(word.form, (), word.start, word.end, counts[word.form]))
    for word in others:
        made.setdefault(word.form, QueryWord(word.form, (), word.start, word.end, is_required=False))
    return sorted(made.values(), key=_importance)[:MAX_WORDS]


def _importance(word: QueryWord) -> tuple[bool, int, int]:
    return (not word.is_required, -word.count, -len(word.form))


def _telling(phrase: Sequence[str], languages: Sequence[str]) -> list[str]:
    """The longest words of a phrase that texts are indexed by."""
    forms = [form for form in dict.fromkeys(phrase) if not is_stop_word(form, *languages)]
    return sorted(forms, key=len, reverse=True)[:_MAX_TELLING]


def _among(stems: Sequence[str], known: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(stem for stem in stems if stem in known)


def _flat[Item](nested: Sequence[Sequence[Item]]) -> Iterator[Item]:
    return itertools.chain.from_iterable(nested)
