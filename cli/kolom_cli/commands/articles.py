"""`kolom articles list/show`, `kolom unpublish`, `kolom delete`, `kolom preview`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, get_args

import typer
from rich.markup import escape
from rich.table import Table

from kolom.articles import preview_links as previews
from kolom.articles import publishing, repository
from kolom.articles.admin import ADMIN_STATUSES, AdminStatus, list_by_label, list_by_status
from kolom.articles.types import Article, ArticleSummary
from kolom.config import settings
from kolom.security import signing
from kolom.timestamps import to_rfc3339
from kolom_cli.connection import connect
from kolom_cli.terminal import console

app = typer.Typer(no_args_is_help=True, help="List and show articles, drafts included.")

_STATUSES = get_args(AdminStatus.__value__)
_MOST_HOURS = 24 * 90

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The article's slug.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_articles(
    ctx: typer.Context,
    status: Annotated[
        str | None, typer.Option("--status", help=f"Only these: {', '.join(_STATUSES)}.", metavar="STATUS")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="Only published articles with this label.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many of each status at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List articles, newest first: drafts, scheduled and published ones and pages, or those of one status."""
    if status is not None and status not in _STATUSES:
        raise typer.BadParameter(f"must be one of {', '.join(_STATUSES)}", param_hint="--status")
    if status not in {None, "published"} and label is not None:
        raise typer.BadParameter("goes with published articles only", param_hint="--label")
    connect(ctx.obj)
    cards: list[ArticleSummary] = []
    more = False
    if label is not None:
        labelled = list_by_label(label, limit=limit)
        cards, more = list(labelled.items), labelled.next_cursor is not None
    else:
        for shelf in ADMIN_STATUSES:
            if shelf == status or (status is None and shelf != "deleted"):
                page = list_by_status(shelf, limit=limit)
                cards += page.items
                more = more or page.next_cursor is not None
    if as_json:
        typer.echo(json.dumps([_as_data(card) for card in cards], ensure_ascii=False, indent=2))
        return
    console.out().print(_table(cards))
    if more:
        console.err().print("There are more: raise --limit.", highlight=False)


@app.command("show")
def show(
    ctx: typer.Context,
    slug: Slug,
    as_json: AsJson = False,
    source: Annotated[bool, typer.Option("--source", help="Print what the author wrote, and nothing else.")] = False,
) -> None:
    """Show everything about one article, whatever its status."""
    connect(ctx.obj)
    article = publishing.get_by_slug(slug)
    body = repository.get_body(article)
    if source:
        typer.echo(body.source, nl=not body.source.endswith("\n"))
    elif as_json:
        shown = {"content_html": body.html, "source": body.source, "source_format": body.source_format}
        typer.echo(json.dumps({**_as_data(article), **shown}, ensure_ascii=False, indent=2))
    else:
        table = Table(show_header=False, box=None)
        for name, value in {**_as_data(article), "html_bytes": len(body.html.encode())}.items():
            table.add_row(name, escape(", ".join(value) if isinstance(value, list) else str(value)))
        console.out().print(table)


def unpublish(ctx: typer.Context, slug: Slug) -> None:
    """Withdraw an article: it becomes a draft and keeps everything."""
    connect(ctx.obj)
    article = publishing.unpublish(slug, now=datetime.now(UTC))
    typer.echo(f"{article.slug} is a draft now, in version {article.version}")


def delete(
    ctx: typer.Context,
    slug: Slug,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete an article for good; readers are told that it is gone."""
    connect(ctx.obj)
    article = publishing.get_by_slug(slug)
    if not yes:
        typer.confirm(f"Delete {article.title!r} ({article.slug}) for good?", abort=True)
    deleted = publishing.delete(slug, now=datetime.now(UTC))
    typer.echo(f"{deleted.slug} is deleted")


def preview(
    ctx: typer.Context,
    slug: Slug,
    hours: Annotated[
        float, typer.Option("--hours", min=0.01, max=_MOST_HOURS, help="How long the link is good.")
    ] = 24.0,
) -> None:
    """Print a link that shows an article to whoever has it, published or not, until it expires."""
    connect(ctx.obj)
    article = publishing.get_by_slug(slug)
    if article.status == "deleted":
        console.fail(f"the article {slug!r} is deleted")
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    token = previews.create_token(article.id, signing.load_keys(), expires_at=expires_at)
    typer.echo(f"{settings().need('site_url').rstrip('/')}/preview/{token}")
    console.err().print(f"good until {to_rfc3339(expires_at)}", highlight=False)


def _as_data(card: ArticleSummary) -> dict[str, Any]:
    hidden = {"fingerprint", "body_version", "body_parts", "source_parts"}
    values = {name: value for name, value in asdict(card).items() if name not in hidden}
    return {name: to_rfc3339(value) if isinstance(value, datetime) else _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _table(cards: Sequence[ArticleSummary]) -> Table:
    table = Table("date", "status")
    table.add_column("slug", overflow="fold", ratio=3)  # whole, since the other commands take it
    table.add_column("title", ratio=4)
    table.add_column("labels", ratio=2)
    for card in cards:
        if not isinstance(card, Article) or card.status == "published":
            status = "page" if isinstance(card, Article) and card.kind == "page" else "published"
        else:
            status = card.status
        date = to_rfc3339(card.published_at)[:10] if card.published_at else ""
        table.add_row(date, status, escape(card.slug), escape(card.title), escape(", ".join(card.labels)))
    return table
