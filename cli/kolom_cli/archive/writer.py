"""Write an archive. Each file is written atomically. An updated archive is identical to a new one."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import boto3
from slugify import slugify

from kolom.articles import public, repository
from kolom.articles.mapping import pointer_keys
from kolom.articles.types import Article
from kolom.comments import admin, restore
from kolom.config import settings
from kolom.contact import repository as messages
from kolom.errors import KolomError
from kolom.search import settings_editor
from kolom.search.search_settings import SearchSettings
from kolom.submissions import blocked_words_editor
from kolom_cli.archive.encoding import as_json, front_matter
from kolom_cli.archive.layout import (
    ARTICLES,
    ATTRIBUTES,
    BLOCKED_WORDS,
    COMMENT_AUTHORS,
    COMMENTS,
    FORMAT,
    HTML,
    MANIFEST,
    MEDIA,
    MESSAGES,
    PRIVATE,
    SEARCH,
    SUBSCRIPTIONS,
    VERSION,
)
from kolom_cli.archive.schemas import (
    ArticleRecord,
    BlockedWordsRecord,
    CommentAuthorRecord,
    CommentRecord,
    MessageRecord,
    Record,
    SearchSettingsRecord,
    SubscriptionRecord,
)
from kolom_cli.media.store import media_key_problem
from kolom_cli.publishing.atomic_write import replace_file

SUFFIXES: Final = {"markdown": ".md", "html": ".html"}

_MAX_NAME: Final = 60
_PUBLIC_MODE: Final = 0o644
_PRIVATE_MODE: Final = 0o600
_CHUNK: Final = 1024 * 1024
_NO_CONVERSION: Final = "# The bytes count: git changes no line ends here.\n* -text\n"

type Step = Callable[[], object]


class ArchiveError(KolomError):
    """The archive cannot be written to the directory."""


@dataclass(slots=True)
class ExportResult:
    """The number of entries written, by kind; ``skipped`` lists the entries that were not written, with the reason."""

    counts: Counter[str] = field(default_factory=Counter)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    interrupted: bool = False


class _Interrupted(Exception):
    """The export was asked to stop."""


@dataclass(slots=True)
class Exporter:
    """Writes the blog of the current settings into ``root``. ``step`` is called after each entry.

    The files of articles and media that are up to date are not written again. At the end, all files in ``articles/``,
    ``html/`` and ``media/`` that do not belong to this export are removed. Without ``private``, the private files of an
    earlier export are removed first. Other files in the directory stay.
    """

    root: Path
    now: datetime
    private: bool = False
    step: Step = lambda: None
    stopped: threading.Event = field(default_factory=threading.Event)
    result: ExportResult = field(default_factory=ExportResult)
    _written: set[Path] = field(default_factory=set)

    def run(self) -> ExportResult:
        """Write the archive.

        :raises ArchiveError: the directory contains something other than an archive, or a link in place of its files
        """
        self._prepare()
        try:
            names = repository.pointers_by_id()
            ids = sorted(names)
            for article_id in ids:
                self._write_article(article_id, names[article_id])
            self._write_comments(ids)
            self._write_search_settings()
            self._write_blocked_words()
            if self.private:
                subscriptions = restore.export_subscriptions(now=self.now)
                self._write_lines(
                    SUBSCRIPTIONS, "subscription", map(SubscriptionRecord.from_subscription, subscriptions)
                )
                found = messages.list_all(now=self.now)
                self._write_lines(MESSAGES, "message", map(MessageRecord.from_message, found))
            self._download_media()
        except _Interrupted:
            self.result.interrupted = True
        else:
            self._remove_stale()
            self._write_manifest(complete=True)
        return self.result

    def _prepare(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        manifest = self.root / MANIFEST
        if not manifest.is_file() and any(self.root.iterdir()):
            raise ArchiveError(f"{self.root} is neither empty nor an archive: choose another folder")
        if manifest.is_file():
            try:
                loaded = json.loads(manifest.read_bytes())
            except ValueError:
                loaded = None
            if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
                raise ArchiveError(f"{self.root} is not an archive: its {MANIFEST} has another format")
        self._write_manifest(complete=False)
        # Temporary files of an export that was killed:
        for name in (MANIFEST, COMMENTS, SEARCH, BLOCKED_WORDS, *PRIVATE):
            for path in self.root.glob(f".{name}.*"):
                path.unlink()
        for name in () if self.private else PRIVATE:
            (self.root / name).unlink(missing_ok=True)
        _write(self.root / ATTRIBUTES, _NO_CONVERSION.encode())
        for name in (ARTICLES, HTML, MEDIA):
            if (self.root / name).is_symlink():
                raise ArchiveError(f"{self.root / name} is a link: all files of an archive must be in one folder")
            (self.root / name).mkdir(exist_ok=True)

    def _write_manifest(self, *, complete: bool) -> None:
        data: dict[str, object] = {"format": FORMAT, "version": VERSION, "private": self.private, "complete": complete}
        if complete:
            data["labels"] = [each.label for each in public.list_all_labels()]
        _write(self.root / MANIFEST, f"{as_json(data, indent=2)}\n".encode())

    def _write_article(self, article_id: int, names: Sequence[str]) -> None:
        self._check_stopped()
        loaded = repository.get_snapshot(article_id)
        if loaded is None:
            return
        article, body = loaded
        current = {key for key, _ in pointer_keys(article)}
        record = ArticleRecord.from_article(article, body, [name for name in names if name not in current])
        stem = _stem(article)
        text = front_matter(record.as_data()) + body.source
        self._write_text(self.root / ARTICLES / (stem + SUFFIXES[article.source_format]), text)
        if article.status != "deleted":
            self._write_text(self.root / HTML / f"{stem}.html", body.html)
        self._count(article.kind)

    def _write_comments(self, ids: Iterable[int]) -> None:
        with self._open(COMMENTS) as comments, self._open(COMMENT_AUTHORS if self.private else None) as authors:
            for article_id in ids:
                self._check_stopped()
                loaded = admin.list_by_article(article_id, now=self.now)
                for comment in loaded:
                    _write_line(comments, CommentRecord.from_comment(comment))
                    self._count("comment")
                if authors is None:
                    continue
                for author in restore.export_authors(loaded, now=self.now):
                    _write_line(authors, CommentAuthorRecord.from_author(author))
                    self._count("address")

    def _write_search_settings(self) -> None:
        settings = settings_editor.load()
        if settings == SearchSettings():
            (self.root / SEARCH).unlink(missing_ok=True)
        else:
            self._write_lines(SEARCH, "search settings", [SearchSettingsRecord.from_settings(settings)])

    def _write_blocked_words(self) -> None:
        words = blocked_words_editor.load()
        if words:
            self._write_lines(BLOCKED_WORDS, "blocked words", [BlockedWordsRecord.from_words(words)])
        else:
            (self.root / BLOCKED_WORDS).unlink(missing_ok=True)

    def _write_lines(self, name: str, kind: str, records: Iterable[Record]) -> None:
        with self._open(name) as file:
            for record in records:
                self._check_stopped()
                _write_line(file, record)
                self._count(kind)

    def _download_media(self) -> None:
        bucket = settings().media_bucket
        if not bucket:
            self.result.skipped.append((MEDIA, "this endpoint has only tables, no media bucket"))
            return
        client: Any = boto3.client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{MEDIA}/"):
            for each in page.get("Contents", ()):
                self._check_stopped()
                key = str(each["Key"])
                if problem := media_key_problem(key):
                    self.result.skipped.append((key, problem))
                    continue
                self._download_file(client, bucket, key)

    def _download_file(self, client: Any, bucket: str, key: str) -> None:
        path = self.root / key
        digest = path.parent.name
        if path.parent.is_symlink() or path.is_symlink():
            raise ArchiveError(f"{path} is a link: all files of an archive must be in one folder")
        if not path.is_file() or not _digest(path).startswith(digest):
            path.parent.mkdir(exist_ok=True)
            with replace_file(path, _PUBLIC_MODE) as file:
                for chunk in client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(_CHUNK):
                    file.write(chunk)
        self._written.add(path)
        self._count("file")

    def _write_text(self, path: Path, text: str) -> None:
        _write(path, text.encode())
        self._written.add(path)

    @contextmanager
    def _open(self, name: str | None) -> Iterator[Any]:
        if name is None:
            yield None
            return
        with replace_file(self.root / name, _PRIVATE_MODE if name in PRIVATE else _PUBLIC_MODE) as file:
            yield file

    def _count(self, kind: str) -> None:
        self.result.counts[kind] += 1
        self.step()

    def _check_stopped(self) -> None:
        if self.stopped.is_set():
            raise _Interrupted

    def _remove_stale(self) -> None:
        for name in (ARTICLES, HTML, MEDIA):
            for path in [*(self.root / name).rglob("*")]:
                if path.is_symlink() or (path.is_file() and path not in self._written):
                    path.unlink()
        for path in [*(self.root / MEDIA).iterdir()]:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def _stem(article: Article) -> str:
    """Return a file name that is valid on every system and unique to the article."""
    return f"{article.id:06d}-{slugify(article.slug, max_length=_MAX_NAME)}".rstrip("-")


def _write_line(file: Any, record: Record) -> None:
    file.write(f"{as_json(record.as_data())}\n".encode())


def _write(path: Path, data: bytes) -> None:
    """Write ``data`` to the file, unless it already has that content."""
    if not path.is_symlink() and path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    with replace_file(path, _PUBLIC_MODE) as file:
        file.write(data)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
