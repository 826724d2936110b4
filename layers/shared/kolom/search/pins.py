"""Find the articles that the owner has pinned for a query. Pure."""

from collections.abc import Iterable, Mapping

from kolom.search.query_parser import Query
from kolom.search.search_settings import Pin, words_of

type PinIndex = Mapping[tuple[str, ...], tuple[int, ...]]
"""The ids of pinned articles by the words of the query."""


def index_pins(pins: Iterable[Pin]) -> PinIndex:
    """Return the pinned articles by the words of their query."""
    return {words_of(pin.query): pin.articles for pin in pins}


def find_pinned(query: Query, text: str, index: PinIndex) -> tuple[int, ...]:
    """Return the ids that are pinned for the words of ``text``, from which ``query`` was parsed; most often none.

    Case, accents and punctuation do not count, nor do quotation marks. A query with exclusions has no pins.
    """
    if not index or query.excluded or query.excluded_phrases:
        return ()
    return index.get(words_of(text), ())
