"""Reading a Substack export."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kolom_cli.importers.common.entry_ids import SAME_ID
from kolom_cli.importers.common.types import ImportedArticle, Item, Skipped
from kolom_cli.importers.substack.reader import read_substack
from kolom_cli.terminal.report import LinkCounts
from tests.unit.cli.importers.export_readers import read_all
from tests.unit.cli.importers.substack.export import files, posts_csv, row, write_folder, write_zip


def _items(folder: Path, *posts: tuple[dict[str, str], str], site: str = "", **others: str) -> list[Item]:
    found, error = read_all(read_substack(write_folder(folder, files(*posts, **others)), site=site))
    assert not error
    return found


def _article(folder: Path, html: str = "<p>Text.</p>", **changes: str) -> ImportedArticle:
    (article,) = _items(folder, (row(1, **changes), html))
    assert isinstance(article, ImportedArticle)
    return article


def test_a_post_is_read_whole(tmp_path: Path) -> None:
    """The subtitle is the excerpt in lists and the description below the title."""
    article = _article(tmp_path, title="A, “title”", subtitle="Sub")
    content = article.content
    assert (content.title, content.slug, content.path) == ("A, “title”", "post-1", "/p/post-1")
    assert (content.excerpt, content.description, content.body.html) == ("Sub", "Sub", "<p>Text.</p>")
    assert content.published_at == datetime(2023, 1, 2, 10, tzinfo=UTC)
    assert (content.kind, content.draft, content.origin, article.notes) == ("article", False, "substack:101", ())


@pytest.mark.parametrize(
    ("changes", "html", "draft", "note"),
    [
        ({"is_published": "TRUE"}, "", False, ""),
        ({"is_published": "false"}, "", True, ""),
        ({"is_published": ""}, "", True, ""),
        ({"post_date": "2099-01-01T00:00:00.000Z"}, "", False, ""),
        ({"audience": "only_paid"}, "", True, "not for everyone in Substack (audience 'only_paid')"),
        ({"audience": "only_free"}, "", True, "not for everyone in Substack (audience 'only_free')"),
        ({"audience": "founding"}, "", True, "not for everyone in Substack (audience 'founding')"),
        ({"audience": ""}, "", True, "no audience in the export"),
        ({"type": "podcast"}, "", False, ""),
        ({"type": "thread"}, "", False, ""),
        ({"type": "adhoc_email"}, "", True, "type 'adhoc_email' in Substack"),
        (
            {},
            '<div class="paywall-jump" data-component-name="PaywallToDOM"></div><p>Paid</p>',
            True,
            "parts of it are only for some readers in Substack",
        ),
        (
            {},
            '<div class="dynamic-content-block" data-dynamic-audiences="paid_sub"><p>Paid</p></div>',
            True,
            "parts of it are only for some readers in Substack",
        ),
    ],
)
def test_what_was_not_public_is_a_draft(
    tmp_path: Path, changes: dict[str, str], html: str, draft: bool, note: str
) -> None:
    article = _article(tmp_path, f"<p>Text.</p>{html}", **changes)
    assert article.content.draft is draft
    assert article.notes == ((f"{note}: imported as a draft",) if note else ())


def test_pages_stay_pages_and_episodes_keep_their_audio(tmp_path: Path) -> None:
    assert _article(tmp_path, type="page").content.kind == "page"
    episode = _article(tmp_path, type="podcast", podcast_url="https://x.example/a.mp3?a=1&b=2")
    assert 'src="https://x.example/a.mp3?a=1&amp;b=2"' in episode.content.body.html


def test_a_zip_archive_gives_the_same_as_its_folder(tmp_path: Path) -> None:
    """Also if all its files are in a directory."""
    contents = files((row(1), "<p>One.</p>"), (row(2), "<p>Two.</p>"))
    unpacked, _ = read_all(read_substack(write_folder(tmp_path / "x", contents)))
    nested = {f"export/{name}": text for name, text in contents.items()}
    for number, each in enumerate((contents, nested)):
        assert read_all(read_substack(write_zip(tmp_path / f"{number}.zip", each))) == (unpacked, "")


LIST = {"email_list.me.csv": "email\n"}
OPEN = "open.substack.com/pub"


@pytest.mark.parametrize(
    ("others", "site", "hosts"),
    [
        ({}, "", {"me.substack.com", "you.substack.com", f"{OPEN}/me", f"{OPEN}/you"}),
        (LIST, "", {"me.substack.com", f"{OPEN}/me"}),
        ({}, "https://www.me.example", {"me.example"}),
        (
            {"email_list.me.csv": "email\n"},
            "https://www.me.example",
            {"me.substack.com", "me.example", "open.substack.com/pub/me"},
        ),
    ],
)
def test_links_to_own_posts_lead_to_the_imported_articles(
    tmp_path: Path, others: dict[str, str], site: str, hosts: set[str]
) -> None:
    """The subscriber list is named after the newsletter. Without it, any newsletter with an imported slug counts."""
    candidates = (
        "me.substack.com",
        "you.substack.com",
        "me.example",
        "open.substack.com/pub/me",
        "open.substack.com/pub/you",
    )
    html = "".join(
        f'<a href="https://{host}/p/post-2?r=x#y">x</a><a href="https://{host}/p/other">x</a>' for host in candidates
    )
    first, *_ = _items(tmp_path, (row(1), f"<p>{html}</p>"), (row(2), "<p>Two.</p>"), site=site, **others)
    assert isinstance(first, ImportedArticle)
    expected = "".join(
        ('<a href="/p/post-2#section-y">x</a>' if host in hosts else f'<a href="https://{host}/p/post-2?r=x#y">x</a>')
        + f'<a href="https://{host}/p/other">x</a>'
        for host in candidates
    )
    assert first.content.body.html == f"<p>{expected}</p>"


def test_links_to_own_posts_and_to_the_newsletter_are_counted(tmp_path: Path) -> None:
    html = "".join(
        f'<a href="https://{address}">x</a>'
        for address in ("me.example/p/post-2", "me.example/p/none", "elsewhere.example/p/post-2")
    )
    first, _ = _items(tmp_path, (row(1), f"<p>{html}</p>"), (row(2), "<p>Two.</p>"), site="https://me.example")
    assert isinstance(first, ImportedArticle)
    assert first.own_links == LinkCounts(to_articles=1, to_pages=1)


def test_subscribers_are_counted_and_no_file_about_readers_is_imported(tmp_path: Path) -> None:
    """No item contains an email address."""
    lists = {
        "email_list.me.csv": 'email,plan\na@x.example,"other\nline"\nb@x.example,\n',
        "posts/101.post-1.opens.csv": "email\nc@x.example\n",
    }
    items = _items(tmp_path, (row(1), "<p>One.</p>"), **lists)
    name = str(tmp_path / "email_list.me.csv")
    assert items[1:] == [Skipped(kind="file", name=name, reason="2 subscribers: subscribers are not imported")]
    assert "@x.example" not in repr(items)


def test_every_row_and_every_text_is_accounted_for(tmp_path: Path) -> None:
    """One bad post is reported, and the rest is read."""
    contents = files(
        (row(1), "<p>One.</p>"),
        (row(2, post_id="no-number"), "x"),
        (row(1), "<p>One.</p>"),
        (row(4), "x" * 5_000_000),
        (row(5), "<p>Five.</p>"),
    )
    contents["posts.csv"] += posts_csv(row(6), row(7, is_published="false")).partition("\n")[2]
    contents["posts/999.lost.html"] = "<p>Lost</p>"
    items, error = read_all(read_substack(write_folder(tmp_path, contents)))
    assert not error
    assert [each.content.slug for each in items if isinstance(each, ImportedArticle)] == ["post-1", "post-5"]
    reasons = [(each.reason[:40], each.refused) for each in items if isinstance(each, Skipped)]
    assert reasons == [
        ("has no number as its post_id", True),
        ("duplicate entry in the export", False),
        ("its text has 4,194,305 bytes, the maximu", True),
        ("its text is not in the export: posts/106", True),
        ("its text is not in the export: posts/107", False),
        ("posts.csv does not list it, so nothing s", False),
        ("posts.csv does not list it, so nothing s", False),
    ]


def test_two_posts_with_one_id_are_both_imported(tmp_path: Path) -> None:
    first, second = _items(tmp_path, (row(1), "<p>One.</p>"), (row(1, title="Other"), "<p>One.</p>"))
    assert isinstance(first, ImportedArticle)
    assert isinstance(second, ImportedArticle)
    assert (first.content.origin, second.content.origin) == ("substack:101", "substack:101#2")
    assert SAME_ID in second.notes
    assert SAME_ID not in first.notes


def test_ids_without_a_slug_find_their_texts(tmp_path: Path) -> None:
    contents = {"posts.csv": posts_csv(row(1, post_id="101")), "posts/101.a-name.html": "<p>One.</p>"}
    ((article, *_), _) = read_all(read_substack(write_folder(tmp_path, contents)))
    assert isinstance(article, ImportedArticle)
    assert (article.content.slug, article.content.path) == ("a-name", "/p/a-name")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"a.txt": ""}, "not a Substack export: it has no posts.csv"),
        ({"posts.csv": ""}, "posts.csv:1: the first line must have the columns post_id and is_published"),
        ({"posts.csv": "id,title\n"}, "posts.csv:1: the first line must have the columns post_id and is_published"),
        ({"posts.csv": posts_csv(row(1)) + '2,"x'}, "posts.csv:3: invalid CSV"),
    ],
)
def test_another_export_is_refused(tmp_path: Path, contents: dict[str, str], message: str) -> None:
    _, error = read_all(read_substack(write_folder(tmp_path, contents)))
    assert message in error


def test_hostile_names_and_sizes_in_a_zip_archive_do_no_harm(tmp_path: Path) -> None:
    """A text that would unpack to more than an article may have is refused, and nothing is written to the disk."""
    contents = {"../posts/101.post-1.html": "<p>Evil</p>", "/etc/posts.csv": "post_id,is_published\n"}
    contents |= files((row(1), "<p>One.</p>"), (row(2), "0" * 50_000_000))
    path = write_zip(tmp_path / "export.zip", contents)
    items, error = read_all(read_substack(path))
    assert not error
    assert isinstance(items[0], ImportedArticle)
    assert items[0].content.body.html == "<p>One.</p>"
    assert isinstance(items[1], Skipped)
    assert items[1].refused
    assert list(tmp_path.iterdir()) == [path]


def test_the_refusal_of_a_damaged_text_names_its_file(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", files((row(1), "<p>One, and more.</p>" * 50), (row(2), "<p>Two.</p>")))
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("posts/101.post-1.html").header_offset
    data = bytearray(path.read_bytes())
    data[start + 60 : start + 70] = b"\xff" * 10
    path.write_bytes(data)
    items, error = read_all(read_substack(path))
    assert not error
    assert isinstance(items[0], Skipped)
    assert "posts/101.post-1.html: cannot be read" in items[0].reason
    assert isinstance(items[1], ImportedArticle)
