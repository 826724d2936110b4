"""Compare all tables with their restored state, and write the differences."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Final

from kolom.search import settings_editor
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.restoring.comment_rules import CommentRules
from kolom_cli.deploying.restoring.comparison import ACTIONS, Action, Comparison, compare
from kolom_cli.deploying.restoring.restore_point import RestorePoint
from kolom_cli.deploying.restoring.table_rules import ArticleRules, MessageRules, TableRules
from kolom_cli.deploying.restoring.temporary_tables import RestoredTable, check_exists
from kolom_cli.deploying.restoring.writer import write_differences
from kolom_cli.deploying.tables import explaining
from kolom_cli.terminal.plurals import count

type Report = Callable[[int], object]
"""A callback that receives the number of items that were done since the last call."""

_NOUNS: Final = {"articles": "article", "comments": "comment", "messages": "message"}
_VERBS: Final[dict[Action, str]] = {"add": "to add", "change": "to change", "remove": "to remove"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorer:
    """Writes the state of the restored tables into the running ones."""

    point: RestorePoint
    tables: Sequence[RestoredTable]

    def compare(self, report: Report, stopped: Event) -> list[Comparison]:
        """Compare each table. The result is incomplete if ``stopped`` is set.

        :raises DeploymentError: another run has ended the restore, or a table does not exist
        """
        found = []
        for table in self.tables:
            with _explaining_end(table):
                found.append(compare(table, self._rules(table), report, stopped))
            check_exists(table)  # While AWS deletes it, items may be missing that it had.
        return found

    def describe(self, comparison: Comparison) -> Iterator[str]:
        """Yield what the differences are, in words."""
        noun = _NOUNS[comparison.table.kind]
        if not comparison.differences:
            yield f"{comparison.table.running}: nothing to change"
            return
        items = count(len(comparison.differences), "item")
        yield f"{comparison.table.running}: {items} to write"
        for action in ACTIONS:
            if number := comparison.title_counts[action]:
                titles = comparison.titles[action]
                more = ", …" if number > len(titles) else ""
                yield f"  {count(number, noun)} {_VERBS[action]}: {', '.join(titles)}{more}"
            elif number := comparison.count(action):
                yield f"  no {noun} {_VERBS[action]}, {count(number, 'other item')}"

    def write(self, comparisons: Sequence[Comparison], report: Report, stopped: Event) -> int:
        """Write the differences; return the number of conflicts with others.

        :raises DeploymentError: another run has ended the restore, or a table does not exist
        """
        conflicts = 0
        for each in comparisons:
            with _explaining_end(each.table), explaining(each.table.running, "cannot write the table"):
                rules = self._rules(each.table)
                check_exists(each.table)
                conflicts += len(write_differences(each, rules, report, stopped))
        return conflicts

    def announce(self) -> None:
        """Let searches use restored settings. It is repeated by each run, because the last one may have been killed."""
        if any(each.kind == "articles" for each in self.tables):
            settings_editor.announce()

    def _rules(self, table: RestoredTable) -> TableRules:
        now = datetime.now(UTC)
        if table.kind == "articles":
            return ArticleRules(mark=f"restored-{now:%Y%m%dT%H%M%S}")
        return CommentRules(table, now) if table.kind == "comments" else MessageRules(now)


@contextmanager
def _explaining_end(table: RestoredTable) -> Iterator[None]:
    """If another run has deleted the temporary table, say so instead of naming a table that cannot be used.

    :raises DeploymentError: what was raised, or the temporary table is deleted
    """
    try:
        yield
    except DeploymentError:
        check_exists(table)
        raise
