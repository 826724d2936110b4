"""`kolom import-resources`: begin a new stack with the data that a deleted one has kept."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import typer

from kolom.errors import KolomError
from kolom_cli.commands.deployment_options import Profile, Region, StackName, identify, select
from kolom_cli.deploying import answers
from kolom_cli.deploying.kept_resources import KeptResources, find_resources
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.resource_import import (
    LATEST,
    REBUILT,
    LostTable,
    checked_input,
    execute,
    find_lost,
    new_parameters,
    plan,
    prepare_tables,
    restore_lost,
    settle,
    tables_of,
    wait_until_restored,
)
from kolom_cli.terminal.options import DryRun, Yes
from kolom_cli.terminal.plurals import count

_NEXT = "Run `kolom deploy` now: it adds the site, its functions and alarms."
_FORGET = (
    "The backup brings back data that was erased after it was made: repeat `kolom comments forget` and "
    "`kolom messages forget` for people who asked for it."
)


def import_resources(  # noqa: PLR0913, RUF100 (one parameter per option)
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(
            "--resource",
            help="Use this resource instead of looking for one, such as ArticlesTable=NAME, MediaBucket=NAME or "
            "Secret=ARN; may be repeated.",
            metavar="ID=NAME",
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="Begin without this resource, such as MessagesTable.", metavar="ID"),
    ] = None,
    from_backup: Annotated[
        str | None,
        typer.Option(
            "--from-backup",
            help=f"Restore lost tables from the backup of this name; `{LATEST}`: each table from its newest backup.",
            metavar="NAME",
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Begin a new stack with the tables, pictures and secret that `kolom destroy` has kept.

    It finds what the deleted stack has kept, compares each table with the template, switches on its stream, its expiry
    and its point-in-time recovery if they are missing, and imports everything into a new stack of the same name. Then
    run `kolom deploy`. If it is interrupted, run it again: it continues.
    """
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    identity = identify(deployment)
    name, progress = deployment.target.stack, Progress()
    if settle(name, progress):
        typer.echo(f"The stack {name} exists, and has its resources. {_NEXT}")
        return
    kept = find_resources(name, _parse(resource or ()), without or (), deployment.parameters)
    parameters = {**kept.parameters, **deployment.parameters}
    lost = find_lost(kept, name, parameters, from_backup)
    _announce(kept, lost, progress)
    if dry_run:
        checked_input(kept.found)  # for its checks
        typer.echo("Dry run: nothing was changed.")
        return
    if not yes:
        typer.confirm(f"Import this into a new stack {name}?", abort=True, err=True)
    restore_lost(lost, progress)
    found = {**kept.found, **{each.logical_id: each.name for each in lost}}
    wait_until_restored(tables_of(found), progress)
    template, resources = checked_input(found)
    for line in prepare_tables(template, found):
        progress.step(line)
    merged = new_parameters(name, found, deployment.parameters, kept.parameters)
    answers.check_values(merged)
    planned = plan(name, template, resources)
    progress.plan(planned.describe())
    replace(deployment, parameters=merged).remember(identity)
    execute(planned, progress)
    typer.echo(f"Imported {count(len(found), 'resource')} into the stack {name}. {_NEXT}")
    restored = {each.logical_id for each in lost}
    if "ArticlesTable" in restored:
        typer.echo("Then run `kolom reindex --rebuild`: the search index may know newer articles.")
    if {"CommentsTable", "MessagesTable"} & restored:
        typer.echo(_FORGET)


def _parse(options: Iterable[str]) -> dict[str, str]:
    if wrong := [each for each in options if not all(each.partition("="))]:
        raise KolomError(f"--resource needs ID=NAME, got {wrong[0]!r}")
    return {key.strip(): value.strip() for key, _, value in (each.partition("=") for each in options)}


def _announce(kept: KeptResources, lost: Iterable[LostTable], progress: Progress) -> None:
    for logical_id, physical_id in kept.found.items():
        progress.step(f"  {logical_id}: {physical_id}")
    for each in lost:
        progress.step(f"  {each.logical_id}: {each.name}, from a backup of {each.backup.created:%Y-%m-%d %H:%M} UTC")
    for logical_id in kept.missing:
        if logical_id in REBUILT:
            advice = ", then run `kolom reindex --rebuild`" if logical_id == "SearchTable" else ""
            progress.step(f"  {logical_id}: missing; `kolom deploy` creates an empty one{advice}")
