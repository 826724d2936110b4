"""The Search table: the index, which can be rebuilt from the articles at any time.

| ``key`` | ``part`` | content |
|---|---|---|
| the stem, or ``label:<label>`` | ``000003``: ``id // 512`` | ``elements``: the block's postings |
| ``#documents`` | ``000003``: ``id // 256`` | ``elements``: the block's documents |
| ``#documents`` | ``#`` | ``revision``: how often the document list has changed |
| ``doc#7`` | ``doc`` | :class:`ResultRecord`: the stored fields of a result, and the text for its snippet |
| ``terms#7`` | ``terms`` | :class:`ForwardRecord`: the terms that the index may have for the article |
| ``related#7`` | ``related`` | :class:`RelatedRecord`: the related articles for the page of the article |
| ``words#e`` | ``election``, ``elan#élan`` | a word of some article; no other attributes |
| ``titles#p`` | ``politik#7`` | a word of that article's title; no other attributes |

Number sets are read in DynamoDB's own format (:class:`Block`): a query reads thousands of numbers, and an attribute
class would process each of them twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
)
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import DeleteError, UpdateError

from kolom.models.base import Record, TableMeta
from kolom.models.errors import is_condition_failed
from kolom.models.summary import SummaryAttributes

DOCUMENTS: Final = "#documents"
REVISION: Final = "#"  # sorts before every block, so that a Query reads it first
DOC: Final = "doc"
TERMS: Final = "terms"
RELATED: Final = "related"


class SearchRecord(Record):
    """The keys of all items of the table."""

    class Meta(TableMeta):
        setting = "search_table"

    key = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)


class BlockRecord(SearchRecord):
    """A block of numbers, or the revision of the document list."""

    elements = NumberSetAttribute(null=True)
    revision = NumberAttribute(null=True)


class ForwardRecord(SearchRecord):
    """The forward index entry of an article: a superset of its terms while ``is_settled`` is false, exact otherwise.

    ``data`` is compressed JSON: ``{"postings": {term: [elements]}, "documents": [elements], "title_words": [words]}``.
    ``revision`` grows with every write of this item, so that concurrent writers of an article detect each other.
    ``touched`` is the reindex mark that the article had, and ``doc`` a digest of the written :class:`ResultRecord`.
    """

    schema = NumberAttribute(default=1)
    revision = NumberAttribute()
    is_settled = BooleanAttribute()
    analyser = NumberAttribute()
    version = NumberAttribute()
    touched = UnicodeAttribute(null=True)
    doc = UnicodeAttribute(null=True)
    data = BinaryAttribute(legacy_encoding=False)


class ResultRecord(SummaryAttributes, SearchRecord):
    """The stored fields of a search result: the article's summary, and its text (compressed) up to a limit."""

    schema = NumberAttribute(default=1)
    text = BinaryAttribute(legacy_encoding=False)
    is_whole = BooleanAttribute()


class RelatedRecord(SearchRecord):
    """The ids of the articles that are related to an article, the most similar first."""

    schema = NumberAttribute(default=1)
    ids: ListAttribute[int] = ListAttribute()


@dataclass(frozen=True, slots=True)
class Block:
    """A block as read: its number, and its elements in DynamoDB's number format."""

    number: int
    elements: Sequence[str]


def block_part(number: int) -> str:
    """Return the range key of a block."""
    return f"{number:06d}"


def read_blocks(key: str, *, consistent: bool = False) -> list[Block]:
    """Return all blocks of a term in order. A request for each MB."""
    return [_block(item) for item in _query(key, consistent=consistent)]


def read_documents() -> tuple[int, list[Block]]:
    """Return the document list with a revision that is not newer than it. Consistent; a request for each MB."""
    revision, blocks = 0, []
    for item in _query(DOCUMENTS, consistent=True):
        if item["part"]["S"] == REVISION:
            revision = int(item["revision"]["N"])
        else:
            blocks.append(_block(item))
    return revision, blocks


def read_revision() -> int:
    """Return the document list's revision, 0 for a new index."""
    item = table().get_item(DOCUMENTS, REVISION).get("Item")
    return int(item["revision"]["N"]) if item else 0


def increase_revision(changes: int) -> None:
    """Add ``changes`` to the revision, so that readers notice that the document list has changed."""
    table().update_item(DOCUMENTS, REVISION, actions=[BlockRecord.revision.add(changes)])


def add_elements(key: str, block: int, elements: Iterable[int]) -> None:
    """Add elements to a block; existing ones stay."""
    table().update_item(key, block_part(block), actions=[BlockRecord.elements.add(set(elements))])


def remove_elements(key: str, block: int, elements: Iterable[int]) -> None:
    """Remove elements from a block; missing ones are ignored. An emptied block is deleted."""
    part = block_part(block)
    try:
        remaining = table().update_item(
            key,
            part,
            actions=[BlockRecord.elements.delete(set(elements))],
            condition=BlockRecord.elements.exists(),
            return_values="UPDATED_NEW",
        )
    except UpdateError as error:
        if not is_condition_failed(error):
            raise
        remaining = {}
    if not remaining.get("Attributes", {}).get("elements"):
        _remove_if_empty(key, part)


def _remove_if_empty(key: str, part: str) -> None:
    try:
        table().delete_item(key, part, condition=BlockRecord.elements.does_not_exist())
    except DeleteError as error:
        if not is_condition_failed(error):
            raise


def clear() -> Iterator[int]:
    """Delete all items except the revision of the document list, which readers compare; yield the count per request.

    A Scan: not for a Lambda function.
    """
    start: Mapping[str, Any] | None = None
    while True:
        found = table().scan(attributes_to_get=["key", "part"], exclusive_start_key=start)  # type: ignore[arg-type]  # the hint is wrong
        keys = [(item["key"]["S"], item["part"]["S"]) for item in found["Items"]]
        delete_items(each for each in keys if each != (DOCUMENTS, REVISION))
        yield len(keys)
        start = found.get("LastEvaluatedKey")
        if not start:
            break
    increase_revision(1)


def put_words(keys: Iterable[tuple[str, str]]) -> None:
    """Create items that have only a key and a part; existing ones stay. A request for each 25."""
    with SearchRecord.batch_write() as batch:
        for key, part in keys:
            batch.save(SearchRecord(key, part))


def delete_items(keys: Iterable[tuple[str, str]]) -> None:
    """Delete the items with these keys and parts; missing ones are ignored. A request for each 25."""
    with SearchRecord.batch_write() as batch:
        for key, part in keys:
            batch.delete(SearchRecord(key, part))


def find_words(key: str, prefix: str = "", *, limit: int | None = None) -> list[str]:
    """Return the words under ``key`` with the prefix in alphabetical order; at most a MB of them. One request."""
    condition = SearchRecord.part.startswith(prefix) if prefix else None
    response = table().query(key, range_key_condition=condition, limit=limit)
    return [item["part"]["S"] for item in response["Items"]]


def table() -> TableConnection:
    """Return the connection to the table without models: it returns items in DynamoDB's format."""
    return SearchRecord.table_connection()


def _query(key: str, *, consistent: bool = False) -> Iterator[Mapping[str, Any]]:
    start: Mapping[str, Any] | None = None
    while True:
        response = table().query(key, consistent_read=consistent, exclusive_start_key=start)
        yield from response["Items"]
        start = response.get("LastEvaluatedKey")
        if not start:
            return


def _block(item: Mapping[str, Any]) -> Block:
    return Block(int(item["part"]["S"]), item.get("elements", {}).get("NS", ()))
