"""`kolom dropped-events …`: show the reports of dropped events, and repeat their work."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import typer

from kolom_cli.commands.deployment_options import Profile, Region, StackName, select
from kolom_cli.connection import StackNotFound, connect
from kolom_cli.deploying.answers import output
from kolom_cli.deploying.dropped_events import Report, received
from kolom_cli.deploying.stack import Stack, find_stack, list_resources
from kolom_cli.terminal import console
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import Row, format_moment, print_json, print_list, to_jsonable
from kolom_cli.terminal.plurals import choose, count

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Show the reports of dropped events, and repeat the work of these events."
)

_EMPTY: Final = "There are no reports of dropped events."
_LIST_SECONDS: Final = 60
_REPLAY_SECONDS: Final = 3600
"""How long other readers do not see the reports, if this process ends without saying so."""


@command(app, "list", "kolom dropped-events list")
def list_reports(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    as_json: AsJson = False,
) -> None:
    """List the reports of events that Lambda or the scheduler gave up after all retries.

    It also names what is not done now: articles that are not indexed or not published, and mail that is not sent. To
    find articles that are not indexed, it reads two items for each article.
    """
    found, functions = _connect(ctx, profile, region, stack)
    # Imported here, because it loads the stemmers, and the functions' logger, which reads the environment.
    from kolom_cli.deploying.event_replay import describe, find_missing

    with received(_queue(found), functions, seconds=_LIST_SECONDS) as messages:
        reports = list(messages.reports)
    missing = find_missing({report.cause for report in reports}, datetime.now(UTC))
    if as_json:
        data = [_as_data(report) for report in reports]
        print_json({"reports": data, "missing": missing})
        return
    rows = [
        Row((format_moment(each.happened), each.function), (f"about: {each.about}", f"why: {each.why}"))
        for each in reports
    ]
    print_list(("date", "function"), rows, empty=_EMPTY)
    for what, names in missing.items():
        typer.echo(f"{what.replace('_', ' ').capitalize()} now: {describe(names) or 'none'}.")
    if reports:
        typer.echo("`kolom dropped-events replay` repeats the work.")


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
    and publishes scheduled articles that are due. A report is deleted only after its work succeeded. You can interrupt
    and repeat it at any time.
    """
    found, functions = _connect(ctx, profile, region, stack)
    from kolom_cli.deploying.event_replay import replay  # As above.

    with received(_queue(found), functions, seconds=_REPLAY_SECONDS) as messages, console.interruptible() as stopped:
        outcomes = replay({report.cause for report in messages.reports}, functions, stopped)
        done = [each for each in messages.reports if each.cause in outcomes and outcomes[each.cause].is_done]
        messages.delete(done)
        left = len(messages.reports)
    texts = list(dict.fromkeys(outcome.text for outcome in outcomes.values()))
    if as_json:
        print_json({"deleted": [_as_data(report) for report in done], "left": left, "done": texts})
    elif not done and not left:
        typer.echo(_EMPTY)
    else:
        for text in texts:
            typer.echo(text)
        typer.echo(f"Deleted {count(len(done), 'report')}.")
    if stopped.is_set():
        raise typer.Exit(console.INTERRUPTED)
    if left:
        remain = choose(left, "report is", "reports are")
        console.fail(f"{left} {remain} left: correct the cause, then run the command again")


def _connect(
    ctx: typer.Context, profile: str | None, region: str | None, stack: str | None
) -> tuple[Stack, Mapping[str, str]]:
    """Connect to the stack; return it, and the logical ids of its functions by their names."""
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    found = find_stack(deployment.target.stack)
    if found is None or not found.outputs:
        raise StackNotFound(f"no deployed stack {deployment.target.stack!r} in {deployment.region}")
    connect(deployment.target)
    return found, {each.physical_id: each.logical_id for each in list_resources(found.stack_id)}


def _queue(stack: Stack) -> str:
    return output(stack.outputs, "DroppedEventsUrl")


def _as_data(report: Report) -> dict[str, Any]:
    fields = {name: getattr(report, name) for name in ("id", "happened", "function", "about", "why", "cause")}
    return to_jsonable(fields)
