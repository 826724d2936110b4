"""Reading backups of Remark42."""

import gzip
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers import remark42
from kolom_cli.importers.common.types import ImportedComment, Item, Skipped
from kolom_cli.importers.remark42 import read_remark42
from tests.unit.cli.importers.commento.export import first_comment, first_export
from tests.unit.cli.importers.export_readers import mapping_of, read_all
from tests.unit.cli.importers.remark42_backup import URL, backup, comment, deleted, header, user


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.gz"


def _read(file: Path, data: bytes, mapping: str = "") -> tuple[list[Item], str]:
    file.write_bytes(data)
    return read_all(read_remark42(file, mapping_of(file.parent, mapping)))


def _comments(file: Path, *comments: dict[str, Any], head: dict[str, Any] | None = None) -> list[ImportedComment]:
    items, error = _read(file, backup(*comments, head=head))
    assert not error
    return [each for each in items if isinstance(each, ImportedComment)]


def _comment(file: Path, **changes: Any) -> ImportedComment:
    (found,) = _comments(file, comment(**changes))
    return found


def _skipped(file: Path, *comments: dict[str, Any], mapping: str = "") -> Skipped:
    (skipped,), error = _read(file, backup(*comments), mapping)
    assert not error
    assert isinstance(skipped, Skipped)
    return skipped


def test_a_comment_has_its_author_date_and_thread(file: Path) -> None:
    (found,) = _comments(
        file, comment(parent="c-0"), head=header(user("github_1a2b", "budi@mail.example", verified=True))
    )
    assert found == ImportedComment(
        name=f"c-1 on {URL}",
        origin="remark42:blog#c-1",
        article=found.article,
        thread=URL,
        title="Hello",
        author="Budi",
        content="Hello, **World**.",
        created_at=datetime(2021, 3, 12, 4, 21, 56, 722_181, tzinfo=UTC),
        parent="remark42:blog#c-0",
        email="budi@mail.example",
    )
    assert found.article[:2] == ("url:old.example/2024/05/hello", "path:/2024/05/hello.html")


def test_neither_ip_addresses_nor_ids_of_people_are_kept(file: Path) -> None:
    shown = repr(_comment(file))
    for secret in ("293ec5b0", "aa11bb", "github_", "avatar"):
        assert secret not in shown


def test_a_person_without_an_email_address_has_none(file: Path) -> None:
    head = header(user("github_1a2b"), user("other", "x@mail.example"), {"id": 7, "details": None}, {"details": []})
    (found,) = _comments(file, comment(), head=head)
    assert found.email is None
    assert _comments(file, comment(), head=header(user("github_1a2b", "nobody")))[0].email is None


def test_only_an_administrator_is_the_owner(file: Path) -> None:
    assert _comment(file, user={"admin": True}).is_owner
    assert not _comment(file, user={"admin": "yes", "verified": True}).is_owner


def test_a_deleted_comment_becomes_a_placeholder(file: Path) -> None:
    first, reply = _comments(file, deleted("c-1"), comment("c-2", "c-1"))
    assert (first.status, first.content, first.author, first.email) == ("deleted", "", "", None)
    assert reply.parent == first.origin


@pytest.mark.parametrize(
    ("orig", "html", "content"),
    [
        ("a *b* `<p>`", "<p>ignored</p>", "a *b* `<p>`"),
        ("```\n<b>x</b>\n```", "<p>ignored</p>", "```\n<b>x</b>\n```"),
        ("a <b>b</b>", "<p>a <b>b</b></p>\n", "a **b**"),
        ("", "<p>From <b>Disqus</b></p><p>two</p>", "From **Disqus**\n\ntwo"),
        (None, '<p>see <a href="https://a.example/x" rel="nofollow">it</a></p>', "see [it](https://a.example/x)"),
        ("  \n", "<p>x</p>", "x"),
    ],
)
def test_the_typed_markdown_is_kept_and_html_becomes_markdown(
    file: Path, orig: str | None, html: str, content: str
) -> None:
    assert _comment(file, orig=orig, text=html).content == content


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"user": {"name": "Ani &amp; Budi &lt;3"}}, "author", "Ani & Budi <3"),
        ({"user": {"name": "&copy;"}}, "author", "&copy;"),
        ({"user": {"name": ""}}, "author", "Anonymous"),
        ({"user": None}, "author", "Anonymous"),
        ({"user": {"name": "Tamu", "id": "anonymous_ab12"}}, "author", "Tamu"),
        ({"user": {"name": "a\u202eb\x85c"}}, "author", "ab c"),
        ({"title": "Rock &amp; Roll"}, "title", "Rock & Roll"),
        ({"title": None}, "title", ""),
        ({"locator": {"url": "https://a.example/?a=1&amp;b=2"}}, "thread", "https://a.example/?a=1&b=2"),
        ({"locator": {"site": ""}}, "origin", "remark42:old.example#c-1"),
        ({"locator": {"site": None, "url": "/x/"}}, "origin", "remark42:#c-1"),
        ({"time": "2021-03-12T11:21:56Z"}, "created_at", datetime(2021, 3, 12, 11, 21, 56, tzinfo=UTC)),
        ({"pid": None}, "parent", None),
    ],
)
def test_fields_are_read_as_remark42_writes_them(file: Path, changes: dict[str, Any], field: str, value: Any) -> None:
    person = changes.get("user", {})
    (found,) = _comments(file, {**comment(), "user": None} if person is None else comment(**changes))
    assert getattr(found, field) == value


@pytest.mark.parametrize(
    ("changes", "reason", "refused"),
    [
        ({"key": ""}, "has no id", True),
        ({"locator": {"url": ""}}, "has no URL of a page", True),
        ({"locator": {"url": 7}}, "has no URL of a page", True),
        ({"time": "0001-01-01T00:00:00Z"}, "has no date", True),
        ({"time": "yesterday"}, "has no date", True),
        ({"time": None}, "has no date", True),
        ({"time": 1_615_548_116}, "has no date", True),
        ({"orig": "", "text": ""}, "empty", False),
        ({"orig": "\u200b"}, "empty", False),
        ({"orig": "x" * 65_537}, "has 65,537 bytes, the maximum is 65,536", True),
        ({"orig": "", "text": "<b></b>" * 100_000}, "has 700,000 characters of HTML, the maximum is 524,288", True),
        (
            {"locator": {"url": f"{URL}?{'x' * 10_000}"}},
            f"its page has a URL of {len(URL) + 10_001:,} characters, the maximum is 8,192",
            True,
        ),
    ],
)
def test_skipped_comments_have_a_reason(file: Path, changes: dict[str, Any], reason: str, refused: bool) -> None:
    skipped = _skipped(file, comment(**changes))
    assert (skipped.kind, skipped.reason, skipped.refused) == ("comment", reason, refused)
    assert 0 < len(skipped.name) < 9_000


def test_a_damaged_line_affects_only_its_comment(file: Path) -> None:
    lines = backup(comment("c-1"), comment("c-2"), comment("c-3"), comment("c-4")).splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"pid":', b'"pid"')
    lines[3] = b"[1]\n"
    items, error = _read(file, b"".join([lines[0], b"\n", *lines[1:]]))
    assert not error
    assert [each.name for each in items] == [f"c-1 on {URL}", "line 4", "line 5", f"c-4 on {URL}"]
    invalid, no_object = (each for each in items if isinstance(each, Skipped))
    assert invalid.reason.startswith("invalid JSON: ")
    assert (no_object.reason, invalid.refused, no_object.refused) == ("is not a JSON object", True, True)


def test_a_truncated_file_keeps_the_complete_comments(file: Path) -> None:
    data = backup(comment("c-1"), comment("c-2"))
    (first, cut), error = _read(file, data[:-40])
    assert isinstance(first, ImportedComment)
    assert isinstance(cut, Skipped)
    assert (cut.name, cut.reason, cut.refused, error) == ("line 3", "the file ends within it", True, "")
    packed = gzip.compress(backup(*(comment(f"c-{n}", orig=f"{n * 7919:x}" * 9) for n in range(2_000))))
    items, error = _read(file, packed[: len(packed) // 2])
    assert 100 < len(items) < 2_000
    assert error.startswith(f"{file}: cannot be read further: ")


def test_a_backup_may_be_compressed(file: Path) -> None:
    data = backup(comment("c-1"), comment("c-2"))
    archive = file.with_name("backup.zip")
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("backup.json", data)
    for variant in (data, gzip.compress(data), b"\xef\xbb\xbf" + data, archive.read_bytes()):
        items, error = _read(file, variant)
        assert (len(items), error) == (2, "")
    with zipfile.ZipFile(archive, "a") as written:
        written.writestr("other.json", data)
    assert _read(file, archive.read_bytes()) == ([], f"{file}: must contain one file, not 2")


def test_a_file_that_unpacks_to_too_much_is_not_read_to_its_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items, error = _read(file, gzip.compress(backup(comment()) + b"\n".rjust(1_000) * 40_000))
    assert len(items) == 1
    assert "more than 200 times larger" in error
    monkeypatch.setattr(remark42, "_MAX_LINE", 2_000)
    items, error = _read(file, backup(comment("c-1"), comment("c-2", orig="x" * 2_000), comment("c-3")))
    assert len(items) == 1
    assert error == f"{file}:3: has more than 2,000 characters: not read further"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a backup of Remark42: the file is empty"),
        (b"\n\n", "not a backup of Remark42: the file is empty"),
        (b"no JSON\n", "not a backup of Remark42: invalid JSON"),
        (b"[]\n", "not a backup of Remark42: is not a JSON object"),
        (b'{"a": 1}\n', "not a backup of Remark42: its first line has no version"),
        (b'{"version":2,"users":[],"posts":[]}\n', "a backup of Remark42 of version 2: only version 1 is supported"),
        (b'{"version":"1","users":[]}\n', "a backup of Remark42 of version '1': only version 1 is supported"),
        (b'{"version":[],"users":[]}\n', "a backup of Remark42 of version []: only version 1 is supported"),
        (b"[" * 100_000, "not a backup of Remark42"),
        (gzip.compress(b"x", mtime=0)[:-9], "cannot be read"),
    ],
)
def test_a_file_that_is_not_a_backup_is_rejected(file: Path, data: bytes, says: str) -> None:
    items, error = _read(file, data)
    assert items == []
    assert error.startswith(f"{file}: ")
    assert says in error


def test_a_zipped_export_of_commento_is_rejected(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("export.json", first_export(first_comment()))
    items, error = read_all(read_remark42(file))
    assert items == []
    assert error.endswith("as in Commento: try `kolom import commento`")


def test_the_first_backups_had_no_version(file: Path) -> None:
    head = {"users": [user("github_1a2b", "budi@mail.example")], "posts": []}
    assert _comments(file, comment(), head=head)[0].email == "budi@mail.example"
    items, error = _read(file, backup(comment("c-1"), comment("c-2")).partition(b"\n")[2])
    assert (len(items), error) == (2, "")


def test_a_mapping_takes_precedence_over_the_url(file: Path) -> None:
    items, _ = _read(file, backup(comment()), f"thread,article\n{URL},there\n")
    assert isinstance(items[0], ImportedComment)
    assert items[0].article == ("slug:there",)
    excluded = _skipped(file, comment(), mapping=f"thread,article\n{URL},\n")
    assert (excluded.reason, excluded.refused) == ("excluded by the mapping", False)


_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=6,
)
_FIELDS = st.sampled_from(["id", "pid", "text", "orig", "user", "locator", "time", "title", "delete"])


@given(changes=st.lists(st.dictionaries(_FIELDS, _JSON, max_size=4), max_size=5), users=_JSON)
def test_any_value_anywhere_gives_an_item_for_each_comment(
    file: Path, changes: list[dict[str, Any]], users: Any
) -> None:
    lines = [header(users=users), *({**comment(f"c-{n}"), **each} for n, each in enumerate(changes))]
    items, error = _read(file, "".join(f"{json.dumps(line)}\n" for line in lines).encode())
    assert (len(items), error) == (len(changes), "")
    for item in items:
        assert len(item.name.splitlines()) == 1
        if isinstance(item, ImportedComment) and item.status != "deleted":
            assert item.content
            assert 0 < len(item.author) <= 100
            assert item.created_at.tzinfo is UTC


@given(data=st.binary(max_size=300), cut=st.integers(0, 600), at=st.integers(0, 600))
def test_any_damage_ends_with_items_and_an_error(file: Path, data: bytes, cut: int, at: int) -> None:
    whole = backup(comment("c-1"), comment("c-2"))
    items, error = _read(file, whole[:at] + data + whole[at + cut :])
    assert items or error or not whole[at + cut :].strip()
    assert len(items) <= 4 + data.count(b"\n")
