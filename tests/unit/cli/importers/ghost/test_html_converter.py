"""What each card of Ghost's editor becomes."""

import json
from typing import Any

import pytest

from kolom.rendering.renderer import render
from kolom_cli.importers.ghost.editor_formats import html_of_lexical, html_of_mobiledoc
from kolom_cli.importers.ghost.html_converter import convert

CARDS = {
    "bookmark": (
        (
            '<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="https://x.example/p"><div>'
            '<div class="kg-bookmark-title">T &amp; t</div><div class="kg-bookmark-description">About</div>'
            '<div class="kg-bookmark-metadata"><img class="kg-bookmark-icon" src="https://x.example/i.ico"></div></div>'
            '<div class="kg-bookmark-thumbnail"><img src="https://x.example/t.png"></div></a></figure>'
        ),
        '<p><a href="https://x.example/p">T &amp; t</a><br/>About</p>',
    ),
    "callout": (
        (
            '<div class="kg-card kg-callout-card"><div class="kg-callout-emoji">💡</div>'
            '<div class="kg-callout-text">A <strong>note</strong></div></div>'
        ),
        "<aside><p>💡 A <strong>note</strong></p></aside>",
    ),
    "toggle": (
        (
            '<div class="kg-card kg-toggle-card"><div class="kg-toggle-heading"><h4 class="kg-toggle-heading-text">'
            '<span style="white-space: pre-wrap;">Why?</span></h4><button><svg></svg></button></div>'
            '<div class="kg-toggle-content"><p>So.</p></div></div>'
        ),
        "<details><summary>Why?</summary><p>So.</p></details>",
    ),
    "gallery": (
        (
            '<figure class="kg-card kg-gallery-card"><div class="kg-gallery-container"><div class="kg-gallery-row">'
            '<div class="kg-gallery-image"><img src="https://x.example/1.png" alt="one"></div>'
            '<div class="kg-gallery-image"><img src="https://x.example/2.png"></div></div></div>'
            "<figcaption>Both</figcaption></figure>"
        ),
        (
            '<figure><img alt="one" src="https://x.example/1.png"/><img src="https://x.example/2.png"/>'
            "<figcaption>Both</figcaption></figure>"
        ),
    ),
    "button": (
        '<div class="kg-card kg-button-card"><a href="https://x.example/" class="kg-btn">Go</a></div>',
        '<p><a href="https://x.example/">Go</a></p>',
    ),
    "file": (
        (
            '<div class="kg-card kg-file-card"><a class="kg-file-card-container" href="https://x.example/a.pdf"><div>'
            '<div class="kg-file-card-title">Paper</div><div class="kg-file-card-caption">Long</div>'
            '<div class="kg-file-card-metadata"><div class="kg-file-card-filename">a.pdf</div></div></div></a></div>'
        ),
        '<p><a href="https://x.example/a.pdf">Paper</a><br/>Long</p>',
    ),
    "audio": (
        (
            '<div class="kg-card kg-audio-card"><img class="kg-audio-thumbnail" src=""><div>'
            '<audio src="https://x.example/a.mp3"></audio><div class="kg-audio-title">Song</div>'
            '<div class="kg-audio-player"><span>0:00</span>/<span>62</span></div></div></div>'
        ),
        '<figure><audio src="https://x.example/a.mp3"></audio><figcaption>Song</figcaption></figure>',
    ),
    "video": (
        (
            '<figure class="kg-card kg-video-card"><div class="kg-video-container"><video src="https://x.example/v.mp4">'
            "</video><div><span>0:00</span></div></div><figcaption>Film</figcaption></figure>"
        ),
        '<figure><video src="https://x.example/v.mp4"></video><figcaption>Film</figcaption></figure>',
    ),
    "code": (
        '<pre><code class="language-python">a\n\n&lt;b</code></pre>',
        '<pre><code class="language-python">a\n\n&lt;b</code></pre>',
    ),
    "product": (
        (
            '<div class="kg-card kg-product-card"><div>'
            '<img src="https://x.example/p.png" class="kg-product-card-image">'
            '<div><h4 class="kg-product-card-title">Cup</h4></div>'
            '<div class="kg-product-card-description"><p>Fine</p></div>'
            '<a href="https://x.example/buy" class="kg-product-card-button">Buy</a></div></div>'
        ),
        (
            '<p><img src="https://x.example/p.png"/></p><p><strong>Cup</strong></p><p>Fine</p>'
            '<p><a href="https://x.example/buy">Buy</a></p>'
        ),
    ),
}


@pytest.mark.parametrize("card", CARDS)
def test_a_card_becomes_standard_elements(card: str) -> None:
    html, expected = CARDS[card]
    assert convert(html, str) == (expected, [])


def test_embedded_players_stay_and_other_frames_become_links() -> None:
    frames = "".join(
        f'<figure class="kg-card kg-embed-card"><iframe src="{url}"></iframe></figure>'
        for url in ("https://www.youtube.com/embed/abcdefg?feature=oembed", "https://x.example/frame")
    )
    html = render(convert(frames, str)[0], "html").html
    assert 'src="https://www.youtube-nocookie.com/embed/abcdefg"' in html
    assert '<a href="https://x.example/frame">' in html


def test_removed_parts_are_reported() -> None:
    """The script of a quoted post only decorates it."""
    quote = '<blockquote class="twitter-tweet"><p>Q</p></blockquote>'
    assert convert(f'{quote}<script async src="https://platform.twitter.com/widgets.js"></script>', str)[1] == []
    assert convert("<script>x()</script><p>A</p>", str) == ("<p>A</p>", ["removed a script"])
    form = '<div class="kg-card kg-signup-card"><h2>Join</h2><form><input></form></div>'
    assert convert(form, str) == ("", ["removed a sign-up form"])


def test_lexical_becomes_html() -> None:
    def text(words: str, formats: int = 0) -> dict[str, Any]:
        return {"type": "extended-text", "text": words, "format": formats}

    children: list[dict[str, Any]] = [
        {"type": "paragraph", "children": [text("a<b", 3), {"type": "linebreak"}, text("c", 16)]},
        {"type": "extended-heading", "tag": "h2", "children": [text("H")]},
        {"type": "list", "listType": "number", "children": [{"type": "listitem", "children": [text("i")]}]},
        {"type": "paragraph", "children": [{"type": "link", "url": 'https://x/?a="', "children": [text("l")]}]},
        {"type": "image", "src": "https://x/i.png", "alt": "A", "caption": "C"},
        {"type": "codeblock", "code": "x<1", "language": "js"},
        {"type": "markdown", "markdown": "*m*"},
        {"type": "paywall"},
        {"type": "new-card"},
        {"type": "html", "html": "<p>s</p>", "visibility": {"web": {"nonMember": False}}},
        {"type": "heading", "tag": ["h1"]},
    ]
    html, notes = html_of_lexical(json.dumps({"root": {"type": "root", "children": children}}))
    assert html.split("\n")[:7] == [
        "<p><em><strong>a&lt;b</strong></em><br><code>c</code></p>",
        "<h2>H</h2>",
        "<ol><li>i</li></ol>",
        '<p><a href="https://x/?a=&quot;">l</a></p>',
        '<figure><img src="https://x/i.png" alt="A"><figcaption>C</figcaption></figure>',
        '<pre><code class="language-js">x&lt;1</code></pre>',
        "<p><em>m</em></p>",
    ]
    assert "<!--kg-gated-block:begin nonMember:false --><p>s</p>" in html
    assert notes == ["removed cards that are not supported: heading, new-card"]


def test_mobiledoc_becomes_html() -> None:
    document = {
        "atoms": [["soft-return", "", {}]],
        "cards": [["card-markdown", {"markdown": "*m*"}], ["hr", {}]],
        "markups": [["strong"], ["a", ["href", "https://x/"]]],
        "sections": [
            [1, "p", [[0, [0], 1, "bold"], [1, [], 0, 0], [0, [1], 1, "link"], [0, [], 0, " <"]]],
            [3, "ul", [[[0, [], 0, "one"]], [[0, [], 0, "two"]]]],
            [10, 0],
            [10, 1],
            [10, 9],
            [2, "https://x/i.png"],
            ["?"],
        ],
    }
    html, notes = html_of_mobiledoc(json.dumps(document))
    assert [line for line in html.split("\n") if line] == [
        '<p><strong>bold</strong><br><a href="https://x/">link</a> &lt;</p>',
        "<ul><li>one</li><li>two</li></ul>",
        "<p><em>m</em></p>",
        "<hr>",
        '<figure><img src="https://x/i.png"></figure>',
    ]
    assert notes == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"root": []}', '{"sections": {}}', "[" * 100_000])
def test_an_invalid_document_is_empty(text: str) -> None:
    assert html_of_lexical(text) == ("", [])
    assert html_of_mobiledoc(text) == ("", [])
