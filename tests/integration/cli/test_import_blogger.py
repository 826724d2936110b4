"""`kolom import blogger`: posts, pages, comments, addresses and pictures; private content stays private."""

import io
import json
import os
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.fetch_articles import app as fetch_articles
from functions.fetch_comments import app as fetch_comments
from kolom.articles import public, publishing, repository
from kolom.comments import admin
from kolom_cli.importers.common.entry_ids import SAME_ID
from tests.factories import request
from tests.integration.cli.conftest import Kolom
from tests.integration.handlers import call
from tests.unit.cli.importers.blogger.takeout import (
    BLOG,
    comment,
    entry,
    large,
    older,
    older_comment,
    older_entry,
    post_id,
    takeout,
    zipped,
)

PICTURE = b"\x89PNG\r\n\x1a\n picture"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feed.atom"


def _import(kolom: Kolom, file: Path, data: str | bytes, *options: str, exit_code: int = 0) -> dict[str, Any]:
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    ran = kolom("import", "blogger", file, "--json", *options)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    for counts in (report, *report["kinds"].values()):
        assert counts["read"] == sum(counts[each] for each in ("created", "updated", "unchanged", "skipped"))
    assert report["read"] == sum(counts["read"] for counts in report["kinds"].values())
    return report


def _reasons(report: dict[str, Any]) -> Counter[str]:
    return Counter(item["reason"] for item in report["skipped_items"])


def _comments(slug: str) -> list[dict[str, Any]]:
    answer = call(fetch_comments.handler, request(f"/api/articles/{slug}/comments", "limit=100"))
    assert answer.status == 200
    items: list[dict[str, Any]] = json.loads(answer.body)["items"]
    return items


def test_a_post_of_a_takeout_is_imported_completely(kolom: Kolom, file: Path) -> None:
    _import(
        kolom,
        file,
        takeout(
            entry(
                1,
                title="Pasar &amp; pagi &#39;itu&#39;",
                content="One<br /><br />two<a name='more'></a>, three",
                meta="For search engines",
                labels=("Pasar", "Kuliner", "pasar"),
                filename="/2012/09/pasar-pagi.html",
            )
        ),
        "--language",
        "id",
    )
    read = public.get_article("pasar-pagi")
    article = read.article
    assert (article.title, article.author, article.language) == ("Pasar & pagi 'itu'", "Sari", "id")
    assert article.labels == ("Pasar", "Kuliner")
    assert article.published_at == datetime(2012, 9, 2, 8, tzinfo=UTC)
    assert (article.path, article.description) == ("/2012/09/pasar-pagi.html", "For search engines")
    assert (read.body.html, article.excerpt) == ("<p>One</p><p>two, three</p>", "One two")
    assert article.origin == "blogger:blog-100.post-1"
    found = call(fetch_articles.handler, request("/api/paths", "path=/2012/09/pasar-pagi.html"))
    assert json.loads(found.body) == {"slug": "pasar-pagi"}


def test_unpublished_content_stays_unpublished(kolom: Kolom, file: Path) -> None:
    report = _import(
        kolom,
        file,
        takeout(
            entry(1, status="DRAFT"),
            entry(2, trashed="2020-01-01T00:00:00Z"),
            entry(3, status="SOFT_TRASHED"),
            entry(4, status="SCHEDULED", published="2099-01-01T00:00:00Z"),
            entry(5, status="SOMETHING_NEW"),
            entry(6, "PAGE", status="DRAFT", filename="/p/about.html"),
        ),
    )
    assert (report["created"], _reasons(report)) == (4, Counter({"in the trash": 2}))
    assert "status 'SOMETHING_NEW' in Blogger: imported as a draft" in [note["note"] for note in report["notes"]]
    states = [publishing.get_by_slug(slug).status for slug in ("post-1", "post-4", "post-5", "about")]
    assert states == ["draft", "scheduled", "draft", "draft"]
    assert json.loads(call(fetch_articles.handler, request("/api/articles")).body)["total"] == 0


def test_a_post_without_a_clear_public_status_is_a_draft(kolom: Kolom, file: Path) -> None:
    """A Takeout without a status, a scheduled post without a date, and a draft flag with any value but "no"."""
    posts = (entry(1, status=""), entry(2, status="SCHEDULED", published=""), comment(3, 1, status=""))
    notes = [note["note"] for note in _import(kolom, file, takeout(*posts))["notes"]]
    assert [publishing.get_by_slug(slug).status for slug in ("post-1", "post-2")] == ["draft", "draft"]
    assert "no status in the export: imported as a draft" in notes
    assert "scheduled in Blogger without a date: imported as a draft" in notes
    assert "unknown status '' in Blogger: imported as pending" in notes
    feed = older(older_entry(4, draft=True)).replace("<app:draft>yes<", "<app:draft>true<")
    _import(kolom, file, feed)
    assert publishing.get_by_slug("post-4").status == "draft"


@pytest.mark.parametrize(("access", "status"), [("PUBLIC", "published"), ("PRIVATE", "draft"), ("", "draft")])
def test_the_posts_of_a_private_blog_are_drafts(kolom: Kolom, file: Path, access: str, status: str) -> None:
    """The older export contains the read permissions of the blog."""
    name = "tag:blogger.com,1999:blog-100.settings.BLOG_READ_ACCESS_MODE"
    setting = older_entry(1, "settings", content=access, link="", id=name)
    _import(kolom, file, older(older_entry(2, link="http://old.example/2012/09/post-2.html"), setting))
    assert publishing.get_by_slug("post-2").status == status


def test_comments_keep_their_threads_dates_and_authors(kolom: Kolom, file: Path) -> None:
    _import(
        kolom,
        file,
        takeout(
            comment(
                13,
                1,
                answers=12,
                name="Sari",
                uri="https://www.blogger.com/profile/1",
                author_type="BLOGGER",
                content="Thanks!",
            ),
            comment(12, 1, answers=11, name="Budi", uri="https://budi.example/", content="I <b>agree</b><br/>fully"),
            comment(11, 1, name=""),
            entry(1),
        ),
    )
    first, second, third = _comments("post-1")
    assert first["author"] == {**first["author"], "name": "Anonymous", "website": None, "is_owner": False}
    assert (first["parent_id"], first["created_at"]) == (None, "2013-10-06T08:11:00Z")
    assert second["parent_id"] == first["id"]
    assert second["author"] == {**second["author"], "name": "Budi", "website": "https://budi.example/"}
    assert second["content_html"] == "<p>I <strong>agree</strong><br>\nfully</p>"
    assert third["parent_id"] == second["id"]
    assert third["author"]["is_owner"] is True


def test_a_removed_comment_becomes_a_placeholder_for_its_replies(kolom: Kolom, file: Path) -> None:
    removed = "Komentar ini telah dihapus oleh pengarang."
    _import(
        kolom,
        file,
        takeout(
            entry(1),
            comment(11, 1, status="EMPTIED", name="Budi"),
            comment(12, 1, answers=11),
            comment(13, 1, content=removed, name="Ani"),
            comment(14, 1, answers=13),
        ),
    )
    shown = _comments("post-1")
    assert [each["deleted"] for each in shown] == [True, False, True, False]
    assert "Budi" not in json.dumps(shown)
    assert json.loads(call(fetch_comments.handler, request("/api/comments/counts", "slug=post-1")).body) == {
        "counts": {"post-1": 2}
    }


def test_spam_is_skipped_and_pending_comments_stay_pending(kolom: Kolom, file: Path) -> None:
    report = _import(
        kolom,
        file,
        takeout(
            entry(1),
            comment(11, 1, status="SPAM"),
            comment(12, 1, status="PENDING"),
            comment(13, 1, trashed="2020-01-01T00:00:00Z"),
            comment(14, 1, answers=11),
            comment(15, 99),
        ),
    )
    assert _reasons(report) == Counter(
        {"marked as spam in Blogger": 1, "in the trash": 1, "its article was not imported": 1}
    )
    assert [each.status for each in admin.list_by_article(1)] == ["pending", "approved"]
    assert "the comment that it replies to is missing: imported as a top-level comment" in [
        note["note"] for note in report["notes"]
    ]
    assert boto3.client("dynamodb").scan(TableName="kolom-outbox")["Count"] == 0


def test_a_second_import_changes_nothing_and_keeps_moderation(kolom: Kolom, file: Path, calls: list[str]) -> None:
    feed = takeout(entry(1), comment(11, 1), comment(12, 1, answers=11), comment(13, 1, status="PENDING"))
    assert _import(kolom, file, feed)["created"] == 4
    calls.clear()
    report = _import(kolom, file, feed)
    assert (report["unchanged"], report["created"], report["updated"]) == (4, 0, 0)
    assert set(calls) <= {"BatchGetItem", "GetItem", "Query", "DescribeStacks", "GetSecretValue"}
    first, second, third = admin.list_by_article(1)
    assert kolom("comments", "approve", third.id).exit_code == 0
    assert kolom("comments", "spam", second.id).exit_code == 0
    report = _import(kolom, file, feed)
    assert _reasons(report) == Counter({"edited or moderated here since the import; --overwrite replaces it": 2})
    assert [each.status for each in admin.list_by_article(1)] == ["approved", "spam", "approved"]
    assert _import(kolom, file, feed, "--overwrite")["kinds"]["comment"]["updated"] == 2
    assert [each.status for each in admin.list_by_article(1)] == ["approved", "approved", "pending"]
    assert first.id == admin.list_by_article(1)[0].id


def test_a_newer_export_updates_unchanged_comments(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, takeout(entry(1), comment(11, 1), comment(12, 1, answers=11)))
    report = _import(kolom, file, takeout(entry(1), comment(11, 1, content="Changed."), comment(12, 1, answers=11)))
    assert report["kinds"]["comment"] == {"read": 2, "created": 0, "updated": 1, "unchanged": 1, "skipped": 0}
    assert [each["content_html"] for each in _comments("post-1")] == ["<p>Changed.</p>", "<p>Comment 12.</p>"]


def test_a_dry_run_reports_the_same_and_writes_nothing(kolom: Kolom, file: Path, calls: list[str]) -> None:
    feed = takeout(entry(1), comment(11, 1), comment(12, 1, answers=11), comment(13, 1, answers=99), comment(14, 9))
    planned = _import(kolom, file, feed, "--dry-run")
    assert set(calls) <= {"BatchGetItem", "GetItem", "Query", "DescribeStacks", "GetSecretValue"}
    done = _import(kolom, file, feed)
    assert (planned.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert planned == done


def test_the_report_accounts_for_every_item_of_a_large_takeout(kolom: Kolom, file: Path) -> None:
    posts, comments = int(os.environ.get("TAKEOUT_POSTS", "50")), int(os.environ.get("TAKEOUT_COMMENTS", "120"))
    report = _import(kolom, file, zipped(large(posts, comments)))
    pages, binned = posts // 20, -(-posts // 25)
    binned_comments = sum(1 for n in range(comments) if n % 50 == 9)
    kinds = {kind: (counts["read"], counts["created"], counts["skipped"]) for kind, counts in report["kinds"].items()}
    assert kinds == {
        "article": (posts - pages, posts - pages - binned, binned),
        "page": (pages, pages, 0),
        "comment": (comments, comments - binned_comments, binned_comments),
    }
    assert _reasons(report) == Counter({"in the trash": binned + binned_comments})
    for article_id in (1, 20, posts - pages - binned):
        seen: set[str] = set()
        for each in admin.list_by_article(article_id):
            assert each.parent_id is None or each.parent_id in seen
            seen.add(each.id)
    total = json.loads(call(fetch_articles.handler, request("/api/articles")).body)["total"]
    assert total == sum(1 for n in range(1, posts + 1) if n % 20 and n % 10 != 5 and n % 25 != 1)


def test_the_older_export_and_takeout_identify_items_in_the_same_way(kolom: Kolom, file: Path) -> None:
    report = _import(
        kolom,
        file,
        older(
            older_entry(7, "settings", id=f"{BLOG}.settings.BLOG_LOCALE", content="en_US"),
            older_entry(8, "template", id=f"{BLOG}.layout"),
            older_entry(1, labels=("Pasar",)),
            older_entry(2, draft=True, link=""),
            older_entry(3, "page", link="http://old.example/p/about.html"),
            older_comment(12, 1, answers=11),
            older_comment(11, 1),
            older_comment(13, 1, more="<gd:extendedProperty name='blogger.contentRemoved' value='true'/>"),
        ),
    )
    assert report["kinds"]["comment"]["created"] == 3
    article = publishing.get_by_slug("post-1")
    assert (article.language, article.labels, article.path) == ("en", ("Pasar",), "/2012/09/post-1.html")
    assert article.published_at == datetime(2012, 9, 2, 8, tzinfo=UTC)
    assert publishing.get_by_slug("post-2").status == "draft"
    assert public.resolve_path("/p/about.html") == "about"
    first, second = _comments("post-1")
    assert second["parent_id"] == first["id"]
    same = comment(11, 1, published="2012-09-02T08:00:00.250Z")
    again = _import(kolom, file, takeout(entry(1, title="From Takeout"), same))
    assert (again["kinds"]["article"]["updated"], again["kinds"]["comment"]["updated"]) == (1, 1)


def test_the_pages_of_a_live_feed_are_imported_as_one_export(kolom: Kolom, tmp_path: Path) -> None:
    (tmp_path / "default-1.xml").write_text(older(older_entry(1, ""), older_entry(2, "")))
    (tmp_path / "default-2.xml").write_text(older(older_entry(2, ""), older_entry(3, "")))
    (tmp_path / "comments.xml").write_text(older(older_comment(11, 1, kind="")))
    ran = kolom("import", "blogger", tmp_path, "--json")
    assert ran.exit_code == 0
    assert ran.json["kinds"]["article"] == {"read": 4, "created": 3, "updated": 0, "unchanged": 0, "skipped": 1}
    assert _reasons(ran.json) == Counter({"duplicate entry in the export": 1})
    assert len(_comments("post-1")) == 1


def test_two_entries_with_one_id_in_a_feed_are_both_imported(kolom: Kolom, file: Path) -> None:
    other = entry(1, title="Other", filename="/2013/01/other.html")
    feed = takeout(entry(1), other, entry(1), comment(11, 1), comment(11, 1, content="Another."))
    report = _import(kolom, file, feed)
    assert report["kinds"]["article"] == {"read": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": 1}
    assert report["kinds"]["comment"]["created"] == 2
    assert [note["note"] for note in report["notes"]] == [SAME_ID, SAME_ID]
    again = _import(kolom, file, feed)
    assert (again["unchanged"], again["created"], again["updated"]) == (4, 0, 0)


def test_another_version_of_an_entry_in_another_feed_is_skipped_and_named(kolom: Kolom, tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text(older(older_entry(1)))
    (tmp_path / "2.xml").write_text(older(older_entry(1, title="Later")))
    ran = kolom("import", "blogger", tmp_path, "--json")
    assert ran.json["kinds"]["article"]["skipped"] == 1
    assert "'Later'" in ran.json["skipped_items"][0]["name"]
    assert ran.json["skipped_items"][0]["reason"].startswith("another version of an entry in another file")


def test_pictures_in_the_takeout_are_uploaded_and_others_are_counted(kolom: Kolom, file: Path) -> None:
    host = "https://blogger.googleusercontent.com/img/b/R29/AVv"
    content = (
        f'<div class="separator"><a href="{host}/s4032/pasar%20pagi.png"><img src="{host}/w640-h480/pasar%20pagi.png">'
        f'</a></div><img src="https://1.bp.blogspot.com/-x/s320/gone.jpg"><img src="https://else.example/a.png">'
    )
    report = _import(kolom, file, zipped(takeout(entry(1, content=content)), {"Blog lama/pasar pagi.png": PICTURE}))
    shown = public.get_article("post-1").body.html
    assert report["remote_images"] == 2
    (key,) = [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket="kolom-media")["Contents"]]
    assert f'<figure><img alt="" decoding="async" loading="lazy" src="/{key}"></figure>' in shown
    assert 'src="https://1.bp.blogspot.com/-x/s1600/gone.jpg"' in shown


def test_links_between_the_blogs_articles_are_rewritten(kolom: Kolom, file: Path) -> None:
    content = (
        '<a href="http://lama.blogspot.co.id/2012/09/post-2.html?m=1#c1">two</a>'
        ' <a href="http://lama.blogspot.com/2012/09/other.html">other</a>'
    )
    _import(kolom, file, takeout(entry(1, content=content), entry(2)))
    shown = public.get_article("post-1").body.html
    assert 'href="/2012/09/post-2.html#section-c1"' in shown
    assert 'href="http://lama.blogspot.com/2012/09/other.html"' in shown


def test_a_truncated_export_imports_complete_items_and_reports_the_position(kolom: Kolom, file: Path) -> None:
    feed = takeout(entry(1), entry(2), comment(11, 1))
    report = _import(kolom, file, feed[: feed.index("Text of 2") + 4], exit_code=1)
    assert report["kinds"] == {"article": {"read": 1, "created": 1, "updated": 0, "unchanged": 0, "skipped": 0}}
    assert "invalid XML" in report["errors"][0]
    assert _import(kolom, file, feed)["created"] == 2


def test_an_undeclared_prefix_makes_no_draft_public(kolom: Kolom, file: Path) -> None:
    feed = older(older_entry(1, draft=True), older_entry(2)).replace(" xmlns:app='http://purl.org/atom/app#'", "")
    report = _import(kolom, file, feed)
    assert (report["created"], report["errors"]) == (2, [])
    assert [publishing.get_by_slug(slug).status for slug in ("post-1", "post-2")] == ["draft", "published"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("<rss/>", "not a Blogger feed: its root element is <rss>"),
        ("not XML", "invalid XML"),
        ('<!DOCTYPE feed [<!ENTITY a "b">]>' + takeout(entry(1)).partition("?>")[2], "document type declaration"),
        (b"PK\x05\x06" + bytes(18), "no Blogger feed found"),
    ],
)
def test_a_file_that_is_not_an_export_is_rejected(kolom: Kolom, file: Path, data: str | bytes, says: str) -> None:
    report = _import(kolom, file, data, exit_code=1)
    assert says in report["errors"][0]
    assert report["read"] == 0


def test_a_takeout_of_several_blogs_requires_a_choice(kolom: Kolom, tmp_path: Path) -> None:
    for name in ("One", "Two"):
        folder = tmp_path / "Takeout" / "Blogger" / "Blogs" / name
        folder.mkdir(parents=True)
        (folder / "feed.atom").write_text(takeout(entry(1, title=name)))
    ran = kolom("import", "blogger", tmp_path, "--json")
    assert (ran.exit_code, ran.json["read"]) == (1, 0)
    assert "choose one with --blog: 'One', 'Two'" in ran.json["errors"][0]
    assert kolom("import", "blogger", tmp_path, "--blog", "Two").exit_code == 0
    assert publishing.get_by_slug("post-1").title == "Two"


def test_a_comment_is_skipped_if_its_post_was_deleted_here(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, takeout(entry(1)))
    publishing.delete("post-1", now=datetime.now(UTC))
    report = _import(kolom, file, takeout(comment(11, 1)))
    assert _reasons(report) == Counter({"its article was deleted in Kolom": 1})


def test_comments_are_matched_by_post_id(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, takeout(entry(1), entry(11, "PAGE", filename="/p/x.html")))
    report = _import(kolom, file, takeout(comment(12, 11, parent=post_id(11, "page"))))
    assert report["kinds"]["comment"]["created"] == 1


def test_a_broken_picture_is_not_uploaded_and_a_broken_zip_is_reported(kolom: Kolom, file: Path) -> None:
    host = "https://blogger.googleusercontent.com/img/b/R29/AVv"
    data = zipped(takeout(entry(1, content=f'<img src="{host}/s320/a.png">')), {"Blog lama/a.png": b"picture" * 90})
    place = data.index(b"Albums/Blog lama/a.png") + len("Albums/Blog lama/a.png")
    report = _import(kolom, file, data[:place] + b"\xff" * 9 + data[place + 9 :])
    assert (report["created"], report["remote_images"]) == (1, 1)
    assert "the image a.png is not copied" in report["notes"][0]["note"]
    assert _import(kolom, file, data[:200] + data[300:], exit_code=1)["errors"]


def test_an_article_with_embedded_image_data_is_rejected_and_the_others_imported(kolom: Kolom, file: Path) -> None:
    feed = takeout(entry(1), entry(2, content=f'<img src="data:image/png;base64,{"A" * 11_000_000}">'), entry(3))
    report = _import(kolom, file, feed, exit_code=1)
    (skipped,) = report["skipped_items"]
    assert skipped["name"].startswith("/2012/09/post-2.html")
    assert "11,000," in skipped["reason"]
    assert report["created"] == 2


def test_a_post_without_a_usable_title_gets_a_slug_from_its_id(kolom: Kolom, file: Path) -> None:
    feed = takeout(entry(1, title="!!!", filename="", status="DRAFT")).replace(post_id(1), "tag:old/a?b")
    assert _import(kolom, file, feed)["created"] == 1
    assert publishing.get_by_slug("post-old-a-b").status == "draft"


def test_only_logged_in_people_can_be_authors_of_the_blog(kolom: Kolom, file: Path) -> None:
    profile = "https://www.blogger.com/profile/1"
    comments = [
        comment(number, 1, uri=profile, author_type=kind) for number, kind in ((11, "BLOGGER"), (12, "ANONYMOUS"))
    ]
    _import(kolom, file, takeout(entry(1), *comments))
    assert [each["author"]["is_owner"] for each in _comments("post-1")] == [True, False]


def _write_files(folder: Path, name: str, data: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data)
    return path


def test_a_takeouts_folder_of_the_owners_own_comments_is_not_a_blog(kolom: Kolom, tmp_path: Path) -> None:
    _write_files(tmp_path, "Takeout/Blogger/Blogs/One/feed.atom", takeout(entry(1)))
    _write_files(tmp_path, "Takeout/Blogger/Comments/Another/feed.atom", takeout(comment(99, 98)))
    ran = kolom("import", "blogger", tmp_path, "--json")
    assert (ran.exit_code, ran.json["read"], ran.json["created"]) == (0, 1, 1)


def test_a_takeout_without_blog_folders_imports_no_comments_of_the_owner(kolom: Kolom, tmp_path: Path) -> None:
    _write_files(tmp_path, "feed.atom", takeout(entry(1)))
    _write_files(tmp_path, "Comments/Another/feed.atom", takeout(comment(99, 98)))
    assert kolom("import", "blogger", tmp_path, "--json").json["read"] == 1


def test_a_named_file_is_imported_together_with_a_takeout(kolom: Kolom, tmp_path: Path) -> None:
    _write_files(tmp_path, "Takeout/Blogger/Blogs/One/feed.atom", takeout(entry(1)))
    older_export = _write_files(tmp_path, "blog-12-31-2018.xml", older(older_entry(2)))
    ran = kolom("import", "blogger", tmp_path / "Takeout", older_export, "--json")
    assert (ran.exit_code, ran.json["created"]) == (0, 2)


SITEMAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url/></urlset>'


def test_other_files_beside_the_feed_are_reported_and_skipped(kolom: Kolom, tmp_path: Path) -> None:
    _write_files(tmp_path, "a-sitemap.xml", SITEMAP)
    _write_files(tmp_path, "feed.atom", takeout(entry(1)))
    ran = kolom("import", "blogger", tmp_path, "--json")
    assert (ran.exit_code, ran.json["created"]) == (0, 1)
    (skipped,) = ran.json["skipped_items"]
    assert skipped["name"].endswith("a-sitemap.xml")
    assert skipped["reason"] == "not a Blogger feed: its root element is <urlset>"


def test_a_broken_file_beside_the_feed_is_rejected(kolom: Kolom, tmp_path: Path) -> None:
    _write_files(tmp_path, "a.xml", "not XML")
    _write_files(tmp_path, "feed.atom", takeout(entry(1)))
    ran = kolom("import", "blogger", tmp_path, "--json")
    assert (ran.exit_code, ran.json["created"]) == (1, 1)
    assert "invalid XML" in ran.json["skipped_items"][0]["reason"]


def test_a_named_file_must_be_a_feed(kolom: Kolom, tmp_path: Path) -> None:
    feed = _write_files(tmp_path, "feed.atom", takeout(entry(1)))
    ran = kolom("import", "blogger", feed, _write_files(tmp_path, "sitemap.xml", SITEMAP), "--json")
    assert ran.exit_code == 1
    assert "not a Blogger feed: its root element is <urlset>" in ran.json["errors"][0]


def test_a_folder_without_a_feed_is_rejected(kolom: Kolom, tmp_path: Path) -> None:
    _write_files(tmp_path, "sitemap.xml", SITEMAP)
    ran = kolom("import", "blogger", tmp_path, "--json")
    assert ran.exit_code == 1
    assert "no Blogger feed found" in ran.json["errors"][0]


def test_an_entry_larger_than_memory_allows_is_refused_and_the_next_is_read(kolom: Kolom, file: Path) -> None:
    feed = takeout(entry(1), entry(2, content="A" * 34_000_000), entry(3))
    report = _import(kolom, file, feed, exit_code=1)
    assert (report["created"], report["errors"]) == (2, [])
    (skipped,) = report["skipped_items"]
    assert (skipped["refused"], skipped["reason"]) == (True, "has more than 32 MB")
    assert "'Post 2'" in skipped["name"]


def test_links_in_comments_lead_to_the_articles_here(kolom: Kolom, file: Path) -> None:
    text = "See http://old.example/2012/09/post-2.html?m=1 and http://old.example/2012/09/none.html"
    feed = older(older_entry(1), older_entry(2), older_comment(11, 1, content=text))
    report = _import(kolom, file, feed)
    assert report["own_links"] == {"to_articles": 1, "to_files": 0, "to_pages": 1}
    (stored,) = admin.list_by_article(publishing.get_by_slug("post-1").id)
    assert "(https://blog.example/2012/09/post-2.html)" in stored.content


def test_damaged_entries_are_repaired_or_refused_and_the_others_are_read(kolom: Kolom, file: Path) -> None:
    entries = (entry(1), entry(2, title="XX"), entry(3, title="YY"), comment(11, 1, content="ZZ"), entry(4))
    feed = takeout(*entries).encode().replace(b"XX", b"Fish & Chips").replace(b"YY", b"</x>")
    report = _import(kolom, file, feed.replace(b"ZZ", b"Caf\xe9"), exit_code=1)
    assert (report["created"], report["errors"]) == (4, [])
    assert publishing.get_by_slug("post-2").title == "Fish & Chips"
    assert "Café" in str(_comments("post-1"))
    assert [each["reason"][:12] for each in report["skipped_items"]] == ["damaged XML "]
    assert len(report["notes"]) == 2


def test_an_oversized_comment_is_rejected_completely(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, takeout(entry(1), comment(11, 1, content="A" * 5_000_000)), exit_code=1)
    assert report["created"] == 1
    assert "5,000,000 bytes" in report["skipped_items"][0]["reason"]


def _zip_with_compression(compression: int, name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr(name, takeout(*(entry(number) for number in range(50))))
    return file.getvalue()


def test_a_zip_with_broken_lzma_data_is_reported(kolom: Kolom, file: Path) -> None:
    data = _zip_with_compression(zipfile.ZIP_LZMA, "feed.atom")
    report = _import(kolom, file, data[:60] + b"\xff" * 400 + data[460:], exit_code=1)
    assert "cannot be read" in report["errors"][0]


def test_a_zip_with_an_undecodable_name_is_reported(kolom: Kolom, file: Path) -> None:
    data = _zip_with_compression(zipfile.ZIP_DEFLATED, "é.atom").replace("é".encode(), b"\xff\xff")
    report = _import(kolom, file, data, exit_code=1)
    assert "cannot be read" in report["errors"][0]


def test_an_invalid_address_does_not_stop_the_import(kolom: Kolom, file: Path) -> None:
    broken = entry(1).replace("<author>", '<link rel="related" href="http://[x/comments/default/1"/><author><!-- x -->')
    feed = takeout(broken, entry(2)).replace("<title>", '<link rel="alternate" href="http://[x"/><title>', 1)
    assert _import(kolom, file, feed)["created"] == 2


def test_an_invalid_article_is_rejected_and_the_others_stored(kolom: Kolom, file: Path) -> None:
    """The URL of its first picture is longer than an article allows."""
    far = f"https://o.example/{'x' * 2_000}.jpg"
    feed = takeout(entry(1, content=f'<img src="{far}">'), entry(2))
    report = _import(kolom, file, feed, exit_code=1)
    assert (report["created"], report["skipped"]) == (1, 1)


def test_a_heading_that_repeats_the_title_is_not_shown(kolom: Kolom, file: Path) -> None:
    text = "<h1>post <b>1</b></h1><p>Text.</p><math></math>"
    report = _import(kolom, file, takeout(entry(1, content=text)))
    article = publishing.get_by_slug("post-1")
    body = repository.get_body(article)
    assert (article.title, "<h1>" in body.source) == ("Post 1", True)
    assert "<h2" not in body.html
    assert [each["markup"] for each in report["removed"]] == ["<math> removed with its content"]
