"""Long values of comment backups do not make messages long."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from kolom_cli.importers.commento.reader import read_commento
from kolom_cli.importers.common.types import Item
from kolom_cli.importers.isso import read_isso
from kolom_cli.importers.remark42 import read_remark42
from tests.unit.cli.importers import remark42_backup
from tests.unit.cli.importers.commento import export
from tests.unit.cli.importers.export_readers import read_all

LONG: Final = "x" * 100_000
MAX_MESSAGE: Final = 9_000
"""The URL of a page may have 8,192 characters."""


def isso(uri: str = "/hello/", **changes: object) -> bytes:
    comment = {"author": "Budi", "created": "2024-05-06 07:08:09", "text": "One", **changes}
    return json.dumps([{"id": uri, "comments": [comment]}]).encode()


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (read_remark42, remark42_backup.backup(remark42_backup.comment(LONG, LONG))),
        (read_remark42, remark42_backup.backup(remark42_backup.comment(LONG, time=LONG))),
        (read_remark42, remark42_backup.backup(head=remark42_backup.header(version=LONG))),
        (read_commento, export.first_export(export.first_comment(LONG, LONG))),
        (read_commento, export.third_export(export.third_comment(LONG, createdTime=LONG))),
        (read_commento, export.first_export(version=LONG)),
        (read_isso, isso(author=LONG)),
        (read_isso, isso(created=LONG)),
        (read_isso, isso(LONG)),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_long_value_makes_neither_a_name_nor_an_error_long(
    tmp_path: Path, read: Callable[[Path], Iterator[Item]], data: bytes
) -> None:
    file = tmp_path / "export"
    file.write_bytes(data)
    items, error = read_all(read(file))
    assert items or error
    assert len(error) < MAX_MESSAGE
    assert all(len(item.name) < MAX_MESSAGE for item in items)
