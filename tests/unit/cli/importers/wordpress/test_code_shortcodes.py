"""Code blocks of the shortcodes and elements of WordPress's syntax highlighters."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.wordpress.html_converter import Converter


def _convert(text: str) -> tuple[str, list[str]]:
    converter = Converter({})
    return converter.convert(text).strip(), converter.notes


CODE = "def f(a, b):\n\n    if a < b and b > 3:\n        return x[0]\n\n    return \"<b>'hi'</b>\""


@pytest.mark.parametrize(
    ("opening", "closing", "language"),
    [
        ('[sourcecode language="python"]', "[/sourcecode]", "python"),
        ("[sourcecode lang='python']", "[/sourcecode]", "python"),
        ("[code lang=python light=true]", "[/code]", "python"),
        ("[code language=”python”]", "[/code]", "python"),
        ("[code language=&quot;python&quot;]", "[/code]", "python"),
        ("[code python]", "[/code]", "python"),
        ("[sourcecode:python]", "[/sourcecode]", "python"),
        ('[source brush="python"]', "[/source]", "python"),
        ("[python]", "[/python]", "python"),
        ("[PHP]", "[/PHP]", "php"),
        ('[csharp title="A"]', "[/csharp]", "csharp"),
        ("[c-sharp]", "[/c-sharp]", "csharp"),
        ("[r]", "[/r]", "r"),
        ("[code lang='c++']", "[/code]", "c++"),
        ('[crayon lang="js"]', "[/crayon]", "js"),
        ("[cc_php]", "[/cc_php]", "php"),
        ("[code]", "[/code]", ""),
        ("[text]", "[/text]", ""),
        ("[plain]", "[/plain]", ""),
    ],
)
def test_a_code_shortcode_becomes_a_code_block(opening: str, closing: str, language: str) -> None:
    converted, notes = _convert(f"Look:\n\n{opening}\n{CODE}\n{closing}\n\nAfter.")
    name = f' class="language-{language}"' if language else ""
    block = f"<pre><code{name}>{html.escape(CODE, quote=False)}</code></pre>"
    assert converted.replace("\n", "") == f"<p>Look:</p>{block}<p>After.</p>".replace("\n", "")
    assert block in converted
    assert notes == [f"shortcodes became code blocks: {closing.replace('/', '').lower()} (1)"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="&["), max_size=80))
def test_code_without_references_is_kept_exactly(code: str) -> None:
    converted, _ = _convert(f"[code]\n{code}\n[/code]")
    assert html.unescape(converted) == f"<pre><code>{code}</code></pre>"


BLOCK = '<!-- wp:syntaxhighlighter/code {"language":"php"} -->'
MARKUP = "https://x.example/a\n[gallery]\n<!-- c -->\n<pre>\n[sourcecode]"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("&lt;b&gt; &amp;&amp; &quot;x&quot; &#039;y&#039;", "<b> && \"x\" 'y'"),
        ("&amp;lt;", "&lt;"),
        ("a&#91;0&#93;", "a[0]"),
        ("a&nbsp;&nbsp;b", "a  b"),
        ("?a=1&copy=2&lt", "?a=1&copy=2&lt"),
        ("&eacute; &copy;", "&eacute; &copy;"),
        (MARKUP, MARKUP),
        ("  indented", "  indented"),
    ],
)  # fmt: skip
def test_references_in_code_are_decoded_once(stored: str, shown: str) -> None:
    converted, _ = _convert(f"[code]\n{stored}\n[/code]")
    assert converted == f"<pre><code>{html.escape(shown, quote=False)}</code></pre>"


@pytest.mark.parametrize("element", ["<pre>{}</pre>", "<p>{}</p>", '<pre class="x">\n{}\n</pre>', "<code>{}</code>"])
def test_an_element_around_a_code_shortcode_is_removed(element: str) -> None:
    assert _convert(element.format("[php]echo 1;[/php]"))[0] == '<pre><code class="language-php">echo 1;</code></pre>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[[code]x < 1[/code]]", "<p>&#91;code&#93;x < 1&#91;/code&#93;</p>"),
        ("write [[code]] here", "<p>write [code] here</p>"),
        ("[cci_php]$x[/cci_php]", "<p><code>$x</code></p>"),
    ],
)
def test_escaped_and_inline_code_stays_in_its_paragraph(text: str, shown: str) -> None:
    assert _convert(text)[0] == shown


def test_code_in_paragraphs_of_the_block_editor_is_joined() -> None:
    text = (
        "<!-- wp:paragraph -->\n<p>[code lang=php]</p>\n<!-- /wp:paragraph -->\n\n"
        "<!-- wp:paragraph -->\n<p>$a = 1;<br>\n$b = 2;</p>\n<!-- /wp:paragraph -->\n\n"
        "<!-- wp:paragraph -->\n<p>[/code]</p>\n<!-- /wp:paragraph -->"
    )
    assert '<code class="language-php">$a = 1;\n$b = 2;</code>' in _convert(text)[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('<pre lang="php"><?php "<b>"; ?></pre>', '<code class="language-php">&lt;?php "&lt;b&gt;"; ?&gt;</code>'),
        ('<pre lang="php" escaped="true">a &lt; b</pre>', '<code class="language-php">a &lt; b</code>'),
        ('<pre class="brush: php; toolbar: false">a &lt; b</pre>', '<code class="language-php">a &lt; b</code>'),
        ('<pre class="lang:php decode:true">a &lt; b</pre>', '<code class="language-php">a &lt; b</code>'),
        ('<pre lang="en">a</pre>', '<pre lang="en">a</pre>'),
        (f"{BLOCK}\n<pre class='wp-block-syntaxhighlighter-code'>a &lt; b</pre>\n<!-- /wp:syntaxhighlighter/code -->",
         '<code class="language-php">a &lt; b</code>'),
        ('<!-- wp:code -->\n<pre class="x"><code class="language-php">&#91;x]</code></pre>\n<!-- /wp:code -->',
         '<code class="language-php">&#91;x]</code>'),
    ],
)  # fmt: skip
def test_the_language_of_a_preformatted_text_is_kept(text: str, code: str) -> None:
    assert code in _convert(text)[0]


def test_unclosed_code_keeps_its_text() -> None:
    converted, notes = _convert("a\n\n[code lang='php']\n$x = 1;")
    assert converted == "<p>a</p>\n<p>$x = 1;</p>"
    assert notes == ["removed shortcodes: [code] (1)"]
