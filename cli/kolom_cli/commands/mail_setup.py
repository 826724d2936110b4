"""`kolom mail setup`: take a deployed blog to working mail."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated

import typer

from kolom_cli.commands.deployment_options import Deployment, Profile, Region, StackName, select
from kolom_cli.connection import StackNotFound
from kolom_cli.deploying.account import get_identity, refuse_other_account
from kolom_cli.deploying.deployer import Deployer
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.mail.addresses import normalize
from kolom_cli.deploying.mail.production_access import ProductionRequest
from kolom_cli.deploying.mail.setup import PARAMETERS, MailSetup, Options, Setup
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import Stack, find_stack, refuse_other
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import Row, print_json, print_list


def setup(  # noqa: PLR0913, RUF100 (one parameter per option)
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    sender: Annotated[
        str, typer.Option("--from", help="Send mail from this address: the parameter MailFrom.", metavar="ADDRESS")
    ] = "",
    owner: Annotated[
        str, typer.Option("--owner", help="Your own address: the parameter OwnerEmail.", metavar="ADDRESS")
    ] = "",
    address_only: Annotated[
        bool, typer.Option("--address-only", help="Verify the address of the sender, not its domain.")
    ] = False,
    request_production: Annotated[
        bool, typer.Option("--request-production", help="Send the request to leave the sandbox of SES; asks first.")
    ] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a test mail to OwnerEmail.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set up SES for the mail of the blog, as far as it goes now; run it again to continue.

    It verifies the domain of the sender, creates the DNS records if Route 53 has the domain, gives the stack its
    addresses, checks that bounces reach it, and prepares the request to leave the sandbox. No record is changed or
    deleted.

    The exit code is 1 if something is left to do or to wait for.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack, parameters=())
    given = {"MailFrom": normalize("--from", sender), "OwnerEmail": normalize("--owner", owner)}
    given = {name: value for name, value in given.items() if value}
    found = _find(deployment)
    identity = get_identity()
    refuse_other_account(identity, deployment.account_id, found.name)
    remembered: dict[str, str] = {
        name: deployment.parameters[name] for name in PARAMETERS if name in deployment.parameters
    }

    def set_parameters(current: Stack, values: Mapping[str, str]) -> Stack:
        deployer = Deployer(
            target=deployment.target,
            identity=identity,
            region=deployment.region,
            parameters=deployment.parameters,
            progress=Progress(),
        )
        deployer.progress.step(f"Updating the stack: {', '.join(values)}")
        planned = deployer.plan_parameters(current, values)
        # An older value in kolom.toml would undo this with the next deployment.
        replace(deployment, parameters={**deployment.parameters, **values}).remember(identity)
        return current if planned is None else deployer.apply(planned)

    result = Setup(
        target=deployment.target,
        stack=found,
        region=deployment.region,
        wanted={**found.parameters, **remembered, **given},
        options=Options(address_only=address_only, confirm=_confirm if request_production else None, test=test),
        set_parameters=set_parameters,
        result=MailSetup(command=_again(sender, owner, address_only=address_only)),
    ).run()
    _print(result, as_json=as_json)
    raise typer.Exit(0 if result.is_complete else 1)


def _find(deployment: Deployment) -> Stack:
    name = deployment.target.stack
    found = find_stack(name)
    if found is None:
        raise StackNotFound(f"no stack {name!r} in {deployment.region}: deploy it first (`kolom deploy`)")
    refuse_other(found)
    if found.condition != "ready" or "SiteUrl" not in found.outputs:
        raise DeploymentError(f"the stack {name} is not deployed ({found.status})", "run `kolom deploy` first")
    return found


def _again(sender: str, owner: str, *, address_only: bool) -> str:
    """Return the command line that continues this run."""
    options = [*(("--from", sender) if sender else ()), *(("--owner", owner) if owner else ())]
    return shlex.join(["kolom", "mail", "setup", *options, *(["--address-only"] if address_only else [])])


def _confirm(request: ProductionRequest) -> bool:
    typer.echo(f"{request.use_case}\n", err=True)
    return typer.confirm(f"Send this to AWS, with the website {request.website}?", err=True)


def _print(result: MailSetup, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "findings": [asdict(each) for each in result.findings],
                "records": [
                    {"for": each.purpose, "state": each.state, **asdict(each.record)} for each in result.records
                ],
                "production_request": None if result.request is None else asdict(result.request),
                "message_id": result.message_id or None,
            }
        )
        return
    for each in result.findings:
        typer.echo(f"{each.level:<8} {each.subject}: {each.text}")
        if each.fix:
            typer.echo(f"{'':<8} Fix: {each.fix}")
    if result.records:
        typer.echo()
        rows = [
            Row((each.purpose, each.state, each.record.type, each.record.name, each.record.value))
            for each in result.records
        ]
        print_list(("for", "state", "type", "name", "value"), rows, empty="")
    if result.request is not None:
        typer.echo(f"\nRequest to leave the sandbox, for {result.request.console}\n\n{result.request.use_case}")
