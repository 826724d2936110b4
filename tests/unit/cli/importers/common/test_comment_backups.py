"""A comment backup that another command imports is refused, and the error names the command."""

import gzip
import json
from pathlib import Path
from typing import Final

import pytest

from kolom_cli.importers.commento.reader import read_commento
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.isso import read_isso
from kolom_cli.importers.remark42 import read_remark42
from tests.unit.cli.importers.export_readers import read_all

REMARK: Final = (
    b'{"version":1,"users":[],"posts":[{"url":"https://blog.example/x","read_only":true}]}\n'
    b'{"id":"1","pid":"","text":"<p>Hi</p>","locator":{"site":"blog","url":"https://blog.example/x"}}\n'
)
COMMENTO: Final = json.dumps(
    {"version": 1, "comments": [{"commentHex": "a", "path": "/x/"}], "commenters": [{"commenterHex": "b"}]}, indent=2
).encode()
COMENTARIO: Final = json.dumps({"version": 3, "pages": [{"id": "a"}], "comments": [], "commenters": []}).encode()

BACKUPS: Final = {
    "Remark42": (REMARK, "remark42"),
    "Remark42 in gzip": (gzip.compress(REMARK), "remark42"),
    "Commento": (COMMENTO, "commento"),
    "Comentario": (COMENTARIO, "commento"),
    "Comentario with a byte order mark": (b"\xef\xbb\xbf" + COMENTARIO, "commento"),
}
READERS: Final = {"isso": read_isso, "disqus": read_disqus, "remark42": read_remark42, "commento": read_commento}


def test_a_backup_of_another_system_is_named(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """Every command that reads comments recognizes those of the others, and does not refuse its own."""
    file = tmp_path / "backup"
    for backup, (data, command) in BACKUPS.items():
        file.write_bytes(data)
        system = backup.split()[0]
        for own, read in READERS.items():
            with subtests.test(f"{backup}, kolom import {own}"):
                items, error = read_all(read(file))
                if own == command:
                    assert "import it with" not in error
                else:
                    assert items == []
                    assert error == f"{file}: a comment backup of {system}: import it with `kolom import {command}`"


def test_other_files_are_not_mistaken_for_backups(tmp_path: Path) -> None:
    file = tmp_path / "comments.json"
    comment = {"author": "A", "created": "2005-02-24 04:03:37", "text": 'about "locator": {"site": 1}'}
    file.write_text(json.dumps([{"id": "/x/", "title": "X", "comments": [comment]}]))
    items, error = read_all(read_isso(file))
    assert (len(items), error) == (1, "")
    for data, message in ((b"", "valid JSON"), (b"\x1f\x8brest", "valid JSON"), (b'{"a": 1}', "must be a list")):
        file.write_bytes(data)
        assert message in read_all(read_isso(file))[1]
