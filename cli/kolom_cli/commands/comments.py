"""`kolom comments …`: moderate comments."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from kolom import urls
from kolom.articles import public, publishing, repository
from kolom.articles.types import Article
from kolom.comments import admin, moderation_links
from kolom.comments.admin import PersonalData
from kolom.comments.moderation import moderate
from kolom.comments.types import Action, Comment
from kolom.config import settings
from kolom.security import bans, signing
from kolom.submissions.fields import CONTENT, NAME
from kolom.validation import Text
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.batch import for_each, select_statuses
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson, Email, Limit, Yes, status_option
from kolom_cli.terminal.output import Row, format_moment, print_fields, print_json, print_list, to_jsonable
from kolom_cli.terminal.plurals import count

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Moderate and reply to comments; export or erase a person's data."
)

_ID: Final = "01KB3R5T7W9Y1A2C4E6G8J0MNP"
_DONE: Final = {"approve": "approved", "spam": "marked as spam", "delete": "deleted", "restore": "restored"}
_EXPLAINED: Final = frozenset(("pending", "spam"))
"""The statuses whose reasons are shown to people, as ``why``."""
_INTERNAL: Final = ("person", "change", "version", "announced")
_ONLY_IN_JSON: Final = frozenset(("avatar", "depth", "status_before", "revision", "article_id", "reasons"))
_EMPTY: Final[dict[str | None, str]] = {
    None: "No comments. They are listed here when readers write some.",
    "pending": "No comments are pending. `kolom comments list` lists all.",
    "approved": "No approved comments. `kolom comments list --status pending` lists those that need approval.",
    "spam": "No spam. `kolom comments list` lists all comments.",
    "deleted": "No deleted comments. `kolom comments list` lists all.",
}

Id = Annotated[str, typer.Argument(metavar="ID", help="The comment's id.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(metavar="ID", help="The comments' ids.", show_default=False)]


@command(app, "list", "kolom comments list --status pending", "kolom comments list --article my-article")
def list_comments(
    ctx: typer.Context,
    status: Annotated[str | None, status_option(admin.STATUSES)] = None,
    article: Annotated[
        str | None, typer.Option("--article", help="Show only comments on this article.", metavar="SLUG")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List comments, pending ones first.

    The newest come first within each status.
    """
    wanted = select_statuses(status, admin.STATUSES, admin.STATUSES)
    connect(ctx.obj)
    if article is not None:
        newest_first = admin.list_by_article(publishing.get_by_slug(article).id)[::-1]
        found = [comment for each in wanted for comment in [one for one in newest_first if one.status == each][:limit]]
    else:
        found = [comment for each in wanted for comment in admin.list_by_status(each, limit=limit)]
    articles = repository.get_many({comment.article_id for comment in found})
    if as_json:
        print_json([{**_as_data(comment), **_article_fields(comment, articles)} for comment in found])
        return
    empty = _EMPTY[status] if article is None else f"No such comments on {article!r}. `kolom comments list` lists all."
    rows = [_as_row(comment, articles.get(comment.article_id)) for comment in found]
    print_list(("date", "status", "id", "article"), rows, empty=empty)


@command(app, "show", f"kolom comments show {_ID}", f"kolom comments show {_ID} --links")
def show(
    ctx: typer.Context,
    comment_id: Id,
    with_links: Annotated[
        bool,
        typer.Option(
            "--links", help="Also create single-use links that approve the comment, mark it as spam or delete it."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one comment with its author's email address, and the reasons why it is pending or spam.

    --json shows more fields. Anyone who has one of the links that `--links` creates can use it.
    """
    connect(ctx.obj)
    data = admin.personal_data(admin.get(comment_id), now=datetime.now(UTC))
    comment = data.comment
    fields = {**_article_fields(comment, repository.get_many([comment.article_id])), **_personal_fields(data)}
    if with_links:
        fields["links"] = {action: _link(comment, action) for action in moderation_links.ACTIONS}
    if as_json:
        print_json(to_jsonable(fields))
        return
    print_fields(_for_people(comment, fields))


@command(app, "approve", f"kolom comments approve {_ID}")
def approve(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Approve comments that are pending or marked as spam."""
    _moderate(ctx, comment_ids, "approve", as_json=as_json)


@command(app, "spam", f"kolom comments spam {_ID}")
def spam(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Mark comments as spam and hide them.

    Spam is deleted after `SpamDays` (30 days by default).
    """
    _moderate(ctx, comment_ids, "spam", as_json=as_json)


@command(app, "delete", f"kolom comments delete {_ID}")
def delete(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Delete comments.

    Within 30 days, `kolom comments restore` brings them back.
    """
    _moderate(ctx, comment_ids, "delete", as_json=as_json)


@command(app, "restore", f"kolom comments restore {_ID}")
def restore(ctx: typer.Context, comment_ids: Ids, as_json: AsJson = False) -> None:
    """Undo the deletion of comments, or their marking as spam.

    They get the status that they had before. A comment that was spam from the start becomes pending.
    """
    _moderate(ctx, comment_ids, "restore", as_json=as_json)


@command(app, "ban", f"kolom comments ban {_ID}", f"kolom comments ban {_ID} --network --days 7")
def ban(
    ctx: typer.Context,
    comment_id: Id,
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, metavar="DAYS", help="How long the ban lasts.")] = 90,
    network: Annotated[bool, typer.Option("--network", help="Ban the whole network (IPv4 /24, IPv6 /48).")] = False,
) -> None:
    """Ban the sender's IP address and mark the comment as spam.

    Further comments and messages from this address are treated as spam. `kolom comments unban` lifts the ban.
    """
    connect(ctx.obj)
    comment, now = admin.get(comment_id), datetime.now(UTC)
    bans.ban(comment.id, days=days, whole_network=network, now=now)
    if comment.status in {"pending", "approved"}:
        moderate(comment.article_id, comment.id, "spam", by="kolom", now=now)
    typer.echo(f"the {'network' if network else 'address'} of {comment.id} is banned for {count(days, 'day')}")


@command(app, "unban", f"kolom comments unban {_ID}")
def unban(ctx: typer.Context, comment_id: Id) -> None:
    """Lift the ban of a comment's sender.

    This lifts the bans of the IP address and of its network. Use the id that was given to `kolom comments ban`, or that
    of another comment that the same sender wrote in the last 30 days. The comment stays spam: `kolom comments approve`
    publishes it.
    """
    connect(ctx.obj)
    comment = admin.get(comment_id)
    lifted = bans.unban(comment.id, now=datetime.now(UTC))
    if not lifted:
        console.fail(f"the sender of {comment.id} is not banned")
    for banned in lifted:
        typer.echo(f"the {banned} of {comment.id} is no longer banned")


@command(app, "reply", f'kolom comments reply {_ID} "Thank you!"', f"kolom comments reply {_ID} - < reply.md")
def reply(
    ctx: typer.Context,
    comment_id: Id,
    content: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="The reply in Markdown; - reads it from standard input.", show_default=False
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The name to show instead of the article's author.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reply to an approved comment as the site's owner."""
    connect(ctx.obj)
    text = typer.get_text_stream("stdin").read() if content == "-" else content
    parent = admin.get(comment_id)
    article = public.get_many_without_body([parent.article_id]).get(parent.article_id)
    if article is None:
        console.fail("the article of this comment is not published")
    answer = admin.reply(
        parent,
        article,
        name=_valid(NAME, name or article.author or settings().site_title, "--name"),
        content=_valid(CONTENT, text, "TEXT"),
        now=datetime.now(UTC),
        secret=signing.load_keys(),
    )
    if as_json:
        print_json(_as_data(answer))
    else:
        typer.echo(f"{answer.id} replies to {parent.id}")


@command(app, "forget", "kolom comments forget budi@example.com")
def forget(ctx: typer.Context, email: Email, yes: Yes = False, as_json: AsJson = False) -> None:
    """Erase all comments of a person permanently.

    This erases every comment that was sent with this email address. It also erases the address, its subscriptions, the
    records of mail to it, and the hashes of the IP addresses. Messages are deleted separately: see
    `kolom messages forget`.
    """
    connect(ctx.obj)
    if not yes:
        number = sum(1 for _ in admin.list_by_email(email, signing.load_keys(), now=datetime.now(UTC)))
        typer.confirm(f"Erase {count(number, 'comment')} permanently?", abort=True)
    erased = admin.erase_person(email, signing.load_keys(), now=datetime.now(UTC))
    if as_json:
        print_json({"erased": erased})
    else:
        typer.echo(f"erased {count(erased, 'comment')}")


@command(app, "export", "kolom comments export budi@example.com > budi.json")
def export(ctx: typer.Context, email: Email) -> None:
    """Print all comments of a person, with the email address and the subscriptions, as JSON.

    The result contains every comment that was sent with this email address. The pseudonym that is computed from it, and
    internal numbers and marks, are left out. Messages are exported separately: see `kolom messages export`.
    """
    connect(ctx.obj)
    found = list(admin.list_by_email(email, signing.load_keys(), now=datetime.now(UTC)))
    found.sort(key=lambda data: data.comment.id)
    print_json([_as_personal_data(data) for data in found])


def _moderate(ctx: typer.Context, comment_ids: Sequence[str], action: Action, *, as_json: bool) -> None:
    connect(ctx.obj)

    def apply(comment_id: str) -> Comment:
        comment = admin.get(comment_id)
        return moderate(comment.article_id, comment.id, action, by="kolom", now=datetime.now(UTC))

    for_each(
        comment_ids,
        apply,
        describe=lambda comment: f"{comment.id} is {comment.status if action == 'restore' else _DONE[action]}",
        as_data=_as_data,
        as_json=as_json,
    )


def _link(comment: Comment, action: Action) -> str:
    token = moderation_links.create(comment, action, signing.load_keys(), now=datetime.now(UTC))
    return urls.moderation_url(token)


def _valid(text: Text, value: str, option: str) -> str:
    try:
        return text.parse(value)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _as_data(comment: Comment) -> dict[str, Any]:
    return to_jsonable(asdict(comment), without=_INTERNAL)


def _as_personal_data(data: PersonalData) -> dict[str, Any]:
    return to_jsonable(_personal_fields(data))


def _personal_fields(data: PersonalData) -> dict[str, object]:
    fields = {name: value for name, value in asdict(data.comment).items() if name not in _INTERNAL}
    more = {"email": data.email, "notify_replies": data.notify_replies, "subscription": data.subscription}
    return {**fields, **more}


def _for_people(comment: Comment, fields: Mapping[str, object]) -> dict[str, object]:
    shown = {name: value for name, value in fields.items() if name not in _ONLY_IN_JSON}
    if comment.expires_at is not None:
        shown["expires_at"] = datetime.fromtimestamp(comment.expires_at, UTC)
    if comment.status in _EXPLAINED:
        shown["why"] = comment.reasons
    return shown


def _article_fields(comment: Comment, articles: Mapping[int, Article]) -> dict[str, object]:
    article = articles.get(comment.article_id)
    if article is None:
        return {"article_title": None, "article_slug": None, "article_url": None}
    url = urls.article_url(article)
    return {"article_title": article.title, "article_slug": article.slug, "article_url": url}


def _as_row(comment: Comment, article: Article | None) -> Row:
    slug = article.slug if article else ""
    texts = [f"{comment.name}{' (owner)' if comment.is_owner else ''}: {comment.content}"]
    if comment.status in _EXPLAINED and comment.reasons:
        texts.append(f"why: {'; '.join(comment.reasons)}")
    return Row((format_moment(comment.created_at), comment.status, comment.id, slug), tuple(texts))
