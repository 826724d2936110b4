"""What is restored: the state of the tables at a time, or a backup."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from kolom_cli.deploying.backups import BackupSet, TableBackup, find_set
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.tables import describe_recovery

LATEST: Final = "latest"
MARK: Final = "-restore-"
"""Between the name of a table and the rest of the name of its temporary table."""

_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_SHOWN: Final = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """A time, of which the tables have the state; or the backups of a set, by the kinds of tables."""

    moment: datetime
    backup_name: str = ""
    backups: Mapping[str, TableBackup] | None = None

    @property
    def suffix(self) -> str:
        """The end of the names of the temporary tables. It contains everything by which the next run finds them."""
        return f"{MARK}of-{self.backup_name}" if self.backups else f"{MARK}at-{self.moment.astimezone(UTC):{_FORMAT}}"

    @property
    def option(self) -> str:
        """The option with which the next run continues."""
        return (
            f"--backup {self.backup_name}" if self.backups else f"--at {self.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        )

    def __str__(self) -> str:
        shown = f"{self.moment.astimezone(UTC):{_SHOWN}}"
        return f"the backup {self.backup_name} of {shown}" if self.backups else shown


def option_of(suffix: str) -> str:
    """Return the option that continues a restore, by the end of the name of a temporary table."""
    kind, _, rest = suffix.removeprefix(MARK).partition("-")
    if kind == "of":
        return f"--backup {rest}"
    try:
        moment = datetime.strptime(rest, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return ""
    return RestorePoint(moment=moment).option


def parse_moment(value: str, zone: ZoneInfo) -> datetime:
    """Return the time that an owner has typed; without an offset, it is in ``zone``.

    :raises DeploymentError: it is not a time
    """
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise DeploymentError(
            f"{value!r} is not a time", "write it like 2026-11-30T19:05, 2026-11-30T19:05+07:00, or latest"
        ) from None


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
        return RestorePoint(moment=latest)
    if not earliest <= wanted <= latest:
        raise DeploymentError(
            f"the tables can be restored to times from {earliest:{_SHOWN}} to {latest:{_SHOWN}}, not to "
            f"{wanted:{_SHOWN}}",
            "choose a time in this period (AWS is about five minutes behind), or a backup (`kolom backup list`)",
        )
    return RestorePoint(moment=wanted)


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
    return RestorePoint(moment=found.created, backup_name=name, backups={kind: found.backups[kind] for kind in tables})


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
