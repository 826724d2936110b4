"""Autocomplete: suggest articles and completed queries for the text in the search box.

Requests: one for the revision of the document list; two Queries for the last word (words of titles, vocabulary); one
per stem (at most 4) of each preceding word (at most 5) and of at most 3 completions; one BatchGetItem. A single letter
on its own gives no suggestions; after other words it is ignored.
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
    """A suggested article; ``title_html`` marks the words that match the query."""

    slug: str
    title: str
    title_html: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Suggested articles, those whose titles have the last word first; and completed queries for the search box."""

    items: tuple[Suggestion, ...] = ()
    completions: tuple[str, ...] = ()


def suggest(text: str) -> Suggestions:
    """Return suggestions for an incomplete query; its last word is treated as the beginning of a word."""
    typed = list(tokenize(text))
    while typed and len(typed[-1].form) < MIN_PREFIX:
        text = text[: typed.pop().start].rstrip()  # too short to complete
    documents = document_table.get()
    if not typed or not documents.lengths:
        return Suggestions()
    last = typed[-1]
    if text[last.end :].strip():
        return Suggestions()
    title_matches = {
        each: word for word, each in title_index.with_prefix(last.form, _MAX_WORDS_READ) if each in documents.lengths
    }
    completions = _completions(last.form, title_matches.values(), documents.codes)
    before = parse(text[: last.start], documents.codes)
    word_stems = [word.stems[:_MAX_STEMS] for word in before.words if word.is_required][:_MAX_WORDS_BEFORE]
    # Any of the completions matches, so together they count as one word.
    word_stems.append(tuple(each for word in completions for each in word.stems))
    postings = read_postings(chain.from_iterable(word_stems))
    ranking = documents.rank(postings, ((stems, 1) for stems in word_stems))
    earlier = (1 << (len(word_stems) - 1)) - 1
    with_all = {each for each, has in ranking.words.items() if has & earlier == earlier} if earlier else None
    by_title = [each for each in title_matches if with_all is None or each in with_all]
    by_title.sort(key=lambda each: (len(title_matches[each]), -documents.times[each], -each))
    ends = {each for each, has in ranking.words.items() if has > earlier and (with_all is None or each in with_all)}
    by_text = sorted(ends - title_matches.keys(), key=lambda each: (-ranking.scores[each], -each))
    best = [*by_title, *by_text][:MAX_ITEMS]
    found = load_results(best, with_text=False)
    used = [word.form for word in completions if any(postings.get(each) for each in word.stems)]
    return Suggestions(
        items=_items([found[each] for each in best if each in found], typed),
        completions=tuple(text[: last.start] + form for form in used),
    )


def _completions(prefix: str, title_matches: Iterable[str], languages: Sequence[str]) -> list[QueryWord]:
    """Return words that begin with ``prefix``: an exact match first, then by number of titles, then the shortest."""
    in_titles = Counter(title_matches)
    # Words from titles have lost their accents; the vocabulary has the original spelling of the same word.
    written = {
        strip_accents(form): form for form in (*in_titles, prefix, *vocabulary.with_prefix(prefix, _MAX_WORDS_READ))
    }
    forms = sorted(
        written.values(), key=lambda form: (form != prefix, -in_titles[strip_accents(form)], len(form), form)
    )
    distinctive = [form for form in forms if not is_stop_word(form, *languages)]
    return [QueryWord(form, stems(form, languages)[:_MAX_STEMS], 0, 0) for form in distinctive[:_MAX_COMPLETIONS]]


def _items(found: Sequence[StoredResult], typed: Sequence[Word]) -> tuple[Suggestion, ...]:
    full_words = {strip_accents(word.form) for word in typed}
    prefix = strip_accents(typed[-1].form)

    def recognize(form: str) -> str | None:
        folded = strip_accents(form)
        return folded if folded in full_words or folded.startswith(prefix) else None

    return tuple(
        Suggestion(each.summary.slug, each.summary.title, mark_title(each.summary.title, recognize)) for each in found
    )
