"""Reading an archive, of which nothing is trusted: what is wrong is said with its place, and the rest goes on.

Only files in the archive's own directory are read, never through links; none is larger than what could be stored.
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
from kolom_cli.archive.encoding import FENCE, ArchiveFormatError, read_front_matter
from kolom_cli.archive.layout import (
    ARTICLES,
    AUTHORS,
    COMMENTS,
    FORMAT,
    HTML,
    MANIFEST,
    MEDIA,
    MESSAGES,
    SUBSCRIPTIONS,
    VERSION,
)
from kolom_cli.archive.schemas import (
    ArticleRecord,
    CommentAuthorRecord,
    CommentRecord,
    Manifest,
    MessageRecord,
    Record,
    SubscriptionRecord,
)
from kolom_cli.importers.common.types import Skipped, SourceError
from kolom_cli.media.store import CONTENT_TYPES, MAX_BYTES, media_key_problem
from kolom_cli.media.svg_safety import find_unsafe_svg

_FORMATS: Final[dict[str, SourceFormat]] = {".md": "markdown", ".html": "html"}
_MAX_FRONT_MATTER: Final = 1024 * 1024
_MAX_MANIFEST: Final = 16 * 1024 * 1024
_MAX_LINE: Final = 1024 * 1024
_OPENING: Final = f"{FENCE}\n".encode()
_CLOSING: Final = f"\n{FENCE}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A file of ``media/``, whose content is what its name says."""

    key: str
    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveItem[Entity]:
    """Something in an archive, with its place for messages. ``note`` says what had to be changed about it."""

    kind: str
    name: str
    entity: Entity
    note: str | None = None


type ArchiveEntity = MediaFile | ArticleSnapshot | Comment | CommentAuthorSnapshot | SubscriptionSnapshot | Message
type ArchiveEntry = ArchiveItem[ArchiveEntity] | Skipped


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive in a directory, written by this version of the format and complete."""

    root: Path
    zone: ZoneInfo
    spellings: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """:raises SourceError: it is none"""
        path = self.root / MANIFEST
        try:
            manifest = Manifest.model_validate_json(_bytes(path, _MAX_MANIFEST))
        except (ValidationError, ArchiveFormatError):
            raise SourceError(f"{self.root} is no archive of Kolom: it has no {MANIFEST} that says so") from None
        if manifest.format != FORMAT:
            raise SourceError(f"{self.root} is no archive of Kolom: its {MANIFEST} says otherwise")
        if manifest.version != VERSION:
            raise SourceError(f"{self.root} is of version {manifest.version} of the format; this reads {VERSION}")
        if not manifest.complete:
            raise SourceError(f"{self.root} is not complete: its export was broken off; run that again")
        for label in manifest.labels:
            if label_problem(label) is None:
                self.spellings[label_key(label)] = label

    def count(self) -> int:
        """About how many entries there are, for a progress bar."""
        files = sum(1 for name in (ARTICLES, MEDIA) for _ in _walk(self.root / name))
        for name in (COMMENTS, AUTHORS, SUBSCRIPTIONS, MESSAGES):
            path = self.root / name
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    files += sum(1 for _ in _split(file))
        return files

    def entries(self) -> Iterator[ArchiveEntry]:
        """Everything, in an order in which it can be put back: what others are about comes first."""
        return chain(
            self._files(MEDIA, "file", self._media),
            self._files(ARTICLES, "article", self._article),
            self._lines(COMMENTS, "comment", CommentRecord, CommentRecord.comment),
            self._lines(AUTHORS, "address", CommentAuthorRecord, CommentAuthorRecord.author),
            self._lines(SUBSCRIPTIONS, "subscription", SubscriptionRecord, SubscriptionRecord.subscription),
            self._lines(MESSAGES, "message", MessageRecord, MessageRecord.restored),
        )

    def _files(self, folder: str, kind: str, read: Callable[[Path], ArchiveEntry]) -> Iterator[ArchiveEntry]:
        for path in _walk(self.root / folder):
            name = path.relative_to(self.root).as_posix()
            try:
                yield read(path)
            except ArchiveFormatError as error:
                name = f"{name}:{error.line}" if error.line else name
                yield Skipped(kind=kind, name=name, reason=str(error), refused=True)

    def _media(self, path: Path) -> ArchiveEntry:
        key = path.relative_to(self.root).as_posix()
        if problem := media_key_problem(key):
            raise ArchiveFormatError(problem)
        data = _bytes(path, MAX_BYTES)
        if not sha256(data).hexdigest().startswith(path.parent.name):
            raise ArchiveFormatError("its content is not what its name says")
        if path.suffix == ".svg" and (problem := find_unsafe_svg(data)):
            raise ArchiveFormatError(problem)
        media = MediaFile(key=key, data=data, content_type=CONTENT_TYPES[path.suffix])
        return ArchiveItem(kind="file", name=key, entity=media)

    def _article(self, path: Path) -> ArchiveEntry:
        source_format = _FORMATS.get(path.suffix)
        if source_format is None or path.parent.name != ARTICLES:
            raise ArchiveFormatError(f"is no article: those are {ARTICLES}/*.md and *.html")
        data = _bytes(path, MAX_SOURCE_BYTES + _MAX_FRONT_MATTER)
        head, closing, source = data.removeprefix(_OPENING).partition(_CLOSING)
        if not data.startswith(_OPENING) or not closing:
            raise ArchiveFormatError(
                f"must begin with front matter between lines {FENCE}, which end in a line feed alone"
            )
        form = ArticleRecord.read(read_front_matter(_text(head) + "\n"))
        html = b""
        if form.status != "deleted":
            html = _bytes(self.root / HTML / f"{path.stem}.html", MAX_HTML_BYTES)
        whole, note = form.whole(_text(source), source_format, _text(html), self.zone)
        keys = [label_key(label) for label in whole.article.labels]
        whole = replace(whole, spellings={key: self.spellings[key] for key in keys if key in self.spellings})
        return ArchiveItem(kind=form.kind, name=path.relative_to(self.root).as_posix(), entity=whole, note=note)

    def _lines[F: Record](
        self, name: str, kind: str, form: type[F], make: Callable[[F], ArchiveEntity]
    ) -> Iterator[ArchiveEntry]:
        path = self.root / name
        if not path.exists() and not path.is_symlink():
            return
        if path.is_symlink() or not path.is_file():
            yield Skipped(kind=kind, name=name, reason="is no plain file", refused=True)
            return
        with path.open("rb") as file:
            for number, line in enumerate(_split(file), start=1):
                place = f"{name}:{number}"
                try:
                    yield ArchiveItem(kind=kind, name=place, entity=make(form.read(_json(line))))
                except ArchiveFormatError as error:
                    yield Skipped(kind=kind, name=place, reason=str(error), refused=True)


def _walk(folder: Path) -> Iterator[Path]:
    """All files in the folder by name, and all links, which whoever reads them refuses. What is hidden is left out."""
    if folder.is_symlink():
        yield folder
        return
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
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
            raise ArchiveFormatError(f"there is no {path.parent.name}/{path.name}")
        if path.stat().st_size > limit:
            raise ArchiveFormatError(f"{path.name}: has {path.stat().st_size:,} bytes, at most {limit:,} are possible")
        return path.read_bytes()
    except OSError as error:
        raise ArchiveFormatError(f"{path.name}: cannot be read: {error.strerror}") from None


def _split(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is too long to be any."""
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
        raise ArchiveFormatError(f"is no JSON: {error}") from None
    return data
