"""What must be the same when the index is written and when it is read.

This module imports little, so that the Lambda functions that answer visitors start quickly.
"""

from typing import Final

from kolom.articles.names import label_key

STEM_VERSION: Final = 1
"""Increase this when the stems of a language change, so that queries also read the earlier ones until a reindex.

The document list has the version of each article. 0: Snowball for Indonesian, none for Malay.
"""

STEMMED_BY_ROOTS: Final = frozenset(("id", "ms"))
"""Languages that :mod:`.indonesian` stems."""

EARLIER: Final = "-x-earlier"

TITLE_WEIGHT: Final = 3

MAX_TEXT_BYTES: Final = 100 * 1024
"""How much of an article's text is stored for snippets and phrases."""

MIN_PREFIX: Final = 2
"""The minimum length in letters of a word that is completed, and of the title words that are stored for completion."""


MAX_WORD_STEMS: Final = 4
"""The maximum number of stems of a word in suggestions, completions, corrections and synonyms, in all languages."""


def earlier_language(code: str) -> str | None:
    """Return a code for the stems that earlier versions made of words in a language; None if they are the same.

    The code is that of the language with a private subtag. The functions of :mod:`.analyzer` accept it.
    """
    return code + EARLIER if code in STEMMED_BY_ROOTS else None


def label_term(label: str) -> str:
    """Return the term of all articles with a label. The colon cannot occur in a word."""
    return f"label:{label_key(label)}"


PAGES: Final = "kind:page"
"""The term of all pages, which are no articles: searches find them, but they are not related to articles."""


EXTERNAL: Final = "kind:external"
"""The term of all pages of other sites. Searches for articles of this site leave them out."""


def is_word(term: str) -> bool:
    """Return whether a term is a word of the text, not a label, an author, a site or a kind."""
    return ":" not in term


def author_term(word: str) -> str:
    """Return the term of all articles whose author's name has the word. The word must be given without accents."""
    return f"author:{word}"


def site_term(site: str) -> str:
    """Return the term of all pages of another site, as :func:`kolom.articles.page_urls.site_of` names it."""
    return f"site:{site}"
