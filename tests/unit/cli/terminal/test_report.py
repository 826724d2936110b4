"""The printed report of an import: source texts are shown literally and shortened."""

import io
import json
import os
from typing import Any

import pytest
from rich.console import Console

from kolom_cli.terminal.report import ImportedState, LinkCounts, Note, Report

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


def test_paths_of_any_bytes_can_be_printed() -> None:
    """A path that is not UTF-8, or that controls the terminal, is replaced in the text and unchanged in JSON."""
    path = os.fsdecode(b"a\xff\x1b[31mb/one.md")
    report = Report(notes=[Note(name=path, text="a note")], errors=[f"{path} cannot be read"])
    report.skip("article", path, "a refusal", refused=True)
    report.skip("file", path, f"a link to {path}")
    report.add_removed(path, "form removed", 1)
    printed = _printed(report)
    assert all(line.isprintable() for line in printed.splitlines())
    assert printed.count("a\ufffd\ufffd[31mb/one.md") == 5
    text = report.as_json().encode().decode()
    assert json.loads(text)["notes"][0]["name"] == path


def _state(number: int, **changes: str) -> ImportedState:
    fields: dict[str, Any] = {
        "name": f"{number}.md",
        "kind": "article",
        "title": f"Post {number}",
        "status": "published",
    }
    return ImportedState(**fields | {"url": f"/post-{number}/", "change": "created"} | changes)


def test_the_statuses_of_the_articles_are_counted_and_json_lists_each() -> None:
    report = Report()
    for number, status in enumerate(["draft", "published", "scheduled", "published"]):
        report.add_article(_state(number, status=status))
    assert "Articles: 2 published, 1 draft, 1 scheduled.\n" in _printed(report)
    report.add_article(_state(4, kind="page", status="draft", change="unchanged"))
    assert "Articles and pages: 2 published, 2 drafts, 1 scheduled.\n" in _printed(report)
    data = json.loads(report.as_json())
    assert data["by_status"] == {"published": 2, "draft": 2, "scheduled": 1}
    assert data["articles"][4] == {
        "name": "4.md",
        "kind": "page",
        "title": "Post 4",
        "url": "/post-4/",
        "status": "draft",
        "change": "unchanged",
    }


def test_lines_about_one_item_are_singular() -> None:
    report = Report(remote_media=1, copied_pictures=1, unclear_languages=1, own_links=LinkCounts(1, 1, 1))
    report.add_removed("a", "form removed", 1)
    printed = _printed(report)
    assert "1 picture was copied." in printed
    assert "1 image, video or audio file is still loaded from other sites, and breaks when these sites move." in printed
    assert "The language of 1 article is not clear from the text: it has the site's first language." in printed
    assert "1 link to articles of the old site leads to the imported article." in printed
    assert "1 link to files of the old site was left as it is." in printed
    assert "form removed (1 time in 1 text, first in a)" in printed


def test_lines_about_several_items_are_plural() -> None:
    report = Report(remote_media=2, copied_pictures=2, unclear_languages=2, own_links=LinkCounts(2, 2, 2))
    report.add_removed("a", "form removed", 2)
    printed = _printed(report)
    assert "2 pictures were copied." in printed
    assert (
        "2 images, videos and audio files are still loaded from other sites, and break when these sites move."
        in printed
    )
    assert "The language of 2 articles is not clear from the texts: they have the site's first language." in printed
    assert "2 links to articles of the old site lead to the imported articles." in printed
    assert "2 links to files of the old site were left as they are." in printed
    assert "2 links to pages of the old site that were not imported were left as they are." in printed
    assert "form removed (2 times in 1 text, first in a)" in printed


def test_a_number_in_the_note_of_several_items_is_said_to_count_for_each() -> None:
    text = "shortcodes became code blocks: [code] (1)"
    report = Report(
        notes=[Note(name="a", text=text), Note(name="b", text=text), Note(name="c", text="removed: [x] (2)")]
    )
    printed = _printed(report)
    assert f"note a, b: {text}, in each\n" in printed
    assert "note c: removed: [x] (2)\n" in printed


def test_refused_items_have_their_own_column() -> None:
    report = Report()
    report.add("article", "created")
    report.skip("article", "a.md", "a template")
    report.skip("article", "b.md", "an error", refused=True)
    report.skip("article", "c.md", "an error", refused=True)
    head, row = (line.split() for line in _printed(report).splitlines() if "read" in line or "article " in line)
    assert [each for each in head if each.isalpha()] == [
        "read",
        "created",
        "updated",
        "unchanged",
        "skipped",
        "refused",
    ]
    assert [each for each in row if each.isdigit()] == ["4", "1", "0", "0", "1", "2"]
    assert report.counts()["skipped"] == 3


def test_the_report_says_what_a_folder_was_read_as() -> None:
    report = Report(source="a Jekyll site")
    assert _printed(report).startswith("Read as a Jekyll site.\n")
    assert json.loads(report.as_json())["source"] == "a Jekyll site"
    assert "source" not in json.loads(Report().as_json())
