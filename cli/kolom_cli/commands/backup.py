"""`kolom backup …`: create, list and delete backups of the content of a stack."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from kolom_cli.commands.deployment_options import Profile, Region, StackName, find_deployed, identify, select
from kolom_cli.deploying.backups import BackupSet, create_set, delete_set, find_set, list_sets
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.tables import table_names
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson, Yes
from kolom_cli.terminal.output import Row, format_moment, format_size, print_json, print_list, to_jsonable
from kolom_cli.terminal.plurals import count

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Back up articles, comments, messages and the suppression list."
)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the backup.", show_default=False)]


@command(app, "create", "kolom backup create", "kolom backup create --name before-import")
def create(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The name; the default is the time in UTC.", metavar="NAME")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Back up the tables whose content cannot be made again, and wait until the backups are available.

    They are kept, and billed, until you delete them. Pictures and the secret are not in them.
    """
    tables = _connect(ctx, profile, region, stack)
    created = create_set(name or f"{datetime.now(UTC):%Y-%m-%dT%H%MZ}", tables, Progress())
    if as_json:
        print_json(_as_data(created))
        return
    for backup in created.backups.values():
        typer.echo(f"  {backup.table}: {format_size(backup.size_bytes)}")
    typer.echo(f"Created the backup {created.name}.")


@command(app, "list", "kolom backup list")
def list_backups(
    ctx: typer.Context,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    as_json: AsJson = False,
) -> None:
    """List the backups, newest first. Only a complete one can be restored."""
    sets = list_sets(_connect(ctx, profile, region, stack))
    if as_json:
        print_json([_as_data(each) for each in sets])
        return
    rows = [
        Row(
            (
                each.name,
                format_moment(each.created),
                str(len(each.backups)),
                format_size(each.size_bytes),
                each.problem or "complete",
            )
        )
        for each in sets
    ]
    print_list(("name", "date", "tables", "size", "state"), rows, empty="There are no backups.")


@command(app, "delete", "kolom backup delete before-import")
def delete(
    ctx: typer.Context,
    name: _Name,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = None,
    yes: Yes = False,
) -> None:
    """Delete a backup for ever, also an incomplete one."""
    tables = _connect(ctx, profile, region, stack)
    found = find_set(name, tables)
    if not yes:
        typer.confirm(f"Delete the backup {name} of {format_moment(found.created)} for ever?", abort=True, err=True)
    number = delete_set(found, tables)
    typer.echo(f"Deleted the backup {name} ({count(number, 'backup')} of tables).")


def _connect(ctx: typer.Context, profile: str | None, region: str | None, stack: str | None) -> dict[str, str]:
    """Connect to the stack, and return the names of its tables by their kinds."""
    deployment = select(ctx, profile=profile, region=region, stack=stack)
    identify(deployment)
    return table_names(find_deployed(deployment))


def _as_data(each: BackupSet) -> dict[str, Any]:
    tables = {kind: {"table": one.table, "bytes": one.size_bytes} for kind, one in each.backups.items()}
    fields = {"name": each.name, "created": each.created, "bytes": each.size_bytes, "problem": each.problem}
    return {**to_jsonable(fields), "tables": tables}
