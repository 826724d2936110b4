"""Correct restored tables before they are used: their mail is old, and ids of articles may have been used since.

A table is corrected as long as it has no stream, which a restored table does not have and a used one has.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.tables import describe_table

_ARTICLES: Final = "ArticlesTable"
_COMMENTS: Final = "CommentsTable"
_OUTBOX: Final = "OutboxTable"
_SEQUENCE: Final = {"key": {"S": "sequence"}, "part": {"S": "article"}}


def correct(tables: Mapping[str, str]) -> Iterator[str]:
    """Correct those of the tables, by their logical ids, that were restored; yield what was done."""
    if (outbox := tables.get(_OUTBOX)) and _is_restored(outbox) and (number := _delete_unsent_mail(outbox)):
        yield f"{outbox}: deleted unsent mail of the backup ({number}), which would be sent again"
    articles, comments = tables.get(_ARTICLES), tables.get(_COMMENTS)
    if articles and comments and _is_restored(articles) and (last := _reserve_ids(articles, comments)):
        yield f"{articles}: new articles get ids after {last}, because there are comments on newer articles"


def _is_restored(name: str) -> bool:
    table = describe_table(name) or {}
    return "RestoreSummary" in table and not table.get("StreamSpecification", {}).get("StreamEnabled")


def _delete_unsent_mail(name: str) -> int:
    """Delete the unsent mail; return the number.

    It was sent after the backup, or is out of date. Sent mail stays, so that it is not created again.
    """
    number = 0
    names = {"#queue": "queue", "#id": "id"}
    for item in _scan(name, "#id", FilterExpression="attribute_exists(#queue)", ExpressionAttributeNames=names):
        client("dynamodb").delete_item(TableName=name, Key={"id": item["id"]})
        number += 1
    return number


def _reserve_ids(articles: str, comments: str) -> int:
    """Reserve the ids of articles that have comments, so that no new article gets them; return the last, 0 if it was.

    The comments may be newer than the restored articles.
    """
    owners = (str(item["article_id"]["S"]).removeprefix("stats#") for item in _scan(comments, "article_id"))
    last = max((int(each) for each in owners if each.isdecimal()), default=0)
    dynamodb = client("dynamodb")
    try:
        dynamodb.update_item(
            TableName=articles,
            Key=_SEQUENCE,
            UpdateExpression="SET #value = :last",
            ConditionExpression="attribute_not_exists(#value) OR #value < :last",
            ExpressionAttributeNames={"#value": "value"},
            ExpressionAttributeValues={":last": {"N": str(last)}},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return 0
    return last


def _scan(table: str, attribute: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    """Yield one attribute of the items of a table."""
    pages = client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=table, ConsistentRead=True, ProjectionExpression=attribute, **arguments):
        yield from page["Items"]
