"""`kolom status`: show the state of the deployed site."""

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
    as_json: AsJson = False,
) -> None:
    """Show the deployed and the local version, the state of the stack, what waits, and what failed.

    The numbers of comments, messages and mail end at 100. The lag of the index is that of the last 15 minutes.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    fields = overview.describe(find_deployed(deployment), deployment.domain or "")
    if as_json:
        print_json(fields)
    else:
        print_fields(fields)
