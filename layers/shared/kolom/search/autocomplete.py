"""Autocomplete: suggest articles and completed queries for the text in the search box.

Requests:

* one for the revision of the document list, and those that read the list if it has changed;
* two Queries for the completions of the last word (:mod:`.completion`);
* one for the owner's settings, if they have changed since the process read them (:mod:`.settings_cache`);
* one Query for each stem: at most 4 for each of 5 preceding words and 3 completions, 16 for the excluded words, and 32
  for the last word as it is and its synonyms;
* one BatchGetItem for the suggested articles.

A single letter on its own gives no suggestions; after other words it is ignored.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from kolom.limits import MAX_QUERY
from kolom.search import document_table
from kolom.search.analyzer import stem
from kolom.search.completion import find_completions, whole_word_stems, word_to_complete
from kolom.search.document_table import DocumentTable
from kolom.search.highlighter import mark_title
from kolom.search.index_reader import Postings, StoredResult, articles_with, load_results, read_postings
from kolom.search.matcher import Matcher
from kolom.search.query_parser import parse
from kolom.search.settings_cache import owner_settings
from kolom.search.synonyms import expand
from kolom.search.terms import MAX_WORD_STEMS
from kolom.search.tokenizer import Word, tokenize
from kolom.urls import article_url

MAX_ITEMS: Final = 6
_MAX_WORDS_BEFORE: Final = 5
_NO_LANGUAGE: Final = ""
"""A language without a stemmer. Words are compared as they are typed, without accents."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested article; ``title_html`` marks the words that match the query, and ``url`` is that of its page."""

    slug: str
    title: str
    title_html: str
    url: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Suggested articles, and completed queries. Articles that have the last word in their titles come first."""

    items: tuple[Suggestion, ...] = ()
    completions: tuple[str, ...] = ()


def suggest(text: str) -> Suggestions:
    """Return suggestions for an incomplete query; its last word is treated as the beginning of a word.

    A search for ``text`` finds every suggested article. So if the last word is the only word to search for, and some
    article has exactly this word, only articles with it are suggested. If the query has a phrase or a condition such as
    ``label:news``, no articles are suggested, because only a search verifies these.
    """
    last = word_to_complete(text)
    documents = document_table.get()
    if last is None or not documents.lengths:
        return Suggestions()
    completions = find_completions(last.form, documents, documents.codes)
    expanded = expand(parse(text, documents.codes), text, owner_settings.synonyms(documents.codes))
    query = expanded.query
    before = [word for word in parse(text[: last.start], documents.codes).words if word.is_required]
    before = before[:_MAX_WORDS_BEFORE]
    word_stems = [word.stems[:MAX_WORD_STEMS] for word in before]
    # Any of the completions matches, so together they count as one word.
    word_stems.append(completions.stems)
    whole = whole_word_stems(last.form, query)
    filters = expanded.terms((*query.excluded_stems, *whole))
    postings = expanded.combine(read_postings((*filters, *chain.from_iterable(word_stems)), needed=len(filters)))
    used = [word.form for word in completions.words if any(postings.get(each) for each in word.stems)]
    found: list[StoredResult] = []
    if not query.needs_search:
        found_by_search = documents.lengths.keys() - articles_with(query.excluded_stems, postings)
        if {word.form for word in before}.isdisjoint(word.form for word in query.words):
            # The search is only for the last word, and completes it if no article has it.
            found_by_search = (found_by_search & articles_with(whole, postings)) or (
                found_by_search if whole else set()
            )
        best = _best(documents, postings, word_stems, completions.title_matches, found_by_search)
        loaded = load_results(best)
        found = [loaded[each] for each in best if each in loaded]
    return Suggestions(
        items=_items(found, list(tokenize(text[: last.end]))),
        completions=tuple(text[: last.start] + form for form in used if last.start + len(form) <= MAX_QUERY),
    )


def _best(
    documents: DocumentTable,
    postings: Postings,
    word_stems: Sequence[Sequence[str]],
    title_matches: Mapping[int, str],
    among: Collection[int],
) -> list[int]:
    """Return the best articles of ``among`` that have all words. Those with the last word in the title come first."""
    ranking = documents.rank(postings, ((stems, 1) for stems in word_stems))
    # Bits as in Scorer.words: those of all words before the last one.
    earlier = (1 << (len(word_stems) - 1)) - 1
    with_all = {each for each, has in ranking.words.items() if has & earlier == earlier} if earlier else None
    by_title = [each for each in title_matches if with_all is None or each in with_all]
    by_title.sort(key=lambda each: (len(title_matches[each]), -documents.times[each], -each))
    with_last = {
        each for each, has in ranking.words.items() if has > earlier and (with_all is None or each in with_all)
    }
    by_text = sorted(with_last - title_matches.keys(), key=lambda each: (-ranking.scores[each], -each))
    return [each for each in (*by_title, *by_text) if each in among][:MAX_ITEMS]


def _items(found: Sequence[StoredResult], typed: Sequence[Word]) -> tuple[Suggestion, ...]:
    matcher = Matcher({stem(word.form, _NO_LANGUAGE) for word in typed}, _NO_LANGUAGE, typed[-1].form)
    return tuple(
        Suggestion(
            each.summary.slug,
            each.summary.title,
            mark_title(each.summary.title, matcher),
            article_url(each.summary),
        )
        for each in found
    )
