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
_CONTINUES_AFTER: Final = frozenset(b";{,([")
_CONTINUES_BEFORE: Final = frozenset(b"}),;]")


class SyntaxProblem(ValueError):
    """The text is not JavaScript; ``line`` is the number of the first line with an error."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is not valid JavaScript")
        self.line = line


@lru_cache(maxsize=256)
def minify(source: bytes) -> bytes:
    """Return the script without comments and unnecessary spaces.

    :raises SyntaxProblem: it is not valid
    """
    root = _PARSER.parse(source).root_node
    if root.has_error:
        raise SyntaxProblem(_first_error(root).start_point.row + 1)
    parts: list[bytes] = []
    end, last = 0, b";"
    for start, token_end in _tokens(root, source):
        token = source[start:token_end]
        parts += [_separator(last, source[end:start], token), token]
        end, last = token_end, token
    return b"".join(parts)


def _tokens(node: Node, source: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each token, and of each comment with a licence (``/*!``)."""
    start, end = node.start_byte, node.end_byte
    if node.type in _COMMENTS:
        if source.startswith(b"/*!", start):
            yield start, end
    elif node.type in _LITERALS or not node.children:
        if start < end:
            yield start, end
    else:
        for child in node.children:
            yield from _tokens(child, source)


def _separator(before: bytes, gap: bytes, after: bytes) -> bytes:
    """Return what must remain of the spaces and comments between two tokens."""
    if not gap:
        return b""
    last, first = before[-1:], after[:1]
    if b"\n" in gap and last[0] not in _CONTINUES_AFTER and first[0] not in _CONTINUES_BEFORE:
        return b"\n"
    both = (last, first)
    return b" " if all(map(_WORD.match, both)) or all(map(_OPERATOR.match, both)) else b""


def _first_error(node: Node) -> Node:
    for child in node.children:
        if child.is_missing or child.is_error:
            return child
        if child.has_error:
            return _first_error(child)
    return node
