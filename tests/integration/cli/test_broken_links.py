"""`kolom publish` and `kolom import markdown` report links that lead nowhere on the site."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from kolom.articles import public, publishing
from kolom.errors import NotFound
from tests.factories import NOW, content
from tests.integration.cli.conftest import Kolom

PNG = b"\x89PNG\r\n\x1a\nnot really"


def write(folder: Path, name: str, body: str, front: str = "") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\ntitle: {path.stem.title()} title\ndate: 2026-01-01\n{front}---\n{body}\n", "utf-8")
    return path


def publish(kolom: Kolom, *arguments: object, exit_code: int = 0) -> dict[str, Any]:
    ran = kolom("publish", "--json", "--no-write-back", *arguments)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    return report


def broken(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the file with the line, and the text, of each note about a broken link."""
    notes = [(Path(note["name"]).name, note["note"]) for note in report["notes"]]
    return [(name, text.removeprefix("broken link ")) for name, text in notes if text.startswith("broken link ")]


def links(targets: Iterable[str]) -> str:
    return "\n".join(f"[x]({target})" for target in targets)


def test_links_that_work_are_not_reported(kolom: Kolom, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    publishing.publish(
        content("stored", html='<h2 id="part-two">x</h2>', path="/2024/x.html", labels=("News",)), now=NOW
    )
    publishing.publish(content("old"), now=NOW)
    publishing.publish(content("renamed"), now=NOW, article_id=2, force=True)
    write(tmp_path, "later.md", "## Part one\n\n## Setup\n", "labels: [Own]\n")
    targets = [
        *("#", "#top", "#part-one", "#comments", "#einführung", "#fn-1", "?q=1", "mailto:a@b.example", "tel:1"),
        *("later.md#setup", "later.md#comments", "later.md#comment-01", "later.md#", "/later/#section-setup"),
        *("later.md", "later.md#part-one", "later.md?x#part-one", "/later/", "/later#part-one", "../later/", "a.png"),
        *(
            "/stored/",
            "/2024/x.html",
            "/2024/x.html/#part-two",
            "https://blog.example/stored",
            "/old/",
            "//blog.example/old",
        ),
        *(
            "/",
            "/labels/",
            "/archive",
            "/contact/",
            "/search/?q=x",
            "/2026/",
            "/2026/01/",
            "/label/news/",
            "/label/Own/",
        ),
        *(
            "/feeds/atom.xml?label=x",
            "/feeds/comments.xml",
            "/feeds/comments/later",
            "/feed/",
            "/sitemap.xml",
            "/robots.txt",
        ),
        *("https://a.example/none", "//b.example/none", "/later/#:~:text=x", "/later/#comment-01"),
    ]
    write(tmp_path, "first.md", f"## Part one\n\n## Einführung\n\n{links(targets)}[^1]\n\n[^1]: Note.\n\n![x](a.png)\n")
    assert broken(publish(kolom, tmp_path, "--dry-run")) == []
    assert broken(publish(kolom, tmp_path, "--strict")) == []


def test_an_invalid_url_is_reported_as_removed_markup(kolom: Kolom, tmp_path: Path) -> None:
    write(tmp_path, "one.md", "[x](http://[)")
    notes = [note["note"] for note in publish(kolom, tmp_path)["notes"]]
    assert [note for note in notes if "<a>" in note] == [
        "<a> removed, because it is not valid there or nested too deeply"
    ]


def test_broken_links_are_reported_with_line_target_and_reason(kolom: Kolom, tmp_path: Path) -> None:
    for slug, change in (
        ("draft", {"draft": True}),
        ("soon", {"published_at": datetime(2099, 1, 1, tzinfo=UTC)}),
        ("gone", {}),
    ):
        publishing.publish(content(slug, **change), now=NOW)
    publishing.delete("gone", now=NOW)
    publishing.publish(content("stored", html='<h2 id="section-setup">x</h2>'), now=NOW)
    write(tmp_path / "posts", "wip.md", "Text.", "draft: true\n")
    write(tmp_path, "outside.md", "Text.")
    expected = {
        "missing.md": "there is no file missing.md",
        "../outside.md": f"the file is outside of the published folder {tmp_path}/posts",
        "wip.md": "the article 'wip' is a draft",
        "/draft/": "the article 'draft' is a draft",
        "/soon/": "the article 'soon' is not public yet: scheduled",
        "/gone/": "the article 'gone' was deleted",
        "/none/": "there is no page at /none/",
        "none/": "there is no page at /one/none/",
        "/stored/#setup": "there is no heading or element with the id 'setup'; did you mean #section-setup?",
        "#part-tow": "there is no heading or element with the id 'part-tow'; did you mean #part-two?",
        "/contact/form": "there is no page at /contact/form",
        "/feeds/none.xml": "there is no page at /feeds/none.xml",
        "/feeds/comments/none": "there is no page at /none/",
        "/label/none/": "no article has the label 'none'",
        "/media/0123456789abcdef/x.png": "there is no such file in the media bucket",
        "https://blog.example/nowhere": "there is no page at /nowhere",
    }
    body = "## Part two\n\n" + links(expected) + "\n\n![x](/images/none.png)\n"
    write(tmp_path / "posts", "one.md", body)
    report = publish(kolom, tmp_path / "posts")
    assert report["created"] == len(("one", "wip"))
    lines = {target: number for number, target in enumerate(expected, start=7)}
    assert sorted(broken(report)) == sorted(
        [
            *((f"one.md:{lines[target]}", f"{target}: {reason}") for target, reason in expected.items()),
            ("one.md:24", "/images/none.png: there is no file at /images/none.png"),
        ]
    )
    assert broken(publish(kolom, tmp_path / "posts")) == broken(report)


def test_a_missing_picture_is_refused(kolom: Kolom, tmp_path: Path) -> None:
    write(tmp_path, "one.md", "![x](none.png)")
    assert "does not exist" in publish(kolom, tmp_path, exit_code=1)["skipped_items"][0]["reason"]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_strict_publishes_nothing_if_a_link_is_broken(kolom: Kolom, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    write(tmp_path, "bad.md", "![x](a.png)\n\n[x](/none/)\n[x](#none)")
    good = write(tmp_path, "good.md", "Text.")
    text = good.read_text()
    ran = kolom("publish", "--json", "--strict", *options, tmp_path)
    assert ran.exit_code == 1
    first, second = ran.json["skipped_items"]
    assert first["name"] == f"{tmp_path}/bad.md:7"
    assert first["reason"].startswith("broken link /none/: there is no page at /none/; line 8: broken link #none: ")
    assert second == {
        "kind": "article",
        "name": str(good),
        "reason": "not published, because links in other files are broken (--strict)",
        "refused": True,
    }
    assert (ran.json["created"], good.read_text()) == (0, text)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="kolom-media")
    for slug in ("good", "bad"):
        with pytest.raises(NotFound):
            publishing.get_by_slug(slug)


def test_strict_lists_each_problem_on_its_own_line(kolom: Kolom, tmp_path: Path) -> None:
    write(tmp_path, "bad.md", "[x](/none/)\n[x](#none)\n\n<svg></svg>")
    lines = kolom("publish", "--strict", tmp_path).stdout.splitlines()
    assert [line.partition(": ")[2].partition(":")[0] for line in lines if line.startswith("refused")] == [
        "broken link /none/",
        "broken link #none",
        "<svg> would be removed with its content",
    ]
    assert [line.partition("bad.md:")[2][0] for line in lines if line.startswith("refused")] == ["5", "6", "8"]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_strict_publishes_nothing_if_markup_would_be_removed(
    kolom: Kolom, tmp_path: Path, options: tuple[str, ...]
) -> None:
    write(tmp_path, "bad.md", "<form>Name</form>")
    write(tmp_path, "good.md", "Text.")
    report = kolom("publish", "--json", "--strict", *options, tmp_path).json
    assert [each["reason"].partition(":")[0] for each in report["skipped_items"]] == [
        "<form> would be removed, its text is kept",
        "not published, because other files have markup that an article cannot have (--strict)",
    ]
    assert (report["created"], report["notes"]) == (0, [])


def test_strict_refuses_a_published_file_with_removed_markup(kolom: Kolom, tmp_path: Path) -> None:
    write(tmp_path, "bad.md", "<form>Name</form>")
    assert publish(kolom, tmp_path)["created"] == 1
    assert publish(kolom, tmp_path, "--strict", exit_code=1)["skipped"] == 1


def test_a_refused_file_is_no_target_of_a_link(kolom: Kolom, tmp_path: Path) -> None:
    write(tmp_path, "one.md", "[x](two.md)")
    write(tmp_path, "two.md", "Text.", "unknown: key\n")
    assert broken(publish(kolom, tmp_path, exit_code=1)) == [
        ("one.md:5", "two.md: the file is not an article, or has an error")
    ]


def test_a_link_to_an_article_that_is_scheduled_later_is_broken(kolom: Kolom, tmp_path: Path) -> None:
    for name, date, other in (("one", "2099-01-01", "two"), ("two", "2099-01-02", "one")):
        path = write(tmp_path, f"{name}.md", f"[x]({other}.md)")
        path.write_text(path.read_text().replace("2026-01-01", date))
    assert broken(publish(kolom, tmp_path)) == [("one.md:5", "two.md: the article 'two' is not public yet: scheduled")]


def test_a_draft_may_link_to_its_own_headings(kolom: Kolom, tmp_path: Path) -> None:
    write(tmp_path, "one.md", "## Part one\n\n[x](#part-one) [y](/one/#part-one)", "draft: true\n")
    assert broken(publish(kolom, tmp_path)) == []


def test_a_label_that_the_list_of_labels_omits_is_a_valid_target(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing.publish(content("stored", labels=("News",)), now=NOW)
    monkeypatch.setattr(public, "MAX_LABELS_BYTES", 0)  # as with too many labels
    write(tmp_path, "post.md", links(["/label/news/"]))
    assert broken(publish(kolom, tmp_path)) == []


def test_each_target_is_looked_up_once(kolom: Kolom, tmp_path: Path, calls: list[str]) -> None:
    for number in range(30):
        publishing.publish(content(f"stored-{number}", html='<p id="a-b">x</p>'), now=NOW)
    body = links([*(f"/stored-{number}/" for number in range(30)), *(["/none/", "/stored-0/#a-b", "/label/x/"] * 5)])
    for number in range(5):
        write(tmp_path, f"{number}-post.md", body)
    publish(kolom, tmp_path)
    calls.clear()
    publish(kolom, tmp_path)
    assert calls.count("BatchGetItem") == len(("pointers", "articles"))
    assert calls.count("Query") == len(("the body of stored-0", "the labels"))


def test_a_missing_picture_is_reported_once_by_an_import(kolom: Kolom, tmp_path: Path) -> None:
    write(tmp_path, "one.md", "![x](./none.png)\n\n[a page](/none/)\n\n[a file](/none.pdf)")
    notes = [note["note"] for note in kolom("import", "markdown", tmp_path, "--json").json["notes"]]
    assert [note for note in notes if "none.png" in note] == ["link not changed: the file ./none.png does not exist"]
    assert "broken link /none/: there is no page at /none/" in notes


def test_an_import_of_a_folder_reports_broken_links(kolom: Kolom, tmp_path: Path) -> None:
    body = links(
        ["two.md", "/two/#part-one", "missing.md", "/tags/x/", "/contact/", "#none", "https://other.example/x"]
    )
    write(tmp_path, "one.md", body)
    write(tmp_path, "two.md", "## Part one")
    for options in (("--dry-run",), ()):
        report = kolom("import", "markdown", tmp_path, "--json", *options).json
        assert broken(report) == [
            ("one.md:7", "missing.md: there is no file missing.md"),
            ("one.md:8", "/tags/x/: there is no page at /tags/x/"),
            ("one.md:10", "#none: there is no heading or element with the id 'none'"),
        ]
    assert broken(kolom("import", "markdown", tmp_path, "--json").json) == []
