"""Reading Isso's database and its generic JSON."""

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.common.thread_map import ThreadMap
from kolom_cli.importers.common.types import ImportedComment, Item, Skipped, SourceError
from kolom_cli.importers.isso import read_isso
from tests.unit.cli.importers.export_readers import mapping_of, read_all

CREATED = 1381432829.25
DATE = datetime(2013, 10, 10, 19, 20, 29, 250_000, tzinfo=UTC)

# The columns of the first version with later additions, those of the current version, and only the required ones.
FIRST = "tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL, modified FLOAT, "
FIRST += "mode INTEGER, remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR, "
FIRST += "likes INTEGER DEFAULT 0, dislikes INTEGER DEFAULT 0, voters BLOB"
CURRENT = FIRST.replace("text VARCHAR", "text VARCHAR NOT NULL") + " NOT NULL, notification INTEGER DEFAULT 0"
BARE = "tid, id INTEGER PRIMARY KEY, created, mode, text, author"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "comments.db"


def _write(file: Path, *comments: dict[str, Any], columns: str = CURRENT, uri: str = "/2024/hello/") -> None:
    """Write a database with one thread and these comments."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")  # Tests need no durability.
        database.execute("CREATE TABLE preferences (key VARCHAR PRIMARY KEY, value VARCHAR)")
        database.execute("CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256))")
        database.execute(f"CREATE TABLE comments ({columns})")
        database.execute("INSERT INTO threads VALUES (1, ?, 'Hello')", (uri,))
        for number, changes in enumerate(comments, 1):
            row = {
                "tid": 1,
                "id": number,
                "parent": None,
                "created": CREATED,
                "mode": 1,
                "text": "Some *Markdown*",
                "remote_addr": "192.0.2.7",
                "author": "Budi",
                "email": "budi@mail.example",
                "website": "https://budi.example",
                "voters": b"",
            } | changes
            known = {name: value for name, value in row.items() if f"{name} " in f"{columns},".replace(",", " ")}
            marks = ", ".join("?" * len(known))
            database.execute(f"INSERT INTO comments ({', '.join(known)}) VALUES ({marks})", list(known.values()))  # noqa: S608


def _read(file: Path, mapping: str = "") -> tuple[list[Item], str]:
    """Return the items and the error of the file."""
    return read_all(read_isso(file, mapping_of(file.parent, mapping)))


def _comment(file: Path, **changes: Any) -> ImportedComment:
    _write(file, changes)
    (comment,), error = _read(file)
    assert not error
    assert isinstance(comment, ImportedComment)
    return comment


def test_a_comment_has_its_author_date_and_thread(file: Path) -> None:
    assert _comment(file, parent=7) == ImportedComment(
        name="1 on /2024/hello/",
        origin="isso:#1",
        article=("path:/2024/hello/", "path:/2024/hello", "path:/2024/hello.html", "own:slug:hello"),
        thread="/2024/hello/",
        title="Hello",
        author="Budi",
        content="Some *Markdown*",
        created_at=DATE,
        parent="isso:#7",
        website="https://budi.example",
        email="budi@mail.example",
    )


@pytest.mark.parametrize("columns", [FIRST, CURRENT, BARE])
def test_databases_of_all_versions_are_read(file: Path, columns: str) -> None:
    _write(file, {}, {"parent": 1}, columns=columns)
    (first, second), error = _read(file)
    assert not error
    assert isinstance(first, ImportedComment)
    assert isinstance(second, ImportedComment)
    assert (first.author, first.content, first.created_at) == ("Budi", "Some *Markdown*", DATE)
    assert second.parent == (None if columns == BARE else first.origin)


@pytest.mark.parametrize(
    ("mode", "status"), [(1, "approved"), (2, "pending"), (4, "deleted"), (None, "pending"), (7, "pending")]
)
def test_comments_that_were_not_public_are_not_published(file: Path, mode: int | None, status: str) -> None:
    comment = _comment(file, mode=mode)
    assert comment.status == status
    assert bool(comment.notes) is (mode not in {1, 2, 4})


def test_a_deleted_comment_becomes_a_placeholder(file: Path) -> None:
    comment = _comment(file, mode=4, text="", author=None, website=None, parent=1)
    assert (comment.content, comment.author, comment.email) == ("", "", None)
    assert comment.parent == "isso:#1"


@pytest.mark.parametrize(
    ("changes", "reason", "refused"),
    [
        ({"text": " \n\u200b"}, "empty", False),
        ({"text": b"\x00\x01"}, "empty", False),
        ({"created": 0}, "has no date", True),
        ({"created": -5.0}, "has no date", True),
        ({"created": "some day"}, "has no date", True),
        ({"created": b"\x00"}, "has no date", True),
        ({"created": float("inf")}, "has no date", True),
        ({"created": 1e300}, "has no date", True),
        ({"text": "x" * 65_537}, "has 65,537 bytes, the maximum is 65,536", True),
        ({"tid": 9}, "its thread is not in the database", True),
        ({"tid": None}, "its thread is not in the database", True),
    ],
)
def test_skipped_comments_have_a_reason(file: Path, changes: dict[str, Any], reason: str, refused: bool) -> None:
    _write(file, changes)
    (skipped,), error = _read(file)
    assert not error
    assert isinstance(skipped, Skipped)
    assert (skipped.kind, skipped.reason, skipped.refused) == ("comment", reason, refused)


def test_an_oversized_comment_is_not_loaded(file: Path) -> None:
    _write(file, {"text": "x" * 5_000_000}, {})
    (skipped, other), _ = _read(file)
    assert isinstance(skipped, Skipped)
    assert "65,537 bytes" in skipped.reason
    assert isinstance(other, ImportedComment)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("<p>From <b>Disqus</b></p>", "From **Disqus**"),
        ("<p>a</p>\n<p>b<br>c</p>", "a\n\nb\nc"),
        ("Use <p> for **paragraphs**", "Use <p> for **paragraphs**"),
        ("<p>half", "<p>half"),
        ("`<p>`", "`<p>`"),
        ("> quoted\n\nanswer", "> quoted\n\nanswer"),
    ],
)
def test_text_is_markdown_unless_it_is_only_html(file: Path, text: str, content: str) -> None:
    assert _comment(file, text=text).content == content


@pytest.mark.parametrize(
    ("changes", "author"),
    [
        ({"author": None}, "Anonymous"),
        ({"author": "  "}, "Anonymous"),
        ({"author": b"\x00"}, "Anonymous"),
        ({"author": "a\u202eb\nc\x1b[31m"}, "ab c [31m"),
    ],
)
def test_a_name_is_one_visible_line(file: Path, changes: dict[str, Any], author: str) -> None:
    assert _comment(file, **changes).author == author


def test_invalid_websites_and_email_addresses_are_dropped(file: Path) -> None:
    comment = _comment(file, website="javascript:alert(1)", email="nobody")
    assert (comment.website, comment.email) == (None, None)


@pytest.mark.parametrize(
    ("uri", "name", "origin"),
    [
        ("https://www.a.example/hello/", "path:/hello/", "isso:a.example#1"),
        ("/hello", "path:/hello", "isso:#1"),
        ("/hello/?lang=id", "path:/hello/", "isso:#1"),
    ],
)
def test_a_thread_is_identified_by_a_url_or_a_path(file: Path, uri: str, name: str, origin: str) -> None:
    _write(file, {}, uri=uri)
    (comment,), _ = _read(file)
    assert isinstance(comment, ImportedComment)
    assert name in comment.article
    assert comment.origin == origin


def test_invalid_bytes_do_not_stop_the_import(file: Path) -> None:
    _write(file, {}, {})
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("UPDATE comments SET text = CAST(x'61ff62' AS TEXT) WHERE id = 1")
    (first, second), error = _read(file)
    assert not error
    assert isinstance(first, ImportedComment)
    assert first.content == "a\ufffdb"
    assert isinstance(second, ImportedComment)


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "CREATE TABLE comments (id)",
        "CREATE TABLE threads (id, uri)",
        "CREATE TABLE comments (id, text); CREATE TABLE threads (id, uri)",
        (
            "CREATE TABLE threads (id, uri); CREATE VIEW comments AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL "
            "SELECT id + 1 FROM n) SELECT 1 AS tid, id, 1 AS created, 1 AS mode, '' AS text, '' AS author FROM n"
        ),
    ],
)
def test_another_database_is_rejected(file: Path, schema: str) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(f"CREATE TABLE other (id); {schema}")
    assert _read(file) == ([], f"{file}: not an Isso database")


def test_a_damaged_database_is_reported(file: Path) -> None:
    _write(file, *({"text": "x" * 3_000} for _ in range(50)))
    whole = file.read_bytes()
    for data in (whole[:5_000], whole[:100], whole[:8_192] + Random(1).randbytes(40_000) + whole[48_192:]):
        file.write_bytes(data)
        _, error = _read(file)
        assert error.startswith(f"{file}: ")


def test_the_database_is_unchanged_and_no_file_is_created_beside_it(file: Path) -> None:
    _write(file, {})
    file.chmod(stat.S_IRUSR)
    before = file.read_bytes()
    assert len(_read(file)[0]) == 1
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_the_write_ahead_log_of_a_running_isso_is_read(file: Path) -> None:
    _write(file, {})
    with closing(sqlite3.connect(file, isolation_level=None)) as running:
        running.execute("PRAGMA journal_mode = WAL")
        running.execute("UPDATE comments SET text = 'newest'")
        (comment,), _ = _read(file)
    assert isinstance(comment, ImportedComment)
    assert comment.content == "newest"


def test_url_characters_in_a_file_name_select_no_other_file(tmp_path: Path) -> None:
    file = tmp_path / "a?mode=rwc&x=%41#b.db"
    _write(file, {})
    assert len(_read(file)[0]) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_a_mapping_takes_precedence_over_the_threads_address(file: Path) -> None:
    _write(file, {})
    (comment,), _ = _read(file, "thread,article\n/2024/hello/,there\n")
    assert isinstance(comment, ImportedComment)
    assert comment.article == ("slug:there",)
    (skipped,), _ = _read(file, "thread,article\n/2024/hello/,\n")
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.refused) == ("excluded by the mapping", False)


def test_the_mapping_is_searched_once_for_each_comment(file: Path) -> None:
    """A search among many folders takes time."""
    searched: list[tuple[str, ...]] = []

    class CountingMap(ThreadMap):
        def find(self, *names: str, with_folders: bool = True) -> tuple[str, ...] | None:
            searched.append(names)
            return super().find(*names, with_folders=with_folders)

    mapping = CountingMap()
    mapping.add("/other/", ())
    _write(file, {}, {})
    assert len(list(read_isso(file, mapping))) == len(searched) == 2
    file.write_text(json.dumps([_thread({}, {"text": "Other"})]))
    assert len(list(read_isso(file, mapping))) == len(searched) - 2 == 2


def _thread(*comments: Any, **changes: Any) -> dict[str, Any]:
    typed = {"email": "", "remote_addr": "192.0.2.7", "website": "", "id": 0, "author": "Budi"}
    typed |= {"created": "2005-02-24 04:03:37", "text": "Hello"}
    written = [typed | each if isinstance(each, dict) else each for each in comments]
    return {"id": "/hello/", "title": "Hello", "comments": written} | changes


def _json(file: Path, *threads: Any) -> list[Item]:
    file.write_text(json.dumps(threads))
    items, error = _read(file)
    assert not error
    return items


def _imported(file: Path, *threads: Any) -> Iterator[ImportedComment]:
    for each in _json(file, *threads):
        assert isinstance(each, ImportedComment)
        yield each


def test_generic_json_is_read(file: Path) -> None:
    (comment,) = _imported(file, _thread({"email": "b@mail.example", "website": "http://a.example"}, title="Nat+%26+I"))
    assert (comment.author, comment.content, comment.title) == ("Budi", "Hello", "Nat & I")
    assert comment.created_at == datetime(2005, 2, 24, 4, 3, 37, tzinfo=UTC)
    assert (comment.email, comment.website) == ("b@mail.example", "http://a.example")
    assert comment.article[0] == "path:/hello/"


def test_a_number_is_a_unix_time_as_in_the_database(file: Path) -> None:
    first, second = _imported(file, _thread({"created": CREATED}, {"created": int(CREATED)}))
    assert (first.created_at, second.created_at) == (DATE, DATE.replace(microsecond=0))
    assert first.origin != second.origin


def test_the_origin_of_a_comment_with_a_text_date_is_stable(file: Path) -> None:
    (comment,) = _imported(file, _thread({}))
    assert comment.origin == "isso-json:/hello/#ae1fb7c1c8b5fc04"


def test_a_title_without_encoding_is_unchanged(file: Path) -> None:
    (comment,) = _imported(file, _thread({}, title="C++ in 100% of cases"))
    assert comment.title == "C++ in 100% of cases"


def test_comments_are_distinguished_by_their_content(file: Path) -> None:
    different: list[dict[str, Any]] = [{}, {"author": "Ani"}, {"text": "Other"}, {"created": "2005-02-24 04:03:38"}]
    threads = (_thread(*different), _thread({}, id="/other/"))
    origins = [each.origin for each in _imported(file, *threads)]
    assert len(set(origins)) == 5
    assert [each.origin for each in _imported(file, *threads)] == origins
    again = [each.origin for each in _imported(file, _thread({"id": 7, "website": "http://new.example"}))]
    assert again == origins[:1]


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("plain\nwith lines", "plain\nwith lines"),
        ("**Markdown** and `<p>`", "**Markdown** and `<p>`"),
        ("It's 2 < 3 and x<y>z", "It's 2 < 3 and x<y>z"),
        ("<p>As <b>HTML</b></p>", "As **HTML**"),
        ("one<br />two", "one\ntwo"),
        ('first\n\nsee <a href="http://a.example/x">this</a>', "first\n\nsee [this](http://a.example/x)"),
    ],
)
def test_markdown_is_kept_and_html_becomes_markdown(file: Path, text: str, content: str) -> None:
    (comment,) = _imported(file, _thread({"text": text}))
    assert comment.content == content


@pytest.mark.parametrize(
    ("thread", "reason"),
    [
        (_thread({"created": "yesterday"}), "has no date"),
        (_thread({"created": None}), "has no date"),
        (_thread({"created": True}), "has no date"),
        (_thread({"created": -1}), "has no date"),
        (_thread({"created": 1e300}), "has no date"),
        (_thread("no comment"), "has no date"),
        (_thread({}, id=""), "its thread has no URL"),
        (_thread({}, id=7), "its thread has no URL"),
        (_thread({"text": None}), "empty"),
        (_thread({"text": "<p>" * 30_000}), "has 90,000 bytes, the maximum is 65,536"),
    ],
)
def test_skipped_json_comments_have_a_reason(file: Path, thread: dict[str, Any], reason: str) -> None:
    (skipped,) = _json(file, thread)
    assert isinstance(skipped, Skipped)
    assert skipped.reason == reason


def test_surrogates_and_control_characters_are_removed(file: Path) -> None:
    (comment,) = _imported(file, _thread({"author": "a\ud800b", "text": "x\udfffy\x00"}, id="/h\x1b[31m\ud800/"))
    for text in (comment.name, comment.thread, comment.author, comment.content, comment.origin):
        assert text.isprintable()
        text.encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "neither an Isso database nor valid JSON"),
        (b"text", "neither an Isso database nor valid JSON"),
        (b'[{"id": "/x/", "comments": [}]', "line 1 column 29"),
        (b"\xff\xfe[\x00]\x00", "neither an Isso database nor valid JSON"),
        (b"[" * 200_000, "neither an Isso database nor valid JSON"),
        (b"[" + b"9" * 5_000 + b"]", "neither an Isso database nor valid JSON"),
        (b'{"id": "/x/", "comments": []}', "must be a list of threads"),
        (b"[1]", "must be a list of threads"),
        (b'[{"id": "/x/"}]', "must be a list of threads"),
        (b'[{"id": "/x/", "comments": {}}]', "must be a list of threads"),
    ],
)
def test_a_file_in_neither_format_is_rejected(file: Path, data: bytes, says: str) -> None:
    file.write_bytes(data)
    items, error = _read(file)
    assert items == []
    assert error.startswith(str(file))
    assert says in error


def test_json_with_a_byte_order_mark_or_without_comments_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps([_thread({})]).encode())
    assert len(_read(file)[0]) == 1
    assert _json(file, _thread()) == _json(file) == []


def test_oversized_json_is_not_loaded(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(512 * 1024 * 1024 + 1)
    assert _read(file) == ([], f"{file}: larger than 512 MB: split the file")


def test_a_missing_file_and_a_folder_are_reported(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "none.db", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(SourceError, match=says):
            list(read_isso(path))


@pytest.mark.parametrize("text", ["<p " * 21_000, "`" * 65_000, "` `` " * 13_000, "<p>" + "<a" * 32_000, "<b" * 32_000])
def test_no_text_takes_long(file: Path, text: str) -> None:
    started = os.times().user
    _json(file, _thread({"text": text}))
    _comment(file, text=text)
    assert os.times().user - started < 5


_VALUE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=20))


@given(rows=st.lists(st.tuples(_VALUE, _VALUE, _VALUE, _VALUE, _VALUE), max_size=4))
def test_any_values_give_an_item_for_each_comment(file: Path, rows: list[tuple[Any, ...]]) -> None:
    names = ("parent", "mode", "text", "author", "created")
    values = [{**dict(zip(names, row, strict=True))} for row in rows]
    for each in values:
        for name in ("text", "author", "created"):
            each[name] = each[name].encode("utf-8", "replace").decode() if isinstance(each[name], str) else each[name]
        for name in ("parent", "mode"):
            each[name] = None if isinstance(each[name], str) else each[name]
    _write(file, *values, columns=FIRST.replace("FLOAT NOT NULL", "FLOAT"))
    items, error = _read(file)
    assert (len(items), error) == (len(values), "")
