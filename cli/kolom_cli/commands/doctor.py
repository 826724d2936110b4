"""`kolom doctor`: check what could prevent a deployment."""

from dataclasses import asdict

import typer

from kolom_cli.commands.deployment_options import (
    DomainName,
    Parameters,
    Profile,
    Region,
    StackName,
    check_before,
    select,
)
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import print_json


def doctor(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    parameter: Parameters = None,
    domain: DomainName = None,
    as_json: AsJson = False,
) -> None:
    """Check credentials, region, rights, quotas, names, mail, domain and the stack, and say how to fix problems.

    It changes nothing. The exit code is 1 if something prevents a deployment.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack, parameters=parameter or (), domain=domain)
    found = check_before(deployment)
    if as_json:
        print_json([asdict(each) for each in found.findings])
    else:
        for each in found.findings:
            typer.echo(f"{each.level:<8} {each.subject}: {each.text}")
            if each.fix:
                typer.echo(f"{'':<8} Fix: {each.fix}")
    raise typer.Exit(1 if found.has_problem else 0)
