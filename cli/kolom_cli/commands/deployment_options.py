"""The options of the commands that deploy and manage a stack, and the steps with which these commands begin."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from kolom.errors import ConfigurationError, KolomError
from kolom_cli import project_file
from kolom_cli.connection import StackNotFound, Target, connect, set_environment
from kolom_cli.deploying import account, answers, preflight
from kolom_cli.deploying.domain_name import parse_domain
from kolom_cli.deploying.findings import Preflight
from kolom_cli.deploying.stack import Stack, find_stack
from kolom_cli.terminal import console

Profile = Annotated[str | None, typer.Option("--profile", help="Use this profile of the AWS tools.", metavar="NAME")]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        help="The AWS region; the default is that of the environment, kolom.toml or the profile.",
        metavar="REGION",
    ),
]
StackName = Annotated[str | None, typer.Option("--stack", help="The same as `kolom --stack`.", metavar="NAME")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", help="A parameter of the stack, which `kolom deploy` sets and remembers.", metavar="KEY=VALUE"
    ),
]
DomainName = Annotated[
    str | None,
    typer.Option(
        "--domain",
        help="The domain of the site, such as blog.example.com, which `kolom deploy` remembers; '' removes it.",
        metavar="NAME",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a command is about: the stack, its region, and the parameters that are given or remembered.

    ``account_id`` is the account that is remembered. ``domain`` is the name that is given or remembered, and None if
    there is neither; it is empty if the domain is to be removed.
    """

    target: Target
    region: str
    parameters: dict[str, str]
    account_id: str = ""
    domain: str | None = None

    def remember(self, identity: account.Identity) -> None:
        """Write the account, the region, the domain and the parameters into ``kolom.toml``."""
        self._write(identity, self.parameters)

    def remember_domain(self, identity: account.Identity) -> None:
        """Write only the domain, with the account and the region: the stack does not have the parameters yet."""
        self._write(identity, project_file.read_entry(project_file.PROJECT_FILE, self.target.stack).parameters)

    def _write(self, identity: account.Identity, parameters: Mapping[str, str]) -> None:
        entry = project_file.StackEntry(
            account=identity.account_id, region=self.region, domain=self.domain or "", parameters=parameters
        )
        project_file.write_entry(project_file.PROJECT_FILE, self.target.stack, entry)


def select(
    ctx: typer.Context,
    *,
    profile: str | None,
    region: str | None,
    stack: str | None,
    parameters: Sequence[str] | None = None,
    domain: str | None = None,
) -> Deployment:
    """Use the profile, region and stack of the options or of the environment.

    If neither has a region, it is that of ``kolom.toml``, or else that of the profile. Remembered parameters are
    checked only if the command has ``parameters``.

    :raises ConfigurationError: the region is not the one in which the stack was deployed, or the stack is the local one
    :raises KolomError: a parameter is unknown or invalid, or the domain is not a name
    """
    name = None if domain is None else parse_domain(domain)
    target: Target = replace(ctx.obj, stack=stack or ctx.obj.stack)
    if target.local:
        raise ConfigurationError("this command is for AWS: `kolom serve` deploys the local stack")
    entry = project_file.read_entry(project_file.PROJECT_FILE, target.stack)
    given = answers.parse_options(parameters or ())
    if parameters is not None:
        answers.check_values(given)
        _check_remembered(target.stack, entry, given, with_domain=name is None)
    account.select(profile, region)
    chosen = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    set_environment(target)
    if entry.region and chosen and chosen != entry.region:
        raise ConfigurationError(
            f"kolom.toml says that the stack {target.stack!r} is in {entry.region}, not in {chosen}: leave out the "
            "region, use another --stack, or change kolom.toml"
        )
    found = chosen or entry.region or account.configured_region()
    account.select(None, found)
    return Deployment(
        target=target,
        region=found,
        parameters={**entry.parameters, **given},
        account_id=entry.account,
        domain=(entry.domain or None) if name is None else name,
    )


def find_deployed(deployment: Deployment) -> Stack:
    """Connect to the stack, and return it.

    :raises StackNotFound: it does not exist, or has no outputs yet
    """
    found = find_stack(deployment.target.stack)
    if found is None or not found.outputs:
        state = f" ({found.status})" if found else ""
        raise StackNotFound(f"no deployed stack {deployment.target.stack!r} in {deployment.region}{state}")
    connect(deployment.target)
    return found


def identify(deployment: Deployment) -> account.Identity:
    """Return the identity of the credentials.

    :raises DeploymentError: it is of another account than the one that is remembered
    """
    identity = account.get_identity()
    account.refuse_other_account(identity, deployment.account_id, deployment.target.stack)
    return identity


def confirm_by_name(stack: str, unchanged: str) -> None:
    """Ask for the name of the stack, and exit if the answer is another one; ``unchanged`` says what was not done."""
    if typer.prompt(f"Type the name of the stack ({stack}) to confirm", err=True).strip() != stack:
        console.fail(f"not confirmed: {unchanged}")


def check_before(deployment: Deployment) -> Preflight:
    """Make all checks before a deployment."""
    return preflight.check(
        deployment.target.stack,
        deployment.region,
        deployment.parameters,
        account_id=deployment.account_id,
        domain=deployment.domain,
    )


def _check_remembered(
    stack: str, entry: project_file.StackEntry, given: Mapping[str, str], *, with_domain: bool
) -> None:
    """Check the remembered values that no option replaces."""
    try:
        answers.check_values({key: value for key, value in entry.parameters.items() if key not in given})
    except KolomError as error:
        raise KolomError(f"{project_file.PROJECT_FILE}, [stacks.{stack}.parameters]: {error}") from error
    if with_domain:
        place = f"{project_file.PROJECT_FILE}, [stacks.{stack}], domain"
        try:
            name = parse_domain(entry.domain)
        except KolomError as error:
            raise KolomError(f"{place}: {error}") from error
        if name != entry.domain:
            raise KolomError(f"{place}: must be {name!r}, not {entry.domain!r}")
