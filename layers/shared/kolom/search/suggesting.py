"""As you type: the words and the articles that what stands in the search box may become.

Requests: one for the revision of the document list, one Query of the vocabulary for the last word, one per stem of the
words before it (at most 5) and of at most 3 completions, one BatchGetItem. What is only a letter suggests nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from kolom.search import documents, vocabulary
from kolom.search.highlighting import mark_title
from kolom.search.languages import is_stop_word, stems
from kolom.search.queries import QueryWord, parse
from kolom.search.reading import Found, read_found, read_postings
from kolom.search.words import Word, fold, words

MAX_ITEMS: Final = 6
_MIN_PREFIX: Final = 2
_MAX_COMPLETIONS: Final = 3
_MAX_WORDS_READ: Final = 20
_MAX_STEMS_BEFORE: Final = 5
_CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article; in the title, what was typed is marked."""

    slug: str
    title: str
    title_html: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Articles, those with what was typed in their titles first; and texts for the search box."""

    items: tuple[Suggestion, ...] = ()
    completions: tuple[str, ...] = ()


def suggest(text: str) -> Suggestions:
    """Suggestions for the beginning of a query; the last word counts as the beginning of a word."""
    typed = list(words(text))
    listed = documents.current()
    if not typed or not listed.lengths:
        return Suggestions()
    last = typed[-1]
    if text[last.end :].strip() or len(last.form) < _MIN_PREFIX:
        return Suggestions()
    before = parse(text[: last.start], listed.codes)
    earlier = [word for word in before.words if word.is_required][:_MAX_STEMS_BEFORE]
    completions = _completions(last.form, listed.codes)
    asked = [word.stems for word in earlier]
    if completions:
        # Any of them will do: together they are one word.
        asked.append(tuple(each for word in completions for each in word.stems))
    postings = read_postings(chain.from_iterable(asked))
    ranking = listed.rank(postings, ((stems, 1) for stems in asked))
    needed = (1 << len(asked)) - 1
    matching = [each for each, has in ranking.words.items() if has & needed == needed]
    best = sorted(matching, key=lambda each: (-ranking.scores[each], -each))[:_CANDIDATES]
    found = read_found(best, with_text=False)
    used = [word.form for word in completions if any(postings[each] for each in word.stems)]
    return Suggestions(
        items=_items([found[each] for each in best if each in found], typed),
        completions=tuple(text[: last.start] + form for form in used),
    )


def _completions(prefix: str, languages: Sequence[str]) -> list[QueryWord]:
    """Words of the site that begin with ``prefix``: the shortest, and the word itself if it is one."""
    known = vocabulary.beginning_with(prefix, _MAX_WORDS_READ)
    forms = sorted({*known, prefix}, key=lambda form: (form != prefix, len(form), form))
    telling = [form for form in forms if not is_stop_word(form, *languages)]
    return [QueryWord(form, stems(form, languages), 0, 0) for form in telling[:_MAX_COMPLETIONS]]


def _items(found: Sequence[Found], typed: Sequence[Word]) -> tuple[Suggestion, ...]:
    whole = {fold(word.form) for word in typed}
    prefix = fold(typed[-1].form)

    def recognise(form: str) -> str | None:
        folded = fold(form)
        return folded if folded in whole or folded.startswith(prefix) else None

    made = [Suggestion(each.card.slug, each.card.title, mark_title(each.card.title, recognise)) for each in found]
    made.sort(key=lambda each: "<mark>" not in each.title_html)
    return tuple(made[:MAX_ITEMS])
