"""Check that a table can be that of the template, and switch on what a restored table lacks."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.tables import describe_table, explaining, is_recoverable

POLL_SECONDS: Final = 5.0


def find_problems(name: str, wanted: Mapping[str, Any]) -> list[str]:
    """Return what prevents that the table is imported with the properties ``wanted``."""
    table = describe_table(name)
    if table is None:
        return ["it does not exist"]
    if table["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        return [f"it is {table['TableStatus']}"]
    types = _types(table)
    problems = []
    if _keys(table, types) != (expected := _keys(wanted, _types(wanted))):
        problems.append(f"its keys must be {expected}")
    existing = {each["IndexName"]: each for each in table.get("GlobalSecondaryIndexes", ())}
    for index in wanted.get("GlobalSecondaryIndexes", ()):
        found = existing.get(index["IndexName"])
        if found is None or _index(found, types) != _index(index, _types(wanted)):
            problems.append(f"it needs the index {index['IndexName']} of the template")
    stream = table.get("StreamSpecification", {}).get("StreamViewType")
    if stream and stream != _stream(wanted):
        problems.append(f"its stream has {stream}, not {_stream(wanted) or 'none'}: switch the stream off")
    attribute = _expiry(name).get("AttributeName")
    if attribute and attribute != _expiry_attribute(wanted):
        problems.append(f"its items expire by {attribute}, not {_expiry_attribute(wanted) or 'never'}")
    return problems


def complete_settings(name: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Switch on the stream, the expiry and the point-in-time recovery if they are missing; yield what was done.

    :raises DeploymentError: the table is being changed
    """
    dynamodb = client("dynamodb")
    with explaining(name, "cannot change the table"):
        _wait_until_active(name)
        table = describe_table(name) or {}
        if (view := _stream(wanted)) and not table.get("StreamSpecification", {}).get("StreamEnabled"):
            dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
            _wait_until_active(name)
            yield f"{name}: switched on the stream"
        if (attribute := _expiry_attribute(wanted)) and _expiry(name).get("TimeToLiveStatus") in {None, "DISABLED"}:
            dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
            )
            yield f"{name}: switched on the expiry of items"
        if _wants_recovery(wanted) and not is_recoverable(name):
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
            yield f"{name}: switched on point-in-time recovery"


def _wait_until_active(name: str) -> None:
    while (table := describe_table(name)) is not None and table["TableStatus"] != "ACTIVE":
        if table["TableStatus"] == "DELETING":
            raise DeploymentError(f"the table {name} is being deleted", "see docs/deploy.md (Restore)")
        time.sleep(POLL_SECONDS)


def _types(table: Mapping[str, Any]) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}


def _keys(owner: Mapping[str, Any], types: Mapping[str, str]) -> str:
    """Return the keys of a table or an index as text: ``key (S), part (S)``."""
    ordered: Iterable[Mapping[str, str]] = sorted(owner["KeySchema"], key=lambda each: each["KeyType"] != "HASH")
    return ", ".join(f"{each['AttributeName']} ({types[each['AttributeName']]})" for each in ordered)


def _index(index: Mapping[str, Any], types: Mapping[str, str]) -> tuple[str, str, list[str]]:
    projection = index["Projection"]
    return _keys(index, types), projection["ProjectionType"], sorted(projection.get("NonKeyAttributes", ()))


def _stream(wanted: Mapping[str, Any]) -> str:
    return str(wanted.get("StreamSpecification", {}).get("StreamViewType", ""))


def _expiry_attribute(wanted: Mapping[str, Any]) -> str:
    return str(wanted.get("TimeToLiveSpecification", {}).get("AttributeName", ""))


def _expiry(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return found


def _wants_recovery(wanted: Mapping[str, Any]) -> bool:
    return bool(wanted.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"))
