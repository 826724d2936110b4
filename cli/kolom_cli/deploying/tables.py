"""The tables of a stack by their kinds, and operations on single tables of DynamoDB."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import client
from kolom_cli.deploying.answers import output
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.stack import Stack

WITH_BACKUPS: Final = ("articles", "comments", "messages", "outbox")
"""The kinds of tables whose content cannot be made again. The others are Search and Guard."""

_WAIT: Final = "wait until it has ended, then run the command again"
_PROBLEMS: Final[Mapping[str, tuple[str, str]]] = {
    "TableNotFoundException": ("it does not exist", "see docs/deploy.md (Restore)"),
    "ResourceNotFoundException": ("it does not exist", "see docs/deploy.md (Restore)"),
    "TableInUseException": ("it is being created, changed or deleted", _WAIT),
    "ResourceInUseException": ("it is being created, changed or deleted", _WAIT),
    "BackupInUseException": ("another operation uses the backup", _WAIT),
    "BackupNotFoundException": ("the backup does not exist any more", "see `kolom backup list`"),
    "ContinuousBackupsUnavailableException": ("it cannot be backed up yet", "run the command again in some minutes"),
    "PointInTimeRecoveryUnavailableException": (
        "its point-in-time recovery is switched off",
        "restore a backup (`kolom backup list`); docs/operate.md (Backups) says how to switch it on",
    ),
    "InvalidRestoreTimeException": ("it cannot be restored to this time", "choose another time"),
    "LimitExceededException": (
        "the account has too many tables, or too many operations are running",
        "wait until the others have ended, or request a higher quota in Service Quotas; then run the command again",
    ),
}


def table_names(stack: Stack, kinds: tuple[str, ...] = WITH_BACKUPS) -> dict[str, str]:
    """Return the names of the stack's tables by their kinds."""
    return {kind: output(stack.outputs, f"{kind.title()}Table") for kind in kinds}


def describe_table(name: str) -> dict[str, Any] | None:
    """Return the description of a table; None if there is none."""
    dynamodb = client("dynamodb")
    try:
        table: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return table


def delete_table(name: str) -> bool:
    """Delete a table, also a protected one, and wait until it is deleted. Return whether it existed.

    :raises DeploymentError: it is being changed
    """
    dynamodb = client("dynamodb")
    table = describe_table(name)
    if table is None:
        return False
    if table.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    if table["TableStatus"] != "DELETING":
        try:
            dynamodb.delete_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return False
        except dynamodb.exceptions.ResourceInUseException as error:
            raise DeploymentError(f"the table {name} is being changed", "run the command again in a minute") from error
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 3, "MaxAttempts": 200})
    return True


@contextmanager
def explaining(table: str, what: str) -> Iterator[None]:
    """Convert the errors that DynamoDB has for operations on tables; ``what`` says what cannot be done.

    :raises DeploymentError: an error of the service with a known cause
    """
    try:
        yield
    except ClientError as error:
        if (problem := _PROBLEMS.get(error.response["Error"]["Code"])) is None:
            raise
        text, fix = problem
        raise DeploymentError(f"{what} {table}: {text}", fix) from error


def describe_recovery(table: str) -> Mapping[str, Any]:
    """Return the state of the point-in-time recovery of a table."""
    with explaining(table, "cannot read the backups of"):
        answer = client("dynamodb").describe_continuous_backups(TableName=table)
    found: Mapping[str, Any] = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return found


def is_recoverable(table: str) -> bool:
    """Return whether the point-in-time recovery of a table is switched on."""
    return bool(describe_recovery(table).get("PointInTimeRecoveryStatus") == "ENABLED")
