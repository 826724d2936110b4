"""`kolom articles`, `unpublish`, `delete`, `preview`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kolom.articles import preview_links, publishing
from kolom.articles.admin import list_by_label, list_by_status
from kolom.errors import InvalidCursor, NotFound
from kolom.security import signing
from tests.factories import NOW, content
from tests.integration.cli.conftest import Kolom


def _publish(slug: str, **changes: object) -> publishing.PublishResult:
    return publishing.publish(content(slug, **changes), now=NOW)


@pytest.fixture
def blog(kolom: Kolom) -> Kolom:
    """Publish one article of each status."""
    _publish("shown", labels=("News",))
    _publish("later", published_at=datetime(2099, 1, 1, tzinfo=UTC))
    _publish("unfinished", draft=True, published_at=None)
    _publish("about", kind="page")
    _publish("gone")
    publishing.delete("gone", now=NOW)
    return kolom


def test_the_list_shows_all_articles_except_deleted_ones(blog: Kolom) -> None:
    listed = blog("articles", "list", "--json").json
    assert {each["slug"]: each["status"] for each in listed} == {
        "unfinished": "draft",
        "later": "scheduled",
        "shown": "published",
        "about": "published",
    }


@pytest.mark.parametrize(
    ("status", "slug"),
    [
        ("published", "shown"),
        ("scheduled", "later"),
        ("draft", "unfinished"),
        ("page", "about"),
        ("deleted", "gone"),
    ],
)
def test_the_list_can_be_filtered_by_status(blog: Kolom, status: str, slug: str) -> None:
    assert [each["slug"] for each in blog("articles", "list", "--status", status, "--json").json] == [slug]


def test_the_list_can_be_filtered_by_label(blog: Kolom) -> None:
    assert [each["slug"] for each in blog("articles", "list", "--label", "news", "--json").json] == ["shown"]
    assert blog("articles", "list", "--label", "news", "--status", "draft").exit_code == 2


def test_an_unknown_status_is_a_usage_error(blog: Kolom) -> None:
    assert blog("articles", "list", "--status", "lost").exit_code == 2


def test_the_limit_of_the_list_applies_to_each_status(blog: Kolom) -> None:
    ran = blog("articles", "list", "--limit", "1")
    assert "shown" in ran.stdout
    assert "unfinished" in ran.stdout


@pytest.mark.parametrize("filters", [("--label", "news"), ("--status", "published"), ()])
def test_the_list_says_whether_the_limit_leaves_articles_out(blog: Kolom, filters: tuple[str, ...]) -> None:
    """The hint is on standard error, and absent where everything is listed."""
    _publish("also-shown", labels=("News",))
    hint = "raise --limit"
    assert hint in blog("articles", "list", *filters, "--limit", "1").stderr
    assert hint not in blog("articles", "list", *filters, "--limit", "2").stderr


def test_lists_are_paged_without_gaps_or_duplicates(kolom: Kolom) -> None:
    for number in range(7):
        _publish(f"a{number}", published_at=datetime(2026, 1, 1 + number % 3, tzinfo=UTC), labels=("L",))
    for number_of_list in range(2):
        seen: list[str] = []
        cursor = None
        while True:
            page = (
                list_by_status("published", limit=3, cursor=cursor)
                if number_of_list
                else list_by_label("L", limit=3, cursor=cursor)
            )
            seen += [card.slug for card in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == ["a5", "a2", "a4", "a1", "a6", "a3", "a0"]


def test_a_cursor_of_another_list_is_rejected(kolom: Kolom) -> None:
    for number in range(2):
        _publish(f"a{number}")
    cursor = list_by_status("published", limit=1).next_cursor
    with pytest.raises(InvalidCursor):
        list_by_status("draft", limit=1, cursor=cursor)


def test_show_prints_all_fields_of_a_draft(blog: Kolom) -> None:
    shown = blog("articles", "show", "unfinished", "--json").json
    assert (shown["status"], shown["version"], shown["source_format"]) == ("draft", 1, "html")
    assert shown["content_html"] == "<p>The body of unfinished.</p>"
    assert "unfinished" in blog("articles", "show", "unfinished").stdout


def test_show_source_prints_only_the_source(blog: Kolom) -> None:
    assert blog("articles", "show", "shown", "--source").stdout == "<p>The body of shown.</p>\n"


@pytest.mark.parametrize("command", [("articles", "show"), ("unpublish",), ("delete", "--yes"), ("preview",)])
def test_an_unknown_slug_is_one_line_on_standard_error(blog: Kolom, command: tuple[str, ...]) -> None:
    ran = blog(*command, "missing")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr == "kolom: there is no article 'missing'\n"


def test_unpublish_makes_an_article_a_draft(blog: Kolom) -> None:
    assert blog("unpublish", "shown").exit_code == 0
    assert publishing.get_by_slug("shown").status == "draft"


def test_an_article_is_deleted_after_confirmation(blog: Kolom) -> None:
    assert blog("delete", "shown", answer="n\n").exit_code == 1
    assert publishing.get_by_slug("shown").status == "published"
    assert blog("delete", "shown", answer="y\n").exit_code == 0
    assert publishing.get_by_slug("shown").status == "deleted"


def test_a_preview_link_shows_the_draft_until_it_expires(blog: Kolom) -> None:
    ran = blog("preview", "unfinished", "--hours", "2")
    prefix = "https://blog.example/preview/"
    assert ran.stdout.startswith(prefix)
    token = ran.stdout.strip().removeprefix(prefix)
    now = datetime.now(UTC)
    draft = publishing.get_by_slug("unfinished")
    assert preview_links.read_token(token, signing.load_keys, now=now + timedelta(hours=1.9)) == draft.id
    with pytest.raises(NotFound):
        preview_links.read_token(token, signing.load_keys, now=now + timedelta(hours=2.1))


def test_a_deleted_article_has_no_preview(blog: Kolom) -> None:
    assert blog("preview", "gone").exit_code == 1


def test_a_markdown_folder_is_imported_once_and_not_changed(kolom: Kolom, tmp_path: Path) -> None:
    post = tmp_path / "2024-05-16-one.md"
    post.write_text("---\ntitle: One\n---\nText\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "one.md").write_text("---\ndate: 2024-05-17\n---\n# Also one\n\nText\n")
    (tmp_path / "bad.md").write_text("---\ntitle: [\n---\nText\n")
    report = kolom("import", "markdown", tmp_path, "--json")
    assert report.exit_code == 1
    assert (report.json["created"], report.json["skipped"]) == (2, 1)
    assert post.read_text() == "---\ntitle: One\n---\nText\n"
    assert publishing.get_by_slug("one").title == "One"
    again = kolom("import", "markdown", tmp_path, "--json").json
    assert (again["unchanged"], again["skipped"]) == (2, 1)


LONG_SLUG = "a-morning-at-the-market-in-yogyakarta-and-what-people-buy-there-in-the-month-of-may"


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_never_truncates_dates_and_slugs(kolom: Kolom, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """A slug that does not fit beside the other columns has a line of its own."""
    monkeypatch.setenv("COLUMNS", str(width))
    _publish(LONG_SLUG, draft=True, published_at=None, title="The market")
    _publish("morning-at-the-market", published_at=datetime(2026, 1, 16, 2, 30, tzinfo=UTC), title="Morning")
    wide = [
        "DATE                  STATUS     SLUG",
        f"-                     draft      {LONG_SLUG}",
        "    The market",
        "2026-01-16 09:30 WIB  published  morning-at-the-market",
        "    Morning",
    ]
    narrow = [
        "DATE                  STATUS     SLUG                   TITLE",
        "-                     draft",
        f"    slug: {LONG_SLUG}",
        "    The market",
        "2026-01-16 09:30 WIB  published  morning-at-the-market  Morning",
    ]
    assert blog_lines(kolom) == (narrow if width == 80 else wide)


def test_a_short_list_has_one_line_for_each_article(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _publish("market", published_at=datetime(2026, 1, 16, 2, 30, tzinfo=UTC), title="A Morning at the Market")
    assert blog_lines(kolom) == [
        "DATE                  STATUS     SLUG    TITLE",
        "2026-01-16 09:30 WIB  published  market  A Morning at the Market",
    ]


def blog_lines(kolom: Kolom) -> list[str]:
    """Return the lines of `kolom articles list` as text."""
    return kolom("articles", "list").stdout.splitlines()


@pytest.mark.parametrize("status", ["", "draft", "scheduled", "published", "page", "deleted"])
def test_an_empty_list_suggests_the_next_command(kolom: Kolom, status: str) -> None:
    ran = kolom("articles", "list", *(["--status", status] if status else []))
    (line,) = ran.stdout.splitlines()
    assert line.startswith("No ")
    assert "`kolom " in line
    assert kolom("articles", "list", "--label", "News").stdout.startswith("No articles with the label 'News'.")


def test_articles_have_their_urls(blog: Kolom) -> None:
    assert blog("articles", "list", "--label", "news", "--json").json[0]["url"] == "https://blog.example/shown/"
    assert "url              https://blog.example/shown/" in blog("articles", "show", "shown").stdout.splitlines()
