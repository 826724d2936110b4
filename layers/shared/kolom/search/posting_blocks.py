"""The postings of a term, in blocks: read them, add and remove some, and pack them.

A new posting becomes a number in a set: one update, without a read. When a block has enough of these numbers, they are
packed together with the older ones, on condition that nobody has changed the block in the meantime; otherwise a later
update packs them. Packed postings take a fifth of the bytes, which are what a search pays for.
"""

from collections.abc import Iterable
from typing import Final

from kolom.models import search as model
from kolom.models.search import Block
from kolom.search.codec import (
    EARLIER_POSTINGS_PER_BLOCK,
    POSTINGS_PER_BLOCK,
    decode_earlier_posting,
    decode_posting,
    encode_posting,
    pack,
    unpack,
)

PACK_AFTER: Final = 32
"""The minimum number of unpacked numbers in a block before they are packed."""

_PACKED_BYTES_PER_NEW_NUMBER: Final = 8
"""A large block is packed again when it has one new number for this many bytes that are already packed."""


def read(term: str, *, consistent: bool = False) -> dict[int, int]:
    """Return the frequency codes of a term by article id. One Query for each MB."""
    found: dict[int, int] = {}
    for block in model.read_blocks(term, consistent=consistent):
        # An article that is listed twice, during an update, counts once.
        found.update(_decode(block))
    return found


def add(term: str, block_number: int, postings: Iterable[int]) -> None:
    """Add postings to a block; existing ones stay."""
    block = model.add_postings(term, block_number, postings)
    if is_due(block):
        model.replace_postings(term, block, pack(_postings(block)))


def remove(term: str, block_number: int, postings: Iterable[int]) -> None:
    """Remove postings from a block; missing ones are ignored. An emptied block is deleted."""
    block = model.remove_postings(term, block_number, postings)
    remaining = _postings(block)
    if not remaining:
        model.replace_postings(term, block, b"")
    elif is_due(block):
        model.replace_postings(term, block, pack(remaining))


def is_due(block: Block) -> bool:
    """Return whether the numbers of the block should be packed."""
    unpacked = len(block.elements) + len(block.removed)
    return unpacked >= max(PACK_AFTER, len(block.packed) // _PACKED_BYTES_PER_NEW_NUMBER)


def _decode(block: Block) -> dict[int, int]:
    if block.is_earlier:
        first = block.number * EARLIER_POSTINGS_PER_BLOCK
        pairs = map(decode_earlier_posting, map(int, block.elements))
        return {first + position: code for position, code in pairs}
    first = block.number * POSTINGS_PER_BLOCK
    if block.removed:
        pairs = map(decode_posting, _postings(block))
        return {first + position: code for position, code in pairs}
    found = dict(unpack(block.packed, first)) if block.packed else {}
    for position, code in map(decode_posting, map(int, block.elements)):
        found[first + position] = code
    return found


def _postings(block: Block) -> set[int]:
    packed = {encode_posting(position, code) for position, code in unpack(block.packed)} if block.packed else set()
    return packed - set(map(int, block.removed)) | set(map(int, block.elements))
