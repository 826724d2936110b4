"""Comments' HTML from elsewhere as Markdown: what readers see stays the same."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.comments import text
from kolom.rendering import plain_text
from kolom_cli.importers.comment_text import markdown_of
from tests.hostile import hostile_texts


@pytest.mark.parametrize(
    ("written", "markdown"),
    [
        ("one<br/>two<br><br>three", "one\ntwo\n\nthree"),
        ("<p>one</p>\n<p>two\nstill two</p>", "one\n\ntwo still two"),
        ("<b>bold </b>and <i>italic</i>", "**bold** and *italic*"),
        ('<a href="https://a.example/x_y" rel="nofollow">here</a>', "[here](https://a.example/x_y)"),
        ('<a href="https://a.example/x_(y)">here</a>', "[here](<https://a.example/x_(y)>)"),
        ('<a href="https://a.example/x_y">https://a.example/x_y</a>', "<https://a.example/x_y>"),
        ("see https://a.example/x_y_z.", "see <https://a.example/x_y_z>."),
        ("<blockquote>quoted</blockquote>mine", "> quoted\n\nmine"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<pre><code>a_b\n  *c*</code></pre>", "```\na_b\n  *c*\n```"),
        ('<img src="https://a.example/p.png" alt="A picture">', "[A picture](https://a.example/p.png)"),
        ("<h2>Loud</h2>text", "**Loud**\n\ntext"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ('<a href="javascript:alert(1)">x</a><script>alert(1)</script>', "x"),
        ("<p> </p><!-- nothing -->", ""),
        ("snake_case 2*3 [x](y) `c` &amp;copy;", r"snake_case 2\*3 \[x\](y) \`c\` \&copy;"),
        ("<p>1. no list</p><p># no heading</p><p>- nor this</p>", "1\\. no list\n\n\\# no heading\n\n\\- nor this"),
    ],
)
def test_html_becomes_the_markdown_that_says_the_same(written: str, markdown: str) -> None:
    assert markdown_of(written) == markdown


def _words(shown: str) -> str:
    return " ".join(plain_text(shown).split())


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "M")), max_size=80))
def test_text_is_shown_as_it_was_to_the_letter(written: str) -> None:
    assert _words(text.render(markdown_of(html.escape(written)))) == _words(text.clean(html.escape(written)))


@example(["_", "http://a.b/", "*"])
@given(st.lists(st.sampled_from([*"*_`[]()<>#-+=~.1 \\!&|\"'\n", "http://a.b/", "ab", "&amp;"]), max_size=25))
def test_text_that_looks_like_markdown_is_shown_as_it_was(pieces: list[str]) -> None:
    written = "".join(pieces)
    assert _words(text.render(markdown_of(html.escape(written)))) == _words(html.escape(written))


@pytest.mark.parametrize("hostile", list(hostile_texts())[::7])
def test_hostile_html_ends_as_a_comment_that_is_no_more_than_text(hostile: str) -> None:
    shown = text.render(markdown_of(hostile))
    assert not re.search(r"<(?!/?(?:a|blockquote|br|code|em|hr|li|ol|p|pre|strong|ul)\b)", shown)
    assert text.render(markdown_of(shown)) is not None


def test_a_comment_nested_a_thousand_deep_is_no_error() -> None:
    assert markdown_of("<blockquote>" * 1_000 + "deep").endswith("deep")
