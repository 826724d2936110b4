"""What a reader typed: words, ``"phrases"``, ``-exclusions``. Pure.

There is no wrong query. A quote that is never closed and a hyphen that stands alone are ignored; stop words are left
out unless there is nothing else.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import regex

from kolom.search.languages import is_stop_word, stems
from kolom.search.words import Word, joined, words

MAX_LENGTH: Final = 4_096
"""How many characters a query may have."""

MAX_STEMS: Final = 16
"""How many stems one query reads, at most."""

MAX_EXCLUSIONS: Final = 4
MAX_PHRASES: Final = 4
_QUOTES: Final = '"“”„«»＂'
_CLAUSE: Final = regex.compile(
    rf"(?<!\S)(?P<not>-)?(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*+)[{_QUOTES}]|(?P<word>\S++))"
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
    """A query as the index is asked. Phrases are sequences of forms; the words of a phrase are among ``words``."""

    words: tuple[QueryWord, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    excluded_phrases: tuple[tuple[str, ...], ...] = ()

    @property
    def stems(self) -> list[str]:
        """All stems to be read, each once."""
        listed = [stem for word in self.words for stem in word.stems] + [
            stem for each in self.excluded for stem in each
        ]
        return list(dict.fromkeys(listed))


def parse(text: str, languages: Sequence[str]) -> Query:
    """The query that ``text`` is, for articles in ``languages`` (codes, at least one).

    At most :data:`MAX_STEMS` stems: of a longer query, those of the longest words, which tend to be the rarest.
    """
    wanted: list[Word] = []
    others: list[Word] = []
    phrases: list[tuple[str, ...]] = []
    excluded: list[str] = []
    excluded_phrases: list[tuple[str, ...]] = []
    for negative, is_phrase, found in _clauses(text):
        forms = tuple(word.form for word in found)
        if not forms:
            continue
        if negative and len(forms) == 1:
            excluded.append(forms[0])
        elif negative:
            excluded_phrases.append(forms)
        else:
            wanted += found
            if is_phrase and len(forms) > 1:
                phrases.append(forms)
            others += _compounds(found, text)
    shut_out = [stems(form, languages) for form in dict.fromkeys(excluded)][:MAX_EXCLUSIONS]
    return Query(
        words=_query_words(wanted, others, languages, MAX_STEMS - sum(map(len, shut_out))),
        phrases=tuple(dict.fromkeys(phrases))[:MAX_PHRASES],
        excluded=tuple(shut_out),
        excluded_phrases=tuple(dict.fromkeys(excluded_phrases))[:MAX_PHRASES],
    )


def _clauses(text: str) -> Iterator[tuple[bool, bool, list[Word]]]:
    """Each clause: whether it is negated, whether it is a phrase, its words with their places in ``text``."""
    for match in _CLAUSE.finditer(text):
        is_phrase = match["phrase"] is not None
        start = match.start("phrase" if is_phrase else "word")
        found = [
            Word(word.form, word.start + start, word.end + start)
            for word in words(match["phrase"] or match["word"] or "")
        ]
        yield match["not"] is not None, is_phrase, found


def _compounds(found: Sequence[Word], text: str) -> Iterator[Word]:
    for first, second in itertools.pairwise(found):
        if compound := joined(first, second, text):
            yield Word(compound, first.start, second.end)


def _query_words(
    wanted: Sequence[Word], others: Sequence[Word], languages: Sequence[str], limit: int
) -> tuple[QueryWord, ...]:
    counts = Counter(word.form for word in wanted)
    telling = {form for form in counts if not is_stop_word(form, *languages)}
    chosen = telling or set(counts)
    made: dict[str, QueryWord] = {}
    for word in wanted:
        if word.form in chosen and word.form not in made:
            found = stems(word.form, languages)
            if found:
                made[word.form] = QueryWord(word.form, found, word.start, word.end, counts[word.form])
    for word in others:
        made.setdefault(
            word.form, QueryWord(word.form, stems(word.form, languages), word.start, word.end, is_required=False)
        )
    kept: set[str] = set()
    for each in sorted(made.values(), key=lambda each: (not each.is_required, -len(each.form))):
        if len(each.stems) <= limit:
            limit -= len(each.stems)
            kept.add(each.form)
    return tuple(each for each in made.values() if each.form in kept)
