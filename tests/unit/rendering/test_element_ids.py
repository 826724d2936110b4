"""Ids of an article's elements, and links to them from other articles."""

import pytest

from kolom.rendering.element_ids import ElementIds, article_fragment


@pytest.mark.parametrize("requested", ["setup", "set-up", "my_id", "fn.1", "a:b", "_", "é", "x" * 100, "-" + "x" * 127])
def test_a_link_from_another_article_leads_to_the_id_that_the_element_gets(requested: str) -> None:
    assert article_fragment(requested) == ElementIds().reserve(requested)


@pytest.mark.parametrize(
    "fragment", ["", "comments", "comment-01J", "kolom-search", ":~:text=some%20words", "!/page", "a b"]
)
def test_links_to_the_page_itself_and_to_passages_of_text_are_kept(fragment: str) -> None:
    assert article_fragment(fragment) == fragment
