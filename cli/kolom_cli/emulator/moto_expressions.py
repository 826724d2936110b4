"""Parse and check DynamoDB's expressions in a fraction of moto's time, with the same result.

moto parses the expressions of an update twice, and checks the tree of each in ten passes over all its nodes. That took
a third of the time of all calls. Kolom makes few different expressions, and most need only three of the passes.
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
    """Parse the expression of an update, and the parts of a condition, once for each text.

    A condition is parsed once for each request, because the result contains its values. moto only reads the results, or
    changes a copy of them. An invalid expression is parsed each time, so that its error is raised each time.
    """
    parse = _expressions.UpdateExpressionParser.make
    tokenize = ConditionExpressionParser._lex_condition_expression  # noqa: SLF001 (moto has no public way)

    @lru_cache(_MAX_EXPRESSIONS)
    def parse_update(text: str) -> Any:
        tree = parse(text)
        tree.text = text
        tree.passes_without_nodes = _passes_without_nodes(tree)
        return tree

    @lru_cache(_MAX_EXPRESSIONS)
    def tokens(text: str) -> tuple[Any, ...]:
        return tuple(tokenize(ConditionExpressionParser(text, None, None)))

    def tokenize_once(parser: Any) -> deque[Any]:
        return deque(tokens(parser.condition_expression))

    parse_condition = ConditionExpressionParser.parse
    last: list[tuple[ConditionExpressionParser, Any, list[str], list[str]]] = []

    def parse_condition_once(parser: ConditionExpressionParser) -> Any:
        if not last or not _is_same_condition(parser, last[0][0]):
            operation = parse_condition(parser)
            last[:] = [(parser, operation, [*parser.expr_attr_names_found], [*parser.expr_attr_values_found])]
        _, operation, names, values = last[0]
        parser.expr_attr_names_found, parser.expr_attr_values_found = [*names], [*values]
        return operation

    with (
        patch.object(_expressions.UpdateExpressionParser, "make", staticmethod(parse_update)),
        patch.object(ConditionExpressionParser, "_lex_condition_expression", tokenize_once),
        patch.object(ConditionExpressionParser, "parse", parse_condition_once),
        patch.object(validators, "deepcopy", _copy_tree),
    ):
        yield


def _is_same_condition(one: ConditionExpressionParser, other: ConditionExpressionParser) -> bool:
    """Return whether two conditions are of the same request: they have the same names and values, not equal ones."""
    return (
        one.condition_expression == other.condition_expression
        and one.expression_attribute_names is other.expression_attribute_names
        and one.expression_attribute_values is other.expression_attribute_values
    )


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


@contextmanager
def skip_passes_without_effect() -> Iterator[None]:
    """Leave out the passes over the tree of an update that can neither change it nor find an error.

    Some passes only concern nodes that few expressions have. Others need neither the values nor the item, so once they
    found no error, they find none in the same expression with the same names and keys. Only for trees from
    :func:`remember_expressions`.
    """
    without_error: set[tuple[Any, ...]] = set()

    def validate(validator: Any) -> Any:
        tree = validator.node_to_validate
        names = tuple(sorted((validator.expression_attribute_names or {}).items()))
        check = (tree.text, names, tuple(validator.table.table_key_attrs))
        skipped = tree.passes_without_nodes | (_PASSES_WITHOUT_VALUES if check in without_error else set())
        for each_pass in validator.processors:
            if type(each_pass) not in skipped:
                tree = each_pass.traverse(tree)
        without_error.add(check)
        return tree

    with patch.object(validators.UpdateExpressionValidator, "validate", validate):
        yield


_PASSES_WITHOUT_VALUES: set[type] = {
    validators.ActionCountValidator,
    validators.OverlappingPathsValidator,
    validators.UpdateHashRangeKeyValidator,
}


def _passes_without_nodes(tree: Any) -> set[type]:
    """Return the passes that have nothing to look at in this tree."""
    nodes = list(_all_nodes(tree))
    passes: set[type] = set()
    if not any(isinstance(node, _nodes.UpdateExpressionFunction) for node in nodes):
        passes.add(validators.UpdateExpressionFunctionEvaluator)
    if not any(isinstance(node, _nodes.UpdateExpressionPath) and not _is_target(node) for node in nodes):
        passes.add(validators.NoneExistingPathChecker)
    if not any(isinstance(node, _nodes.ExpressionAttribute) for node in nodes):
        # In these passes, moto only knows attribute names in the text itself; it does not look up placeholders.
        passes |= {validators.TypeMismatchValidator, validators.EmptyStringKeyValueValidator}
    return passes


def _all_nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node.children or ():
        if isinstance(child, _nodes.Node):
            yield from _all_nodes(child)


def _is_target(path: Any) -> bool:
    """Return whether an action changes this path, and does not read it."""
    return path.parent.children[0] is path and not isinstance(
        path.parent, (_nodes.UpdateExpressionValue, _nodes.UpdateExpressionFunction)
    )
