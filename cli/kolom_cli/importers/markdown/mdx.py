"""Convert MDX, which is Markdown with JSX and JavaScript, to Markdown. Pure.

Import and export statements are removed. A component that shows an image, a player, a link or code is converted. Any
other component is removed and counted, and the text in it is kept. Elements of HTML stay. Nothing is run. Any text is
accepted, and the running time is linear in its length.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Final

from kolom_cli.importers.common.code_blocks import code_block
from kolom_cli.importers.markdown import html_snippets
from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.jsx import JsxReader, Tag, literal

_NEXT: Final = re.compile(
    r"(?P<fence>^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?P<mark>`{3,}|~{3,}))|(?P<code>`+)|(?P<escape>\\[\\{}<`])"
    r"|(?P<comment><!--)|(?P<tag></?(?:[A-Za-z][\w.-]*|(?=>)))|(?P<brace>\{)"
    r"|(?P<esm>^(?:import|export)[ \t{*\"'])|(?P<math>^\$\$)|(?P<aside>^[ \t]*:::+[ \t]*\w*)",
    re.MULTILINE,
)
_IMPORT: Final = re.compile(r"^import\s+(\w+)\s+from\s+[\"']([^\"'\n]+)[\"']", re.MULTILINE)
_STATEMENT: Final = re.compile(
    r"import\b(?:[^;\n]|\n(?!\s*\n))*?[\"'][^\"'\n]+[\"'];?|export\s+(?:default|const|let|var|function|async|class|[{*])"
)
_TRUNCATE: Final = re.compile(r"\s*truncate\s*", re.IGNORECASE)
_PATH_CALL: Final = re.compile(r"(?:require|useBaseUrl)\(\s*[\"']([^\"'\n]+)[\"']\s*\)(?:\.default)?")
_PICTURE: Final = re.compile(r"[^\s\"<>]+\.(?:avif|gif|jpe?g|png|svg|webp)(?:[?#]\S*)?", re.IGNORECASE)
_VALUE: Final = re.compile(r"(?:props\.)?front[mM]atter\.([\w.]+)")
_ASIDE: Final = re.compile(r"[ \t]*:::+[ \t]*(\w*)[ \t]*(?:\[([^\]\n]*)\]|([^\n{]*))[^\n]*")
_WINDOW: Final = 5_000
_MAX_STACK: Final = 50


@dataclass(slots=True)
class Mdx:
    """Converts the text of one page. ``value_of`` returns a value of its front matter, or None."""

    value_of: Callable[[str], str | None]
    _text: str = ""
    _reader: JsxReader = field(init=False)
    _pieces: list[str] = field(default_factory=list)
    _imports: dict[str, str] = field(default_factory=dict)
    _stack: list[tuple[str, str]] = field(default_factory=list)
    _result: Converted = field(default_factory=Converted)
    _unterminated: set[str] = field(default_factory=set)
    _position: int = 0

    def convert(self, text: str) -> Converted:
        """Return the text as Markdown."""
        self._text = text
        self._reader = JsxReader(text)
        self._imports = dict(_IMPORT.findall(text))
        while match := _NEXT.search(text, self._position):
            self._write(text[self._position : match.start()])
            self._position = match.start()
            end = self._step(match)
            if end <= match.start():
                end = match.start() + 1
                self._write(text[match.start() : end])
            self._position = end
        self._write(text[self._position :])
        self._result.text = "".join(self._pieces)
        return self._result

    def _step(self, match: re.Match[str]) -> int:
        """Convert what begins at the match and return its end; the start of the match if it is only text."""
        match match.lastgroup:
            case "fence" | "mark":
                return self._verbatim(self._end_of_fence(match))
            case "code":
                return self._verbatim(self._end_of_code(match))
            case "escape":
                return self._verbatim(match.end())
            case "comment":
                return self._comment(match)
            case "tag":
                return self._tag(match.start())
            case "brace":
                return self._expression(match.start())
            case "esm":
                return self._statement(match.start())
            case "math":
                end = self._text.find("\n$$", match.end())
                return self._verbatim(end + 3 if end >= 0 else match.end())
            case _:
                return self._aside(match.start())

    def _write(self, text: str) -> None:
        """Add a text, without the indent that the components around it gave to its lines."""
        if self._stack and " " in text:
            is_first = not self._pieces or self._pieces[-1].endswith("\n")
            indent = rf"(?:\n|{'^' if is_first else '(?!)'}) {{1,{2 * min(len(self._stack), 8)}}}"
            text = re.sub(indent, lambda match: "\n" if match[0][0] == "\n" else "", text)
        if text:
            self._pieces.append(text)

    def _verbatim(self, end: int) -> int:
        self._write(self._text[self._position : end])
        return end

    def _end_of_fence(self, match: re.Match[str]) -> int:
        mark = match["mark"]
        if mark in self._unterminated:
            return len(self._text)
        closing = re.compile(rf"^[ \t>]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        found = closing.search(self._text, match.end())
        if found is None:
            self._unterminated.add(mark)
        return found.end() if found else len(self._text)

    def _end_of_code(self, match: re.Match[str]) -> int:
        ticks = match["code"]
        closing = re.compile(rf"(?<!`){ticks}(?!`)")
        found = closing.search(self._text, match.end(), match.end() + _WINDOW)
        is_code = found is not None and "\n\n" not in self._text[match.end() : found.start()]
        return found.end() if found and is_code else match.end()

    def _comment(self, match: re.Match[str]) -> int:
        end = -1 if "-->" in self._unterminated else self._text.find("-->", match.end())
        if end < 0:
            self._unterminated.add("-->")
            return match.end()
        if _TRUNCATE.fullmatch(self._text[match.end() : end]):
            self._pieces.append("<!--more-->")
            return end + 3
        return self._verbatim(end + 3)

    def _statement(self, start: int) -> int:
        """Remove an import or export statement, which begins a block."""
        before = self._text[:start] if start < _WINDOW else self._text[start - _WINDOW : start]
        previous = before.rstrip("\n").rpartition("\n")[2]
        is_block = not before.strip() or before.endswith("\n\n") or previous.startswith(("import ", "export ", "}"))
        match = _STATEMENT.match(self._text, start, start + _WINDOW)
        if not is_block or match is None:
            return start
        end = match.end()
        if match[0].startswith("export"):
            end = self._reader.end_of_statement(start)
            self._remove("`export`", self._text[start:end])
        line = self._text.find("\n", end)
        return len(self._text) if line < 0 else line

    def _expression(self, start: int) -> int:
        end = self._reader.end_of_braces(start)
        if end is None:
            return start
        inside = self._text[start + 1 : end - 1].strip()
        if inside.startswith("/*") and inside.endswith("*/"):
            self._pieces.append("<!--more-->" if _TRUNCATE.fullmatch(inside[2:-2]) else "")
        elif (text := literal(inside)) is not None:
            self._pieces.append(text)
        elif (name := _VALUE.fullmatch(inside)) and (value := self.value_of(name[1].lower())) is not None:
            self._pieces.append(value)
        elif re.fullmatch(r"#[\w:.-]+", inside):
            self._pieces.append(f'<a id="{escape(inside[1:])}"></a>')
        elif inside:
            self._remove("{…}", self._text[start:end])
        return end

    def _aside(self, start: int) -> int:
        """Convert the first or last line of an admonition: ``:::tip[Title]`` or ``:::``."""
        match = _ASIDE.match(self._text, start)
        if match is None:
            return start
        name, title = match[1], (match[2] or match[3] or "").strip()
        if name:
            heading = html_snippets.inline(title or name.capitalize())
            self._pieces.append(f"\n<aside>\n\n<strong>{heading}</strong>\n")
        elif not title:
            self._pieces.append("\n</aside>\n")
        else:
            return start
        return match.end()

    def _tag(self, start: int) -> int:
        tag = self._reader.tag(start)
        if tag is None:
            return start
        if tag.name and tag.name[0].islower() and "." not in tag.name:
            has_jsx = any(value is None or key in {"className", "htmlFor"} for key, value in tag.attributes.items())
            source = self._text[start : tag.end]
            self._write(tag.as_html(self._value) if has_jsx or "={" in source else source)
        elif tag.is_closing:
            self._pieces.append(self._closing(tag.name))
        else:
            self._component(tag, start)
        return tag.end

    def _closing(self, name: str) -> str:
        """Return the end of what replaced a component."""
        for index in range(len(self._stack) - 1, max(len(self._stack) - _MAX_STACK, 0) - 1, -1):
            if self._stack[index][0] == name:
                replacement = self._stack[index][1]
                del self._stack[index:]
                return replacement
        return ""

    def _component(self, tag: Tag, start: int) -> None:
        opening, closing = "", ""
        values = {key.lower(): value for key, raw in tag.attributes.items() if (value := self._value(raw))}
        if (shown := self._shown(tag.name, values)) is not None:
            before, after = self._text[max(start - 200, 0) : start], self._text[tag.end : tag.end + 200]
            opening = html_snippets.placed(shown, before, after, "markdown") if shown.startswith("<") else shown
        elif (href := values.get("href") or values.get("to")) and not tag.is_self_closing:
            opening, closing = f'<a href="{escape(href)}">', "</a>"
        elif tag.name and tag.name not in {"Fragment", "React.Fragment"}:
            self._remove(f"<{tag.name}>", self._text[start : tag.end])
        self._pieces.append(opening)
        if not tag.is_self_closing:
            self._stack.append((tag.name, closing))

    def _value(self, raw: str | None) -> str:
        """Return the value of an attribute: a literal, or the path of an imported file."""
        if raw is None:
            return ""
        if not raw.startswith("{"):
            return raw
        inside = raw[1:-1].strip()
        if call := _PATH_CALL.fullmatch(inside):
            return call[1]
        return literal(inside) or self._imports.get(inside.removesuffix(".src"), "")

    def _shown(self, name: str, values: dict[str, str]) -> str | None:
        """Return the image, player, link or code that a component shows; None for any other component."""
        if player := html_snippets.video_embed(name, values, ""):
            return player
        src = next(
            (values[key] for key in ("src", "image", "img", "url") if _PICTURE.fullmatch(values.get(key, ""))), ""
        )
        if src:
            return html_snippets.image(
                src,
                alt=values.get("alt", ""),
                caption=values.get("caption") or values.get("title", ""),
                width=values.get("width", ""),
                height=values.get("height", ""),
            )
        if "tweet" in name.lower() or "twitter" in name.lower():
            number = values.get("id") or values.get("tweetid") or ""
            url = values.get("url") or (f"https://twitter.com/i/status/{number}" if number.isdigit() else "")
            return html_snippets.link(url) if url.startswith("https://") else None
        if name.startswith("Code") and values.get("code"):
            return code_block(values["code"], values.get("lang") or values.get("language", ""), "markdown")
        return None

    def _remove(self, name: str, source: str) -> None:
        self._result.removed[name] += 1
        self._result.examples.setdefault(name, " ".join(source[:400].split())[:120])
