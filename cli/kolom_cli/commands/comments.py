"""`kolom comments …`: the moderator's side."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.markup import escape
from rich.table import Table

from kolom.articles import public, publishing
from kolom.comments import admin, moderation_links
from kolom.comments.admin import PersonalData
from kolom.comments.moderation import moderate
from kolom.comments.types import Action, Comment
from kolom.config import settings
from kolom.security import bans, signing
from kolom.submissions.fields import Content, Name
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.batch import for_each, select_statuses
from kolom_cli.terminal.output import excerpt, format_minute, print_fields, print_json, to_jsonable

app = typer.Typer(no_args_is_help=True, help="Moderate comments, answer them, and forget people.")

_LINKED: tuple[Action, ...] = ("approve", "spam", "delete")
_DONE = {"approve": "approved", "spam": "marked as spam", "delete": "deleted", "restore": "restored"}

Id = Annotated[str, typer.Argument(metavar="ID", help="The comment's id.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="The comments' ids.", show_default=False)]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_comments(
    ctx: typer.Context,
    status: Annotated[
        str | None, typer.Option("--status", help=f"Only these: {', '.join(admin.STATUSES)}.", metavar="STATUS")
    ] = None,
    article: Annotated[
        str | None, typer.Option("--article", help="Only those of this article.", metavar="SLUG")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many of each status at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List comments, newest first: those that wait for approval come first."""
    wanted = select_statuses(status, admin.STATUSES, admin.STATUSES)
    connect(ctx.obj)
    if article is not None:
        all_of_it = admin.list_by_article(publishing.get_by_slug(article).id)
        found = [
            comment for each in wanted for comment in [one for one in reversed(all_of_it) if one.status == each][:limit]
        ]
    else:
        found = [comment for each in wanted for comment in admin.list_by_status(each, limit=limit)]
    if as_json:
        print_json([_as_data(comment) for comment in found])
        return
    console.out().print(_table(found))


@app.command("show")
def show(
    ctx: typer.Context,
    comment_id: Id,
    with_links: Annotated[
        bool, typer.Option("--links", help="Also make links by which anyone may moderate it, once each.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show everything about one comment: its text, why it has its status, and its author's address."""
    connect(ctx.obj)
    data = admin.personal_data(admin.get(comment_id), now=datetime.now(UTC))
    shown = _as_personal_data(data)
    if with_links:
        shown["links"] = {action: _link(data.comment, action) for action in _LINKED}
    if as_json:
        print_json(shown)
        return
    print_fields(shown)


@app.command("approve")
def approve(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Let everybody read comments that wait, or were taken for spam."""
    _moderate(ctx, comment_ids, "approve", as_json=as_json)


@app.command("spam")
def spam(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Mark comments as spam: nobody sees them, and they are deleted after a while."""
    _moderate(ctx, comment_ids, "spam", as_json=as_json)


@app.command("delete")
def delete(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Delete comments. They can be restored for a month."""
    _moderate(ctx, comment_ids, "delete", as_json=as_json)


@app.command("restore")
def restore(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Give comments back the status that they had before they were deleted or marked as spam."""
    _moderate(ctx, comment_ids, "restore", as_json=as_json)


@app.command("ban")
def ban(
    ctx: typer.Context,
    comment_id: Id,
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help="For how long.")] = 90,
    network: Annotated[
        bool, typer.Option("--network", help="The whole network (IPv4 /24, IPv6 /48), not only the address.")
    ] = False,
) -> None:
    """Mark a comment as spam, and all that comes from the same address from now on."""
    connect(ctx.obj)
    comment, now = admin.get(comment_id), datetime.now(UTC)
    bans.ban(comment.id, days=days, whole_network=network, now=now)
    if comment.status in {"pending", "approved"}:
        moderate(comment.article_id, comment.id, "spam", by="kolom", now=now)
    typer.echo(f"the {'network' if network else 'address'} of {comment.id} is banned for {days} days")


@app.command("reply")
def reply(
    ctx: typer.Context,
    comment_id: Id,
    content: Annotated[str, typer.Argument(metavar="TEXT", help="Markdown; - reads it from standard input.")],
    name: Annotated[str | None, typer.Option("--name", help="Instead of the article's author.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer an approved comment as the site's owner."""
    connect(ctx.obj)
    text = typer.get_text_stream("stdin").read() if content == "-" else content
    parent = admin.get(comment_id)
    article = public.get_summaries([parent.article_id]).get(parent.article_id)
    if article is None:
        console.fail("the article of this comment is not published")
    answer = admin.reply(
        parent,
        article,
        name=_valid(Name, name or article.author or settings().site_title, "--name"),
        content=_valid(Content, text, "TEXT"),
        now=datetime.now(UTC),
        secret=signing.load_keys(),
    )
    if as_json:
        print_json(_as_data(answer))
    else:
        typer.echo(f"{answer.id} answers {parent.id}")


@app.command("forget")
def forget(ctx: typer.Context, email: Email, yes: Yes = False, as_json: AsJson = False) -> None:
    """Erase a person: every comment that was sent with this e-mail address, and the address, for good."""
    connect(ctx.obj)
    if not yes:
        count = sum(1 for _ in admin.list_by_email(email, signing.load_keys(), now=datetime.now(UTC)))
        typer.confirm(f"Erase {count} comments for good?", abort=True)
    erased = admin.erase_person(email, signing.load_keys(), now=datetime.now(UTC))
    if as_json:
        print_json({"erased": erased})
    else:
        typer.echo(f"erased {erased} comments")


@app.command("export")
def export(ctx: typer.Context, email: Email) -> None:
    """Print all that is kept of a person, as JSON: every comment that was sent with this e-mail address."""
    connect(ctx.obj)
    found = list(admin.list_by_email(email, signing.load_keys(), now=datetime.now(UTC)))
    found.sort(key=lambda data: data.comment.id)
    print_json([_as_personal_data(data) for data in found])


def _moderate(ctx: typer.Context, comment_ids: Sequence[str], action: Action, *, as_json: bool) -> None:
    connect(ctx.obj)

    def act(comment_id: str) -> Comment:
        comment = admin.get(comment_id)
        return moderate(comment.article_id, comment.id, action, by="kolom", now=datetime.now(UTC))

    for_each(
        comment_ids,
        act,
        say=lambda comment: f"{comment.id} is {comment.status if action == 'restore' else _DONE[action]}",
        as_data=_as_data,
        as_json=as_json,
    )


def _link(comment: Comment, action: Action) -> str:
    token = moderation_links.create(comment, action, signing.load_keys(), now=datetime.now(UTC))
    return f"{settings().need('site_url').rstrip('/')}/api/moderation/{token}"


def _valid(kind: Any, value: str, option: str) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint=option) from error


def _as_data(comment: Comment) -> dict[str, Any]:
    return to_jsonable(asdict(comment), without=("person", "change", "version", "announced"))


def _as_personal_data(data: PersonalData) -> dict[str, Any]:
    more = {"email": data.email, "notify_replies": data.notify_replies, "subscription": data.subscription}
    return {**_as_data(data.comment), **more}


def _table(comments: Sequence[Comment]) -> Table:
    table = Table("date", "status")
    table.add_column("id", no_wrap=True)  # whole, since the other commands take it
    table.add_column("name", ratio=1)
    table.add_column("comment", ratio=3)
    table.add_column("why", ratio=2)
    for comment in comments:
        why = "; ".join(comment.reasons)
        cells = (format_minute(comment.created_at), comment.status, comment.id)
        table.add_row(*cells, escape(comment.name), excerpt(comment.content), escape(why))
    return table
