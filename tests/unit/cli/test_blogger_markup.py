"""Blogger's HTML becomes plain HTML that says the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.rendering import plain_text, render
from kolom_cli.importers.blogger.markup import Converter, largest, picture_name

HOST = "https://blogger.googleusercontent.com/img/b/R29/AVv"


def convert(content: str) -> str:
    return Converter({"/2012/09/own.html"}.__contains__, frozenset({"www.old.example"})).convert(content)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("one<br /><br />two<br/>three", "<p>one</p><p>two<br/>three</p>"),
        ('<div dir="ltr" style="text-align: left;" trbidi="on">one<br><br>two</div>', "<p>one</p><p>two</p>"),
        ("<div>one</div><div><br /></div><div>two</div>", "<p>one</p><p>two</p>"),
        ("<div><div><div>deep</div></div>and shallow</div>", "<p>deep</p><p>and shallow</p>"),
        ('<div style="text-align: center;">middle</div>', '<p align="center">middle</p>'),
        ("<p>kept</p><p>&nbsp;</p><p><o:p></o:p></p>", "<p>kept</p>"),
        ("above<a name='more'></a> below", "<p>above<!--more--> below</p>"),
        ("<p>above</p><!--more--><p>below</p>", "<p>above</p><!--more--><p>below</p>"),
        ("<ul><li>a<br /></li><li><div>b</div></li></ul>", "<ul><li>a<br/></li><li>b<br/></li></ul>"),
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
            f'<figure><img src="{HOST}/s1600/a.jpg"/></figure>',
        ),
        (
            (
                '<table class="tr-caption-container"><tbody><tr><td><a href="https://else.example/">'
                '<img src="https://1.bp.blogspot.com/-a/s320/x.jpg"></a></td></tr>'
                '<tr><td class="tr-caption">Words <i>below</i></td></tr></tbody></table>'
            ),
            (
                '<figure><a href="https://else.example/"><img src="https://1.bp.blogspot.com/-a/s1600/x.jpg"/></a>'
                "<figcaption>Words <i>below</i></figcaption></figure>"
            ),
        ),
        (
            '<object><param name="movie" value="http://www.youtube.com/v/abcdefghijk&hl=en"></object>',
            '<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>',
        ),
        ('<a href="http://www.old.example/2012/09/own.html#x">own</a>', '<p><a href="/2012/09/own.html#x">own</a></p>'),
        (
            '<a href="https://x.blogspot.co.id/2012/09/own.html?m=1">own</a>',
            '<p><a href="/2012/09/own.html">own</a></p>',
        ),
        (
            '<a href="https://else.example/2012/09/own.html">not</a>',
            '<p><a href="https://else.example/2012/09/own.html">not</a></p>',
        ),
    ],
)
def test_what_the_editors_write_becomes_plain(written: str, clean: str) -> None:
    assert convert(written) == clean


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
def test_a_picture_is_taken_at_up_to_1600_pixels(url: str, shown: str) -> None:
    assert largest(url) == shown


def test_a_picture_is_known_by_its_files_name() -> None:
    assert picture_name(f"{HOST}/s320/Pasar%2520pagi+1.jpg") == "Pasar pagi 1.jpg"
    assert picture_name("https://lh3.googleusercontent.com/abc=s320") is None
    assert picture_name("https://else.example/a.jpg") is None


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


@given(st.lists(st.sampled_from(_PIECES), max_size=25))
def test_any_markup_is_converted_and_loses_no_words(pieces: list[str]) -> None:
    written = "".join(pieces)
    if "<!--" not in written and "tr-caption" not in written and "<object>" not in written:
        kept = plain_text(render(convert(written), "html").html).split()
        assert kept.count("word") == plain_text(render(written, "html").html).split().count("word")
    else:
        convert(written)


@pytest.mark.parametrize(
    "nested", ["<div>", "<div><b>", "<blockquote>", "<span style='font-weight:bold'>", "<table><tr><td>"]
)
def test_markup_nested_without_end_is_no_error(nested: str) -> None:
    assert "deep" in convert(nested * 3_000 + "deep")
