"""`kolom restore`: bring the content of the tables back to an earlier state."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from kolom.config import settings
from kolom_cli.commands.deployment_options import (
    Profile,
    Region,
    StackName,
    confirm_by_name,
    find_deployed,
    identify,
    select,
)
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.restoring.restore_point import (
    KINDS,
    LATEST,
    RestorePoint,
    at_time,
    command_at,
    of_backup,
    option_of,
)
from kolom_cli.deploying.restoring.temporary_tables import (
    RestoredTable,
    discard,
    find_unfinished,
    refuse_others,
    restore_tables,
)
from kolom_cli.deploying.tables import is_recoverable, table_names
from kolom_cli.terminal import console
from kolom_cli.terminal.options import DryRun, Yes
from kolom_cli.terminal.plurals import count

if TYPE_CHECKING:
    from kolom_cli.deploying.restoring.comparison import Comparison
    from kolom_cli.deploying.restoring.restorer import Restorer

type Kind = Literal["articles", "comments", "messages"]

_REMEMBERED: Final = timedelta(days=30)
"""How long the tables know what was erased: an erased comment expires then."""


def restore(  # noqa: PLR0913, RUF100 (one parameter per option)
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="The time, such as 2026-11-30T19:05, or 'latest'.", metavar="TIME"),
    ] = None,
    backup: Annotated[
        str | None, typer.Option("--backup", help="A backup of `kolom backup list`.", metavar="NAME")
    ] = None,
    only: Annotated[
        list[Kind] | None,
        typer.Option("--only", help="Restore only articles, comments or messages; may be repeated.", metavar="KIND"),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    discard_tables: Annotated[
        bool, typer.Option("--discard", help="Delete the temporary tables of an unfinished restore.")
    ] = False,
) -> None:
    """Bring articles, comments and messages back to an earlier state, in the running tables.

    AWS restores the tables under temporary names, which takes some minutes to an hour. Then it shows what would be
    added, changed and removed, and asks. What was created after that time is removed. Erased comments, unsubscriptions
    and expired items do not come back, and no mail is sent. If it is interrupted, run it again: it continues.
    """
    if [at is not None, backup is not None, discard_tables].count(True) != 1:
        raise typer.BadParameter("give one of --at, --backup and --discard")
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    identify(deployment)
    found = find_deployed(deployment)
    names = table_names(found)
    if discard_tables:
        _discard(names)
        return
    if found.condition == "busy":
        raise DeploymentError(f"the stack {found.name} is being changed ({found.status})", "wait until this has ended")
    chosen = {kind: names[kind] for kind in KINDS if not only or kind in only}
    unfinished = find_unfinished(names)
    point = _find_point(at, backup, chosen, names, unfinished)
    refuse_others(point, unfinished)
    progress = Progress()
    progress.step(f"Restoring the state of {point}")
    tables = restore_tables(point, chosen, unfinished, progress)
    # Imported here, because it loads the functions' logger, which reads the environment.
    from kolom_cli.deploying.restoring.restorer import Restorer

    restorer = Restorer(point=point, tables=tables)
    comparisons = _compare(restorer)
    if not any(each.differences for each in comparisons):
        restorer.announce()
        _finish(point, names)
        typer.echo("Nothing to restore: the tables have this state.")
        return
    if dry_run:
        typer.echo(
            f"Dry run: nothing was written. The temporary tables stay for `{point.command}`, and are billed "
            "until then; `kolom restore --discard` deletes them."
        )
        return
    can_undo = _is_recoverable(chosen)
    if not yes:
        confirm_by_name(found.name, "nothing was written; `kolom restore --discard` deletes the temporary tables")
    try:
        before = datetime.now(UTC) - timedelta(seconds=1)
        _write(restorer, comparisons)
    finally:
        if can_undo:
            _print(f"To undo what this run has written, for 35 days: {command_at(before, chosen)}")
    _finish(point, names)
    for line in (f"Restored the state of {point}.", *_advice(chosen, point)):
        typer.echo(line)


def _find_point(
    at: str | None,
    backup: str | None,
    chosen: Mapping[str, str],
    names: Mapping[str, str],
    unfinished: Sequence[RestoredTable],
) -> RestorePoint:
    """Return what is restored. The latest time is that of an unfinished restore, if there is one."""
    if backup is not None:
        return of_backup(backup, chosen, names)
    assert at is not None
    if at == LATEST:
        options = [option_of(each.suffix) for each in unfinished]
        at = next((each.removeprefix("--at ") for each in options if each.startswith("--at ")), at)
    return at_time(at, settings().zone, chosen, datetime.now(UTC))


def _finish(point: RestorePoint, names: Mapping[str, str]) -> None:
    """Delete the temporary tables, also those of tables that an earlier run has chosen."""
    discard(each for each in find_unfinished(names) if each.suffix == point.suffix)


def _discard(names: Mapping[str, str]) -> None:
    deleted = discard(find_unfinished(names))
    typer.echo("\n".join(f"deleted {each}" for each in deleted) or "There are no temporary tables.")


def _compare(restorer: "Restorer") -> list["Comparison"]:
    with console.interruptible() as stopped, console.progress("Comparing") as bar:
        found = restorer.compare(lambda number: bar.advance(bar.task_ids[0], number), stopped)
    if stopped.is_set():
        _stop(restorer.point)
    for comparison in found:
        for line in restorer.describe(comparison):
            _print(line)
    return found


def _is_recoverable(chosen: Mapping[str, str]) -> bool:
    """Return whether the writes can be undone; if not, say so."""
    off = [table for table in chosen.values() if not is_recoverable(table)]
    if off:
        _print(f"Point-in-time recovery is switched off for {', '.join(off)}: this cannot be undone.")
    return not off


def _write(restorer: "Restorer", comparisons: Sequence["Comparison"]) -> None:
    """Write the differences and compare again.

    :raises typer.Exit: differences remain, or it was interrupted
    """
    total = sum(len(each.differences) for each in comparisons)
    with console.interruptible() as stopped, console.progress("Writing") as bar:
        bar.update(bar.task_ids[0], total=total)
        conflicts = restorer.write(comparisons, lambda number: bar.advance(bar.task_ids[0], number), stopped)
        restorer.announce()
    if stopped.is_set():
        _stop(restorer.point)
    with console.interruptible() as stopped, console.progress("Verifying") as bar:
        again = restorer.compare(lambda number: bar.advance(bar.task_ids[0], number), stopped)
    if stopped.is_set():
        _stop(restorer.point)
    if left := sum(len(each.differences) for each in again):
        others = f" ({count(conflicts, 'item')} changed while this ran)" if conflicts else ""
        console.fail(
            f"{count(left, 'item')} of {count(total, 'item')} still different{others}: run the command again, which "
            "shows them and asks again"
        )
    for each in again:
        typer.echo(f"{each.table.running}: {count(each.now_count, 'item')}, as restored")


def _stop(point: RestorePoint) -> None:
    console.fail(f"interrupted: `{point.command}` continues", console.INTERRUPTED)


def _advice(chosen: Mapping[str, str], point: RestorePoint) -> Iterator[str]:
    if "articles" in chosen:
        yield "The search follows in some minutes; `kolom reindex` repeats it. Caches may show older pages for a while."
    is_old = datetime.now(UTC) - point.moment > _REMEMBERED
    if "comments" in chosen and is_old:
        yield (
            "What was erased more than 30 days ago is not known any more, and may be back: repeat "
            "`kolom comments forget` for these people."
        )
    if "messages" in chosen:
        yield "Deleted messages are back: repeat `kolom messages forget` for people who asked for it since then."


def _print(text: str) -> None:
    console.err().print(text, markup=False, highlight=False, soft_wrap=True)
