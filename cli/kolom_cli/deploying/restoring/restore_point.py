"""What is restored: the state of the tables at a time, or a backup."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from kolom_cli.deploying.backups import BackupSet, TableBackup, find_set
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.tables import describe_recovery

KINDS: Final = ("articles", "comments", "messages")
"""The kinds of tables that can be restored in place."""

LATEST: Final = "latest"
MARK: Final = "-restore-"
"""Between the name of a table and the rest of the name of its temporary table."""

_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_SHOWN: Final = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """What the tables of ``kinds`` are restored to: their state at ``moment``, or ``backups``, by kind.

    The first of the backups was requested at ``moment``.
    """

    kinds: Collection[str]
    moment: datetime
    backup_name: str = ""
    backups: Mapping[str, TableBackup] | None = None

    @property
    def suffix(self) -> str:
        """The end of the names of the temporary tables. It contains everything by which the next run finds them."""
        return f"{MARK}of-{self.backup_name}" if self.backups else f"{MARK}at-{self.moment.astimezone(UTC):{_FORMAT}}"

    @property
    def command(self) -> str:
        """The command that continues the restore, of the same kinds of tables."""
        return command_for(f"--backup {self.backup_name}" if self.backups else _option_at(self.moment), self.kinds)

    def __str__(self) -> str:
        shown = f"{self.moment.astimezone(UTC):{_SHOWN}}"
        return f"the backup {self.backup_name} of {shown}" if self.backups else shown


def option_of(suffix: str) -> str:
    """Return the option that continues a restore, by the end of the name of a temporary table.

    It is empty if the name is not of a restore.
    """
    kind, _, rest = suffix.removeprefix(MARK).partition("-")
    if kind == "of":
        return f"--backup {rest}"
    try:
        moment = datetime.strptime(rest, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return ""
    return _option_at(moment)


def command_for(option: str, kinds: Collection[str]) -> str:
    """Return the command that restores these kinds of tables; ``option`` says to which state."""
    only = [f"--only {kind}" for kind in KINDS if kind in kinds]
    return " ".join(["kolom restore", option, *(only if len(only) < len(KINDS) else ())])


def command_at(moment: datetime, kinds: Collection[str]) -> str:
    """Return the command that restores these kinds of tables to a time."""
    return command_for(_option_at(moment), kinds)


def parse_moment(value: str, zone: ZoneInfo) -> datetime:
    """Return the time that an owner has typed; without an offset, it is in ``zone``.

    :raises DeploymentError: it is not a time, or not exactly one because the clocks change
    """
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        found = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise DeploymentError(
            f"{value!r} is not a time", "write it like 2026-11-30T19:05, 2026-11-30T19:05+07:00, or latest"
        ) from None
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        raise DeploymentError(
            f"the clocks change in {zone}: {value} exists twice or not at all",
            f"write it in UTC, like {found:%Y-%m-%dT%H:%MZ}",
        )
    return found


def at_time(value: str, zone: ZoneInfo, tables: Mapping[str, str], now: datetime) -> RestorePoint:
    """Return the point for a time to which all tables can be restored.

    :raises DeploymentError: it is no such time
    """
    wanted = None if value == LATEST else parse_moment(value, zone)
    if wanted is not None and wanted > now:
        raise DeploymentError(f"{wanted:{_SHOWN}} is in the future", "choose an earlier time, or --at latest")
    periods = [_restorable_period(table) for table in tables.values()]
    earliest, latest = max(each[0] for each in periods), min(each[1] for each in periods)
    if earliest > latest:
        raise DeploymentError(
            "the tables have no time in common to which they can be restored", "restore a table alone (--only)"
        )
    if wanted is None:
        return RestorePoint(kinds=tuple(tables), moment=latest)
    if not earliest <= wanted <= latest:
        raise DeploymentError(
            f"the tables can be restored to times from {earliest:{_SHOWN}} to {latest:{_SHOWN}}, not to "
            f"{wanted:{_SHOWN}}",
            "choose a time in this period (AWS is about five minutes behind), or a backup (`kolom backup list`)",
        )
    return RestorePoint(kinds=tuple(tables), moment=wanted)


def of_backup(name: str, tables: Mapping[str, str], all_tables: Mapping[str, str]) -> RestorePoint:
    """Return the point for a complete backup. ``all_tables`` are those that a complete one has.

    :raises DeploymentError: there is none with that name, or it is not complete
    """
    found: BackupSet = find_set(name, all_tables)
    if found.problem:
        raise DeploymentError(
            f"the backup {name} cannot be restored: it is {found.problem}",
            "use a complete one (`kolom backup list`); if it is being created, wait some minutes",
        )
    return RestorePoint(
        kinds=tuple(tables),
        moment=found.created,
        backup_name=name,
        backups={kind: found.backups[kind] for kind in tables},
    )


def _option_at(moment: datetime) -> str:
    return f"--at {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _restorable_period(table: str) -> tuple[datetime, datetime]:
    recovery = describe_recovery(table)
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED" or "LatestRestorableDateTime" not in recovery:
        raise DeploymentError(
            f"the point-in-time recovery of {table} is switched off",
            "restore a backup (`kolom backup list`); docs/operate.md (Backups) says how to switch it on",
        )
    earliest, latest = (recovery[f"{name}RestorableDateTime"].astimezone(UTC) for name in ("Earliest", "Latest"))
    # Whole seconds within the period, because the name of a temporary table has no fractions.
    return (earliest + timedelta(microseconds=999_999)).replace(microsecond=0), latest.replace(microsecond=0)
