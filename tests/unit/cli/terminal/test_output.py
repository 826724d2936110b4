"""Lists and fields on the terminal: slugs, ids, dates and addresses are never truncated."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kolom.config import settings
from kolom_cli.terminal.output import Row, cut, format_moment, print_fields, print_list

DATE = "2026-02-01 15:00 WIB"
ID = "01KB3R5T7W9Y1A2C4E6G8J0MNP"
LONG_SLUG = "a-morning-at-the-market-in-yogyakarta-and-what-people-buy-there-in-the-month-of-may"
URL = "https://blog.example/api/moderation/" + "x" * 160
SENTENCE = "A text of several words that is far too long for one line of a terminal, whatever its width is. " * 2


@pytest.fixture(autouse=True)
def time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TIME_ZONE", "Asia/Jakarta")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(params=[80, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Set the width of the terminal, and return it."""
    columns: int = request.param
    monkeypatch.setenv("COLUMNS", str(columns))
    return columns


def test_a_time_is_shown_in_the_time_zone_of_the_site() -> None:
    assert format_moment(datetime(2026, 2, 1, 8, 0, 59, tzinfo=UTC)) == DATE


def test_a_text_is_shown_beside_its_record_if_it_fits(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    """It gets the rest of the line."""
    rows = [Row((DATE, "published", "hello"), ("Hello",)), Row(("", "draft", "market"), (SENTENCE,))]
    print_list(("date", "status", "slug"), rows, text="title", empty="None.")
    header, first, second = capsys.readouterr().out.splitlines()
    assert header == "DATE                  STATUS     SLUG    TITLE"
    assert first == f"{DATE}  published  hello   Hello"
    assert second == "-                     draft      market  " + cut(SENTENCE, width - 41)
    assert len(second) in {width - 1, width}


def test_a_long_slug_has_its_own_line(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row((DATE, "draft", LONG_SLUG), (SENTENCE,)), Row((DATE, "published", "hello-world"), ("Hello",))]
    print_list(("date", "status", "slug"), rows, empty="None.")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        *((f"{DATE}  draft", f"    slug: {LONG_SLUG}") if width == 80 else (f"{DATE}  draft      {LONG_SLUG}",)),
        "    " + cut(SENTENCE, width - 4),
        f"{DATE}  published  hello-world",
        "    Hello",
    ]


def test_a_column_that_does_not_fit_becomes_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    print_list(("date", "status", "id", "article"), [Row((DATE, "pending", ID, "hello"))], empty="None.")
    assert capsys.readouterr().out.splitlines() == [
        "DATE                  STATUS   ID",
        f"{DATE}  pending  {ID}",
        "    article: hello",
    ]


def test_an_id_is_never_truncated(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_list(("date", "status", "id"), [Row((DATE, "pending", ID))], empty="None.")
    assert capsys.readouterr().out.splitlines() == ["DATE", DATE, "    status: pending", f"    id: {ID}"]


def test_an_empty_list_suggests_the_next_command(capsys: pytest.CaptureFixture[str]) -> None:
    print_list(("date",), [], empty="No drafts. `kolom publish FILE` creates one.")
    assert capsys.readouterr().out == "No drafts. `kolom publish FILE` creates one.\n"


def test_long_fields_are_complete_and_have_their_own_lines(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    moment = datetime(2026, 2, 1, 8, tzinfo=UTC)
    fields = {"id": ID, "created_at": moment, "email": None, "is_owner": False, "content": "Two\n\nlines", "url": URL}
    print_fields({**fields, "links": {"approve": URL, "short": "https://a.example/"}})
    assert capsys.readouterr().out.splitlines() == [
        f"id          {ID}",
        f"created at  {DATE}",
        "email       -",
        "is owner    no",
        "content",
        "  Two",
        "",
        "  lines",
        "url",
        f"  {URL}",
        "links",
        "  approve",
        f"    {URL}",
        "  short",
        "    https://a.example/",
    ]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b31m", "\x07", "\u202e"])
def test_control_characters_from_visitors_are_not_printed(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They could clear the screen, or change the direction of the following text."""
    print_list(("name",), [Row((f"a{hostile}b",), (f"c{hostile}[bold]d",))], empty="None.")
    print_fields({"name": f"a{hostile}b"})
    printed = capsys.readouterr().out
    assert hostile[0] not in printed
    assert f"c\ufffd{hostile[1:]}[bold]d" in printed


def test_wide_characters_count_as_two_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    print_list(("slug", "id"), [Row(("日本語", "1"), ("日本語" * 9,)), Row(("ab", "2"))], empty="None.")
    assert capsys.readouterr().out.splitlines() == [
        "SLUG    ID",
        "日本語  1",
        "    日本語日本語日本語日本語…",
        "ab      2",
    ]
