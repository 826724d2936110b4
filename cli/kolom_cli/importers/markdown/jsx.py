"""Read the tags and expressions of JSX in a text. Pure.

Failed attempts share a budget, so that the running time is linear in the length of the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Final

_TAG: Final = re.compile(r"<(/?)\s*([A-Za-z][\w.-]*|(?=>))")
_SPACE: Final = re.compile(r"\s*+(?:/\*[^*]*+\*/\s*+)?")
_NAME: Final = re.compile(r"[A-Za-z_][\w:.-]*+")
_PART: Final = re.compile(r"[^{}\"'`/\n]++|/\*|//|.", re.DOTALL)
_END_OF_STATEMENT: Final = re.compile(r"\n[ \t]*\n|\n(?=import |export )")
_STRING_ENDS: Final = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*+{quote}", re.DOTALL) for quote in ("'", '"', "`")}
_LITERAL: Final = re.compile(r"\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'|`((?:[^`\\$]|\\.|\$(?!\{))*+)`", re.DOTALL)
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": ""}
_HTML_NAMES: Final = {"className": "class", "htmlFor": "for"}
_MAX_EXPRESSION: Final = 50_000
_BUDGET: Final = 500_000


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag. The value of an attribute is its text, or an expression in braces; None if it has none.

    ``name`` is empty for a fragment, ``<>``. ``is_self_closing`` is True for ``<X />``.
    """

    name: str
    attributes: dict[str, str | None]
    end: int
    is_closing: bool = False
    is_self_closing: bool = False

    def as_html(self, value_of: Callable[[str], str]) -> str:
        """Return the tag as HTML. ``value_of`` returns the value of an expression; empty if it is not known."""
        pieces = [f"<{'/' if self.is_closing else ''}{self.name}"]
        for key, raw in self.attributes.items():
            if raw is None:
                pieces.append(f" {key}")
            elif (value := value_of(raw) if raw.startswith("{") else raw) and not key.startswith("on"):
                pieces.append(f' {_HTML_NAMES.get(key, key)}="{escape(value)}"')
        return "".join([*pieces, ">"])


@dataclass(slots=True)
class JsxReader:
    """Reads a text at given positions."""

    text: str
    _budget: int = field(default=_BUDGET)

    def tag(self, start: int) -> Tag | None:
        """Return the tag that begins at ``start``; None if it is not a tag."""
        opening = _TAG.match(self.text, start)
        if opening is None:
            return None
        position = opening.end()
        attributes: dict[str, str | None] = {}
        while self._budget > 0:
            space = _SPACE.match(self.text, position)
            position = space.end() if space else position
            if self.text.startswith((">", "/>"), position):
                is_self_closing = self.text[position] == "/"
                return Tag(opening[2], attributes, position + 1 + is_self_closing, bool(opening[1]), is_self_closing)
            found = self._attribute(position, attributes)
            if found is None:
                break
            position = found
        self._budget -= position - start
        return None

    def _attribute(self, position: int, attributes: dict[str, str | None]) -> int | None:
        """Add the attribute at a position and return its end; None if there is none."""
        text = self.text
        if text.startswith("{", position):
            return self.end_of_braces(position)  # {...properties}
        name = _NAME.match(text, position)
        if name is None:
            return None
        end = name.end()
        value: str | None = None
        equals = re.compile(r"\s*=\s*").match(text, end)
        if equals:
            quote = text[equals.end() : equals.end() + 1]
            if quote in {'"', "'"} and quote:
                closing = text.find(quote, equals.end() + 1, equals.end() + _MAX_EXPRESSION)
                if closing < 0:
                    self._budget -= _MAX_EXPRESSION
                    return None
                value, end = text[equals.end() + 1 : closing], closing + 1
            elif quote == "{" and (braces := self.end_of_braces(equals.end())):
                value, end = text[equals.end() : braces], braces
            else:
                return None
        attributes.setdefault(name[0], value)
        return end

    def end_of_braces(self, start: int) -> int | None:
        """Return the end of the expression in braces that begins at ``start``; None if it has no end."""
        if self._budget <= 0:
            return None
        end = self._balanced(start, is_statement=False)
        if end is None:
            self._budget -= min(_MAX_EXPRESSION, len(self.text) - start)
        return end

    def end_of_statement(self, start: int) -> int:
        """Return the end of a statement: the first empty line, ``import`` or ``export`` that is not within braces."""
        end = self._balanced(start, is_statement=True) if self._budget > 0 else None
        if end is None:
            self._budget -= min(_MAX_EXPRESSION, len(self.text) - start)
            empty = self.text.find("\n\n", start)
            return len(self.text) if empty < 0 else empty
        return end

    def _balanced(self, start: int, *, is_statement: bool) -> int | None:
        """Return the end of the braces at ``start``, or of the statement if ``is_statement``; None without an end."""
        depth = 0
        position = start
        limit = min(len(self.text), start + _MAX_EXPRESSION)
        while position < limit:
            match = _PART.match(self.text, position, limit)
            if match is None:
                return None
            part = match[0]
            position = match.end()
            if part == "{":
                depth += 1
            elif part == "}":
                depth -= 1
                if depth <= 0 and not is_statement:
                    return position
            elif part == "\n":
                if depth == 0 and is_statement and _END_OF_STATEMENT.match(self.text, match.start()):
                    return match.start()
            elif part in _STRING_ENDS or part in {"/*", "//"}:
                position = self._end_of_quotation(part, position, limit)
                if position < 0:
                    return None
        return position if is_statement and depth == 0 and position == len(self.text) else None

    def _end_of_quotation(self, part: str, position: int, limit: int) -> int:
        """Return the end of a string or a comment; -1 if it has none."""
        if part == "/*":
            end = self.text.find("*/", position, limit)
            return end + 2 if end >= 0 else -1
        if part == "//":
            end = self.text.find("\n", position, limit)
            return end if end >= 0 else -1
        found = _STRING_ENDS[part].match(self.text, position, limit)
        return found.end() if found else -1


def literal(expression: str) -> str | None:
    """Return the text of an expression that is a string or a number; None for any other expression."""
    if _NUMBER.fullmatch(expression):
        return expression
    match = _LITERAL.fullmatch(expression)
    if match is None:
        return None
    text = next(each for each in match.groups() if each is not None)
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
