"""Splitting XML exports into entries, and parsing each."""

import io
import time
import tracemalloc
from typing import Any

import pytest

from kolom_cli.importers.common import xml_scanner
from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.common.xml_stream import Format, Outside, XmlEntry, get_element_text, read_entries


def _accept(_root: Any) -> None:
    pass


FORMAT = Format(name="export", entries=("item",), containers=("rss", "channel"), check=_accept)


class _InPieces(io.BytesIO):
    """A file whose reads return few bytes."""

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(min(size or 7, 7) if size != -1 else 7)


def _read(data: str | bytes, file_type: type[io.BytesIO] = io.BytesIO) -> tuple[list[XmlEntry], str]:
    found: list[XmlEntry] = []
    try:
        for each in read_entries("x", file_type(data if isinstance(data, bytes) else data.encode()), FORMAT):
            if isinstance(each, XmlEntry):
                found.append(each)  # noqa: PERF401 (entries before the error must be kept)
    except SourceError as error:
        return found, str(error)
    return found, ""


def _texts(entries: list[XmlEntry]) -> list[str]:
    return ["" if each.element is None else get_element_text(each.element) for each in entries]


def _rss(*items: str) -> str:
    return f"<?xml version='1.0'?>\n<rss xmlns:a='u'><channel><title>T</title>{''.join(items)}</channel></rss>\n"


@pytest.mark.parametrize("file_type", [io.BytesIO, _InPieces])
def test_entries_are_found_wherever_the_reads_end(file_type: type[io.BytesIO]) -> None:
    items = (
        "<item>one</item>",
        "<!-- <item>no</item> -->",
        "<item x='>'><![CDATA[</item><item>]]></item>",
        "<item/>",
        "<items>no</items>",
        "\n<a:item>ü</a:item>",
        "<item><!-- </item> --><a:b>four</a:b></item >",
    )
    entries, error = _read(_rss(*items), file_type)
    assert not error
    assert _texts(entries) == ["one", "</item><item>", "", "ü", "four"]
    assert [each.line for each in entries] == [2, 2, 2, 3, 3]
    assert {(each.problem, each.repairs) for each in entries} == {("", ())}


@pytest.mark.parametrize("opening", ["<!--", "<![CDATA[", "<?x"])
def test_a_part_without_an_end_does_not_swallow_the_entries_after_it(opening: str) -> None:
    entries, error = _read(_rss("<item>one</item>", f"<item>{opening}two</item>", "<item>three</item>"))
    assert not error
    assert [bool(each.problem) for each in entries] == [False, True, False]
    assert _texts(entries)[2] == "three"


def test_an_entry_that_is_too_large_is_reported_and_its_memory_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_scanner, "MAX_ENTRY_BYTES", 200_000)
    large = f"<item><title>Large</title><![CDATA[{'<item>' * 1_000_000}]]></item>"
    data = _rss("<item>one</item>", large, "<item>three</item>")
    tracemalloc.start()
    try:
        entries, error = _read(data.encode())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not error
    assert [each.problem[:13] for each in entries] == ["", "has more than", ""]
    assert peak < 4 * len(data) // 3 + 2_000_000


def test_memory_does_not_grow_with_the_number_of_entries() -> None:
    class _Generated(io.RawIOBase):
        def __init__(self, number: int) -> None:
            self._parts = iter(
                [b"<rss><channel>", *[b"<item>" + b"x" * 9_000 + b"</item>"] * number, b"</channel></rss>"]
            )

        def read1(self, _size: int = -1) -> bytes:
            return next(self._parts, b"")

    def peak(number: int) -> int:
        file: Any = _Generated(number)
        tracemalloc.start()
        try:
            assert sum(isinstance(each, XmlEntry) for each in read_entries("x", file, FORMAT)) == number
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(3_000) < peak(300) + 300_000


def test_elements_after_the_entries_are_read_too() -> None:
    parts = list(read_entries("x", io.BytesIO(_rss("<item/>", "<late/>", "<item/>", "<last/>").encode()), FORMAT))
    names = [[child.tag for child in each.element] for each in parts if isinstance(each, Outside)]
    assert names == [["title"], ["late"], ["last"]]


def test_text_before_the_first_entry_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_scanner, "MAX_ENTRY_BYTES", 200_000)
    _, error = _read(_rss("<x>y</x>" * 100_000, "<item/>"))
    assert "without a <item>" in error


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"\x1f\x8b", b"BZh9"])
def test_an_archive_instead_of_xml_is_named(magic: bytes) -> None:
    assert _read(magic + b"<rss/>") == ([], "x: an archive that is damaged, or within another archive: unpack it")


@pytest.mark.parametrize("opening", ["<!--", "<?", "<![CDATA["])
@pytest.mark.parametrize("place", ["{}", "<item/>{}<item/>", "<item><title>{}</title></item>"])
def test_the_time_is_linear_in_the_number_of_unclosed_parts(opening: str, place: str) -> None:
    start = time.process_time()
    _read(_rss(place.replace("{}", opening * 20_000)))
    assert time.process_time() - start < 2


def test_signs_beside_comments_and_character_data_are_repaired() -> None:
    item = "<item>a & b<!-- & < --><![CDATA[ & ]]> < <<?x & ?>&amp; &eacute;</item>"
    entries, error = _read(_rss(item, "<item/>"))
    assert (_texts(entries)[0], error) == ("a & b &  < <& \u00e9", "")


@pytest.mark.parametrize(
    ("content", "text", "repairs"),
    [
        (b"caf\xe9", "caf\u00e9", ("1 byte not valid in UTF-8: read as Windows-1252",)),
        (b"a\xed\xa0\xbdb", "a\ufffdb", ("1 character not valid in UTF-8: replaced by \ufffd",)),
        (b"a\x81b\xed\xa0\xbd", "a\ufffdb\ufffd", ("2 characters not valid in UTF-8: replaced by \ufffd",)),
        (
            b"\xe9\xed\xa0\xbd\xef\xbf\xbd",
            "\u00e9\ufffd\ufffd",
            (
                "1 byte not valid in UTF-8: read as Windows-1252",
                "1 character not valid in UTF-8: replaced by \ufffd",
            ),
        ),
    ],
    ids=["Windows-1252", "a surrogate", "bytes without a meaning", "both, and U+FFFD itself"],
)
def test_the_repair_of_invalid_bytes_is_described(content: bytes, text: str, repairs: tuple[str, ...]) -> None:
    (entry,), error = _read(_rss("<item>text</item>").encode().replace(b"text", content))
    assert (get_element_text(entry.element), entry.repairs, entry.problem, error) == (text, repairs, "", "")


@pytest.mark.parametrize(
    ("content", "text", "repairs"),
    [
        ("a & b &eacute;", "a & b \u00e9", ("2 unescaped or unknown signs read as text",)),
        ("a&#1;b", "a b", ("1 reference to a forbidden character replaced by a space",)),
        ("&#0;&#xD800;&#x110000;", "   ", ("3 references to forbidden characters replaced by spaces",)),
        (
            "a & b&#1;&#000065;",
            "a & b A",
            (
                "1 unescaped or unknown sign read as text",
                "1 reference to a forbidden character replaced by a space",
            ),
        ),
    ],
    ids=["signs", "a reference", "references", "both, and a valid reference"],
)
def test_the_repair_of_signs_and_references_is_described(content: str, text: str, repairs: tuple[str, ...]) -> None:
    (entry,), error = _read(_rss(f"<item>{content}</item>"))
    assert (get_element_text(entry.element), entry.repairs, entry.problem, error) == (text, repairs, "", "")


@pytest.mark.parametrize("reference", ["&#{};", "&#x{};"])
def test_a_reference_with_a_very_long_number_is_replaced(reference: str) -> None:
    entries, error = _read(_rss(f"<item>a{reference.format('1' * 5_000)}b</item>", "<item>two</item>"))
    assert (_texts(entries), error) == (["a b", "two"], "")
