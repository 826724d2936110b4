"""`kolom import wordpress`: the report accounts for every item; nothing is stored twice or partially."""

import gzip
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from kolom.articles import public, publishing, repository
from kolom.articles.types import Article
from kolom.comments import admin
from kolom.pages.router import dispatch
from kolom_cli.importers.common.entry_ids import SAME_ID
from tests.integration.cli.conftest import Kolom
from tests.unit.cli.importers.wordpress.wxr import comment, export, item, meta, term


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


def _has_consistent_counts(report: dict[str, Any]) -> bool:
    return all(
        counts["read"] == counts["created"] + counts["updated"] + counts["unchanged"] + counts["skipped"]
        for counts in (report, *report["kinds"].values())
    ) and report["read"] == sum(counts["read"] for counts in report["kinds"].values())


def _import(kolom: Kolom, file: Path, xml: str | bytes, *options: str, exit_code: int = 0) -> dict[str, Any]:
    file.write_bytes(xml if isinstance(xml, bytes) else xml.encode())
    ran = kolom("import", "wordpress", file, "--json", *options)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    assert _has_consistent_counts(report)
    return report


def _imported(kolom: Kolom, file: Path, *items: str) -> Article:
    _import(kolom, file, export(*items))
    article = repository.get(1)
    assert article is not None
    return article


def _notes(report: dict[str, Any]) -> str:
    return "\n".join(note["note"] for note in report["notes"])


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_a_post_is_imported_completely(kolom: Kolom, file: Path, version: str) -> None:
    terms = term("Uncategorized") + term("Travel") + term("By &amp; by", "post_tag") + term("Aside", "post_format")
    _import(kolom, file, export(item(7, more=terms), version=version))
    read = public.get_article("post-7")
    article = read.article
    assert (article.title, article.author, article.language) == ("Post 7", "Sari W.", "en")
    assert article.labels == ("Travel", "By & by")
    assert article.published_at == article.updated_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert article.path == "/2020/01/post-7/"
    assert article.excerpt == "Text of 7. More of it."
    assert article.origin == "wordpress:https://old.example/?p=7#7"
    assert "<p>Text of 7.</p>" in read.body.html
    assert public.resolve_path("/2020/01/post-7/") == "post-7"


def test_a_second_import_changes_nothing(kolom: Kolom, file: Path, calls: list[str]) -> None:
    xml = export(item(1), item(2, post_type="page"), item(3, status="draft", post_date_gmt="0000-00-00 00:00:00"))
    assert _import(kolom, file, xml)["created"] == 3
    calls.clear()
    report = _import(kolom, file, xml)
    assert (report["unchanged"], report["created"], report["updated"]) == (3, 0, 0)
    assert set(calls) <= {"BatchGetItem", "GetItem", "Query", "DescribeStacks"}


def test_a_dry_run_reports_the_same_and_writes_nothing(kolom: Kolom, file: Path, calls: list[str]) -> None:
    xml = export(item(1), item(2, post_name="post-1"), item(3, status="trash"))
    planned = _import(kolom, file, xml, "--dry-run")
    assert set(calls) <= {"BatchGetItem", "GetItem", "Query", "DescribeStacks"}
    done = _import(kolom, file, xml)
    assert planned.pop("dry_run") is True
    assert done.pop("dry_run") is False
    assert planned == done


def test_a_newer_export_updates_articles_without_local_edits(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1), item(2)))
    report = _import(kolom, file, export(item(1, title="New"), item(2)))
    assert (report["updated"], report["unchanged"]) == (1, 1)
    assert publishing.get_by_slug("post-1").title == "New"


def test_local_edits_are_kept_unless_overwritten(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1)))
    publishing.unpublish("post-1", now=datetime.now(UTC))
    report = _import(kolom, file, export(item(1)))
    assert report["skipped_items"][0]["reason"].startswith("edited in Kolom since the import")
    assert publishing.get_by_slug("post-1").status == "draft"
    assert _import(kolom, file, export(item(1)), "--overwrite")["updated"] == 1
    assert publishing.get_by_slug("post-1").status == "published"


def test_a_deleted_article_stays_deleted(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1)))
    publishing.delete("post-1", now=datetime.now(UTC))
    report = _import(kolom, file, export(item(1)))
    assert report["skipped_items"][0]["reason"].startswith("deleted in Kolom since the import")


def test_an_article_without_a_date_keeps_the_date_of_its_first_import(kolom: Kolom, file: Path) -> None:
    xml = export(item(1, post_date_gmt="", post_date="", pubDate="Wed, 30 Nov -0001 00:00:00 +0000"))
    assert "the date of the import is used" in _notes(_import(kolom, file, xml))
    assert _import(kolom, file, xml)["unchanged"] == 1


def test_two_posts_with_one_slug_are_imported_the_same_way_each_time(kolom: Kolom, file: Path) -> None:
    xml = export(item(1, post_name="same"), item(2, post_name="same", post_type="page"), item(3, post_name="same"))
    report = _import(kolom, file, xml)
    assert "the slug same belongs to another article: changed to same-2" in _notes(report)
    assert [publishing.get_by_slug(slug).title for slug in ("same", "same-2", "same-3")] == [
        "Post 1",
        "Post 2",
        "Post 3",
    ]
    assert _import(kolom, file, xml)["unchanged"] == 3


def test_an_existing_local_article_keeps_its_slug(kolom: Kolom, file: Path, tmp_path: Path) -> None:
    (tmp_path / "post-1.md").write_text("---\ntitle: Mine\ndate: 2026-01-01\n---\nMine.\n")
    assert kolom("publish", tmp_path / "post-1.md").exit_code == 0
    report = _import(kolom, file, export(item(1)))
    assert report["created"] == 1
    assert publishing.get_by_slug("post-1").title == "Mine"
    assert publishing.get_by_slug("post-1-1").title == "Post 1"


def test_two_posts_with_one_path_are_both_imported(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1, link="https://o.example/x/y"), item(2, link="https://o.example/x/y")))
    assert report["created"] == 2
    assert "the path /x/y belongs to another article" in _notes(report)
    assert _import(kolom, file, file.read_text())["unchanged"] == 2


def test_two_posts_with_one_id_are_both_imported(kolom: Kolom, file: Path) -> None:
    other = item(1, title="Other", post_name="other", link="https://old.example/other/", more=comment(5))
    xml = export(item(1, more=comment(5)), other, item(1))
    report = _import(kolom, file, xml)
    assert report["kinds"]["article"] == {"read": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": 1}
    assert _notes(report) == SAME_ID
    assert [publishing.get_by_slug(slug).title for slug in ("post-1", "other")] == ["Post 1", "Other"]
    assert [len(admin.list_by_article(publishing.get_by_slug(slug).id)) for slug in ("post-1", "other")] == [1, 1]
    again = _import(kolom, file, xml)
    assert (again["unchanged"], again["created"], again["updated"]) == (4, 0, 0)


PLAIN = "https://old.example/?p={}"


def test_links_to_imported_articles_lead_to_the_articles_here(kolom: Kolom, file: Path) -> None:
    links = (
        *("http://old.example/?p=1", "https://www.old.example/2020/01/post-2#part", "https://old.example/?page_id=3"),
        *("https://old.example/?p=9", "https://old.example/wp-content/uploads/a.pdf", "https://else.example/?p=1"),
    )
    content = " ".join(f"<a href='{link}'>x</a>" for link in links)
    items = (
        item(1, link=PLAIN.format(1), guid=PLAIN.format(1), content=content),
        item(2, content=content, more=comment(5, content=f"See {links[0]} and <a href='{links[1]}'>this</a>.")),
        item(3, post_type="page", link="https://old.example/api/", content=content),
        item(9, status="trash"),
    )
    xml = export(*items)
    report = _import(kolom, file, xml)
    assert report["own_links"] == {"to_articles": 11, "to_files": 3, "to_pages": 3}
    for slug in ("post-1", "post-2", "post-3"):
        shown = public.get_article(slug).body.html
        assert [
            f'href="{target}"' in shown for target in ("/post-1/", "/2020/01/post-2/#section-part", "/post-3/")
        ] == [True] * 3
        assert [f'href="{link}"' in shown for link in links[3:]] == [True] * 3
    (stored,) = admin.list_by_article(publishing.get_by_slug("post-2").id)
    assert stored.content == (
        r"See [http:\//old.example/?p=1](https://blog.example/post-1/) and "
        "[this](https://blog.example/2020/01/post-2/#section-part)."
    )
    again = _import(kolom, file, xml)
    assert (again["unchanged"], again["own_links"]) == (4, report["own_links"])


def test_every_address_by_number_leads_to_its_post(kolom: Kolom, file: Path) -> None:
    items = [
        item(number, link=PLAIN.format(number), post_type="page" if number == 3 else "post") for number in range(1, 5)
    ]
    xml = export(*items, item(5, status="draft"))
    _import(kolom, file, xml)
    for number in range(1, 5):
        answer = dispatch("/", {"page_id" if number == 3 else "p": [str(number)]})
        assert (answer.status, answer.headers["Location"]) == (301, f"/post-{number}/")
    assert dispatch("/", {"p": ["5"]}).status == 404
    assert _import(kolom, file, xml)["unchanged"] == 5


def test_the_number_of_a_post_in_a_second_blog_is_reported(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1)))
    publishing.unpublish("post-1", now=datetime.now(UTC))
    other = item(1, link="https://second.example/other/", guid="https://second.example/?p=1", post_name="other")
    report = _import(kolom, file, export(other))
    assert publishing.get_by_slug("other").status == "published"
    assert "its old URL /?p=1 belongs to another article" in _notes(report)


def test_three_megabytes_of_html_are_rejected_and_the_rest_imported(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1, content=("word " * 200 + "\n\n") * 3_000), item(2)), exit_code=1)
    assert (report["created"], report["skipped"]) == (1, 1)
    assert "bytes, at most" in report["skipped_items"][0]["reason"]
    assert report["skipped_items"][0]["refused"] is True


def test_a_text_beyond_libxml2s_limit_is_rejected_by_name(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1), item(2, content="word " * 2_200_000), item(3)), exit_code=1)
    (skipped,) = report["skipped_items"]
    assert skipped["name"] == "2 'Post 2'"
    assert "11,000,000 bytes" in skipped["reason"]
    assert report["created"] == 2


def test_comments_without_a_date_are_counted_as_skipped(kolom: Kolom, file: Path) -> None:
    undated = "<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_content>x</wp:comment_content></wp:comment>"
    report = _import(kolom, file, export(item(1, more=undated * 3)), exit_code=1)
    assert report["kinds"]["comment"] == {"read": 3, "created": 0, "updated": 0, "unchanged": 0, "skipped": 3}


def _line(xml: str, text: str) -> int:
    return xml[: xml.index(text)].count("\n") + 1


def test_text_after_the_end_of_the_export_is_an_error(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1)) + "<more/>", exit_code=1)
    assert report["created"] == 1
    assert "Extra content" in report["errors"][0]


def test_a_repaired_post_is_imported_and_reported(kolom: Kolom, file: Path) -> None:
    xml = export(item(1), item(2, title="XX"), item(3)).encode().replace(b"XX", b"Caf\xe9 & bar")
    report = _import(kolom, file, xml)
    assert report["created"] == 3
    assert publishing.get_by_slug("post-2").title == "Café & bar"
    assert [note["name"] for note in report["notes"]] == ["2 'Café & bar'"] * 2
    assert _import(kolom, file, xml)["unchanged"] == 3


def test_a_damaged_post_is_refused_and_the_others_are_imported(kolom: Kolom, file: Path) -> None:
    xml = export(item(1), item(2, title="XX"), item(3)).replace("XX", "</wrong>")
    report = _import(kolom, file, xml, exit_code=1)
    assert (report["created"], report["errors"]) == (2, [])
    (skipped,) = report["skipped_items"]
    assert (skipped["refused"], f"line {_line(xml, '</wrong>')}" in skipped["reason"]) == (True, True)


def test_a_truncated_export_names_the_post_that_is_incomplete(kolom: Kolom, file: Path) -> None:
    xml = export(item(1), item(2), item(3))
    report = _import(kolom, file, xml[: xml.index("Text of 3")], exit_code=1)
    assert report["created"] == 2
    assert "the file is truncated, within the <item> that begins in line" in report["errors"][0]
    assert "'Post 3'" in report["errors"][0]


def test_an_item_that_is_too_large_is_refused_and_the_next_is_read(kolom: Kolom, file: Path) -> None:
    xml = export(item(1), item(2, content="<b>x</b> " * 2_000_000), item(3))
    report = _import(kolom, file, xml, exit_code=1)
    assert (report["created"], report["errors"]) == (2, [])
    (skipped,) = report["skipped_items"]
    assert "'Post 2'" in skipped["name"]
    assert skipped["reason"].startswith("has more than 32 MB")


def test_an_interrupted_import_prints_its_report_and_can_be_resumed(
    kolom: Kolom, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = publishing.publish_new

    def interrupted(*arguments: Any, **named: Any) -> publishing.PublishResult:
        signal.raise_signal(signal.SIGINT)
        return original(*arguments, **named)

    xml = export(*(item(number) for number in range(1, 6)))
    file.write_text(xml)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "publish_new", interrupted)
        ran = kolom("import", "wordpress", file, "--json", "--concurrency", "1")
    assert ran.exit_code == 130
    assert ran.json["interrupted"] is True
    assert ran.json["created"] == 1
    report = _import(kolom, file, xml)
    assert (report["unchanged"], report["created"]) == (1, 4)


def test_the_summary_table_accounts_for_every_item(kolom: Kolom, file: Path) -> None:
    file.write_text(export(item(1), item(2, post_type="attachment", status="inherit"), item(3, post_password="x")))
    ran = kolom("import", "wordpress", file)
    assert ran.exit_code == 0
    assert "skipped 1 × attachment: media file" in ran.stdout
    assert "note 3 'Post 3': password-protected in WordPress: imported as a draft" in ran.stdout


def test_a_missing_file_is_a_usage_error(kolom: Kolom, tmp_path: Path) -> None:
    assert kolom("import", "wordpress", tmp_path / "missing.xml").exit_code == 2


def test_an_overlong_address_does_not_stop_the_import(kolom: Kolom, file: Path) -> None:
    long = f"https://old.example/{'é' * 3_000}/?p=1"
    feed = export(item(1, guid=long, link=long), item(2))
    assert _import(kolom, file, feed)["created"] == 2
    assert _import(kolom, file, feed)["unchanged"] == 2


def _zip(path: Path, files: dict[str, str | bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_the_parts_in_a_zip_archive_are_one_export(kolom: Kolom, tmp_path: Path) -> None:
    """WordPress.com wraps its exports in zip archives, in several parts."""
    picture = "<wp:attachment_url>https://o.example/a.jpg</wp:attachment_url>"
    parts: dict[str, str | bytes] = {
        "site.wordpress.10.xml": export(item(9, post_type="attachment", status="inherit", more=picture)),
        "site.wordpress.2.xml": export(item(2, title="Second"), item(1)),
        "site.wordpress.1.xml": export(item(1, more=meta("_thumbnail_id", 9))),
        "readme.txt": "x",
        "more.zip": b"PK",
    }
    ran = kolom("import", "wordpress", _zip(tmp_path / "export.zip", parts), "--json")
    assert ran.exit_code == 1
    assert ran.json["kinds"]["article"] == {"read": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": 1}
    assert publishing.get_by_slug("post-1").image == "https://o.example/a.jpg"
    reasons = {each["name"]: (each["reason"], each["refused"]) for each in ran.json["skipped_items"]}
    assert reasons["readme.txt"] == ("not an XML file", False)
    assert reasons["more.zip"] == ("an archive within the export: unpack it", True)
    assert reasons["1 'Post 1'"][0].startswith("another version of an entry in another file")


def test_a_damaged_part_does_not_stop_the_others(kolom: Kolom, tmp_path: Path) -> None:
    whole = export(item(1), item(2))
    files: dict[str, str | bytes] = {"1.xml": whole[: whole.index("Text of 2")], "2.xml": export(item(3))}
    ran = kolom("import", "wordpress", _zip(tmp_path / "export.zip", files), "--json")
    assert (ran.exit_code, ran.json["created"]) == (1, 2)
    (skipped,) = ran.json["skipped_items"]
    assert (skipped["name"], skipped["refused"]) == ("1.xml", True)
    assert "the file is truncated" in skipped["reason"]


def test_several_files_and_compressed_ones_are_read(kolom: Kolom, tmp_path: Path) -> None:
    (tmp_path / "1.xml.gz").write_bytes(gzip.compress(export(item(1)).encode()))
    (tmp_path / "2.xml").write_text(export(item(2)))
    ran = kolom("import", "wordpress", tmp_path / "1.xml.gz", tmp_path / "2.xml", "--json")
    assert (ran.exit_code, ran.json["created"]) == (0, 2)


@pytest.mark.parametrize("system", ["wordpress", "disqus"])
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: gzip.compress(gzip.compress(b"<rss/>")),
            "an archive that is damaged, or within another archive: unpack it",
        ),
        (
            lambda: gzip.compress(b"<rss>" + b" " * 80_000_000),
            "not read further: it becomes more than 200 times larger",
        ),
        (lambda: b"PK\x05\x06" + bytes(18), "no XML file in it"),
    ],
    ids=["nested", "bomb", "empty"],
)
def test_an_archive_that_cannot_be_read_is_an_error(
    kolom: Kolom, tmp_path: Path, system: str, make: Callable[[], bytes], says: str
) -> None:
    path = tmp_path / "export.xml"
    path.write_bytes(make())
    ran = kolom("import", system, path, "--json")
    assert (ran.exit_code, ran.json["read"]) == (1, 0)
    assert says in ran.json["errors"][0]
