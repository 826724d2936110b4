"""The printed report of an import: source texts are shown literally and shortened."""

import io
import json

import pytest
from rich.console import Console

from kolom_cli.terminal.report import Note, Report

MARKUP = ["[/b]", "[red]x[/]", "[/]", "[b", "a\\", ":smile:", "[link=https://a.example]x[/link]"]


def _printed(report: Report) -> str:
    file = io.StringIO()
    report.print(Console(file=file, width=200))
    return file.getvalue()


@pytest.mark.parametrize("text", MARKUP)
def test_text_that_looks_like_markup_is_shown_literally(text: str) -> None:
    report = Report(notes=[Note(name=text, text=f"note {text}")], errors=[f"error {text}"])
    report.skip(text, "a name", f"reason {text}")
    report.skip("article", text, f"refusal {text}", refused=True)
    printed = _printed(report)
    assert f"│ {text} " in printed
    assert f"skipped 1 × {text}: reason {text}\n" in printed
    assert f"refused {text}: refusal {text}\n" in printed
    assert f"note {text}: note {text}\n" in printed
    assert f"error error {text}\n" in printed


def test_long_and_multi_line_texts_are_shortened_except_in_json() -> None:
    report = Report(notes=[Note(name="n" * 5_000, text="t" * 5_000)])
    report.skip("k" * 5_000, "name", "r" * 5_000)
    report.skip("a\nb", "name", "no such\nthing")
    printed = _printed(report)
    assert f"skipped 1 × {'k' * 39}…: {'r' * 3_999}…\n" in printed
    assert f"note {'n' * 299}…: {'t' * 3_999}…\n" in printed
    assert "k" * 40 not in printed
    assert "skipped 1 × a b: no such thing\n" in printed
    assert "k" * 5_000 in json.loads(report.as_json())["kinds"]
