"""Restore tables under temporary names, which the next run finds again."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.destroyer import find_owners
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.restoring.restore_point import MARK, RestorePoint, command_for, option_of
from kolom_cli.deploying.tables import delete_table, describe_table, explaining

POLL_SECONDS: Final = 10.0
_SHOW_SECONDS: Final = 300.0
_MAX_NAME: Final = 255
_FINISHED: Final = "another run has finished or discarded this restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredTable:
    """A running table, and the temporary table with its earlier state."""

    kind: str
    running: str
    temporary: str

    @property
    def suffix(self) -> str:
        """The end of the temporary name, which says what is restored."""
        return self.temporary.removeprefix(self.running)


def find_unfinished(tables: Mapping[str, str]) -> list[RestoredTable]:
    """Return the temporary tables of these tables that earlier runs have left.

    A table with such a name counts only if AWS says that it was restored from this table, and if nobody uses it: it is
    not protected against deletion, and belongs to no stack.
    """
    names = [name for page in client("dynamodb").get_paginator("list_tables").paginate() for name in page["TableNames"]]
    found = [
        RestoredTable(kind=kind, running=table, temporary=name)
        for kind, table in tables.items()
        for name in names
        if name.startswith(f"{table}{MARK}") and option_of(name.removeprefix(table))
    ]
    unused = [each for each in found if _is_unused_copy(describe_table(each.temporary), each.running)]
    owners = find_owners([each.temporary for each in unused])
    return [each for each in unused if each.temporary not in owners]


def refuse_others(point: RestorePoint, unfinished: Iterable[RestoredTable]) -> None:
    """Refuse to begin while another restore is unfinished.

    :raises DeploymentError: there are temporary tables of another one
    """
    others = [each for each in unfinished if each.suffix != point.suffix]
    if others:
        first = others[0].suffix
        command = command_for(option_of(first), [each.kind for each in others if each.suffix == first])
        raise DeploymentError(
            f"an earlier restore is not finished: {', '.join(each.temporary for each in others)}",
            f"continue it with `{command}`, or delete these tables with `kolom restore --discard`",
        )


def restore_tables(
    point: RestorePoint, tables: Mapping[str, str], unfinished: Iterable[RestoredTable], progress: Progress
) -> list[RestoredTable]:
    """Restore the tables under temporary names, and wait until they are ready. Those that exist are not restored again.

    :raises DeploymentError: a table cannot be restored
    """
    restored = [
        RestoredTable(kind=kind, running=table, temporary=table + point.suffix) for kind, table in tables.items()
    ]
    existing = {each.temporary for each in unfinished}
    for each in restored:
        if each.temporary not in existing:
            _begin(point, each, progress)
    try:
        _wait(restored, progress)
    except KeyboardInterrupt:
        progress.step(f"AWS continues by itself. `{point.command}` continues from there.")
        raise
    return restored


def discard(unfinished: Iterable[RestoredTable]) -> list[str]:
    """Delete temporary tables; return the names of those that were deleted."""
    return [each.temporary for each in unfinished if delete_table(each.temporary)]


def _begin(point: RestorePoint, table: RestoredTable, progress: Progress) -> None:
    if len(table.temporary) > _MAX_NAME:
        raise DeploymentError(f"the name {table.temporary} is too long for a table", "use a backup with a shorter name")
    dynamodb = client("dynamodb")
    if describe_table(table.temporary) is not None:
        raise DeploymentError(
            f"there is a table {table.temporary} that is in use, or was not restored from {table.running}",
            "choose another time or backup; if another run has just begun this restore, run the command again",
        )
    running = describe_table(table.running)
    if running is None or running["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        state = "does not exist" if running is None else f"cannot be written ({running['TableStatus']})"
        raise DeploymentError(f"the table {table.running} {state}", "see docs/deploy.md (Restore)")
    progress.step(f"Restoring {table.running} as {table.temporary}")
    # No index of the temporary table is read, and without indexes it is ready earlier.
    target = {"TargetTableName": table.temporary, "GlobalSecondaryIndexOverride": []}
    try:
        with explaining(table.running, "cannot restore the table"):
            if point.backups is not None:
                dynamodb.restore_table_from_backup(BackupArn=point.backups[table.kind].arn, **target)
            else:
                dynamodb.restore_table_to_point_in_time(
                    SourceTableName=table.running, RestoreDateTime=point.moment, **target
                )
    except dynamodb.exceptions.TableAlreadyExistsException:  # Another run was faster.
        pass


def _wait(tables: Iterable[RestoredTable], progress: Progress) -> None:
    began = shown = time.monotonic()
    for each in tables:
        while not _is_ready(each):
            if time.monotonic() - shown >= _SHOW_SECONDS:
                shown = time.monotonic()
                progress.step(f"Waiting for {each.temporary} ({(shown - began) / 60:.0f} minutes)")
            time.sleep(POLL_SECONDS)
        progress.step(f"Restored {each.temporary}")


def check_exists(table: RestoredTable) -> dict[str, Any]:
    """Return the description of a temporary table.

    :raises DeploymentError: it is deleted, or being deleted; what was read from it may be incomplete
    """
    found = describe_table(table.temporary)
    if found is None or found["TableStatus"] == "DELETING":
        raise DeploymentError(f"{_FINISHED}: {table.temporary} is deleted", "run the command again")
    return found


def _is_ready(table: RestoredTable) -> bool:
    found = check_exists(table)
    return found["TableStatus"] == "ACTIVE" and not found.get("RestoreSummary", {}).get("RestoreInProgress")


def _is_unused_copy(table: Mapping[str, Any] | None, running: str) -> bool:
    """Return whether a table was restored from the running one, and is not protected: AWS never restores protection."""
    if table is None or table.get("DeletionProtectionEnabled"):
        return False
    source: str = table.get("RestoreSummary", {}).get("SourceTableArn", "")
    return source.endswith(f":table/{running}")
