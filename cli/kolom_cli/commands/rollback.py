"""`kolom rollback`: return the stack to an earlier deployment."""

from typing import Annotated

import typer

from kolom.timestamps import to_rfc3339
from kolom_cli.commands.deployment_options import Deployment, Profile, Region, StackName, identify, select
from kolom_cli.commands.site_reading import read_site
from kolom_cli.connection import StackNotFound
from kolom_cli.deploying.deployer import Deployer
from kolom_cli.deploying.deployment_history import DeploymentHistory, refuse_newer_data
from kolom_cli.deploying.deployment_log import DeploymentLog, RecordedDeployment, repeated_deployment
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.rollback import Rollback, choose_target, read_rollback
from kolom_cli.deploying.stack import Stack, find_stack
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import Row, print_json, print_list


def rollback(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="Return to this deployment: a number of --list, or a version.", metavar="N|VERSION"),
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="List the recorded deployments, and change nothing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and leave the stack as it is.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Return the site to the version before the last deployment: its code, resources, styles and scripts.

    Content, parameters and secrets stay as they are. Like `kolom deploy`, it neither removes nor replaces anything that
    holds data. It refuses a version that cannot read what later versions have stored. If it is interrupted or fails,
    run it again: it continues. `kolom deploy` goes forward again. --json is for --list.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    deployer = Deployer(
        target=deployment.target,
        identity=identify(deployment),
        region=deployment.region,
        parameters={},
        progress=Progress(),
    )
    history = DeploymentHistory(deployer.bucket)
    if show_list:
        _show(history.read(), as_json=as_json)
        return
    existing = _settle(deployer, deployment, dry_run=dry_run)
    found = _prepare(history, to)
    deployer.progress.step(f"Returning to {_describe(found.target)}")
    for line in found.describe_parameters(existing):
        deployer.progress.step(line)
    planned = found.plan(deployer, existing)
    if dry_run:
        if planned is not None:
            planned.discard()
        typer.echo("Dry run: the stack was not changed.")
        return
    recorded = repeated_deployment(found.target)
    is_change = history.begin(recorded, changes_stack=planned is not None)
    deployed = existing if planned is None else deployer.apply(planned)
    for line in deployer.deploy_assets(found.assets):
        deployer.progress.step(line)
    if is_change:
        history.finish(recorded, deployed.parameters)
    read_site(deployed, "kolom rollback")
    typer.echo(deployed.outputs["SiteUrl"])


def _settle(deployer: Deployer, deployment: Deployment, *, dry_run: bool) -> Stack:
    """Wait for a running operation, then return the stack.

    :raises StackNotFound: it does not exist
    """
    name = deployment.target.stack
    found = find_stack(name)
    if found is not None and dry_run and found.condition != "ready":
        raise DeploymentError(
            f"the changes cannot be planned: the stack is {found.status}", "run `kolom rollback` without --dry-run"
        )
    if found is None or found.condition in {"new", "creation failed"}:
        raise StackNotFound(f"no deployed stack {name!r} in {deployment.region}")
    existing = deployer.settle()
    if existing is None:
        raise StackNotFound(f"the stack {name!r} in {deployment.region} was deleted a moment ago")
    return existing


def _prepare(history: DeploymentHistory, to: str | None) -> Rollback:
    log = history.read()
    target = choose_target(log, to)
    refuse_newer_data(log, target.version, reads_schema=target.reads_schema)
    return read_rollback(history.bucket, target)


def _describe(target: RecordedDeployment) -> str:
    return f"deployment {target.number}, version {target.version} of {target.time:%Y-%m-%d %H:%M} UTC"


def _show(log: DeploymentLog, *, as_json: bool) -> None:
    if as_json:
        print_json([_fields(each) for each in log.deployments])
        return
    rows = [
        Row((str(each.number), each.version, f"{each.time:%Y-%m-%d %H:%M}", _note(log, each)))
        for each in reversed(log.deployments)
    ]
    print_list(("number", "version", "time (UTC)", "note"), rows, empty="No deployments are recorded.")


def _fields(deployment: RecordedDeployment) -> dict[str, object]:
    return {
        "number": deployment.number,
        "version": deployment.version,
        "time": to_rfc3339(deployment.time),
        "complete": deployment.is_complete,
        "returned_to": deployment.returned_to,
        "parameters": dict(deployment.parameters),
    }


def _note(log: DeploymentLog, deployment: RecordedDeployment) -> str:
    returned = "" if deployment.returned_to is None else f"returned to {deployment.returned_to}"
    state = "" if deployment.is_complete else "not complete"
    is_last = "the last one" if deployment is log.last and deployment.is_complete else ""
    return ", ".join(each for each in (state, is_last, returned) if each)
