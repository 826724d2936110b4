"""Conversion of comments from HTML to Markdown that renders the same."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.rendering import visitor_text
from kolom.rendering.renderer import render
from kolom.rendering.text import plain_text
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
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
        ('see http://a.example/"&lt;".', 'see [http:\\//a.example/"\\<"](http://a.example/%22%3C%22).'),
        ("<blockquote>quoted</blockquote>mine", "> quoted\n\nmine"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<pre><code>a_b\n  *c*</code></pre>", "```\na_b\n  *c*\n```"),
        ('<img src="https://a.example/p.png" alt="A picture">', "[A picture](https://a.example/p.png)"),
        ("<h2>Loud</h2>text", "**Loud**\n\ntext"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ('<a href="javascript:alert(1)">x</a><script>alert(1)</script>', "x"),
        ("<p> </p><!-- nothing -->", ""),
        ("snake_case 2*3 [x](y) `c` &amp;copy;", r"snake_case 2\*3 \[x\](y) \`c\` \&copy;"),
        ("<b>Note:</b>text", "**Note**:text"),
        ("word<b>(as this)</b>", "word(**as this)**"),
        ("<i>a</i><i>b</i>", "*ab*"),
        ("<b>a</b><i>b</i>", "**a***b*"),
        ("<b>a <i>b</i> c</b>", "**a *b* c**"),
        ("<b>a&nbsp;</b>b", "**a**\xa0b"),
        ("<i>one<br><br>two</i>", "*one*\n\n*two*"),
        ("<b><p>one</p><ul><li>two</ul></b>", "**one**\n\n- **two**"),
        ('x<b><a href="https://a.example/">here</a></b>y', "x[**here**](https://a.example/)y"),
        ("a<b>:</b>b", "a:b"),
        ("<s>one</s> <strike>two</strike> <del>three</del>", "one two three"),
        ("<pre>a\n```\nb</pre>", "````\na\n```\nb\n````"),
        ("<code>a`</code><code>b</code>", "``a`b``"),
        ("<code>one<br><br>two</code>", "`one`\n\n`two`"),
        ('<a href="https://a.example/"><p>one</p><p>two</p></a>', "[one two](https://a.example/)"),
        ('<a href="/here">one</a> <img src="/p.png" alt="two">', "one two"),
        ("<ul><li>a<ol start=3><li>b</ol>c</ul>", "- a\n\n  3. b\n\n  c"),
        ("one<p></p>two<ul>three<li>four</ul>", "one\ntwo\n\nthree\n- four"),
        ('wait!<a href="https://a.example/">here</a>', "wait\\![here](https://a.example/)"),
        ("<p>1. no list</p><p># no heading</p><p>- nor this</p>", "1\\. no list\n\n\\# no heading\n\n\\- nor this"),
    ],
)
def test_html_becomes_equivalent_markdown(written: str, markdown: str) -> None:
    assert html_to_markdown(written) == markdown


def _words(shown: str) -> str:
    return " ".join(plain_text(shown).split())


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "M")), max_size=80))
def test_text_is_rendered_unchanged(written: str) -> None:
    assert _words(visitor_text.render(html_to_markdown(html.escape(written))).html) == _words(
        visitor_text.clean_text(html.escape(written))
    )


@example(["_", "http://a.b/", "*"])
@example(["http://a.b/", '"', "<", '"'])
@example(["!", "http://a.b/", "\\"])
@given(st.lists(st.sampled_from([*"*_`[]()<>#-+=~.1 \\!&|\"'\n", "http://a.b/", "ab", "&amp;"]), max_size=25))
def test_text_that_looks_like_markdown_is_rendered_unchanged(pieces: list[str]) -> None:
    written = "".join(pieces)
    assert _words(visitor_text.render(html_to_markdown(html.escape(written))).html) == _words(html.escape(written))


_TEXT = st.text('ab1 .:()"!?-+#>=~*_`[]<&;\\/\n\u00a0é“', min_size=1, max_size=8).map(html.escape)
_ELEMENTS = (
    *("b", "i", "em", "strong", "s", "del", "strike", "code", "pre", "p", "div", "blockquote", "h2", "ul", "ol"),
    *("dl", "dt", "dd", "figure", "figcaption", "address", "section", "details", "summary", "form", "legend"),
    *('a href="https://a.example/x_(y)"', 'ol start="3"'),
)


def _element(name: str, content: list[str]) -> str:
    inside = [f"<li>{each}</li>" for each in content] if name[:2] in {"ul", "ol"} else content
    return f"<{name}>{''.join(inside)}</{name.split()[0]}>"


def _elements(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(_element, st.sampled_from(_ELEMENTS), st.lists(inside, max_size=4))


@example(["<b>Note:</b>", "text"])
@example(["<i><b>a</b>b<b>c</b></i>"])
@example(["1", "<b>. no list</b>"])
@example(["<br> <b> </b> <i> </i> ", "no code"])
@given(st.lists(st.recursive(st.one_of(_TEXT, st.just("<br>")), _elements, max_leaves=12), max_size=6))
def test_any_nesting_of_elements_keeps_the_words(pieces: list[str]) -> None:
    there = render("".join(pieces), "html").html
    assert _words(visitor_text.render(html_to_markdown("".join(pieces))).html) == _words(visitor_text.clean_text(there))


def test_quotations_beyond_the_depth_limit_keep_their_words() -> None:
    shown = visitor_text.render(html_to_markdown("<blockquote>one<ul><li>" * 20 + "two")).html
    assert _words(shown) == " ".join(["one"] * 20 + ["two"])


_SEPARATE = (
    "address article aside blockquote button dd details dialog dir div dl dt fieldset figcaption figure footer form h1 "
    "h2 header hgroup legend li main menu nav noscript object ol optgroup option p pre search section select summary "
    "textarea ul video"
)


@pytest.mark.parametrize("name", _SEPARATE.split())
def test_words_at_the_boundaries_of_blocks_stay_apart(name: str) -> None:
    written = f"one<{name}>two</{name}>three"
    shown = _words(visitor_text.render(html_to_markdown(written)).html).split()
    assert [each for each in shown if each != "two"] == ["one", "three"]


@pytest.mark.parametrize(
    "written",
    [
        "<dl><dt>one</dt><dd>two</dd><dt>three</dt></dl>",
        "<dl><dt>one<dd>two<dt>three</dl>",
        "<table><caption>one</caption><thead><tr><th>two</th></tr></thead><tbody><tr><td>three</td></tr></tbody></table>",
        "<fieldset><legend>one</legend>two<form>three</form></fieldset>",
        "<a href='https://a.example/'><dl><dt>one</dt><dd>two</dd></dl></a>three",
        "<h2>one<section>two</section></h2>three",
    ],
)
def test_words_in_neighbouring_blocks_stay_apart(written: str) -> None:
    assert _words(visitor_text.render(html_to_markdown(written)).html) == "one two three"


@pytest.mark.parametrize("hostile", list(hostile_texts())[::7])
def test_hostile_html_becomes_text(hostile: str) -> None:
    shown = visitor_text.render(html_to_markdown(hostile)).html
    assert not re.search(r"<(?!/?(?:a|blockquote|br|code|em|hr|li|ol|p|pre|strong|ul)\b)", shown)
    assert visitor_text.render(html_to_markdown(shown)).html is not None


def test_a_comment_nested_a_thousand_deep_is_accepted() -> None:
    assert html_to_markdown("<blockquote>" * 1_000 + "deep").endswith("deep")
