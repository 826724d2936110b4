"""`kolom`: the command line for the author of a blog.

Exit codes: 0 success; 1 something failed or was refused; 2 the command line is invalid; 3 the stack cannot be reached
or is not configured; 130 interrupted.
"""

import importlib.metadata
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from kolom.errors import ConfigurationError, KolomError
from kolom.models.errors import StorageError
from kolom_cli.commands import (
    articles,
    backup,
    blocked_words,
    comments,
    deploy,
    deploy_assets,
    destroy,
    doctor,
    dropped_events,
    export,
    import_,
    import_resources,
    mail,
    messages,
    publish,
    reindex,
    restore,
    rollback,
    rotate_secrets,
    search,
    serve,
    status,
    sync,
)
from kolom_cli.connection import DEFAULT_STACK, Target, explain
from kolom_cli.publishing.document import DocumentError
from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.terminal import console
from kolom_cli.terminal.help import Group, command

_WRITING = "Writing"
_MODERATION = "Moderation"
_MAIL = "Messages and mail"
_TRANSFER = "Import and export"
_SITE = "Site"
_DEPLOYMENT = "Deployment"
_PANELS = (_WRITING, _MODERATION, _MAIL, _TRANSFER, _SITE, _DEPLOYMENT)


class _Group(Group):
    """Converts the errors of all commands to a one-line message and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (the signature of click)
        """Return the names of all commands in the order of their panels."""
        commands: Mapping[str, Any] = self.commands
        return sorted(commands, key=lambda name: _PANELS.index(commands[name].rich_help_panel))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (ConfigurationError, TemplateError) as error:
            console.fail(str(error), console.UNREACHABLE)
        except (KolomError, DocumentError) as error:
            console.fail(str(error))
        except (BotoCoreError, ClientError) as error:
            console.fail(explain(error), console.UNREACHABLE)
        except StorageError as error:
            cause = error.cause
            text = explain(cause) if isinstance(cause, BotoCoreError | ClientError) else str(error)
            console.fail(text, console.UNREACHABLE)
        except KeyboardInterrupt:
            console.fail("interrupted", console.INTERRUPTED)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kolom {importlib.metadata.version('kolom')}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    local: Annotated[
        bool,
        typer.Option("--local", help="Use the stack that `kolom serve` runs: --endpoint-url http://127.0.0.1:8081."),
    ] = False,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", help="Use the AWS services at this URL.", metavar="URL")
    ] = None,
    stack: Annotated[
        str, typer.Option("--stack", envvar="KOLOM_STACK", help="The CloudFormation stack of the blog.", metavar="NAME")
    ] = DEFAULT_STACK,
    version: Annotated[  # noqa: ARG001 (its callback prints the version)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Write and manage a Kolom blog: its articles, comments, mail and site."""
    if endpoint_url is not None and not endpoint_url.startswith(("http://", "https://")):
        raise typer.BadParameter("must begin with http:// or https://", param_hint="--endpoint-url")
    ctx.obj = Target(stack=stack, endpoint_url=endpoint_url, local=local)


for name, function, panel, examples in (
    ("publish", publish.publish, _WRITING, ("kolom publish my-article.md", "kolom publish content/ --dry-run")),
    ("preview", articles.preview, _WRITING, ("kolom preview my-article --hours 2",)),
    ("unpublish", articles.unpublish, _WRITING, ("kolom unpublish my-article",)),
    ("delete", articles.delete, _WRITING, ("kolom delete my-article",)),
    (
        "sync",
        sync.sync,
        _TRANSFER,
        ("kolom sync public/ --base-url https://example.com", "kolom sync https://example.com/sitemap.xml --dry-run"),
    ),
    ("export", export.export, _TRANSFER, ("kolom export my-blog", "kolom export my-blog --private")),
    (
        "deploy",
        deploy.deploy,
        _DEPLOYMENT,
        (
            "kolom deploy",
            "kolom deploy --yes --parameter SiteTitle='My Blog'",
            "kolom deploy --domain blog.example.com",
        ),
    ),
    ("rollback", rollback.rollback, _DEPLOYMENT, ("kolom rollback --dry-run", "kolom rollback --list")),
    ("doctor", doctor.doctor, _DEPLOYMENT, ("kolom doctor --region ap-southeast-1",)),
    ("status", status.status, _DEPLOYMENT, ("kolom status",)),
    ("rotate-secrets", rotate_secrets.rotate_secrets, _DEPLOYMENT, ("kolom rotate-secrets",)),
    (
        "restore",
        restore.restore,
        _DEPLOYMENT,
        ("kolom restore --at 2026-11-30T19:05 --only articles", "kolom restore --backup before-import --dry-run"),
    ),
    (
        "import-resources",
        import_resources.import_resources,
        _DEPLOYMENT,
        ("kolom import-resources", "kolom import-resources --resource ArticlesTable=kolom-articles-2"),
    ),
    ("destroy", destroy.destroy, _DEPLOYMENT, ("kolom destroy", "kolom destroy --with-data")),
    ("deploy-assets", deploy_assets.deploy_assets, _SITE, ("kolom deploy-assets --dry-run",)),
    ("reindex", reindex.reindex, _SITE, ("kolom reindex",)),
    ("serve", serve.serve, _SITE, ("kolom serve", "kolom serve --port 9000 --empty")),
):
    command(app, name, *examples, panel=panel)(function)

for name, group, panel in (
    ("articles", articles.app, _WRITING),
    ("comments", comments.app, _MODERATION),
    ("messages", messages.app, _MAIL),
    ("mail", mail.app, _MAIL),
    ("import", import_.app, _TRANSFER),
    ("blocked-words", blocked_words.app, _MODERATION),
    ("search", search.app, _SITE),
    ("dropped-events", dropped_events.app, _DEPLOYMENT),
    ("backup", backup.app, _DEPLOYMENT),
):
    app.add_typer(group, name=name, rich_help_panel=panel)
