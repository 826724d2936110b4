"""Read and validate an archive. Each invalid entry is reported with its location; the other entries are still read.

Only files in the directory of the archive are read. Links are not followed, and files that are too large to be stored
are refused.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from kolom.articles.names import label_key, label_problem
from kolom.articles.restore import ArticleSnapshot
from kolom.articles.types import MAX_HTML_BYTES, MAX_SOURCE_BYTES
from kolom.comments.restore import CommentAuthorSnapshot, SubscriptionSnapshot
from kolom.comments.types import Comment
from kolom.contact.types import Message
from kolom.rendering.types import SourceFormat
from kolom.search.search_settings import SearchSettings
from kolom_cli.archive.encoding import FENCE, ArchiveFormatError, read_front_matter
from kolom_cli.archive.layout import (
    ARTICLES,
    BLOCKED_WORDS,
    COMMENT_AUTHORS,
    COMMENTS,
    FORMAT,
    HTML,
    MANIFEST,
    MEDIA,
    MESSAGES,
    SEARCH,
    SUBSCRIPTIONS,
    VERSION,
)
from kolom_cli.archive.schemas import (
    ArticleRecord,
    BlockedWordList,
    BlockedWordsRecord,
    CommentAuthorRecord,
    CommentRecord,
    Manifest,
    MessageRecord,
    Record,
    SearchSettingsRecord,
    SubscriptionRecord,
)
from kolom_cli.importers.common.types import Skipped, SourceError
from kolom_cli.media.store import CONTENT_TYPES, MAX_BYTES, media_key_problem
from kolom_cli.media.svg_safety import find_unsafe_svg
from kolom_cli.terminal.output import format_place

_FORMATS: Final[dict[str, SourceFormat]] = {".md": "markdown", ".html": "html"}
_MAX_FRONT_MATTER: Final = 1024 * 1024
_MAX_MANIFEST: Final = 16 * 1024 * 1024
_MAX_LINE: Final = 1024 * 1024
_OPENING: Final = f"{FENCE}\n".encode()
_CLOSING: Final = f"\n{FENCE}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A file of ``media/`` whose content matches the digest in its path."""

    key: str
    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveItem[Entity]:
    """An entity of an archive.

    ``name`` is its place in the archive, for error messages and reports. ``note`` describes a change made to it.
    """

    kind: str
    name: str
    entity: Entity
    note: str | None = None


type ArchiveEntity = (
    MediaFile
    | ArticleSnapshot
    | Comment
    | CommentAuthorSnapshot
    | SearchSettings
    | BlockedWordList
    | SubscriptionSnapshot
    | Message
)
type ArchiveEntry = ArchiveItem[ArchiveEntity] | Skipped


@dataclass(frozen=True, slots=True)
class Archive:
    """A complete archive in a directory, in the supported version of the format."""

    root: Path
    zone: ZoneInfo
    spellings: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Read the manifest.

        :raises SourceError: the directory is not such an archive
        """
        path = self.root / MANIFEST
        try:
            manifest = Manifest.model_validate_json(_bytes(path, _MAX_MANIFEST))
        except (ValidationError, ArchiveFormatError):
            raise SourceError(f"{self.root} is not a Kolom archive: it has no valid {MANIFEST}") from None
        if manifest.format != FORMAT:
            raise SourceError(f"{self.root} is not a Kolom archive: its {MANIFEST} has the format {manifest.format!r}")
        if manifest.version != VERSION:
            raise SourceError(
                f"{self.root} has version {manifest.version} of the archive format; only version {VERSION} is supported"
            )
        if not manifest.complete:
            raise SourceError(f"{self.root} is incomplete: its export was interrupted; run `kolom export` again")
        for label in manifest.labels:
            if label_problem(label, is_stored=True) is None:
                self.spellings[label_key(label)] = label

    def count(self) -> int:
        """Return the approximate number of entries, for a progress bar."""
        files = sum(1 for name in (ARTICLES, MEDIA) for _ in _walk(self.root / name))
        for name in (COMMENTS, COMMENT_AUTHORS, SEARCH, BLOCKED_WORDS, SUBSCRIPTIONS, MESSAGES):
            path = self.root / name
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    files += sum(1 for _ in _split(file))
        return files

    def entries(self) -> Iterator[ArchiveEntry]:
        """Yield all entries in an order in which they can be restored: entries come after those that they refer to."""
        return chain(
            self._files(MEDIA, "file", self._media),
            self._files(ARTICLES, "article", self._article),
            self._lines(COMMENTS, "comment", CommentRecord, CommentRecord.to_comment),
            self._lines(COMMENT_AUTHORS, "address", CommentAuthorRecord, CommentAuthorRecord.to_author),
            self._lines(SEARCH, "search settings", SearchSettingsRecord, SearchSettingsRecord.to_settings),
            self._lines(BLOCKED_WORDS, "blocked words", BlockedWordsRecord, BlockedWordsRecord.to_list),
            self._lines(SUBSCRIPTIONS, "subscription", SubscriptionRecord, SubscriptionRecord.to_subscription),
            self._lines(MESSAGES, "message", MessageRecord, MessageRecord.to_message),
        )

    def _files(self, directory: str, kind: str, read: Callable[[Path], ArchiveEntry]) -> Iterator[ArchiveEntry]:
        for path in _walk(self.root / directory):
            name = path.relative_to(self.root).as_posix()
            try:
                yield read(path)
            except ArchiveFormatError as error:
                yield Skipped(kind=kind, name=format_place(name, error.line), reason=str(error), refused=True)

    def _media(self, path: Path) -> ArchiveEntry:
        key = path.relative_to(self.root).as_posix()
        if problem := media_key_problem(key):
            raise ArchiveFormatError(problem)
        data = _bytes(path, MAX_BYTES)
        if not sha256(data).hexdigest().startswith(path.parent.name):
            raise ArchiveFormatError("its content does not match the digest in its path")
        if path.suffix == ".svg" and (problem := find_unsafe_svg(data)):
            raise ArchiveFormatError(problem)
        media = MediaFile(key=key, data=data, content_type=CONTENT_TYPES[path.suffix])
        return ArchiveItem(kind="file", name=key, entity=media)

    def _article(self, path: Path) -> ArchiveEntry:
        source_format = _FORMATS.get(path.suffix)
        if source_format is None or path.parent.name != ARTICLES:
            raise ArchiveFormatError(f"is not an article: articles are {ARTICLES}/*.md and *.html")
        data = _bytes(path, MAX_SOURCE_BYTES + _MAX_FRONT_MATTER)
        head, closing, source = data.removeprefix(_OPENING).partition(_CLOSING)
        if not data.startswith(_OPENING) or not closing:
            raise ArchiveFormatError(
                f"must begin with front matter between two lines {FENCE}, with line feeds as line ends"
            )
        record = ArticleRecord.read(read_front_matter(_text(head) + "\n"))
        html = b""
        if record.status != "deleted":
            html = _bytes(self.root / HTML / f"{path.stem}.html", MAX_HTML_BYTES)
        snapshot, note = record.to_snapshot(_text(source), source_format, _text(html), self.zone)
        keys = [label_key(label) for label in snapshot.article.labels]
        snapshot = replace(snapshot, spellings={key: self.spellings[key] for key in keys if key in self.spellings})
        return ArchiveItem(kind=record.kind, name=path.relative_to(self.root).as_posix(), entity=snapshot, note=note)

    def _lines[F: Record](
        self, name: str, kind: str, record: type[F], make: Callable[[F], ArchiveEntity]
    ) -> Iterator[ArchiveEntry]:
        path = self.root / name
        if not path.exists() and not path.is_symlink():
            return
        if path.is_symlink() or not path.is_file():
            yield Skipped(kind=kind, name=name, reason="is not a regular file", refused=True)
            return
        with path.open("rb") as file:
            for number, line in enumerate(_split(file), start=1):
                location = f"{name}:{number}"
                try:
                    yield ArchiveItem(kind=kind, name=location, entity=make(record.read(_json(line))))
                except ArchiveFormatError as error:
                    yield Skipped(kind=kind, name=location, reason=str(error), refused=True)


def _walk(directory: Path) -> Iterator[Path]:
    """Yield all files and links in the directory by name, without hidden ones. Reading a link is refused later."""
    if directory.is_symlink():
        yield directory
        return
    if not directory.is_dir():
        return
    for path in sorted(directory.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _bytes(path: Path, limit: int) -> bytes:
    if path.is_symlink() or path.parent.is_symlink():
        raise ArchiveFormatError(f"{path.name}: links are not followed")
    try:
        if not path.is_file():
            raise ArchiveFormatError(f"{path.parent.name}/{path.name} is missing")
        if path.stat().st_size > limit:
            raise ArchiveFormatError(f"{path.name}: has {path.stat().st_size:,} bytes, the maximum is {limit:,}")
        return path.read_bytes()
    except OSError as error:
        raise ArchiveFormatError(f"{path.name}: cannot be read: {error.strerror}") from None


def _split(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield the lines of a file; None for a line that is too long."""
    while line := file.readline(_MAX_LINE):
        if line.endswith(b"\n") or len(line) < _MAX_LINE:
            yield line
            continue
        while (line := file.readline(_MAX_LINE)) and not line.endswith(b"\n"):
            pass
        yield None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ArchiveFormatError(f"is not UTF-8: {error.reason} at byte {error.start}") from None


def _json(line: bytes | None) -> object:
    if line is None:
        raise ArchiveFormatError(f"is longer than {_MAX_LINE:,} bytes")
    try:
        data: object = json.loads(_text(line))
    except (ValueError, RecursionError) as error:
        raise ArchiveFormatError(f"is not valid JSON: {error}") from None
    return data
