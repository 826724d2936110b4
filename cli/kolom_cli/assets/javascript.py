"""Remove comments and unnecessary spaces from JavaScript modules.

A parser finds the tokens, so that strings, template literals and regular expressions are kept as they are. The result
has the same tokens in the same order. A line break is kept wherever it could end a statement, and nothing is renamed.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

_PARSER: Final = Parser(Language(tree_sitter_javascript.language()))

_LITERALS: Final = frozenset({"string", "template_string", "regex"})
"""Nodes whose text is kept as it is, with the spaces in it."""

_COMMENTS: Final = frozenset({"comment", "html_comment"})
_WORD: Final = re.compile(rb"[\w$\\#.\x80-\xff]")
_OPERATOR: Final = re.compile(rb"[-+*/<>!=&|?%^~@]")
_LINE_BREAK: Final = re.compile(rb"[\r\n]|\xe2\x80[\xa8\xa9]")
"""In JavaScript, U+2028 and U+2029 also end a line."""

_CONTINUES_AFTER: Final = frozenset(b";{,([")
_CONTINUES_BEFORE: Final = frozenset(b"}),;]")


class SyntaxProblem(ValueError):
    """The text cannot be parsed; ``line`` is the number of the first line with an error."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} cannot be parsed as JavaScript")
        self.line = line


@lru_cache(maxsize=256)
def minify(source: bytes) -> bytes:
    """Return the script without comments and unnecessary spaces.

    :raises SyntaxProblem: it cannot be parsed
    """
    root = _PARSER.parse(source).root_node
    if root.has_error:
        raise SyntaxProblem(_first_error(root).start_point.row + 1)
    parts: list[bytes] = []
    end, last, is_regex = 0, b";", False
    for node in _tokens(root, source):
        token = source[node.start_byte : node.end_byte]
        parts += [_separator(last, source[end : node.start_byte], token, is_after_regex=is_regex), token]
        end, last, is_regex = node.end_byte, token, node.type == "regex"
    return b"".join(parts)


def _tokens(root: Node, source: bytes) -> Iterator[Node]:
    """Yield each token, and each comment with a licence (``/*!``). A tree may be deeper than Python's stack."""
    remaining = [root]
    while remaining:
        node = remaining.pop()
        if node.type in _COMMENTS:
            if source.startswith(b"/*!", node.start_byte):
                yield node
        elif node.type in _LITERALS or not node.children:
            if node.start_byte < node.end_byte:
                yield node
        else:
            remaining += reversed(node.children)


def _separator(before: bytes, gap: bytes, after: bytes, *, is_after_regex: bool) -> bytes:
    """Return what must remain of the spaces and comments between two tokens."""
    if not gap:
        return b""
    last, first = before[-1:], after[:1]
    if _LINE_BREAK.search(gap) and last[0] not in _CONTINUES_AFTER and first[0] not in _CONTINUES_BEFORE:
        return b"\n"
    if _WORD.match(first):
        # After a regular expression, a word would be its flags.
        return b" " if is_after_regex or _WORD.match(last) else b""
    return b" " if _OPERATOR.match(last) and _OPERATOR.match(first) else b""


def _first_error(root: Node) -> Node:
    node, child = root, _child_with_error(root)
    while child is not None:
        node = child
        child = None if node.is_missing or node.is_error else _child_with_error(node)
    return node


def _child_with_error(node: Node) -> Node | None:
    return next((child for child in node.children if child.is_missing or child.is_error or child.has_error), None)
