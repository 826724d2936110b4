"""Convert the shortcodes and elements of WordPress's syntax highlighters to code blocks. Pure.

The text between ``[sourcecode language="python"]`` and ``[/sourcecode]`` is code: it is kept as written, except that
character references of markup are decoded once, because the plugins encode them when an article is saved. The running
time is linear in the length of the text.
"""

import html
import re
from collections import Counter
from typing import Final

from kolom_cli.importers.common.code_blocks import code_block

_LANGUAGES: Final = frozenset(
    (
        *("actionscript3", "ada", "applescript", "apache", "arduino", "as3", "asm", "asp", "aspnet", "autoit", "awk"),
        *("bash", "basic", "bat", "batch", "c", "c#", "c++", "c-sharp", "cf", "clj", "clojure", "cmake", "cobol"),
        *("coffeescript", "coldfusion", "cpp", "csharp", "css", "css3", "cuda", "d", "dart", "delphi", "diff"),
        *("dockerfile", "dos", "elixir", "elm", "erl", "erlang", "f#", "fortran", "fsharp", "gherkin", "glsl", "go"),
        *("golang", "gradle", "graphql", "groovy", "haml", "haskell", "haxe", "html", "html4strict", "html5", "ini"),
        *("java", "java5", "javafx", "javascript", "jfx", "jquery", "js", "jscript", "json", "jsx", "julia", "kotlin"),
        *("latex", "less", "lisp", "lua", "makefile", "markdown", "matlab", "matlabkey", "mysql", "nginx", "obj-c"),
        *("objc", "objective-c", "objectivec", "ocaml", "oracle8", "pas", "pascal", "patch", "perl", "php", "pl"),
        *("plain", "plsql", "postgresql", "powershell", "prolog", "properties", "ps", "puppet", "py", "python", "qml"),
        *("r", "rails", "rb", "robots", "ror", "ruby", "rust", "sass", "scala", "scheme", "scss", "sh", "shell"),
        *("smalltalk", "splus", "sql", "svn", "swift", "tcl", "terraform", "tex", "text", "toml", "tsql", "twig"),
        *("typescript", "vb", "vbnet", "verilog", "vhdl", "vim", "xhtml", "xml", "xslt", "yaml", "yml", "zsh"),
    )
)
"""The names of languages that the plugins document, as shortcodes or as values of attributes."""

_GENERIC: Final = frozenset(
    ("code", "source", "sourcecode", "sourcode", "codesyntax", "crayon", "enlighter", "highlight", "prism", "cc", "cci")
)
"""Shortcodes whose attributes name the language."""

_NO_LANGUAGE: Final = frozenset(("plain", "text", "none", "default", "generic"))
_SPELLINGS: Final = {"c-sharp": "csharp", "c#": "csharp", "f#": "fsharp", "html4strict": "html", "java5": "java"}
_OPENING: Final = re.compile(r"\[(\[?)([a-zA-Z][\w#+-]{0,30})((?:[\s=:/][^\[\]]{0,1000}+)?)\]")
_CODE_COLORER: Final = re.compile(r"cc(i?)[a-z]{0,5}_([a-z0-9+#-]+)")
_LANGUAGE: Final = re.compile(
    r"(?:^|\s)(?:language|lang|brush|type|syntax)\s{0,9}[=:]\s{0,9}[^\w\s]{0,9}([\w#+.-]{1,40})", re.IGNORECASE
)
_FIRST: Final = re.compile(r"\s*[=:]?\s*[\"'“”″]?([\w#+.-]{1,40})[\"'“”″]?\s*(?:;|$)")
_REFERENCE: Final = re.compile(
    r"&(?:lt|gt|amp|quot|apos|nbsp|#0*(?:34|38|39|60|62|91|93|124|160)|#[xX]0*(?:22|26|27|3[cCeE]|5[bBdD]|7[cC]|[aA]0));"
)
_WRAPPER: Final = re.compile(r"<(pre|p|code)(?:\s[^<>]*)?>\s*\Z", re.IGNORECASE)
_BLOCK_MARKUP: Final = re.compile(r"<!--\s*/?wp:[^<>]*-->\n?|</?p(?:\s[^<>]*)?>|<br\s*/?>(?=\n)")
_WINDOW: Final = 200

_PRE: Final = re.compile(r"<pre((?:\s[^<>]*)?)>(.*)</pre\s*>", re.IGNORECASE | re.DOTALL)
_PRE_LANGUAGE: Final = re.compile(
    r"\slang\s*=\s*[\"']?([\w#+.-]{1,40})"
    r"|[\s\"';](?:brush:\s*|lang:|language-|lang-|data-enlighter-language=[\"'])([\w#+.-]{1,40})",
    re.IGNORECASE,
)
_ESCAPED: Final = re.compile(r"\sescaped\s*=\s*[\"']?true", re.IGNORECASE)


def with_code_blocks(text: str, shown: Counter[str]) -> str:
    """Return the text with ``<pre>`` or ``<code>`` elements instead of code shortcodes; ``shown`` counts them by name.

    A shortcode without an end stays. In an escaped one, ``[[code]…[/code]]``, brackets become character references.
    """
    ends: dict[str, list[re.Match[str]]] = {}
    pieces: list[str] = []
    position = 0
    opening = _OPENING.search(text)
    while opening:
        name = opening[2].lower()
        end = _end_of(name, text, opening.end(), ends) if _is_code(name) else None
        if end is None:
            opening = _OPENING.search(text, opening.end())
            continue
        inside = text[opening.end() : end.start()]
        start, stop = opening.start(), end.end()
        if opening[1] and end[1]:
            converted = text[start + 1 : stop - 1].replace("[", "&#91;").replace("]", "&#93;")
        else:
            shown[name] += 1
            start, stop = start + len(opening[1]), stop - len(end[1])
            converted = _converted(name, opening[3], inside)
            start, stop = _include_wrapper(text, max(start, position), stop, position)
        pieces += [text[position:start], converted]
        position = stop
        opening = _OPENING.search(text, position)
    return "".join([*pieces, text[position:]])


def with_language(element: str, language: str = "") -> str:
    """Return a ``<pre>`` element with its language as an HTML class, if the element or ``language`` names one.

    Code with ``<`` between ``<pre lang="php">`` and ``</pre>`` is escaped, unless the tag says that this was done.
    """
    match = _PRE.fullmatch(element)
    if match is None or "<code" in match[2][:_WINDOW].lower():
        return element
    found = _PRE_LANGUAGE.search(match[1])
    named = (found[1] or found[2] or "").lower() if found else ""
    if named not in _LANGUAGES:
        named = language.lower()
    if named not in _LANGUAGES:
        return element
    inside = match[2]
    if found and found[1] and "<" in inside and not _ESCAPED.search(match[1]):
        return code_block(inside, _spelled(named), "html")
    spelled = _spelled(named)
    return f'<pre><code class="language-{spelled}">{inside.strip("\n")}</code></pre>' if spelled else element


def _is_code(name: str) -> bool:
    return name in _GENERIC or name in _LANGUAGES or _CODE_COLORER.fullmatch(name) is not None


def _end_of(name: str, text: str, position: int, ends: dict[str, list[re.Match[str]]]) -> re.Match[str] | None:
    """Return the first ``[/name]`` after ``position``; the end tags of each name are searched once."""
    if name not in ends:
        pattern = re.compile(rf"\[/{re.escape(name)}\](\]?)", re.IGNORECASE)
        ends[name] = list(pattern.finditer(text))[::-1]
    while ends[name] and ends[name][-1].start() < position:
        ends[name].pop()
    return ends[name][-1] if ends[name] else None


def _converted(name: str, arguments: str, inside: str) -> str:
    colorer = _CODE_COLORER.fullmatch(name)
    if "<!-- wp:" in inside or "<!-- /wp:" in inside:
        inside = _BLOCK_MARKUP.sub("", inside)  # the block editor made paragraphs of the code
    code = _REFERENCE.sub(lambda match: html.unescape(match[0]).replace("\xa0", " "), inside)
    if name == "cci" or (colorer and colorer[1]):
        return f"<code>{html.escape(code, quote=False)}</code>"
    language = colorer[2] if colorer else name if name in _LANGUAGES else _language_in(arguments)
    return f"\n\n{code_block(code, _spelled(language), 'html')}\n\n"


def _language_in(arguments: str) -> str:
    text = re.sub(r"&(?:quot|#34|#822[0-3]|#8243|[lr]dquo);", '"', arguments)
    found = _LANGUAGE.search(text)
    if found is None and (first := _FIRST.match(text)) and first[1].lower() in _LANGUAGES:
        found = first
    return found[1] if found else ""


def _spelled(language: str) -> str:
    name = language.lower()
    return "" if name in _NO_LANGUAGE else _SPELLINGS.get(name, name)


def _include_wrapper(text: str, start: int, stop: int, limit: int) -> tuple[int, int]:
    """Return the span extended to an element around it, such as ``<pre>``, that has no other content."""
    begin = max(start - _WINDOW, limit)
    if wrapper := _WRAPPER.search(text[begin:start]):
        closing = re.compile(rf"\s*</{wrapper[1]}\s*>", re.IGNORECASE).match(text, stop, stop + _WINDOW)
        if closing:
            return begin + wrapper.start(), closing.end()
    return start, stop
