"""`kolom messages …`: what the contact form received."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kolom.contact import repository as messages
from kolom.contact.types import STATUSES, Message, Status
from kolom.security import signing
from kolom.timestamps import to_rfc3339
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.batch import for_each, select_statuses
from kolom_cli.terminal.csv_export import write_csv
from kolom_cli.terminal.output import excerpt, format_minute, print_fields, print_json, to_jsonable

app = typer.Typer(no_args_is_help=True, help="Read what the contact form received.")

_COLUMNS = ("id", "created_at", "status", "name", "email", "subject", "message", "reasons")
_LISTED: tuple[Status, ...] = ("new", "read")

Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="The messages' ids.", show_default=False)]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OfStatus = Annotated[str | None, typer.Option("--status", help=f"Only these: {', '.join(STATUSES)}.", metavar="STATUS")]


@app.command("list")
def list_messages(
    ctx: typer.Context,
    status: OfStatus = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many of each status at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first: those that were not read yet come first. Spam only with --status spam."""
    wanted = select_statuses(status, STATUSES, _LISTED)
    connect(ctx.obj)
    found = [message for each in wanted for message in messages.list_by_status(each, limit=limit)]
    if as_json:
        print_json([_as_data(message) for message in found])
    else:
        console.out().print(_table(found))


@app.command("show")
def show(
    ctx: typer.Context,
    message_id: Annotated[str, typer.Argument(metavar="ID", help="The message's id.", show_default=False)],
    keep_new: Annotated[bool, typer.Option("--keep-new", help="Do not mark it as read.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one message whole. A new one is read by that."""
    connect(ctx.obj)
    message = messages.get(message_id)
    if message.status == "new" and not keep_new:
        message = messages.set_status(message.id, "read", now=datetime.now(UTC))
    if as_json:
        print_json(_as_data(message))
    else:
        print_fields(_as_data(message))


@app.command("export")
def export(
    ctx: typer.Context,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet; without it, JSON.")] = False,
    status: OfStatus = None,
    person: Annotated[
        str | None, typer.Option("--email", help="Only those from this e-mail address.", metavar="EMAIL")
    ] = None,
) -> None:
    """Print messages, oldest first: all but spam, or those of one status or one person.

    In CSV, cells that a spreadsheet would take for formulas begin with an apostrophe, so that none is run.
    """
    wanted = select_statuses(status, STATUSES, STATUSES if person else _LISTED)
    connect(ctx.obj)
    if person is not None:
        by_person = messages.list_by_email(person, signing.load_keys())
        found = [message for message in by_person if message.status in wanted]
    else:
        found = [message for each in wanted for message in messages.list_by_status(each)]
    found.sort(key=lambda message: message.id)
    if as_csv:
        write_csv(sys.stdout, _COLUMNS, map(_as_row, found))
    else:
        print_json([_as_data(message) for message in found])


@app.command("spam")
def spam(ctx: typer.Context, message_ids: Ids, as_json: AsJson = False) -> None:
    """Mark messages as spam: they are deleted after a while."""
    _each(ctx, message_ids, lambda each: messages.set_status(each, "spam", now=datetime.now(UTC)), "is spam", as_json)


@app.command("unspam")
def unspam(ctx: typer.Context, message_ids: Ids, as_json: AsJson = False) -> None:
    """Take messages back that were taken for spam."""
    _each(ctx, message_ids, lambda each: messages.set_status(each, "new", now=datetime.now(UTC)), "is new", as_json)


@app.command("delete")
def delete(ctx: typer.Context, message_ids: Ids, as_json: AsJson = False) -> None:
    """Delete messages for good."""
    _each(ctx, message_ids, messages.delete, "is deleted", as_json)


@app.command("forget")
def forget(
    ctx: typer.Context,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete every message from this e-mail address for good. Comments are another command's."""
    connect(ctx.obj)
    if not yes:
        count = sum(1 for _ in messages.list_by_email(email, signing.load_keys()))
        typer.confirm(f"Delete {count} messages for good?", abort=True)
    deleted = messages.erase_person(email, signing.load_keys())
    if as_json:
        print_json({"deleted": deleted})
    else:
        typer.echo(f"deleted {deleted} messages")


def _each(
    ctx: typer.Context, message_ids: Iterable[str], act: Callable[[str], Message], became: str, as_json: bool
) -> None:
    connect(ctx.obj)
    for_each(
        message_ids,
        act,
        say=lambda message: f"{message.id} {became}",
        as_data=lambda message: message.id,
        as_json=as_json,
    )


def _as_data(message: Message) -> dict[str, Any]:
    data = to_jsonable(asdict(message))
    data["expires_at"] = to_rfc3339(datetime.fromtimestamp(message.expires_at, UTC))
    return data


def _as_row(message: Message) -> list[str]:
    data = {**_as_data(message), "reasons": "; ".join(message.reasons)}
    return ["" if data[column] is None else str(data[column]) for column in _COLUMNS]


def _table(found: Sequence[Message]) -> Table:
    table = Table("date", "status")
    table.add_column("id", no_wrap=True)  # whole, since the other commands take it
    table.add_column("from", ratio=2)
    table.add_column("message", ratio=3)
    for message in found:
        sender = f"{message.name} <{message.email}>" if message.name else message.email
        text = f"{message.subject}: {message.message}" if message.subject else message.message
        cells = (format_minute(message.created_at), message.status, message.id)
        table.add_row(*cells, escape(sender), excerpt(text))
    return table
