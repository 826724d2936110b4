"""Backups on demand: one of each table whose content cannot be made again, under one name.

DynamoDB knows only backups of single tables. Those with the same name are one set here. A set is complete when it has
exactly one available backup of each table, so a run that is interrupted between requests leaves an incomplete one.
"""

import re
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.tables import explaining

POLL_SECONDS: Final = 5.0
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,100}")
_PREFIX: Final = "kolom."
"""The names in DynamoDB begin with this, so that other backups of the tables are not taken for sets."""

_NOT_UNIQUE: Final = "not unique: a table was backed up twice under this name"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBackup:
    """A backup of one table."""

    arn: str
    table: str
    created: datetime
    size_bytes: int
    is_available: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSet:
    """The backups of a name, by the kinds of their tables.

    ``problem`` says why they cannot be restored; it is empty if they can be.
    """

    name: str
    backups: Mapping[str, TableBackup]
    problem: str

    @property
    def created(self) -> datetime:
        """When the first of the backups was requested."""
        return min(each.created for each in self.backups.values())

    @property
    def size_bytes(self) -> int:
        """The size of all backups."""
        return sum(each.size_bytes for each in self.backups.values())


def check_name(name: str) -> None:
    """Check the name of a new set.

    :raises DeploymentError: it is not a name
    """
    if not _NAME.fullmatch(name):
        raise DeploymentError(
            f"{name!r} cannot be the name of a backup", "use 3 to 100 letters, digits, dots, hyphens and underscores"
        )


def list_sets(tables: Mapping[str, str]) -> list[BackupSet]:
    """Return the backup sets of ``tables`` (names by kind), the newest first."""
    found: defaultdict[str, list[tuple[str, TableBackup]]] = defaultdict(list)
    for kind, table in tables.items():
        for name, backup in _list_backups(table):
            found[name].append((kind, backup))
    sets = [_to_set(name, backups, tables) for name, backups in found.items()]
    return sorted(sets, key=lambda each: each.created, reverse=True)


def find_set(name: str, tables: Mapping[str, str]) -> BackupSet:
    """Return the set with that name.

    :raises DeploymentError: there is none
    """
    sets = list_sets(tables)
    for each in sets:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in sets[:5]) or "there is none"
    raise DeploymentError(f"there is no backup {name!r}", f"use one of `kolom backup list`: {known}")


def find_newest(table: str, name: str | None = None) -> TableBackup | None:
    """Return the newest available backup of a table. With ``name``, return the table's backup in that set.

    The table need not exist any more. Without a name, this may also be the backup that AWS makes of a deleted table, or
    one of another tool.
    """
    if name is not None:
        found = [backup for each, backup in _list_backups(table) if each == name and backup.is_available]
    else:
        pages = client("dynamodb").get_paginator("list_backups").paginate(TableName=table, BackupType="ALL")
        every = (_to_backup(each) for page in pages for each in page["BackupSummaries"])
        found = [each for each in every if each.is_available]
    return max(found, key=lambda each: each.created, default=None)


def create_set(name: str, tables: Mapping[str, str], progress: Progress) -> BackupSet:
    """Back up the tables under a new name, and wait until all backups are available.

    :raises DeploymentError: the name is invalid or exists, or a table cannot be backed up, or has two of these backups
    """
    check_name(name)
    if any(each.name == name for each in list_sets(tables)):
        raise DeploymentError(
            f"there is a backup {name!r} already", f"use another --name, or `kolom backup delete {name}`"
        )
    progress.step(f"Creating the backup {name}")
    dynamodb = client("dynamodb")
    requested: dict[str, str] = {}
    try:
        for kind, table in tables.items():
            with explaining(table, "cannot back up the table"):
                answer = dynamodb.create_backup(TableName=table, BackupName=_PREFIX + name)
            requested[kind] = answer["BackupDetails"]["BackupArn"]
    except BaseException:
        if requested:
            progress.step(f"The backup {name} is incomplete: delete it with `kolom backup delete {name}`.")
        raise
    try:
        backups = {kind: _wait(tables[kind], arn) for kind, arn in requested.items()}
    except KeyboardInterrupt:
        progress.step("AWS completes the backup by itself: see `kolom backup list`.")
        raise
    # AWS makes another backup if the response of a request was lost, and the request is repeated.
    if any(each.name == name and each.problem == _NOT_UNIQUE for each in list_sets(tables)):
        raise DeploymentError(
            f"the backup {name} cannot be restored: a table was backed up twice under this name",
            f"delete it with `kolom backup delete {name}`, and create another one",
        )
    return BackupSet(name=name, backups=backups, problem="")


def _wait(table: str, arn: str) -> TableBackup:
    """Wait until a backup is available, and return it."""
    while True:
        with explaining(table, "cannot back up the table"):
            details = client("dynamodb").describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
        backup = _to_backup({**details, "TableName": table})
        if backup.is_available:
            return backup
        time.sleep(POLL_SECONDS)


def delete_set(found: BackupSet, tables: Mapping[str, str]) -> int:
    """Delete the backups of a set, also of an incomplete one; return their number."""
    dynamodb = client("dynamodb")
    number = 0
    for table in tables.values():
        for name, backup in _list_backups(table):
            if name != found.name:
                continue
            with (
                explaining(table, "cannot delete the backup of"),
                suppress(dynamodb.exceptions.BackupNotFoundException),
            ):
                dynamodb.delete_backup(BackupArn=backup.arn)
            number += 1
    return number


def _list_backups(table: str) -> list[tuple[str, TableBackup]]:
    pages = client("dynamodb").get_paginator("list_backups").paginate(TableName=table, BackupType="USER")
    return [
        (each["BackupName"].removeprefix(_PREFIX), _to_backup(each))
        for page in pages
        for each in page["BackupSummaries"]
        if each["BackupName"].startswith(_PREFIX) and each["BackupStatus"] != "DELETED"
    ]


def _to_backup(summary: Mapping[str, Any]) -> TableBackup:
    return TableBackup(
        arn=summary["BackupArn"],
        table=summary["TableName"],
        created=summary["BackupCreationDateTime"],
        size_bytes=summary.get("BackupSizeBytes", 0),
        is_available=summary["BackupStatus"] == "AVAILABLE",
    )


def _to_set(name: str, backups: list[tuple[str, TableBackup]], tables: Mapping[str, str]) -> BackupSet:
    by_kind = dict(backups)
    missing = [kind for kind in tables if kind not in by_kind]
    unfinished = [kind for kind, each in by_kind.items() if not each.is_available]
    problem = ""
    if missing:
        problem = f"incomplete: without {', '.join(missing)}"
    elif len(by_kind) < len(backups):
        problem = _NOT_UNIQUE
    elif unfinished:
        problem = f"being created: {', '.join(unfinished)}"
    return BackupSet(name=name, backups=by_kind, problem=problem)
