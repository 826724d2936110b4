"""Comments as markup: what visitors may use, and that nothing else ever gets through."""

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.comments import text
from kolom.comments.text import clean, is_blank, render
from tests.hostile import hostile_texts

PLAIN = {"blockquote", "br", "code", "em", "hr", "li", "p", "pre", "strong", "ul"}
ALLOWED: dict[str, set[str]] = {tag: set() for tag in PLAIN} | {"a": {"href", "rel"}, "ol": {"start"}}


def check(html: str) -> None:
    """Let a browser's parser say what is in it."""
    parsed = html5lib.parseFragment(html, namespaceHTMLElements=False)
    for element in parsed.iter():
        if element is parsed:
            continue
        assert element.tag in ALLOWED, element.tag
        assert set(element.attrib) <= ALLOWED[element.tag]
        if element.tag == "a":
            assert element.get("rel") == text.LINK_RELATION
            assert element.get("href", "https:").startswith(("http://", "https://")), element.attrib


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("# no heading", "<p># no heading</p>"),
        ("no\n===", "<p>no<br>\n===</p>"),
        ("<b>typed</b>", "<p>&lt;b&gt;typed&lt;/b&gt;</p>"),
        ("file.py is no link", "<p>file.py is no link</p>"),
        (
            "see https://a.example/x.",
            '<p>see <a href="https://a.example/x" rel="nofollow ugc noopener">https://a.example/x</a>.</p>',
        ),
        ("[x](https://a.example)", '<p><a href="https://a.example" rel="nofollow ugc noopener">x</a></p>'),
        ("2\\. not a list", "<p>2. not a list</p>"),
    ],
)
def test_a_comment_is_simple_markdown(content: str, html: str) -> None:
    assert render(content).html == html


def test_there_are_hundreds_of_hostile_texts() -> None:
    assert len(list(hostile_texts())) >= 500


def test_no_hostile_text_becomes_markup_that_it_should_not() -> None:
    for content in hostile_texts():
        check(render(content).html)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_no_text_becomes_markup_that_it_should_not(content: str) -> None:
    check(render(content).html)


@given(
    st.lists(st.sampled_from(["<", ">", "[", "]", "(", ")", "javascript:", "\n", "*", "`", "&", '"', "a", "!", " "]))
)
def test_no_mixture_of_marks_becomes_markup_that_it_should_not(pieces: list[str]) -> None:
    check(render("".join(pieces)).html)


@given(st.text(max_size=100))
def test_cleaning_twice_is_cleaning_once(content: str) -> None:
    assert clean(clean(content)) == clean(content)


def test_what_would_turn_a_page_around_is_taken_out_and_what_languages_need_stays() -> None:
    assert clean("a\u202eb\u2066c") == "abc"
    assert clean("\u05d0\u200f!") == "\u05d0\u200f!"
    assert clean("e" + "\u0301" * 5_000) == "é" + "\u0301" * 8
    assert clean("a\x00b\x0bc\r\nd") == "abc\nd"
    assert clean("\u0915\u094d\u200d\u0937") == "\u0915\u094d\u200d\u0937"


@pytest.mark.parametrize("nothing", ["", " \n", "\u200b\u200d", "\u0301", "\u202e", "\u00a0", "\ufeff"])
def test_what_nobody_can_see_is_nothing(nothing: str) -> None:
    assert is_blank(clean(nothing))
