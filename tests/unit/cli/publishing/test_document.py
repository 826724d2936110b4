"""Reading an author's file, reporting its errors, and writing its version back."""

import os
import re
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom_cli.publishing.document import Document, DocumentError, find_documents, read_document, record_version

JAKARTA = ZoneInfo("Asia/Jakarta")
FULL = """---
title: "Two: words"
slug: two-words
date: 2024-05-01 14:30
updated: 2024-05-02T00:00:00Z
labels: [Politics, "2024"]
language: id
author: A. Writer
description: About.
excerpt: >
  Some
  lines.
image: a.png
path: /2024/05/two.html
kind: page
draft: true
comments: false
id: 7
version: 3
---
Body.
"""


def write(folder: Path, content: str | bytes, name: str = "post.md") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes, name: str = "post.md") -> Document:
    return read_document(write(folder, content, name), JAKARTA)


def error(folder: Path, content: str | bytes, name: str = "post.md") -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(folder, content, name)
    return caught.value


def test_every_key_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, FULL) == Document(
        path=tmp_path / "post.md",
        format="markdown",
        body="Body.\n",
        title="Two: words",
        slug="two-words",
        date=datetime(2024, 5, 1, 14, 30, tzinfo=JAKARTA),
        updated=datetime(2024, 5, 2, tzinfo=UTC),
        labels=("Politics", "2024"),
        language="id",
        author="A. Writer",
        description="About.",
        excerpt="Some lines.",
        image="a.png",
        page_path="/2024/05/two.html",
        kind="page",
        draft=True,
        comments_open=False,
        id=7,
        version=3,
    )


def test_an_empty_key_is_like_a_missing_one_except_title_and_draft(tmp_path: Path) -> None:
    missing = read(tmp_path, "---\ntitle: T\n---\n")
    keys = "slug date updated labels language author description excerpt image path kind comments id version"
    empty = read(tmp_path, "---\ntitle: T\n" + "".join(f"{key}:\n" for key in keys.split()) + "---\n")
    assert missing == empty
    assert (missing.slug, missing.date, missing.labels, missing.kind, missing.draft) == (
        None,
        None,
        (),
        "article",
        None,
    )
    assert missing.comments_open


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_endings_and_a_byte_order_mark_are_ignored(tmp_path: Path, line_end: str, mark: str) -> None:
    document = read(tmp_path, mark + FULL.replace("\n", line_end))
    assert document.version == 3
    assert document.body == f"Body.{line_end}"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-05-01", datetime(2024, 5, 1, tzinfo=JAKARTA)),
        ('"2024-05-01"', datetime(2024, 5, 1, tzinfo=JAKARTA)),
        ("2024-05-01 7:05", datetime(2024, 5, 1, 7, 5, tzinfo=JAKARTA)),
        ("2024-05-01T07:05:09.5", datetime(2024, 5, 1, 7, 5, 9, 500_000, tzinfo=JAKARTA)),
        ("2024-05-01 07:05:00 +0200", datetime(2024, 5, 1, 7, 5, tzinfo=timezone(timedelta(hours=2)))),
        ("2024-05-01 07:05:00 UTC", datetime(2024, 5, 1, 7, 5, tzinfo=UTC)),
    ],
)
def test_a_date_without_an_offset_is_in_the_sites_time_zone(tmp_path: Path, written: str, moment: datetime) -> None:
    date = read(tmp_path, f"---\ntitle: T\ndate: {written}\n---\n").date
    assert date == moment
    assert date.utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(("written", "value"), [("true", True), ("Yes", True), ("off", False), ("FALSE", False)])
def test_common_spellings_of_booleans_are_read(tmp_path: Path, written: str, value: bool) -> None:
    assert read(tmp_path, f"---\ntitle: T\ndraft: {written}\n---\n").draft is value


def test_labels_may_be_a_list_or_comma_separated_and_are_unique(tmp_path: Path) -> None:
    assert read(tmp_path, "---\ntitle: T\nlabels:\n  - A b\n  - a  B\n  - c\n---\n").labels == ("A b", "c")
    assert read(tmp_path, "---\ntitle: T\nlabels: A b, c\n---\n").labels == ("A b", "c")


# Errors and their positions


@pytest.mark.parametrize(
    ("front", "line", "message"),
    [
        ("title: T\ntitel: U", 3, "unknown key 'titel'; did you mean 'title'?"),
        ("title: T\ntags: [a]", 3, "unknown key 'tags'; did you mean 'labels'?"),
        ("title: T\nxyzzy: 1", 3, "known keys are title, slug"),
        ("title: T\n\n# c\nslug: a\ntitle: U", 6, "duplicate key 'title' (first defined on line 2)"),
        ("slug: a\ntitle:", 3, "title: must not be empty"),
        ("title: '  '", 2, "title: must not be empty"),
        ("title: [a]", 2, "title: must be one line of text"),
        ('title: "a\\x07b"', 2, "title: contains a control character"),
        ('title: "\\ud800"', 2, ""),
        ("title: T\nslug: A b", 3, "slug: must consist of letters"),
        ("title: T\npath: x.html", 3, "path: must be like /2024"),
        ("title: T\nlanguage: Indonesian!", 3, "language: must be a code such as id"),
        ("title: T\ndate: tomorrow", 3, "date: 'tomorrow' is not a valid date; write it like 2024-05-01"),
        ("title: T\ndate: 2024-02-30", 3, "date: '2024-02-30' is not a valid date"),
        ("title: T\ndate: 2024-05-01 25:00", 3, "is not a valid date"),
        ("title: T\ndate: 0001-01-01", 3, "is not a valid date"),
        ("title: T\ndate: 20240501", 3, "is not a valid date"),
        ("title: T\nupdated: {a: b}", 3, "updated: must be a date"),
        ("title: T\nlabels:\n  - a\n  - 2024", 5, "labels: must be text, not '2024'; write \"2024\""),
        ("title: T\nlabels: [a, [b]]", 3, "labels: must be text, not a list or a group of keys"),
        ("title: T\nlabels: [a, '']", 3, "labels: must not be empty"),
        ("title: T\nlabels: 7", 3, "labels: must be a list"),
        ("title: T\nlabels: {a: b}", 3, "labels: must be a list, like [politics, economy]"),
        (
            "title: T\nlabels: [" + ", ".join(f"l{n}" for n in range(21)) + "]",
            3,
            "at most 20 labels are allowed, got 21",
        ),
        ("title: T\nversion: three", 3, "version: must be a whole number above 0"),
        ("title: T\nversion: 1.5", 3, "must be a whole number"),
        ("title: T\nversion: '3'", 3, "without quotation marks"),
        ("title: T\nid: 0", 3, "id: must be a whole number above 0"),
        ("title: T\nid: 1_000", 3, "id: must be a whole number"),
        ("title: T\ndraft: maybe", 3, "draft: must be true or false, without quotation marks, not 'maybe'"),
        ("title: T\ndraft: 'true'", 3, "draft: must be true or false"),
        ("title: T\ncomments: [true]", 3, "comments: must be true or false"),
        ("title: T\nkind: post", 3, "kind: must be article or page, not 'post'"),
        ("slug: a\ntitle: One: two", 3, 'a value that contains ": " must be in quotation marks'),
        ("slug: a\ntitle: 'One", 3, "the quotation mark that opens here is not closed"),
        ("title: T\nlabels: [a, b", 3, "the list that begins with [ here is not closed"),
        ("title: @me", 2, "a value that begins with a sign such as @, % or ` must be in quotation marks"),
        ("title: *me*", 2, "a value that begins with * must be in quotation marks"),
        ("title: T\n\tslug: a", 3, ""),
        ("title: a\x01b", 2, "the front matter contains a control character"),
        ("just words", 2, "the front matter must be lines like `key: value`"),
        ("- title", 2, "the front matter must be lines like `key: value`"),
        ("? [a]\n: b", 2, "a key must be a single text"),
        ("title: " + "[" * 600, 1, "nested too deeply"),
        ("title: T\ndescription: " + "x" * 70_000, 1, "the front matter is longer than 65,536 characters"),
        ('title: "\\UFFFFFFFF"', 1, ""),
    ],
)
def test_an_error_is_reported_with_its_line(tmp_path: Path, front: str, line: int, message: str) -> None:
    for line_end in ("\n", "\r\n"):
        told = error(tmp_path, f"---\n{front}\n---\nBody.\n".replace("\n", line_end))
        assert message in told.message
        assert told.line == line
        assert str(told) == f"{tmp_path / 'post.md'}:{line}: {told.message}"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"# T\n\na\xffb\n", 3, "the byte 0xff at offset 6; save it as UTF-8"),
        (b"\xef\xbb\xbf# T\n\xe9", 2, "not in UTF-8"),
        ("# T".encode("utf-16"), 1, "is in UTF-16; save it as UTF-8"),
        (b"# T\n\na\x00", 3, "contains a NUL character"),
        (b"---\ntitle: T\n", 1, "not closed"),
        (b"+++\ntitle = 'T'\n+++\n", 1, "TOML"),
        (b"", 1, "has no title"),
        (b"---\nslug: a\n---\nNo heading.\n", 4, "has no title: add `title:` to the front matter"),
        (b"```\n# in code\n```\n\n> # quoted\n", 1, "has no title"),
        (b"#\n", 1, "has no title"),
    ],
)
def test_a_file_that_is_not_a_document_is_reported_with_the_reason(
    tmp_path: Path, content: bytes, line: int, message: str
) -> None:
    told = error(tmp_path, content)
    assert message in told.message
    assert told.line == line


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"no\.md: cannot be read: No such file") as caught:
        read_document(tmp_path / "no.md", JAKARTA)
    assert caught.value.line is None


def test_a_text_beyond_the_limit_is_refused_before_it_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kolom_cli.publishing.document.find_title", pytest.fail)
    told = error(tmp_path, "---\ndate: 2024-01-01\n---\n" + "[a](b) " * 750_000)
    assert told.message.startswith("its text has 5,250,000 bytes, the maximum is 4,194,304")


def test_exponential_yaml_aliases_are_harmless(tmp_path: Path) -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [" + f"*{chr(97 + n)}," * 9 + "]\n" for n in range(20)
    )
    assert "unknown key" in error(tmp_path, f"---\n{bomb}---\n").message


def test_yaml_creates_no_python_objects(tmp_path: Path) -> None:
    told = error(tmp_path, "---\ntitle: T\nauthor: !!python/object/apply:os.system [touch x]\n---\n")
    assert told.line == 3


@given(st.text(max_size=200))
@example("title: &a x\nslug: &a y")
@example("\x85title: a")
@example("\u2028title: a: b")
@example("%YAML 9.9")
@example("title: !<tag:x> y")
@example("<<: {title: x}")
def test_any_front_matter_is_a_document_or_an_error(tmp_path: Path, front: str) -> None:
    path = tmp_path / "post.md"
    path.write_bytes(f"---\n{front}\n---\n# T\n".encode("utf-8", "replace"))
    lines = len(re.split(r"\r\n|\n|\r", path.read_bytes().decode()))
    try:
        assert read_document(path, JAKARTA).title
    except DocumentError as told:
        line = told.line
    else:
        line = 1
    assert line is not None
    assert 1 <= line <= lines


# The title


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("# A *title* & `more` #\n\nText.\n", "A title & more"),
        ("Text.\n\n# Title\n\nMore.\n", "Title"),
        ("Title\n=====\nText.\n", "Title"),
        ("```\n# no\n```\n# Yes\n", "Yes"),
        ("> # No\n\n- # No\n\n# Yes\n", "Yes"),
        ("## No\r\n# Yes\r\nText.\r\n", "Yes"),
        ("# A [linked][1] title\n\n[1]: /x\n", "A linked title"),
        ('<h1 align="center">Raw <b>HTML</b></h1>\n\nText.\n', "Raw HTML"),
        ("---\nslug: a\n---\n# Title\nText.\n", "Title"),
        ("---\n---\n# Title", "Title"),
    ],
)
def test_markdown_without_a_title_gets_its_first_heading(tmp_path: Path, source: str, title: str) -> None:
    document = read(tmp_path, source)
    assert document.title == title
    assert source.endswith(document.body)


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("<title>A &amp; b</title><p>x", "A & b"),
        ("<h1 class=x>A <b>b</b></h1>\n<p>x", "A b"),
        ("<title>T</title><h1>T</h1>x", "T"),
        ("<title>T</title><h1>H</h1>x", "T"),
        ("<title> </title><h1>H</h1>x", "H"),
        ("<!-- <h1>no</h1> --><h1>Yes</h1>x", "Yes"),
        ("<svg><title>no</title></svg><h1>Yes</h1>", "Yes"),
        ("<body><header><h1>Yes</h1></header>", "Yes"),
        ("---\ntitle: F\n---\n<title>T</title><h1>F</h1>", "F"),
        ("<?xml version='1.0' encoding='latin-1'?><title>T</title>", "T"),
    ],
)
def test_html_without_front_matter_gets_its_title_or_first_heading(tmp_path: Path, source: str, title: str) -> None:
    document = read(tmp_path, source, "post.HTML")
    assert (document.title, document.format) == (title, "html")
    assert source.endswith(document.body)


def test_html_without_any_title_is_an_error_with_a_hint(tmp_path: Path) -> None:
    assert "a <title> or an <h1>" in error(tmp_path, "<p>x</p>", "post.html").message


# Writing back


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("---\ntitle: T\n---\nB\n", "---\ntitle: T\nid: 7\nversion: 3\nslug: s\n---\nB\n"),
        ("---\r\ntitle: T\r\n---\r\nB", "---\r\ntitle: T\r\nid: 7\r\nversion: 3\r\nslug: s\r\n---\r\nB"),
        ("# T\n", "---\nid: 7\nversion: 3\nslug: s\n---\n# T\n"),
        ("\ufeff# T\r\nx", "\ufeff---\r\nid: 7\r\nversion: 3\r\nslug: s\r\n---\r\n# T\r\nx"),
        ("# T", "---\nid: 7\nversion: 3\nslug: s\n---\n# T"),
        (
            "---\n# c\nversion:   2   # mine\n'title': \"T\"\nid: 7\nslug: own # c\n---\nversion: 2\n",
            "---\n# c\nversion:   3   # mine\n'title': \"T\"\nid: 7\nslug: own # c\n---\nversion: 2\n",
        ),
        (
            "---\nid:\nversion: ~\nslug:  # none\ntitle: T\n---\n",
            "---\nid: 7\nversion: 3\nslug: s  # none\ntitle: T\n---\n",
        ),
        ("---\n{title: T, version: 2}\n---\n", "---\n{id: 7, slug: s, title: T, version: 3}\n---\n"),
        ("---\n  title: T\n---\n", "---\n  title: T\n  id: 7\n  version: 3\n  slug: s\n---\n"),
        (
            "---\ntitle: T\nexcerpt: |\n  version: 1\n  ---\n\n---\nB",
            "---\ntitle: T\nexcerpt: |\n  version: 1\n  ---\n\nid: 7\nversion: 3\nslug: s\n---\nB",
        ),
        (
            "---\ntitle: a\u2028b\nversion: 2\n---\nc\u2028d\x0ce\n",
            "---\ntitle: a\u2028b\nversion: 3\nid: 7\nslug: s\n---\nc\u2028d\x0ce\n",
        ),
        ("---\n---\n# T\n", "---\nid: 7\nversion: 3\nslug: s\n---\n# T\n"),
        ("---\ntitle: T\n...\nB\n", "---\ntitle: T\nid: 7\nversion: 3\nslug: s\n...\nB\n"),
    ],
)
def test_writing_the_version_changes_no_other_byte(tmp_path: Path, before: str, after: str) -> None:
    path = write(tmp_path, before)
    record_version(path, id=7, version=3, slug="s")
    assert path.read_bytes().decode() == after
    document = read_document(path, JAKARTA)
    assert (document.id, document.version, document.slug) == (7, 3, "own" if "own" in before else "s")


@pytest.mark.parametrize("slug", ["2024-05-01-x", "true", "null", "1e3", "кириллица", "a-b", "no"])
def test_a_slug_that_looks_like_another_type_is_read_as_text(tmp_path: Path, slug: str) -> None:
    path = write(tmp_path, "# T\n")
    record_version(path, id=1, version=1, slug=slug)
    assert read_document(path, JAKARTA).slug == slug


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, FULL)
    record_version(path, id=8, version=9, slug="s")
    once, inode = path.read_bytes(), path.stat().st_ino
    record_version(path, id=8, version=9, slug="s")
    assert (path.read_bytes(), path.stat().st_ino) == (once, inode)


def test_the_body_and_all_other_values_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path, FULL)
    before = read_document(path, JAKARTA)
    record_version(path, id=8, version=9, slug="s")
    after = read_document(path, JAKARTA)
    assert (after.id, after.version) == (8, 9)
    assert {**_fields(after), "id": 7, "version": 3} == _fields(before)


def _fields(document: Document) -> dict[str, object]:
    return {name: getattr(document, name) for name in Document.__slots__}


def test_the_files_mode_and_a_symbolic_link_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "# T\n")
    path.chmod(0o640)
    link = tmp_path / "link.md"
    link.symlink_to(path)
    record_version(link, id=1, version=1, slug="s")
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.md", "post.md"]


def test_a_failed_replacement_leaves_only_the_original_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError("no space left")

    path = write(tmp_path, "# T\n")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        record_version(path, id=1, version=1, slug="s")
    assert path.read_text() == "# T\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("front", ["id: [1]", "version: |\n  2", "title: &v 2\nversion: *v", "a: b: c"])
def test_front_matter_that_cannot_be_changed_safely_is_not_changed(tmp_path: Path, front: str) -> None:
    before = f"---\n{front}\n---\n# T\n"
    path = write(tmp_path, before)
    try:
        record_version(path, id=1, version=1, slug="s")
    except DocumentError:
        assert path.read_text() == before
    else:
        assert read_document(path, JAKARTA).version == 1


@given(st.text(max_size=100), st.sampled_from(["\n", "\r\n"]))
def test_any_body_is_unchanged_by_writing(tmp_path: Path, body: str, line_end: str) -> None:
    path = tmp_path / "post.md"
    rest = body.encode("utf-8", "replace").replace(b"\0", b"")
    path.write_bytes(f"---{line_end}title: T{line_end}---{line_end}".encode() + rest)
    record_version(path, id=1, version=2, slug="s")
    expected = ["---", "title: T", "id: 1", "version: 2", "slug: s", "---", ""]
    assert path.read_bytes() == line_end.join(expected).encode() + rest


# Finding files


def test_folders_are_searched_except_hidden_files_and_readmes(tmp_path: Path) -> None:
    for name in [
        "b.md",
        "a/c.HTML",
        "a/b.markdown",
        "a/z.htm",
        "README.md",
        "a/readme.md",
        ".x.md",
        ".git/y.md",
        "n.txt",
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path, "# T\n", name)
    found = [path.relative_to(tmp_path).as_posix() for path in find_documents([tmp_path])]
    assert found == ["a/b.markdown", "a/c.HTML", "a/z.htm", "b.md"]


def test_a_named_file_is_found_once_and_in_the_given_order(tmp_path: Path) -> None:
    first, second, readme = (write(tmp_path, "# T\n", name) for name in ("a.md", "b.md", "README.md"))
    assert find_documents([second, readme, tmp_path, second]) == [second, readme, first]


@pytest.mark.parametrize(("name", "message"), [("no", "does not exist"), ("x.txt", "not a supported file type")])
def test_a_missing_file_or_one_of_another_type_is_rejected(tmp_path: Path, name: str, message: str) -> None:
    write(tmp_path, "x", "x.txt")
    with pytest.raises(DocumentError, match=message):
        find_documents([tmp_path / name])


def test_a_folder_that_links_to_itself_is_searched_once(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    path = write(tmp_path, "# T\n")
    assert find_documents([tmp_path]) == [path]
