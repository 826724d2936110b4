"""Report on a publication or an import: what was done with every item that was read."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kolom import urls
from kolom.articles.types import Article, Change, Status
from kolom_cli.terminal.output import counts_table, format_moment, format_place, to_jsonable, to_printable
from kolom_cli.terminal.plurals import choose, count

_MAX_NAMES = 20
"""The maximum number of names shown for one reason; JSON has them all."""

_STATUSES: Final[tuple[Status, ...]] = ("published", "draft", "scheduled", "deleted")
"""The statuses, in the order in which a report counts them."""

_NUMBER: Final = re.compile(r"\(\d[\d,]*\)$")
"""The number at the end of a note."""

_MAX_KIND = 40
_MAX_NAME = 300
_MAX_REASON = 4_000
"""The maximum lengths of texts of a source that are printed, in characters; JSON has them in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedItem:
    """An item that was read but not published. ``refused`` is True if that is an error.

    ``problems`` are pairs of a place and a problem; ``reason`` has all problems in one text. If it ``is_counted``, only
    the number of items with the same reason is printed.
    """

    kind: str
    name: str
    reason: str
    refused: bool
    problems: tuple[tuple[str, str], ...] = ()
    is_counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark on an item that was published, imported or restored."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedState:
    """An article or page of an import, and its status in Kolom after it."""

    name: str
    kind: str
    title: str
    url: str
    status: Status
    change: Change

    @classmethod
    def of(cls, name: str, article: Article, change: Change) -> Self:
        """Return the state of an article that was imported or restored from the item ``name``."""
        return cls(
            name=name,
            kind=article.kind,
            title=article.title,
            url=urls.article_url(article),
            status=article.status,
            change=change,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A file and its article; ``published_at`` is in the future if the status is ``scheduled``."""

    name: str
    kind: str
    change: Change
    slug: str
    url: str
    status: Status
    published_at: datetime | None

    @property
    def state(self) -> str:
        """The status, with the date of a scheduled article."""
        if self.status == "scheduled" and self.published_at is not None:
            return f"scheduled for {format_moment(self.published_at)}"
        return self.status

    def as_data(self) -> dict[str, object]:
        """Return the file as values for JSON."""
        return to_jsonable(asdict(self))


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """The links of imported texts to their old site.

    Links to articles now lead to the imported articles. Links to files, such as pictures, and to pages that were not
    imported were left as they are.
    """

    to_articles: int = 0
    to_files: int = 0
    to_pages: int = 0

    def __add__(self, other: "LinkCounts") -> "LinkCounts":
        return LinkCounts(
            self.to_articles + other.to_articles, self.to_files + other.to_files, self.to_pages + other.to_pages
        )


NO_LINKS: Final = LinkCounts()


@dataclass(slots=True)
class RemovedMarkup:
    """A kind of markup that was removed from imported texts: how often, from how many items, and the first item."""

    first: str
    count: int = 0
    items: int = 0


@dataclass(slots=True)
class Report:
    """The counts by kind, the imported articles and pages, and the skipped items.

    ``errors`` concern no single item, such as XML that ends too early. ``remote_media`` is the number of images,
    videos and audio files that the articles of an import embed from other sites. ``own_links`` are the links in its
    texts to the old site. ``removed`` is the markup that was removed from its texts, by kind and effect.
    ``unclear_languages`` is the number of articles whose language neither the export nor the text says. ``source`` is
    what a folder was read as, such as ``a Jekyll site``.
    """

    source: str | None = None
    changes: Counter[tuple[str, Change]] = field(default_factory=Counter)
    articles: list[ImportedState] = field(default_factory=list)
    skipped: list[SkippedItem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    remote_media: int = 0
    copied_pictures: int = 0
    failed_pictures: int = 0
    own_links: LinkCounts = NO_LINKS
    removed: dict[str, RemovedMarkup] = field(default_factory=dict)
    unclear_languages: int = 0
    interrupted: bool = False
    dry_run: bool = False

    def add(self, kind: str, change: Change) -> None:
        """Count an item that was published or is unchanged."""
        self.changes[kind, change] += 1

    def add_article(self, article: ImportedState) -> None:
        """Count an article or page that was imported or is unchanged."""
        self.articles.append(article)
        self.add(article.kind, article.change)

    def skip(self, kind: str, name: str, reason: str, *, refused: bool = False, counted: bool = False) -> None:
        """Record an item that was not published. Of refused items that are ``counted``, only the number is printed."""
        self.skipped.append(
            SkippedItem(kind=kind, name=name, reason=reason, refused=refused, is_counted=counted or not refused)
        )

    def refuse(self, kind: str, file: str, problems: Sequence[tuple[int, str]]) -> None:
        """Record a file that was not published because of its problems, each with its line, or 0."""
        places = tuple((format_place(file, line), text) for line, text in problems)
        (first_place, first), *_ = places
        more = [f"line {line}: {text}" if line else text for line, text in problems[1:]]
        self.skipped.append(
            SkippedItem(kind=kind, name=first_place, reason="; ".join([first, *more]), refused=True, problems=places)
        )

    def add_removed(self, name: str, what: str, number: int) -> None:
        """Record that markup was removed from the text of the item ``name``."""
        removed = self.removed.setdefault(what, RemovedMarkup(name))
        removed.count += number
        removed.items += 1

    @property
    def exit_code(self) -> int:
        """130 if it was interrupted, 1 if there are errors or refused items, 0 otherwise."""
        if self.interrupted:
            return 130
        return 1 if self.errors or any(each.refused for each in self.skipped) else 0

    def counts(self, kind: str | None = None) -> dict[str, int]:
        """Return how many items of one kind, or of all, were read, created, updated, unchanged and skipped.

        ``read`` is the sum of the others.
        """
        counts = {
            change: sum(n for (k, c), n in self.changes.items() if c == change and kind in {None, k})
            for change in ("created", "updated", "unchanged")
        }
        counts["skipped"] = sum(1 for each in self.skipped if kind in {None, each.kind})
        return {"read": sum(counts.values()), **counts}

    @property
    def by_status(self) -> dict[Status, int]:
        """How many of the imported and unchanged articles and pages have each status."""
        numbers = Counter(article.status for article in self.articles)
        return {status: numbers[status] for status in _STATUSES if numbers[status]}

    @property
    def kinds(self) -> list[str]:
        """The kinds of items that were read, articles and pages first."""
        kinds = {kind for kind, _ in self.changes} | {each.kind for each in self.skipped}
        return sorted(kinds, key=lambda kind: (kind not in {"article", "page"}, kind))

    def as_json(self) -> str:
        """Return the report as one JSON object. The same run always gives the same text."""
        text = json.dumps(self.as_data(), ensure_ascii=False, indent=2)
        # A path that is not UTF-8 has lone surrogates. They cannot be printed, but their escapes can.
        return text.encode("utf-8", "backslashreplace").decode()

    def as_data(self) -> dict[str, Any]:
        """Return the report as values for JSON."""
        return {
            **({} if self.source is None else {"source": self.source}),
            **self.counts(),
            "kinds": {kind: self.counts(kind) for kind in self.kinds},
            **self._items_as_data(),
            "skipped_items": [
                {"kind": each.kind, "name": each.name, "reason": each.reason, "refused": each.refused}
                for each in self.skipped
            ],
            "notes": [{"name": note.name, "note": note.text} for note in self.notes],
            "remote_images": self.remote_media,
            "copied_pictures": self.copied_pictures,
            "failed_pictures": self.failed_pictures,
            "own_links": asdict(self.own_links),
            "removed": [{"markup": what, **asdict(each)} for what, each in self.removed.items()],
            "unclear_languages": self.unclear_languages,
            "errors": self.errors,
            "interrupted": self.interrupted,
            "dry_run": self.dry_run,
        }

    def _items_as_data(self) -> dict[str, Any]:
        """Return the single articles and pages as values for JSON."""
        return {"by_status": self.by_status, "articles": [asdict(article) for article in self.articles]}

    def print(self, console: Console) -> None:
        """Print the report for people."""
        if self.source is not None:
            console.print(f"Read as {self.source}.", soft_wrap=True)
        self._print_done(console)
        for line in self._lines():
            console.print(line, soft_wrap=True)
        for text in self._totals():
            console.print(text, soft_wrap=True)
        for error in self.errors:
            console.print(_line("error", "red", to_printable(error)), soft_wrap=True)
        if self.interrupted:
            console.print(
                "Interrupted: the items above are done; run the command again for the others.", soft_wrap=True
            )
        self._print_end(console)
        if self.dry_run:
            console.print("Dry run: nothing was written.", soft_wrap=True)

    def _totals(self) -> Iterator[str]:
        """Yield the lines about all articles together."""
        if numbers := self.by_status:
            kinds = {article.kind for article in self.articles}
            subject = (
                "Articles and pages" if len(kinds) > 1 else "Pages" if kinds in ({"page"}, {"external"}) else "Articles"
            )
            yield f"{subject}: {', '.join(_with_status(status, number) for status, number in numbers.items())}."
        if self.copied_pictures or self.failed_pictures:
            failed = f"; {self.failed_pictures:,} could not be copied" if self.failed_pictures else ""
            copied = count(self.copied_pictures, "picture was", "pictures were")
            yield f"{copied} copied{failed}."
        if self.remote_media:
            files = count(self.remote_media, "image, video or audio file is", "images, videos and audio files are")
            breaks, them = ("breaks", "it") if self.remote_media == 1 else ("break", "them")
            yield (
                f"{files} still loaded from other sites, and {breaks} when these sites move. An import with --pictures "
                f"downloads images; --uploads DIR takes {them} from a copy of the old site's folder."
            )
        yield from _link_lines(self.own_links)
        if self.unclear_languages:
            texts, they = ("text", "it has") if self.unclear_languages == 1 else ("texts", "they have")
            yield (
                f"The language of {count(self.unclear_languages, 'article')} is not clear from the {texts}: {they} the "
                "site's first language. --language sets another."
            )

    def _print_done(self, console: Console) -> None:
        console.print(self._table())

    def _print_end(self, console: Console) -> None:
        pass

    def _table(self) -> Table:
        """Return the counts by kind; items that were refused are not counted as skipped."""
        rows = []
        for kind in self.kinds:
            counts = self.counts(kind)
            refused = sum(1 for each in self.skipped if each.kind == kind and each.refused)
            counts |= {"skipped": counts["skipped"] - refused, "refused": refused}
            rows.append((_cut(kind, _MAX_KIND), tuple(counts.values())))
        return counts_table((*self.counts(), "refused"), rows)

    def _lines(self) -> Iterator[Text]:
        refused = [
            (text, name)
            for each in self.skipped
            if not each.is_counted
            for name, text in each.problems or ((each.name, each.reason),)
        ]
        for reason, names in _grouped(refused):
            yield _line("refused", "red", f"{names}: {reason}")
        others = Counter((each.refused, each.kind, each.reason) for each in self.skipped if each.is_counted)
        for (is_refused, kind, reason), number in others.items():
            text = f"{number} × {_cut(kind, _MAX_KIND)}: {_cut(reason, _MAX_REASON)}"
            yield _line("refused", "red", text) if is_refused else Text(f"skipped {text}")
        items = Counter(note.text for note in self.notes)
        notes = [(f"{note.text}, in each" if _is_each(note, items) else note.text, note.name) for note in self.notes]
        for text, names in _grouped(notes):
            yield _line("note", "yellow", f"{names}: {text}")
        for what, each in self.removed.items():
            times = (
                f"{count(each.count, 'time')} in {count(each.items, 'text')}, first in {_cut(each.first, _MAX_NAME)}"
            )
            yield _line("note", "yellow", f"{what} ({times})")


@dataclass(slots=True)
class PublishReport(Report):
    """The report of a publication: a line for each file, followed by the totals."""

    files: list[PublishedFile] = field(default_factory=list)

    def add_file(self, file: PublishedFile) -> None:
        """Record a file that was published or is unchanged."""
        self.files.append(file)
        self.add(file.kind, file.change)

    def _items_as_data(self) -> dict[str, Any]:
        return {"items": [file.as_data() for file in self.files]}

    def _print_done(self, console: Console) -> None:
        would_be = "would be " if self.dry_run else ""
        width = max((len(file.change) for file in self.files), default=0)
        for file in self.files:
            line = f"{would_be}{file.change:<{width}}  {to_printable(file.name)} -> {file.url} ({file.state})"
            console.print(Text(line), soft_wrap=True)

    def _print_end(self, console: Console) -> None:
        counts = {**self.counts(), "refused": len(self.skipped)}
        parts = [f"{counts[name]} {name}" for name in ("created", "updated", "unchanged", "refused") if counts[name]]
        line = (
            f"{', '.join(parts)}." if parts else "No files found: `kolom publish` reads .md, .markdown, .html and .htm."
        )
        console.print(line, soft_wrap=True, highlight=False)


def _grouped(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return each text with the names of its items, joined."""
    names: dict[str, list[str]] = {}
    for text, name in pairs:
        names.setdefault(text, []).append(name)
    return [
        (_cut(text, _MAX_REASON), ", ".join(_cut(name, _MAX_NAME) for name in listed[:_MAX_NAMES]) + _more(len(listed)))
        for text, listed in names.items()
    ]


def _is_each(note: Note, items: Counter[str]) -> bool:
    """Return whether the note has a number that counts for each of several items: ``[code] (1)``."""
    return items[note.text] > 1 and _NUMBER.search(note.text) is not None


def _more(number: int) -> str:
    return f" and {number - _MAX_NAMES} more" if number > _MAX_NAMES else ""


def _line(prefix: str, colour: str, text: str) -> Text:
    # `Text` disables Rich's markup, which texts of a source may contain.
    return Text.assemble((prefix, colour), " ", text)


def _cut(text: str, limit: int) -> str:
    line = to_printable(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _with_status(status: Status, number: int) -> str:
    return count(number, "draft") if status == "draft" else f"{number:,} {status}"


def _link_lines(links: LinkCounts) -> Iterator[str]:
    if links.to_articles:
        verb = choose(links.to_articles, "leads to the imported article", "lead to the imported articles")
        yield f"{count(links.to_articles, 'link')} to articles of the old site {verb}."
    if links.to_files:
        were = choose(links.to_files, "was left as it is", "were left as they are")
        yield f"{count(links.to_files, 'link')} to files of the old site {were}."
    if links.to_pages:
        were = choose(links.to_pages, "was left as it is", "were left as they are")
        yield f"{count(links.to_pages, 'link')} to pages of the old site that were not imported {were}."
