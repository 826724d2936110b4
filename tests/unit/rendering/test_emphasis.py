"""Emphasis in Chinese, Japanese and Korean text, in articles and in comments."""

from html import escape
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kolom.rendering import markdown, visitor_text
from kolom.rendering.emphasis import new_parser

# Each text with its emphasis as HTML.
CASES: Final = [
    ("**强调。**后文", "<strong>强调。</strong>后文"),
    ("前文**“强调”**后文", "前文<strong>“强调”</strong>后文"),
    ("前文**“强调”。**后文", "前文<strong>“强调”。</strong>后文"),
    ("前文*(强调)*后文", "前文<em>(强调)</em>后文"),
    ("これは**「強調」**です", "これは<strong>「強調」</strong>です"),
    ("**「強調」**は", "<strong>「強調」</strong>は"),
    ("***「強調」***は", "<em><strong>「強調」</strong></em>は"),
    ("**強調(かっこ)**は", "<strong>強調(かっこ)</strong>は"),
    ("**50%**の人", "<strong>50%</strong>の人"),
    ("約**`code`**を", "約<strong><code>code</code></strong>を"),
    ("**[名前](https://a.example)**を", '<strong><a href="https://a.example">名前</a></strong>を'),
    ("ﾊﾝｶｸ**「ｶﾅ」**ﾊ", "ﾊﾝｶｸ<strong>「ｶﾅ」</strong>ﾊ"),
    ("葛\U000e0100**(かずら)**を", "葛\U000e0100<strong>(かずら)</strong>を"),
    ("**〇\ufe00**(注)", "<strong>〇\ufe00</strong>(注)"),
    ("**强调“\ufe01**后文", "<strong>强调“\ufe01</strong>后文"),
    ("**이 용어(This term)**를 쓴다", "<strong>이 용어(This term)</strong>를 쓴다"),
    ("**‘강조’**는", "<strong>‘강조’</strong>는"),
    ("*한국어?*라고", "<em>한국어?</em>라고"),
    ("한국어_(강조)_는", None),
    ("**Note:**text", None),
    ("a**(b)**c", None),
    ("**!😀**a", None),
    ("**重要😀**です", "<strong>重要😀</strong>です"),
    ("😀**(b)**c", None),
    ("2 ** 3, 4 ** 5", None),
    ("中 ** 文 ** 字", None),
    ("snake_case_名前_と", None),
]


@pytest.mark.parametrize(("source", "html"), CASES)
def test_emphasis_beside_punctuation(source: str, html: str | None) -> None:
    expected = f"<p>{escape(source, quote=False) if html is None else html}</p>"
    assert markdown.to_html(source) == f"{expected}\n"
    assert visitor_text.render(source).html.replace(f' rel="{visitor_text.LINK_RELATION}"', "") == expected


def test_strikethrough_beside_punctuation() -> None:
    assert markdown.to_html("价格~~(旧)~~新") == "<p>价格<s>(旧)</s>新</p>\n"


@given(st.text(st.sampled_from("ab *_~`.,!(“”é😀\n\\[]")))
def test_other_text_is_parsed_as_by_commonmark(source: str) -> None:
    assert new_parser("commonmark").render(source) == MarkdownIt("commonmark").render(source)


@given(st.text(st.sampled_from("字「」。*_a (\ufe00\U000e0100“\ufe01한")))
def test_any_text_keeps_its_characters(source: str) -> None:
    html = new_parser("commonmark").render(source)
    assert sum(map(html.count, "字「」。한")) == sum(map(source.count, "字「」。한"))
