"""The title index: the words of all titles with their articles, partitioned by first letter, for autocomplete."""

from collections.abc import Iterable

from kolom.models.search import delete_items, find_words, put_words
from kolom.search.tokenizer import strip_accents


def add(words: Iterable[tuple[str, int]]) -> None:
    """Add title words, each with the id of its article. The words must have no accents."""
    put_words(map(_item_key, words))


def remove(words: Iterable[tuple[str, int]]) -> None:
    """Remove title words, each with the id of its article. The words must have no accents."""
    delete_items(map(_item_key, words))


def with_prefix(prefix: str, limit: int) -> list[tuple[str, int]]:
    """Return the first ``limit`` words with the prefix in alphabetical order, each with an article id. One request."""
    folded = strip_accents(prefix)
    found = (each.rpartition("#") for each in find_words(_key(folded), folded, limit=limit))
    return [(word, int(article_id)) for word, _, article_id in found]


def _item_key(listed: tuple[str, int]) -> tuple[str, str]:
    word, article_id = listed
    return _key(word), f"{word}#{article_id}"


def _key(folded: str) -> str:
    return f"titles#{folded[0]}"
