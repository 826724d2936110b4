"""The report of a synchronization."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console

from kolom_cli.terminal.output import to_printable
from kolom_cli.terminal.plurals import count
from kolom_cli.terminal.report import Report

PAGE: Final = "external"
REDIRECT: Final = "redirect"
_MAX_SHOWN: Final = 20


@dataclass(slots=True)
class SyncReport(Report):
    """The counts of pages and redirects, and the pages that were removed: their files or addresses are gone.

    ``origin`` is that of the site. ``whole_bodies`` is the number of pages without a marked main text. ``writes`` is
    False if nothing was stored.
    """

    origin: str = ""

    removed_pages: list[str] = field(default_factory=list)
    whole_bodies: int = 0
    writes: bool = False

    def _items_as_data(self) -> dict[str, Any]:
        items = super(SyncReport, self)._items_as_data()
        return {**items, "removed_pages": self.removed_pages, "whole_bodies": self.whole_bodies, "writes": self.writes}

    def _totals(self) -> Iterator[str]:
        yield from super(SyncReport, self)._totals()
        if self.removed_pages:
            names = ", ".join(map(to_printable, self.removed_pages[:_MAX_SHOWN]))
            more = len(self.removed_pages) - _MAX_SHOWN
            yield (
                f"{count(len(self.removed_pages), 'page is', 'pages are')} gone and removed from the search, but not "
                f"the comments: {names}{f' and {more} more' if more > 0 else ''}."
            )
        if self.whole_bodies:
            has = count(self.whole_bodies, "page has", "pages have")
            yield f"{has} neither data-kolom-body nor <main> or <article>: all of the body is indexed, without menus."

    def _print_end(self, console: Console) -> None:
        if self.origin and self.counts(PAGE)["created"]:
            console.print(
                f"Before these pages can send comments, AllowedOrigins must have {self.origin}.", soft_wrap=True
            )
        if not self.writes and not self.dry_run and not self.errors:
            console.print("Nothing has changed: nothing was written.", soft_wrap=True)
