"""How much a stack has stored, as AWS reports it: up to six hours old for tables, and a day or two for the bucket."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.answers import output
from kolom_cli.deploying.stack import Stack

_TABLES: Final = ("Articles", "Comments", "Messages", "Outbox", "Search", "Guard")
_WINDOW: Final = timedelta(days=3)
_DAY_SECONDS: Final = 86_400


def table_sizes(stack: Stack) -> Mapping[str, Mapping[str, int]]:
    """Return the items and bytes of each table, with the bytes of its indexes. A request for each, free of charge."""
    sizes = {}
    for name in _TABLES:
        table = client("dynamodb").describe_table(TableName=output(stack.outputs, f"{name}Table"))["Table"]
        indexes = table.get("GlobalSecondaryIndexes", ())
        sizes[name.lower()] = {
            "items": table["ItemCount"],
            "bytes": table["TableSizeBytes"] + sum(each.get("IndexSizeBytes", 0) for each in indexes),
        }
    return sizes


def bucket_size(stack: Stack, now: datetime | None = None) -> Mapping[str, int] | None:
    """Return the objects and bytes of the bucket by its daily metrics; None if there are none yet. Two requests.

    The metric of bytes is that of the standard storage class, in which Kolom stores everything.
    """
    bucket = output(stack.outputs, "MediaBucket")
    now = now or datetime.now(UTC)
    stored = _latest(bucket, "BucketSizeBytes", "StandardStorage", now)
    objects = _latest(bucket, "NumberOfObjects", "AllStorageTypes", now)
    return None if stored is None or objects is None else {"objects": objects, "bytes": stored}


def _latest(bucket: str, metric: str, storage_type: str, now: datetime) -> int | None:
    points: list[dict[str, Any]] = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/S3",
        MetricName=metric,
        Dimensions=[{"Name": "BucketName", "Value": bucket}, {"Name": "StorageType", "Value": storage_type}],
        StartTime=now - _WINDOW,
        EndTime=now,
        Period=_DAY_SECONDS,
        Statistics=["Average"],
    )["Datapoints"]
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return None if newest is None else round(newest["Average"])
