"""Encode frequencies, postings and documents as single numbers, for number sets in DynamoDB; pack postings. Pure.

A posting is ``frequency code * 2048 + id % 2048`` in block ``id // 2048`` of its term: four digits for the most common
frequencies. Packed postings (:func:`pack`) take about a byte each. A document is one number of at most 24 decimal
digits in block ``id // 256``: version of the stems, language, time, length code and the id's position in the block.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice, pairwise
from typing import Final

from kolom.search.terms import STEM_VERSION

POSTINGS_PER_BLOCK: Final = 2048
DOCUMENTS_PER_BLOCK: Final = 256
EARLIER_POSTINGS_PER_BLOCK: Final = 512
"""The block size of earlier versions, whose postings are ``(id % 512) * 256 + frequency code``."""

_CODES: Final = 256
_MANTISSA_BITS: Final = 4
_TIMES: Final = 1 << 39  # seconds in 10,000 years need 38.2 bits
_EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)
_LANGUAGE_LETTERS: Final = 3
_LETTERS: Final = "_abcdefghijklmnopqrstuvwxyz"


def encode_frequency(frequency: int) -> int:
    """Encode ``frequency`` (0 or more, below 2^34) in 8 bits: exact up to 16, then rounded down to 4 significant bits.

    The encoding preserves the order. It is that of Lucene's ``SmallFloat.longToInt4``.
    """
    shift = max(0, frequency.bit_length() - _MANTISSA_BITS)
    if shift == 0:
        return frequency
    return ((shift << (_MANTISSA_BITS - 1)) + (frequency >> shift)) & 0xFF


def decode_frequency(code: int) -> int:
    """Return the smallest frequency that :func:`encode_frequency` encodes as ``code``."""
    shift = max(0, (code >> (_MANTISSA_BITS - 1)) - 1)
    return (code - (shift << (_MANTISSA_BITS - 1))) << shift


FREQUENCIES: Final = tuple(decode_frequency(code) for code in range(_CODES))
"""The decoded frequency of each code."""


def encode_posting(article_id: int, code: int) -> int:
    """Return the posting of an article with this frequency code."""
    return code * POSTINGS_PER_BLOCK + article_id % POSTINGS_PER_BLOCK


def decode_posting(number: int) -> tuple[int, int]:
    """Return the position in the block and the frequency code."""
    code, position = divmod(number, POSTINGS_PER_BLOCK)
    return position, code


def decode_earlier_posting(number: int) -> tuple[int, int]:
    """Return the position in a block of earlier versions, and the frequency code."""
    return divmod(number, _CODES)


_WIDE: Final = 1
_COMPRESSED: Final = 2


def pack(postings: Iterable[int]) -> bytes:
    """Pack the postings of one block: the gaps between their positions, then their frequency codes.

    The first byte has two flags: each gap takes two bytes instead of one; the rest is compressed (raw DEFLATE).
    """
    pairs = sorted(map(decode_posting, postings))
    gaps = [position - before for before, position in pairwise((0, *(position for position, _ in pairs)))]
    is_wide = max(gaps, default=0) >= _CODES
    data = struct.pack(f"<{len(gaps)}{'H' if is_wide else 'B'}", *gaps) + bytes(code for _, code in pairs)
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    compressed = compressor.compress(data) + compressor.flush()
    if len(compressed) < len(data):
        return bytes([_COMPRESSED | is_wide]) + compressed
    return bytes([is_wide]) + data


def unpack(packed: bytes, first: int = 0) -> Iterator[tuple[int, int]]:
    """Return the positions, plus ``first``, and the frequency codes that :func:`pack` packed, ordered."""
    flags, data = packed[0], packed[1:]
    if flags & _COMPRESSED:
        data = zlib.decompress(data, wbits=-zlib.MAX_WBITS)
    number = len(data) // (3 if flags & _WIDE else 2)
    gaps = struct.unpack_from(f"<{number}{'H' if flags & _WIDE else 'B'}", data)
    return zip(islice(accumulate(gaps, initial=first), 1, None), data[-number:], strict=True)


@dataclass(frozen=True, slots=True)
class DocumentStats:
    """An article's entry in the document list. ``length`` is a frequency code, ``language`` has 2 or 3 letters."""

    published_at: datetime
    language: str
    length: int
    stem_version: int = STEM_VERSION


def encode_document(article_id: int, document: DocumentStats) -> int:
    """Return the number that represents the article in the document list."""
    number = document.stem_version
    for letter in f"{document.language[:_LANGUAGE_LETTERS]:_<{_LANGUAGE_LETTERS}}":
        number = number * len(_LETTERS) + max(0, _LETTERS.find(letter))
    number = number * _TIMES + seconds(document.published_at)
    return (number * _CODES + document.length) * DOCUMENTS_PER_BLOCK + article_id % DOCUMENTS_PER_BLOCK


def decode_document(number: int) -> tuple[int, int, int, int]:
    """Return the position in the block, the length code, the seconds since the year 1, and a number for the language.

    :func:`language_code` and :func:`stem_version` decode that number.
    """
    number, position = divmod(number, DOCUMENTS_PER_BLOCK)
    number, length = divmod(number, _CODES)
    language, time = divmod(number, _TIMES)
    return position, length, time, language


def language_code(number: int) -> str:
    """Return the language code for the number that :func:`decode_document` returned."""
    letters = []
    for _ in range(_LANGUAGE_LETTERS):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(reversed(letters)).rstrip("_")


def moment_of(time: int) -> datetime:
    """Return the moment of some seconds since the year 1."""
    return _EPOCH + timedelta(seconds=time)


def stem_version(number: int) -> int:
    """Return the version of the stems for the number of a language that :func:`decode_document` returned."""
    return number // len(_LETTERS) ** _LANGUAGE_LETTERS


def seconds(moment: datetime) -> int:
    """Return the whole seconds since the year 1."""
    return (moment - _EPOCH) // timedelta(seconds=1)
