"""Make the items that the index writer would have written, to load them into the tables directly."""

from base64 import b64encode
from collections.abc import Collection, Iterator
from typing import Any

from kolom.articles.types import Article
from kolom.models.base import Record
from kolom.models.search import DOCUMENTS, Block, block_part, postings_part
from kolom.search import posting_blocks
from kolom.search.codec import decode_posting, pack
from kolom.search.document import IndexedDocument
from kolom.search.result_records import result_records


def result_items(article: Article, entry: IndexedDocument) -> Iterator[Record]:
    """Yield the records of a result."""
    return (record for record in result_records(article, entry) if record is not None)


def block_item(key: str, number: int, elements: Collection[int]) -> dict[str, Any]:
    """Return a block as the writer leaves it after adding the elements one by one."""
    if key == DOCUMENTS:
        numbers = {"NS": [str(each) for each in elements]}
        return {"key": {"S": key}, "part": {"S": block_part(number)}, "elements": numbers}
    packed, unpacked, added = b"", list[str](), list[int]()
    for posting in sorted(elements, key=decode_posting):
        added.append(posting)
        unpacked.append(str(posting))
        if posting_blocks.is_due(Block(number, unpacked, packed)):
            packed, unpacked = pack(added), []
    item: dict[str, Any] = {"key": {"S": key}, "part": {"S": postings_part(number)}}
    if packed:
        item["packed"] = {"B": b64encode(packed).decode()}
    if unpacked:
        item["elements"] = {"NS": unpacked}
    return item
