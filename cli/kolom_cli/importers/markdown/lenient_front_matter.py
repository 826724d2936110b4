"""Parse other systems' front matter leniently: YAML, TOML, a JSON object, or ``Title: …`` lines.

Every scalar but null becomes a text. Numbers with a decimal point and all scalars of YAML are kept as written: the
label ``1.10`` stays ``1.10``, and ``no`` stays ``no``.
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

from kolom_cli.publishing.document import is_about_project
from kolom_cli.publishing.front_matter import DocumentError, compose_yaml, line_at
from kolom_cli.publishing.metadata_header import read_header

type Value = str | list[Value] | dict[str, Value] | None
type Values = dict[str, Value]

_YAML: Final = re.compile(r"\s*---[ \t]*(?:\r\n|\n|\r)")
_KEY: Final = re.compile(r"[A-Za-z][\w -]*:(?:[ \t]|$)", re.MULTILINE)
_YAML_END: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$\n?", re.MULTILINE)
_TOML: Final = re.compile(r"\s*\+\+\+[ \t]*(?:\r\n|\n|\r)")
_TOML_END: Final = re.compile(r"^\+\+\+[ \t]*\r?$\n?", re.MULTILINE)
_TOML_PLACE: Final = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)$")
_JSON: Final = re.compile(r'\s*\{\s*(?="|\})')
_NULL: Final = "tag:yaml.org,2002:null"
_LIST_KEYS: Final = frozenset(("tags", "tag", "keywords", "category", "categories", "author", "authors", "labels"))
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
                raise DocumentError(path, line_at(text, opening.end()) - 1, message)
            return Front({}, 0)  # a horizontal rule, and then text
        return Front(_yaml(path, text, opening.end(), closing.start()), closing.end())
    if opening := _TOML.match(text):
        closing = _TOML_END.search(text, opening.end())
        if closing is None:
            message = "the front matter is not closed: end it with a line `+++`"
            raise DocumentError(path, line_at(text, opening.end()) - 1, message)
        return Front(_toml(path, text, opening.end(), closing.start()), closing.end())
    if opening := _JSON.match(text):
        return _json(path, text, text.index("{"))
    return Front({}, 0)


def read_front_or_header(path: Path, text: str) -> Front:
    """Parse the front matter of a file's text, or the ``Title: …`` lines at its beginning.

    :raises DocumentError: it is invalid
    """
    front = read_front(path, text)
    return front if front.body or is_about_project(path) else header_front(text)


def header_front(text: str) -> Front:
    """Return the values of the ``Title: …`` lines at the beginning of a text."""
    header = read_header(text)
    values = _keys((key, _header_value(key, lines)) for key, lines in header.values)
    if "keywords" in values:
        values.setdefault("tags", values["keywords"])
    for key in ("save_as", "url"):
        written = values.get(key)
        if isinstance(written, str) and written and ":" not in written:
            values["url"] = f"/{written.lstrip('/')}"
    return Front(values, header.end)


def _header_value(key: str, lines: tuple[str, ...]) -> Value:
    """Return the value of a header's key: a list if it is written as one."""
    written = [line for line in lines if line]
    if len(written) > 1 and all(line.startswith("- ") for line in written[1:]):
        return [line.removeprefix("- ").strip() for line in written]
    text = " ".join(written)
    if key.lower() in _LIST_KEYS and ";" in text:
        return [each.strip() for each in text.split(";") if each.strip()]
    return text


def read_data(path: Path, text: str) -> Values:
    """Parse a data file such as ``_config.yml``, ``hugo.toml`` or ``authors.json``, with keys in lower case.

    :raises DocumentError: it is invalid
    """
    match path.suffix.lower():
        case ".toml":
            return _toml(path, text, 0, len(text))
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


def _toml(path: Path, text: str, start: int, end: int) -> Values:
    first_line = line_at(text, start)
    data = text[start:end]
    padding = "\n" * (first_line - 1)  # so that the position in an error is that in the file
    try:
        return _map(_data_value(tomllib.loads(padding + data.replace("\r\n", "\n"), parse_float=str)))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        if place := _TOML_PLACE.search(str(error)):
            line = int(place[1]) if place[1] else line_at(data.rstrip(), len(data)) + first_line - 1
        else:
            line = first_line
        raise DocumentError(path, line, f"is not valid TOML: {error}") from error


def _json(path: Path, text: str, start: int) -> Front:
    try:
        data, end = json.JSONDecoder(object_pairs_hook=_keys, parse_float=str).raw_decode(text, start)
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
