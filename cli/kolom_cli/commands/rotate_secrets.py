"""`kolom rotate-secrets`: replace the secrets of the stack without an outage."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from kolom_cli.commands.deployment_options import Profile, Region, StackName, confirm_by_name, identify, select
from kolom_cli.connection import StackNotFound
from kolom_cli.deploying.deployer import Deployer
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.secret_rotation import SecretRotator, describe, find_rotatable
from kolom_cli.terminal import console

_STOPS: Final = (
    "moderation links in mails; the comments stay in the queue (`kolom comments list`)",
    "links in mails that confirm notifications of replies; the next comment asks again",
    "preview links",
    "forms that are open now: visitors reload them",
    "edit tokens: visitors can no longer change their comments, and count as first-time commenters",
)
_STAYS: Final = "links that unsubscribe, the suppression list, bans, and finding the data of a person"


def rotate_secrets(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    revoke_old: Annotated[
        bool,
        typer.Option("--revoke-old", help="Refuse everything that was signed before, because a secret was disclosed."),
    ] = False,
) -> None:
    """Replace the secret that signs links and tokens, and the one with which CloudFront authenticates itself.

    The site keeps working. New links and tokens are signed with a new key an hour later. Older ones stay valid for
    their own time, at most 90 days. It waits for ten minutes, and then for CloudFront. If it is interrupted, run it
    again: it continues.

    With --revoke-old, older ones stop working within five minutes, or 50 while Secrets Manager is unavailable; you
    confirm it with the name of the stack.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    name = deployment.target.stack
    identity = identify(deployment)
    found = find_rotatable(name)
    if found is None:
        raise StackNotFound(f"no deployed stack {name!r} in {deployment.region}")
    if revoke_old:
        _confirm(name)
    deployer = Deployer(
        target=deployment.target, identity=identity, region=deployment.region, parameters={}, progress=Progress()
    )
    rotation = SecretRotator(stack=found, deployer=deployer, revoke=revoke_old).run()
    for line in describe(rotation, datetime.now(UTC)):
        typer.echo(line)


def _confirm(name: str) -> None:
    lines = ["These stop working, for ever:", *(f"  - {each}" for each in _STOPS), f"These keep working: {_STAYS}."]
    console.err().print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    confirm_by_name(name, "nothing was changed")
