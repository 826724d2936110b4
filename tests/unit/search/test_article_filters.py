"""The articles that a search admits."""

import pytest

from kolom.search.article_filters import ArticleFilter
from kolom.search.document_table import DocumentTable

DOCUMENTS = DocumentTable(1, {1: 9, 2: 9}, {1: 50, 2: 60}, {1: "en", 2: "id"}, ("en", "id"), ())


@pytest.mark.parametrize("with_language", [False, True], ids=["any-language", "a-language"])
def test_an_article_that_is_no_longer_listed_is_not_selected(with_language: bool) -> None:
    """The postings of a deleted article may remain for a moment."""
    admits = ArticleFilter(
        DOCUMENTS, None, set(), (lambda each: DOCUMENTS.languages[each] == "en") if with_language else None
    )
    assert admits.select({1, 3}) == {1}
    assert admits.select() == ({1} if with_language else {1, 2})
