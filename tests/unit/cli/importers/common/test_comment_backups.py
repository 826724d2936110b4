"""Comment backups of systems that are not supported are named, and the error says what to do."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kolom_cli.importers.common.types import Item
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.isso import read_isso
from tests.unit.cli.importers.export_readers import read_all

REMARK = (
    b'{"version":1,"users":[],"posts":[{"url":"https://blog.example/x","read_only":true}]}\n'
    b'{"id":"1","pid":"","text":"<p>Hi</p>","locator":{"site":"blog","url":"https://blog.example/x"}}\n'
)
COMMENTO = json.dumps(
    {"version": 1, "comments": [{"commentHex": "a", "path": "/x/"}], "commenters": [{"commenterHex": "b"}]}, indent=2
).encode()
COMENTARIO = json.dumps({"version": 3, "pages": [{"id": "a"}], "comments": [], "commenters": []}).encode()

BACKUPS = {
    "Remark42": REMARK,
    "Remark42 in gzip": gzip.compress(REMARK),
    "Commento": COMMENTO,
    "Comentario": COMENTARIO,
    "Comentario with a byte order mark": b"\xef\xbb\xbf" + COMENTARIO,
}


@pytest.mark.parametrize("read", [read_isso, read_disqus])
@pytest.mark.parametrize("backup", BACKUPS)
def test_a_backup_of_another_system_is_named(
    tmp_path: Path, read: Callable[[Path], Iterator[Item]], backup: str
) -> None:
    """Every command that reads comments recognizes it."""
    file = tmp_path / "backup"
    file.write_bytes(BACKUPS[backup])
    items, error = read_all(read(file))
    assert items == []
    assert error.startswith(f"{file}: a comment backup of {backup.split()[0]}, which is not supported.")
    assert "exports of Disqus (XML), Isso (its database or generic JSON), WordPress and Blogger" in error
    assert "import that file with `kolom import isso`" in error


def test_other_files_are_not_mistaken_for_backups(tmp_path: Path) -> None:
    file = tmp_path / "comments.json"
    comment = {"author": "A", "created": "2005-02-24 04:03:37", "text": 'about "locator": {"site": 1}'}
    file.write_text(json.dumps([{"id": "/x/", "title": "X", "comments": [comment]}]))
    items, error = read_all(read_isso(file))
    assert (len(items), error) == (1, "")
    for data, message in ((b"", "valid JSON"), (b"\x1f\x8brest", "valid JSON"), (b'{"a": 1}', "must be a list")):
        file.write_bytes(data)
        assert message in read_all(read_isso(file))[1]
