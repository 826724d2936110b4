"""`kolom deploy`: deploy the blog to AWS, or update it."""

import sys
from dataclasses import replace
from typing import NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

from kolom_cli.commands.deployment_options import Deployment, Parameters, Profile, Region, StackName, select
from kolom_cli.deploying import account, answers, preflight, site_check
from kolom_cli.deploying.deployer import Deployer
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import Preflight
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import Stack, find_stack
from kolom_cli.terminal import console


def deploy(  # noqa: PLR0913, RUF100 (one parameter per option)
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    parameter: Parameters = None,
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Show what would change, and leave the stack as it is; the build is uploaded."
    ),
    yes: bool = typer.Option(False, "--yes", help="Ask no questions: use the defaults."),
) -> None:
    """Deploy the blog to your AWS account, or update it.

    The first time, on a terminal, it asks for your email address, the title, the language and the time zone, and
    remembers the answers in kolom.toml. It neither removes nor replaces anything that holds data. If it is interrupted
    or fails, run it again: it continues.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack, parameters=parameter or ())
    if is_interactive() and not yes:
        deployment = _ask(deployment)
    found = preflight.check(
        deployment.target.stack, deployment.region, deployment.parameters, account_id=deployment.account_id
    )
    _report(found)
    if found.identity is None:
        _fail()
    deployer = Deployer(
        target=deployment.target,
        identity=found.identity,
        region=deployment.region,
        parameters=deployment.parameters,
        progress=Progress(),
    )
    if dry_run:
        _plan_only(deployer)
        return
    existing = deployer.settle()
    if existing is None:
        if found.stack is not None and found.stack.condition != "new":  # It was removed a moment ago.
            _report(preflight.check_names(deployment.target.stack, deployment.parameters))
        deployment.remember(found.identity)  # The next run need not ask again.
    planned = deployer.plan(deployer.upload(), existing)
    deployment.remember(found.identity)  # An update that was refused must not be repeated by the next run.
    deployed = existing if planned is None else deployer.apply(planned)
    assert deployed is not None
    deployed = deployer.set_own_url(deployed)
    for line in deployer.fill():
        _print(line)
    _read_site(deployed)
    typer.echo(deployed.outputs["SiteUrl"])


def is_interactive() -> bool:
    """Return whether somebody can answer questions."""
    return sys.stdin.isatty()


def _report(found: Preflight) -> None:
    for each in found.findings:
        if each.level != "ok":
            _print(f"{each.level}: {each.subject}: {each.text}\n  Fix: {each.fix}")
    if found.has_problem:
        _fail()


def _fail() -> NoReturn:
    console.fail("nothing was changed; `kolom doctor` checks this again")


def _ask(deployment: Deployment) -> Deployment:
    """Ask for the region if none is set, and before the first deployment for the parameters without a value."""
    region = deployment.region
    if not region:
        region = typer.prompt("AWS region, such as ap-southeast-1", err=True).strip()
        account.select(None, region)
    asked = {}
    if _is_first(deployment.target.stack):
        asked = answers.ask(deployment.parameters, _prompt, _print)
    return replace(deployment, region=region, parameters={**deployment.parameters, **asked})


def _is_first(stack: str) -> bool:
    """Return whether the stack does not exist, or was never created. The checks that follow report an error."""
    try:
        found = find_stack(stack)
    except (BotoCoreError, ClientError, ValueError):
        return False
    return found is None or found.condition in {"new", "never created"}


def _prompt(text: str, default: str) -> str:
    return str(typer.prompt(text, default=default, err=True))


def _plan_only(deployer: Deployer) -> None:
    stack = find_stack(deployer.target.stack)
    if stack is not None and stack.condition not in {"new", "ready"}:
        raise DeploymentError(
            f"the changes cannot be planned: the stack is {stack.status}", "run `kolom deploy` without --dry-run"
        )
    existing = None if stack is None or stack.condition == "new" else stack
    if planned := deployer.plan(deployer.upload(), existing):
        planned.discard()
    typer.echo("Dry run: the stack was not changed.")


def _read_site(stack: Stack) -> None:
    url = answers.own_url(stack.outputs)
    _print(f"Reading the site at {url}")
    parts = list(site_check.read_site(url, has_files="DistributionDomain" in stack.outputs))
    if not any(part.is_answered for part in parts):
        _print(f"warning: {url} cannot be connected to from here, so it was not read: {parts[0].problem}")
        return
    broken = [part for part in parts if part.problem]
    for part in broken:
        _print(f"  {part.name}: {part.url} {part.problem}")
    if broken:
        raise DeploymentError(
            "the stack is deployed, but a part of the site does not work",
            "look at the logs of the functions (docs/operate.md), then run `kolom deploy` again",
        )
    site_url = stack.outputs["SiteUrl"]
    if site_url != url and site_check.deployed_version(site_url) is None:
        host = stack.outputs.get("DistributionDomain", url)
        _print(f"warning: {site_url} does not lead to the site yet: point its DNS record to {host} (docs/deploy.md)")


def _print(text: str) -> None:
    console.err().print(text, markup=False, highlight=False, soft_wrap=True)
