"""`kolom blocked-words …`."""

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Kolom


def words(kolom: Kolom) -> list[str]:
    """Return the list as the command shows it."""
    return kolom("blocked-words", "show").stdout.splitlines()


def test_words_are_added_shown_and_removed(kolom: Kolom) -> None:
    assert words(kolom) == []
    added = kolom("blocked-words", "add", "slot  gacor", "ca\u202esino")
    assert added.stdout == "2 words added, 0 removed; 2 are blocked.\n"
    assert kolom("blocked-words", "add", "CASINO").stdout == "0 words added, 0 removed; 2 are blocked.\n"
    assert words(kolom) == kolom("blocked-words", "show", "--json").json == ["slot gacor", "casino"]
    removed = kolom("blocked-words", "remove", "Slot Gacor", "--json")
    assert removed.json == {"words": 1, "added": 0, "removed": 1, "dry_run": False}
    missing = kolom("blocked-words", "remove", "casino", "poker")
    assert (missing.exit_code, missing.stderr) == (1, "kolom: the list has no 'poker'\n")
    assert words(kolom) == ["casino"]


def test_a_file_replaces_the_list(kolom: Kolom, tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    kolom("blocked-words", "add", "poker")
    file.write_text("\ufeffcasino\n\n  slot   gacor \r\nCasino\n", "utf-8")
    shown = kolom("blocked-words", "set", str(file), "--dry-run")
    assert shown.stdout == "2 words added, 1 removed; 2 would be blocked.\n"
    assert words(kolom) == ["poker"]
    kolom("blocked-words", "set", str(file))
    assert words(kolom) == ["casino", "slot gacor"]
    file.write_text("")
    kolom("blocked-words", "set", str(file))
    assert words(kolom) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "must be UTF-8"),
        ("\u200b".encode(), "blocked words: '\\u200b' has no visible character"),
        (b"a\x01", "has a control character"),
        (b"a" * 101, "has more than 100 characters"),
        ("\n".join(map(str, range(5_001))).encode(), "at most 5,000 are allowed, got 5,001"),
    ],
    ids=["not text", "invisible", "control character", "long", "many"],
)
def test_an_invalid_file_is_refused(kolom: Kolom, tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes(content)
    ran = kolom("blocked-words", "set", str(file))
    assert (ran.exit_code, message in ran.stderr) == (1, True), ran.stderr
    assert words(kolom) == []


def test_a_missing_file_is_named(kolom: Kolom, tmp_path: Path) -> None:
    ran = kolom("blocked-words", "set", str(tmp_path / "none.txt"))
    assert (ran.exit_code, "cannot read" in ran.stderr) == (1, True)
