"""The requests that IAM sees when a program calls an operation of AWS.

Where AWS's documentation leaves open what IAM sees, the request here lacks it, so that no permission of the template
depends on it (docs/decisions/0086-policies-in-tests.md).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kolom_cli.sam.intrinsics import ACCOUNT_ID
from kolom_cli.sam.resource_names import REGION
from tests.iam.policies import Request

LEADING_KEYS: Final = "dynamodb:LeadingKeys"
ATTRIBUTES: Final = "dynamodb:Attributes"
SELECT: Final = "dynamodb:Select"
TRANSACTION: Final = "dynamodb:EnclosingOperation"

type HashKeys = Mapping[str, str]
"""The name of the hash key of each table, and of each index as ``table/index/name``."""

_TRANSACTED: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
_EQUALS: Final = re.compile(r"([#\w]+) = (:\w+)")
_NAME: Final = re.compile(r"[#\w]+")


def hash_keys_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash keys of tables, which are arguments of ``create_table`` by name."""
    found = {}
    for name, create in tables.items():
        found[name] = create["KeySchema"][0]["AttributeName"]
        for index in create.get("GlobalSecondaryIndexes", ()):
            found[f"{name}/index/{index['IndexName']}"] = index["KeySchema"][0]["AttributeName"]
    return found


def arn_of(place: str) -> str:
    """Return the ARN of a table, or of ``table/index/name``."""
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{place}"


def place_of(arn: str) -> str:
    """Return the name of the table, or ``table/index/name``, of an ARN; an empty text for other resources."""
    return arn.partition(":table/")[2]


def requests_of(operation: str, parameters: Mapping[str, Any], hash_keys: HashKeys) -> Iterator[Request]:
    """Yield the requests of a call to DynamoDB: one for each table, and for each part of a transaction."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for part in parameters["TransactItems"]:
                for kind, item in part.items():
                    context = {TRANSACTION: (operation,)}
                    yield Request(f"dynamodb:{_TRANSACTED[kind]}", arn_of(item["TableName"]), context)
        case "BatchGetItem":
            for table, wanted in parameters["RequestItems"].items():
                yield _batch(operation, table, wanted["Keys"], _names(wanted), hash_keys)
        case "BatchWriteItem":
            for table, writes in parameters["RequestItems"].items():
                items = [each.get("Item") or each["Key"] for write in writes for each in write.values()]
                yield _batch(operation, table, items, set(), hash_keys)
        case "Query" | "Scan":
            yield _search(operation, parameters, hash_keys)
        case _:
            item = parameters.get("Item") or parameters["Key"]
            yield _batch(operation, parameters["TableName"], [item], _names(parameters), hash_keys)


def _batch(operation: str, table: str, items: list[Mapping[str, Any]], names: set[str], hash_keys: HashKeys) -> Request:
    keys = tuple(str(next(iter(item[hash_keys[table]].values()))) for item in items)
    names = names | {name for item in items for name in item}
    return Request(f"dynamodb:{operation}", arn_of(table), {LEADING_KEYS: keys, ATTRIBUTES: tuple(sorted(names))})


def _search(operation: str, parameters: Mapping[str, Any], hash_keys: HashKeys) -> Request:
    place, default = parameters["TableName"], "ALL_ATTRIBUTES"
    if "IndexName" in parameters:
        place, default = f"{place}/index/{parameters['IndexName']}", "ALL_PROJECTED_ATTRIBUTES"
    # Whether a projection alone sets the key to SPECIFIC_ATTRIBUTES is not documented.
    context = {ATTRIBUTES: tuple(sorted(_names(parameters))), SELECT: (parameters.get("Select", default),)}
    if operation == "Query":
        aliases, values = parameters.get("ExpressionAttributeNames", {}), parameters["ExpressionAttributeValues"]
        equal = {
            aliases.get(name, name): value for name, value in _EQUALS.findall(parameters["KeyConditionExpression"])
        }
        context[LEADING_KEYS] = (str(next(iter(values[equal[hash_keys[place]]].values()))),)
    return Request(f"dynamodb:{operation}", arn_of(place), context)


def _names(parameters: Mapping[str, Any]) -> set[str]:
    """Return the attributes that the expressions name. PynamoDB gives all of them aliases."""
    names: set[str] = set(parameters.get("ExpressionAttributeNames", {}).values())
    plain = _NAME.findall(parameters.get("ProjectionExpression", ""))
    return names | {each for each in plain if not each.startswith("#")}
