"""An author's file: front matter in YAML, then Markdown or HTML."""

import difflib
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import lxml.etree
import lxml.html
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kolom.articles.types import Kind, SourceFormat
from kolom.articles.validation import MAX_LABELS

MARKDOWN_ENDINGS: Final = frozenset({".md", ".markdown"})
HTML_ENDINGS: Final = frozenset({".html", ".htm"})
KEYS: Final = (
    *("title", "slug", "date", "updated", "labels", "language", "author", "description", "excerpt", "image", "path"),
    *("kind", "draft", "comments", "id", "version"),
)

_FENCE: Final = re.compile(r"---[ \t]*")
_HEADING: Final = re.compile(r"\A\s*#[ \t]+(?P<title>[^\n]+?)[ \t#]*(?:\n|\Z)")
_TAG: Final = "tag:yaml.org,2002:"


class DocumentError(Exception):
    """Something about a file keeps it from being published; ``line`` is counted from 1, None if it has no place."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says. ``date`` and ``updated`` are aware; ``page_path`` is the front matter's ``path``."""

    path: Path
    format: SourceFormat
    body: str
    title: str
    slug: str | None = None
    date: datetime | None = None
    updated: datetime | None = None
    labels: tuple[str, ...] = ()
    language: str | None = None
    author: str | None = None
    description: str | None = None
    excerpt: str | None = None
    image: str | None = None
    page_path: str | None = None
    kind: Kind = "article"
    draft: bool = False
    comments_open: bool = True
    id: int | None = None
    version: int | None = None


def find_documents(paths: Iterable[Path]) -> list[Path]:
    """The documents among ``paths``: files as they are given, folders searched in order of their names.

    Hidden files and folders, and a folder's ``README.md``, are left out.

    :raises DocumentError: there is no such file or folder, or a file is neither Markdown nor HTML
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [each for each in sorted(path.rglob("*")) if _is_document(each, path)]
        elif not path.exists():
            raise DocumentError(path, None, "there is no such file or folder")
        elif path.suffix.lower() not in MARKDOWN_ENDINGS | HTML_ENDINGS:
            raise DocumentError(path, None, "is neither Markdown (.md) nor HTML (.html)")
        else:
            found.append(path)
    return found


def read_document(path: Path, zone: ZoneInfo) -> Document:
    """The document in a file; times without an offset are those of ``zone``.

    :raises DocumentError: with the line of what is wrong
    """
    text = _read_text(path)
    front, body, first_body_line = _split(path, text)
    fields = _Fields(path, front, zone)
    source_format: SourceFormat = "html" if path.suffix.lower() in HTML_ENDINGS else "markdown"
    title, body = _title_and_body(fields, source_format, body, first_body_line)
    return Document(
        path=path,
        format=source_format,
        body=body,
        title=title,
        slug=fields.text("slug"),
        date=fields.moment("date"),
        updated=fields.moment("updated"),
        labels=fields.labels(),
        language=fields.text("language"),
        author=fields.text("author"),
        description=fields.text("description"),
        excerpt=fields.text("excerpt"),
        image=fields.text("image"),
        page_path=fields.text("path"),
        kind=fields.kind(),
        draft=fields.flag("draft", default=False),
        comments_open=fields.flag("comments", default=True),
        id=fields.number("id"),
        version=fields.number("version"),
    )


def record_version(path: Path, *, id: int, version: int, slug: str) -> None:  # noqa: A002 - as the front matter calls it
    """Write what was published into the file's front matter; every other byte stays as it is.

    The file is replaced at once, so that a crash leaves the old one or the new one.
    """
    data = path.read_bytes()
    bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    text = data.removeprefix(bom).decode()
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if not lines or not _FENCE.fullmatch(lines[0].rstrip("\r\n")):
        lines = [f"---{newline}", f"---{newline}", *lines]
    end = next(number for number, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line.rstrip("\r\n")))
    for name, value in (("slug", slug), ("id", str(id)), ("version", str(version))):
        pattern = re.compile(rf"({name}[ \t]*:[ \t]*)([^#\r\n]*?)([ \t]*(?:#[^\r\n]*)?(?:\r?\n)?)")
        matches = [(number, match) for number in range(1, end) if (match := pattern.fullmatch(lines[number]))]
        if matches and name != "slug":
            number, match = matches[0]
            lines[number] = f"{match[1].rstrip(' ')} {value}{match[3]}"
        elif not matches:
            lines.insert(end, f"{name}: {value}{newline}")
            end += 1
    _replace(path, bom + "".join(lines).encode())


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(path.stat().st_mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_document(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return (
        path.suffix.lower() in MARKDOWN_ENDINGS | HTML_ENDINGS
        and not any(part.startswith(".") for part in parts)
        and path.name.lower() != "readme.md"
        and path.is_file()
    )


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(path, None, f"cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(path, line, f"byte {error.start + 1} of the file is not UTF-8: save it as UTF-8") from error
    if "\0" in text:
        raise DocumentError(path, text.count("\n", 0, text.index("\0")) + 1, "holds a NUL: is it a text file?")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split(path: Path, text: str) -> tuple[str, str, int]:
    """Front matter, body, and the body's first line."""
    lines = text.split("\n")
    if not _FENCE.fullmatch(lines[0]):
        return "", text, 1
    for number, line in enumerate(lines[1:], 1):
        if _FENCE.fullmatch(line):
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    raise DocumentError(path, 1, "the front matter begins here with --- and has no --- at its end")


class _Fields:
    """The front matter's fields, each asked for by its type; every refusal names the line."""

    def __init__(self, path: Path, front: str, zone: ZoneInfo) -> None:
        self._path = path
        self._zone = zone
        self._nodes: dict[str, Node] = {}
        self._lines: dict[str, int] = {}
        root = self._compose(front)
        if root is None:
            return
        if not isinstance(root, MappingNode):
            raise DocumentError(path, 2, "the front matter is not a list of `name: value` lines")
        for key, value in root.value:
            self._add(str(key.value), key.start_mark.line + 2, value)

    def _compose(self, front: str) -> Node | None:
        try:
            return YAML(typ="rt", pure=True).compose(front)  # type: ignore[no-any-return]
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 2 if mark else 2
            raise DocumentError(
                self._path, line, f"the front matter does not parse: {error.problem or error.context}"
            ) from error
        except YAMLError as error:
            raise DocumentError(self._path, 2, f"the front matter does not parse: {error}") from error

    def _add(self, name: str, line: int, value: Node) -> None:
        if name not in KEYS:
            near = difflib.get_close_matches(name, KEYS, n=1)
            hint = f": did you mean {near[0]!r}?" if near else f"; known are {', '.join(KEYS)}"
            raise DocumentError(self._path, line, f"{name!r} is not known{hint}")
        if name in self._nodes:
            raise DocumentError(self._path, line, f"{name!r} is there twice, first in line {self._lines[name]}")
        self._nodes[name] = value
        self._lines[name] = line

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def refuse(self, name: str, message: str) -> DocumentError:
        """The error that a field has a value which it cannot have."""
        return DocumentError(self._path, self._lines.get(name), f"{name} {message}")

    def text(self, name: str) -> str | None:
        """A text, or None where there is none."""
        node = self._nodes.get(name)
        if node is None or node.tag == f"{_TAG}null":
            return None
        if not isinstance(node, ScalarNode):
            raise self.refuse(name, "must be a text")
        return str(node.value).strip() or None

    def flag(self, name: str, *, default: bool) -> bool:
        """``true`` or ``false``."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise self.refuse(name, f"must be true or false, not {value!r}")
        return value.lower() == "true"

    def number(self, name: str) -> int | None:
        """A whole number from 1."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"[1-9]\d{0,11}", value, re.ASCII):
            raise self.refuse(name, f"must be a whole number, not {value!r}")
        return int(value)

    def moment(self, name: str) -> datetime | None:
        """A date or a time, in the zone if it names none."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$|Z$)", "", value))
        except ValueError:
            raise self.refuse(name, f"must be like 2024-05-16 or 2024-05-16T09:30:00+07:00, not {value!r}") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=self._zone)

    def labels(self) -> tuple[str, ...]:
        """A list of texts, or one text with commas between them."""
        node = self._nodes.get("labels")
        if isinstance(node, SequenceNode):
            values = [self._label(entry) for entry in node.value]
        else:
            values = [label.strip() for label in (self.text("labels") or "").split(",") if label.strip()]
        if len(values) > MAX_LABELS:
            raise self.refuse("labels", f"can be at most {MAX_LABELS}, here are {len(values)}")
        return tuple(values)

    def _label(self, node: Any) -> str:
        if not isinstance(node, ScalarNode) or not str(node.value).strip():
            raise self.refuse("labels", "must be texts, and none of them empty")
        return str(node.value).strip()

    def kind(self) -> Literal["article", "page"]:
        """What sort of document it is."""
        value = self.text("kind") or "article"
        if value not in {"article", "page"}:
            raise self.refuse("kind", f"must be article or page, not {value!r}")
        return "page" if value == "page" else "article"


def _title_and_body(fields: _Fields, source_format: SourceFormat, body: str, first_line: int) -> tuple[str, str]:
    title = fields.text("title")
    if "title" in fields and title is None:
        raise fields.refuse("title", "must not be empty")
    if source_format == "html":
        found, body = _of_html(body)
        title = title or found
    elif title is None and (heading := _HEADING.match(body)):
        title, body = heading["title"].strip(), body[heading.end() :]
    if not title:
        raise DocumentError(fields._path, first_line, "has no title: give one as `title:` in the front matter")
    return " ".join(title.split()), body


def _of_html(text: str) -> tuple[str | None, str]:
    """Title and body of an HTML file; a fragment is its own body."""
    if not text.strip():
        return None, text
    try:
        root = lxml.html.document_fromstring(text)
    except (lxml.etree.ParserError, ValueError):
        return None, text
    titles = [*root.iterfind(".//title"), *root.iterfind(".//h1")]
    names = (" ".join(str(node.xpath("string()")).split()) for node in titles)
    title = next(filter(None, names), None)
    if not re.search(r"<(?:html|body|head)[\s>]", text, re.IGNORECASE):
        return title, text
    body = root.find("body")
    if body is None:
        return title, ""
    inner = (body.text or "") + "".join(lxml.html.tostring(child, encoding="unicode") for child in body)
    return title, inner
