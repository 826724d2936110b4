"""Read and edit front matter: the YAML between the ``---`` lines at the top of an author's file.

The YAML is composed to nodes, but no objects are constructed from it: this is safe for any input, and the nodes have
the position of each value, for messages and edits. The messages are written for authors; only an error of the YAML
library for which there is no hint keeps the library's text.
"""

import difflib
import json
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from kolom_cli.publishing.draft_marks import draft_mark
from kolom_cli.publishing.unsupported_metadata import find_unsupported_metadata

KEYS: Final = (
    *("title", "slug", "date", "updated", "labels", "language", "author", "description", "excerpt", "image", "path"),
    *("kind", "draft", "comments", "id", "version"),
)
MAX_CHARACTERS: Final = 64 * 1024

_OPENING: Final = re.compile(r"---[ \t]*(\r\n|\n|\r|\Z)")
_CLOSING: Final = re.compile(r"(?<=[\r\n])(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)")
_TOML: Final = re.compile(r"\+\+\+[ \t]*[\r\n]")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2}(?::\d{2}(?:\.\d{1,6})?)?)[ \t]*(Z|z|UTC|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_NULL: Final = "tag:yaml.org,2002:null"
_STRING: Final = "tag:yaml.org,2002:str"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}")
_FLAGS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_PLAIN: Final = re.compile(r"[a-z][a-z0-9-]*")
_NOT_TEXT: Final = frozenset(("null", "y", "n", *_FLAGS))
_OTHER_NAMES: Final = {
    "categories": "labels",
    "category": "labels",
    "cover": "image",
    "lang": "language",
    "lastmod": "updated",
    "modified": "updated",
    "permalink": "path",
    "published": "date",
    "summary": "excerpt",
    "tags": "labels",
    "type": "kind",
    "url": "path",
}
_HINTS: Final = (
    ("mapping values are not allowed", 'a value that contains ": " must be in quotation marks'),
    ("found character '\\t'", "a line or a value begins with a tab; use spaces"),
    ("that cannot start any token", "a value that begins with a sign such as @, % or ` must be in quotation marks"),
    ("found undefined alias", "a value that begins with * must be in quotation marks"),
    ("could not find expected ':'", "every line must be like `key: value`"),
    ("while scanning a quoted scalar", "the quotation mark that opens here is not closed"),
    ("while parsing a flow sequence", "the list that begins with [ here is not closed, or a comma is missing"),
    ("while parsing a flow mapping", "the group that begins with { here is not closed, or a comma is missing"),
)


class DocumentError(Exception):
    """An error in a file. ``line`` counts from 1, and is None if the error concerns the whole file."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line
        self.message = message

    @classmethod
    def joined(cls, errors: Sequence[Self]) -> Self:
        """Combine the errors of a file into one, in the order of their lines."""
        first, *others = sorted(errors, key=lambda error: error.line or 0)
        more = (f"line {error.line}: {error.message}" if error.line else error.message for error in others)
        return cls(first.path, first.line, "; ".join([first.message, *more]))


class Problems:
    """Collect all errors of a file, to report them together."""

    def __init__(self) -> None:
        self._errors: list[DocumentError] = []

    def read[Value](self, read: Callable[[], Value]) -> Value | None:
        """Return the result of ``read``, or None if it raises an error, which is collected."""
        try:
            return read()
        except DocumentError as error:
            self._errors.append(error)
            return None

    def check(self) -> None:
        """Raise the collected errors as one.

        :raises DocumentError: there are errors
        """
        if self._errors:
            raise DocumentError.joined(self._errors)


@dataclass(frozen=True, slots=True)
class FrontMatterEntry:
    """A key and its value. ``line`` is the line of the key in the file, ``key_end`` the index after the key."""

    key: str
    line: int
    key_end: int
    node: Node


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The front matter of a file: the YAML from ``start`` to ``end`` in ``text``, without the ``---`` lines.

    ``text`` is the whole file, and ``body`` the index after the front matter: 0 if the file has none.
    """

    path: Path
    text: str
    start: int
    end: int
    body: int
    root: MappingNode | None
    entries: Mapping[str, FrontMatterEntry]

    @classmethod
    def parse(cls, path: Path, text: str) -> Self:
        """Parse the front matter of a file's text. Unknown keys are allowed.

        :raises DocumentError: it is not closed, too long, not YAML or not a mapping, a key is repeated, or it is in a
            format of another system
        """
        if _TOML.match(text):
            raise DocumentError(
                path, 1, "front matter in TOML (between +++ lines) is not supported: write it as YAML between --- lines"
            )
        opening = _OPENING.match(text)
        if opening is None:
            if problem := find_unsupported_metadata(text):
                raise DocumentError(path, 1, problem)
            return cls(path, text, 0, 0, 0, None, {})
        closing = _CLOSING.search(text, opening.end())
        if closing is None:
            raise DocumentError(path, 1, "the front matter that begins here is not closed: end it with a line `---`")
        start, end = opening.end(), closing.start()
        if end - start > MAX_CHARACTERS:
            raise DocumentError(path, 1, f"the front matter is longer than {MAX_CHARACTERS:,} characters")
        root = compose_yaml(path, text, start, end)
        return cls(path, text, start, end, closing.end(), root, _entries(path, text, start, root))

    def error(self, key: str, message: str) -> DocumentError:
        """Return an error about the value of ``key``."""
        return DocumentError(self.path, self.entries[key].line, f"{key}: {message}")

    def check_keys(self) -> None:
        """Check that all keys are known.

        :raises DocumentError: a key is unknown; the message suggests a similar key
        """
        unknown = [
            DocumentError(self.path, entry.line, f"unknown key {entry.key!r}; {_hint(entry)}")
            for entry in self.entries.values()
            if entry.key not in KEYS
        ]
        if unknown:
            raise DocumentError.joined(unknown)

    def get_text(self, key: str) -> str | None:
        """Return one line of text, with collapsed white space; None if the key is missing or has no value."""
        node = self._scalar(key, "one line of text")
        if node is None:
            return None
        text = " ".join(node.value.split())
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
            raise self.error(key, "contains a control character")
        return text

    def get_flag(self, key: str) -> bool | None:
        """Return the value of a switch; None if the key is missing or has no value."""
        node = self._scalar(key, "true or false")
        if node is None:
            return None
        if node.style or node.value.lower() not in _FLAGS:
            raise self.error(key, f"must be true or false, without quotation marks, not {_quoted(node)}")
        return _FLAGS[node.value.lower()]

    def get_number(self, key: str) -> int | None:
        """Return a positive whole number; None if the key is missing or has no value."""
        node = self._scalar(key, "a whole number")
        if node is None:
            return None
        if node.style or not _NUMBER.fullmatch(node.value):
            raise self.error(key, f"must be a whole number above 0, without quotation marks, not {_quoted(node)}")
        return int(node.value)

    def get_datetime(self, key: str, zone: ZoneInfo) -> datetime | None:
        """Return a date and time. The default offset is that of ``zone``, and the default time is midnight."""
        node = self._scalar(key, "a date")
        if node is None:
            return None
        if parts := _MOMENT.fullmatch(node.value.strip()):
            day, hour, rest, offset = parts.groups()
            offset = "+00:00" if offset in {"Z", "z", "UTC"} else offset or ""
            try:
                moment = datetime.fromisoformat(f"{day}T{int(hour):02}:{rest}{offset}" if hour else day)
                moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
                moment.astimezone(UTC)
            except (ValueError, OverflowError):
                pass
            else:
                return moment
        raise self.error(key, f"{_quoted(node)} is not a valid date; write it like 2024-05-01 or 2024-05-01 14:30")

    def get_list(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, which may be written as one text with commas."""
        entry = self.entries.get(key)
        if entry is None or _is_null(entry.node):
            return ()
        if isinstance(entry.node, ScalarNode) and entry.node.tag == _STRING:
            return tuple(text for part in entry.node.value.split(",") if (text := " ".join(part.split())))
        if not isinstance(entry.node, SequenceNode):
            raise self.error(key, "must be a list, like [politics, economy]")
        for item in entry.node.value:
            if not isinstance(item, ScalarNode) or item.tag != _STRING:
                hint = f'; write "{item.value}"' if isinstance(item, ScalarNode) and item.value else ""
                line = line_at(self.text, self.start + item.start_mark.index)
                raise DocumentError(self.path, line, f"{key}: must be text, not {_quoted(item)}{hint}")
        return tuple(" ".join(item.value.split()) for item in entry.node.value)

    def with_values(self, values: Mapping[str, str]) -> str:
        """Return the file's text with these keys set to these values (YAML on one line), and nothing else changed.

        :raises DocumentError: the front matter cannot be edited safely, because of how it is written
        """
        edits = []
        for key in values.keys() & self.entries.keys():
            entry = self.entries[key]
            first, last = self.start + entry.node.start_mark.index, self.start + entry.node.end_mark.index
            if first < last:
                edits.append((first, last, values[key]))
            else:  # without a value: insert it after the colon
                first = self.text.find(":", entry.key_end) + 1
                edits.append((first, first, f" {values[key]}"))
        if new := {key: value for key, value in values.items() if key not in self.entries}:
            edits.append(self._insertion(new))
        text = self.text
        for first, last, replacement in sorted(edits, reverse=True):
            text = text[:first] + replacement + text[last:]
        self._check_written(text, values)
        return text

    def _insertion(self, values: Mapping[str, str]) -> tuple[int, int, str]:
        pairs = [f"{key}: {value}" for key, value in values.items()]
        if self.root is not None and self.root.flow_style:
            brace = self.text.index("{", self.start + self.root.start_mark.index) + 1
            return brace, brace, "".join(f"{pair}, " for pair in pairs)
        line_end = (_LINE_END.search(self.text) or ["\n"])[0]
        indent = " " * self.root.start_mark.column if self.root is not None else ""
        lines = "".join(f"{indent}{pair}{line_end}" for pair in pairs)
        return self.end, self.end, lines if self.body else f"---{line_end}{lines}---{line_end}"

    def _check_written(self, text: str, values: Mapping[str, str]) -> None:
        try:
            written = FrontMatter.parse(self.path, text)
        except DocumentError:
            written = None
        expected = {key: _comparable(entry.node) for key, entry in self.entries.items()}
        expected |= {key: _comparable(_compose_value(value)) for key, value in values.items()}
        if (
            written is None
            or {key: _comparable(entry.node) for key, entry in written.entries.items()} != expected
            or written.text[written.body :] != self.text[self.body :]
        ):
            message = f"{', '.join(values)} cannot be written into this front matter: put each key on a line of its own"
            raise DocumentError(self.path, 1, message)

    def _scalar(self, key: str, wanted: str) -> ScalarNode | None:
        entry = self.entries.get(key)
        if entry is None or _is_null(entry.node):
            return None
        if not isinstance(entry.node, ScalarNode):
            raise self.error(key, f"must be {wanted}, not a list or a group of keys")
        return entry.node


def _hint(unknown: FrontMatterEntry) -> str:
    if draft_mark({unknown.key: getattr(unknown.node, "value", None)}):
        return "write `draft: true` to keep it as a draft"
    folded = unknown.key.lower()
    near = [_OTHER_NAMES[folded]] if folded in _OTHER_NAMES else difflib.get_close_matches(folded, KEYS, 1)
    return f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(KEYS)}"


def line_at(text: str, index: int) -> int:
    """Return the number of the line, from 1, that contains the character at ``index``."""
    return sum(1 for _ in _LINE_END.finditer(text, 0, index)) + 1


def as_yaml(text: str) -> str:
    """Return a one-line text as a YAML value, in quotation marks if it could be read as another type."""
    return text if _PLAIN.fullmatch(text) and text not in _NOT_TEXT else json.dumps(text, ensure_ascii=False)


def compose_yaml(path: Path, text: str, start: int, end: int) -> MappingNode | None:
    """Return the node of the YAML in ``text[start:end]``; None if it is empty.

    :raises DocumentError: it is not valid YAML, or not a mapping
    """
    try:
        root = _parse(text[start:end])
    except MarkedYAMLError as error:
        problem = f"{error.context or ''} {error.problem or ''}"
        hint = next((hint for sign, hint in _HINTS if sign in problem), problem.strip())
        mark = (error.context_mark if "while" in problem else None) or error.problem_mark
        line = line_at(text, min(start + mark.index, end)) if mark else 1
        raise DocumentError(path, line, f"the front matter is not valid: {hint}") from error
    except ReaderError as error:
        line = line_at(text, start + error.position)
        raise DocumentError(path, line, "the front matter contains a control character") from error
    except RecursionError as error:
        raise DocumentError(path, 1, "the front matter is nested too deeply") from error
    except (YAMLError, ValueError, OverflowError) as error:
        raise DocumentError(path, 1, f"the front matter is not valid YAML: {error}") from error
    if root is None or isinstance(root, MappingNode):
        return root
    raise DocumentError(path, line_at(text, start), "the front matter must be lines like `key: value`")


def _parse(yaml: str) -> Node | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about repeated anchors
        root: Node | None = YAML(typ="safe", pure=True).compose(yaml)
    return root


def _compose_value(value: str) -> Node:
    node = _parse(value)
    assert node is not None
    return node


def _entries(path: Path, text: str, start: int, root: MappingNode | None) -> dict[str, FrontMatterEntry]:
    entries: dict[str, FrontMatterEntry] = {}
    for key, node in root.value if root is not None else ():
        line = line_at(text, start + key.start_mark.index)
        if not isinstance(key, ScalarNode):
            raise DocumentError(path, line, "a key must be a single text, not a list or a group")
        if key.value in entries:
            raise DocumentError(
                path, line, f"duplicate key {key.value!r} (first defined on line {entries[key.value].line})"
            )
        entries[key.value] = FrontMatterEntry(key.value, line, start + key.end_mark.index, node)
    return entries


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL


def _quoted(node: Node) -> str:
    """Return a value for a message."""
    return repr(node.value[:60]) if isinstance(node, ScalarNode) else "a list or a group of keys"


def _comparable(node: Node) -> object:
    """Return the content of a node for comparisons, whatever its notation; nested values only have their length."""
    if isinstance(node, ScalarNode):
        return node.tag, node.value
    if isinstance(node, SequenceNode) and all(isinstance(item, ScalarNode) for item in node.value):
        return node.tag, [(item.tag, item.value) for item in node.value]
    return node.tag, len(node.value)
