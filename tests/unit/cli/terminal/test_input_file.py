"""Files that a command is given are read completely, or refused with the error of the command."""

from pathlib import Path

import pytest

from kolom.errors import KolomError
from kolom_cli.terminal import input_file
from kolom_cli.terminal.input_file import read_input_file


class ListError(KolomError):
    """The error of a command."""


def test_a_file_up_to_the_limit_is_read_and_a_larger_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_file, "MAX_BYTES", 1024**2)
    path = tmp_path / "words.txt"
    path.write_bytes(b"x" * 1024**2)
    assert len(read_input_file(path, ListError)) == 1024**2
    path.write_bytes(b"x" * (1024**2 + 1))
    with pytest.raises(ListError, match=r"words\.txt has more than 1 MB$"):
        read_input_file(path, ListError)


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"^cannot read .*none: No such file or directory$"):
        read_input_file(tmp_path / "none", ListError)
    with pytest.raises(KolomError, match=r"Is a directory$"):
        read_input_file(tmp_path)
