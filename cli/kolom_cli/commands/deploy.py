"""`kolom deploy`: deploy the blog to AWS, or update it."""

import sys
from dataclasses import replace
from functools import partial
from typing import NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

import kolom
from kolom.models import schema
from kolom_cli.commands.deployment_options import (
    Deployment,
    DomainName,
    Parameters,
    Profile,
    Region,
    StackName,
    check_before,
    select,
)
from kolom_cli.commands.site_reading import read_site
from kolom_cli.deploying import account, answers, preflight
from kolom_cli.deploying.certificates import owner_of
from kolom_cli.deploying.deployer import Deployer
from kolom_cli.deploying.deployment_history import DeploymentHistory, refuse_newer_data
from kolom_cli.deploying.deployment_log import new_deployment
from kolom_cli.deploying.domain import Domain
from kolom_cli.deploying.domain_removal import delete_unused
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
    domain: DomainName = None,
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Show what would change, and leave the stack as it is; the build is uploaded."
    ),
    yes: bool = typer.Option(False, "--yes", help="Ask no questions: use the defaults."),
) -> None:
    """Deploy the blog to your AWS account, or update it.

    The first time, on a terminal, it asks for your email address, the title, the language and the time zone, and
    remembers the answers in kolom.toml. With --domain, the site gets your domain: a certificate and, if Route 53 has
    the domain, its DNS records; otherwise you are told which to create. It neither removes nor replaces anything that
    holds data. If it is interrupted or fails, run it again: it continues.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack, parameters=parameter or (), domain=domain)
    if is_interactive() and not yes:
        deployment = _ask(deployment)
    found = check_before(deployment)
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
    log = DeploymentHistory(deployer.bucket).read()
    refuse_newer_data(log, kolom.__version__, reads_schema=schema.NEWEST_READ)
    if dry_run:
        _plan_only(deployer, deployment)
        return
    existing = deployer.settle()
    site_domain = _site_domain(deployment, existing, deployer.progress)
    if existing is None:
        if found.stack is not None and found.stack.condition != "new":  # It was removed a moment ago.
            _report(preflight.check_names(deployment.target.stack, deployment.parameters))
        deployment.remember(found.identity)  # The next run need not ask again.
    values = site_domain.prepare(partial(deployment.remember_domain, found.identity), deployer.settle)
    if values is None:
        if parameter and site_domain.stack is not None:
            _print("The values of --parameter were not applied: pass them again.")
        return
    deployer.parameters = {**deployment.parameters, **values}
    may_replace_certificate = domain is not None or site_domain.replaces_certificate(values)
    deployed = _deploy(deployer, deployment, site_domain, may_replace_certificate=may_replace_certificate)
    read_site(deployed, "kolom deploy")
    typer.echo(deployed.outputs["SiteUrl"])


def _deploy(deployer: Deployer, deployment: Deployment, site_domain: Domain, *, may_replace_certificate: bool) -> Stack:
    """Build, upload, update the stack, fill the site, and record the deployment; return the stack."""
    existing = site_domain.stack
    uploaded = deployer.upload()
    planned = deployer.plan(uploaded.template, existing)
    deployment.remember(deployer.identity)  # An update that was refused must not be repeated by the next run.
    history = DeploymentHistory(deployer.bucket)
    recorded = new_deployment(template=uploaded.template, assets=uploaded.archive)
    is_change = history.begin(recorded, changes_stack=planned is not None)
    deployed = existing if planned is None else deployer.apply(planned)
    assert deployed is not None
    deployed = deployer.set_own_url(deployed)
    if may_replace_certificate:
        for line in delete_unused(site_domain.owner, deployed.parameters["CertificateArn"]):
            _print(line)
    for line in deployer.fill(uploaded.assets):
        _print(line)
    if is_change:
        history.finish(recorded, deployed.parameters)
    return deployed


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
    """Return whether the stack does not exist, or its creation failed. The checks that follow report an error."""
    try:
        found = find_stack(stack)
    except (BotoCoreError, ClientError, ValueError):
        return False
    return found is None or found.condition in {"new", "creation failed"}


def _prompt(text: str, default: str) -> str:
    return str(typer.prompt(text, default=default, err=True))


def _site_domain(deployment: Deployment, stack: Stack | None, progress: Progress) -> Domain:
    """Return the domain that is given or remembered, or else that of the stack."""
    current = "" if stack is None else stack.parameters.get("Domain", "")
    return Domain(
        name=current if deployment.domain is None else deployment.domain,
        owner=owner_of(deployment.target.stack, deployment.region),
        stack=stack,
        parameters=deployment.parameters,
        progress=progress,
    )


def _plan_only(deployer: Deployer, deployment: Deployment) -> None:
    stack = find_stack(deployer.target.stack)
    if stack is not None and stack.condition not in {"new", "ready"}:
        raise DeploymentError(
            f"the changes cannot be planned: the stack is {stack.status}", "run `kolom deploy` without --dry-run"
        )
    existing = None if stack is None or stack.condition == "new" else stack
    values = _site_domain(deployment, existing, deployer.progress).plan()
    deployer.parameters = {**deployment.parameters, **values}
    if planned := deployer.plan(deployer.upload().template, existing):
        planned.discard()
    typer.echo("Dry run: the stack was not changed.")


def _print(text: str) -> None:
    console.err().print(text, markup=False, highlight=False, soft_wrap=True)
