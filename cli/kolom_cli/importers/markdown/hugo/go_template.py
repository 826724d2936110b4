"""Evaluate a part of the template language of Go and Hugo: values, conditions, variables and text functions. Pure.

A template that needs anything else, such as a partial, a loop or a resource, raises :class:`UnsupportedTemplate`.
Nothing of a template is run: its expressions are parsed and interpreted here. Nesting, steps and the size of the result
are limited.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

from kolom_cli.importers.markdown.hugo.template_functions import FUNCTIONS, Markup, UnsupportedTemplate, is_true

__all__ = ["Markup", "Method", "Template", "UnsupportedTemplate", "parse_template"]

type Node = str | Action | Branch

_ACTION: Final = re.compile(
    r"\{\{(-(?=\s))?\s*+((?:\"(?:[^\"\\\n]|\\.)*+\"|`[^`]*+`|[^\"`{}]|\{(?!\{)|\}(?!\}))*+)\}\}", re.DOTALL
)
_COMMENT: Final = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>\"(?:[^\"\\]|\\.)*+\"|`[^`]*+`)|(?P<number>-?\d{1,15}(?:\.\d{1,15})?(?!\w))"
    r"|(?P<variable>\$\w*+(?:\.\w++)*+)|(?P<field>(?:\.\w++)++|\.)|(?P<name>[A-Za-z_][\w.]*+)"
    r"|(?P<open>\()|(?P<close>\)(?:\.\w++)*+)|(?P<pipe>\|)|(?P<assign>:=|=))",
    re.DOTALL,
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_WORDS: Final = {"true": True, "false": False, "nil": None}
_MAX_DEPTH: Final = 30
_MAX_COMMENTS: Final = 200
_MAX_STEPS: Final = 5_000
_MAX_RESULT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value, which a template calls with arguments."""

    call: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number or Boolean value."""

    value: Any


@dataclass(frozen=True, slots=True)
class FieldPath:
    """Fields of the current value (``.A.B``), of a variable (``$x.A``) or of an expression in parentheses."""

    base: "str | Pipeline"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A function or a value, with arguments."""

    function: str
    operands: tuple["Literal | FieldPath", ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands; each gets the result of the one before as its last argument."""

    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """The output of an expression; with ``assignment``, such as ``$x:=``, its value is assigned instead."""

    pipeline: Pipeline
    assignment: str = ""


@dataclass(slots=True)
class Branch:
    """``if`` or ``with``: the nodes of the first true case. The last case may have no condition."""

    cases: list[tuple[str, Action | None, list[Node]]]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    nodes: tuple[Node, ...]

    def render(self, context: Any, convert: Callable[[str], str] = str) -> str:
        """Return the result for the value of ``.``, with the literal texts of the template converted.

        :raises UnsupportedTemplate: the template uses something unsupported, or its result is too large
        """
        run = _Run([{"$": context}], convert)
        run.nodes(self.nodes, context)
        return "".join(run.pieces)


def parse_template(text: str) -> Template:
    """Parse a template.

    :raises UnsupportedTemplate: it is invalid, nested too deeply, or uses a keyword that is not supported
    """
    nodes: list[Node] = []
    stack: list[tuple[Branch, list[Node]]] = []
    for part in _parts(text):
        if isinstance(part, str):
            nodes.append(part)
            continue
        keyword, rest = part
        if keyword in {"if", "with"}:
            if len(stack) >= _MAX_DEPTH:
                raise UnsupportedTemplate("nested too deeply")
            branch = Branch([(keyword, _action(rest), [])])
            nodes.append(branch)
            stack.append((branch, nodes))
            nodes = branch.cases[-1][2]
        elif keyword == "else" and stack:
            inner, _, condition = rest.strip().partition(" ")
            if inner not in {"", "if", "with"}:
                raise UnsupportedTemplate(rest)
            stack[-1][0].cases.append((inner or "if", _action(condition) if inner else None, []))
            nodes = stack[-1][0].cases[-1][2]
        elif keyword == "end" and stack:
            nodes = stack.pop()[1]
        elif keyword:
            raise UnsupportedTemplate(keyword)
        else:
            nodes.append(_action(rest))
    if stack:
        raise UnsupportedTemplate("a condition without end")
    return Template(tuple(nodes))


def _parts(text: str) -> Iterator[str | tuple[str, str]]:
    """Yield the literal texts of a template, and its actions as ``(keyword, rest)``."""
    if text.count("{{/*") > _MAX_COMMENTS:
        raise UnsupportedTemplate("too many comments")
    text = _COMMENT.sub(_empty_action, text)
    position = 0
    trim = False
    for match in _ACTION.finditer(text):
        literal = text[position : match.start()]
        inside = match[2]
        if "{{" in literal:
            raise UnsupportedTemplate("an action without end")
        literal = literal.lstrip() if trim else literal
        yield literal.rstrip() if match[1] else literal
        trim = inside.endswith("-") and inside[:-1] != inside[:-1].rstrip()
        inside = (inside[:-1] if trim else inside).strip()
        word = re.match(r"(?:if|with|else|end|range|define|block|template|break|continue|return|try)(?![\w.])", inside)
        yield (word[0], inside[word.end() :]) if word else ("", inside)
        position = match.end()
    rest = text[position:]
    if "{{" in rest:
        raise UnsupportedTemplate("an action without end")
    yield rest.lstrip() if trim else rest


def _empty_action(comment: re.Match[str]) -> str:
    """Return an action that shows nothing and removes the same white space as the comment."""
    return "{{" + ("- " if comment[0][2] == "-" else "") + "``" + (" -" if comment[0][-3] == "-" else "") + "}}"


def _action(text: str) -> Action:
    tokens = _tokens(text)
    assignment = ""
    if len(tokens) > 1 and tokens[0][0] == "variable" and tokens[1][0] == "assign":
        assignment, tokens = tokens[0][1] + tokens[1][1], tokens[2:]
    parser = _Parser(tokens)
    pipeline = parser.pipeline(0)
    if parser.position != len(tokens):
        raise UnsupportedTemplate(text.strip())
    return Action(pipeline, assignment)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnsupportedTemplate(text.strip())
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


@dataclass(slots=True)
class _Parser:
    tokens: list[tuple[str, str]]
    position: int = 0

    def pipeline(self, depth: int) -> Pipeline:
        if depth > _MAX_DEPTH:
            raise UnsupportedTemplate("nested too deeply")
        commands = [self._command(depth)]
        while self._kind() == "pipe":
            self.position += 1
            commands.append(self._command(depth))
        return Pipeline(tuple(commands))

    def _kind(self) -> str:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else ""

    def _command(self, depth: int) -> Command:
        function = ""
        if self._kind() == "name" and not self._is_value(self.tokens[self.position][1]):
            function = self.tokens[self.position][1]
            self.position += 1
        operands: list[Literal | FieldPath] = []
        while self._kind() in {"text", "number", "variable", "field", "name", "open"}:
            operands.append(self._operand(depth))
        if not function and not operands:
            raise UnsupportedTemplate("an empty expression")
        return Command(function, tuple(operands))

    @staticmethod
    def _is_value(name: str) -> bool:
        return name in _WORDS or name.partition(".")[0] == "site"

    def _operand(self, depth: int) -> Literal | FieldPath:
        kind, text = self.tokens[self.position]
        self.position += 1
        match kind:
            case "text":
                return Literal(text[1:-1] if text[0] == "`" else _unquoted(text[1:-1]))
            case "number":
                return Literal(float(text) if "." in text else int(text))
            case "variable":
                base, *names = text.split(".")
                return FieldPath(base, tuple(names))
            case "field":
                return FieldPath(".", tuple(name for name in text.split(".") if name))
            case "name" if text in _WORDS:
                return Literal(_WORDS[text])
            case "name" if text.partition(".")[0] == "site":
                return FieldPath("$", ("Site", *text.split(".")[1:]))
            case "open":
                inner = self.pipeline(depth + 1)
                if self._kind() != "close":
                    raise UnsupportedTemplate("a parenthesis without end")
                names = self.tokens[self.position][1][1:].split(".")
                self.position += 1
                return FieldPath(inner, tuple(name for name in names if name))
            case _:
                raise UnsupportedTemplate(text)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)


@dataclass(slots=True)
class _Run:
    """One evaluation. ``scopes`` are the variables, the innermost last."""

    scopes: list[dict[str, Any]]
    convert: Callable[[str], str]
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    steps: int = 0

    def nodes(self, nodes: tuple[Node, ...] | list[Node], dot: Any) -> None:
        for node in nodes:
            match node:
                case str():
                    self._write(self.convert(node))
                case Action():
                    self._act(node, dot)
                case Branch():
                    self._branch(node, dot)

    def _act(self, action: Action, dot: Any) -> Any:
        value = self._pipeline(action.pipeline, dot)
        if not action.assignment:
            self._write(_shown(value))
            return value
        return self._assign(action.assignment, value)

    def _assign(self, assignment: str, value: Any) -> Any:
        name = assignment.rstrip(":=")
        scope = self.scopes[-1]
        if not assignment.endswith(":="):
            scope = next((each for each in reversed(self.scopes) if name in each), scope)
        scope[name] = value
        return value

    def _branch(self, branch: Branch, dot: Any) -> None:
        self.scopes.append({})
        for keyword, condition, nodes in branch.cases:
            value: Any = True
            if condition is not None:
                value = self._pipeline(condition.pipeline, dot)
                if condition.assignment:
                    self._assign(condition.assignment, value)
            if is_true(value):
                self.nodes(nodes, value if keyword == "with" and condition is not None else dot)
                break
        self.scopes.pop()

    def _write(self, text: str) -> None:
        self.size += len(text)
        if self.size > _MAX_RESULT:
            raise UnsupportedTemplate("its result is too large")
        self.pieces.append(text)

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: Any = None
        for index, command in enumerate(pipeline.commands):
            self.steps += 1
            if self.steps > _MAX_STEPS:
                raise UnsupportedTemplate("too many steps")
            value = self._command(command, dot, [value] if index else [])
            if isinstance(value, str) and len(value) > _MAX_RESULT:
                raise UnsupportedTemplate("its result is too large")
        return value

    def _command(self, command: Command, dot: Any, piped: list[Any]) -> Any:
        values = [self._operand(each, dot) for each in command.operands] + piped
        page_functions = getattr(self.scopes[0]["$"], "functions", {})
        if command.function in page_functions:
            return page_functions[command.function](*values)
        if command.function:
            return FUNCTIONS.call(command.function, values)
        first, *arguments = values
        if isinstance(first, Method):
            try:
                return first.call(*arguments)
            except (TypeError, ValueError) as error:
                raise UnsupportedTemplate("a method with other arguments") from error
        if arguments:
            raise UnsupportedTemplate("a value with arguments")
        return first

    def _operand(self, operand: Literal | FieldPath, dot: Any) -> Any:
        if isinstance(operand, Literal):
            return operand.value
        if isinstance(operand.base, Pipeline):
            value = self._pipeline(operand.base, dot)
        elif operand.base == ".":
            value = dot
        else:
            value = next((each[operand.base] for each in reversed(self.scopes) if operand.base in each), None)
            if operand.base != "$" and not any(operand.base in each for each in self.scopes):
                raise UnsupportedTemplate(operand.base)
        for name in operand.names:
            value = _field_of(value, name)
        return value


def _field_of(value: Any, name: str) -> Any:
    if value is None:
        return None
    if isinstance(value, dict):
        found = value[name] if name in value else value.get(name.lower())
        return _WORDS.get(found, found) if isinstance(found, str) else found
    fields = getattr(value, "fields", None)
    if not isinstance(fields, dict) or name not in fields:
        raise UnsupportedTemplate(f".{name}")
    return fields[name]


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case Markup():
            return str(value)
        case bool():
            return "true" if value else "false"
        case str():
            return escape(value)
        case int() | float():
            return str(value)
        case _:
            raise UnsupportedTemplate("a value that is not text")
