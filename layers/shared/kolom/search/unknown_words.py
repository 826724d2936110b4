"""Find words of a query that no article has, in any form or in the form of the query.

The stem of ``laye`` is that of *lay*. If one article has *lay*, the word seems to be known; but no article has *laye*.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kolom.search.index_reader import Postings, StoredResult, articles_with, load_results
from kolom.search.query_parser import Query, QueryWord
from kolom.search.tokenizer import normalize_text, strip_accents
from kolom.search.word_forms import find_parts, find_spellings

_MAX_EXAMINED: Final = 10


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """Unknown words of a query, and the results that were read to find them."""

    words: Sequence[QueryWord] = ()
    loaded: Mapping[int, StoredResult] = field(default_factory=dict)


def find_unknown(query: Query, postings: Postings, *, with_forms: bool) -> UnknownWords:
    """Return the words that no article has; if there are none, those that no article has in this form.

    Forms are examined only ``with_forms``, and only if at most ten articles match the query. A page of ten results has
    all these articles, so reading them here causes no further request: one BatchGetItem. If several words are known
    and an article has all of them, forms are not examined either.

    If the stored result of an article does not have the whole text, each of its words counts as known, because the
    rest would have to be read.
    """
    known = [word for word in query.words if any(postings[stem] for stem in word.stems)]
    parts = {part for word in known for part in word.parts}
    unknown = [word for word in query.words if word not in known and word.form not in parts]
    if not with_forms or unknown or query.phrases or not known or not all(word.is_required for word in known):
        return UnknownWords(unknown)
    articles = [articles_with(word.stems, postings) for word in known]
    matches = set().union(*articles)
    if len(matches) > _MAX_EXAMINED or (len(known) > 1 and set.intersection(*articles)):
        return UnknownWords()
    loaded = load_results(matches)
    unseen = [
        word
        for word, having in zip(known, articles, strict=True)
        if word.form.isalpha() and not any(_may_have(word.form, loaded.get(each)) for each in having)
    ]
    return UnknownWords(unseen, loaded)


def _may_have(form: str, stored: StoredResult | None) -> bool:
    """Return whether an article has the form, or may have it in a part of its text that is not loaded."""
    if stored is None or stored.rest is not None or not stored.is_whole:
        return True
    pattern = re.compile(rf"(?<!\w){re.escape(strip_accents(form))}(?!\w)")
    texts = (stored.summary.title, *stored.summary.labels, stored.text)
    return any(
        pattern.search(normalize_text(text))
        or any(word.form == form for word in (*find_parts(text), *find_spellings(text)))
        for text in texts
    )
