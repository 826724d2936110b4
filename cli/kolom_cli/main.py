"""`kolom`: the command line of a blog's author.

Exit codes: 0 all is well; 1 something failed or was refused, everything else was done; 2 the command line is wrong;
3 the stack cannot be reached or is not configured; 130 interrupted.
"""

import importlib.metadata
from functools import cache
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException
from typer.core import TyperGroup

from kolom.errors import ConfigurationError, KolomError
from kolom_cli.commands import articles, comments, deploy_assets, export, import_, mail, messages, publish, reindex
from kolom_cli.connection import DEFAULT_STACK, Target, explain
from kolom_cli.publishing.document import DocumentError
from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.terminal import console


class _Group(TyperGroup):
    """Turns what went wrong in any command into one line and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), "serve"]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _serve() if cmd_name == "serve" else super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (ConfigurationError, TemplateError) as error:
            console.fail(str(error), console.UNREACHABLE)
        except (KolomError, DocumentError) as error:
            console.fail(str(error))
        except (BotoCoreError, ClientError) as error:
            console.fail(explain(error), console.UNREACHABLE)
        except PynamoDBException as error:
            cause = error.cause
            text = explain(cause) if isinstance(cause, BotoCoreError | ClientError) else str(error)
            console.fail(text, console.UNREACHABLE)
        except KeyboardInterrupt:
            console.fail("interrupted", console.INTERRUPTED)


@cache
def _serve() -> Any:
    # Imported here: with moto and werkzeug, the local stack takes 3 s to import, all other commands together 1 s.
    from kolom_cli.commands.serve import serve

    single = typer.Typer(add_completion=False)
    single.command("serve")(serve)
    command = typer.main.get_command(single)
    command.name = "serve"
    return command


app = typer.Typer(
    cls=_Group,
    help="Publish, import and manage the articles of a Kolom blog.",
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
        bool, typer.Option("--local", help="Act on the local stack: --endpoint-url http://127.0.0.1:8081.")
    ] = False,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", help="Where to reach AWS's services instead of AWS.", metavar="URL")
    ] = None,
    stack: Annotated[
        str, typer.Option("--stack", envvar="KOLOM_STACK", help="The CloudFormation stack.", metavar="NAME")
    ] = DEFAULT_STACK,
    version: Annotated[  # noqa: ARG001 (the callback does all)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Publish, import and manage the articles of a Kolom blog."""
    if endpoint_url is not None and not endpoint_url.startswith(("http://", "https://")):
        raise typer.BadParameter("must begin with http:// or https://", param_hint="--endpoint-url")
    ctx.obj = Target(stack=stack, endpoint_url=endpoint_url, local=local)


app.command("publish")(publish.publish)
app.command("unpublish")(articles.unpublish)
app.command("delete")(articles.delete)
app.command("preview")(articles.preview)
app.command("deploy-assets")(deploy_assets.deploy_assets)
app.command("export")(export.export)
app.command("reindex")(reindex.reindex)
app.add_typer(articles.app, name="articles")
app.add_typer(comments.app, name="comments")
app.add_typer(messages.app, name="messages")
app.add_typer(mail.app, name="mail")
app.add_typer(import_.app, name="import")
