"""Parse and check DynamoDB's expressions in a fraction of moto's time, with the same result.

moto parses the expressions of an update twice, and checks the tree of each in ten passes over all its nodes. That took
a third of the time of all calls. Kolom makes few different expressions, and all have a few nodes.
:func:`.moto_patches.patch_moto` applies these context managers together with its own.
"""

import copy
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any
from unittest.mock import patch

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes, expressions, validators

_nodes: Any = ast_nodes  # these two modules have no types
_expressions: Any = expressions

_MAX_EXPRESSIONS = 1_000
_is_subclass: Callable[[type, Any], bool] = cache(issubclass)


@contextmanager
def remember_expressions() -> Iterator[None]:
    """Parse each text of an expression once.

    moto only reads the result, or changes a copy of it. An invalid expression is parsed each time, so that its error is
    raised each time.
    """
    parse_update = lru_cache(_MAX_EXPRESSIONS)(_expressions.UpdateExpressionParser.make)
    tokenize = ConditionExpressionParser._lex_condition_expression  # noqa: SLF001 (moto has no public way)

    @lru_cache(_MAX_EXPRESSIONS)
    def tokens(text: str) -> tuple[Any, ...]:
        return tuple(tokenize(ConditionExpressionParser(text, None, None)))

    def tokenize_once(parser: Any) -> deque[Any]:
        return deque(tokens(parser.condition_expression))

    with (
        patch.object(_expressions.UpdateExpressionParser, "make", staticmethod(parse_update)),
        patch.object(ConditionExpressionParser, "_lex_condition_expression", tokenize_once),
        patch.object(validators, "deepcopy", _copy_tree),
    ):
        yield


def _copy_tree(value: Any) -> Any:
    """Copy a tree with all its nodes. Unlike ``deepcopy``, keep no record of the copied objects."""
    if not isinstance(value, _nodes.Node):
        return value if type(value) is str else copy.deepcopy(value)
    node = object.__new__(type(value))
    node.__dict__.update(value.__dict__)
    if value.children is not None:
        node.children = [_copy_tree(child) for child in value.children]
        for child in node.children:
            if isinstance(child, _nodes.Node):
                child.parent = node
    return node


@contextmanager
def traverse_by_type() -> Iterator[None]:
    """Decide once for each class of nodes which checks apply to it.

    moto asks ``isinstance`` for each node in each pass. That is slow, because the classes are abstract.
    """

    def traverse(traverser: Any, root: Any) -> Any:
        targets = traverser.nodes_to_be_processed()

        def visit(node: Any, child_id: int) -> Any:
            if not _is_subclass(type(node), _nodes.Node):
                return node
            parent = node.parent
            for position, child in enumerate(node.children or ()):
                traverser.pre_processing_of_child(node, position)
                visit(child, position)
            if _is_subclass(type(node), targets):
                node = traverser.process(node)
                node.parent = parent
                if parent:
                    parent.children[child_id] = node
            return node

        return visit(root, -1)

    def find_clauses(node: Any, clause_types: list[type]) -> list[Any]:
        clauses = []
        for child in node.children or ():
            if type(child) in clause_types:
                clauses.append(child)
            elif _is_subclass(type(child), (_nodes.Expression, _nodes.UpdateExpressionFunction)):
                clauses.extend(find_clauses(child, clause_types))
        return clauses

    with (
        patch.object(_nodes.DepthFirstTraverser, "traverse", traverse),
        patch.object(_nodes.Node, "find_clauses", find_clauses),
    ):
        yield
