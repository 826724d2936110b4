"""Decide whether a document was published by its site, and when.

Only :func:`read_source` reads a file, and only :func:`publication_of` the clock; the rest is pure.

Without evidence that it was published, a document is imported as a draft or skipped: see ``docs/migrate.md``.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from kolom.articles.types import Kind
from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_flag
from kolom_cli.importers.markdown.lenient_front_matter import Front, Values, read_front
from kolom_cli.publishing.document import FORMATS, DocumentError, is_about_project, read_text
from kolom_cli.publishing.draft_marks import (
    draft_mark,
    groups_in,
    is_dated,
    is_group,
    normalize,
    path_mark,
)
from kolom_cli.publishing.metadata_header import read_header
from kolom_cli.terminal.output import format_place

PUBLICATION_KEYS: Final = (
    "publishdate",
    "pubdate",
    "publishedat",
    "publicationdate",
    "publisheddate",
    "pubdatetime",
    "published",
    "publish",
)
_SCHEDULE_KEYS: Final = (
    *(
        "publishon",
        "publishat",
        "datepublished",
        "publishedon",
        "publishedtime",
        "postdate",
        "releasedate",
        "releaseat",
    ),
    *("scheduled", "scheduledat", "scheduledfor", "schedule", "embargo", "embargodate", "embargountil"),
    *("golive", "golivedate", "goliveat"),
)
"""Further keys of the date before which a text is not public."""
_EXPIRY_KEYS: Final = (
    *("expirydate", "expirationdate", "expiration", "expires", "expiresat", "expireson", "expiry", "expire"),
    *("expireat", "expireon", "unpublishdate", "unpublishon", "unpublishat", "archiveon", "archiveat"),
    *("validuntil", "visibleuntil", "publisheduntil", "removeon", "removeat"),
)
_UPDATE_KEYS: Final = frozenset(
    (
        *("updated", "updatedat", "updatedon", "updatedate", "updateddate", "lastupdated", "lastupdate", "dateupdated"),
        *("modified", "modifiedat", "modifiedtime", "datemodified", "modifieddate", "modificationdate", "moddate"),
        *("lastmod", "lastmodified", "lastmodifiedat", "lastmodifiedtime", "changed", "edited", "moddatetime"),
    )
)
_TEXT_KEYS: Final = frozenset(("title", "subtitle", "description", "summary", "excerpt", "slug"))
"""Keys of texts, which may mention a date."""
_OBVIOUS: Final = frozenset(("draft: true", "published: false", "status: draft", "_drafts/", "drafts/"))
"""Draft marks that need no note, because they are unambiguous."""
_MAX_DEPTH: Final = 10
_NO_DATE: Final = "0001-01-01"
"""The date that Hugo writes if there is none."""


@dataclass(frozen=True, slots=True)
class Publication:
    """The publication date of a document, if known, whether it is a draft, and the notes about it."""

    date: datetime | None
    draft: bool
    notes: tuple[str, ...]


def publication_of(
    front: Values, location: Sequence[str], zone: tzinfo, *, keys: Sequence[str], date_in_name: str | None
) -> Publication:
    """Determine when the document was published, and whether it is a draft.

    ``location`` has the names of its directories and its own name.

    The date is that of the first of ``keys``, or else ``date_in_name``. A future publication date takes
    precedence, whatever its key, since the document is scheduled for it. A document with an invalid date is a draft,
    because that date may be in the future; so is one with a future date of an unknown key, or an expired one.
    """
    now = datetime.now(UTC)
    notes: list[str] = []
    draft = False
    dates = dates_in(front, keys, zone)
    if not dates and date_in_name:
        dates.append((date_in_name, get_datetime(date_in_name, zone)))
    scheduled = dates_in(front, ("date", *PUBLICATION_KEYS, *_SCHEDULE_KEYS), zone)
    for written, parsed in dict.fromkeys([*dates, *scheduled]):
        if parsed is None:
            draft = True
            notes.append(f"the date {written!r} is invalid: imported as a draft")
    date = next((parsed for _, parsed in dates if parsed is not None), None)
    latest = max((parsed for _, parsed in [*dates, *scheduled] if parsed is not None), default=None)
    if latest is not None and latest > now:
        date = latest
    for written, parsed in dates_in(front, _EXPIRY_KEYS, zone):
        if parsed is None or parsed <= now:
            draft = True
            problem = "expired on" if parsed else "invalid expiry date"
            notes.append(f"{problem} {written}: imported as a draft")
        else:
            notes.append(f"expires on {written}: Kolom does not support expiry, so unpublish it then")
    known = {*keys, "date", *PUBLICATION_KEYS, *_SCHEDULE_KEYS, *_EXPIRY_KEYS, *_UPDATE_KEYS, *_TEXT_KEYS}
    for key, written in _others(front, known):
        parsed = get_datetime(written, zone)
        if parsed is not None and parsed > now:
            draft = True
            notes.append(f"{key}: {written} is in the future: imported as a draft")
    if (named := path_mark(location)) is not None:
        draft = True
        what = "the name of its folder" if named.endswith("/") else "its name"
        notes += [] if named.lower() in _OBVIOUS else [f"imported as a draft, because of {what} {named}"]
    if (mark := draft_mark(front)) is not None:
        draft = True
        notes += [] if mark.lower() in _OBVIOUS else [f"{mark}: imported as a draft"]
    return Publication(date, draft, tuple(notes))


def read_source(path: Path, kind: Kind, read: Callable[[Path, str], Front] = read_front) -> tuple[str, Front] | Skipped:
    """Return the text of a document and its front matter, or why it cannot be read."""
    try:
        text = read_text(path)
        return text, read(path, text)
    except DocumentError as error:
        return Skipped(kind=kind, name=format_place(path, error.line), reason=error.message, refused=True)


def skip_without_front_matter(path: Path, kind: Kind, found: Front, text: str) -> Skipped | None:
    """Return why a document without front matter is not imported: nothing shows that it was published.

    None if it has front matter.
    """
    name = str(path)
    if found.body:
        return None
    if not text.strip():
        return Skipped(kind="file", name=name, reason="is empty")
    if is_about_project(path):
        return Skipped(kind="file", name=name, reason="is about the project, not an article")
    if (header := read_header(text)).values:
        if mark := draft_mark(header.as_map()):
            return Skipped(kind=kind, name=name, reason=f"is not published: {mark}")
        reason = "its metadata is not between two lines `---`: add them above and below it to import the document"
        return Skipped(kind=kind, name=name, reason=reason, refused=True)
    if kind == "page":
        return Skipped(kind="file", name=name, reason="has no front matter, so it is not a page of the site")
    reason = "has no front matter: add its title and date between two lines `---` at its beginning to import it"
    return Skipped(kind=kind, name=name, reason=reason, refused=FORMATS.get(path.suffix.lower()) != "html")


def dates_in(front: Values, keys: Sequence[str], zone: tzinfo) -> list[tuple[str, datetime | None]]:
    """Return the dates of these keys as ``(text, datetime)``; the datetime is None for an invalid date."""
    return [(written, get_datetime(written, zone)) for key in keys for written in _written(front, key)]


def _written(front: Values, key: str) -> Iterator[str]:
    """Yield the dates of the key, however it is spelled; Boolean values are left out."""
    for name, value in _all(front):
        if normalize(name) != key or not value:
            continue
        written = value.strip() if isinstance(value, str) else "…"
        is_flag = key in {"published", "publish"} and not is_dated(written)
        is_unscheduled = key in _SCHEDULE_KEYS and get_flag({key: written}, key) is False
        if not is_flag and not is_unscheduled and not written.startswith(_NO_DATE):
            yield written


def _others(front: Values, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the texts of all keys that are not known."""
    for key, value in _all(front):
        if normalize(key) not in known:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str):
                    yield key, each.strip()


def _all(front: Mapping[str, object], depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield all keys of the front matter with their values, including those in groups such as ``params``."""
    for key, value in front.items():
        yield key, value
        if is_group(key) and depth < _MAX_DEPTH:
            for group in groups_in(value):
                yield from _all(group, depth + 1)
