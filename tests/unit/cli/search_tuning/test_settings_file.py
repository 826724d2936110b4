"""The file of synonyms and pinned articles."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.search.search_settings import SynonymRule
from kolom_cli.search_tuning.settings_file import (
    PinEntry,
    SettingsFile,
    SettingsFileError,
    parse_settings_file,
    read_settings_file,
    render_settings_file,
)

EXAMPLE = SettingsFile(
    (SynonymRule(("mobil", "kendaraan roda empat")), SynonymRule(("hp", "ponsel"), one_way=True)),
    (PinEntry("cara bayar", ("pembayaran", "tanya-jawab")),),
)
WRITTEN = """\
[[synonyms]]
words = ["mobil", "kendaraan roda empat"]

[[synonyms]]
words = ["hp", "ponsel"]
one_way = true

[[pins]]
query = "cara bayar"
articles = ["pembayaran", "tanya-jawab"]
"""
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def test_settings_are_written_as_owners_write_them() -> None:
    assert render_settings_file(EXAMPLE) == WRITTEN
    assert parse_settings_file(b"\xef\xbb\xbf" + WRITTEN.encode()) == EXAMPLE
    assert parse_settings_file(b"") == SettingsFile()


@given(
    st.lists(st.builds(SynonymRule, st.lists(TEXTS).map(tuple), st.booleans())).map(tuple),
    st.lists(st.builds(PinEntry, TEXTS, st.lists(TEXTS).map(tuple))).map(tuple),
)
def test_any_settings_are_the_same_after_reading_them(
    rules: tuple[SynonymRule, ...], pins: tuple[PinEntry, ...]
) -> None:
    settings = SettingsFile(rules, pins)
    assert parse_settings_file(render_settings_file(settings).encode()) == settings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[synonyms]]\nwords = [", "Invalid value (at end of document)"),
        (f"x = {'1' * 5000}", "a number has too many digits"),
        ("x = 1", "unknown key 'x': write [[synonyms]] and [[pins]]"),
        ("[synonyms]\nwords = []", "synonyms: write [[synonyms]] before each entry"),
        ("synonyms = [1]", "synonyms: write [[synonyms]] before each entry"),
        ("[[synonyms]]\nword = 'a'", "synonyms 1: unknown key 'word', allowed are words, one_way"),
        ("[[synonyms]]\nwords = 'a'", "synonyms 1: words must be a list of texts"),
        ("[[synonyms]]\nwords = ['a', 1]", "synonyms 1: words must be a list of texts"),
        ("[[synonyms]]\nwords = ['a', 'b']\none_way = 'yes'", "synonyms 1: one_way must be true or false"),
        ("[[pins]]\narticles = ['a']", "pins 1: query must be a text"),
        ("[[pins]]\nquery = 'a'", "pins 1: articles must be a list of texts"),
        ("caf\udce9", "must be UTF-8"),
    ],
    ids=[
        "syntax",
        "integer",
        "key",
        "table",
        "number",
        "word",
        "text",
        "list",
        "flag",
        "query",
        "articles",
        "encoding",
    ],
)
def test_a_malformed_file_is_refused_with_the_entry(text: str, problem: str) -> None:
    with pytest.raises(SettingsFileError) as raised:
        parse_settings_file(text.encode(errors="surrogateescape"))
    assert str(raised.value) == problem


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsFileError, match=r"cannot read .*none\.toml: No such file or directory"):
        read_settings_file(tmp_path / "none.toml")
    (tmp_path / "deep.toml").write_text("x = " + "[" * 100_000)
    with pytest.raises(SettingsFileError):
        read_settings_file(tmp_path / "deep.toml")
