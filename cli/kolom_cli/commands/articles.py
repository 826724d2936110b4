"""`kolom articles list/show`, `kolom unpublish`, `kolom delete`, `kolom preview`."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, get_args

import typer

from kolom import urls
from kolom.articles import preview_links, publishing, repository
from kolom.articles.admin import ADMIN_STATUSES, AdminStatus, list_by_label, list_by_status
from kolom.articles.types import Article, ArticleSummary
from kolom.security import signing
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.batch import select_statuses
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson, Limit, Yes, status_option
from kolom_cli.terminal.output import Row, format_moment, print_fields, print_json, print_list, to_jsonable

app = typer.Typer(cls=Group, no_args_is_help=True, help="List and show articles, pages and drafts.")

_STATUSES: Final[tuple[AdminStatus, ...]] = get_args(AdminStatus.__value__)
_LISTED: Final = tuple(status for status in ADMIN_STATUSES if status != "deleted")
_MAX_HOURS: Final = 24 * 90
_INTERNAL: Final = ("fingerprint", "body_version", "body_parts", "source_parts")
_EMPTY: Final[dict[str | None, str]] = {
    None: "No articles. `kolom publish FILE` publishes one.",
    "draft": "No drafts. `kolom publish FILE` creates one from a file with `draft: true` in its front matter.",
    "scheduled": "No scheduled articles. `kolom publish FILE` schedules a file whose `date:` is in the future.",
    "published": "No published articles. `kolom publish FILE` publishes one.",
    "page": "No pages. `kolom publish FILE` creates one from a file with `kind: page` in its front matter.",
    "external": "No pages of other sites. `kolom sync` adds those of a site that Kolom does not serve.",
    "deleted": "No deleted articles. `kolom articles list` shows the others.",
}

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The article's slug.", show_default=False)]


@command(app, "list", "kolom articles list", "kolom articles list --status draft", "kolom articles list --label Travel")
def list_articles(
    ctx: typer.Context,
    status: Annotated[str | None, status_option(_STATUSES)] = None,
    label: Annotated[
        str | None, typer.Option("--label", metavar="LABEL", help="Show only published articles with this label.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List articles: drafts, scheduled and published ones, then pages, then the pages of other sites.

    The newest come first within each status. Deleted articles are listed only with --status deleted.
    """
    wanted = select_statuses(status, _STATUSES, _LISTED)
    if status not in {None, "published"} and label is not None:
        raise typer.BadParameter("can only be used with published articles", param_hint="--label")
    connect(ctx.obj)
    if label is not None:
        pages = [list_by_label(label, limit=limit)]
    else:
        pages = [list_by_status(each, limit=limit) for each in ADMIN_STATUSES if each in wanted]
    found = [article for page in pages for article in page.items]
    if as_json:
        print_json([_as_data(article) for article in found])
        return
    empty = (
        _EMPTY[status] if label is None else f"No articles with the label {label!r}. `kolom articles list` shows all."
    )
    print_list(("date", "status", "slug"), [_as_row(article) for article in found], text="title", empty=empty)
    if any(page.next_cursor is not None for page in pages):
        console.err().print("There are more articles: raise --limit.", highlight=False)


@command(app, "show", "kolom articles show my-article", "kolom articles show my-article --source > my-article.md")
def show(
    ctx: typer.Context,
    slug: Slug,
    as_json: AsJson = False,
    source: Annotated[bool, typer.Option("--source", help="Print only the text as its author wrote it.")] = False,
) -> None:
    """Show one article, whatever its status. --json also has its text."""
    connect(ctx.obj)
    article = publishing.get_by_slug(slug)
    body = repository.get_body(article)
    if source:
        typer.echo(body.source, nl=not body.source.endswith("\n"))
    elif as_json:
        shown = {"content_html": body.html, "source": body.source, "source_format": body.source_format}
        print_json({**_as_data(article), **shown})
    else:
        print_fields({**_fields(article), "labels": ", ".join(article.labels), "html_bytes": len(body.html.encode())})


def unpublish(ctx: typer.Context, slug: Slug) -> None:
    """Turn a published or scheduled article back into a draft.

    Its text, URL and comments are kept. `kolom publish FILE` publishes it again, unless the file says `draft: true`.
    """
    connect(ctx.obj)
    article = publishing.unpublish(slug, now=datetime.now(UTC))
    typer.echo(f"{article.slug} is now a draft (version {article.version})")


def delete(ctx: typer.Context, slug: Slug, yes: Yes = False) -> None:
    """Delete an article permanently.

    Its URL then returns 410 Gone. `kolom unpublish` hides an article without deleting it.
    """
    connect(ctx.obj)
    article = publishing.get_by_slug(slug)
    if article.url is not None:
        console.fail(
            f"{slug!r} is the page {article.url} of another site: `kolom sync` removes it when the page is gone"
        )
    if not yes:
        typer.confirm(f"Delete {article.title!r} ({article.slug}) permanently?", abort=True)
    deleted = publishing.delete(slug, now=datetime.now(UTC))
    typer.echo(f"{deleted.slug} is deleted")


def preview(
    ctx: typer.Context,
    slug: Slug,
    hours: Annotated[
        float, typer.Option("--hours", min=0.01, max=_MAX_HOURS, metavar="HOURS", help="How long the link works.")
    ] = 24.0,
) -> None:
    """Print a link to a draft or any other article.

    Anyone who has the link can read the article until the link expires.
    """
    connect(ctx.obj)
    article = publishing.get_by_slug(slug)
    if article.status == "deleted":
        console.fail(f"the article {slug!r} is deleted")
    if article.url is not None:
        console.fail(f"{slug!r} is a page of another site, at {article.url}")
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    token = preview_links.create_token(article.id, signing.load_keys(), expires_at=expires_at)
    typer.echo(urls.preview_url(token))
    console.err().print(f"The link works until {format_moment(expires_at)}.", highlight=False)


def _fields(article: ArticleSummary) -> dict[str, object]:
    fields = {name: value for name, value in asdict(article).items() if name not in _INTERNAL}
    return {**fields, "url": urls.article_url(article)}


def _as_data(article: ArticleSummary) -> dict[str, Any]:
    return to_jsonable(_fields(article))


def _as_row(article: ArticleSummary) -> Row:
    status = "published"
    if isinstance(article, Article):
        status = article.kind if article.status == "published" and article.kind != "article" else article.status
    date = format_moment(article.published_at) if article.published_at else ""
    return Row((date, status, article.slug), (article.title,))
