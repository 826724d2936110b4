"""`kolom mail …`: the mail that the site sends, what became of it, and sending it again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kolom import outbox
from kolom.mail import suppression
from kolom.mail.composer import MailObsolete, compose
from kolom.models.outbox import OutboxRecord
from kolom.security import signing
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.batch import for_each, select_statuses
from kolom_cli.terminal.output import format_minute, print_fields, print_json, to_jsonable

app = typer.Typer(no_args_is_help=True, help="See what mail was sent, what was not, and send it again.")

_FIELDS = ("id", "kind", "status", "created_at", "due", "deadline", "attempts", "reason", "sent_at", "message_id")

Id = Annotated[str, typer.Argument(metavar="ID", help="The mail's id.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_mail(
    ctx: typer.Context,
    status: Annotated[
        str | None, typer.Option("--status", help=f"Only these: {', '.join(outbox.STATUSES)}.", metavar="STATUS")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many of each status at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the mail of the last 30 days: what was not sent comes first."""
    wanted = select_statuses(status, outbox.STATUSES, outbox.STATUSES)
    connect(ctx.obj)
    found = [record for each in wanted for record in outbox.list_by_status(each, limit=limit)]
    if as_json:
        print_json([_as_data(record) for record in found])
    else:
        console.out().print(_table(found))


@app.command("show")
def show(ctx: typer.Context, mail_id: Id, as_json: AsJson = False) -> None:
    """Show what became of one mail, and what it says: as it would be sent now."""
    connect(ctx.obj)
    record, now = outbox.get(mail_id), datetime.now(UTC)
    shown = _as_data(record)
    try:
        mail = compose(record, now=now)
        shown |= {"from": mail.sender, "to": mail.to, "reply_to": mail.reply_to, "subject": mail.subject}
        shown |= {"headers": dict(mail.headers), "text": mail.text}
    except MailObsolete as error:
        shown["text"] = f"(nothing any more: {error})"
    if as_json:
        print_json(shown)
    else:
        print_fields(shown)


@app.command("resend")
def resend(
    ctx: typer.Context,
    mail_ids: Annotated[list[str], typer.Argument(metavar="ID…", help="The mails' ids.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Send mail again, whatever became of it. It has a day anew."""
    connect(ctx.obj)
    for_each(
        mail_ids,
        lambda each: outbox.resend(each, now=datetime.now(UTC)),
        say=lambda record: f"{record.id} is waiting to be sent",
        as_data=_as_data,
        as_json=as_json,
    )


@app.command("allow")
def allow(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Write again to an address from which mail had bounced, or come back with a complaint.

    SES has a list of its own: `aws sesv2 delete-suppressed-destination --email-address EMAIL`.
    """
    connect(ctx.obj)
    was_suppressed = suppression.unsuppress(email, signing.load_keys())
    if as_json:
        print_json({"was_suppressed": was_suppressed})
    else:
        typer.echo("written to again" if was_suppressed else "it was not suppressed")


def _as_data(record: OutboxRecord) -> dict[str, Any]:
    data = to_jsonable({name: getattr(record, name) for name in _FIELDS})
    data["attempts"] = int(record.attempts)
    return data


def _table(found: Sequence[OutboxRecord]) -> Table:
    table = Table("date", "status", "tries")
    table.add_column("id", overflow="fold", ratio=2)  # whole, since the other commands take it
    table.add_column("why", ratio=1)
    for record in found:
        cells = (format_minute(record.created_at), record.status, str(int(record.attempts)))
        table.add_row(*cells, escape(record.id), escape(record.reason or ""))
    return table
