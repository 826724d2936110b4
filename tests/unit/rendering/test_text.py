"""The plain text of an article, its excerpt, and its reading time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.rendering.renderer import render
from kolom.rendering.text import plain_text, reading_minutes, shorten


def excerpt(source: str) -> str:
    return render(source, "html").excerpt


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a <b>b</b>\n c</p><p>d</p>", "a b c\nd"),
        ("a<br>b<hr>c", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("<pre>a\n  b</pre>c\nd", "a\nb\nc d"),
        ("&lt;b&gt; &amp;amp; x&nbsp;y", "<b> &amp; x y"),
        ("<p>  </p><p></p>", ""),
        ("a<script>b</script>c<!-- d -->e", "ace"),
        ("</pre></pre>a\nb", "a b"),
        ("", ""),
    ],
)
def test_plain_text_has_a_line_for_each_block(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.text())
def test_plain_text_never_has_blank_lines_or_redundant_spaces(html: str) -> None:
    text = plain_text(html)
    assert text == "" or all(line and line == " ".join(line.split()) for line in text.split("\n"))


def test_the_excerpt_omits_headings_code_tables_and_captions() -> None:
    source = (
        "<h2>No</h2><pre>no</pre><table><tr><td>no</td></tr></table><figure><img src=x alt=no>"
        "<figcaption>no</figcaption></figure><p>First  <b>bold</b>,\n<code>code</code>.</p><p>Second.</p>"
    )
    assert excerpt(source) == "First bold, code. Second."


def test_the_excerpt_has_no_footnotes() -> None:
    assert render("A.[^1]\n\n[^1]: Note.\n", "markdown").excerpt == "A."


def test_the_excerpt_ends_between_words_with_an_ellipsis() -> None:
    text = excerpt("<p>" + "word, " * 100 + "</p>")
    assert text.endswith("word…")
    assert 190 <= len(text) <= 201


@pytest.mark.parametrize("mark", ["<!--more-->", "<!-- More -->", "<a name='more'></a>", '<a name="more">'])
def test_the_more_marker_ends_the_excerpt(mark: str) -> None:
    rendered = render(f"<p>Before.</p>{mark}<p>After.</p>", "html")
    assert rendered.excerpt == "Before."
    assert "more" not in rendered.html.lower()


def test_the_more_marker_works_in_markdown() -> None:
    assert render("Before.\n\n<!--more-->\n\nAfter.\n", "markdown").excerpt == "Before."


def test_a_more_marker_before_all_text_is_ignored() -> None:
    assert excerpt("<h2>a</h2><!--more--><p>After.</p>") == "After."


def test_a_more_marker_in_code_is_ignored() -> None:
    assert render("Write `<!--more-->` there. And so on.\n", "markdown").excerpt == (
        "Write <!--more--> there. And so on."
    )


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_shortened_text_is_a_prefix_of_at_most_that_length(text: str, characters: int) -> None:
    short = shorten(text, characters)
    assert len(short) <= characters + 1
    assert short == text or text.startswith(short.removesuffix("…"))


def test_text_without_spaces_is_not_cut_within_a_character() -> None:
    assert shorten("e\u0301" * 20, 11) == "e\u0301" * 5 + "…"
    assert shorten("👩\u200d👧" * 10, 10) == "👩\u200d👧" * 3 + "…"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("", 1),
        ("a " * 200, 1),
        ("a " * 201, 2),
        ("— ! " * 1000, 1),
        ("中" * 400, 1),
        ("中文" * 600, 3),
        ("a中" * 200, 2),
    ],
)
def test_reading_time_counts_words_and_chinese_and_japanese_characters(text: str, minutes: int) -> None:
    assert reading_minutes(text) == minutes
