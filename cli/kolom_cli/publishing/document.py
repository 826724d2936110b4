"""Find and read the files of an author (front matter, then Markdown or HTML), and record their versions in them.

An invalid file raises :class:`DocumentError`, which says what to write instead. It names the line of the error, unless
the error concerns the whole file.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from kolom.articles.input import field_problem
from kolom.articles.names import label_key
from kolom.articles.types import MAX_SOURCE_BYTES, Kind
from kolom.rendering.html_tokenizer import End, Start, Text, tokenize
from kolom.rendering.renderer import find_title
from kolom.rendering.text import plain_text
from kolom.rendering.types import SourceFormat
from kolom_cli.publishing.atomic_write import replace_file
from kolom_cli.publishing.draft_marks import draft_mark
from kolom_cli.publishing.front_matter import DocumentError, FrontMatter, Problems, as_yaml, line_at

__all__ = [
    "DRAFT_HINT",
    "FORMATS",
    "NOT_READ",
    "Document",
    "DocumentError",
    "find_documents",
    "first_line_of_body",
    "is_about_project",
    "read_document",
    "read_text",
    "record_version",
    "title_of",
]

MAX_BYTES: Final = 16 * 1024 * 1024

FORMATS: Final[dict[str, SourceFormat]] = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
NOT_READ: Final = frozenset(("node_modules", "vendor", "bower_components", "__pycache__"))
"""Folders of third-party files, which are skipped."""
_PROJECT: Final = re.compile(
    r"readme|contributing|contributors|code[-_]of[-_]conduct|changelog|license|security|claude|agents", re.IGNORECASE
)
DRAFT_HINT: Final = (
    "says {!r}: write `draft: true` in the front matter to keep it as a draft, or `draft: false` to publish it"
)
_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The content of a file. ``date`` and ``updated`` are aware. ``page_path`` is the value of the key ``path``.

    ``draft`` is None if the file does not define it. ``body`` is the text after the front matter.
    """

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
    draft: bool | None = None
    comments_open: bool = True
    id: int | None = None
    version: int | None = None


def read_document(path: Path, zone: ZoneInfo) -> Document:
    """Read the document in a file; dates without an offset are in ``zone``.

    :raises DocumentError: the file cannot be read, its text is too long, or values are invalid; the message lists all
        invalid values
    """
    source_format = FORMATS.get(path.suffix.lower(), "markdown")
    text = read_text(path)
    front = FrontMatter.parse(path, text)
    problems = Problems()
    problems.read(front.check_keys)
    body = text[front.body :]
    if problem := size_problem(body):
        raise DocumentError(path, None, problem)
    draft = problems.read(lambda: _draft(front, body, source_format))
    document = Document(
        path=path,
        format=source_format,
        body=body,
        title=problems.read(lambda: _title(front, body, source_format)) or "",
        slug=problems.read(lambda: _checked(front, "slug")),
        date=problems.read(lambda: front.get_datetime("date", zone)),
        updated=problems.read(lambda: front.get_datetime("updated", zone)),
        labels=problems.read(lambda: _labels(front)) or (),
        language=problems.read(lambda: _checked(front, "language")),
        author=problems.read(lambda: _checked(front, "author")),
        description=problems.read(lambda: _checked(front, "description")),
        excerpt=problems.read(lambda: _checked(front, "excerpt")),
        image=problems.read(lambda: front.get_text("image")) or None,
        page_path=problems.read(lambda: _checked(front, "path")),
        kind=problems.read(lambda: _kind(front)) or "article",
        draft=draft,
        comments_open=problems.read(lambda: front.get_flag("comments")) is not False,
        id=problems.read(lambda: front.get_number("id")),
        version=problems.read(lambda: front.get_number("version")),
    )
    problems.check()
    return document


def first_line_of_body(path: Path) -> int:
    """Return the line of the file, from 1, in which the text after the front matter begins.

    :raises DocumentError: the file cannot be read, or its front matter is invalid
    """
    text = read_text(path)
    return line_at(text, FrontMatter.parse(path, text).body)


def record_version(path: Path, *, id: int, version: int, slug: str) -> None:  # noqa: A002 - as the front matter has it
    """Write the article's id and version into the front matter of the file, and its slug if the file has none.

    All other bytes stay: comments, order, quotation marks, line ends, byte order mark. Front matter is added if the
    file has none. The file is replaced atomically: after a crash it has its old or its new content.

    :raises DocumentError: the file cannot be read, or its front matter cannot be changed
    """
    data = _read(path)
    bom = _BOM if data.startswith(_BOM) else b""
    front = FrontMatter.parse(path, _decode(path, data.removeprefix(bom)))
    values = {"id": str(id), "version": str(version)}
    if front.get_text("slug") is None:
        values["slug"] = as_yaml(slug)
    changed = bom + front.with_values(values).encode()
    if changed != data:
        _replace(path.resolve(), changed)


def find_documents(paths: Iterable[Path]) -> list[Path]:
    """Return the documents in ``paths`` without duplicates: files in the given order, the files of a folder sorted.

    In folders, hidden files, third-party files (``node_modules``), README files, and other files about the project
    without front matter (LICENSE) are skipped. Links to folders are not followed.

    :raises DocumentError: a file or folder does not exist, or a given file is neither Markdown nor HTML
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            documents = sorted(_in_directory(path))
        elif not path.exists():
            raise DocumentError(path, None, "the file or folder does not exist")
        elif path.suffix.lower() not in FORMATS:
            raise DocumentError(path, None, f"is not a supported file type: use {', '.join(FORMATS)}")
        else:
            documents = [path]
        for document in documents:
            found.setdefault(document.resolve(), document)
    return list(found.values())


def _in_directory(directory: Path) -> Iterator[Path]:
    for parent, directories, files in directory.walk(on_error=_refuse_directory):
        directories[:] = [name for name in directories if not name.startswith(".") and name not in NOT_READ]
        for name in files:
            path = parent / name
            if path.suffix.lower() in FORMATS and not name.startswith(".") and not _is_skipped(path):
                yield path


def _is_skipped(path: Path) -> bool:
    """Return whether a folder's file is skipped: a README, or another file about the project without front matter."""
    if not is_about_project(path):
        return False
    try:
        return path.stem.lower() == "readme" or not read_text(path).startswith("---")
    except DocumentError:
        return False  # The error is reported when the document is read.


def is_about_project(path: Path) -> bool:
    """Return whether a file is about its project, by its name: README, LICENSE, CHANGELOG and others."""
    return _PROJECT.fullmatch(path.stem) is not None


def _refuse_directory(error: OSError) -> None:
    raise DocumentError(Path(error.filename), None, f"cannot be read: {error.strerror}") from error


def size_problem(source: str) -> str | None:
    """Return why a text is too long to be converted, or None. ``ArticleInput`` checks the converted text again."""
    size = len(source.encode("utf-8", "replace"))
    if size <= MAX_SOURCE_BYTES:
        return None
    return f"its text has {size:,} bytes, the maximum is {MAX_SOURCE_BYTES:,}: does it contain embedded images?"


def read_text(path: Path) -> str:
    """Return the text of the file, without its byte order mark.

    :raises DocumentError: the file cannot be read, or is not text in UTF-8
    """
    return _decode(path, _read(path).removeprefix(_BOM))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(path, None, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise DocumentError(path, None, f"is larger than {MAX_BYTES // 1024 // 1024} MB")
    return data


def _decode(path: Path, data: bytes) -> str:
    if data.startswith(_UTF_16):
        raise DocumentError(path, 1, "is in UTF-16; save it as UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = line_at(data[: error.start].decode(), error.start)
        message = f"is not in UTF-8: the byte {data[error.start]:#04x} at offset {error.start}; save it as UTF-8"
        raise DocumentError(path, line, message) from error
    if "\0" in text:
        raise DocumentError(
            path, line_at(text, text.index("\0")), "contains a NUL character: this is probably not a text file"
        )
    return text


def _replace(path: Path, data: bytes) -> None:
    """Replace the content of the file, which keeps its permissions."""
    with replace_file(path, stat.S_IMODE(path.stat().st_mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _checked(front: FrontMatter, key: str) -> str | None:
    value = front.get_text(key) or None
    if value is not None and (problem := field_problem(key, value)):
        raise front.error(key, problem)
    return value


def _kind(front: FrontMatter) -> Kind:
    match front.get_text("kind"):
        case None | "article":
            return "article"
        case "page":
            return "page"
        case other:
            raise front.error("kind", f"must be article or page, not {other!r}")


def _labels(front: FrontMatter) -> tuple[str, ...]:
    labels: dict[str, str] = {}
    for label in front.get_list("labels"):
        labels.setdefault(label_key(label), label)
    found = tuple(labels.values())
    if problem := field_problem("labels", found):
        raise front.error("labels", problem)
    return found


def _draft(front: FrontMatter, body: str, source_format: SourceFormat) -> bool | None:
    draft = front.get_flag("draft")
    if draft is None and "draft" in front.entries:
        raise front.error("draft", "must be true or false, not empty")
    if draft is None and source_format == "html" and (mark := _meta_draft_mark(body)):
        raise DocumentError(front.path, None, f"its <meta> {DRAFT_HINT.format(mark)}")
    return draft


def _title(front: FrontMatter, body: str, source_format: SourceFormat) -> str:
    """Return the title of the front matter, or else that of the text."""
    title = _checked(front, "title")
    if "title" in front.entries and not title:
        raise front.error("title", "must not be empty")
    title = title or title_of(body, source_format)
    if not title:
        alternative = "a <title> or an <h1>" if source_format == "html" else "a line like `# My title`"
        line = line_at(front.text, front.body)
        raise DocumentError(front.path, line, f"has no title: add `title:` to the front matter, or {alternative}")
    return title


def _meta_draft_mark(html: str) -> str | None:
    """Return the first ``<meta>`` that marks a page as a draft, such as ``status: draft``; None if there is none."""
    for token in tokenize(html):
        match token:
            case Start("meta", attributes):
                if mark := draft_mark({attributes.get("name", ""): attributes.get("content", "")}):
                    return mark
            case _:
                pass
    return None


def title_of(body: str, source_format: SourceFormat) -> str | None:
    """Return the ``<title>`` of a page in HTML, or else the text of the first heading of level 1; None without both."""
    title = _title_element(body) if source_format == "html" else None
    return title or find_title(body, source_format)


def _title_element(html: str) -> str | None:
    svg_depth = 0
    pieces: list[str] | None = None
    for token in tokenize(html):
        match token:
            case Start("svg"):
                svg_depth += 1
            case End("svg"):
                svg_depth -= 1
            case Start("title") if svg_depth <= 0:
                pieces = []
            case End("title") if pieces is not None:
                break
            case Text(markup) if pieces is not None:
                pieces.append(markup)
            case _:
                pass
    return " ".join(plain_text("".join(pieces or ())).split()) or None
