"""Highlighted titles and snippets, which are safe for any text."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.search.analyzer import stem, stem_piece
from kolom.search.highlighter import (
    SNIPPET_CHARACTERS,
    find_matches,
    join_blocks,
    mark_snippet,
    mark_title,
    matching_labels,
)
from kolom.search.matcher import Matcher
from kolom.search.tokenizer import tokenize

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("ab <>&\"'日本 é")), max_size=400)


def snippet(text: str, *query: str, language: str = "en") -> str:
    """Return the snippet for a query of these words."""
    return mark_snippet(text, find_matches(text, Matcher({stem(word, language) for word in query}, language)))


def visible(html: str) -> str:
    """Return the text without highlights."""
    return unescape(html.replace("<mark>", "").replace("</mark>", ""))


def test_every_form_of_a_word_is_highlighted() -> None:
    assert snippet("Walking, he walked on.", "walks") == "<mark>Walking</mark>, he <mark>walked</mark> on."


def test_a_run_without_spaces_is_highlighted_as_one() -> None:
    assert snippet("東京都に行く", "東京", "京都", language="ja") == "<mark>東京都</mark>に行く"


def test_the_snippet_is_the_densest_part_in_whole_words() -> None:
    filler = "lorem ipsum dolor sit amet consectetur " * 20
    shown = snippet(f"{filler}coffee {filler}the coffee of the old harbour {filler}", "coffee", "harbour")
    assert "<mark>coffee</mark> of the old <mark>harbour</mark>" in shown
    assert shown[0] == shown[-1] == "…"
    assert set(re.findall(r"\w+", visible(shown))) <= set(filler.split()) | {"the", "coffee", "of", "old", "harbour"}


def test_without_a_match_the_beginning_is_shown() -> None:
    text = "word " * 100
    assert snippet(text, "nothing").startswith("word word")
    assert snippet("", "nothing") == ""


@pytest.mark.parametrize("text", ["<script>alert('x')</script>", '"><img src=x onerror=y>', "&lt;b&gt; <mark>x</mark>"])
def test_only_highlights_are_markup(text: str) -> None:
    for shown in (snippet(text, "script", "img", "b", "x"), mark_title(text, Matcher({"script", "img", "x"}, "en"))):
        assert "<" not in shown.replace("<mark>", "").replace("</mark>", "")
        assert visible(shown) == text


@given(TEXTS, st.lists(st.text(max_size=3), max_size=4))
def test_a_snippet_is_a_part_of_the_text(text: str, query: list[str]) -> None:
    wanted = {word.form for each in query for word in tokenize(each)} | {word.form for word in list(tokenize(text))[:2]}
    shown = snippet(text, *wanted, language="xx")
    plain = visible(shown)
    assert plain.removeprefix("…").removesuffix("…").removesuffix(" ") in text or plain in text
    assert len(plain) <= SNIPPET_CHARACTERS + 64 + 3
    assert re.fullmatch(r"(?:[^<>]|<mark>[^<>]+</mark>)*", shown)


@given(TEXTS)
def test_a_title_is_shown_completely(title: str) -> None:
    first = {word.form for word in list(tokenize(title))[:2]}
    assert visible(mark_title(title, Matcher(first, "xx"))) == title


def test_a_match_late_in_a_long_text_is_shown() -> None:
    """The search starts near the first hint, and covers only the given number of characters."""
    text = "lorem ipsum " * 1_000 + "the Coffee of the harbour " + "dolor " * 1_000 + "harbour coffee"
    recognise = Matcher({"coffee", "harbour"}, "xx")
    near = find_matches(text, recognise, hints=["coffee"], within=500)
    assert "<mark>Coffee</mark> of the <mark>harbour</mark>" in mark_snippet(text, near)
    assert mark_snippet(text, find_matches(text, recognise, within=500)).startswith("lorem ipsum")


def test_a_text_that_continues_ends_with_an_ellipsis() -> None:
    assert mark_snippet("The old harbour", [], continues=True) == "The old harbour…"
    assert mark_snippet("The old harbour.", [], continues=True) == "The old harbour. …"
    assert mark_snippet("The old harbour.", []) == "The old harbour."


def test_a_text_of_one_endless_word_is_cut() -> None:
    shown = snippet("x" * 200_000, "x" * 64, language="xx")
    assert len(visible(shown)) <= SNIPPET_CHARACTERS + 66


@pytest.mark.parametrize("cluster", ["👩‍👩‍👧‍👦", "กำ่", "e\u0301"], ids=["emoji", "Thai", "accent"])
def test_a_text_without_spaces_is_not_cut_within_a_character(cluster: str) -> None:
    """A character as readers see it may have several code points."""
    for offset in range(len(cluster)):
        shown = snippet("x" * offset + cluster * 100 + "本" + cluster * 100, "本", language="ja")
        assert not shown.replace(cluster, "").replace("<mark>本</mark>", "").strip("x…")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bahan\nKedelai direndam semalam.", "Bahan · Kedelai direndam semalam."),
        ("One sentence.\nAnother one", "One sentence. Another one"),
        ("“Is it?”\nIt is (yes.)\nReally", "“Is it?” It is (yes.) Really"),
        ("Bahan:\nkedelai\nragi", "Bahan: kedelai · ragi"),
        ("Harga (2024)\nNaik", "Harga (2024) · Naik"),
        ("見出し\n文章です。\n次", "見出し · 文章です。 次"),
        ("عنوان؟\nنص", "عنوان؟ نص"),
        ("one line", "one line"),
        ("", ""),
    ],
)
def test_blocks_of_a_text_have_a_visible_boundary(text: str, shown: str) -> None:
    assert join_blocks(text) == shown


def test_a_snippet_does_not_begin_or_end_with_a_boundary() -> None:
    text = join_blocks(
        "\n".join(["lorem ipsum dolor sit amet"] * 10 + ["coffee"] + ["consectetur adipiscing elit"] * 10)
    )
    for word in ("coffee", "lorem", "adipiscing"):
        shown = snippet(text, word, language="xx")
        assert not re.search(r"…[ ·]|[ ·]…", visible(shown)), shown


@pytest.mark.parametrize(
    ("sentence", "end"),
    [
        ("The board. ", "board. …"),
        ("Is it “the board?” ", "board?” …"),
        ("The board, ", "board,…"),
        ("The board ", "board…"),
        ("To kolom.example ", "kolom.example…"),
    ],
)
def test_the_ellipsis_does_not_touch_the_end_of_a_sentence(sentence: str, end: str) -> None:
    start = f"{'x' * (SNIPPET_CHARACTERS - len(sentence))} "
    shown = visible(snippet(f"{start}{sentence}{'Another sentence follows. ' * 20}", "nothing"))
    assert shown.endswith(end)


def test_labels_match_by_stem() -> None:
    recognise = Matcher({stem("walks", "en"), "rio"}, "en")
    assert matching_labels(("Walking", "Coffee", "RÍO de la Plata"), recognise) == ("Walking", "RÍO de la Plata")


def test_long_pieces_without_spaces_are_not_cached() -> None:
    """Otherwise the memory of the cache would have no limit."""
    before = stem_piece.cache_info().currsize
    assert len(list(Matcher({"本本"}, "xx").find("本" * 65))) == 64
    assert stem_piece.cache_info().currsize == before
