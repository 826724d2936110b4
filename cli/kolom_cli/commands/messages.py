"""`kolom messages …`: read and manage messages from the contact form."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from kolom.contact import repository as messages
from kolom.contact.types import STATUSES, Message, Status
from kolom.security import signing
from kolom_cli.connection import connect
from kolom_cli.terminal.batch import for_each, select_statuses
from kolom_cli.terminal.csv_export import write_csv
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson, Email, Limit, Yes, status_option
from kolom_cli.terminal.output import Row, format_moment, print_fields, print_json, print_list, to_jsonable
from kolom_cli.terminal.plurals import count

app = typer.Typer(cls=Group, no_args_is_help=True, help="Read and manage messages from the contact form.")

_COLUMNS: Final = ("id", "created_at", "status", "name", "email", "subject", "message", "reasons")
_LISTED: Final[tuple[Status, ...]] = ("new", "read")
_EMPTY: Final[dict[str | None, str]] = {
    None: "No messages. `kolom messages list --status spam` lists spam.",
    "new": "No new messages. `kolom messages list` also lists those that are read.",
    "read": "No read messages. `kolom messages list --status new` lists the others.",
    "spam": "No spam. `kolom messages list` lists the other messages.",
}

Ids = Annotated[list[str], typer.Argument(metavar="ID", help="The messages' ids.", show_default=False)]
OfStatus = Annotated[str | None, status_option(STATUSES)]


@command(app, "list", "kolom messages list", "kolom messages list --status spam")
def list_messages(ctx: typer.Context, status: OfStatus = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List messages, unread ones first.

    The newest come first within each status. Spam is listed only with --status spam.
    """
    wanted = select_statuses(status, STATUSES, _LISTED)
    connect(ctx.obj)
    found = [message for each in wanted for message in messages.list_by_status(each, limit=limit)]
    if as_json:
        print_json([_as_data(message) for message in found])
    else:
        print_list(("date", "status", "id", "from"), list(map(_as_row, found)), empty=_EMPTY[status])


@command(app, "show", "kolom messages show 01KB3R5T7W9Y1A2C4E6G8J0MNP")
def show(
    ctx: typer.Context,
    message_id: Annotated[str, typer.Argument(metavar="ID", help="The message's id.", show_default=False)],
    keep_new: Annotated[bool, typer.Option("--keep-new", help="Leave the message unread.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a message in full and mark it as read."""
    connect(ctx.obj)
    message = messages.get(message_id)
    if message.status == "new" and not keep_new:
        message = messages.set_status(message.id, "read", now=datetime.now(UTC))
    if as_json:
        print_json(_as_data(message))
    else:
        print_fields(_fields(message))


@command(app, "export", "kolom messages export --csv > messages.csv", "kolom messages export --email budi@example.com")
def export(
    ctx: typer.Context,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet instead of JSON.")] = False,
    status: OfStatus = None,
    person: Annotated[
        str | None, typer.Option("--email", help="Export only messages from this address.", metavar="EMAIL")
    ] = None,
) -> None:
    """Print messages as JSON or CSV, oldest first.

    Spam is included only with --status spam or --email. In CSV, an apostrophe precedes text that a spreadsheet would
    run as a formula.
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
        write_csv(sys.stdout, _COLUMNS, map(_as_cells, found))
    else:
        print_json([_as_data(message) for message in found])


@command(app, "spam", "kolom messages spam 01KB3R5T7W9Y1A2C4E6G8J0MNP")
def spam(ctx: typer.Context, message_ids: Ids, as_json: AsJson = False) -> None:
    """Mark messages as spam.

    Spam is deleted after `SpamDays` (30 days by default).
    """
    _each(ctx, message_ids, lambda each: messages.set_status(each, "spam", now=datetime.now(UTC)), "is spam", as_json)


@command(app, "unspam", "kolom messages unspam 01KB3R5T7W9Y1A2C4E6G8J0MNP")
def unspam(ctx: typer.Context, message_ids: Ids, as_json: AsJson = False) -> None:
    """Mark messages as not spam; they become unread."""
    _each(ctx, message_ids, lambda each: messages.set_status(each, "new", now=datetime.now(UTC)), "is new", as_json)


@command(app, "delete", "kolom messages delete 01KB3R5T7W9Y1A2C4E6G8J0MNP")
def delete(ctx: typer.Context, message_ids: Ids, as_json: AsJson = False) -> None:
    """Delete messages permanently."""
    _each(ctx, message_ids, messages.delete, "is deleted", as_json)


@command(app, "forget", "kolom messages forget budi@example.com")
def forget(ctx: typer.Context, email: Email, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete all messages from an email address permanently.

    Comments are erased separately: see `kolom comments forget`.
    """
    connect(ctx.obj)
    if not yes:
        number = sum(1 for _ in messages.list_by_email(email, signing.load_keys()))
        typer.confirm(f"Delete {count(number, 'message')} permanently?", abort=True)
    deleted = messages.erase_person(email, signing.load_keys())
    if as_json:
        print_json({"deleted": deleted})
    else:
        typer.echo(f"deleted {count(deleted, 'message')}")


def _each(
    ctx: typer.Context, message_ids: Iterable[str], action: Callable[[str], Message], outcome: str, as_json: bool
) -> None:
    connect(ctx.obj)
    for_each(
        message_ids,
        action,
        describe=lambda message: f"{message.id} {outcome}",
        as_data=lambda message: message.id,
        as_json=as_json,
    )


def _fields(message: Message) -> dict[str, object]:
    return {**asdict(message), "expires_at": datetime.fromtimestamp(message.expires_at, UTC)}


def _as_data(message: Message) -> dict[str, Any]:
    return to_jsonable(_fields(message))


def _as_cells(message: Message) -> list[str]:
    data = {**_as_data(message), "reasons": "; ".join(message.reasons)}
    return ["" if data[column] is None else str(data[column]) for column in _COLUMNS]


def _as_row(message: Message) -> Row:
    text = ": ".join(part for part in (message.name, message.subject, message.message) if part)
    return Row((format_moment(message.created_at), message.status, message.id, message.email), (text,))
