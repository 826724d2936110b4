"""The Search table: the index, which can be rebuilt from the articles at any time.

| ``key`` | ``part`` | content |
|---|---|---|
| the stem, or ``label:<label>`` | ``b00003``: ``id // 2048`` | the block's postings (:class:`BlockRecord`) |
| … | ``000003``: ``id // 512`` | ``elements``: postings of earlier versions, until the article is indexed again |
| ``#documents`` | ``000003``: ``id // 256`` | ``elements``: the block's documents |
| ``#documents`` | ``#`` | :class:`Revisions`: how often the document list, results and settings have changed |
| ``doc#7`` | ``doc`` | :class:`ResultRecord`: the stored fields of a result, and the beginning of the text |
| ``doc#7`` | ``rest`` | :class:`TextRecord`: the rest of a long text |
| ``terms#7`` | ``terms`` | :class:`ForwardRecord`: the terms that the index may have for the article |
| ``related#7`` | ``related`` | :class:`RelatedRecord`: the related articles for the page of the article |
| ``words#e`` | ``election``, ``elan#élan`` | a word of some article; no other attributes |
| ``ends#n`` | ``noitcele``, ``nale#élan`` | the same word, spelled backwards; no other attributes |
| ``titles#p`` | ``politik#7`` | a word of that article's title; no other attributes |

Number sets are read in DynamoDB's own format (:class:`Block`): a query reads thousands of numbers, and an attribute
class would process each of them twice.
"""

import functools
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
)
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import UpdateError

from kolom.errors import UnknownSchema
from kolom.models.base import Record, SchemaAttribute, TableMeta, refuse_unknown_schema, write_conditionally
from kolom.models.errors import is_condition_failed
from kolom.models.expressions import Action, Condition
from kolom.models.schema import NEWEST_READ
from kolom.models.summary import SummaryAttributes

DOCUMENTS: Final = "#documents"
REVISION: Final = "#"  # sorts before every block, so that a Query reads it first
DOC: Final = "doc"
REST: Final = "rest"
TERMS: Final = "terms"
_POSTINGS: Final = "b"
RELATED: Final = "related"


class SearchRecord(Record):
    """The keys of all items of the table."""

    class Meta(TableMeta):
        setting = "search_table"

    key = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)


class BlockRecord(SearchRecord):
    """A block of numbers, or the :class:`Revisions`.

    A block of postings has those of ``packed`` that are not in ``removed``, and those of ``elements``. So adding and
    removing postings are atomic updates that need not read the block. Only the revisions have a schema number, which is
    that of all blocks and words.
    """

    schema = SchemaAttribute()
    elements = NumberSetAttribute(null=True)
    packed = BinaryAttribute(null=True, legacy_encoding=False)
    removed = NumberSetAttribute(null=True)
    revision = NumberAttribute(null=True)
    results = NumberAttribute(null=True)
    settings = NumberAttribute(null=True)


class ForwardRecord(SearchRecord):
    """The forward index entry of an article: a superset of its terms while ``is_settled`` is false, exact otherwise.

    ``data`` is compressed JSON: ``{"terms": {term: [postings]}, "documents": [elements], "title_words": [words],
    "texts": [range keys]}``, and ``"postings": {term: [postings]}`` for the postings in blocks of earlier versions.
    ``revision`` grows with every write of this item, so that concurrent writers of an article detect each other.
    ``touched`` is the reindex mark that the article had, and ``doc`` a digest of the written :class:`ResultRecord`.
    """

    schema = SchemaAttribute()
    revision = NumberAttribute()
    is_settled = BooleanAttribute()
    analyser = NumberAttribute()
    version = NumberAttribute()
    touched = UnicodeAttribute(null=True)
    doc = UnicodeAttribute(null=True)
    data = BinaryAttribute(legacy_encoding=False)


class ResultRecord(SummaryAttributes, SearchRecord):
    """The stored fields of a search result: the article's summary, and its text (compressed) up to a limit.

    ``text`` is the beginning if the text has a :class:`TextRecord` with the digest ``rest``. ``is_whole`` is false if
    both together are not the whole text of the article. ``headings`` is JSON: the numbers of the lines that are
    headings, and their ids. Items of earlier versions have none.
    """

    schema = SchemaAttribute()
    text = BinaryAttribute(legacy_encoding=False)
    is_whole = BooleanAttribute()
    rest = UnicodeAttribute(null=True)
    headings = UnicodeAttribute(null=True)


class TextRecord(SearchRecord):
    """The rest of an article's text (compressed), and its digest. ``headings`` as in :class:`ResultRecord`."""

    text = BinaryAttribute(legacy_encoding=False)
    rest = UnicodeAttribute()
    headings = UnicodeAttribute(null=True)


class RelatedRecord(SearchRecord):
    """The ids of the articles that are related to an article, the most similar first."""

    schema = SchemaAttribute()
    ids: ListAttribute[int] = ListAttribute()


class Revisions(NamedTuple):
    """How often the document list, the results and the owner's settings have changed; 0 for a new index."""

    documents: int
    results: int
    settings: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block as read: its number, and its elements in DynamoDB's number format.

    ``packed`` and ``removed`` are those of :class:`BlockRecord`. ``is_earlier`` is true for postings of earlier
    versions.
    """

    number: int
    elements: Sequence[str]
    packed: bytes = b""
    removed: Sequence[str] = ()
    is_earlier: bool = False


def block_part(number: int) -> str:
    """Return the range key of a block of the document list, or of postings of earlier versions."""
    return f"{number:06d}"


def postings_part(number: int) -> str:
    """Return the range key of a block of postings. It sorts after all blocks of earlier versions."""
    return f"{_POSTINGS}{number:05d}"


def read_blocks(key: str, *, consistent: bool = False) -> list[Block]:
    """Return all blocks of a term, those of earlier versions first. A request for each MB."""
    return [_block(item) for item in _query(key, consistent=consistent)]


def read_documents() -> tuple[int, list[Block]]:
    """Return the document list with a revision that is not newer than it. Consistent; a request for each MB."""
    revision, blocks = 0, []
    for item in _query(DOCUMENTS, consistent=True):
        if item["part"]["S"] == REVISION:
            refuse_unknown_schema(item)
            revision = int(item["revision"]["N"])
        else:
            blocks.append(_block(item))
    return revision, blocks


def read_revisions(*, consistent: bool = False) -> Revisions:
    """Return the current revisions. One GetItem."""
    item = table().get_item(DOCUMENTS, REVISION, consistent_read=consistent).get("Item", {})
    refuse_unknown_schema(item)
    return Revisions(*(int(item.get(name, {"N": "0"})["N"]) for name in ("revision", "results", "settings")))


def increase_revisions(documents: int, results: int) -> None:
    """Increase the revision of the document list by ``documents``, and that of the results by ``results``.

    :raises UnknownSchema: a later version has written the index
    """
    actions = [BlockRecord.revision.add(documents), BlockRecord.results.add(results), BlockRecord.schema.keep_or_set()]
    is_known = BlockRecord.schema.does_not_exist() | (BlockRecord.schema <= NEWEST_READ)
    if not write_conditionally(lambda: table().update_item(DOCUMENTS, REVISION, actions=actions, condition=is_known)):
        raise UnknownSchema("a later version of Kolom has written the index of the search: deploy the latest version")


def announce_settings(revision: int) -> None:
    """Record the revision of the owner's settings of the search where every search reads it."""
    actions = [BlockRecord.settings.set(revision), BlockRecord.schema.keep_or_set()]
    table().update_item(DOCUMENTS, REVISION, actions=actions)


def add_postings(key: str, block: int, postings: Iterable[int]) -> Block:
    """Add postings to a block; existing ones stay. Returns the block as it is then."""
    return _update(key, block, [BlockRecord.elements.add(set(postings))])


def remove_postings(key: str, block: int, postings: Iterable[int]) -> Block:
    """Remove postings from a block; missing ones are ignored. Returns the block as it is then."""
    removed = set(postings)
    return _update(key, block, [BlockRecord.elements.delete(removed), BlockRecord.removed.add(removed)])


def _update(key: str, block: int, actions: Sequence[Action]) -> Block:
    updated = table().update_item(key, postings_part(block), actions=actions, return_values="ALL_NEW")
    return _block(updated["Attributes"])


def replace_postings(key: str, block: Block, packed: bytes) -> bool:
    """Replace a block's content by packed postings; without any, delete the block.

    Returns False, and changes nothing, if the block has changed since it was read.
    """
    part, condition = postings_part(block.number), _is_unchanged(block)
    if not packed:
        return write_conditionally(lambda: table().delete_item(key, part, condition=condition))
    actions = [BlockRecord.packed.set(packed), BlockRecord.elements.remove(), BlockRecord.removed.remove()]
    return write_conditionally(lambda: table().update_item(key, part, actions=actions, condition=condition))


def _is_unchanged(block: Block) -> Condition:
    elements, removed = (set(map(int, listed)) for listed in (block.elements, block.removed))
    conditions: tuple[Condition, ...] = (
        BlockRecord.elements == elements if elements else BlockRecord.elements.does_not_exist(),
        BlockRecord.removed == removed if removed else BlockRecord.removed.does_not_exist(),
        BlockRecord.packed == block.packed if block.packed else BlockRecord.packed.does_not_exist(),
    )
    return functools.reduce(operator.and_, conditions)


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
        is_empty = BlockRecord.elements.does_not_exist()
        write_conditionally(lambda: table().delete_item(key, part, condition=is_empty))


def clear() -> Iterator[int]:
    """Delete all items except the revisions, which readers compare; yield the count per request.

    A Scan: not for a Lambda function.

    :raises UnknownSchema: a later version has written the index; nothing is deleted
    """
    read_revisions(consistent=True)
    start: Mapping[str, Any] | None = None
    while True:
        found = table().scan(attributes_to_get=["key", "part"], exclusive_start_key=start)  # type: ignore[arg-type]  # the hint is wrong
        keys = [(item["key"]["S"], item["part"]["S"]) for item in found["Items"]]
        delete_items(each for each in keys if each != (DOCUMENTS, REVISION))
        yield len(keys)
        start = found.get("LastEvaluatedKey")
        if not start:
            break
    increase_revisions(1, 1)


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
    """Return the connection to the table. It returns items in DynamoDB's format, not models."""
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
    part: str = item["part"]["S"]
    return Block(
        int(part.removeprefix(_POSTINGS)),
        item.get("elements", {}).get("NS", ()),
        item.get("packed", {}).get("B", b""),
        item.get("removed", {}).get("NS", ()),
        is_earlier=not part.startswith(_POSTINGS),
    )
