"""As you type: the words and the articles that what stands in the search box may become.

Requests: one for the revision of the document list, two Queries for the last word (words of titles, vocabulary), one
per stem (at most 4) of the words before it (at most 5) and of at most 3 completions, one BatchGetItem. What is only a
letter suggests nothing; behind other words it is left out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from kolom.search import document_table, title_index, vocabulary
from kolom.search.analyzer import is_stop_word, stems
from kolom.search.document import MIN_PREFIX
from kolom.search.highlighter import mark_title
from kolom.search.index_reader import StoredResult, load_results, read_postings
from kolom.search.query_parser import QueryWord, parse
from kolom.search.tokenizer import Word, strip_accents, tokenize

MAX_ITEMS: Final = 6
_MAX_COMPLETIONS: Final = 3
_MAX_WORDS_READ: Final = 50
_MAX_WORDS_BEFORE: Final = 5
_MAX_STEMS: Final = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article; in the title, what was typed is marked."""

    slug: str
    title: str
    title_html: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Articles, those with the last word in their titles first; and texts for the search box."""

    items: tuple[Suggestion, ...] = ()
    completions: tuple[str, ...] = ()


def suggest(text: str) -> Suggestions:
    """Suggestions for the beginning of a query; the last word counts as the beginning of a word."""
    typed = list(tokenize(text))
    while typed and len(typed[-1].form) < MIN_PREFIX:
        text = text[: typed.pop().start].rstrip()  # too little to tell of another word
    listed = document_table.get()
    if not typed or not listed.lengths:
        return Suggestions()
    last = typed[-1]
    if text[last.end :].strip():
        return Suggestions()
    titled = {
        each: word for word, each in title_index.with_prefix(last.form, _MAX_WORDS_READ) if each in listed.lengths
    }
    completions = _completions(last.form, titled.values(), listed.codes)
    before = parse(text[: last.start], listed.codes)
    asked = [word.stems[:_MAX_STEMS] for word in before.words if word.is_required][:_MAX_WORDS_BEFORE]
    # Any of the completions will do: together they are one word.
    asked.append(tuple(each for word in completions for each in word.stems))
    postings = read_postings(chain.from_iterable(asked))
    ranking = listed.rank(postings, ((stems, 1) for stems in asked))
    earlier = (1 << (len(asked) - 1)) - 1
    with_all = {each for each, has in ranking.words.items() if has & earlier == earlier} if earlier else None
    by_title = [each for each in titled if with_all is None or each in with_all]
    by_title.sort(key=lambda each: (len(titled[each]), -listed.times[each], -each))
    ends = {each for each, has in ranking.words.items() if has > earlier and (with_all is None or each in with_all)}
    by_text = sorted(ends - titled.keys(), key=lambda each: (-ranking.scores[each], -each))
    best = [*by_title, *by_text][:MAX_ITEMS]
    found = load_results(best, with_text=False)
    used = [word.form for word in completions if any(postings.get(each) for each in word.stems)]
    return Suggestions(
        items=_items([found[each] for each in best if each in found], typed),
        completions=tuple(text[: last.start] + form for form in used),
    )


def _completions(prefix: str, titled: Iterable[str], languages: Sequence[str]) -> list[QueryWord]:
    """Words that begin with ``prefix``: itself if it is one, those of most titles, then the site's shortest."""
    in_titles = Counter(titled)
    # A title's words have lost their accents; where the vocabulary has the same word, it is as it is written.
    written = {
        strip_accents(form): form for form in (*in_titles, prefix, *vocabulary.with_prefix(prefix, _MAX_WORDS_READ))
    }
    forms = sorted(
        written.values(), key=lambda form: (form != prefix, -in_titles[strip_accents(form)], len(form), form)
    )
    telling = [form for form in forms if not is_stop_word(form, *languages)]
    return [QueryWord(form, stems(form, languages)[:_MAX_STEMS], 0, 0) for form in telling[:_MAX_COMPLETIONS]]


def _items(found: Sequence[StoredResult], typed: Sequence[Word]) -> tuple[Suggestion, ...]:
    whole = {strip_accents(word.form) for word in typed}
    prefix = strip_accents(typed[-1].form)

    def recognise(form: str) -> str | None:
        folded = strip_accents(form)
        return folded if folded in whole or folded.startswith(prefix) else None

    return tuple(Suggestion(each.card.slug, each.card.title, mark_title(each.card.title, recognise)) for each in found)
