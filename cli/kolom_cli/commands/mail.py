"""`kolom mail …`: set up the mail of the site, show what it sends, and send it again."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from kolom import outbox
from kolom.articles import repository as articles
from kolom.contact import repository as messages
from kolom.mail import suppression
from kolom.mail.composer import MailObsolete, compose
from kolom.models.outbox import OutboxRecord
from kolom.security import signing
from kolom_cli.commands.mail_setup import setup
from kolom_cli.connection import connect
from kolom_cli.terminal.batch import for_each, select_statuses
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson, Limit, status_option
from kolom_cli.terminal.output import Row, cut, format_moment, print_fields, print_json, print_list, to_jsonable

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Set up the mail of the site, show what it sends, and send it again."
)

_ID: Final = "contact#01KB3R5T7W9Y1A2C4E6G8J0MNP"
_FIELDS: Final = ("due", "deadline", "attempts", "reason", "sent_at", "message_id", "digest")
_RECIPIENTS: Final[Mapping[str, str]] = {
    "contact": "owner",
    "moderation": "owner",
    "digest": "owner",
    "confirm": "commenter",
    "reply": "subscriber",
}
_ABOUT: Final[Mapping[str, str]] = {
    "contact": "message: {}",
    "moderation": "new comment on {}",
    "digest": "comments in one mail: {}",
    "confirm": "confirmation of reply notifications on {}",
    "reply": "new reply on {}",
}
_MAX_SUBJECT: Final = 50
_ADDRESS: Final = re.compile(r"\S+@\S+")
_EMPTY: Final = "No mail in the last 30 days. The site sends some when a reader writes a comment or a message."
_EMPTY_STATUS: Final = "No mail has this status. `kolom mail list` lists all."

Id = Annotated[str, typer.Argument(metavar="ID", help="The mail's id.", show_default=False)]


@command(app, "list", "kolom mail list", "kolom mail list --status failed")
def list_mail(
    ctx: typer.Context,
    status: Annotated[str | None, status_option(outbox.STATUSES)] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the mail of the last 30 days, unsent mail first.

    The list says who a mail is for and what it is about. `kolom mail show` also shows the addresses.
    """
    wanted = select_statuses(status, outbox.STATUSES, outbox.STATUSES)
    connect(ctx.obj)
    found = [record for each in wanted for record in outbox.list_by_status(each, limit=limit)]
    about = _about(found)
    if as_json:
        print_json([{**_as_data(record), "about": about(record)} for record in found])
        return
    rows = [_as_row(record, about(record)) for record in found]
    empty = _EMPTY if status is None else _EMPTY_STATUS
    print_list(("date", "status", "to", "id", "about"), rows, empty=empty)


@command(app, "show", f"kolom mail show '{_ID}'")
def show(ctx: typer.Context, mail_id: Id, as_json: AsJson = False) -> None:
    """Show one mail: its status, addresses, subject and text.

    The addresses, subject and text are those of the mail if it were sent now, even if it was sent before.
    """
    connect(ctx.obj)
    record, now = outbox.get(mail_id), datetime.now(UTC)
    shown = _fields(record)
    try:
        mail = compose(record, now=now)
        shown |= {"from": mail.sender, "to": mail.to, "reply_to": mail.reply_to, "subject": mail.subject}
        shown |= {"headers": dict(mail.headers), "text": mail.text}
    except MailObsolete as error:
        shown["text"] = f"(no longer needed: {error})"
    if as_json:
        print_json(to_jsonable(shown))
    else:
        print_fields(shown)


@command(app, "resend", f"kolom mail resend '{_ID}'")
def resend(
    ctx: typer.Context,
    mail_ids: Annotated[list[str], typer.Argument(metavar="ID", help="The mails' ids.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Send mail again, unless it is waiting or being sent.

    The 24-hour retry window starts again.
    """
    connect(ctx.obj)
    for_each(
        mail_ids,
        lambda each: outbox.resend(each, now=datetime.now(UTC)),
        describe=lambda record: f"{record.id} is waiting to be sent",
        as_data=_as_data,
        as_json=as_json,
    )


@command(app, "allow", "kolom mail allow budi@example.com")
def allow(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Remove an address from the suppression list.

    Kolom adds an address when mail to it bounces or is reported as spam. SES also has a list. To remove the
    address there, run `aws sesv2 delete-suppressed-destination --email-address EMAIL`.
    """
    connect(ctx.obj)
    was_suppressed = suppression.unsuppress(email, signing.load_keys())
    if as_json:
        print_json({"was_suppressed": was_suppressed})
    else:
        typer.echo("the address will receive mail again" if was_suppressed else "the address was not suppressed")


command(app, "setup", "kolom mail setup", "kolom mail setup --from blog@example.com --test")(setup)


def _about(records: Sequence[OutboxRecord]) -> Callable[[OutboxRecord], str]:
    """Return a function that says what a mail is about, without email addresses."""
    articles_by_id = articles.get_many({int(each.article_id) for each in records if each.article_id is not None})
    messages_by_id = messages.get_many({each.item_id for each in records if each.kind == "contact"})

    def about(record: OutboxRecord) -> str:
        if record.kind == "digest":
            subject = str(len(record.members or ()) + int(record.more or 0))
        elif record.kind == "contact":
            message = messages_by_id.get(record.item_id)
            subject = "(deleted)" if message is None else cut(message.subject or "(no subject)", _MAX_SUBJECT)
        else:
            article = articles_by_id.get(int(record.article_id or 0))
            subject = article.slug if article else "(deleted article)"
        return _ADDRESS.sub("…", _ABOUT[record.kind].format(subject))

    return about


def _fields(record: OutboxRecord) -> dict[str, object]:
    fields = {"id": record.id, "kind": record.kind, "status": record.status, "created_at": record.created}
    fields |= {name: getattr(record, name) for name in _FIELDS}
    return {**fields, "attempts": int(record.attempts), "recipient": _RECIPIENTS[record.kind]}


def _as_data(record: OutboxRecord) -> dict[str, Any]:
    return to_jsonable(_fields(record))


def _as_row(record: OutboxRecord, about: str) -> Row:
    cells = (format_moment(record.created), record.status, _RECIPIENTS[record.kind], record.id, about)
    return Row(cells, (f"why: {record.reason}",) if record.reason else ())
