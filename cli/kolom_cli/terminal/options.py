"""Options and arguments of several commands."""

from collections.abc import Sequence
from typing import Annotated

import typer
from typer.models import OptionInfo

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="Show at most N of each status.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's email address.", show_default=False)]


def status_option(statuses: Sequence[str]) -> OptionInfo:
    """Return the option ``--status`` with its allowed values."""
    option: OptionInfo = typer.Option(
        "--status", metavar="STATUS", help=f"Show only this status: {', '.join(statuses)}."
    )
    return option
