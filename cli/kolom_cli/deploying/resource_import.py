"""Begin a new stack with the tables, the bucket and the secret of a deleted one: CloudFormation's resource import.

Each step looks at what exists before it acts, so that a run continues where an earlier one stopped.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from kolom_cli.deploying import restored_tables
from kolom_cli.deploying.account import client
from kolom_cli.deploying.backups import TableBackup, find_newest
from kolom_cli.deploying.change_set import ChangeSet, create_import
from kolom_cli.deploying.destroyer import find_owners
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.kept_resources import KeptResources, data_types, default_table, kind_of
from kolom_cli.deploying.operation import events_of_operation, failure, follow, latest_event
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import Stack, find_stack, list_resources, refuse_other
from kolom_cli.deploying.table_settings import complete_settings, find_problems
from kolom_cli.deploying.tables import describe_table, explaining
from kolom_cli.sam.defaults import TEMPLATE
from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.sam.stack_import import import_input

POLL_SECONDS: Final = 10.0
LATEST: Final = "latest"
REBUILT: Final = frozenset({"SearchTable", "GuardTable"})
"""Tables that `kolom deploy` creates again if they are missing."""

_TABLE: Final = "AWS::DynamoDB::Table"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTable:
    """A table that does not exist, and the backup from which it can be restored."""

    logical_id: str
    name: str
    backup: TableBackup


def settle(name: str, progress: Progress) -> bool:
    """Wait for an operation of the stack; return whether the stack has resources, so that nothing is to be imported.

    :raises DeploymentError: it is a stack of another application, or its creation failed
    """
    stack = find_stack(name)
    if stack is None:
        return False
    refuse_other(stack)
    if stack.condition == "busy":
        progress.step(f"Waiting for the operation that is running: {stack.status}")
        with progress.following():
            stack = follow(stack.stack_id, progress.event)
    if stack.condition == "new":
        return False
    if stack.condition == "ready":
        return _has_resources(stack)
    raise DeploymentError(f"the stack {name} exists ({stack.status})", "see `kolom doctor` for what to do")


def find_lost(
    kept: KeptResources, stack: str, parameters: Mapping[str, str], from_backup: str | None
) -> list[LostTable]:
    """Return the missing tables with the backups from which they are to be restored.

    :raises DeploymentError: something is missing that `kolom deploy` would create empty
    """
    lost, missing = [], []
    for logical_id in kept.missing:
        if logical_id in REBUILT:
            continue
        if data_types()[logical_id] == _TABLE:
            name = default_table(stack, logical_id, parameters)
            backup = find_newest(name, None if from_backup in {None, LATEST} else from_backup)
            if backup is not None and from_backup is not None:
                lost.append(LostTable(logical_id=logical_id, name=name, backup=backup))
                continue
            advice = f" ({name}; --from-backup {LATEST} restores it)" if backup else f" ({name}, without a backup)"
        else:
            advice = " (a secret can be restored for some days after its deletion)" if logical_id == "Secret" else ""
        missing.append(logical_id + advice)
    if missing:
        raise DeploymentError(
            f"not found: {', '.join(missing)}",
            "name what has another name (--resource ID=NAME), or begin without it and lose its content (--without ID)",
        )
    return lost


def restore_lost(lost: Sequence[LostTable], progress: Progress) -> None:
    """Restore tables from their backups under their own names, and wait until they are ready.

    :raises DeploymentError: a table cannot be restored
    """
    dynamodb = client("dynamodb")
    for each in lost:
        progress.step(f"Restoring {each.name} from its backup of {each.backup.created:%Y-%m-%d %H:%M} UTC")
        with (
            explaining(each.name, "cannot restore the table"),
            suppress(dynamodb.exceptions.TableAlreadyExistsException),  # The response of an attempt was lost.
        ):
            dynamodb.restore_table_from_backup(TargetTableName=each.name, BackupArn=each.backup.arn)


def wait_until_restored(tables: Mapping[str, str], progress: Progress) -> None:
    """Wait until tables that are being restored are ready."""
    for name in tables.values():
        is_shown = False
        while (table := describe_table(name)) is not None and table["TableStatus"] == "CREATING":
            if not is_shown:
                progress.step(f"Waiting for {name}, which can take more than an hour")
            is_shown = True
            time.sleep(POLL_SECONDS)


def tables_of(found: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the tables among resources, by their logical ids."""
    kinds = data_types()
    return {logical_id: name for logical_id, name in found.items() if kinds[logical_id] == _TABLE}


def checked_input(found: Mapping[str, str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Check the resources, and return the template and the list of resources for the import.

    :raises DeploymentError: a resource belongs to a stack, or a table does not match the template
    """
    owners = find_owners(list(found.values()))
    problems = [f"{each} belongs to the stack {owner}" for each, owner in owners.items()]
    try:
        template, resources = import_input(TEMPLATE, found)
    except TemplateError as error:
        raise DeploymentError(str(error), "correct the option --resource") from error
    for logical_id, name in tables_of(found).items():
        wanted = template["Resources"][logical_id]["Properties"]
        problems += [f"{name} ({logical_id}): {each}" for each in find_problems(name, wanted)]
    if problems:
        raise DeploymentError(
            "; ".join(problems), "correct this, or name other resources (--resource ID=NAME). Nothing was changed"
        )
    return template, resources


def prepare_tables(template: Mapping[str, Any], found: Mapping[str, str]) -> Iterator[str]:
    """Correct restored tables, then complete the settings of all, which include their streams; yield what was done."""
    tables = tables_of(found)
    yield from restored_tables.correct(tables)
    for logical_id, name in tables.items():
        yield from complete_settings(name, template["Resources"][logical_id]["Properties"])


def plan(stack: str, template: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> ChangeSet:
    """Create the change set of the import.

    :raises DeploymentError: CloudFormation refuses it, or it would do something else
    """
    planned = create_import(stack, template, resources)
    if others := [each.logical_id for each in planned.changes if each.verb != "import"]:
        planned.discard()
        raise DeploymentError(f"the change set does not import {', '.join(others)}", "see docs/deploy.md (Restore)")
    return planned


def execute(planned: ChangeSet, progress: Progress) -> None:
    """Execute the change set, and wait until everything is imported.

    :raises DeploymentError: CloudFormation could not import a resource
    """
    after = latest_event(planned.stack_id)
    progress.begin(len(planned.changes))
    planned.execute()
    with progress.following():
        stack = follow(planned.stack_id, progress.event, after=after)
    if stack.status != "IMPORT_COMPLETE":
        raise failure(stack, events_of_operation(stack.stack_id, after=after), "the import failed; nothing was changed")


def new_parameters(
    stack: str, found: Mapping[str, str], parameters: Mapping[str, str], previous: Mapping[str, str]
) -> dict[str, str]:
    """Return the parameters of the deployment that follows: those that are given, and those of the deleted stack.

    A table with another name than the template gives it needs the parameter with its name.
    """
    merged = {**previous, **parameters}
    for logical_id, name in tables_of(found).items():
        merged.pop(f"{logical_id}Name", None)
        if name != f"{stack}-{kind_of(logical_id)}":
            merged[f"{logical_id}Name"] = name
    return merged


def _has_resources(stack: Stack) -> bool:
    return any(
        each.physical_id and not each.status.startswith(("DELETE_COMPLETE", "IMPORT_ROLLBACK", "IMPORT_FAILED"))
        for each in list_resources(stack.stack_id)
    )
