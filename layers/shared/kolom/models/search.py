"""The Search table: the index, which can be rebuilt from the articles at any time.

| ``key`` | ``part`` | holds |
|---|---|---|
| the stem, or ``label:<label>`` | ``000003``: ``id // 512`` | ``elements``: the block's postings |
| ``#documents`` | ``000003``: ``id // 256`` | ``elements``: the block's documents |
| ``#documents`` | ``#`` | ``revision``: how often the document list has changed |
| ``doc#7`` | ``doc`` | :class:`ResultRecord`: what a result shows, and the text for its snippet |
| ``terms#7`` | ``terms`` | :class:`ForwardRecord`: what the index may hold of the article |
| ``words#e`` | ``election``, ``elan#élan`` | a word that some article has; nothing else |
| ``titles#p`` | ``politik#7`` | a word of that article's title; nothing else |

Number sets are read as DynamoDB sends them (:class:`Block`): a query reads thousands of numbers, and an attribute class
would look at each of them twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import DeleteError, UpdateError

from kolom.models.base import Record, TableMeta
from kolom.models.errors import is_condition_failed
from kolom.models.summary import SummaryAttributes

DOCUMENTS: Final = "#documents"
REVISION: Final = "#"  # sorts before every block, so that a Query reads it first
DOC: Final = "doc"
TERMS: Final = "terms"


class SearchRecord(Record):
    """What all items of the table have."""

    class Meta(TableMeta):
        setting = "search_table"

    key = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)


class BlockRecord(SearchRecord):
    """A block of numbers, or the revision of the document list."""

    elements = NumberSetAttribute(null=True)
    revision = NumberAttribute(null=True)


class ForwardRecord(SearchRecord):
    """What the index may hold of an article: a superset while ``is_settled`` is false, exact otherwise.

    ``data`` is compressed JSON: ``{"postings": {term: [elements]}, "documents": [elements], "title_words": [words]}``.
    ``revision`` grows with every write of this item, which makes writers of the same article notice each other.
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
    """What a result shows of an article: its card, and its text (compressed) up to a limit."""

    schema = NumberAttribute(default=1)
    text = BinaryAttribute(legacy_encoding=False)
    is_whole = BooleanAttribute()


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it was read: its number, and its elements as DynamoDB writes numbers."""

    number: int
    elements: Sequence[str]


def block_part(number: int) -> str:
    """The range key of a block."""
    return f"{number:06d}"


def read_blocks(key: str) -> list[Block]:
    """All blocks of a term, in their order. A request for each MB."""
    return [_block(item) for item in _query(key)]


def read_documents() -> tuple[int, list[Block]]:
    """The document list with a revision that is not newer than it. Consistent; a request for each MB."""
    revision, blocks = 0, []
    for item in _query(DOCUMENTS, consistent=True):
        if item["part"]["S"] == REVISION:
            revision = int(item["revision"]["N"])
        else:
            blocks.append(_block(item))
    return revision, blocks


def read_revision() -> int:
    """The document list's revision, 0 for a new index."""
    item = table().get_item(DOCUMENTS, REVISION).get("Item")
    return int(item["revision"]["N"]) if item else 0


def count_revision(changes: int) -> None:
    """Tell readers that the document list has changed."""
    table().update_item(DOCUMENTS, REVISION, actions=[BlockRecord.revision.add(changes)])


def add_elements(key: str, block: int, elements: Iterable[int]) -> None:
    """Put elements into a block; those that are there stay."""
    table().update_item(key, block_part(block), actions=[BlockRecord.elements.add(set(elements))])


def remove_elements(key: str, block: int, elements: Iterable[int]) -> None:
    """Take elements out of a block; those that are not there do no harm. An emptied block goes."""
    part = block_part(block)
    try:
        left = table().update_item(
            key,
            part,
            actions=[BlockRecord.elements.delete(set(elements))],
            condition=BlockRecord.elements.exists(),
            return_values="UPDATED_NEW",
        )
    except UpdateError as error:
        if not is_condition_failed(error):
            raise
        left = {}
    if not left.get("Attributes", {}).get("elements"):
        _remove_if_empty(key, part)


def _remove_if_empty(key: str, part: str) -> None:
    try:
        table().delete_item(key, part, condition=BlockRecord.elements.does_not_exist())
    except DeleteError as error:
        if not is_condition_failed(error):
            raise


def clear() -> Iterator[int]:
    """Remove every item but the document list's revision, which readers compare; yields how many each request removed.

    A Scan: not for a function.
    """
    start: Mapping[str, Any] | None = None
    while True:
        found = table().scan(attributes_to_get=["key", "part"], exclusive_start_key=start)  # type: ignore[arg-type]  # the hint is wrong
        keys = [(item["key"]["S"], item["part"]["S"]) for item in found["Items"]]
        remove_words(each for each in keys if each != (DOCUMENTS, REVISION))
        yield len(keys)
        start = found.get("LastEvaluatedKey")
        if not start:
            break
    count_revision(1)


def put_words(keys: Iterable[tuple[str, str]]) -> None:
    """Make items of nothing but a key and a part; those that are there stay. A request for each 25."""
    with SearchRecord.batch_write() as batch:
        for key, part in keys:
            batch.save(SearchRecord(key, part))


def remove_words(keys: Iterable[tuple[str, str]]) -> None:
    """Remove such items; those that are not there do no harm. A request for each 25."""
    with SearchRecord.batch_write() as batch:
        for key, part in keys:
            batch.delete(SearchRecord(key, part))


def find_words(key: str, prefix: str = "", *, limit: int | None = None) -> list[str]:
    """The words under ``key`` that begin with ``prefix``, in their order; at most a MB of them. One request."""
    condition = SearchRecord.part.startswith(prefix) if prefix else None
    answer = table().query(key, range_key_condition=condition, limit=limit)
    return [item["part"]["S"] for item in answer["Items"]]


def table() -> TableConnection:
    """The table below its models: what it answers is as DynamoDB sent it."""
    return SearchRecord._get_connection()


def _query(key: str, *, consistent: bool = False) -> Iterator[Mapping[str, Any]]:
    start: Mapping[str, Any] | None = None
    while True:
        answer = table().query(key, consistent_read=consistent, exclusive_start_key=start)
        yield from answer["Items"]
        start = answer.get("LastEvaluatedKey")
        if not start:
            return


def _block(item: Mapping[str, Any]) -> Block:
    return Block(int(item["part"]["S"]), item.get("elements", {}).get("NS", ()))
