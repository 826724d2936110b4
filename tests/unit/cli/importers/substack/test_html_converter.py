"""What the elements of Substack's editor become."""

import json
from html import escape

import pytest

from kolom_cli.importers.substack.html_converter import convert


def _attrs(**data: object) -> str:
    return f'data-attrs="{escape(json.dumps(data))}"'


GALLERY = {"images": [{"src": "https://x/1"}, {"src": "https://x/2"}], "caption": "C"}
TWEET = _attrs(url="https://twitter.com/a/status/1", full_text="<b>", name="Ann")
POST = _attrs(url="https://x.example/p/y", title="Y")
FORMULA = _attrs(persistentExpression="a<b")
ELEMENTS = {
    "image": (
        (
            '<div class="captioned-image-container"><figure><a class="image-link image2" target="_blank" '
            'href="https://substackcdn.com/image/fetch/f_auto/x.jpeg"><div class="image2-inset"><picture>'
            '<source type="image/webp" srcset="https://substackcdn.com/a 424w">'
            '<img src="https://substackcdn.com/x.jpeg" '
            f'srcset="https://substackcdn.com/b 424w" sizes="100vw" alt="A" {_attrs(src="x")}></picture>'
            '<div class="image-link-expand"><button>Open</button></div></div></a>'
            '<figcaption class="image-caption">Cap</figcaption></figure></div>'
        ),
        '<figure><img alt="A" src="https://substackcdn.com/x.jpeg"/><figcaption>Cap</figcaption></figure>',
    ),
    "image with a link": (
        '<figure><a class="image-link" href="https://shop.example/"><img src="https://substackcdn.com/y.png"></a></figure>',
        '<figure><a href="https://shop.example/"><img src="https://substackcdn.com/y.png"/></a></figure>',
    ),
    "gallery": (
        f'<div class="image-gallery-embed" {_attrs(gallery=GALLERY)}></div>',
        '<figure><img alt="" src="https://x/1"/><img alt="" src="https://x/2"/><figcaption>C</figcaption></figure>',
    ),
    "subscription form": (
        (
            '<div class="subscription-widget-wrap-editor"><div class="subscription-widget"><p>Join</p>'
            '<form><input type="email"><div>x</div></form></div></div><p>A</p>'
        ),
        "<p>A</p>",
    ),
    "own buttons": (
        (
            '<p class="button-wrapper"><a class="button" href="https://me.substack.com/p/x?action=share">Share</a></p>'
            '<p class="button-wrapper"><a class="button" href="%%checkout_url%%">Subscribe</a></p>'
        ),
        "",
    ),
    "button": (
        '<p class="button-wrapper"><a class="button" href="https://shop.example/"><span>Buy</span></a></p>',
        '<p><a href="https://shop.example/">Buy</a></p>',
    ),
    "tweet": (
        f'<div class="twitter-embed" {TWEET}></div>',
        '<blockquote><p>&lt;b&gt;</p><p>— <a href="https://twitter.com/a/status/1">Ann</a></p></blockquote>',
    ),
    "embedded post": (
        f'<div class="embedded-post-wrap" {POST}><a href="z"><p>Z</p></a></div>',
        '<p><a href="https://x.example/p/y">Y</a></p>',
    ),
    "video": (
        (
            f'<div class="youtube-wrap" {_attrs(videoId="a")}><div>'
            '<iframe src="https://www.youtube-nocookie.com/embed/abcdefg"></iframe></div></div>'
        ),
        '<iframe src="https://www.youtube-nocookie.com/embed/abcdefg"></iframe>',
    ),
    "footnote": (
        (
            '<p>Text<a class="footnote-anchor" id="footnote-anchor-1" href="#footnote-1">1</a></p>'
            '<div class="footnote">'
            '<a id="footnote-1" href="#footnote-anchor-1" class="footnote-number">1</a>'
            '<div class="footnote-content"><p>Foot.</p></div></div>'
        ),
        (
            '<p>Text<a href="#footnote-1" id="footnote-anchor-1">1</a></p>'
            '<p><a href="#footnote-anchor-1" id="footnote-1">1</a> Foot.</p>'
        ),
    ),
    "preformatted text": (
        '<div class="preformatted-block"><label class="hide-text">Text within this block</label><pre>a\n b</pre></div>',
        "<pre>a\n b</pre>",
    ),
    "formula": (
        f'<div class="latex-rendered" {FORMULA}></div>',
        "<p><code>a&lt;b</code></p>",
    ),
    "quotation": ('<div class="pullquote"><p>P</p></div><div><hr></div>', "<blockquote><p>P</p></blockquote><hr/>"),
    "file": (
        (
            '<div class="file-embed-wrapper"><div><div class="file-embed-details-h1">Paper</div></div>'
            '<a class="file-embed-button" href="https://x.example/1.pdf"><span>Download</span></a></div>'
        ),
        '<p><a href="https://x.example/1.pdf">Paper</a></p>',
    ),
    "broken JSON": ('<div class="tweet" data-attrs="{"><p>A</p></div>', "<p>A</p>"),
}


@pytest.mark.parametrize("element", ELEMENTS)
def test_an_element_becomes_standard_elements(element: str) -> None:
    html, expected = ELEMENTS[element]
    assert convert(html, str) == (expected, [])


def test_removed_videos_and_polls_of_substack_are_reported() -> None:
    html = '<div class="native-video-embed" data-attrs="{}"></div><div class="poll-embed"></div>'
    assert convert(html, str) == ("", ["removed a video that Substack hosts", "removed a poll that Substack hosts"])
