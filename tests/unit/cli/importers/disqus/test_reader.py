"""Reading Disqus exports."""

import gc
import gzip
import html
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.common.types import ImportedComment, Item, Skipped, SourceError
from kolom_cli.importers.disqus.reader import read_disqus
from tests.unit.cli.importers.export_readers import mapping_of, read_all

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<category dsq:id="1"><forum>oldblog</forum><title>General</title><isDefault>true</isDefault></category>
"""
HELLO = "https://old.example/2024/05/hello.html"


def thread(number: int = 2, link: str = HELLO, **changes: Any) -> str:
    fields = {"id": "", "forum": "oldblog", "link": html.escape(link), "title": "Hello", "isDeleted": "false"} | changes
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value is not None)
    return (
        f'<thread dsq:id="{number}">{inner}<category dsq:id="1"/><message/><createdAt>2013-01-01T00:00:00Z</createdAt>'
        "<author><name>Owner</name></author><ipAddress>192.0.2.9</ipAddress></thread>\n"
    )


def post(number: int | None = 10, message: str = "<p>Hello.</p>", **changes: Any) -> str:
    """Return a ``<post>``; None omits an element. ``on`` and ``parent`` are ``dsq:id``."""
    fields: dict[str, Any] = {
        "id": "",
        "createdAt": "2013-10-10T19:20:29Z",
        "isDeleted": "false",
        "isSpam": "false",
    }
    person = {"name": "Budi", "email": "budi@mail.example", "isAnonymous": "false", "username": "budi1"}
    on, parent, extra = changes.pop("on", 2), changes.pop("parent", None), changes.pop("extra", "")
    person |= changes.pop("author", {})
    fields |= changes
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value is not None)
    author = "".join(
        f"<{name}>{html.escape(str(value))}</{name}>" for name, value in person.items() if value is not None
    )
    return (
        f"<post{f' dsq:id="{number}"' if number is not None else ''}>{inner}"
        f"<message><![CDATA[{message}]]></message><author>{author}</author><ipAddress>192.0.2.7</ipAddress>"
        f"{f'<thread dsq:id="{on}"/>' if on is not None else ''}"
        f"{f'<parent dsq:id="{parent}"/>' if parent is not None else ''}{extra}</post>\n"
    )


def export(*pieces: str) -> str:
    return HEAD + "".join(pieces) + "</disqus>\n"


def test_a_signed_in_author_of_the_thread_is_the_owner(file: Path) -> None:
    started = thread().replace(
        "<name>Owner</name>", "<name>Owner</name><isAnonymous>false</isAnonymous><username>siti</username>"
    )
    anonymous = {"username": "siti", "isAnonymous": "true"}
    pieces = (
        post(10, author={"username": "siti"}),
        post(11),
        post(12, author=anonymous),
        post(13, author={"username": None}),
    )
    assert [each.is_owner for each in _comments(file, started, *pieces)] == [True, False, False, False]
    assert [each.is_owner for each in _comments(file, thread(), *pieces)] == [False] * 4


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


def _read(file: Path, xml: str | bytes, mapping: str = "") -> tuple[list[Item], str]:
    """Return the items and the error of an export."""
    file.write_bytes(xml if isinstance(xml, bytes) else xml.encode())
    return read_all(read_disqus(file, mapping_of(file.parent, mapping)))


def _comments(file: Path, *pieces: str, mapping: str = "") -> list[ImportedComment]:
    items, error = _read(file, export(*pieces), mapping)
    assert not error
    return [each for each in items if isinstance(each, ImportedComment)]


def _comment(file: Path, message: str = "<p>Hello.</p>", **changes: Any) -> ImportedComment:
    (comment,) = _comments(file, thread(), post(10, message, **changes))
    return comment


def _skipped(file: Path, *pieces: str, mapping: str = "") -> Skipped:
    (skipped,), error = _read(file, export(*pieces), mapping)
    assert not error
    assert isinstance(skipped, Skipped)
    return skipped


def test_a_comment_has_its_author_date_and_thread(file: Path) -> None:
    comment = _comment(file, "<p>Hello, <b>World</b>.</p>", parent=9, author={"link": "https://budi.example/"})
    assert comment == ImportedComment(
        name=f"10 on {HELLO}",
        origin="disqus:oldblog#10",
        article=comment.article,
        thread=HELLO,
        title="Hello",
        author="Budi",
        content="Hello, **World**.",
        created_at=datetime(2013, 10, 10, 19, 20, 29, tzinfo=UTC),
        parent="disqus:oldblog#9",
        website="https://budi.example/",
        email="budi@mail.example",
    )
    assert comment.article[:2] == ("url:old.example/2024/05/hello", "path:/2024/05/hello.html")


def test_ip_addresses_are_not_read(file: Path) -> None:
    (comment,) = _comments(file, thread(), post())
    assert "192.0.2" not in repr(comment)


@pytest.mark.parametrize(
    ("link", "identifier", "names"),
    [
        ("https://a.example/2024/05/hello.html", "", ["path:/2024/05/hello.html", "own:slug:hello"]),
        ("http://a.example/2024/05/hello.html?m=1#c1", "", ["path:/2024/05/hello.html", "own:slug:hello"]),
        ("https://a.example/hello", "", ["path:/hello", "path:/hello/", "path:/hello.html", "own:slug:hello"]),
        ("https://a.example/blog/hello/index.html", "", ["path:/blog/hello/", "path:/blog/hello", "own:slug:hello"]),
        ("https://a.example//blog//hello/", "", ["path:/blog/hello/"]),
        ("https://a.example/kata-%C3%A9/", "", ["path:/kata-é/", "own:slug:kata-é"]),
        ("https://a.example/2013-02-12-hello/", "", ["own:slug:2013-02-12-hello", "own:slug:hello"]),
        ("https://a.example/", "hello", ["own:slug:hello"]),
        ("https://a.example/", "/2024/05/hello.html", ["path:/2024/05/hello.html", "own:slug:hello"]),
        ("https://a.example/", "blog/hello", ["path:/blog/hello", "own:slug:hello"]),
        ("https://a.example/", "https://b.example/blog/hello/", ["path:/blog/hello/", "own:slug:hello"]),
        (
            "https://a.example/x/",
            "12 https://a.example/?p=12",
            ["path:/x/", "origin:wordpress:https://a.example/?p=12#12", "own:slug:x"],
        ),
    ],
)
def test_a_thread_is_matched_by_its_address_then_by_its_identifier(
    file: Path, link: str, identifier: str, names: list[str]
) -> None:
    (comment,) = _comments(file, thread(link=link, id=identifier), post())
    assert [each for each in comment.article if each in names] == names


@pytest.mark.parametrize(
    "link",
    [
        "https://a.example/",
        "https://a.example/?utm_source=x",
        "https://a.example/post.php?id=7",
        "https://[broken/",
        "",
    ],
)
def test_an_address_that_names_no_article_is_not_guessed(file: Path, link: str) -> None:
    (comment,) = _comments(file, thread(link=link), post())
    assert comment.article == ()
    assert comment.thread == (link or "thread 2")


def test_several_threads_may_belong_to_one_article(file: Path) -> None:
    first, second = _comments(
        file,
        thread(2, "http://a.example/hello/"),
        thread(3, "https://www.a.example/hello/?m=1"),
        post(10, on=2),
        post(11, on=3),
    )
    assert [name for name in second.article if "?m=1" not in name] == [*first.article]


def test_threads_may_follow_their_comments_and_parents_their_replies(file: Path) -> None:
    first, second = _comments(file, post(11, parent=10), thread(), post(10))
    assert first.parent == second.origin
    assert first.article == second.article != ()


def test_a_repeated_thread_without_fields_keeps_the_earlier_ones(file: Path) -> None:
    empty = '<thread dsq:id="2"><id/></thread>'
    for pieces in ((thread(), empty), (empty, thread())):
        (comment,) = _comments(file, *pieces, post())
        assert comment.thread == HELLO


def test_a_reply_to_a_missing_comment_keeps_the_id_of_its_parent(file: Path) -> None:
    assert _comment(file, parent=999).parent == "disqus:oldblog#999"


def test_parents_are_found_by_the_blogs_own_ids(file: Path) -> None:
    (comment,) = _comments(
        file, thread(id="page-7"), post(None, on=None, id="5", extra="<thread>page-7</thread><parent>4</parent>")
    )
    assert (comment.thread, comment.origin) == (HELLO, "disqus:oldblog#id:5")
    assert comment.parent == "disqus:oldblog#id:4"


@pytest.mark.parametrize(
    "head",
    [
        '<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">',
        '<disqus xmlns="https://disqus.com/" xmlns:dsq="https://disqus.com/disqus-internals/">',
        '<disqus xmlns:dsq="http://disqus.com/disqus-internals">',
        '<d:disqus xmlns:d="http://disqus.com" xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">',
    ],
)
def test_namespace_prefixes_are_ignored(file: Path, head: str) -> None:
    root = head[1:].partition(" ")[0]
    (comment,), error = _read(file, f"{head}{thread()}{post()}</{root}>")
    assert not error
    assert isinstance(comment, ImportedComment)


def test_an_undeclared_prefix_is_no_error(file: Path) -> None:
    strange = "<dsq:remote><dsq:id>7</dsq:id></dsq:remote>"
    items, error = _read(file, f"<disqus>{thread()}{post(extra=strange)}{post(11, parent=10)}</disqus>")
    first, second = (each for each in items if isinstance(each, ImportedComment))
    assert (first.thread, second.parent) == (HELLO, first.origin)
    assert not error


@pytest.mark.parametrize(
    ("forum", "category", "space"),
    [("myblog", True, "myblog"), (None, True, "oldblog"), (None, False, "old.example")],
)
def test_the_origin_of_a_comment_contains_the_name_of_the_blog(
    file: Path, forum: str | None, category: bool, space: str
) -> None:
    xml = export(thread(forum=forum), post())
    (comment,), _ = _read(file, xml if category else xml.replace("<forum>oldblog</forum>", ""))
    assert isinstance(comment, ImportedComment)
    assert comment.origin == f"disqus:{space}#10"


def test_a_comment_has_the_same_origin_in_every_export(file: Path) -> None:
    (before,) = _comments(file, thread(), post())
    _, after = _comments(
        file, thread(9, "https://old.example/new/"), post(30, on=9), thread(2, "http://moved.example/x/"), post()
    )
    assert before.origin == after.origin


@pytest.mark.parametrize(
    ("changes", "reason", "refused"),
    [
        ({"isSpam": "true"}, "marked as spam in Disqus", False),
        ({"isSpam": "true", "isDeleted": "true", "createdAt": "never"}, "marked as spam in Disqus", False),
        ({"on": 99}, "its thread 99 is not in the export", True),
        ({"on": None}, "its thread ? is not in the export", True),
        ({"on": 99, "isDeleted": "true"}, "its thread 99 is not in the export", False),
        ({"createdAt": None}, "has no date", True),
        ({"createdAt": "yesterday"}, "has no date", True),
        ({"createdAt": "0001-01-01T00:00:00Z"}, "has no date", True),
        ({"createdAt": "1970-01-01T00:00:00Z"}, "has no date", True),
        ({"message": ""}, "empty", False),
        ({"message": "<p>\u200b &nbsp;</p>"}, "empty", False),
        ({"message": f"<p>{'x' * 65_537}</p>"}, "has 65,537 bytes, the maximum is 65,536", True),
        ({"message": "<b></b>" * 100_000}, "has 700,000 characters of HTML, the maximum is 524,288", True),
        ({"number": None}, "has no id", True),
    ],
)
def test_skipped_comments_have_a_reason(file: Path, changes: dict[str, Any], reason: str, refused: bool) -> None:
    skipped = _skipped(file, thread(), post(**changes))
    assert (skipped.kind, skipped.reason, skipped.refused) == ("comment", reason, refused)
    assert skipped.name


def test_comments_of_a_deleted_thread_are_skipped_unless_mapped(file: Path) -> None:
    pieces = (thread(isDeleted="true"), post())
    assert _skipped(file, *pieces).reason == "its thread was deleted in Disqus"
    (comment,) = _comments(file, *pieces, mapping=f"thread,article\n{HELLO},elsewhere\n")
    assert comment.article == ("slug:elsewhere",)


def test_a_deleted_comment_becomes_a_placeholder(file: Path) -> None:
    comment = _comment(file, "<p>Secret</p>", isDeleted="true", parent=9, author={"link": "https://budi.example"})
    assert (comment.status, comment.content, comment.author) == ("deleted", "", "")
    assert (comment.website, comment.email, comment.parent) == (None, None, "disqus:oldblog#9")


@pytest.mark.parametrize(
    ("approved", "status"),
    [("true", "approved"), ("false", "pending"), ("0", "pending"), ("no", "pending"), (None, "approved")],
)
def test_unapproved_comments_are_pending(file: Path, approved: str | None, status: str) -> None:
    assert _comment(file, isApproved=approved).status == status


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ({"name": "  Budi \n Santoso "}, "Budi Santoso"),
        ({"name": ""}, "budi1"),
        ({"name": None, "username": None}, "Anonymous"),
        ({"name": " \u200b ", "username": ""}, "Anonymous"),
        ({"name": "a\u202eb\x85c"}, "ab c"),
        ({"name": "<script>"}, "<script>"),
        ({"name": "N" * 100}, "N" * 100),
    ],
)
def test_a_name_is_one_visible_line(file: Path, author: dict[str, Any], name: str) -> None:
    assert _comment(file, author=author).author == name


def test_a_name_that_is_too_long_is_cut_and_reported(file: Path) -> None:
    comment = _comment(file, author={"name": "N" * 101})
    assert (len(comment.author), comment.notes) == (
        100,
        ("its author's name has 101 characters: cut to the maximum of 100",),
    )


def test_a_comment_without_an_author_is_anonymous(file: Path) -> None:
    xml = export(thread(), post())
    start, end = xml.rindex("<author>"), xml.rindex("</author>") + len("</author>")
    (comment,), _ = _read(file, xml[:start] + xml[end:])
    assert isinstance(comment, ImportedComment)
    assert (comment.author, comment.email, comment.website) == ("Anonymous", None, None)


@pytest.mark.parametrize(
    ("website", "kept"),
    [
        ("https://a.example/~x", True),
        ("javascript:alert(1)", False),
        ("ftp://a.example", False),
        ("a", False),
        ("https://a.example/" + "x" * 254, False),
        ("https://[", False),
        ('https://a.example/"onclick=', False),
    ],
)
def test_only_a_web_address_is_a_website(file: Path, website: str, kept: bool) -> None:
    assert _comment(file, author={"link": website}).website == (website if kept else None)


@pytest.mark.parametrize("address", ["no address", "a@", "a@b.example\nBcc: c@d.example", "x" * 300 + "@b.example"])
def test_an_invalid_email_address_is_dropped(file: Path, address: str) -> None:
    assert _comment(file, author={"email": address}).email is None


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2012-12-12T12:12:12Z", datetime(2012, 12, 12, 12, 12, 12, tzinfo=UTC)),
        ("2012-12-12T12:12:12", datetime(2012, 12, 12, 12, 12, 12, tzinfo=UTC)),
        ("2012-12-12T19:12:12.5+07:00", datetime(2012, 12, 12, 12, 12, 12, 500_000, tzinfo=UTC)),
        (" 2012-12-12 12:12:12 ", datetime(2012, 12, 12, 12, 12, 12, tzinfo=UTC)),
    ],
)
def test_times_without_an_offset_are_in_utc(file: Path, written: str, moment: datetime) -> None:
    assert _comment(file, createdAt=written).created_at == moment


def test_links_wrapped_by_disqus_are_unwrapped(file: Path) -> None:
    wrapped = (
        "http://disq.us/url?url=https%3A%2F%2Fa.example%2Fx%3Fy%3D1%26z%3D2%3AGTwU4dcq96lIEIpJc8INii4ptuY&amp;cuid=1"
    )
    comment = _comment(file, f'<p>See <a href="{wrapped}" rel="nofollow noopener">this</a>.</p>')
    assert comment.content == "See [this](https://a.example/x?y=1&z=2)."


@pytest.mark.parametrize("target", ["javascript%3Aalert(1)", "", "%5Bx"])
def test_an_invalid_wrapped_link_is_unchanged(file: Path, target: str) -> None:
    comment = _comment(file, f'<p><a href="https://disq.us/url?url={target}&amp;cuid=1">x</a></p>')
    assert "(https://disq.us/url?url=" in comment.content.replace("<", "")


def test_a_mention_becomes_the_name(file: Path) -> None:
    assert _comment(file, "<p>@sari_w:disqus and mail@x:disqus</p>").content == r"@sari_w and mail@x:disqus"


def test_escaped_html_is_read_like_cdata(file: Path) -> None:
    xml = export(thread(), post()).replace(
        "<![CDATA[<p>Hello.</p>]]>", "&lt;p&gt;Hello, &lt;i&gt;you&lt;/i&gt;.&lt;/p&gt;"
    )
    (comment,), _ = _read(file, xml)
    assert isinstance(comment, ImportedComment)
    assert comment.content == "Hello, *you*."


def test_a_message_in_two_cdata_sections_is_joined(file: Path) -> None:
    assert _comment(file, "<p>a ]]]]><![CDATA[> b</p>").content == "a ]]> b".replace("]", r"\]")


def test_control_characters_do_not_break_the_file(file: Path) -> None:
    assert _comment(file, "<p>a\x08b\x1bc</p>").content == "a b c"


def test_reports_contain_no_control_characters(file: Path) -> None:
    skipped = _skipped(file, thread(link="https://a.example/\u009b31m"), post(isSpam="true"))
    assert skipped.name == "10 on https://a.example/ 31m"


def test_nested_threads_and_posts_are_refused(file: Path) -> None:
    strange = f"<other>{post(77)}{thread(77)}</other>"
    items, error = _read(file, export(strange, thread(), post()))
    assert not error
    assert [each.reason for each in items if isinstance(each, Skipped)] == [
        "is within <other>, not an entry of the export"
    ] * 2
    assert [each.name for each in items if isinstance(each, ImportedComment)] == [f"10 on {HELLO}"]


def test_an_export_without_comments_is_empty(file: Path) -> None:
    assert _read(file, export()) == ([], "")
    assert _read(file, export(thread())) == ([], "")


def test_a_gzip_file_is_read(file: Path) -> None:
    xml = export(thread(), post())
    assert _read(file, gzip.compress(xml.encode())) == _read(file, xml)


def test_a_truncated_gzip_file_is_reported(file: Path) -> None:
    packed = gzip.compress(export(thread(), post()).encode())
    for broken in (packed[:-20], packed[:40] + b"\xff" * 20 + packed[60:], packed[:5]):
        _, error = _read(file, broken)
        assert str(file) in error


@pytest.mark.parametrize("mapping", [f"{HELLO},there", "/2024/05/hello.html,there", "page-7,there", "thread 2,there"])
def test_a_mapping_takes_precedence_over_the_threads_address(file: Path, mapping: str) -> None:
    (comment,) = _comments(file, thread(id="page-7"), post(), mapping=f"thread,article\n{mapping}\n")
    assert comment.article == ("slug:there",)


def test_a_mapping_can_exclude_a_thread_or_name_one_missing_in_the_export(file: Path) -> None:
    skipped = _skipped(file, thread(), post(), mapping=f"thread,article\n{HELLO},\n")
    assert (skipped.reason, skipped.refused) == ("excluded by the mapping", False)
    (comment,) = _comments(file, thread(), post(on=99), mapping="thread,article\nthread 99,there\n")
    assert (comment.article, comment.origin, comment.thread) == (("slug:there",), "disqus:oldblog#10", "thread 99")


def test_a_thread_without_an_address_can_be_mapped_by_its_identifier(file: Path) -> None:
    pieces = (thread(link="", title=""), post())
    (comment,) = _comments(file, *pieces)
    (mapped,) = _comments(file, *pieces, mapping=f"thread,article\n{comment.thread},there\n")
    assert mapped.article == ("slug:there",)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda xml: xml[: xml.index("Second")],
        lambda xml: xml.replace("</disqus>", ""),
    ],
)
def test_a_broken_file_returns_the_preceding_items_and_the_position(file: Path, break_it: Any) -> None:
    items, error = _read(file, break_it(export(thread(), post(10), post(11, "Second"))))
    assert isinstance(items[0], ImportedComment)
    assert error.startswith(f"{file}:")
    assert "invalid XML" in error
    assert error.removeprefix(f"{file}:")[0].isdigit()


@pytest.mark.parametrize(
    "break_it",
    [
        lambda xml: xml.replace("Second", "Second]]></message></wrong><message><![CDATA["),
        lambda xml: xml.replace('dsq:id="11"', "dsq:id=11"),
    ],
)
def test_a_damaged_comment_is_refused_by_name_and_the_others_are_read(file: Path, break_it: Any) -> None:
    items, error = _read(file, break_it(export(thread(), post(10), post(11, "Second"), post(12))))
    assert not error
    assert [type(each) for each in items] == [ImportedComment, Skipped, ImportedComment]
    assert isinstance(items[1], Skipped)
    assert items[1].refused
    assert "damaged XML in line" in items[1].reason


def test_a_damaged_thread_is_refused_and_so_are_its_comments(file: Path) -> None:
    damaged = thread(3).replace("</link>", "</wrong>")
    items, _ = _read(file, export(thread(), damaged, post(10, on=3), post(11)))
    assert [type(each) for each in items] == [Skipped, Skipped, ImportedComment]
    assert [(each.kind, each.refused) for each in items if isinstance(each, Skipped)] == [
        ("thread", True),
        ("comment", True),
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "invalid XML"),
        (b"no XML", "export.xml:1: invalid XML"),
        (b"<rss/>", "not a Disqus export: its root element is <rss>"),
        (b"<html><post/></html>", "not a Disqus export: its root element is <html>"),
        (b"<!DOCTYPE disqus SYSTEM 'file:///etc/passwd'><disqus/>", "document type declaration"),
    ],
)
def test_a_file_that_is_not_an_export_is_rejected(file: Path, data: bytes, says: str) -> None:
    items, error = _read(file, data)
    assert items == []
    assert says in error


def test_a_missing_file_and_a_folder_are_reported(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "none.xml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(SourceError, match=says):
            list(read_disqus(path))


def test_entities_are_not_expanded_or_fetched(file: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    bomb = '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    for entities in (bomb, f'<!ENTITY c SYSTEM "{(tmp_path / "secret").as_uri()}">'):
        xml = export(thread(title="&c;"), post(extra="<x>&c;</x>"))
        items, error = _read(file, xml.replace("<disqus", f"<!DOCTYPE disqus [{entities}]>\n<disqus", 1))
        assert items == []
        assert "document type declaration" in error


@pytest.fixture
def usual_collection() -> Iterator[None]:
    """Look for garbage as often as Python does by default, which is more often than in other tests."""
    before = gc.get_threshold()
    gc.set_threshold(2000, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("usual_collection")
def test_memory_does_not_grow_with_the_number_of_comments(file: Path) -> None:
    def peak(number: int) -> int:
        file.write_text(export(thread(), *(post(10 + each, f"<p>{'x' * 300}</p>") for each in range(number))))
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_disqus(file)) == number
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(50)  # memory of modules that are loaded at the first call
    # Both have about half a megabyte of garbage that is not collected yet.
    assert peak(800) < 1.5 * peak(200)


def test_line_numbers_above_65535_are_correct(file: Path) -> None:
    pieces = ("\n" * 70_000, thread(), post(None))
    lines = export(*pieces).partition("<post")[0].splitlines()
    assert _skipped(file, *pieces).name == f"line {len(lines) + 1} on {HELLO}"


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="]\r", exclude_categories=["Cs"]), max_size=60)


@given(messages=st.lists(_TEXT, max_size=5), name=_TEXT, link=_TEXT, date=_TEXT, identifier=_TEXT)
def test_any_text_anywhere_gives_an_item_for_each_comment(
    file: Path, messages: list[str], name: str, link: str, date: str, identifier: str
) -> None:
    def written(text: str) -> str:
        return html.escape("".join(each for each in text if each.isprintable()))

    posts = [
        post(10 + number, message, createdAt=written(date) if number % 2 else "2013-10-10T19:20:29Z")
        for number, message in enumerate(messages)
    ]
    xml = export(thread(link=link, id=written(identifier), title=written(name)), *posts)
    xml = "".join(each for each in xml if each in "\n\t" or (each >= " " and each not in "\ufffe\uffff"))
    items, error = _read(file, xml.replace("<name>Budi", f"<name>{written(name)}"))
    assert (len(items), error) == (len(messages), "")
    for item in items:
        if isinstance(item, ImportedComment):
            assert item.content
            assert 0 < len(item.author) <= 100
            assert item.created_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://a.example/?p=x", "url:a.example?p=x"),
        ("https://a.example/caf%E9/", "url:a.example/caf%E9"),
        ("https://a.example/index.html", ""),
    ],
)
def test_a_page_of_another_site_is_matched_by_its_whole_url(file: Path, link: str, name: str) -> None:
    """The URL of a front page matches nothing, in none of its forms."""
    (comment,) = _comments(file, thread(link=link), post())
    assert [each for each in comment.article if each.startswith("url:")] == [name] * bool(name)
