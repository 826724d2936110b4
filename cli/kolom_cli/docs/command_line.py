"""Generate the reference of the command ``kolom`` from its Typer app."""

import re
from typing import Any, Final

import typer
from typer.cli import get_docs_for_click

from kolom_cli.main import app
from kolom_cli.terminal.help import EXAMPLES

_EXAMPLES: Final = re.compile(rf"^{EXAMPLES}\n(\$ .+(?:\n\$ .+)*)", re.MULTILINE)


def render_reference() -> str:
    """Return every command with its arguments and options, as Markdown. Headings begin at the second level."""
    command = typer.main.get_command(app)
    context = typer.Context(command)
    _summarize(command, context)
    text: str = get_docs_for_click(obj=command, ctx=context, name="kolom")
    text = _EXAMPLES.sub(r"**Examples**:\n\n```console\n\1\n```", text)
    return text.strip().removeprefix("# `kolom`").lstrip() + "\n"


def _summarize(command: Any, context: typer.Context) -> None:
    """Show the first paragraph of each help text in lists of commands. Typer would cut it after 45 characters."""
    if command.help:
        command.short_help = " ".join(command.help.partition("\n\n")[0].split())
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            _summarize(command.get_command(context, name), context)
