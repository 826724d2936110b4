"""The earlier states of moto's tables, as point-in-time recovery has them.

Where moto deviates from the API reference of DynamoDB: a table restored to a point in time has the current items of its
source, whatever the time; the override of indexes is ignored; a restored table is ready at once, without progress;
``RestoreDateTime`` is the time of the call; and the restorable period begins and ends when the recovery is switched on.
Here, a table is restored to the state that :meth:`TableHistory.remember` has kept, without the indexes.
"""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from tests.integration.aws import client


class TableHistory:
    """The kept states of tables. ``not_ready`` is how often a restored table is described as being created."""

    def __init__(self) -> None:
        self.earliest = datetime.now(UTC) - timedelta(days=35)
        self.latest = datetime.now(UTC) - timedelta(minutes=5)
        self.is_enabled = True
        self.not_ready = 0
        self.restored_to: dict[str, datetime] = {}
        self.has_indexes: dict[str, bool] = {}
        self._states: dict[str, Any] = {}

    def remember(self, *tables: str) -> None:
        """Keep the current state of tables; by default of those with content."""
        for name in tables or ("kolom-articles", "kolom-comments", "kolom-messages"):
            self._states[name] = copy.deepcopy(backend().tables[name].items)

    def describe_backups(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803 (the name of the API)
        client("dynamodb").describe_table(TableName=TableName)
        recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "ENABLED" if self.is_enabled else "DISABLED"}
        if self.is_enabled:
            recovery |= {"EarliestRestorableDateTime": self.earliest, "LatestRestorableDateTime": self.latest}
        return {
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": recovery,
            }
        }

    def observe(self, name: str, parameters: Mapping[str, Any]) -> Any:
        """Keep what the calls that restore tables say, which moto ignores."""
        if name.startswith("RestoreTable"):
            target = parameters["TargetTableName"]
            self.has_indexes[target] = parameters["GlobalSecondaryIndexOverride"] != []
            if "RestoreDateTime" in parameters:
                self.restored_to[target] = parameters["RestoreDateTime"]


def backend() -> DynamoDBBackend:
    """Return the tables of moto."""
    from moto.dynamodb.models import dynamodb_backends

    found: DynamoDBBackend = dynamodb_backends["123456789012"]["us-east-1"]
    return found


def with_history(history: TableHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moto restore tables to the states of the history."""
    original = DynamoDBBackend.restore_table_to_point_in_time
    from_backup = DynamoDBBackend.restore_table_from_backup
    describe = Table.describe

    def restore(self: DynamoDBBackend, target: str, source: str) -> Any:
        table = original(self, target, source)
        table.items = copy.deepcopy(history._states[source])
        return without_indexes(table)

    def restore_backup(self: DynamoDBBackend, target: str, arn: str) -> Any:
        table = from_backup(self, target, arn)
        return without_indexes(table) if not history.has_indexes[target] else table

    def describe_slowly(self: Table, base_key: str = "TableDescription") -> dict[str, Any]:
        found = describe(self, base_key)
        if base_key == "Table" and "-restore-" in self.name and history.not_ready:
            history.not_ready -= 1
            found[base_key]["TableStatus"] = "CREATING"
        return found

    monkeypatch.setattr(DynamoDBBackend, "restore_table_to_point_in_time", restore)
    monkeypatch.setattr(DynamoDBBackend, "restore_table_from_backup", restore_backup)
    monkeypatch.setattr(Table, "describe", describe_slowly)


def without_indexes(table: Table) -> Table:
    table.global_indexes = []
    return table
