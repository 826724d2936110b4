"""`kolom destroy`: delete the stack."""

from typing import Annotated

import typer

from kolom_cli.commands.deployment_options import (
    Deployment,
    Profile,
    Region,
    StackName,
    confirm_by_name,
    identify,
    select,
)
from kolom_cli.deploying import buckets
from kolom_cli.deploying.account import Identity
from kolom_cli.deploying.certificates import owner_of
from kolom_cli.deploying.destroyer import Removal, delete_data, delete_stack, find_removal
from kolom_cli.deploying.domain_removal import release
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import Stack
from kolom_cli.terminal import console


def destroy(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Also delete all articles, comments, messages, pictures and the secret.")
    ] = False,
) -> None:
    """Delete the stack; you confirm it with its name.

    It also deletes the DNS records and the certificate that `kolom deploy --domain` created. Tables, pictures and the
    secret that signs links are kept, and cost the same as before. With --with-data they are
    deleted too, now or after an earlier `kolom destroy`. If it is interrupted, run it again.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    name = deployment.target.stack
    identity = identify(deployment)
    removal = find_removal(name)
    if removal.stack is None and not (with_data and removal.data):
        _delete_uploads(identity, deployment.region, name)
        if deployment.domain:
            _release_domain(deployment, None)
        kept = f"; it has kept {_names(removal)}, which --with-data deletes" if removal.data else ""
        typer.echo(f"There is no stack {name} in {deployment.region}{kept}.")
        return
    _announce(name, removal, with_data=with_data)
    confirm_by_name(name, "nothing was deleted")
    has_domain = deployment.domain or (removal.stack is not None and removal.stack.parameters.get("Domain"))
    if removal.stack is not None:
        # Only after the deletion is it known what a running operation has created, and which data is kept.
        removal = delete_stack(removal.stack, Progress())
    if with_data:
        for line in delete_data(removal, identity, deployment.region):
            typer.echo(line)
    _delete_uploads(identity, deployment.region, name)
    if has_domain:
        _release_domain(deployment, removal.stack)
    typer.echo(f"Deleted the stack {name}." if removal.stack else f"Deleted the data of the stack {name}.")
    if removal.data and not with_data:
        typer.echo(
            f"Kept, and billed as before: {_names(removal)}. `kolom import-resources` begins a new stack with them."
        )


def _delete_uploads(identity: Identity, region: str, name: str) -> None:
    """Delete what was built and uploaded, also after a first deployment that was interrupted before it had a stack."""
    if buckets.delete_bucket(buckets.bucket_name(identity, region, name), identity, region):
        _print("Deleted the uploads.")


def _release_domain(deployment: Deployment, stack: Stack | None) -> None:
    for line in release(owner_of(deployment.target.stack, deployment.region), stack):
        typer.echo(line)


def _announce(name: str, removal: Removal, *, with_data: bool) -> None:
    if removal.stack is not None:
        _print(f"This deletes the stack {name}: the site, its functions, logs and alarms.")
        if domain := removal.stack.parameters.get("Domain"):
            _print(f"It also deletes the certificate and the DNS records that `kolom deploy` created for {domain}.")
    is_busy = removal.stack is not None and removal.stack.condition == "busy"
    if is_busy and with_data:
        _print("This also DELETES ALL CONTENT, for ever, also what the running operation leaves.")
    elif is_busy:
        _print("This keeps the content that the running operation leaves.")
    elif with_data:
        _print(f"This also DELETES ALL CONTENT, for ever: {_names(removal) or 'there is none'}.")
    elif removal.data:
        _print(f"This keeps the content: {_names(removal)}.")


def _names(removal: Removal) -> str:
    return ", ".join(each.physical_id for each in removal.data)


def _print(text: str) -> None:
    console.err().print(text, markup=False, highlight=False, soft_wrap=True)
