"""`kolom import disqus`, `isso`, `remark42` and `commento`: comments are assigned to existing articles."""

import csv
import gzip
import io
import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from functions.fetch_comments import app as fetch_comments
from kolom.articles import publishing
from kolom.comments import admin
from kolom_cli.commands import import_
from kolom_cli.importers.common.entry_ids import SAME_ID
from kolom_cli.importers.common.types import SourceError
from tests.factories import content, request
from tests.integration.cli.conftest import Kolom
from tests.integration.handlers import call, stored
from tests.unit.cli.importers import remark42_backup
from tests.unit.cli.importers.commento import export as commento

HEAD = """<?xml version="1.0"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<category dsq:id="1"><forum>oldblog</forum><title>General</title></category>
"""


def thread(number: int, link: str, identifier: str = "", title: str = "") -> str:
    return (
        f'<thread dsq:id="{number}"><id>{escape(identifier)}</id><forum>oldblog</forum><category dsq:id="1"/>'
        f"<link>{escape(link)}</link><title>{escape(title)}</title><isDeleted>false</isDeleted></thread>\n"
    )


def post(number: int, on: int, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "message": f"<p>Post {number}.</p>",
        "createdAt": f"2013-10-10T19:20:{number % 60:02}Z",
        "isDeleted": "false",
        "isSpam": "false",
        "name": f"Reader {number}",
        "parent": None,
    } | changes
    parent = f'<parent dsq:id="{fields["parent"]}"/>' if fields["parent"] else ""
    return (
        f'<post dsq:id="{number}"><id/><message><![CDATA[{fields["message"]}]]></message>'
        f"<createdAt>{fields['createdAt']}</createdAt><isDeleted>{fields['isDeleted']}</isDeleted>"
        f"<isSpam>{fields['isSpam']}</isSpam><author><name>{escape(fields['name'])}</name>"
        f"<email>reader@mail.example</email><username>u{number}</username></author>"
        f'<ipAddress>198.51.100.7</ipAddress><thread dsq:id="{on}"/>{parent}</post>\n'
    )


def disqus(*pieces: str) -> str:
    return HEAD + "".join(pieces) + "</disqus>\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export"


@pytest.fixture
def articles(kolom: Kolom) -> None:
    """Publish `hello` at `/2024/05/hello.html`, and `world`."""
    now = datetime.now(UTC)
    publishing.publish(content(slug="hello", path="/2024/05/hello.html"), now=now)
    publishing.publish(content(slug="world"), now=now)


def _import(
    kolom: Kolom, kind: str, file: Path, data: str | bytes | None = None, *options: object, exit_code: int = 0
) -> dict[str, Any]:
    if data is not None:
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
    ran = kolom("import", kind, file, "--json", *options)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    assert report["read"] == sum(report[each] for each in ("created", "updated", "unchanged", "skipped"))
    return report


def _reasons(report: dict[str, Any]) -> Counter[str]:
    return Counter(each["reason"] for each in report["skipped_items"])


def _shown(slug: str = "hello") -> list[dict[str, Any]]:
    answer = call(fetch_comments.handler, request(f"/api/articles/{slug}/comments", "limit=100"))
    items: list[dict[str, Any]] = json.loads(answer.body)["items"]
    return items


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize(
    ("link", "identifier"),
    [
        ("https://old.example/2024/05/hello.html", ""),
        ("http://www.old.example/2024/05/hello.html?m=1", ""),
        ("https://old.example/2024/05/hello", ""),
        ("https://old.example/hello/", ""),
        ("https://old.example/blog/hello/index.html", ""),
        ("https://old.example/", "/2024/05/hello.html"),
        ("https://old.example/?p=12", "hello"),
    ],
)
def test_a_thread_is_matched_by_address_or_identifier(kolom: Kolom, file: Path, link: str, identifier: str) -> None:
    assert _import(kolom, "disqus", file, disqus(post(11, 2), thread(2, link, identifier)))["created"] == 1
    assert _shown()[0]["content_html"] == "<p>Post 11.</p>"


def _exports(url: str) -> dict[str, str | bytes]:
    """Return for each system an export with two comments on the page at a URL, the second a reply to the first."""
    host, _, path = url.partition("://")[2].partition("/")
    page = {"url": url}
    comment = {"author": "Budi", "created": "2024-05-06 07:08:09"}
    return {
        "disqus": disqus(thread(2, url), post(11, 2), post(12, 2, parent=11)),
        "isso": json.dumps([{"id": url, "comments": [{**comment, "text": "One"}, {**comment, "text": "Two"}]}]),
        "remark42": remark42_backup.backup(
            remark42_backup.comment("c1", locator=page), remark42_backup.comment("c2", "c1", locator=page)
        ),
        "commento": commento.first_export(
            commento.first_comment("c1", domain=host, url=f"/{path}"),
            commento.first_comment("c2", "c1", domain=host, url=f"/{path}"),
        ),
    }


def _publish_page(slug: str, url: str) -> None:
    """Publish a page of another site."""
    publishing.publish(content(slug=slug, kind="external", url=url), now=datetime.now(UTC))


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize("kind", _exports(""))
def test_a_thread_of_a_page_of_another_site_is_matched_by_its_url(kolom: Kolom, file: Path, kind: str) -> None:
    """Its slug is not that in the URL, which an article of the blog has."""
    _publish_page("hello-2", "https://old.example/posts/hello/")
    export = _exports("http://www.old.example/posts/hello/index.html?utm_source=x")[kind]
    assert _import(kolom, kind, file, export)["created"] == 2
    assert (len(_shown("hello-2")), len(_shown("hello"))) == (2, 0)
    assert _import(kolom, kind, file)["unchanged"] == 2


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize("kind", _exports(""))
def test_the_slug_of_a_page_of_another_site_matches_no_other_url(kolom: Kolom, file: Path, kind: str) -> None:
    """Many pages have the same last part of their URLs. The report says how many comments the page has."""
    _publish_page("intro", "https://docs.example/a/intro/")
    url = "https://docs.example/b/intro/"
    report = _import(kolom, kind, file, _exports(url)[kind], exit_code=1)
    assert _reasons(report) == Counter({f"no article matches {url}": 2})
    text = kolom("import", kind, file).stdout
    assert f"refused 2 × comment: no article matches {url}" in text
    mapping = file.with_name("map.csv")
    mapping.write_text(f"thread,article\n{url},intro\n")
    assert _import(kolom, kind, file, None, "--map", mapping)["created"] == 2


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize("kind", _exports(""))
def test_comments_follow_a_page_that_is_stored_later_and_moves(kolom: Kolom, file: Path, kind: str) -> None:
    """Importing a backup again, of the old or of the new URL, creates none of them twice."""
    old, new = "https://docs.example/a/intro/", "https://docs.example/b/start/"
    export = _exports(old)[kind]
    assert _import(kolom, kind, file, export, exit_code=1)["skipped"] == 2
    _publish_page("intro", old)
    assert _import(kolom, kind, file)["created"] == 2
    before = admin.list_by_article(3)
    publishing.publish(content(slug="intro", kind="external", url=new), article_id=3, force=True, now=datetime.now(UTC))
    assert _import(kolom, kind, file)["unchanged"] == 2
    if kind != "isso":  # its generic JSON has no ids, so a comment is identified by its URL, too
        assert _import(kolom, kind, file, _exports(new)[kind])["unchanged"] == 2
    assert admin.list_by_article(3) == before


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize("kind", _exports(""))
def test_a_folder_is_mapped_to_the_pages_at_their_new_urls(kolom: Kolom, file: Path, kind: str) -> None:
    _publish_page("walks", "https://new.example/en/walks.html")
    mapping = file.with_name("map.csv")
    mapping.write_text("thread,article\nhttps://old.example/*,https://new.example/en/*\n")
    export = _exports("https://old.example/walks/")[kind]
    assert _import(kolom, kind, file, export, "--map", mapping)["created"] == 2
    assert len(_shown("walks")) == 2


@pytest.mark.usefixtures("articles")
def test_a_folder_does_not_map_the_deleted_threads_of_disqus(kolom: Kolom, file: Path) -> None:
    """Content that is not public becomes public only if a line names its thread."""
    gone = thread(2, "https://old.example/hello/").replace("<isDeleted>false", "<isDeleted>true")
    mapping = file.with_name("map.csv")
    mapping.write_text("thread,article\nhttps://old.example/*,/*\n")
    report = _import(kolom, "disqus", file, disqus(gone, post(11, 2)), "--map", mapping)
    assert _reasons(report) == Counter({"its thread was deleted in Disqus": 1})


@pytest.mark.usefixtures("articles")
def test_the_paths_of_isso_belong_to_the_named_site(kolom: Kolom, file: Path) -> None:
    _publish_page("hello-2", "https://site.example/hello/")
    _database(file, old=False)
    report = _import(kolom, "isso", file, None, "--site", "https://site.example/blog/", exit_code=1)
    assert (report["created"], _reasons(report)) == (
        4,
        Counter({"no article matches https://site.example/nowhere/": 1}),
    )
    assert (len(_shown("hello-2")), len(_shown("hello"))) == (3, 0)
    mapping = file.with_name("map.csv")
    mapping.write_text("thread,article\n/nowhere/,world\n")
    ran = _import(kolom, "isso", file, None, "--site", "https://site.example", "--map", mapping)
    assert (ran["created"], ran["unchanged"]) == (1, 4)
    assert kolom("import", "isso", file, "--site", "site.example").exit_code == 2


@pytest.mark.usefixtures("articles")
def test_a_backup_of_remark42_is_imported(kolom: Kolom, file: Path) -> None:
    page = {"url": "https://old.example/2024/05/hello.html"}
    data = remark42_backup.backup(
        remark42_backup.comment("c3", "c2", locator=page, text="<p>Third</p>", orig=""),
        remark42_backup.comment("c2", "c1", locator=page, orig="Second", user={"admin": True}),
        remark42_backup.deleted("c1"),
        remark42_backup.comment("c4", "gone", locator=page, orig="<svg onload=hacked()> [x](javascript:x)"),
        remark42_backup.comment("c5", "", locator=page, orig="x", time="never"),
        head=remark42_backup.header(remark42_backup.user("github_1a2b", "budi@mail.example")),
    )
    planned = _import(kolom, "remark42", file, gzip.compress(data), "--dry-run", exit_code=1)
    report = _import(kolom, "remark42", file, exit_code=1)
    assert planned | {"dry_run": False} == report
    assert (report["created"], _reasons(report)) == (4, Counter({"has no date": 1}))
    assert [each["note"] for each in report["notes"]] == [
        "the comment that it replies to is missing: imported as a top-level comment"
    ]
    shown = {each["content_html"]: each for each in _shown()}
    assert shown["<p>Second</p>"]["parent_id"] == shown[""]["id"]
    assert shown["<p>Third</p>"]["parent_id"] == shown["<p>Second</p>"]["id"]
    assert (shown[""]["deleted"], shown["<p>Second</p>"]["author"]["is_owner"]) == (True, True)
    assert "<p>&lt;svg onload=hacked()&gt; [x](javascript:x)</p>" in shown
    kept = repr(stored("comments"))
    assert "budi@mail.example" not in kept
    assert "293ec5b0cf15" not in kept
    again = _import(kolom, "remark42", file, exit_code=1)
    assert (again["unchanged"], again["created"]) == (4, 0)


@pytest.mark.usefixtures("articles")
def test_exports_of_commento_and_comentario_are_imported(kolom: Kolom, file: Path) -> None:
    first = commento.first_export(
        commento.first_comment("c2", "c1", commenterHex="anonymous"),
        commento.first_comment("c1", markdown="[deleted]"),
        commento.first_comment("c3", state="unapproved"),
        commento.first_comment("c4", state="flagged"),
        commento.first_comment("c5", url="/nowhere"),
    )
    report = _import(kolom, "commento", file, gzip.compress(first), exit_code=1)
    assert (report["created"], _reasons(report)) == (
        3,
        Counter({"marked as spam in Commento": 1, "no article matches https://old.example/nowhere": 1}),
    )
    assert sorted(each.status for each in admin.list_by_article(1)) == ["approved", "deleted", "pending"]
    assert _import(kolom, "commento", file, exit_code=1)["unchanged"] == 3
    deleted, reply = _shown()
    assert (deleted["deleted"], reply["parent_id"], reply["author"]["name"]) == (True, deleted["id"], "Anonymous")
    third = commento.third_export(
        commento.third_comment("d1", markdown="Third"), commento.third_comment("d2", "d1", isApproved=False)
    )
    report = _import(kolom, "commento", file, third)
    assert (report["created"], _reasons(report)) == (1, Counter({"rejected in Comentario": 1}))
    assert _import(kolom, "commento", file)["unchanged"] == 1
    assert "<p>Third</p>" in [each["content_html"] for each in _shown()]
    kept = repr(stored("comments"))
    assert "budi@mail.example" not in kept
    assert "198.51.100.7" not in kept


@pytest.mark.usefixtures("articles")
def test_disqus_comments_keep_their_threads_dates_and_authors(kolom: Kolom, file: Path) -> None:
    export = disqus(
        thread(2, "https://old.example/hello/"),
        post(13, 2, parent=12),
        post(12, 2, parent=11, name="", message="<p>See <a href='https://a.example/x_y' rel='nofollow'>this</a></p>"),
        post(11, 2, isDeleted="true"),
        post(14, 2, isSpam="true"),
        post(15, 99),
        post(16, 2, createdAt="never"),
    )
    report = _import(kolom, "disqus", file, export, exit_code=1)
    assert _reasons(report) == Counter(
        {"marked as spam in Disqus": 1, "its thread 99 is not in the export": 1, "has no date": 1}
    )
    first, second, third = _shown()
    assert (first["deleted"], first["content_html"]) == (True, "")
    assert (second["author"]["name"], second["created_at"]) == ("u12", "2013-10-10T19:20:12Z")
    assert 'href="https://a.example/x_y"' in second["content_html"]
    assert [second["parent_id"], third["parent_id"]] == [first["id"], second["id"]]
    again = _import(kolom, "disqus", file, None, exit_code=1)
    assert (again["unchanged"], again["created"]) == (3, 0)


@pytest.mark.usefixtures("articles")
def test_unmatched_threads_are_listed_and_can_be_mapped(kolom: Kolom, file: Path, tmp_path: Path) -> None:
    export = disqus(
        thread(2, "https://old.example/gone/", title="Gone, but known"),
        thread(3, "https://old.example/test/"),
        post(11, 2),
        post(12, 2),
        post(13, 3),
    )
    listed = tmp_path / "threads.csv"
    report = _import(kolom, "disqus", file, export, "--unmatched", listed, exit_code=1)
    assert _reasons(report)["no article matches https://old.example/gone/"] == 2
    rows = list(csv.DictReader(io.StringIO(listed.read_text("utf-8-sig"))))
    assert [(row["thread"], row["title"], row["comments"]) for row in rows] == [
        ("https://old.example/gone/", "Gone, but known", "2"),
        ("https://old.example/test/", "", "1"),
    ]
    listed.write_text("thread,article\nhttps://old.example/gone/,/2024/05/hello.html\n/test/,\n")
    report = _import(kolom, "disqus", file, None, "--map", listed)
    assert (report["created"], _reasons(report)) == (2, Counter({"excluded by the mapping": 1}))
    assert len(_shown()) == 2


@pytest.mark.usefixtures("articles")
def test_an_overlong_address_matches_nothing_and_the_others_are_imported(kolom: Kolom, file: Path) -> None:
    long = f"https://old.example/{'é' * 3_000}/?p=1"
    export = disqus(thread(2, long, f"1 {long}"), thread(3, "https://old.example/hello/"), post(11, 2), post(12, 3))
    report = _import(kolom, "disqus", file, export, exit_code=1)
    assert (report["created"], report["skipped"]) == (1, 1)


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize(
    ("link", "identifier", "name"),
    [
        ("https://old.example/?p=12", "12 https://old.example/?p=12", "https://old.example/?p=12"),
        ("", "", "thread 2"),
        ("https://[old/", "", "https://[old/"),
    ],
)
def test_a_thread_without_a_path_is_listed_and_can_be_mapped(
    kolom: Kolom, file: Path, tmp_path: Path, link: str, identifier: str, name: str
) -> None:
    listed = tmp_path / "threads.csv"
    export = disqus(thread(2, link, identifier), post(11, 2))
    _import(kolom, "disqus", file, export, "--unmatched", listed, exit_code=1)
    (row,) = csv.DictReader(io.StringIO(listed.read_text("utf-8-sig")))
    assert row["thread"] == name
    listed.write_text(f"thread,article\n{name},hello\n")
    assert _import(kolom, "disqus", file, None, "--map", listed)["created"] == 1


@pytest.mark.usefixtures("articles")
def test_the_list_of_unmatched_threads_never_overwrites_the_mapping(kolom: Kolom, file: Path, tmp_path: Path) -> None:
    file.write_text(disqus(thread(2, "https://old.example/hello/"), post(11, 2)))
    mapping = tmp_path / "map.csv"
    mapping.write_text("thread,article\nhttps://old.example/x/,hello\n")
    ran = kolom("import", "disqus", file, "--map", mapping, "--unmatched", mapping)
    assert ran.exit_code == 2
    assert "hello" in mapping.read_text()


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize("place", ["none/threads.csv", "."])
def test_an_unwritable_list_of_unmatched_threads_stops_the_import_first(
    kolom: Kolom, file: Path, tmp_path: Path, place: str
) -> None:
    file.write_text(disqus(thread(2, "https://old.example/hello/"), post(11, 2)))
    ran = kolom("import", "disqus", file, "--unmatched", tmp_path / place)
    assert ran.exit_code == 2
    assert "--unmatched" in ran.stderr
    assert "cannot be written" in ran.stderr
    assert _shown() == []


@pytest.mark.usefixtures("articles")
def test_the_report_is_printed_even_if_the_list_cannot_be_written_at_the_end(
    kolom: Kolom, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, _threads: object) -> None:
        raise SourceError(f"{path}: No space left on device")

    monkeypatch.setattr(import_, "write_unmatched", fail)
    export = disqus(thread(2, "https://old.example/hello/"), post(11, 2))
    listed = tmp_path / "threads.csv"
    report = _import(kolom, "disqus", file, export, "--unmatched", listed, exit_code=1)
    assert (report["created"], report["errors"]) == (1, [f"{listed}: No space left on device"])


@pytest.mark.usefixtures("articles")
def test_an_invalid_mapping_is_reported_before_the_import(kolom: Kolom, file: Path, tmp_path: Path) -> None:
    file.write_text(disqus(thread(2, "https://old.example/hello/"), post(11, 2)))
    (tmp_path / "map.csv").write_text("thread,article\nhttps://old.example/x/,Not a slug!\n")
    ran = kolom("import", "disqus", file, "--map", tmp_path / "map.csv")
    assert ran.exit_code == 1
    assert "map.csv:2: invalid slug 'Not a slug!'" in ran.stderr
    assert _shown() == []


@pytest.mark.usefixtures("articles")
def test_two_comments_with_one_id_are_both_imported(kolom: Kolom, file: Path) -> None:
    posts = (post(1, 7), post(1, 7, message="Other"), post(1, 7), post(2, 7, parent=1))
    xml = disqus(thread(7, "https://old.example/hello/"), *posts)
    report = _import(kolom, "disqus", file, xml)
    assert (report["created"], report["skipped"]) == (3, 1)
    assert [note["note"] for note in report["notes"]] == [SAME_ID]
    comments = admin.list_by_article(publishing.get_by_slug("hello").id)
    assert sorted(each.content for each in comments) == ["Other", "Post 1.", "Post 2."]
    again = _import(kolom, "disqus", file, xml)
    assert (again["unchanged"], again["created"], again["updated"]) == (3, 0, 0)


@pytest.mark.usefixtures("articles")
def test_a_truncated_export_imports_complete_comments(kolom: Kolom, file: Path) -> None:
    export = disqus(thread(2, "https://old.example/hello/"), post(11, 2), post(12, 2))
    report = _import(kolom, "disqus", file, export[: export.index("Post 12")], exit_code=1)
    assert report["created"] == 1
    assert "invalid XML" in report["errors"][0]


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("disqus", "<rss/>", "not a Disqus export: its root element is <rss>"),
        ("disqus", '<!DOCTYPE d [<!ENTITY a "b">]>' + disqus(post(1, 1)).partition("?>")[2], "document type"),
        ("isso", "nothing", "neither an Isso database nor valid JSON"),
        ("isso", '{"a": 1}', "must be a list of threads"),
        ("isso", "[" * 100_000, "neither an Isso database nor valid JSON"),
        ("remark42", "nothing", "not a backup of Remark42"),
        ("commento", "[]", "not an export of Commento or Comentario"),
        ("commento", commento.first_export(version=2).decode(), "only versions 1 and 3 are supported"),
    ],
)
def test_a_file_that_is_not_an_export_is_rejected(kolom: Kolom, file: Path, kind: str, data: str, says: str) -> None:
    assert says in _import(kolom, kind, file, data, exit_code=1)["errors"][0]


TABLES = """
CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
CREATE TABLE comments (tid, id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL, modified FLOAT,
  mode INTEGER, remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR);
INSERT INTO threads VALUES (1, '/hello/', 'Hello'), (2, '/nowhere/', 'Nowhere');
INSERT INTO comments (tid, id, parent, created, mode, remote_addr, text, author, email) VALUES
  (1, 1, NULL, 1381432829.25, 1, '198.51.100.7', 'Some *Markdown*', 'Budi', 'budi@mail.example'),
  (1, 2, 1, 1381432830, 2, '198.51.100.7', 'Waits', NULL, NULL),
  (1, 3, 1, 1381432831, 4, '198.51.100.7', '', '', ''),
  (1, 4, 3, 1381432832, 1, '198.51.100.7', 'An answer', 'Ani', ''),
  (2, 5, NULL, 1381432833, 1, '198.51.100.7', 'Lost', 'Ani', '');
"""


def _database(file: Path, *, old: bool) -> None:
    connection = sqlite3.connect(file)
    connection.executescript(TABLES)
    if not old:
        connection.executescript(
            "ALTER TABLE comments ADD COLUMN website VARCHAR; ALTER TABLE comments ADD COLUMN voters BLOB"
        )
    connection.close()


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize("old", [False, True])
def test_an_isso_database_is_imported(kolom: Kolom, file: Path, old: bool) -> None:
    _database(file, old=old)
    before = file.read_bytes()
    report = _import(kolom, "isso", file, exit_code=1)
    assert (report["created"], _reasons(report)) == (4, Counter({"no article matches /nowhere/": 1}))
    assert file.read_bytes() == before
    first, second, third = _shown()
    assert (first["content_html"], first["created_at"]) == ("<p>Some <em>Markdown</em></p>", "2013-10-10T19:20:29Z")
    assert (second["deleted"], second["parent_id"]) == (True, first["id"])
    assert (third["author"]["name"], third["parent_id"]) == ("Ani", second["id"])
    assert [each.status for each in admin.list_by_article(1)] == ["approved", "pending", "deleted", "approved"]
    assert _import(kolom, "isso", file, exit_code=1)["unchanged"] == 4


@pytest.mark.usefixtures("articles")
def test_issos_generic_json_is_imported(kolom: Kolom, file: Path) -> None:
    comment = {"email": "", "remote_addr": "198.51.100.7", "website": "http://a.example", "id": 0, "author": "Budi"}
    comments = [
        {**comment, "created": "2005-02-24 04:03:37", "text": "It's 2 < 3\n"},
        {**comment, "created": "2005-02-25 04:03:37", "text": "<p>As <b>HTML</b></p>"},
    ]
    data = json.dumps([{"id": "/hello/", "title": "Nat+%26+Miguel", "comments": comments}])
    assert _import(kolom, "isso", file, data)["created"] == 2
    assert [each["content_html"] for each in _shown()] == ["<p>It's 2 &lt; 3</p>", "<p>As <strong>HTML</strong></p>"]
    assert _shown()[0]["author"]["website"] == "http://a.example"
    assert _import(kolom, "isso", file, data)["unchanged"] == 2


@pytest.mark.usefixtures("articles")
def test_a_dry_run_reports_the_same_and_writes_nothing(kolom: Kolom, file: Path, calls: list[str]) -> None:
    export = disqus(thread(2, "https://old.example/hello/"), post(11, 2), post(12, 2, parent=11), post(13, 2, parent=9))
    planned = _import(kolom, "disqus", file, export, "--dry-run")
    assert set(calls) <= {"BatchGetItem", "GetItem", "Query", "DescribeStacks", "GetSecretValue"}
    done = _import(kolom, "disqus", file, export)
    assert (planned.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert planned == done
