"""`kolom dropped-events …`: show the reports of dropped events, and repeat their work."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import typer

from kolom_cli.commands.deployment_options import Profile, Region, StackName, find_deployed, select
from kolom_cli.deploying.answers import output
from kolom_cli.deploying.dropped_events import HIDDEN_SECONDS, Cause, ReceivedReports, Report, received
from kolom_cli.deploying.stack import Stack, list_resources
from kolom_cli.terminal import console
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import Row, format_moment, print_json, print_list, to_jsonable
from kolom_cli.terminal.plurals import choose, count

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Show the reports of dropped events, and repeat the work of these events."
)

_EMPTY: Final = "There are no reports of dropped events."


@command(app, "list", "kolom dropped-events list")
def list_reports(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    as_json: AsJson = False,
) -> None:
    """List the reports of events that Lambda or the scheduler gave up after all retries.

    For each kind of event that has a report, it also names what is not done now: articles that are not indexed or not
    published, and mail that is overdue. To find articles that are not indexed, it reads two items for each article.
    """
    found, functions = _connect(ctx, profile, region, stack)
    # Imported here, because it loads the stemmers, and the functions' logger, which reads the environment.
    from kolom_cli.deploying.event_replay import describe, find_missing

    with received(_queue(found), functions) as messages:
        reports = list(messages.reports)
    missing = find_missing(reports, datetime.now(UTC))
    if as_json:
        data = [_as_data(report) for report in reports]
        print_json({"reports": data, "missing": missing})
        _check_all_received(messages, len(reports))
        return
    if reports or not messages.hidden:
        print_list(("date", "function"), list(_rows(reports)), empty=_EMPTY)
    for what, names in missing.items():
        typer.echo(f"{what.replace('_', ' ').capitalize()} now: {describe(names) or 'none'}.")
    if reports:
        typer.echo("`kolom dropped-events replay` repeats the work.")
    _check_all_received(messages, len(reports))


@command(app, "replay", "kolom dropped-events replay")
def replay_events(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    as_json: AsJson = False,
) -> None:
    """Repeat the work of dropped events, and delete their reports.

    Articles that the index does not match are indexed. The function of the timer runs once: it queues due mail again,
    and publishes scheduled articles that are due. A report is deleted only when the tables show that its work is done.
    You can interrupt and repeat it at any time.
    """
    found, functions = _connect(ctx, profile, region, stack)
    from kolom_cli.deploying.event_replay import replay  # As above.

    done: list[Report] = []
    outcomes: dict[Cause, str] = {}
    with received(_queue(found), functions) as messages, console.interruptible() as stopped:
        for cause, outcome in replay(tuple(messages.reports), functions, stopped):
            outcomes[cause] = outcome.text
            if outcome.is_done:
                done += messages.delete([each for each in messages.reports if each.cause == cause])
        left = len(messages.reports)
    texts = list(dict.fromkeys(line for text in outcomes.values() for line in text.splitlines()))
    if as_json:
        print_json({"deleted": [_as_data(report) for report in done], "left": left, "done": texts})
    elif done or left:
        typer.echo("\n".join([*texts, f"Deleted {count(len(done), 'report')}."]))
    elif not messages.hidden:
        typer.echo(_EMPTY)
    if stopped.is_set():
        raise typer.Exit(console.INTERRUPTED)
    if left:
        remain = choose(left, "report is", "reports are")
        advice = "correct the cause, then run the command again"
        if all(each.cause == "unknown" for each in messages.reports):
            advice = "this version cannot handle them; they expire after 14 days"
        console.fail(f"{left} {remain} left: {advice}")
    _check_all_received(messages, len(done))


def _rows(reports: Sequence[Report]) -> Iterator[Row]:
    """Yield a row for each group of reports that differ only in their dates, by the first date."""
    groups: dict[tuple[str, str, str], list[Report]] = {}
    for report in reports:
        groups.setdefault((report.function, report.about, report.why), []).append(report)
    for (function, about, why), equal in groups.items():
        number = f"{count(len(equal), 'report')}, the last at {format_moment(equal[-1].happened)}"
        texts = (f"about: {about}", f"why: {why}", *([number] if len(equal) > 1 else []))
        yield Row((format_moment(equal[0].happened), function), texts)


def _check_all_received(messages: ReceivedReports, number: int) -> None:
    """Exit with an error if there may be more than this number of reports."""
    if not messages.is_complete:
        more = f"there may be more than {count(number, 'report')}"
        console.fail(f"{more}: correct the cause, and repeat `kolom dropped-events replay`")
    if messages.hidden:
        other = choose(messages.hidden, "other report is", "other reports are")
        minutes = HIDDEN_SECONDS // 60
        console.fail(f"{messages.hidden} {other} being read by another run: wait {minutes} minutes, then try again")


def _connect(
    ctx: typer.Context, profile: str | None, region: str | None, stack: str | None
) -> tuple[Stack, Mapping[str, str]]:
    """Connect to the stack; return it, and the logical ids of its resources by their names, functions among them."""
    found = find_deployed(select(ctx, profile=profile, region=region, stack=stack))
    return found, {each.physical_id: each.logical_id for each in list_resources(found.stack_id)}


def _queue(stack: Stack) -> str:
    return output(stack.outputs, "DroppedEventsUrl")


def _as_data(report: Report) -> dict[str, Any]:
    fields = {name: getattr(report, name) for name in ("id", "happened", "function", "about", "why", "cause")}
    return to_jsonable(fields)
