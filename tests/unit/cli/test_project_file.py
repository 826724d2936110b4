"""``kolom.toml``: the region and the parameters of each stack."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.errors import ConfigurationError
from kolom_cli.project_file import StackEntry, read_entry, toml_string, write_entry

ENTRY = StackEntry(
    account="012345678901", region="ap-southeast-1", parameters={"SiteTitle": 'Budi "B" \\ Blog', "LinksAllowed": "3"}
)


def test_entries_of_several_stacks_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "kolom.toml"
    assert write_entry(path, "kolom", ENTRY)
    assert write_entry(path, "blog-2", StackEntry(region="eu-central-1"))
    assert read_entry(path, "kolom") == ENTRY
    assert read_entry(path, "blog-2") == StackEntry(region="eu-central-1")
    assert read_entry(path, "other") == StackEntry()


def test_an_unchanged_entry_leaves_the_file_and_its_comments_alone(tmp_path: Path) -> None:
    path = tmp_path / "kolom.toml"
    write_entry(path, "kolom", ENTRY)
    path.write_text(path.read_text("utf-8") + "# my comment\n")
    assert not write_entry(path, "kolom", ENTRY)
    assert path.read_text("utf-8").endswith("# my comment\n")


def test_a_file_that_cannot_be_read_or_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_entry(tmp_path, "kolom")
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
        write_entry(tmp_path / "missing/kolom.toml", "kolom", ENTRY)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "kolom.toml"
    path.write_text("[stacks.kolom]\nregion = 'eu-central-1'\n", "utf-8-sig")
    assert read_entry(path, "kolom").region == "eu-central-1"


def test_numbers_and_switches_may_be_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "kolom.toml"
    path.write_text("[stacks.kolom.parameters]\nLinksAllowed = 3\nMonthlyBudget = 7.5\nDeletionProtection = true\n")
    expected = {"LinksAllowed": "3", "MonthlyBudget": "7.5", "DeletionProtection": "on"}
    assert read_entry(path, "kolom").parameters == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stacks = ", "is not TOML"),
        ("stacks = " + "[" * 5_000, "is nested too deeply"),
        ("region = 'x'", "unknown key 'region'"),
        ("stacks = 1", "must be tables"),
        ("stacks.kolom = 1", "stacks.kolom must be a table"),
        ("[stacks.kolom]\ntitle = 'x'", "unknown key 'title'"),
        ("[stacks.kolom]\nregion = 1", "region must be a string"),
        ("[stacks.kolom]\naccount = 123456789012", "account must be a string"),
        ("[stacks.kolom.parameters]\nTimeZone = []", "TimeZone must be a string, a whole number, true or false"),
    ],
    ids=["syntax", "nesting", "key", "stacks", "entry", "key of entry", "region", "account", "parameter"],
)
def test_an_invalid_file_is_an_error_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "kolom.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read_entry(path, "kolom")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_can_be_written_as_a_string_of_toml(text: str) -> None:
    assert tomllib.loads(f"x = {toml_string(text)}") == {"x": text}
