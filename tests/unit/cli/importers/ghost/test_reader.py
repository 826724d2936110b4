"""Reading a Ghost export."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kolom_cli.importers.common.types import ImportedArticle, Item, Skipped
from kolom_cli.importers.ghost.reader import read_ghost
from kolom_cli.terminal.report import LinkCounts
from tests.unit.cli.importers.export_readers import read_all
from tests.unit.cli.importers.ghost.export import export, post, setting


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "blog.ghost.json"


def _read(file: Path, data: str | bytes, **options: Any) -> tuple[list[Item], str]:
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_all(read_ghost(file, **options))


def _articles(file: Path, data: str, **options: Any) -> list[ImportedArticle]:
    found, error = _read(file, data, **options)
    assert not error
    return [each for each in found if isinstance(each, ImportedArticle)]


def _article(file: Path, *, site: str = "", **changes: Any) -> ImportedArticle:
    (article,) = _articles(file, export(post(1, **changes)), site=site)
    return article


def test_a_post_is_read_whole(file: Path) -> None:
    """Fields, tags in their order without internal ones, authors, and the metadata in its own table."""
    own = post(
        7,
        title="Fish & chips",
        slug="fish-chips",
        html="<p>Crisp.</p>",
        custom_excerpt="About fish",
        feature_image="https://img.example/f.png",
    )
    key = own["id"]
    data = export(
        own,
        tags=[
            {"id": "t1", "name": "Food", "visibility": "public"},
            {"id": "t2", "name": "Hidden", "visibility": "internal"},
            {"id": "t3", "name": "#old internal"},
            {"id": "t4", "name": "Sea"},
        ],
        posts_tags=[
            {"post_id": key, "tag_id": tag, "sort_order": 9 - n} for n, tag in enumerate(("t1", "t2", "t3", "t4"))
        ],
        users=[{"id": "u1", "name": "Sari"}, {"id": "u2", "name": "Budi"}],
        posts_authors=[
            {"post_id": key, "author_id": "u2", "sort_order": 1},
            {"post_id": key, "author_id": "u1", "sort_order": 0},
        ],
        posts_meta=[{"post_id": key, "meta_description": "For engines"}],
        settings=[setting("locale", "id")],
    )
    (article,) = _articles(file, data)
    content = article.content
    assert (content.title, content.slug, content.body.html) == ("Fish & chips", "fish-chips", "<p>Crisp.</p>")
    assert (content.excerpt, content.description) == ("About fish", "For engines")
    assert (content.labels, content.author, content.language) == (("Sea", "Food"), "Sari, Budi", "id")
    assert content.image == "https://img.example/f.png"
    assert content.published_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert content.updated_at == datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert (content.kind, content.draft, content.path) == ("article", False, None)
    assert content.origin == "ghost:00000000-0000-4000-8000-000000000007"
    assert article.notes == ()


@pytest.mark.parametrize(
    ("changes", "draft", "note"),
    [
        ({}, False, ""),
        ({"visibility": None}, False, ""),
        ({"status": "draft"}, True, ""),
        ({"status": None}, True, ""),
        ({"status": "scheduled", "published_at": "2099-01-01T00:00:00.000Z"}, False, ""),
        ({"status": "scheduled", "published_at": None}, True, "scheduled in Ghost without a date"),
        ({"status": "sent"}, True, "only sent by mail in Ghost"),
        ({"status": "something-new"}, True, "status 'something-new' in Ghost"),
        ({"visibility": "members"}, True, "not public in Ghost (visibility 'members')"),
        ({"visibility": "paid"}, True, "not public in Ghost (visibility 'paid')"),
        ({"visibility": "tiers"}, True, "not public in Ghost (visibility 'tiers')"),
        (
            {"html": '<p>A</p><!--kg-gated-block:begin nonMember:false memberSegment:"status:free" --><p>B</p>'},
            True,
            "parts of it are only for members in Ghost",
        ),
        ({"html": '<!--kg-gated-block:begin nonMember:true memberSegment:"" --><p>B</p>'}, False, ""),
    ],
)
def test_what_was_not_public_is_a_draft(file: Path, changes: dict[str, Any], draft: bool, note: str) -> None:
    article = _article(file, **changes)
    assert article.content.draft is draft
    assert article.notes == ((f"{note}: imported as a draft",) if note else ())


@pytest.mark.parametrize("value", ["true", True, "1", 1])
def test_the_posts_of_a_private_site_are_drafts(file: Path, value: Any) -> None:
    (article,) = _articles(file, export(post(), settings=[setting("is_private", value)]))
    assert article.content.draft
    assert article.notes == ("the site is private in Ghost: imported as a draft",)


def test_a_post_that_is_only_for_mail_is_a_draft(file: Path) -> None:
    """It may be scheduled, and would become public on this site."""
    planned = post(status="scheduled", published_at="2099-01-01T00:00:00.000Z")
    (article,) = _articles(file, export(planned, posts_meta=[{"post_id": planned["id"], "email_only": 1}]))
    assert article.notes == ("only sent by mail in Ghost: imported as a draft",)


@pytest.mark.parametrize("changes", [{"type": "page"}, {"type": None, "page": 1}, {"type": None, "page": True}])
def test_pages_stay_pages(file: Path, changes: dict[str, Any]) -> None:
    assert _article(file, **changes).content.kind == "page"


def test_links_to_own_posts_lead_to_the_articles_here(file: Path) -> None:
    """This is true of URLs with the placeholder, with the site's host, and without a host. Other links stay."""
    links = (
        "__GHOST_URL__/post-2/#a",
        "https://old.example/post-2",
        "/post-2/",
        "__GHOST_URL__/tag/x/",
        "https://x.example/post-2/",
    )
    html = "".join(f'<a href="{link}">x</a>' for link in links)
    first, _ = _articles(file, export(post(1, html=f"<p>{html}</p>"), post(2)), site="https://old.example/")
    expected = ("/post-2/#section-a", "/post-2/", "/post-2/", "https://old.example/tag/x/", "https://x.example/post-2/")
    assert first.content.body.html == "<p>" + "".join(f'<a href="{link}">x</a>' for link in expected) + "</p>"


def test_pictures_are_shown_from_the_site_that_is_named(file: Path) -> None:
    """In their original size. Those in the text are counted, each once. The export does not contain the site's URL."""
    html = (
        '<figure class="kg-card kg-image-card"><img src="__GHOST_URL__/content/images/size/w600/2020/x.png" '
        'srcset="__GHOST_URL__/content/images/size/w600/2020/x.png 600w"></figure>'
    )
    feature = "__GHOST_URL__/content/images/2020/f.png"
    article = _article(file, html=html, feature_image=feature, site="https://old.example")
    assert 'src="https://old.example/content/images/2020/x.png"' in article.content.body.html
    assert article.content.image == "https://old.example/content/images/2020/f.png"
    assert (article.remote_media, article.notes) == (1, ())
    without = _article(file, html=html, feature_image=feature)
    assert 'src="/content/images/2020/x.png"' in without.content.body.html
    assert without.notes == (
        "its pictures and files are on the Ghost site: name it with --site to show them from there",
    )


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59.000Z", "0001-01-01T00:00:00.000Z", 253_402_300_799_000])
def test_a_date_that_does_not_exist_in_every_time_zone_is_ignored(file: Path, moment: str | int) -> None:
    zones = [setting("timezone", "America/New_York" if str(moment).startswith("0") else "Asia/Jakarta")]
    (article,) = _articles(file, export(post(1, published_at=moment), settings=zones))
    assert (article.content.published_at, article.content.path) == (None, None)


def test_an_old_blog_keeps_the_dates_in_its_addresses(file: Path) -> None:
    """Ghost 1 and earlier: ids are numbers, times are milliseconds, and the pattern is a setting."""
    old = {"id": 5, "title": "Old", "slug": "old", "html": "<p>X</p>", "status": "published", "author_id": 1, "page": 0}
    old |= {"published_at": 1388534400000, "image": "/content/images/a.png"}
    other = {"id": 6, "title": "B", "slug": "b", "html": '<a href="/2014/01/01/old/">x</a>', "status": "published"}
    page = {"id": 7, "title": "P", "slug": "p", "html": "x", "status": "published", "page": 1, "published_at": 1}
    data = {
        "posts": [old, other, page],
        "users": [{"id": 1, "name": "Sari"}],
        "settings": [setting("permalinks", "/:year/:month/:day/:slug/"), setting("activeTimezone", "Asia/Jakarta")],
    }
    articles = _articles(file, json.dumps({"meta": {"version": "003"}, "data": data}))
    assert [each.content.path for each in articles] == ["/2014/01/01/old/", None, None]
    assert articles[0].content.published_at == datetime(2014, 1, 1, tzinfo=UTC)
    assert (articles[0].content.author, articles[0].content.image) == ("Sari", "/content/images/a.png")
    assert articles[0].content.origin == "ghost:old#5"
    assert '<a href="/2014/01/01/old/">' in articles[1].content.body.html


def test_a_text_is_read_from_the_editor_if_its_html_is_missing(file: Path) -> None:
    lexical = {
        "root": {"type": "root", "children": [{"type": "paragraph", "children": [{"type": "text", "text": "L"}]}]}
    }
    mobiledoc = {"version": "0.3.1", "sections": [[1, "p", [[0, [], 0, "M"]]]]}
    for changes, text in (
        ({"html": "<p>H</p>", "lexical": json.dumps(lexical)}, "<p>H</p>"),
        ({"html": "", "lexical": json.dumps(lexical), "mobiledoc": json.dumps(mobiledoc)}, "<p>L</p>\n"),
        ({"html": None, "mobiledoc": json.dumps(mobiledoc)}, "<p>M</p>"),
        ({"html": None, "markdown": "*K*"}, "<p><em>K</em></p>\n"),
    ):
        assert _article(file, **changes).content.body.html == text


def test_what_is_not_kept_is_reported(file: Path) -> None:
    article = _article(file, canonical_url="https://first.example/x", codeinjection_head="<script>x</script>")
    assert article.notes == (
        "its canonical URL is not kept: https://first.example/x",
        "removed the code that Ghost injects into the page",
    )


def test_members_and_comments_are_counted_not_imported(file: Path) -> None:
    """The report contains only their number."""
    data = export(post(), members=[{"email": "a@x.example"}, {"email": "b@x.example"}], comments=[{"html": "secret"}])
    items, error = _read(file, data)
    assert not error
    assert items[1:] == [
        Skipped(kind="file", name=f"{file}: comments", reason="1 comment: comments of Ghost are not imported"),
        Skipped(kind="file", name=f"{file}: members", reason="2 members: subscribers are not imported"),
    ]


def test_one_bad_post_is_reported_and_the_rest_is_read(file: Path) -> None:
    bad = post(2, html="x" * 5_000_000)
    strange = {"title": ["x"], "slug": {"a": 1}, "html": 7, "status": [], "type": {}, "id": None}
    items, error = _read(file, export(post(1), bad, strange, post(1), post(3)))
    assert not error
    assert [type(each).__name__ for each in items] == [
        "ImportedArticle",
        "Skipped",
        "Skipped",
        "Skipped",
        "ImportedArticle",
    ]
    skipped = [each for each in items if isinstance(each, Skipped)]
    assert [each.refused for each in skipped] == [True, True, False]
    assert skipped[2].reason == "duplicate entry in the export"


def test_two_posts_with_one_id_are_both_imported(file: Path) -> None:
    items, _ = _read(file, export(post(1), post(1, title="Other")))
    first, second = (each.content for each in items if isinstance(each, ImportedArticle))
    assert second.origin == f"{first.origin}#2"
    assert second.title == "Other"


def test_the_complete_posts_of_a_truncated_file_become_drafts(file: Path) -> None:
    """The settings that may say that the site is private come after the posts."""
    data = export(post(1), post(2), settings=[setting("is_private", "true")])
    items, error = _read(file, data[: data.index('"settings"')])
    assert [each.content.draft for each in items if isinstance(each, ImportedArticle)] == [True, True]
    assert "invalid JSON, after 2 entries" in error


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "invalid JSON, after 0 entries"),
        ("[]", "not a Ghost export"),
        ('{"version": 1, "comments": []}', "not a Ghost export"),
        ("<xml>", "invalid JSON"),
        (b"PK\x03\x04rest", "this is a zip archive"),
        ("[" * 100_000, "nested deeper than 64 levels"),
    ],
    ids=("empty", "a list", "another format", "xml", "zip", "nested"),
)
def test_another_file_is_refused(file: Path, data: str | bytes, message: str) -> None:
    items, error = _read(file, data)
    assert items == []
    assert error.startswith(f"{file}: ")
    assert message in error


def test_links_to_the_old_site_are_counted(file: Path) -> None:
    html = "".join(
        f'<a href="{url}">x</a>'
        for url in (
            "__GHOST_URL__/post-2/",
            "https://blog.example/post-2/#x",
            "/post-2/",
            "__GHOST_URL__/content/files/a.pdf",
            "https://blog.example/none/",
            "https://elsewhere.example/",
        )
    )
    data = export(post(1, html=html + '<img src="__GHOST_URL__/content/images/a.png">'), post(2))
    (first, _) = _articles(file, data, site="https://blog.example")
    assert first.own_links == LinkCounts(to_articles=2, to_files=1, to_pages=1)
    assert 'href="https://blog.example/content/files/a.pdf"' in first.content.body.html
