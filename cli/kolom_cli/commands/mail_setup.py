"""`kolom mail setup`: take a deployed blog to working mail."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated

import typer

from kolom_cli.commands.deploy import is_interactive
from kolom_cli.commands.deployment_options import Deployment, Profile, Region, StackName, identify, select
from kolom_cli.connection import DEFAULT_STACK, StackNotFound
from kolom_cli.deploying.account import Identity
from kolom_cli.deploying.deployer import Deployer
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.mail.addresses import normalize
from kolom_cli.deploying.mail.dns_records import MailRecord
from kolom_cli.deploying.mail.production_access import ProductionRequest
from kolom_cli.deploying.mail.report import Commands, SetupReport
from kolom_cli.deploying.mail.setup import PARAMETERS, MailSetup, Options
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

    The exit code is 1 if there is a problem or something to wait for. Warnings do not change it.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack, parameters=())
    given = {"MailFrom": normalize("--from", sender), "OwnerEmail": normalize("--owner", owner)}
    flags = (("--address-only", address_only), ("--request-production", request_production), ("--test", test))
    named = deployment.target.stack if stack or deployment.target.stack != DEFAULT_STACK else ""
    commands = Commands(
        stack=named,
        deployment=_options((("--profile", profile), ("--region", region), ("--stack", named))),
        sender=given["MailFrom"],
        owner=given["OwnerEmail"],
        flags=tuple(name for name, is_set in flags if is_set),
    )
    found = _find(deployment, commands)
    deployer = Deployer(
        target=deployment.target,
        identity=identify(deployment),
        region=deployment.region,
        parameters=deployment.parameters,
        progress=Progress(),
    )
    found = deployer.finish_operation(found)
    _refuse_unfinished(found, commands)
    remembered = {name: value for name, value in deployment.parameters.items() if name in PARAMETERS}
    before = {**found.parameters, **remembered}
    report = SetupReport(commands=commands)
    mail = MailSetup(
        target=deployment.target,
        stack=found,
        region=deployment.region,
        wanted={**before, **{name: value for name, value in given.items() if value}},
        options=Options(
            address_only=address_only,
            keeps_verified_address=not sender,
            requests_production=request_production,
            confirm=_confirm if is_interactive() else None,
            test=test,
        ),
        set_parameters=partial(_set_parameters, deployer),
        remember=partial(_remember, deployment, deployer.identity, before),
        report=report,
    )
    try:
        mail.run()
    finally:  # An interrupted run has done something, too.
        _print(report, as_json=as_json)
    raise typer.Exit(0 if report.is_complete else 1)


def _find(deployment: Deployment, commands: Commands) -> Stack:
    name = deployment.target.stack
    found = find_stack(name)
    if found is None:
        raise StackNotFound(f"no stack {name!r} in {deployment.region}: deploy it first (`{commands.deploy()}`)")
    refuse_other(found)
    return found


def _set_parameters(deployer: Deployer, stack: Stack, values: Mapping[str, str]) -> Stack:
    deployer.progress.step(f"Updating the stack: {', '.join(values)}")
    planned = deployer.plan_parameters(stack, values)
    if planned is None:
        return stack
    deployer.progress.plan(planned.describe())
    return deployer.apply(planned)


def _remember(deployment: Deployment, identity: Identity, before: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Write what has changed into ``kolom.toml``. Another value there would undo it with the next deployment."""
    changed = {name: value for name, value in values.items() if value != before.get(name, "")}
    if changed:
        replace(deployment, parameters={**deployment.parameters, **changed}).remember(identity)


def _refuse_unfinished(stack: Stack, commands: Commands) -> None:
    if stack.condition != "ready" or "SiteUrl" not in stack.outputs:
        text = f"the stack {stack.name} is not deployed ({stack.status})"
        raise DeploymentError(text, f"run `{commands.deploy()}` first")


def _options(values: Sequence[tuple[str, str | None]]) -> tuple[str, ...]:
    return tuple(word for name, value in values if value for word in (name, value))


def _confirm(request: ProductionRequest) -> bool:
    typer.echo(f"{request.use_case}\n", err=True)
    return typer.confirm(f"Send this to AWS, with the website {request.website}?", err=True)


def _print(result: SetupReport, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "findings": [asdict(each) for each in result.findings],
                "records": [
                    {
                        "for": each.purpose,
                        "state": each.state,
                        "condition": each.condition or None,
                        **asdict(each.record),
                    }
                    for each in result.records
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
            Row((each.purpose, _state(each), each.record.type, each.record.name, each.record.value))
            for each in result.records
        ]
        print_list(("for", "state", "type", "name", "value"), rows, empty="")
    if result.request is not None:
        typer.echo(f"\nRequest to leave the sandbox, for {result.request.console}\n\n{result.request.use_case}")


def _state(record: MailRecord) -> str:
    return f"{record.state} (create it {record.condition})" if record.condition else record.state
