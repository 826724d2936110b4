"""Absolute URLs in markup that is used outside of its page."""

from unittest.mock import Mock
from urllib.parse import urljoin

import pytest

from kolom.rendering import absolute_links
from kolom.rendering.renderer import render

PAGE = "https://blog.example/2024/05/rain.html"


def with_absolute_links(markup: str, base: str) -> str:
    changed = absolute_links.with_absolute_links(markup, base, max_bytes=100_000)
    assert changed is not None
    return changed


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<a href="/other/">x</a>', '<a href="https://blog.example/other/">x</a>'),
        ('<a href="next.html?a=1&amp;b=2">x</a>', '<a href="https://blog.example/2024/05/next.html?a=1&amp;b=2">x</a>'),
        ('<a href="#note">x</a>', f'<a href="{PAGE}#note">x</a>'),
        ('<a href="//cdn.example/x">x</a>', '<a href="https://cdn.example/x">x</a>'),
        ('<a href="mailto:a@example.com">x</a>', '<a href="mailto:a@example.com">x</a>'),
        ('<a href="https://else.example/">x</a>', '<a href="https://else.example/">x</a>'),
        ('<a href="//[">x</a>', '<a href="//[">x</a>'),
        ('<img src="/media/a.png">', '<img src="https://blog.example/media/a.png">'),
        (
            '<video poster="/p.png" src="/v.mp4"></video>',
            '<video poster="https://blog.example/p.png" src="https://blog.example/v.mp4"></video>',
        ),
        (
            '<blockquote cite="/source/"><p>x</p></blockquote>',
            '<blockquote cite="https://blog.example/source/"><p>x</p></blockquote>',
        ),
    ],
)
def test_links_and_pictures_become_absolute(markup: str, expected: str) -> None:
    assert with_absolute_links(markup, PAGE) == expected


def test_each_candidate_of_a_srcset_becomes_absolute() -> None:
    markup = '<img src="/a.png" srcset="/a.png 1x, /b%2Cc.png 2x, https://else.example/d.png 800w">'
    assert (
        'srcset="https://blog.example/a.png 1x, https://blog.example/b%2Cc.png 2x, https://else.example/d.png 800w"'
        in with_absolute_links(markup, PAGE)
    )


def test_nothing_else_of_an_article_changes() -> None:
    text = (
        "# Rain\n\nIt **rains** on [a page](https://else.example/x?a=1&b=2), `<b>`, 1 < 2.[^1]\n\n"
        "| a | b |\n|:--|--:|\n| 1 | 2 |\n\n```python\nprint(1)\n```\n\n"
        "- [x] done\n\n"
        '<iframe src="https://www.youtube-nocookie.com/embed/B4Z_2a7_cgY"></iframe>\n\n[^1]: A note\n'
    )
    html = render(text, "markdown").html
    changed = with_absolute_links(html, PAGE)
    assert changed.replace(f'href="{PAGE}#', 'href="#') == html


def test_a_text_that_becomes_too_large_is_rejected() -> None:
    """A link of 16 bytes may become one of thousands of bytes."""
    markup = '<a href="#a"></a>' * 1_000
    whole = with_absolute_links(markup, PAGE)
    assert absolute_links.with_absolute_links(markup, PAGE, max_bytes=len(whole)) == whole
    assert absolute_links.with_absolute_links(markup, PAGE, max_bytes=len(whole) - 1) is None


def test_conversion_stops_when_the_text_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """This bounds memory by the limit instead of the final size."""
    join = Mock(wraps=urljoin)
    monkeypatch.setattr(absolute_links, "urljoin", join)
    markup = '<a href="#a"></a>' * 1_000
    assert absolute_links.with_absolute_links(markup, PAGE, max_bytes=len(markup) + 10 * len(PAGE)) is None
    assert join.call_count == 11
