"""Parse other systems' front matter leniently: YAML between ``---``, TOML between ``+++``, or a JSON object.

Every scalar is kept as its source text, so the label ``1.10`` stays ``1.10`` and ``no`` stays ``no``.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kolom_cli.publishing.front_matter import DocumentError, compose_yaml, line_at

type Value = str | list[Value] | dict[str, Value] | None
type Values = dict[str, Value]

_YAML: Final = re.compile(r"\s*---[ \t]*(?:\r\n|\n|\r)")
_KEY: Final = re.compile(r"[A-Za-z][\w -]*:(?:[ \t]|$)", re.MULTILINE)
_YAML_END: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$\n?", re.MULTILINE)
_TOML: Final = re.compile(r"\s*\+\+\+[ \t]*(?:\r\n|\n|\r)")
_TOML_END: Final = re.compile(r"^\+\+\+[ \t]*\r?$\n?", re.MULTILINE)
_JSON: Final = re.compile(r'\s*\{\s*(?="|\})')
_NULL: Final = "tag:yaml.org,2002:null"
_MAX_DEPTH: Final = 20


@dataclass(frozen=True, slots=True)
class Front:
    """The values of the front matter, by keys in lower case, and the position of the body; 0 without front matter."""

    values: Values
    body: int


def read_front(path: Path, text: str) -> Front:
    """Parse the front matter of a file's text.

    :raises DocumentError: it is invalid
    """
    if opening := _YAML.match(text):
        closing = _YAML_END.search(text, opening.end())
        if closing is None:
            if _KEY.match(text, opening.end()):
                message = "the front matter is not closed: end it with a line `---`"
                raise DocumentError(path, line_at(text, opening.start(0)), message)
            return Front({}, 0)  # a horizontal rule, and then text
        return Front(_yaml(path, text, opening.end(), closing.start()), closing.end())
    if opening := _TOML.match(text):
        closing = _TOML_END.search(text, opening.end())
        if closing is None:
            raise DocumentError(path, 1, "the front matter is not closed: end it with a line `+++`")
        return Front(_toml(path, text[opening.end() : closing.start()]), closing.end())
    if opening := _JSON.match(text):
        return _json(path, text, text.index("{"))
    return Front({}, 0)


def read_data(path: Path, text: str) -> Values:
    """Parse a data file such as ``_config.yml``, ``hugo.toml`` or ``authors.json``, with keys in lower case.

    :raises DocumentError: it is invalid
    """
    match path.suffix.lower():
        case ".toml":
            return _toml(path, text)
        case ".json":
            return _json(path, text, 0).values
        case _:
            return _yaml(path, text, 0, len(text))


def _yaml(path: Path, text: str, start: int, end: int) -> Values:
    return _map(_node_value(compose_yaml(path, text, start, end), {}, 0))


def _node_value(node: Node | None, known: dict[int, Value], depth: int) -> Value:
    """Return the value of a node. A node that is repeated by an alias is built once; a recursive one is None."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = None
    value: Value = None
    if isinstance(node, ScalarNode) and node.tag != _NULL:
        value = str(node.value)
    elif isinstance(node, SequenceNode) and depth < _MAX_DEPTH:
        value = [_node_value(item, known, depth + 1) for item in node.value]
    elif isinstance(node, MappingNode) and depth < _MAX_DEPTH:
        merged: Values = {}
        own: list[tuple[str, Value]] = []
        for key, item in node.value:
            item_value = _node_value(item, known, depth + 1)
            if isinstance(key, ScalarNode) and key.value == "<<":
                for each in reversed(item_value) if isinstance(item_value, list) else [item_value]:
                    merged |= each if isinstance(each, dict) else {}
            elif isinstance(key, ScalarNode):
                own.append((str(key.value), item_value))
        value = merged | _keys(own)
    known[id(node)] = value
    return value


def _toml(path: Path, text: str) -> Values:
    try:
        return _map(_data_value(tomllib.loads(text.replace("\r\n", "\n"))))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line[1]) + 1 if line else 1
        raise DocumentError(path, number, f"is not valid TOML: {error}") from error


def _json(path: Path, text: str, start: int) -> Front:
    try:
        data, end = json.JSONDecoder(object_pairs_hook=_keys).raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError) as error:
        line = line_at(text, error.pos) if isinstance(error, json.JSONDecodeError) else 1
        raise DocumentError(path, line, f"is not valid JSON: {error}") from error
    return Front(_map(_data_value(data)), end)


def _data_value(data: Any) -> Value:
    match data:
        case None:
            return None
        case bool():
            return "true" if data else "false"
        case str():
            return data
        case list():
            return [_data_value(item) for item in data]
        case dict():
            return _keys((str(key), _data_value(item)) for key, item in data.items())
        case date() | time():
            return data.isoformat()
        case _:
            return str(data)


def _map(value: Value) -> Values:
    return value if isinstance(value, dict) else {}


def _keys[Item](pairs: Iterable[tuple[str, Item]]) -> dict[str, Item]:
    """Return the pairs with keys in lower case. The last of equal keys counts; earlier ones become ``key_``, ``key__``.

    So a draft mark is not lost: ``Draft: true`` before ``draft: false`` is kept and still recognized.
    """
    kept: dict[str, Item] = {}
    for key, item in pairs:
        name = key.strip().lower()
        if name in kept:
            spare = f"{name}_"
            while spare in kept:
                spare += "_"
            kept[spare] = kept[name]
        kept[name] = item
    return kept
