"""`kolom status`: show the state of the deployed site."""

from collections.abc import Mapping
from typing import Annotated

import typer

from kolom_cli.commands.deployment_options import Profile, Region, StackName, find_deployed, select
from kolom_cli.deploying import overview
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import print_fields, print_json


def status(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    cost: Annotated[
        bool,
        typer.Option("--cost", help="Ask Cost Explorer for the cost of this month; AWS bills 0.01 or 0.02 USD for it."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the deployed and the local version, the state of the stack, what waits, what failed, and what is stored.

    The numbers of comments, messages and mail end at 100. The lag of the index is that of the last 15 minutes. AWS
    updates the sizes of tables every six hours, and that of the bucket once a day.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    fields = overview.describe(find_deployed(deployment), deployment.domain or "", with_cost=cost)
    if as_json:
        print_json(fields)
        return
    fields["tables"] = _lines(fields["tables"])
    fields["bucket"] = _line(fields["bucket"])
    fields["cost_this_month"] = _lines(fields.get("cost_this_month", "not asked for: --cost"))
    print_fields(fields)


def _lines(value: object) -> object:
    """Return a line for each entry; a message stays as it is."""
    return [f"{name}: {_line(each)}" for name, each in value.items()] if isinstance(value, Mapping) else value


def _line(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    kind = "items" if "items" in value else "objects"
    return f"{value[kind]:,} {kind}, {_format_bytes(value['bytes'])}"


def _format_bytes(number: int) -> str:
    if number < 1_000_000:
        return f"{number / 1_000:.0f} KB"
    return f"{number / 1_000_000:,.1f} MB"
