"""Rendering of comments: the supported Markdown, and safety."""

import sys
import time
import unicodedata
from collections.abc import Callable
from functools import partial
from unittest.mock import Mock

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.rendering import visitor_text
from kolom.rendering.visitor_text import clean_text, is_blank, render
from tests.hostile import hostile_texts

PLAIN = {"blockquote", "br", "code", "em", "hr", "li", "p", "pre", "strong", "ul"}
ALLOWED: dict[str, set[str]] = {tag: set() for tag in PLAIN} | {"a": {"href", "rel"}, "ol": {"start"}}


def link(url: str, text: str | None = None) -> str:
    """Return the markup of a link in a comment."""
    return f'<a href="{url}" rel="{visitor_text.LINK_RELATION}">{text or url}</a>'


def check(html: str) -> None:
    """Check the markup with a browser's parsing algorithm."""
    parsed = html5lib.parseFragment(html, namespaceHTMLElements=False)
    for element in parsed.iter():
        if element is parsed:
            continue
        assert element.tag in ALLOWED, element.tag
        assert set(element.attrib) <= ALLOWED[element.tag]
        if element.tag == "a":
            assert element.get("rel") == visitor_text.LINK_RELATION
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
        ("![a *cat*](https://a.example/c.png)", f"<p>{link('https://a.example/c.png', 'a <em>cat</em>')}</p>"),
        ("![](https://a.example/c.png)", f"<p>{link('https://a.example/c.png')}</p>"),
        ("[](https://a.example)", f"<p>{link('https://a.example')}</p>"),
        ('see ![x](https://a.example "t")!', f"<p>see {link('https://a.example', 'x')}!</p>"),
        (
            "[before ![cat](https://a.example/c.png) after](https://a.example)",
            f"<p>{link('https://a.example', 'before cat after')}</p>",
        ),
        ("![x](javascript:alert(1)) ![y]() ![z]", "<p>![x](javascript:alert(1)) ![y]() ![z]</p>"),
        ("\\![x](https://a.example)", f"<p>!{link('https://a.example', 'x')}</p>"),
        ("`![x](https://a.example)`", "<p><code>![x](https://a.example)</code></p>"),
        ("[x]()[*y*]( \n)[]()", "<p>[x]()[<em>y</em>](<br>\n)[]()</p>"),
        (
            "[a []() b](https://a.example)",
            '<p><a href="https://a.example" rel="nofollow ugc noopener">a []() b</a></p>',
        ),
    ],
)
def test_simple_markdown_is_supported(content: str, html: str) -> None:
    assert render(content).html == html


def test_there_are_hundreds_of_hostile_texts() -> None:
    assert len(list(hostile_texts())) >= 500


def test_no_hostile_text_becomes_forbidden_markup() -> None:
    for content in hostile_texts():
        check(render(content).html)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_no_text_becomes_forbidden_markup(content: str) -> None:
    check(render(content).html)


@example(["[", "]", "(", ")"])
@given(
    st.lists(st.sampled_from(["<", ">", "[", "]", "(", ")", "javascript:", "\n", "*", "`", "&", '"', "a", "!", " "]))
)
def test_no_combination_of_marks_becomes_forbidden_markup(pieces: list[str]) -> None:
    check(render("".join(pieces)).html)


@given(st.text(max_size=100))
def test_cleaning_is_idempotent(content: str) -> None:
    assert clean_text(clean_text(content)) == clean_text(content)


def test_cleaning_removes_overrides_controls_and_excess_marks_but_no_joiners() -> None:
    assert clean_text("a\u202eb\u2066c") == "abc"
    assert clean_text("\u05d0\u200f!") == "\u05d0\u200f!"
    assert clean_text("e" + "\u0301" * 5_000) == "é" + "\u0301" * 8
    assert clean_text("a\x00b\x0bc\r\nd") == "abc\nd"
    assert clean_text("\u0915\u094d\u200d\u0937") == "\u0915\u094d\u200d\u0937"


@pytest.mark.parametrize(
    "nothing", ["", " \n", "\u200b\u200d", "\u0301", "\u202e", "\u00a0", "\ufeff", "\u3164", "\u2800"]
)
def test_an_invisible_text_is_empty(nothing: str) -> None:
    assert is_blank(clean_text(nothing))


PIECES = ("- a\n", "*_", "a**", "[*", "[](", "[`", "a://", "http://[", "https://a.b.", "&", ">\n\n", "a\u00a0", "a\n")
HOSTILE = {
    **{piece: piece * 10_000 for piece in PIECES},
    "quotations within each other": (">" * 20 + "a\n\n") * 500,
    "lists within each other": ("- " * 12 + "a\n") * 500,
    "emphasis within each other": "*a " * 1_600 + "a* " * 1_600,
    "links": "[](http://a)" * 1_000,
    "links by themselves": "http://a " * 1_200,
    "an address of emoji": "http://a/" + "\U0001f600" * 9_991,
}


def lines_executed(run: Callable[[], object]) -> int:
    """Return how many lines of Python run, a measure of time that does not depend on the machine."""
    count, tool = 0, sys.monitoring.PROFILER_ID

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    sys.monitoring.use_tool_id(tool, "lines")
    sys.monitoring.register_callback(tool, sys.monitoring.events.LINE, counted)
    sys.monitoring.set_events(tool, sys.monitoring.events.LINE)
    try:
        run()
    finally:
        sys.monitoring.set_events(tool, 0)
        sys.monitoring.free_tool_id(tool)
    return count


def test_the_markup_has_at_most_six_bytes_per_character() -> None:
    """Another 2,000 bytes are allowed for each text, because a short URL grows more."""
    for name, content in HOSTILE.items():
        html = render(content[:10_000]).html
        assert len(html.encode()) <= 62_000, name


def test_nesting_beyond_twenty_elements_is_shown_as_plain_text() -> None:
    assert render(">" * 19 + "a").html.count("<blockquote>") == 19
    assert render(">" * 20 + "a").html == f"<p>{'&gt;' * 20}a</p>"
    assert render("*a " * 21 + "a* " * 21).html.startswith("<p>*a *a")


def test_a_text_with_more_than_two_hundred_links_is_shown_as_plain_text() -> None:
    """The links still count for the spam rules."""
    assert render("[a](http://a.example) " * 200).html.count("<a ") == 200
    assert render("[a](http://a.example) " * 201).html.count("<a ") == 0
    assert render("[a](http://a.example) " * 201).links == 201


def test_a_paragraph_longer_than_any_comment_is_shown_as_plain_text() -> None:
    """Only imported comments can have one, because they may be longer."""
    long = "**a** " * 2_000 + "http://a.example"
    assert render(f"**b**\n\n{long}").html.startswith("<p>**b**</p>\n<p>**a** **a**")
    assert render(long).links == 1
    assert render("**b**\n\n" * 5_000).html.count("<strong>") == 5_000


def test_plain_text_keeps_its_paragraphs_and_lines() -> None:
    assert render(f"{'>' * 21} <b>\n&\n\n  \nc").html == f"<p>{'&gt;' * 21} &lt;b&gt;<br>\n&amp;</p>\n<p>c</p>"


def test_realistic_comments_are_within_the_limits() -> None:
    """Examples are a list of a hundred links, a long conversation in quotations, and code of 10,000 characters."""
    assert render("- [A page](https://a.example/2024/05/x.html)\n" * 100).html.count("<a ") == 100
    assert render("> > > > > Are you **sure**?\n> > > >\n> > > > Yes.\n\nFine.\n\n" * 150).html.count("<strong>") == 150
    assert render(f"```\n{'if (a < b && *c) { d[0] = "e"; }\n' * 300}\n```").html.startswith("<pre><code>if (a &lt; b")
    assert render("see https://a.example").links == 1


@pytest.mark.parametrize("piece", ["![", "[", "![[", "*![", "![![]", "[a "])
def test_brackets_that_begin_no_link_are_read_a_limited_number_of_times(piece: str) -> None:
    content = (piece * 10_000)[:10_000].strip()
    lines = lines_executed(partial(render, content))
    assert lines < 2_500_000
    assert render(content).html == f"<p>{content}</p>"


def test_many_links_and_brackets_are_below_the_limit_of_steps() -> None:
    assert render("[the text of a *link*](http://a.example) " * 200).html.count("<a ") == 200
    assert render("a[i][j] = *b*[k] " * 588).html.count("<em>") == 588


def test_rendering_time_is_linear() -> None:
    """Lines of Python are counted; ``benchmarks.comment_text`` measures the time, including loops in C."""
    for name, content in HOSTILE.items():
        once, twice = (lines_executed(partial(render, content[:length])) for length in (700, 1_400))
        assert twice <= 2.5 * once + 1_000, (name, once, twice)


def test_underscores_after_incomplete_urls_take_little_time() -> None:
    """Lines of Python would not show it. The limit is a hundred times the usual time."""
    start = time.process_time()
    render((("http:// " * 70 + "_" * 1_400 + "a\n\n") * 6)[:10_000])
    assert time.process_time() - start < 3


def test_urls_are_only_searched_for_where_one_can_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not searched for at each colon, and never in more than 2,000 characters."""
    look = Mock(return_value=0)
    monkeypatch.setattr(visitor_text._PARSER.linkify, "test_schema_at", look)
    render("a://[" * 2_000)
    look.assert_not_called()
    render("http://[" * 1_000)
    assert look.call_count <= 2_000
    assert max(len(call.args[0]) for call in look.call_args_list) == 2_000


@pytest.mark.parametrize(
    ("content", "address"),
    [
        ("(https://a.example/b).", "https://a.example/b"),
        ("*https://a.example*", "https://a.example"),
        ("_https://a.example_, he said", "https://a.example"),
        ("HTTPS://A.example/?q=1&r=2", "HTTPS://A.example/?q=1&amp;r=2"),
        ("https://id.wikipedia.org/wiki/日本", "https://id.wikipedia.org/wiki/%E6%97%A5%E6%9C%AC"),
        ("https://a.example/" + "b" * 1_900, "https://a.example/" + "b" * 1_900),
    ],
)
def test_complete_urls_become_links(content: str, address: str) -> None:
    assert f'<a href="{address}"' in render(content).html


@pytest.mark.parametrize(
    "content",
    [
        *("//a.example", "ftp://a.example", "xhttp://a.example", "www.a.example", "a@a.example", "http:/a"),
        *("`http://a.b`", "http://a.example/" + "b" * 2_000),
    ],
)
def test_other_text_does_not_become_a_link(content: str) -> None:
    assert render(content).links == 0


def test_excess_combining_marks_are_removed_before_normalisation(monkeypatch: pytest.MonkeyPatch) -> None:
    """NFC sorts the marks of a letter in quadratic time."""
    normalize = Mock(wraps=unicodedata.normalize)
    monkeypatch.setattr(unicodedata, "normalize", normalize)
    assert clean_text("a" + "\u0301\u0327" * 5_000) == clean_text("a" + "\u0301\u0327" * 32)
    assert len(normalize.call_args_list[0].args[1]) == 65


def test_the_same_text_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Mock(wraps=visitor_text._PARSER.parse)
    monkeypatch.setattr(visitor_text._PARSER, "parse", parse)
    assert render("Once and *for all*.") == render("Once and *for all*.")
    parse.assert_called_once()


@pytest.mark.parametrize("prefix", ["> " * 30, "".join(f"{'  ' * depth}- \n" for depth in range(30)) + "  " * 30])
def test_links_are_counted_at_any_depth(prefix: str) -> None:
    assert render(prefix + "http://a.example " * 5).links >= 5
