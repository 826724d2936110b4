"""What a publication or an import did with everything that it read: a report whose numbers add up."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kolom.articles.types import Change, Status
from kolom_cli.terminal.output import counts_table, format_moment, one_line, to_jsonable

_NAMED = 20
"""How many names of one reason are shown; JSON has them all."""

_MAX_KIND = 40
_MAX_NAME = 300
_MAX_REASON = 4_000
"""How many characters of what a source says are shown; JSON has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedItem:
    """Something that was read and not published. ``refused`` tells that it should have been."""

    kind: str
    name: str
    reason: str
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something about an article that was published nonetheless."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A file and the article that it became; ``published_at`` lies ahead where the status is ``scheduled``."""

    name: str
    kind: str
    change: Change
    slug: str
    url: str
    status: Status
    published_at: datetime | None

    @property
    def state(self) -> str:
        """Its status for people."""
        if self.status == "scheduled" and self.published_at is not None:
            return f"scheduled for {format_moment(self.published_at)}"
        return self.status

    def as_data(self) -> dict[str, object]:
        """The file for scripts."""
        return to_jsonable(asdict(self))


@dataclass(slots=True)
class Report:
    """Counts by kind. ``errors`` are what stopped the work as a whole, such as XML that breaks off.

    ``remote_images`` is how many pictures the articles of an import show from elsewhere.
    """

    changes: Counter[tuple[str, Change]] = field(default_factory=Counter)
    skipped: list[SkippedItem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    remote_images: int = 0
    interrupted: bool = False
    dry_run: bool = False

    def add(self, kind: str, change: Change) -> None:
        """One was published, or needed not be."""
        self.changes[kind, change] += 1

    def skip(self, kind: str, name: str, reason: str, *, refused: bool = False) -> None:
        """One was not published."""
        self.skipped.append(SkippedItem(kind=kind, name=name, reason=reason, refused=refused))

    @property
    def exit_code(self) -> int:
        """130 if it was interrupted, 1 if anything was refused, 0 otherwise."""
        if self.interrupted:
            return 130
        return 1 if self.errors or any(each.refused for each in self.skipped) else 0

    def counts(self, kind: str | None = None) -> dict[str, int]:
        """Read, created, updated, unchanged and skipped, of one kind or of all; read is the sum of the others."""
        counts = {
            change: sum(n for (k, c), n in self.changes.items() if c == change and kind in {None, k})
            for change in ("created", "updated", "unchanged")
        }
        counts["skipped"] = sum(1 for each in self.skipped if kind in {None, each.kind})
        return {"read": sum(counts.values()), **counts}

    @property
    def kinds(self) -> list[str]:
        """The kinds of things that were read, articles and pages first."""
        kinds = {kind for kind, _ in self.changes} | {each.kind for each in self.skipped}
        return sorted(kinds, key=lambda kind: (kind not in {"article", "page"}, kind))

    def as_json(self) -> str:
        """The report for scripts: one object, the same on every run of the same."""
        return json.dumps(self._data(), ensure_ascii=False, indent=2)

    def _data(self) -> dict[str, Any]:
        return {
            **self.counts(),
            "kinds": {kind: self.counts(kind) for kind in self.kinds},
            "skipped_items": [
                {"kind": each.kind, "name": each.name, "reason": each.reason, "refused": each.refused}
                for each in self.skipped
            ],
            "notes": [{"name": note.name, "note": note.text} for note in self.notes],
            "remote_images": self.remote_images,
            "errors": self.errors,
            "interrupted": self.interrupted,
            "dry_run": self.dry_run,
        }

    def print(self, console: Console) -> None:
        """The report for people."""
        self._print_done(console)
        for line in self._lines():
            console.print(line, soft_wrap=True)
        if self.remote_images:
            console.print(f"{self.remote_images:,} pictures stay where they are, on other sites.", soft_wrap=True)
        for error in self.errors:
            console.print(_line("error", "red", error), soft_wrap=True)
        if self.interrupted:
            console.print("Interrupted: what is counted above is done; run it again for the rest.", soft_wrap=True)
        self._print_end(console)
        if self.dry_run:
            console.print("Dry run: nothing was written.", soft_wrap=True)

    def _print_done(self, console: Console) -> None:
        console.print(self._table())

    def _print_end(self, console: Console) -> None:
        pass

    def _table(self) -> Table:
        rows = [(_cut(kind, _MAX_KIND), tuple(self.counts(kind).values())) for kind in self.kinds]
        return counts_table(tuple(self.counts()), rows)

    def _lines(self) -> Iterator[Text]:
        refused = [(each.reason, each.name) for each in self.skipped if each.refused]
        for reason, names in _grouped(refused):
            yield _line("refused", "red", f"{names}: {reason}")
        others = Counter((each.kind, each.reason) for each in self.skipped if not each.refused)
        for (kind, reason), number in others.items():
            yield Text(f"skipped {number} × {_cut(kind, _MAX_KIND)}: {_cut(reason, _MAX_REASON)}")
        for text, names in _grouped([(note.text, note.name) for note in self.notes]):
            yield _line("note", "yellow", f"{names}: {text}")


@dataclass(slots=True)
class PublishReport(Report):
    """The report of a publication: a line for each file, and the totals at the end."""

    files: list[PublishedFile] = field(default_factory=list)

    def add_file(self, file: PublishedFile) -> None:
        """A file was published, or needed not be."""
        self.files.append(file)
        self.add(file.kind, file.change)

    def _data(self) -> dict[str, Any]:
        # super() without arguments fails in a dataclass with slots, which is another class than the one in this body.
        return {**Report._data(self), "items": [file.as_data() for file in self.files]}

    def _print_done(self, console: Console) -> None:
        would_be = "would be " if self.dry_run else ""
        width = max((len(file.change) for file in self.files), default=0)
        for file in self.files:
            line = f"{would_be}{file.change:<{width}}  {one_line(file.name)} -> {file.url} ({file.state})"
            console.print(Text(line), soft_wrap=True)

    def _print_end(self, console: Console) -> None:
        counts = {**self.counts(), "refused": len(self.skipped)}
        parts = [f"{counts[name]} {name}" for name in ("created", "updated", "unchanged", "refused") if counts[name]]
        line = (
            f"{', '.join(parts)}." if parts else "No files found: `kolom publish` reads .md, .markdown, .html and .htm."
        )
        console.print(line, soft_wrap=True, highlight=False)


def _grouped(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each text with the names that it goes for, in one line."""
    names: dict[str, list[str]] = {}
    for text, name in pairs:
        names.setdefault(text, []).append(name)
    return [
        (_cut(text, _MAX_REASON), ", ".join(_cut(name, _MAX_NAME) for name in listed[:_NAMED]) + _more(len(listed)))
        for text, listed in names.items()
    ]


def _more(number: int) -> str:
    return f" and {number - _NAMED} more" if number > _NAMED else ""


def _line(what: str, colour: str, text: str) -> Text:
    # No markup of rich's: what a source says may look like it.
    return Text.assemble((what, colour), " ", text)


def _cut(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
