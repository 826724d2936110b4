"""Encoded numbers of the index can be decoded."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.search.codec import (
    DOCUMENTS_PER_BLOCK,
    POSTINGS_PER_BLOCK,
    DocumentStats,
    decode_document,
    decode_frequency,
    decode_posting,
    encode_document,
    encode_frequency,
    encode_posting,
    language_code,
    pack,
    seconds,
    stem_version,
    unpack,
)
from kolom.search.terms import STEM_VERSION

IDS = st.integers(1, 10**9)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))


@given(st.integers(0, 2**34 - 1))
def test_a_frequency_is_accurate_to_an_eighth(frequency: int) -> None:
    code = encode_frequency(frequency)
    assert 0 <= code <= 255
    assert decode_frequency(code) <= frequency <= decode_frequency(code) * 1.125


@given(st.integers(0, 2**34 - 1), st.integers(0, 2**34 - 1))
def test_frequencies_keep_their_order(one: int, other: int) -> None:
    if one <= other:
        assert encode_frequency(one) <= encode_frequency(other)


@given(IDS, st.integers(0, 255))
def test_a_posting_contains_its_document_and_frequency(article_id: int, code: int) -> None:
    assert decode_posting(encode_posting(article_id, code)) == (article_id % POSTINGS_PER_BLOCK, code)


@given(st.sets(st.tuples(st.integers(0, POSTINGS_PER_BLOCK - 1), st.integers(0, 255)), min_size=1), st.integers(0, 9))
def test_packed_postings_are_unpacked_in_order(pairs: set[tuple[int, int]], block: int) -> None:
    first = block * POSTINGS_PER_BLOCK
    packed = pack(encode_posting(position, code) for position, code in pairs)
    assert list(unpack(packed, first)) == sorted((first + position, code) for position, code in pairs)


@pytest.mark.parametrize(("step", "bytes_each"), [(1, 0.1), (3, 0.5), (100, 2.1), (500, 3.3)])
def test_packed_postings_are_small(step: int, bytes_each: float) -> None:
    """Besides one byte of flags, each takes at most three bytes, and less if they are regular."""
    numbers = [encode_posting(each, 1 + each % 2) for each in range(0, POSTINGS_PER_BLOCK, step)]
    assert len(pack(numbers)) <= bytes_each * len(numbers)


@given(IDS, MOMENTS, st.sampled_from(["id", "en", "zh", "haw"]), st.integers(0, 255))
def test_a_document_entry_contains_its_fields(article_id: int, moment: datetime, language: str, length: int) -> None:
    number = encode_document(article_id, DocumentStats(moment, language, length))
    assert number < 10**38  # DynamoDB stores at most 38 digits of a number
    place, code, time, language_number = decode_document(number)
    assert (place, code, time) == (article_id % DOCUMENTS_PER_BLOCK, length, seconds(moment))
    assert language_code(language_number) == language
    assert stem_version(language_number) == STEM_VERSION


def test_a_document_entry_of_an_earlier_version_has_stem_version_0() -> None:
    """Earlier versions wrote no version of the stems. They also read entries that have one."""
    earlier, current = (
        decode_document(encode_document(7, DocumentStats(datetime(2026, 1, 1, tzinfo=UTC), "id", 9, version)))
        for version in (0, STEM_VERSION)
    )
    assert earlier[:3] == current[:3]
    assert (stem_version(earlier[3]), language_code(earlier[3])) == (0, "id")
    assert earlier[3] < 27**3


def test_all_codes_decode_to_different_frequencies() -> None:
    assert len({decode_frequency(code) for code in range(256)}) == 256
