"""Conversion of WordPress's markup and shortcodes to HTML."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.common.autop import paragraphs
from kolom_cli.importers.wordpress.html_converter import Attachment, Converter

PICTURE = Attachment(id="5", url="https://old.example/a.jpg", alt='A "b"', caption="Cap", parent="1")


def _convert(text: str, **media: Attachment) -> tuple[str, list[str]]:
    converter = Converter({each.id: each for each in media.values()}, list(media.values()))
    html = converter.convert(text)
    return " ".join(html.split()), converter.notes


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\n\ntwo", "<p>one</p> <p>two</p>"),
        ("one\ntwo", "<p>one<br> two</p>"),
        ("one\r\n\r\n\r\ntwo", "<p>one</p> <p>two</p>"),
        ("one<br />\ntwo", "<p>one<br> two</p>"),
        ("<p>one\ntwo</p>", "<p>one<br> two</p>"),
        ("<h2>Title</h2>\ntext", "<h2>Title</h2> <p>text</p>"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "<ul> <li>a</li> <li>b</li> </ul>"),
        ("<blockquote>a\n\nb</blockquote>", "<blockquote> <p>a</p> <p>b</p> </blockquote>"),
        ("<a\nhref='x'>a</a> b", "<p><a href='x'>a</a> b</p>"),
        ("a\n\n<!--more-->\n\nb", "<p>a</p> <!--more--> <p>b</p>"),
        ("", ""),
    ],
)
def test_blank_lines_separate_paragraphs(text: str, html: str) -> None:
    assert _convert(text)[0] == html


def test_line_breaks_in_code_are_kept() -> None:
    code = "<pre>one\n\n[gallery]\n<b>two</b>\n</pre>"
    assert code in Converter({}).convert(f"before\n\n{code}\n\nafter")


@given(st.text(alphabet="ab \n", max_size=200))
def test_paragraphs_lose_no_text(text: str) -> None:
    written = paragraphs(text).replace("<p>", " ").replace("</p>", " ").replace("<br>", " ")
    assert written.split() == text.split()


def test_a_caption_becomes_a_figure() -> None:
    html, notes = _convert('[caption id="x" width="5"]<a href="/b"><img src="/a.png" /></a> A <b>cap</b>[/caption]')
    assert html == '<figure><a href="/b"><img src="/a.png" /></a><figcaption>A <b>cap</b></figcaption></figure>'
    assert notes == []


def test_a_caption_in_an_attribute_is_read() -> None:
    html, _ = _convert('[caption caption="Old &amp; good"]<img src="/a.png">[/caption]')
    assert html == '<figure><img src="/a.png"><figcaption>Old &amp; good</figcaption></figure>'


def test_a_gallery_shows_the_named_pictures_or_those_of_the_article() -> None:
    other = Attachment(id="6", url="https://old.example/b.jpg", alt="", caption="", parent="1")
    html, _ = _convert("[gallery]", a=PICTURE, b=other)
    assert html.count("<figure>") == 2
    html, notes = _convert('[gallery ids="6,99"]', a=PICTURE, b=other)
    assert "b.jpg" in html
    assert "a.jpg" not in html
    assert notes == ["a gallery uses media files that are not in the export: 99"]


@pytest.mark.parametrize(
    "text",
    [
        "https://www.youtube.com/watch?v=SQEQr7c0-dw",
        "https://youtu.be/SQEQr7c0-dw",
        "[embed]https://www.youtube.com/watch?v=SQEQr7c0-dw[/embed]",
        "[youtube https://www.youtube.com/watch?v=SQEQr7c0-dw]",
        "[youtube=https://www.youtube.com/watch?v=SQEQr7c0-dw&amp;w=640]",
        '[youtube id="SQEQr7c0-dw"]',
        '<!-- wp:embed {"url":"x"} --><div class="wp-block-embed__wrapper">\nhttps://youtu.be/SQEQr7c0-dw\n</div>',
    ],
)
def test_a_video_becomes_its_player(text: str) -> None:
    assert '<iframe src="https://www.youtube.com/embed/SQEQr7c0-dw"></iframe>' in _convert(text)[0]


def test_other_embedded_urls_become_links() -> None:
    assert _convert("https://x.example/a?b=1&c=2")[0].count("https://x.example/a?b=1&amp;c=2") == 2


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[audio https://x.example/a.mp3]", '<figure><audio controls src="https://x.example/a.mp3"></audio></figure>'),
        ('[video mp4="https://x.example/a.mp4"][/video]', '<figure><video controls src="https://x.example/a.mp4">'),
    ],
)
def test_audio_and_video_shortcodes_become_players(text: str, html: str) -> None:
    assert html in _convert(text)[0]


def test_an_unknown_shortcode_is_kept_as_text_and_reported() -> None:
    html, notes = _convert("before [contact-form to=x] after [/contact-form] [1] [a b")
    assert html == "<p>before [contact-form to=x] after [/contact-form] [1] [a b</p>"
    assert notes == ["kept as text: [contact-form]"]


def test_an_escaped_shortcode_is_text() -> None:
    assert _convert("write [[gallery]]") == ("<p>write [gallery]</p>", [])


def test_an_unclosed_caption_loses_no_text() -> None:
    html, notes = _convert("[caption]<img src='/a'> text [caption]more")
    assert "text [caption]more" in html
    assert notes == ["kept as text: [caption]"]


def test_block_editor_comments_are_removed_and_paragraphs_kept() -> None:
    text = (
        '<!-- wp:paragraph {"align":"x"} -->\n<p>One\ntwo</p>\n<!-- /wp:paragraph -->\n<!-- wp:latest-posts /-->\n'
        "<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n<p>b</p>"
    )
    html, notes = _convert(text)
    assert html == "<p>One two</p> <!--more--> <p>b</p>"
    assert notes == ["removed blocks whose content WordPress generates: latest-posts"]


@pytest.mark.parametrize(
    "piece", ["<pre>", "<!--", "[caption]", "[a ", "<div>", "</div>", "[[", "<code", "<a ", "<!-- wp:x", "https://a\n"]
)
def test_time_is_linear_for_long_malformed_input(piece: str) -> None:
    begin = time.process_time()
    Converter({}).convert("<!-- wp:p -->" + piece * 20_000)
    Converter({}).convert(piece * 20_000)
    assert time.process_time() - begin < 10
