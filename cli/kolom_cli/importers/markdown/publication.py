"""Whether a document was published where it comes from, and when. Pure, but for the clock.

Without evidence that it was, it is a draft here, or is not imported at all: see the table in ``docs/migrate.md``.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from kolom.articles.types import Kind
from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_flag
from kolom_cli.importers.markdown.lenient_front_matter import Front, Values
from kolom_cli.publishing.document import FORMATS, is_about_project
from kolom_cli.publishing.draft_marks import (
    draft_mark,
    groups_in,
    is_dated,
    is_group,
    normalize,
    place_mark,
    read_header,
)

PUBLICATION_KEYS: Final = ("publishdate", "pubdate", "publishedat", "publicationdate", "published", "publish")
_WAITING_KEYS: Final = (
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
"""Further keys of the day before which a text is not public."""
_EXPIRY_KEYS: Final = (
    *("expirydate", "expirationdate", "expiration", "expires", "expiresat", "expireson", "expiry", "expire"),
    *("expireat", "expireon", "unpublishdate", "unpublishon", "unpublishat", "archiveon", "archiveat"),
    *("validuntil", "visibleuntil", "publisheduntil", "removeon", "removeat"),
)
_UPDATE_KEYS: Final = frozenset(
    (
        *("updated", "updatedat", "updatedon", "updatedate", "updateddate", "lastupdated", "lastupdate", "dateupdated"),
        *("modified", "modifiedat", "modifiedtime", "datemodified", "modifieddate", "modificationdate", "moddate"),
        *("lastmod", "lastmodified", "lastmodifiedat", "lastmodifiedtime", "changed", "edited"),
    )
)
_TEXT_KEYS: Final = frozenset(("title", "subtitle", "description", "summary", "excerpt", "slug"))
"""Keys of texts, which may be about a day."""
_OBVIOUS: Final = frozenset(("draft: true", "published: false", "status: draft", "_drafts/", "drafts/"))
"""Marks of which nothing is said: everybody knows that these are drafts."""
_DEEPEST: Final = 10
_NO_DATE: Final = "0001-01-01"
"""What Hugo writes where there is no date."""


@dataclass(frozen=True, slots=True)
class Publication:
    """When a document was or will be published, as far as that is known; what is to be said of it."""

    date: datetime | None
    draft: bool
    notes: tuple[str, ...]


def publication_of(
    front: Values, place: Sequence[str], zone: tzinfo, *, keys: Sequence[str], named: str | None
) -> Publication:
    """When the document was published, and whether it is a draft. ``place`` are its folders and its name.

    Its date is what the first of ``keys`` says, else the day in its file's ``named``; but a date in the future of any
    key is what it waits for. One that is not understood may be in the future too, so it makes a draft.
    """
    now = datetime.now(UTC)
    notes: list[str] = []
    draft = False
    dates = dates_in(front, keys, zone)
    if not dates and named:
        dates.append((named, get_datetime(named, zone)))
    waits = dates_in(front, ("date", *PUBLICATION_KEYS, *_WAITING_KEYS), zone)
    for written, moment in dict.fromkeys([*dates, *waits]):
        if moment is None:
            draft = True
            notes.append(f"the date {written!r} is not understood: a draft here")
    date = next((moment for _, moment in dates if moment is not None), None)
    latest = max((moment for _, moment in [*dates, *waits] if moment is not None), default=None)
    if latest is not None and latest > now:
        date = latest
    for written, moment in dates_in(front, _EXPIRY_KEYS, zone):
        if moment is None or moment <= now:
            draft = True
            what = "expired there on" if moment else "expires there at a time that is not understood:"
            notes.append(f"{what} {written}: a draft here")
        else:
            notes.append(f"expires there on {written}: nothing expires here, so unpublish it then")
    known = {*keys, "date", *PUBLICATION_KEYS, *_WAITING_KEYS, *_EXPIRY_KEYS, *_UPDATE_KEYS, *_TEXT_KEYS}
    for key, written in _others(front, known):
        moment = get_datetime(written, zone)
        if moment is not None and moment > now:
            draft = True
            notes.append(f"{key}: {written} there, in the future: a draft here")
    for mark in (place_mark(place), draft_mark(front)):
        if mark is not None:
            draft = True
            notes += [] if mark.lower() in _OBVIOUS else [f"{mark} there: a draft here"]
    return Publication(date, draft, tuple(notes))


def without_front_matter(path: Path, kind: Kind, found: Front, text: str) -> Skipped | None:
    """Why a document without front matter is not imported: nothing says that it is a published one."""
    name = str(path)
    if found.body:
        return None
    if not text.strip():
        return Skipped(kind="file", name=name, reason="is empty")
    if is_about_project(path):
        return Skipped(kind="file", name=name, reason="is about the project, no article")
    if header := read_header(text):
        if mark := draft_mark(header):
            return Skipped(kind=kind, name=name, reason=f"is no published text: {mark}")
        reason = "its metadata stands without lines `---`: put one above it and one below it to import it"
        return Skipped(kind=kind, name=name, reason=reason, refused=True)
    if kind == "page":
        return Skipped(kind="file", name=name, reason="has no front matter: no page of the site")
    reason = "has no front matter: put its title and date between two lines `---` at its beginning to import it"
    return Skipped(kind=kind, name=name, reason=reason, refused=FORMATS[path.suffix.lower()] == "markdown")


def dates_in(front: Values, keys: Sequence[str], zone: tzinfo) -> list[tuple[str, datetime | None]]:
    """The dates that the front matter has by these keys, as they are written and as moments; None: not understood."""
    return [(written, get_datetime(written, zone)) for key in keys for written in _written(front, key)]


def _written(front: Values, key: str) -> Iterator[str]:
    """The dates that the front matter has by that key, however it is spelled; yes and no are none."""
    for name, value in _all(front):
        if normalize(name) != key or not value:
            continue
        written = value.strip() if isinstance(value, str) else "…"
        is_flag = key in {"published", "publish"} and not is_dated(written)
        is_no = key in _WAITING_KEYS and get_flag({key: written}, key) is False
        if not is_flag and not is_no and not written.startswith(_NO_DATE):
            yield written


def _others(front: Values, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """The texts by all keys but those that are known."""
    for key, value in _all(front):
        if normalize(key) not in known:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str):
                    yield key, each.strip()


def _all(front: Mapping[str, object], depth: int = 0) -> Iterator[tuple[str, object]]:
    """All keys of the front matter with their values, also those in groups such as ``params``."""
    for key, value in front.items():
        yield key, value
        if is_group(key) and depth < _DEEPEST:
            for group in groups_in(value):
                yield from _all(group, depth + 1)
