"""Distinguishing entries with the same id."""

import pytest

from kolom_cli.importers.common.entry_ids import EntryIds, RepeatedEntry


def test_different_entries_with_one_id_get_different_origins() -> None:
    ids = EntryIds()
    assert [ids.add("x:1", text) for text in ("a", "b", "c")] == ["x:1", "x:1#2", "x:1#3"]
    assert ids.add("x:2", "a") == "x:2"


def test_an_entry_that_is_repeated_unchanged_is_a_duplicate() -> None:
    ids = EntryIds()
    ids.add("x:1", "a")
    ids.add("x:1", "b")
    for text in ("a", "b"):
        with pytest.raises(RepeatedEntry, match="duplicate"):
            ids.add("x:1", text)


def test_another_version_in_another_file_is_not_a_second_entry() -> None:
    ids = EntryIds()
    ids.add("x:1", "a", "1.xml")
    with pytest.raises(RepeatedEntry, match="another file"):
        ids.add("x:1", "b", "2.xml")
