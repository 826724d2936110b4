"""`kolom import disqus` and `kolom import isso`: comments are assigned to existing articles."""

import csv
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
from tests.integration.handlers import call

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
    kolom: Kolom, kind: str, file: Path, data: str | None = None, *options: object, exit_code: int = 0
) -> dict[str, Any]:
    if data is not None:
        file.write_text(data)
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


@pytest.mark.usefixtures("articles")
def test_a_thread_of_a_page_of_another_site_is_matched_by_its_url(kolom: Kolom, file: Path) -> None:
    """Its slug is not that in the URL, which an article of the blog has."""
    page = content(slug="hello-2", kind="external", url="https://old.example/posts/hello/")
    publishing.publish(page, now=datetime.now(UTC))
    export = disqus(post(11, 2), thread(2, "http://www.old.example/posts/hello/index.html?utm_source=x"))
    assert _import(kolom, "disqus", file, export)["created"] == 1
    assert (len(_shown("hello-2")), len(_shown("hello"))) == (1, 0)


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
