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


def test_an_unknown_shortcode_is_removed_and_counted_and_its_text_kept() -> None:
    html, notes = _convert("before [contact-form to=x] after [/contact-form] [poll id='5'] [poll id='6'] [1] [a b")
    assert html == "<p>before after [1] [a b</p>"
    assert notes == [
        "removed shortcodes and kept the text in them: [contact-form] (1)",
        "removed shortcodes: [poll] (2)",
    ]


@pytest.mark.parametrize(
    "text",
    ["he said [sic] that", "a [citation needed] b", "x [and/or] y", "[Update] new", "see [emphasis mine].", "[/rant]"],
)
def test_a_text_in_brackets_that_may_be_prose_is_kept_and_reported(text: str) -> None:
    html, notes = _convert(text)
    assert html == f"<p>{text}</p>"
    assert len(notes) == 1
    assert notes[0].startswith("kept as text: [")


@pytest.mark.parametrize(
    "text",
    ["[sitemap]", "a\n\n[my-plugin]\n\nb", "a [my_form] b", "a [form id=3] b", "a [toc /] b", "<p>[toc]</p>",
     "a [polldaddy poll=4] b", "[gallery-x a='1'\nb='2']", "[caption]"],
)  # fmt: skip
def test_the_source_of_a_shortcode_is_never_shown(text: str) -> None:
    html, notes = _convert(text)
    assert "[" not in html
    assert notes[0].startswith("removed shortcodes: [")


def test_nested_unknown_shortcodes_keep_the_text_and_the_code_in_them() -> None:
    html, notes = _convert("[row][col span='2']Left <b>x</b>\n\n<pre>[y]</pre>[/col][col]Right[/col][/row]")
    assert html == "<p>Left <b>x</b></p> <pre>[y]</pre> <p>Right</p>"
    assert notes == ["removed shortcodes and kept the text in them: [col] (2), [row] (1)"]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (
            '[soundcloud url="https://x.example/a" params="b=c"]',
            '<a href="https://x.example/a">https://x.example/a</a>',
        ),
        ("[googlemaps https://x.example/a]", '<a href="https://x.example/a">https://x.example/a</a>'),
        ("[instagram]https://x.example/a[/instagram]", '<a href="https://x.example/a">https://x.example/a</a>'),
        ("[button href='https://x.example/a']Go <b>on</b>[/button]", '<a href="https://x.example/a">Go <b>on</b></a>'),
    ],
)
def test_an_unknown_shortcode_with_a_url_becomes_a_link(text: str, link: str) -> None:
    html, notes = _convert(text)
    assert link in html
    assert notes[0].startswith("shortcodes became links: [")


def test_an_escaped_shortcode_is_text() -> None:
    assert _convert("write [[gallery]] or [[b a='1']x [c][/b]]") == ("<p>write [gallery] or [b a='1']x [c][/b]</p>", [])


def test_an_unclosed_caption_loses_no_text() -> None:
    html, notes = _convert("[caption]<img src='/a'> text [caption]more")
    assert html == "<p><img src='/a'> text more</p>"
    assert notes == ["removed shortcodes: [caption] (2)"]


def test_block_editor_comments_are_removed_and_paragraphs_kept() -> None:
    text = (
        '<!-- wp:paragraph {"align":"x"} -->\n<p>One\ntwo</p>\n<!-- /wp:paragraph -->\n<!-- wp:latest-posts /-->\n'
        "<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n<p>b</p>"
    )
    html, notes = _convert(text)
    assert html == "<p>One two</p> <!--more--> <p>b</p>"
    assert notes == ["removed blocks whose content WordPress generates: latest-posts"]


def test_text_between_blocks_becomes_paragraphs() -> None:
    html, _ = _convert("One\n\nTwo\n\n<!-- wp:html -->\n<div>a\nb</div>\n<!-- /wp:html -->\n\nThree")
    assert html == "<p>One</p> <p>Two</p> <div>a b</div> <p>Three</p>"


def test_a_block_with_only_a_url_becomes_a_link() -> None:
    html, notes = _convert('<!-- wp:jetpack/gif {"url":"https:\\/\\/x.example\\/a?b=1\\u0026c=2"} /-->')
    assert html == '<p><a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a></p>'
    assert notes == []


@pytest.mark.parametrize(
    "text",
    ["[tweet https://twitter.com/x/status/12345]", "[tweet id='12345']", "[tweet 12345]",
     "[gist]https://gist.github.com/a/12345[/gist]", "[gist a/12345]"],
)  # fmt: skip
def test_tweets_and_gists_become_links(text: str) -> None:
    html, notes = _convert(text)
    assert html.startswith('<p><a href="https://')
    assert "12345</a>" in html
    assert notes == []


def test_a_playlist_becomes_players_and_a_quote_a_quotation() -> None:
    sound = Attachment(id="7", url="https://old.example/a.mp3", alt="", caption="", parent="1")
    assert '<audio controls src="https://old.example/a.mp3">' in _convert('[playlist ids="7"]', a=sound)[0]
    html, _ = _convert("[quote author='Sari']Words[/quote]")
    assert html == "<blockquote> <p>Words</p> <p>Sari</p></blockquote>"


@given(st.lists(st.sampled_from(["[a]", "[/a]", "[b c='d']", "[/b]", "[[", "]]", "[a b]", "one ", "two\n\n", "[a/]"])))
def test_no_shortcode_loses_the_words_around_it(parts: list[str]) -> None:
    html, _ = _convert("".join(parts))
    words = "".join(part for part in parts if part in {"one ", "two\n\n"}).split()
    assert [word for word in ("one", "two") if word in html] == sorted(set(words))
    assert html.count("one") + html.count("two") == len(words)


@pytest.mark.parametrize(
    "piece",
    [
        "<pre>",
        "<!--",
        "[caption]",
        "[a ",
        "<div>",
        "</div>",
        "[[",
        "<code",
        "<a ",
        "<!-- wp:x",
        "https://a\n",
        "[code]",
        "[code][/code]",
        "[code",
        "[a][b]",
        "[/a]",
        "[a][/a]",
        "[ref]",
        "[a x='",
        "<pre lang='php'>",
        "[a][a][/a][/a]",
    ],
)
def test_time_is_linear_for_long_malformed_input(piece: str) -> None:
    begin = time.process_time()
    Converter({}).convert("<!-- wp:p -->" + piece * 20_000)
    Converter({}).convert(piece * 20_000)
    assert time.process_time() - begin < 10
