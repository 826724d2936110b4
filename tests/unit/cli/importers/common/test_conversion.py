"""Conversion of a large export in several processes."""

import os
from collections.abc import Iterator
from itertools import islice
from operator import getitem
from pathlib import Path

import pytest

from kolom_cli.importers.common import conversion
from kolom_cli.importers.common.conversion import convert_in_order
from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.wordpress.reader import read_wordpress
from tests.unit.cli.importers.wordpress import wxr


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use two processes for everything except the first input, in small chunks."""
    monkeypatch.setattr(conversion, "_SMALL_EXPORT", 0)
    monkeypatch.setattr(conversion, "_CHUNK", 2_000)
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2)
    monkeypatch.setattr(conversion, "_convert_instead", None)


def test_several_processes_return_the_same_items_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "export.xml"
    items = (
        wxr.item(number, content=f"[sic] <b>{number}</b> <svg></svg>\n\n" * 20, more=wxr.comment(100 + number))
        for number in range(1, 40)
    )
    file.write_text(wxr.export(*items))
    in_processes = list(read_wordpress(file))
    monkeypatch.undo()
    assert in_processes == list(read_wordpress(file))
    assert len(in_processes) == 78


def test_an_error_of_the_source_is_raised_after_all_outputs() -> None:
    def inputs() -> Iterator[str]:
        yield from (f"{each} {each}!" for each in range(5))
        raise SourceError("damaged")

    outputs = convert_in_order(str.split, " ", inputs(), lambda _: 1_001)
    assert list(islice(outputs, 10)) == [text for each in range(5) for text in (str(each), f"{each}!")]
    with pytest.raises(SourceError, match="damaged"):
        next(outputs)


def test_an_error_of_the_function_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chunk is converted again in this process, because not every exception can be sent to it."""
    monkeypatch.setattr(conversion, "_convert_instead", conversion._converted)
    inputs: list[list[list[str]]] = [[["converted here"]], [["converted"]], []]
    with pytest.raises(IndexError):
        list(convert_in_order(getitem, 0, inputs, lambda _: 1))


def test_without_further_processes_everything_is_converted_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(conversion, "_SMALL_EXPORT", 0)
    monkeypatch.setattr(conversion, "_COMMAND", ("/no/such/program",))
    assert list(convert_in_order(str.split, " ", ["1 2", "3", "4"], lambda _: 1)) == ["1", "2", "3", "4"]
