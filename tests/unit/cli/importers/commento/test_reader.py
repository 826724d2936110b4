"""Reading exports of Commento and Comentario."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.commento.reader import read_commento
from kolom_cli.importers.common.types import ImportedComment, Item, Skipped
from tests.unit.cli.importers.commento.export import (
    HOST,
    NOBODY_3,
    URL,
    first_comment,
    first_commenter,
    first_export,
    third_comment,
    third_commenter,
    third_export,
)
from tests.unit.cli.importers.export_readers import mapping_of, read_all


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.json"


def _read(file: Path, data: bytes, mapping: str = "") -> tuple[list[Item], str]:
    file.write_bytes(data)
    return read_all(read_commento(file, mapping_of(file.parent, mapping)))


def _comments(file: Path, data: bytes) -> list[ImportedComment]:
    items, error = _read(file, data)
    assert not error
    return [each for each in items if isinstance(each, ImportedComment)]


def _first(file: Path, **changes: Any) -> ImportedComment:
    (comment,) = _comments(file, first_export(first_comment(**changes)))
    return comment


def _third(file: Path, **changes: Any) -> ImportedComment:
    (comment,) = _comments(file, third_export(third_comment(**changes)))
    return comment


def test_a_comment_of_commento_has_its_author_date_and_thread(file: Path) -> None:
    comment = _first(file, parent="c0")
    assert comment == ImportedComment(
        name=f"c1 on {URL}",
        origin=f"commento:{HOST}#c1",
        article=comment.article,
        thread=URL,
        author="Budi",
        content="Hello, **World**.",
        created_at=datetime(2021, 3, 17, 12, 9, 47, 722_181, tzinfo=UTC),
        parent=f"commento:{HOST}#c0",
        website="https://budi.example",
        email="budi@mail.example",
    )
    assert comment.article[:2] == ("url:old.example/2024/05/hello", "path:/2024/05/hello.html")


def test_a_comment_of_comentario_has_its_author_date_and_thread(file: Path) -> None:
    comment = _third(file, parent="c0")
    assert comment == ImportedComment(
        name=f"c1 on {URL}",
        origin="comentario:#c1",
        article=comment.article,
        thread=URL,
        title="Hello",
        author="Budi",
        content="Hello, **World**.",
        created_at=datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC),
        parent="comentario:#c0",
        website="https://budi.example",
        email="budi@mail.example",
    )


def test_a_reply_whose_url_is_missing_keeps_its_parent(file: Path) -> None:
    first, reply = _comments(file, third_export(third_comment("c1"), third_comment("c2", "c1", url=None)))
    assert reply.parent == first.origin
    assert reply.thread == "/2024/05/hello.html"


def test_ip_addresses_are_not_read(file: Path) -> None:
    shown = repr(_third(file))
    assert "198.51.100" not in shown
    assert "'ID'" not in shown


def test_comentario_renamed_fields_before_its_version_3(file: Path) -> None:
    renamed = first_comment(domain=None, host=HOST, path="/2024/05/hello.html", url="https://unused.example/")
    person = first_commenter(link=None, websiteUrl="https://budi.example", avatarUrl="")
    (comment,) = _comments(file, first_export(renamed, commenters=[person]))
    assert (comment.thread, comment.website) == (URL, "https://budi.example")
    assert comment.origin == f"commento:{HOST}#c1"


@pytest.mark.parametrize(
    ("changes", "thread", "name"),
    [
        ({"url": ""}, "https://old.example/", None),
        ({"url": "2024/05/hello.html"}, URL, "path:/2024/05/hello.html"),
        ({"url": "my-post"}, "https://old.example/my-post", "own:slug:my-post"),
        ({"url": "https://b.example/x/"}, "https://b.example/x/", "url:b.example/x"),
        ({"domain": "", "url": "/x/"}, "/x/", "path:/x/"),
        ({"domain": "localhost:1313", "url": "/x/"}, "https://localhost:1313/x/", "url:localhost:1313/x"),
    ],
)
def test_the_page_is_given_by_host_and_path(file: Path, changes: dict[str, Any], thread: str, name: str | None) -> None:
    comment = _first(file, **changes)
    assert comment.thread == thread
    assert name is None or name in comment.article


@pytest.mark.parametrize("markdown", ["[deleted]", "", " \n"])
def test_a_deleted_comment_of_commento_is_known_by_its_text(file: Path, markdown: str) -> None:
    first, reply = _comments(
        file, first_export(first_comment("c1", markdown=markdown, commenterHex="anonymous"), first_comment("c2", "c1"))
    )
    assert (first.status, first.content, first.author, first.notes) == ("deleted", "", "", ())
    assert reply.parent == first.origin


def test_a_deleted_comment_becomes_a_placeholder(file: Path) -> None:
    for comment in (_first(file, deleted=True), _third(file, isDeleted=True, isPending=True, markdown="", html="")):
        assert (comment.status, comment.content, comment.author) == ("deleted", "", "")
        assert (comment.website, comment.email) == (None, None)


@pytest.mark.parametrize(
    ("data", "status", "notes"),
    [
        (first_export(first_comment(state="approved")), "approved", 0),
        (first_export(first_comment(state="unapproved")), "pending", 0),
        (first_export(first_comment(state="other")), "pending", 1),
        (first_export(first_comment(state=None)), "pending", 1),
        (third_export(third_comment()), "approved", 0),
        (third_export(third_comment(isPending=True, isApproved=False)), "pending", 0),
        (third_export(third_comment(isPending=True, pendingReason="first comment")), "pending", 0),
    ],
)
def test_comments_that_were_not_public_are_not_published(file: Path, data: bytes, status: str, notes: int) -> None:
    (comment,) = _comments(file, data)
    assert (comment.status, len(comment.notes)) == (status, notes)


@pytest.mark.parametrize(
    ("data", "author", "notes"),
    [
        (first_export(first_comment(commenterHex="anonymous")), "Anonymous", ()),
        (first_export(first_comment(commenterHex="0" * 64)), "Anonymous", ()),
        (first_export(first_comment(commenterHex="ff")), "Anonymous", ("its author is not in the export",)),
        (third_export(third_comment(userCreated=NOBODY_3, authorName="Ani")), "Ani", ()),
        (third_export(third_comment(userCreated=NOBODY_3)), "Anonymous", ()),
        (third_export(third_comment(userCreated=None)), "Anonymous", ()),
        (third_export(third_comment(), commenters=[]), "Anonymous", ("its author is not in the export",)),
    ],
)
def test_anonymous_comments_have_the_name_that_was_typed(
    file: Path, data: bytes, author: str, notes: tuple[str, ...]
) -> None:
    (comment,) = _comments(file, data)
    assert (comment.author, comment.notes, comment.email, comment.website) == (author, notes, None, None)


def test_undefined_addresses_are_none(file: Path) -> None:
    person = first_commenter(email="undefined", link="undefined")
    (comment,) = _comments(file, first_export(first_comment(), commenters=[person]))
    assert (comment.author, comment.email, comment.website) == ("Budi", None, None)


def test_only_a_single_moderator_is_the_owner(file: Path) -> None:
    moderator = third_commenter(isModerator=True)
    data = third_export(third_comment(), commenters=[moderator, third_commenter("other")])
    assert _comments(file, data)[0].is_owner
    data = third_export(third_comment(), commenters=[moderator, third_commenter("other", isModerator=True)])
    assert not _comments(file, data)[0].is_owner
    assert not _third(file, userCreated=NOBODY_3).is_owner


def test_html_is_used_if_there_is_no_markdown(file: Path) -> None:
    assert _third(file, markdown="", html="<p>From <b>Disqus</b></p>").content == "From **Disqus**"
    assert _third(file, markdown="a <b>b</b>").content == "a <b>b</b>"


@pytest.mark.parametrize(
    ("data", "reason", "refused"),
    [
        (first_export(first_comment(state="flagged")), "marked as spam in Commento", False),
        (third_export(third_comment(isApproved=False)), "rejected in Comentario", False),
        (first_export(first_comment("")), "has no id", True),
        (first_export(first_comment(domain="", url="")), "its page is not in the export", True),
        (third_export(third_comment(url=None), pages=[]), "its page is not in the export", True),
        (first_export(first_comment(creationDate="0001-01-01T00:00:00Z")), "has no date", True),
        (third_export(third_comment(createdTime=None)), "has no date", True),
        (third_export(third_comment(markdown="\u200b")), "empty", False),
        (first_export(first_comment(markdown="x" * 65_537)), "has 65,537 bytes, the maximum is 65,536", True),
        (
            third_export(third_comment(markdown="", html="<b></b>" * 100_000)),
            "has 700,000 characters of HTML, the maximum is 524,288",
            True,
        ),
        (
            first_export(first_comment(domain="old.example", url=f"/{'x' * 9_980}")),
            "its page has a URL of 10,000 characters, the maximum is 8,192",
            True,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_skipped_comments_have_a_reason(file: Path, data: bytes, reason: str, refused: bool) -> None:
    (skipped,), error = _read(file, data)
    assert not error
    assert isinstance(skipped, Skipped)
    assert (skipped.kind, skipped.reason, skipped.refused) == ("comment", reason, refused)


def test_a_page_that_is_not_listed_is_known_by_the_url_of_the_comment(file: Path) -> None:
    (comment,) = _comments(file, third_export(third_comment(), pages=[]))
    assert (comment.thread, comment.title) == (URL, "")
    (comment,) = _comments(file, third_export(third_comment(url=None)))
    assert comment.thread == "/2024/05/hello.html"


def test_an_export_may_be_compressed_and_reordered(file: Path) -> None:
    for data in (first_export(first_comment()), third_export(third_comment())):
        expected = _read(file, data)
        assert len(expected[0]) == 1
        reordered = json.dumps(json.loads(data), sort_keys=True, indent=2).encode()
        for variant in (gzip.compress(data), b"\xef\xbb\xbf" + data, reordered):
            assert _read(file, variant) == expected


def test_an_export_without_comments_has_no_items(file: Path) -> None:
    for data in (first_export(comments=None, commenters=None), third_export(pages=[], commenters=[])):
        assert _read(file, data) == ([], "")


@pytest.mark.parametrize("make", [lambda: first_export(first_comment()), lambda: third_export(third_comment())])
def test_a_truncated_export_is_refused_as_a_whole(file: Path, make: Callable[[], bytes]) -> None:
    """The names of the authors are at its end."""
    data = make()
    packed = gzip.compress(data)
    for cut in (data[:-2], data[:40], *(packed[:end] for end in range(1, len(packed), 9))):
        items, error = _read(file, cut)
        assert items == []
        assert error.startswith(f"{file}: ")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "invalid JSON"),
        (b"no JSON", "invalid JSON"),
        (b"[]", "not an export of Commento or Comentario: it has no version or no comments"),
        (b'{"version": 1}', "not an export of Commento or Comentario: it has no version or no comments"),
        (b'{"version": 1, "comments": {"a": {}}}', "its comments are not a list"),
        (b'{"version": 3, "comments": "none"}', "its comments are not a list"),
        (first_export(version=2), "an export of Commento or Comentario of version 2: only versions 1 and 3"),
        (third_export(version="3"), "an export of Commento or Comentario of version '3': only versions 1 and 3"),
        (third_export(version=[]), "an export of Commento or Comentario of version []: only versions 1 and 3"),
        (b'{"version": 1, "comments": ' + b"[" * 100, "nested deeper than 64 levels"),
        (gzip.compress(b'{"version": 1, "comments": [' + b" " * 40_000_000), "more than 200 times larger"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_not_an_export_is_rejected(file: Path, data: bytes, says: str) -> None:
    items, error = _read(file, data)
    assert items == []
    assert error.startswith(f"{file}: ")
    assert says in error


@pytest.mark.parametrize("thread", [URL, "/2024/05/hello.html", "http://www.old.example/2024/05/hello.html"])
def test_a_mapping_takes_precedence_over_the_page(file: Path, thread: str) -> None:
    for data in (first_export(first_comment()), third_export(third_comment())):
        (comment,), _ = _read(file, data, f"thread,article\n{thread},there\n")
        assert isinstance(comment, ImportedComment)
        assert comment.article == ("slug:there",)
        (skipped,), _ = _read(file, data, f"thread,article\n{thread},\n")
        assert isinstance(skipped, Skipped)
        assert (skipped.reason, skipped.refused) == ("excluded by the mapping", False)


# Neither system writes halves of surrogate pairs.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        _TEXT,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=6,
)
_FIRST = st.sampled_from(sorted(first_comment()))
_THIRD = st.sampled_from(sorted(third_comment()))
_LISTS = st.one_of(
    st.none(), st.lists(st.one_of(_JSON, st.dictionaries(st.sampled_from(["id", "path"]), _JSON)), max_size=3)
)


@given(
    first=st.lists(st.dictionaries(_FIRST, _JSON, max_size=4), max_size=4),
    third=st.lists(st.dictionaries(_THIRD, _JSON, max_size=4), max_size=4),
    people=_LISTS,
)
def test_any_value_anywhere_gives_an_item_for_each_comment(
    file: Path, first: list[dict[str, Any]], third: list[dict[str, Any]], people: list[Any] | None
) -> None:
    for data, number in (
        (first_export(*(first_comment() | each for each in first), commenters=people), len(first)),
        (third_export(*(third_comment() | each for each in third), commenters=people, pages=people), len(third)),
    ):
        items, error = _read(file, data)
        assert (len(items), error) == (number, "")
        for item in items:
            assert len(item.name.splitlines()) == 1
            if isinstance(item, ImportedComment) and item.status != "deleted":
                assert item.content
                assert 0 < len(item.author) <= 100
                assert item.created_at.tzinfo is UTC
