"""Large JSON files are read entry by entry."""

import io
import json
from typing import Any

import pytest

from kolom_cli.importers.common import json_stream
from kolom_cli.importers.common.types import SourceError

type Entry = tuple[json_stream.Path, dict[str, Any]]


def _read(data: bytes) -> tuple[list[Entry], str]:
    found: list[Entry] = []
    try:
        for entry in json_stream.read_entries("x.json", io.BytesIO(data), lambda path: path[-2:] == ("posts", "[]")):
            found.append(entry)  # noqa: PERF402 (a list would lose the entries before an error)
    except SourceError as error:
        return found, str(error)
    return found, ""


def test_the_selected_entries_are_yielded_complete_and_in_order() -> None:
    posts = [{"id": 1, "tags": [{"a": {"b": [None, True, 1.5]}}]}, {"id": 2, "posts": [{"id": 3}]}]
    data = json.dumps({"other": [{"id": 9}], "data": {"posts": [*posts, "no object"]}}).encode()
    for beginning in (b"", b"\xef\xbb\xbf", b" \n"):
        found, error = _read(beginning + data)
        assert (found, error) == ([(("data", "posts", "[]"), post) for post in posts], "")


def test_entries_before_an_error_are_yielded() -> None:
    data = json.dumps({"posts": [{"id": 1}, {"id": 2}, {"id": 3}]}).encode()
    for broken in (data[:-5], data.replace(b" 3", b" x"), data.replace(b"3", b'"\xff"')):
        found, error = _read(broken)
        assert [entry["id"] for _, entry in found] == [1, 2]
        assert error.startswith("x.json: invalid JSON, after 2 entries: ")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"posts": ' + b"[" * 1_000, "nested deeper than 64 levels"),
        (b'{"posts": [{"a": "' + b"x" * 5_000_000, "an entry has more than 2 MB"),
        (b'{"other": "' + b"x" * 5_000_000, "an entry has more than 2 MB"),
        (b'{"posts": [{"a": [' + b'"x",' * 1_250_000, "an entry has more than 2 MB"),
    ],
    ids=("nested", "a large text", "a large text between entries", "a large list"),
)
def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, data: bytes, message: str) -> None:
    monkeypatch.setattr(json_stream, "_MAX_ENTRY_BYTES", 2 * 1024 * 1024)
    assert message in _read(data)[1]


def test_the_size_limit_applies_to_each_entry_and_not_to_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for entries that are not selected."""
    monkeypatch.setattr(json_stream, "_MAX_ENTRY_BYTES", 3 * 1024 * 1024)
    large = json.dumps({"a": "x" * 1_000_000})
    data = '{"other": [' + ",".join([large] * 12) + '], "posts": [' + ",".join([large] * 12) + "]}"
    found, error = _read(data.encode())
    assert (len(found), error) == (12, "")


@pytest.mark.parametrize(
    ("data", "outline"),
    [
        (
            b'{"version": 1, "a": [{"version": 2}], "b": {"c": 3}, "d": null}',
            {"version": 1, "a": [], "b": {}, "d": None},
        ),
        (b'\xef\xbb\xbf{"a": [[]]}', {"a": []}),
        (b"{}", {}),
        (b'[{"version": 1}, 2, "version"]', {}),
        (b'"version"', {}),
    ],
)
def test_an_outline_has_the_members_of_the_outermost_object(data: bytes, outline: dict[str, Any]) -> None:
    assert json_stream.read_outline("x.json", io.BytesIO(data)) == outline


@pytest.mark.parametrize("data", [b"", b'{"a": [1', b'{"a": 1} x', b'{"a": ' + b"[" * 100])
def test_an_outline_is_that_of_the_whole_file(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"^x\.json: "):
        json_stream.read_outline("x.json", io.BytesIO(data))
