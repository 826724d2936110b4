"""Reading WordPress exports."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kolom_cli.importers.common.types import ImportedArticle, Item, Skipped
from kolom_cli.importers.wordpress.reader import read_wordpress
from tests.unit.cli.importers.export_readers import read_all
from tests.unit.cli.importers.wordpress.wxr import HEAD, TAIL, comment, export, item, meta, term


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


def _read(file: Path, xml: str | bytes) -> tuple[list[Item], str]:
    """Return the items and the error of the export."""
    file.write_bytes(xml if isinstance(xml, bytes) else xml.encode())
    return read_all(read_wordpress(file))


def _articles(file: Path, *items: str) -> list[ImportedArticle]:
    found, error = _read(file, export(*items))
    assert not error
    return [each for each in found if isinstance(each, ImportedArticle)]


def _article(file: Path, **changes: Any) -> ImportedArticle:
    (article,) = _articles(file, item(1, **changes))
    return article


def _line(xml: str, text: str) -> int:
    return xml[: xml.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("changes", "draft"),
    [
        ({"status": "publish"}, False),
        ({"status": "draft"}, True),
        ({"status": "pending"}, True),
        ({"status": "private"}, True),
        ({"status": "something-new"}, True),
        ({"status": None}, True),
        ({"post_password": "x"}, True),
        ({"status": "future", "post_date_gmt": "2099-01-01 00:00:00"}, False),
        ({"status": "future", "post_date_gmt": "0000-00-00 00:00:00", "post_date": "", "pubDate": ""}, True),
        ({"status": "future", "post_date_gmt": "0000-00-00 00:00:00", "post_date": "0000-00-00 00:00:00"}, True),
        ({"post_password": " "}, True),
    ],
)
def test_posts_that_were_not_public_are_not_published(file: Path, changes: dict[str, Any], draft: bool) -> None:
    assert _article(file, **changes).content.draft is draft


@pytest.mark.parametrize(
    ("content", "meta", "mark"),
    [
        ("a [restrict]b[/restrict]", {}, "[restrict]"),
        ("[Members_Only level='1']b[/Members_Only]", {}, "[Members_Only]"),
        ("[is-logged-in]b[/is-logged-in]", {}, "[is-logged-in]"),
        ("[swpm_protected for='2']b[/swpm_protected]", {}, "[swpm_protected]"),
        ("a<!-- wp:jetpack/paywall -->b<!-- /wp:jetpack/paywall -->", {}, "wp:jetpack/paywall"),
        ("<!-- wp:premium-content/container -->b<!-- /wp:premium-content/container -->", {}, "wp:premium-content"),
        ('<!-- wp:group {"metadata":{"blockVisibility":false}} --><p>b</p><!-- /wp:group -->', {}, "blockVisibility"),
        ('<!-- wp:group {"blockVisibility":{"a":1}} --><p>b</p><!-- /wp:group -->', {}, "blockVisibility"),
        ("b", {"_members_access_role": "subscriber"}, "_members_access_role"),
        ("b", {"_jetpack_newsletter_access": "paid_subscribers"}, "_jetpack_newsletter_access"),
        ("[gallery] [members_list] [caption]x[/caption] [/remember]", {"_jetpack_newsletter_access": "everybody"}, ""),
        (
            '<!-- wp:premium/heading {"metadata":{"blockVisibility":true}} --><p>b</p>',
            {"um_content_restriction": ""},
            "",
        ),
        ("b", {"um_content_restriction": 'a:1:{s:14:"_um_accessible";s:1:"0";}', "rcp_access_level": "None"}, ""),
    ],
)
def test_a_post_visible_to_some_readers_only_is_a_draft(
    file: Path, content: str, meta: dict[str, str], mark: str
) -> None:
    """Plugins restrict a published post or a part of it; the export contains its complete text."""
    more = "".join(
        f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value>{value}</wp:meta_value></wp:postmeta>"
        for key, value in meta.items()
    )
    article = _article(file, content=content, more=more)
    assert article.content.draft is bool(mark)
    assert f"restricted to some readers in WordPress ({mark}" in str(article.notes) or not mark


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": "trash"}, "article"),
        ({"status": "auto-draft"}, "article"),
        ({"status": "inherit"}, "article"),
        ({"post_type": "attachment", "status": "inherit"}, "attachment"),
        ({"post_type": "nav_menu_item"}, "nav_menu_item"),
        ({"post_type": "product"}, "product"),
        ({"post_type": None}, "item"),
    ],
)
def test_skipped_items_have_a_reason(file: Path, changes: dict[str, Any], kind: str) -> None:
    (skipped, other), _ = _read(file, export(item(1, **changes), item(2)))
    assert isinstance(skipped, Skipped)
    assert isinstance(other, ImportedArticle)
    assert (skipped.kind, skipped.refused) == (kind, False)
    assert skipped.reason


@pytest.mark.parametrize(
    ("status", "is_open"), [("open", True), ("closed", False), ("Closed", False), ("", True), (None, True)]
)
def test_only_an_explicit_status_closes_the_comments(file: Path, status: str | None, is_open: bool) -> None:
    assert _article(file, comment_status=status).content.comments_open is is_open


def test_an_undeclared_prefix_of_a_plugin_is_no_error(file: Path) -> None:
    items, error = _read(file, export(item(1, more="<plugin:x>1</plugin:x>"), item(2)))
    assert [type(each) for each in items] == [ImportedArticle, ImportedArticle]
    assert not error


def test_a_post_without_any_identifier_is_rejected(file: Path) -> None:
    (skipped,), _ = _read(file, export(item(1, post_id=None, guid=None, link=None)))
    assert isinstance(skipped, Skipped)
    assert skipped.refused


@pytest.mark.parametrize(
    ("changes", "date"),
    [
        ({}, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"post_date_gmt": "0000-00-00 00:00:00"}, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),  # 10:04:05 in Jakarta
        ({"post_date_gmt": "", "post_date": "0000-00-00 00:00:00"}, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"post_date_gmt": "2020-13-45 00:00:00", "post_date": None}, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"post_date_gmt": "", "post_date": "", "pubDate": "Wed, 30 Nov -0001 00:00:00 +0000"}, None),
        ({"post_date_gmt": "", "post_date": "", "pubDate": "some day"}, None),
        ({"post_date_gmt": "", "post_date": "0001-01-01 00:00:00", "pubDate": ""}, None),  # the year 0 in UTC
        ({"post_date_gmt": "9999-12-31 23:00:00", "post_date": "", "pubDate": ""}, None),  # the year 10000 in Jakarta
        ({"post_date_gmt": "", "post_date": "", "pubDate": "Fri, 31 Dec 9999 23:00:00 -1000"}, None),
        ({"post_date_gmt": "", "post_date": "", "pubDate": "Mon, 99999999999 Jan 2020 00:00:00 +0000"}, None),
    ],
)
def test_a_missing_date_is_taken_from_the_other_date_fields(
    file: Path, changes: dict[str, Any], date: datetime | None
) -> None:
    assert _article(file, **changes).content.published_at == date


def test_an_empty_title_is_replaced_by_the_first_words(file: Path) -> None:
    words = "The first words of an article that has no title but a very long first sentence."
    first, second = _articles(file, item(1, title="", content=words), item(2, title="", content=""))
    assert first.content.title == "The first words of an article that has no title but a very…"
    assert second.content.title == "Article 2"
    assert first.notes == ("no title in the export: the first words of the text are used",)
    assert second.notes == ("neither title nor text in the export: the title is 'Article 2'",)


def test_a_heading_that_repeats_the_title_is_not_shown(file: Path) -> None:
    content = _article(file, title="A &amp; b", content="<h1>a &amp; <em>B</em></h1><p>Text.</p>").content
    assert "h2" not in content.body.html
    assert "<h1>" in content.body.source


def test_markup_in_a_title_is_converted_to_text(file: Path) -> None:
    assert _article(file, title="A <em>b</em> &amp; c < d").content.title == "A b & c < d"


@pytest.mark.parametrize(
    ("changes", "slug", "noted"),
    [
        ({"post_name": "a-b"}, "a-b", False),
        ({"post_name": "%ce%b5%cf%80%ce%af"}, "επί", False),
        ({"post_name": "", "title": "My Title"}, "my-title", False),
        ({"post_name": "", "title": "!!!"}, "post-1", False),
        ({"post_name": "contact"}, "article-contact", True),
        ({"post_name": "contact", "post_type": "page"}, "page-contact", True),
        ({"post_name": "2020"}, "article-2020", True),
        ({"post_name": "a.b"}, "a-b", True),
        ({"post_name": "!!!"}, "post-1", True),
        ({"post_name": "", "title": "!!!", "post_id": "1/2 ü"}, "post-1-2-u", False),
    ],
)
def test_a_slug_is_kept_or_made_valid(file: Path, changes: dict[str, Any], slug: str, noted: bool) -> None:
    article = _article(file, **changes)
    assert article.content.slug == slug
    assert any("slug" in note for note in article.notes) is noted


def test_the_suffix_for_a_taken_slug_makes_it_unique(file: Path) -> None:
    suffixes = [_article(file, post_id=number).slug_suffix for number in ("2020", "1/2", "?")]
    assert suffixes == ["2020", "1-2", "8a8de823"]


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://old.example/blog/a/", "/blog/a/"),
        ("https://old.example//a//b.html", "/a/b.html"),
        ("https://old.example/%ce%b5%cf%80/x", "/επ/x"),
        ("https://old.example/?p=1", None),
        ("https://old.example/", None),
        ("https://old.example/post-1/", None),
        ("https://old.example/api/x", None),
        ("https://old.example/a%20b/", None),
        ("https://old.example/%ff/", None),
        ("https://[broken/", None),
        ("", None),
    ],
)
def test_a_valid_old_address_is_kept(file: Path, link: str, path: str | None) -> None:
    assert _article(file, link=link).content.path == path


def test_excess_labels_are_dropped_and_reported(file: Path) -> None:
    labels = "".join(term(f"Label {number}") for number in range(200)) + term("x" * 200)
    article = _article(file, more=labels)
    assert len(article.content.labels) == 20
    assert any("got 200" in note and "Label 199" in note for note in article.notes)
    assert any("longer than 100 characters" in note for note in article.notes)


def test_a_title_that_is_too_long_is_cut_and_reported(file: Path) -> None:
    article = _article(file, title="x" * 400)
    assert len(article.content.title) == 300
    assert article.notes == ("its title has 400 characters: cut to the maximum of 300",)


def test_a_featured_image_may_follow_later_in_the_file(file: Path) -> None:
    address = "<wp:attachment_url>https://o.example/a.jpg</wp:attachment_url>"
    picture = item(9, post_type="attachment", status="inherit", more=address)
    (article,) = _articles(file, item(1, more=meta("_thumbnail_id", 9)), picture)
    assert article.content.image == "https://o.example/a.jpg"


def test_a_manual_excerpt_takes_precedence_over_the_more_tag(file: Path) -> None:
    first, second = _articles(
        file, item(1, excerpt="By <b>hand</b>", content="a<!--more-->b"), item(2, content="a\n\n<!--more-->\n\nb")
    )
    assert (first.content.excerpt, second.content.excerpt) == ("By hand", "a")


def test_markup_that_an_article_cannot_have_is_reported(file: Path) -> None:
    content = '<p class="has-text" style="color:red">a</p><form>b</form><svg></svg><svg></svg>'
    removals = _article(file, content=content).removals
    assert [(each.kind, each.count) for each in removals] == [("<form>", 1), ("<svg>", 2)]


def test_scripts_in_a_post_are_removed(file: Path) -> None:
    assert "x()" not in _article(file, content="a<script>x()</script><p onclick='x()'>b</p>").content.body.html


def test_control_characters_from_wordpress_are_removed(file: Path) -> None:
    assert "a b c" in _article(file, content="a\x0bb\x08c").content.body.html


@pytest.mark.parametrize(
    ("code", "language"), [("en-US", "en"), ("id", "id"), ("id-ID", "id"), ("de-DE", "de"), ("", "id")]
)
def test_the_language_defaults_to_the_export_or_the_site(file: Path, code: str, language: str) -> None:
    file.write_text(export(item(1)).replace("<language>en-US<", f"<language>{code}<"))
    (article,) = read_wordpress(file)
    assert isinstance(article, ImportedArticle)
    assert article.content.language == language


def test_the_language_can_be_chosen(file: Path) -> None:
    file.write_text(export(item(1)))
    (article,) = read_wordpress(file, language="id")
    assert isinstance(article, ImportedArticle)
    assert article.content.language == "id"


def test_truncated_xml_returns_only_complete_items(file: Path) -> None:
    xml = export(item(1), item(2, content="<b>ü</b>\n\n]]> x"), item(3, more=term("A & B")))
    whole, _ = _read(file, xml)
    assert len(whole) == 3
    boundaries = [position for position, character in enumerate(xml) if character in "<>&\n"]
    for position in boundaries[3:-2]:
        cut = xml[:position]
        found, error = _read(file, cut)
        assert found == whole[: cut.count("</item>")]
        assert f"export.xml:{cut.count('\n') + 1}:" in error or f"export.xml:{cut.rstrip().count('\n') + 1}:" in error


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        ("a &nbsp; b", "a b"),
        ("a < b", "a < b"),
        ("a & b", "a & b"),
        ("a &wrong; b", "a &wrong; b"),
        ("a &#1;&#xFFFF; b", "a b"),
        ("a \x02 b", "a b"),
        ("a ]]> b", "a ]]> b"),
    ],
)
def test_characters_that_are_not_escaped_are_read_as_text(file: Path, broken: str, title: str) -> None:
    xml = export(item(1), item(2, title="XX"), item(3)).replace("XX", broken)
    found, error = _read(file, xml)
    assert not error
    first, second, third = (each for each in found if isinstance(each, ImportedArticle))
    assert second.content.title == title
    assert len(second.notes) == 1
    assert (first.notes, third.notes) == ((), ())


def test_damaged_xml_is_refused_with_its_line_and_the_rest_is_read(file: Path) -> None:
    xml = export(item(1), item(2, title="XX", more=comment(1)), item(3)).replace("XX", "a</wrong>")
    found, error = _read(file, xml)
    assert not error
    assert [type(each) for each in found] == [ImportedArticle, Skipped, ImportedArticle]
    assert isinstance(found[1], Skipped)
    assert found[1].refused
    assert f"damaged XML in line {_line(xml, 'a</wrong>')}: " in found[1].reason


def test_an_item_without_its_end_tag_ends_before_the_next(file: Path) -> None:
    xml = export(item(1), item(2).replace("</item>", ""), item(3))
    found, error = _read(file, xml)
    assert not error
    articles = [each for each in found if isinstance(each, ImportedArticle)]
    assert [each.content.title for each in articles] == ["Post 1", "Post 2", "Post 3"]
    assert articles[1].notes == ("its end tag is missing",)


@pytest.mark.parametrize(
    ("data", "title", "noted"),
    [
        (export(item(1, title="Déjà")).encode(), "Déjà", False),
        (export(item(1, title="Déjà")).encode("utf-8-sig"), "Déjà", False),
        (export(item(1, title="Déjà “x”")).encode("cp1252"), "Déjà “x”", True),
        (export(item(1, title="Déjà")).encode("utf-16"), "Déjà", False),
        (export(item(1, title="Déjà")).encode("utf-16-be"), "Déjà", False),
        (export(item(1, title="Déjà")).encode("utf-32"), "Déjà", False),
        (export(item(1, title="Déjà")).replace("UTF-8", "iso-8859-1").encode("latin-1"), "Déjà", False),
        (export(item(1, title="Déjà")).replace("UTF-8", "iso-8859-1").encode(), "Déjà", True),
        (export(item(1, title="日本 表")).replace("UTF-8", "Shift_JIS").encode("shift_jis"), "日本 表", False),
        (export(item(1, title="日本")).replace("UTF-8", "Shift_JIS").encode(), "日本", False),
        (export(item(1, title="Déjà")).replace("UTF-8", "utf8mb4").encode(), "Déjà", False),
        (export(item(1, title="Déjà")).replace("UTF-8", "UTF-16").encode(), "Déjà", False),
        (b"\r\n\n" + export(item(1, title="x")).encode(), "x", False),
        (b"<br />\n<b>Warning</b>: x\n" + export(item(1, title="x")).encode(), "x", False),
    ],
)
def test_the_encoding_of_a_file_is_recognized(file: Path, data: bytes, title: str, noted: bool) -> None:
    found, error = _read(file, data)
    assert not error
    (article,) = found
    assert isinstance(article, ImportedArticle)
    assert article.content.title == title
    assert bool(article.notes) is noted


def test_bytes_that_are_not_utf8_are_counted_for_each_item(file: Path) -> None:
    data = export(item(1), item(2, title="Café déjà"), item(3, title="ü")).encode()
    found, _ = _read(file, data.replace("Café déjà".encode(), "Café déjà".encode("cp1252")))
    notes = [each.notes for each in found if isinstance(each, ImportedArticle)]
    assert notes == [(), ("3 bytes not valid in UTF-8: read as Windows-1252",), ()]


def test_two_exports_in_one_file_are_both_read(file: Path) -> None:
    found, error = _read(file, export(item(1)) + export(item(2)))
    assert not error
    assert [each.content.title for each in found if isinstance(each, ImportedArticle)] == ["Post 1", "Post 2"]


@pytest.mark.parametrize(
    "declarations",
    [
        "<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>",
        "<!ENTITY c SYSTEM 'file:///etc/hostname'>",
        "<!ENTITY % c SYSTEM 'http://127.0.0.1:1/x.dtd'> %c;",
    ],
)
def test_an_export_that_declares_entities_is_rejected(file: Path, declarations: str) -> None:
    xml = export(item(1, title="X")).replace("<rss", f"<!DOCTYPE rss [{declarations}]>\n<rss").replace(">X<", ">&c;<")
    found, error = _read(file, xml)
    assert found == []
    assert "document type declaration" in error


@pytest.mark.parametrize(
    "xml", ["", "no xml", "<html/>", "<rss><channel><item/></channel></rss>", "<rss version='2.0'/>"]
)
def test_another_file_is_not_an_export(file: Path, xml: str) -> None:
    found, error = _read(file, xml)
    assert found == []
    assert "export.xml" in error


def test_a_text_of_more_than_ten_megabytes_is_rejected_and_the_next_is_read(file: Path) -> None:
    found, error = _read(file, export(item(1), item(2, content="x" * 11_000_000), item(3)))
    assert [type(each) for each in found] == [ImportedArticle, Skipped, ImportedArticle]
    assert not error


def test_an_item_within_another_is_read_after_it(file: Path) -> None:
    nested = item(1).replace("</item>", item(2) + "</item>")
    found, error = _read(file, HEAD.format(version="1.2") + nested + TAIL)
    assert not error
    assert [each.content.title for each in found if isinstance(each, ImportedArticle)] == ["Post 1", "Post 2"]


def test_an_invalid_article_is_rejected_and_the_others_are_read(file: Path) -> None:
    """The URL of its first picture is longer than an article allows."""
    far = f"https://o.example/{'x' * 2_000}.jpg"
    found, error = _read(file, export(item(1, content=f'<img src="{far}">'), item(2)))
    assert not error
    refused, article = found
    assert isinstance(refused, Skipped)
    assert refused.refused
    assert refused.reason.startswith("image: must have at most 2000 characters, got 2")
    assert isinstance(article, ImportedArticle)


def test_footnotes_in_the_metadata_of_a_post_are_imported(file: Path) -> None:
    content = 'A<sup data-fn="a1" class="fn"><a id="a1-link" href="#a1">1</a></sup>\n\n<!-- wp:footnotes /-->'
    article = _article(file, content=content, more=meta("footnotes", '[{"id":"a1","content":"the note"}]'))
    assert '<li class="footnote-item" id="section-a1"><p>the note ' in article.content.body.html
    assert "<p>A<sup" in article.content.body.html
    assert article.notes == ()
