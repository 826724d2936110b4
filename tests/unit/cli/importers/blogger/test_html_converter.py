"""Conversion of Blogger's HTML to plain HTML with the same content."""

import re
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.rendering.html_tokenizer import Start, Text, tokenize, unescape
from kolom.rendering.renderer import render
from kolom.rendering.text import plain_text
from kolom_cli.importers.blogger.html_converter import Converter
from kolom_cli.importers.blogger.urls import OwnLinks, image_name, largest

HOST = "https://blogger.googleusercontent.com/img/b/R29/AVv"


def convert(content: str) -> str:
    own = OwnLinks({"/2012/09/own.html"}.__contains__, frozenset({"www.old.example"}))
    return Converter(own).convert(content)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("one<br /><br />two<br/>three", "<p>one</p><p>two<br>three</p>"),
        ('<div dir="ltr" style="text-align: left;" trbidi="on">one<br><br>two</div>', "<p>one</p><p>two</p>"),
        ("<div>one</div><div><br /></div><div>two</div>", "<p>one</p><p>two</p>"),
        ("<div><div><div>deep</div></div>and shallow</div>", "<p>deep</p><p>and shallow</p>"),
        ('<div style="text-align: center;">middle</div>', '<p align="center">middle</p>'),
        ("<p>kept</p><p>&nbsp;</p><p><o:p></o:p></p>", "<p>kept</p>"),
        ("above<a name='more'></a> below", "<p>above<!--more--> below</p>"),
        ("<p>above</p><!--more--><p>below</p>", "<p>above</p><!--more--><p>below</p>"),
        ("<ul><li>a<br /></li><li><div>b</div></li></ul>", "<ul><li>a<br></li><li>b<br></li></ul>"),
        ("<pre>a\n\nb</pre>", "<pre>a\n\nb</pre>"),
        (
            '<span style="font-weight: bold;">b</span> <span style="font-family: arial;">c</span>',
            "<p><strong>b</strong> c</p>",
        ),
        ('<b style="font-weight:normal;">all of it</b>', "<p>all of it</p>"),
        ('text<img width="1" height="1" src="https://blogger.googleusercontent.com/tracker/1">', "<p>text</p>"),
        (
            (
                f'<div class="separator" style="clear: both;"><a href="{HOST}/s4032/a.jpg" imageanchor="1">'
                f'<img border="0" height="240" src="{HOST}/w320-h240/a.jpg" width="320" /></a></div>'
            ),
            f'<figure><img src="{HOST}/s1600/a.jpg"></figure>',
        ),
        (
            (
                '<table class="tr-caption-container"><tbody><tr><td><a href="https://else.example/">'
                '<img src="https://1.bp.blogspot.com/-a/s320/x.jpg"></a></td></tr>'
                '<tr><td class="tr-caption">Words <i>below</i></td></tr></tbody></table>'
            ),
            (
                '<figure><a href="https://else.example/"><img src="https://1.bp.blogspot.com/-a/s1600/x.jpg"></a>'
                "<figcaption>Words <i>below</i></figcaption></figure>"
            ),
        ),
        (
            '<object><param name="movie" value="http://www.youtube.com/v/abcdefghijk&hl=en"></object>',
            '<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>',
        ),
        ("Intro<br><a name=more></a><br>Rest", "<p>Intro</p><!--more--><p>Rest</p>"),
        ("a<div><br></div>b", "<p>a</p><p>b</p>"),
        ("<p>kept</p><p><b></b></p><h2><br></h2><h3><span style='font-weight: bold'> </span></h3>", "<p>kept</p>"),
        ("<b><p></p></b><p>kept</p>", "<p>kept</p>"),
        ("<b>one<br><br>two<div>three</div></b>", "<p><b>one</b></p><b><p>two</p><p>three</p></b>"),
    ],
)
def test_editor_markup_is_simplified(written: str, clean: str) -> None:
    assert convert(written) == clean


def picture(name: str) -> str:
    return f'<img src="{HOST}/s1600/{name}.jpg">'


def captioned(*rows: str) -> str:
    cells = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="tr-caption-container"><tbody>{cells}</tbody></table>'


_EMPTY_CAPTION = "<td class='tr-caption'></td>"


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (
            (f"<td>{picture('a')}{picture('b')}</td>", '<td class="tr-caption">Both</td>'),
            f"<figure>{picture('a')}{picture('b')}<figcaption>Both</figcaption></figure>",
        ),
        (
            (f'<td id="x"><div class="separator"><a name="y"></a>{picture("a")}</div></td>', ""),
            f'<a id="x"></a><a id="y"></a><figure>{picture("a")}</figure>',
        ),
        (
            (f"<td>{picture('a')} beside it</td>", '<td class="tr-caption">Below</td>'),
            captioned(f"<td>{picture('a')} beside it</td>", '<td class="tr-caption">Below</td>'),
        ),
        (
            (
                f"<td>{picture('a')}</td><td>{picture('b')}</td>",
                '<td class="tr-caption">A</td><td class="tr-caption">B</td>',
            ),
            captioned(
                f"<td>{picture('a')}</td><td>{picture('b')}</td>",
                '<td class="tr-caption">A</td><td class="tr-caption">B</td>',
            ),
        ),
        (("<td>No picture</td>", ""), captioned("<td>No picture</td>", "")),
    ],
)
def test_a_captioned_table_without_other_content_becomes_a_figure(rows: tuple[str, ...], kept: str) -> None:
    assert convert(captioned(*rows)) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (
            '<div dir="rtl" lang="ar" id="x">one<br><br>two</div>',
            '<p id="x" lang="ar" dir="rtl">one</p><p lang="ar" dir="rtl">two</p>',
        ),
        (
            '<div dir="rtl"><div>one</div><div dir="ltr">two</div></div>',
            '<div dir="rtl"><p>one</p><p dir="ltr">two</p></div>',
        ),
        ('<span id="x" style="font-weight: bold">one</span>', '<p><strong><span id="x">one</span></strong></p>'),
        ('<div><span id="x"></span></div><div id="y"></div>two', '<a id="x"></a><a id="y"></a><p>two</p>'),
        ('<ul><li><div id="x">one</div></li></ul>', '<ul><li><span id="x">one</span><br></li></ul>'),
        ('<a name="x">one<div>two</div></a>', '<p><a id="x"></a>one</p><p>two</p>'),
        ('<p id="x"></p>two', '<a id="x"></a><p>two</p>'),
        ('<div class="separator" id="x"><img src="a.png"></div>', '<figure id="x"><img src="a.png"></figure>'),
        ('<b id="docs-internal-guid-1" style="font-weight:normal;">one</b>', "<p>one</p>"),
    ],
)
def test_link_targets_languages_and_directions_are_kept(written: str, kept: str) -> None:
    assert convert(written) == kept


def test_a_link_within_the_article_still_works() -> None:
    shown = render(convert('<a href="#note-1">see</a><div id="note-1">Note<br><br>its end</div>'), "html").html
    assert '<a href="#note-1">see</a>' in shown
    assert '<p id="note-1">Note</p>' in shown


@pytest.mark.parametrize("address", ["https://a.example/tracker/photo.jpg", "https://a.example/feeds/12/photo.jpg"])
def test_a_picture_whose_url_resembles_that_of_a_tracker_is_kept(address: str) -> None:
    assert address in convert(f'<img src="{address}">')


DATED, PAGE = "/2012/09/own.html", "/p/about.html"


@pytest.mark.parametrize(
    ("hosts", "url", "leads_to"),
    [
        ({"www.old.example"}, f"http://www.old.example{DATED}#x", f"{DATED}#section-x"),
        ({"www.old.example"}, f"http://www.old.example{PAGE}", PAGE),
        ({"www.old.example"}, f"https://old.example{PAGE}?showComment=12#c12", f"{PAGE}#section-c12"),
        ({"old.example"}, f"//www.old.example{PAGE}?spref=fb", PAGE),
        ({"www.old.example"}, f"https://else.example{DATED}", None),
        ({"www.old.example"}, f"https://x.blogspot.com{DATED}", DATED),
        ({"www.old.example"}, f"https://x.blogspot.com{PAGE}", None),
        ({"x.blogspot.com"}, f"https://x.blogspot.co.id{DATED}?m=1", DATED),
        ({"x.blogspot.com"}, f"https://x.blogspot.de{PAGE}", PAGE),
        ({"x.blogspot.com"}, f"https://y.blogspot.com{PAGE}", None),
        ({"x.blogspot.com"}, f"https://y.blogspot.com{DATED}", None),
        (set(), f"https://x.blogspot.co.id{DATED}", DATED),
        (set(), f"https://x.blogspot.com{PAGE}", None),
        (set(), f"https://else.example{DATED}", None),
        (set(), "http://[broken/2012/09/own.html", None),
    ],
)
def test_links_between_the_blogs_articles_are_rewritten(hosts: set[str], url: str, leads_to: str | None) -> None:
    assert OwnLinks({DATED, PAGE}.__contains__, frozenset(hosts))(url) == (leads_to or url)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("x<b>y<div>z</div>w</b>v", "<p>x<b>y</b></p><b><p>z</p></b><p><b>w</b>v</p>"),
        ('x<a href="/y">y<p>z</p></a>', '<p>x<a href="/y">y</a></p><a href="/y"><p>z</p></a>'),
        ("x<i><b>y<br><br>z<div>v</div></b></i>", "<p>x<i><b>y</b></i></p><i><b><p>z</p><p>v</p></b></i>"),
        ('<b id="x">y<div>z</div></b>', '<p><b id="x">y</b></p><b><p>z</p></b>'),
        ("<i>\n<p>z</p> </i>v", "<i><p>z</p></i><p>v</p>"),
        ("<li>x<b>y<p>z</p></b></li>", "<li>x<b>y<p>z</p></b></li>"),
    ],
)
def test_text_beside_emphasis_that_contains_blocks_stays_in_one_paragraph(written: str, clean: str) -> None:
    """Text that an editor shows on one line is one paragraph, even if emphasis in it also contains blocks."""
    assert convert(written) == clean


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("<li>a<div>b</div>c</li>", "<li>a<br>b<br>c</li>"),
        ("<li><div>a<div>b</div></div></li>", "<li>a<br>b<br></li>"),
        ("<li>a<div></div>b</li>", "<li>a<br>b</li>"),
        ("<li>a<div><span><br></span></div>b</li>", "<li>a<br><br>b</li>"),
        ("<li>a<b><div>b</div></b></li>", "<li>a<b><br>b<br></b></li>"),
        ("<li><img src='a.png'><div>b</div></li>", '<li><img src="a.png"><br>b<br></li>'),
        ("<h2>a<div>b</div></h2>", "<h2>a<br>b<br></h2>"),
        ('<a href="/x">a<div>b</div></a>', '<p><a href="/x">a<br>b<br></a></p>'),
    ],
)
def test_a_division_inside_inline_content_becomes_a_line(written: str, clean: str) -> None:
    """Text before a division is separated from its content."""
    assert convert(written) == clean


def test_an_empty_cell_of_a_table_that_becomes_a_figure_is_dropped() -> None:
    """A cell outside a row would make browsers move the text around it."""
    table = captioned('<td id="x"></td>', f"<td>{picture('a')}</td>", _EMPTY_CAPTION)
    assert convert(table) == f'<a id="x"></a><figure>{picture("a")}</figure>'


FRAME = "is replaced by a link"
OBJECT = "removed a video hosted by Blogger"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("<script>alert(1)</script>text<script src=x></script>", ["removed a script"]),
        ('<iframe class="BLOG_video_class" src="https://www.blogger.com/video.g?token=1"></iframe>', [FRAME]),
        ('<iframe class="b-uploaded" src="//www.blogger.com/video.g?token=1"></iframe>', [FRAME]),
        ('<iframe class="BLOG_video_class" src="https://www.youtube.com/embed/abcdefghijk"></iframe>', []),
        (
            '<embed src="http://vimeo.com/x.swf?id=1">',
            [
                "removed an embedded object, such as a player that browsers no longer support: http://vimeo.com/x.swf?id=1"
            ],
        ),
        (
            '<object><param name="movie" value="http://a.example/b.swf"></object>',
            ["removed an embedded object, such as a player that browsers no longer support: http://a.example/b.swf"],
        ),
        ('<object class="BLOG_video_class" contentid="1" id="BLOG_video-1"></object>', [OBJECT]),
        ('<object class="BLOG_video_class"><param value="//youtube.googleapis.com/v/abcdefghijk"></object>', []),
        ("<p>text</p>", []),
    ],
)
def test_content_without_an_equivalent_is_noted(written: str, says: list[str]) -> None:
    converter = Converter()
    converter.convert(written)
    assert len(converter.notes) == len(says)
    assert all(word in note for word, note in zip(says, converter.notes, strict=True))


def test_a_video_with_two_legacy_players_is_shown_once() -> None:
    url = "http://www.youtube.com/v/abcdefghijk"
    written = f'<object data="{url}"><param name="movie" value="{url}"><embed src="{url}"></embed>its words</object>'
    assert convert(written * 2).count("<iframe") == 2
    assert convert(written).endswith("<p>its words</p>")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"{HOST}/s72-c/a%20b.jpg", f"{HOST}/s1600/a%20b.jpg"),
        (f"{HOST}/w640-h426-p-k-no-nu/a.jpg", f"{HOST}/s1600/a.jpg"),
        ("https://lh3.googleusercontent.com/abc=s320", "https://lh3.googleusercontent.com/abc=s1600"),
        ("https://lh3.googleusercontent.com/abc=w400-h300-no", "https://lh3.googleusercontent.com/abc=s1600"),
        ("https://else.example/s320/a.jpg", "https://else.example/s320/a.jpg"),
        ("http://[broken/s320/a.jpg", "http://[broken/s320/a.jpg"),
    ],
)
def test_a_picture_is_fetched_at_up_to_1600_pixels(url: str, shown: str) -> None:
    assert largest(url) == shown


def test_a_picture_is_identified_by_its_file_name() -> None:
    assert image_name(f"{HOST}/s320/Pasar%2520pagi+1.jpg") == "Pasar pagi 1.jpg"
    assert image_name("https://lh3.googleusercontent.com/abc=s320") is None
    assert image_name("https://else.example/a.jpg") is None


_PIECES = [
    *(
        "<div>",
        "</div>",
        "<br>",
        "<b>",
        "</b>",
        "<p>",
        "</p>",
        "<a name='more'>",
        "<table class='tr-caption-container'>",
    ),
    *(
        "<div class='separator'>",
        "<img src='x.png'>",
        "<ul>",
        "<li>",
        "<span style='font-style: italic'>",
        "<!--",
        "-->",
    ),
    *("<object>", "&nbsp;", "&", "<", "word ", "\n", "<td class='tr-caption'>", "<pre>", "</pre>", "</a>", "</table>"),
]


@example(["-->", "<b>", "word ", "<div>"])
@example(["<pre>", "&", "<div>", "word "])
@given(st.lists(st.sampled_from(_PIECES), max_size=25))
def test_any_markup_is_converted_without_losing_words(pieces: list[str]) -> None:
    written = "".join(pieces)
    if "<!--" not in written and "tr-caption" not in written and "<object>" not in written:
        kept = plain_text(render(convert(written), "html").html).split()
        assert kept.count("word") == plain_text(render(written, "html").html).split().count("word")
    else:
        convert(written)


@pytest.mark.parametrize(
    "nested", ["<div>", "<div><b>", "<blockquote>", "<span style='font-weight:bold'>", "<table><tr><td>"]
)
def test_endlessly_nested_markup_is_accepted(nested: str) -> None:
    assert "deep" in convert(nested * 3_000 + "deep")


def _count_executed_lines(content: str) -> int:
    """Return how many lines of Python the conversion of the content executes."""
    lines = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        convert(content)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize(
    ("around", "repeated"),
    [
        ("", "a<br><br>"),
        ("", "text<br>"),
        ("<ul><li>", "<div>x</div>"),
        ("<div>", "<div>x</div>y"),
        ("<p>", "<span style='font-weight:bold'>x</span> "),
        ("<div>" * 150, "<p>x</p>"),
        ("<div class='separator'>" * 150, "<div class='separator'><img src='a.png'></div>"),
        ("", "<table class='tr-caption-container'><tr><td><img src='a.png'></td><td class='tr-caption'>x</td></table>"),
        ("<table class='tr-caption-container'><tr>", "<td class='tr-caption'>x</td>"),
        ("<span>" * 150, "<a name='more'></a>x<br><br>"),
    ],
)
def test_conversion_time_is_linear_in_the_width(around: str, repeated: str) -> None:
    once, twice, thrice = (_count_executed_lines(around + repeated * times) for times in (100, 200, 300))
    assert thrice - twice < 1.1 * (twice - once)


def _within(*tags: str) -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([(tag, f"</{re.split(r'[ >]', tag)[0][1:]}>") for tag in tags])


_WORDS = st.text("ab&;\u0627 \n", max_size=4).map(lambda text: text.replace("&", "&amp;"))
_LEAVES = st.one_of(
    _WORDS,
    st.sampled_from(("<br>", "<br><br>", "&nbsp;", "<a name='more'></a>", "<!--more-->", "<a name='x'></a>")),
    st.sampled_from(("<img src='a.png'>", "<a href='a.png'><img src='a.png'></a>", "<hr>")),
)
_ELEMENTS = _within(
    *("<div>", "<div class='separator'>", "<div id='x' dir='rtl'>", "<div style='text-align: center'>", "<blockquote>"),
    *(
        "<p>",
        "<h2>",
        "<ul><li>",
        "<li>",
        "<pre>",
        "<b>",
        "<b style='font-weight: normal'>",
        "<a href='/x'>",
        "<figure>",
    ),
    *("<span>", "<span lang='id'>", "<span style='font-weight: bold; font-style: italic'>", "<center>", "<font>"),
)


def _larger(contents: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(contents, max_size=4).map("".join)
    tables = st.tuples(several, several).map(
        lambda cells: captioned(f"<td>{cells[0]}</td>", f"<td class='tr-caption'>{cells[1]}</td>")
    )
    return st.one_of(
        st.tuples(_ELEMENTS, several).map(lambda parts: parts[0][0] + parts[1] + parts[0][1]),
        tables,
        several,
    )


def _words(html: str) -> str:
    """Return all text without white space."""
    text = "".join(unescape(token.markup) for token in tokenize(html) if isinstance(token, Text))
    return re.sub(r"\s", "", text)


def _pictures(html: str) -> int:
    return sum(1 for token in tokenize(html) if isinstance(token, Start) and token.name == "img")


@example(
    captioned("<td></td>", f"<td class='tr-caption'>a{captioned(f'<td>{picture("a")}</td>', _EMPTY_CAPTION)};</td>")
)
@given(st.recursive(_LEAVES, _larger, max_leaves=20))
def test_no_word_and_no_picture_is_lost(written: str) -> None:
    converted = convert(written)
    assert (_words(converted), _pictures(converted)) == (_words(written), _pictures(written))
    shown = render(converted, "html").html
    assert (_words(shown), _pictures(shown)) == (_words(render(written, "html").html), _pictures(written))


@given(st.recursive(_LEAVES, _larger, max_leaves=20))
def test_no_paragraph_and_no_heading_is_empty(written: str) -> None:
    assert not re.search(r"<(p|h2)( [^>]*)?>(\s|<br>|&nbsp;|</?(b|strong|em)>)*</\1>", convert(written))


@pytest.mark.parametrize(
    ("noted", "kept"),
    [
        ('width="320" height="213" data-original-width="1600" data-original-height="1067"', ("1600", "1067")),
        ('width="320" height="213"', (None, None)),
        ('data-original-width="1600"', (None, None)),
        ('data-original-width="0" data-original-height="x"', (None, None)),
    ],
)
def test_a_picture_keeps_the_size_in_bloggers_metadata(noted: str, kept: tuple[str | None, str | None]) -> None:
    html = render(convert(f'<p>x<img src="{HOST}/s320/a.jpg" {noted}></p>'), "html").html
    (image,) = (token for token in tokenize(html) if isinstance(token, Start) and token.name == "img")
    assert (image.attributes.get("width"), image.attributes.get("height")) == kept
