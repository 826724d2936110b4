"""`kolom import wordpress`: everything in the export is accounted for, nothing twice, nothing by half."""

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kolom.articles import publishing, reading, store
from kolom.articles.shelves import list_shelf
from kolom.articles.types import Article, Shelf

from .conftest import Kolom
from .wxr import HEAD, TAIL, export, item, meta, term


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


def _adds_up(report: dict[str, Any]) -> bool:
    return all(
        counts["read"] == counts["created"] + counts["updated"] + counts["unchanged"] + counts["skipped"]
        for counts in (report, *report["kinds"].values())
    ) and report["read"] == sum(counts["read"] for counts in report["kinds"].values())


def _import(kolom: Kolom, file: Path, xml: str | bytes, *options: str, exit_code: int = 0) -> dict[str, Any]:
    file.write_bytes(xml if isinstance(xml, bytes) else xml.encode())
    ran = kolom("import", "wordpress", file, "--json", *options)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    assert _adds_up(report)
    return report


def _imported(kolom: Kolom, file: Path, *items: str) -> Article:
    _import(kolom, file, export(*items))
    article = store.load(1)
    assert article is not None
    return article


def _notes(report: dict[str, Any]) -> str:
    return "\n".join(note["note"] for note in report["notes"])


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_a_post_is_imported_whole(kolom: Kolom, file: Path, version: str) -> None:
    terms = term("Uncategorized") + term("Travel") + term("By &amp; by", "post_tag") + term("Aside", "post_format")
    _import(kolom, file, export(item(7, more=terms), version=version))
    read = reading.read("post-7")
    article = read.article
    assert (article.title, article.author, article.language) == ("Post 7", "Sari W.", "en")
    assert article.labels == ("Travel", "By & by")
    assert article.published_at == article.updated_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert article.path == "/2020/01/post-7/"
    assert article.excerpt == "Text of 7. More of it."
    assert article.origin == "wordpress:https://old.example/?p=7#7"
    assert "<p>Text of 7.</p>" in read.body.html
    assert reading.find_slug("/2020/01/post-7/") == "post-7"


def test_a_second_import_changes_nothing(kolom: Kolom, file: Path, calls: list[str]) -> None:
    xml = export(item(1), item(2, post_type="page"), item(3, status="draft", post_date_gmt="0000-00-00 00:00:00"))
    assert _import(kolom, file, xml)["created"] == 3
    calls.clear()
    report = _import(kolom, file, xml)
    assert (report["unchanged"], report["created"], report["updated"]) == (3, 0, 0)
    assert set(calls) <= {"GetItem", "Query", "DescribeStacks"}


def test_a_dry_run_says_the_same_and_writes_nothing(kolom: Kolom, file: Path, calls: list[str]) -> None:
    xml = export(item(1), item(2, post_name="post-1"), item(3, status="trash"))
    planned = _import(kolom, file, xml, "--dry-run")
    assert set(calls) <= {"GetItem", "Query", "DescribeStacks"}
    done = _import(kolom, file, xml)
    assert planned.pop("dry_run") is True
    assert done.pop("dry_run") is False
    assert planned == done


def test_a_newer_export_updates_what_nobody_has_edited(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1), item(2)))
    report = _import(kolom, file, export(item(1, title="New"), item(2)))
    assert (report["updated"], report["unchanged"]) == (1, 1)
    assert publishing.find("post-1").title == "New"


def test_what_the_author_edited_since_is_left_alone_unless_told_otherwise(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1)))
    publishing.unpublish("post-1", now=datetime.now(UTC))
    report = _import(kolom, file, export(item(1)))
    assert report["skipped_items"][0]["reason"].startswith("edited here since the import")
    assert publishing.find("post-1").status == "draft"
    assert _import(kolom, file, export(item(1)), "--overwrite")["updated"] == 1
    assert publishing.find("post-1").status == "published"


def test_what_the_author_deleted_since_stays_deleted(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1)))
    publishing.delete("post-1", now=datetime.now(UTC))
    report = _import(kolom, file, export(item(1)))
    assert report["skipped_items"][0]["reason"].startswith("deleted here since the import")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "publish"}, "published"),
        ({"status": "draft"}, "draft"),
        ({"status": "pending"}, "draft"),
        ({"status": "private"}, "draft"),
        ({"status": "something-new"}, "draft"),
        ({"status": None}, "draft"),
        ({"post_password": "x"}, "draft"),
        ({"status": "future", "post_date_gmt": "2099-01-01 00:00:00"}, "scheduled"),
        ({"status": "future", "post_date_gmt": "0000-00-00 00:00:00", "post_date": "", "pubDate": ""}, "draft"),
    ],
)
def test_what_was_not_public_there_is_not_public_here(
    kolom: Kolom, file: Path, changes: dict[str, Any], status: str
) -> None:
    assert _imported(kolom, file, item(1, **changes)).status == status


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": "trash"}, "article"),
        ({"status": "auto-draft"}, "article"),
        ({"status": "inherit"}, "article"),
        ({"post_type": "attachment", "status": "inherit"}, "attachment"),
        ({"post_type": "nav_menu_item"}, "nav_menu_item"),
        ({"post_type": "product"}, "product"),
        ({"post_type": None}, "item"),
    ],
)
def test_what_does_not_become_an_article_is_counted_with_its_reason(
    kolom: Kolom, file: Path, changes: dict[str, Any], kind: str
) -> None:
    report = _import(kolom, file, export(item(1, **changes), item(2)))
    assert (report["read"], report["created"], report["skipped"]) == (2, 1, 1)
    assert report["skipped_items"][0]["kind"] == kind
    assert report["skipped_items"][0]["reason"]


@pytest.mark.parametrize(
    ("changes", "date"),
    [
        ({"post_date_gmt": "0000-00-00 00:00:00"}, "2020-01-02T03:04:05"),  # 10:04:05 in Jakarta
        ({"post_date_gmt": "", "post_date": "0000-00-00 00:00:00"}, "2020-01-02T03:04:05"),  # pubDate
        ({"post_date_gmt": "2020-13-45 00:00:00", "post_date": None}, "2020-01-02T03:04:05"),
    ],
)
def test_a_missing_date_is_taken_from_the_others(kolom: Kolom, file: Path, changes: dict[str, Any], date: str) -> None:
    article = _imported(kolom, file, item(1, **changes))
    assert article.published_at is not None
    assert article.published_at.isoformat().startswith(date)


def test_an_article_without_any_date_is_dated_by_the_import_once(kolom: Kolom, file: Path) -> None:
    xml = export(item(1, post_date_gmt="", post_date="", pubDate="Wed, 30 Nov -0001 00:00:00 +0000"))
    assert "dated by the import" in _notes(_import(kolom, file, xml))
    assert _import(kolom, file, xml)["unchanged"] == 1


def test_an_empty_title_is_replaced_by_the_first_words(kolom: Kolom, file: Path) -> None:
    words = "The first words of an article that has no title but a very long first sentence."
    report = _import(kolom, file, export(item(1, title="", content=words), item(2, title="", content="")))
    assert publishing.find("post-1").title == "The first words of an article that has no title but a very…"
    assert publishing.find("post-2").title == "Article 2"
    assert len(report["notes"]) == 2


def test_markup_in_a_title_is_read_as_text(kolom: Kolom, file: Path) -> None:
    assert _imported(kolom, file, item(1, title="A <em>b</em> &amp; c < d")).title == "A b & c < d"


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"post_name": "%ce%b5%cf%80%ce%af"}, "επί"),
        ({"post_name": "", "title": "My Title"}, "my-title"),
        ({"post_name": "", "title": "!!!"}, "post-1"),
        ({"post_name": "contact"}, "article-contact"),
        ({"post_name": "2020"}, "article-2020"),
        ({"post_name": "a.b"}, "a-b"),
        ({"post_name": "!!!"}, "post-1"),
    ],
)
def test_a_slug_is_kept_or_made_valid(kolom: Kolom, file: Path, changes: dict[str, Any], slug: str) -> None:
    assert _imported(kolom, file, item(1, **changes)).slug == slug


def test_two_posts_of_one_name_both_come_and_come_the_same_again(kolom: Kolom, file: Path) -> None:
    xml = export(item(1, post_name="same"), item(2, post_name="same", post_type="page"), item(3, post_name="same"))
    report = _import(kolom, file, xml)
    assert "the slug same is another article's: it became same-2" in _notes(report)
    assert [publishing.find(slug).title for slug in ("same", "same-2", "same-3")] == ["Post 1", "Post 2", "Post 3"]
    assert _import(kolom, file, xml)["unchanged"] == 3


def test_an_article_of_the_authors_own_keeps_its_slug(kolom: Kolom, file: Path, tmp_path: Path) -> None:
    (tmp_path / "post-1.md").write_text("---\ntitle: Mine\ndate: 2026-01-01\n---\nMine.\n")
    assert kolom("publish", tmp_path / "post-1.md").exit_code == 0
    report = _import(kolom, file, export(item(1)))
    assert report["created"] == 1
    assert publishing.find("post-1").title == "Mine"
    assert publishing.find("post-1-1").title == "Post 1"


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://old.example/blog/a/", "/blog/a/"),
        ("https://old.example//a//b.html", "/a/b.html"),
        ("https://old.example/%ce%b5%cf%80/x", "/επ/x"),
        ("https://old.example/?p=1", "/post-1/"),
        ("https://old.example/", "/post-1/"),
        ("https://old.example/post-1/", "/post-1/"),
        ("https://old.example/api/x", "/post-1/"),
        ("https://old.example/a%20b/", "/post-1/"),
        ("https://old.example/%ff/", "/post-1/"),
        ("https://[broken/", "/post-1/"),
        ("", "/post-1/"),
    ],
)
def test_an_old_address_is_kept_where_it_can_be(kolom: Kolom, file: Path, link: str, path: str) -> None:
    assert _imported(kolom, file, item(1, link=link)).path == path


def test_two_posts_of_one_path_both_come(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1, link="https://o.example/x/y"), item(2, link="https://o.example/x/y")))
    assert report["created"] == 2
    assert "the path /x/y is another article's" in _notes(report)
    assert _import(kolom, file, file.read_text())["unchanged"] == 2


def test_no_more_labels_than_possible_are_kept_and_the_others_named(kolom: Kolom, file: Path) -> None:
    labels = "".join(term(f"Label {number}") for number in range(200)) + term("x" * 200)
    report = _import(kolom, file, export(item(1, more=labels)))
    assert len(publishing.find("post-1").labels) == 20
    assert "has 200 labels" in _notes(report)
    assert "Label 199" in _notes(report)
    assert "longer than 100 characters" in _notes(report)


def test_a_title_that_is_too_long_is_cut_and_reported(kolom: Kolom, file: Path) -> None:
    assert "its title has 400 characters" in _notes(_import(kolom, file, export(item(1, title="x" * 400))))


def test_three_megabytes_of_html_are_refused_and_the_rest_is_imported(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1, content="<p>word</p>\n\n" * 250_000), item(2)), exit_code=1)
    assert (report["created"], report["skipped"]) == (1, 1)
    assert "bytes, at most" in report["skipped_items"][0]["reason"]
    assert report["skipped_items"][0]["refused"] is True


def test_a_featured_image_may_stand_later_in_the_file(kolom: Kolom, file: Path) -> None:
    picture = item(
        9,
        post_type="attachment",
        status="inherit",
        more="<wp:attachment_url>https://o.example/a.jpg</wp:attachment_url>",
    )
    article = _imported(kolom, file, item(1, more=meta("_thumbnail_id", 9)), picture)
    assert article.image == "https://o.example/a.jpg"


def test_a_hand_written_excerpt_goes_before_the_text_above_the_more_line(kolom: Kolom, file: Path) -> None:
    _import(
        kolom,
        file,
        export(item(1, excerpt="By <b>hand</b>", content="a<!--more-->b"), item(2, content="a\n\n<!--more-->\n\nb")),
    )
    assert publishing.find("post-1").excerpt == "By hand"
    assert publishing.find("post-2").excerpt == "a"


def test_scripts_in_a_post_do_not_come(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1, content="a<script>x()</script><p onclick='x()'>b</p>")))
    assert "x()" not in reading.read("post-1").body.html


def test_comments_are_counted_as_not_imported(kolom: Kolom, file: Path) -> None:
    comment = "<wp:comment><wp:comment_id>1</wp:comment_id></wp:comment>"
    report = _import(kolom, file, export(item(1, more=comment * 3)))
    assert report["kinds"]["comment"] == {"read": 3, "created": 0, "updated": 0, "unchanged": 0, "skipped": 3}


def test_the_language_can_be_chosen(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1)), "--language", "id")
    assert publishing.find("post-1").language == "id"


def test_control_characters_that_wordpress_lets_pass_do_no_harm(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, export(item(1, content="a\x0bb\x08c")))
    assert "a b c" in reading.read("post-1").body.html


def _boundaries(xml: str) -> list[int]:
    return [position for position, character in enumerate(xml) if character == "<"]


THREE = export(item(1), item(2, content="<b>x</b>"), item(3))


@pytest.mark.parametrize("position", _boundaries(THREE)[5::4])
def test_xml_that_breaks_off_anywhere_gives_what_precedes(kolom: Kolom, file: Path, position: int) -> None:
    report = _import(kolom, file, THREE[:position], exit_code=1)
    whole = THREE[:position].count("</item>")
    assert report["created"] == whole
    assert reading.count(Shelf()) == whole
    last_line = THREE[:position].count("\n") + 1
    assert report["errors"]
    assert f"export.xml:{last_line}:" in report["errors"][0]
    assert all(article.title in {"Post 1", "Post 2", "Post 3"} for article in list_shelf("published", limit=9).items)


def _line(xml: str, text: str) -> int:
    return xml[: xml.index(text)].count("\n") + 1


@pytest.mark.parametrize("broken", ["a</wrong>", "a &nbsp; b", "a < b", "a & b"])
def test_broken_xml_says_line_and_column_after_importing_what_precedes(kolom: Kolom, file: Path, broken: str) -> None:
    xml = export(item(1), f"<item><title>{broken}</title></item>", item(2))
    report = _import(kolom, file, xml, exit_code=1)
    assert report["created"] == 1
    assert f"export.xml:{_line(xml, broken)}:" in report["errors"][0]


def test_what_follows_the_end_of_the_export_is_an_error(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1)) + "<more/>", exit_code=1)
    assert report["created"] == 1
    assert "Extra content" in report["errors"][0]


def test_invalid_utf_8_says_where(kolom: Kolom, file: Path) -> None:
    xml = export(item(1), item(2, title="X"))
    report = _import(kolom, file, xml.encode().replace(b"<title>X", b"<title>\xff"), exit_code=1)
    assert report["created"] == 1
    assert f"export.xml:{_line(xml, '<title>X')}:" in report["errors"][0]


@pytest.mark.parametrize(
    "declarations",
    [
        "<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>",
        "<!ENTITY c SYSTEM 'file:///etc/hostname'>",
        "<!ENTITY % c SYSTEM 'http://127.0.0.1:1/x.dtd'> %c;",
    ],
)
def test_an_export_that_declares_entities_is_not_read(kolom: Kolom, file: Path, declarations: str) -> None:
    xml = export(item(1, title="X")).replace("<rss", f"<!DOCTYPE rss [{declarations}]>\n<rss").replace(">X<", ">&c;<")
    report = _import(kolom, file, xml, exit_code=1)
    assert report["read"] == 0
    assert "document type declaration" in report["errors"][0]


@pytest.mark.parametrize(
    "xml", ["", "no xml", "<html/>", "<rss><channel><item/></channel></rss>", "<rss version='2.0'/>"]
)
def test_another_file_is_no_export(kolom: Kolom, file: Path, xml: str) -> None:
    report = _import(kolom, file, xml, exit_code=1)
    assert report["read"] == 0
    assert "export.xml" in report["errors"][0]


def test_a_text_of_more_than_ten_megabytes_is_an_error_that_says_where(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, export(item(1), item(2, content="x" * 11_000_000)), exit_code=1)
    assert report["created"] == 1
    assert "export.xml:" in report["errors"][0]


def test_an_item_within_an_item_is_not_taken_for_one(kolom: Kolom, file: Path) -> None:
    nested = item(1).replace("</item>", item(2) + "</item>")
    report = _import(kolom, file, HEAD.format(version="1.2") + nested + TAIL)
    assert (report["read"], report["created"]) == (1, 1)
    assert publishing.find("post-1").title == "Post 1"


def test_an_interrupted_import_says_what_it_did_and_goes_on_the_next_time(
    kolom: Kolom, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = publishing.publish

    def interrupted(*arguments: Any, **named: Any) -> publishing.Published:
        signal.raise_signal(signal.SIGINT)
        return original(*arguments, **named)

    xml = export(*(item(number) for number in range(1, 6)))
    file.write_text(xml)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "publish", interrupted)
        ran = kolom("import", "wordpress", file, "--json")
    assert ran.exit_code == 130
    assert ran.json["interrupted"] is True
    assert ran.json["created"] == 1
    report = _import(kolom, file, xml)
    assert (report["unchanged"], report["created"]) == (1, 4)


def test_the_report_for_people_adds_up_too(kolom: Kolom, file: Path) -> None:
    file.write_text(export(item(1), item(2, post_type="attachment", status="inherit"), item(3, post_password="x")))
    ran = kolom("import", "wordpress", file)
    assert ran.exit_code == 0
    assert "skipped 1 × attachment: media file" in ran.stdout
    assert "note 3 'Post 3': protected by a password there: a draft here" in ran.stdout


def test_a_file_that_is_not_there_is_a_usage_error(kolom: Kolom, tmp_path: Path) -> None:
    assert kolom("import", "wordpress", tmp_path / "missing.xml").exit_code == 2
