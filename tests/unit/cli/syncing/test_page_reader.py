"""Reading a page: what it declares about itself, and its main text."""

import json
import re
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.syncing.page_reader import read_page
from kolom_cli.syncing.types import Content, Excluded, Page, PageError, Redirect

URL = "https://example.com/posts/one/"
ZONE = ZoneInfo("Asia/Jakarta")


def outcome(markup: str | bytes, **values: Any) -> Page | Redirect | Excluded:
    data = markup if isinstance(markup, bytes) else markup.encode()
    return read_page(Content(data, **values), URL, ZONE)


def read(head: str = "", body: str = "<main><p>Text</p></main>", html: str = "") -> Page:
    title = "" if "<title>" in head else "<title>T</title>"
    found = outcome(f"<!DOCTYPE html><html {html}><head>{title}{head}</head><body>{body}</body></html>")
    assert isinstance(found, Page)
    return found


def linked(value: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


@pytest.mark.parametrize(
    "value",
    [
        {"@type": "BlogPosting", "headline": "A"},
        {"@type": ["Thing", "https://schema.org/NewsArticle"], "name": "A"},
        [{"@type": "WebSite", "name": "X"}, {"@type": "Article", "headline": ["A", "B"]}],
        {"@graph": [{"@type": "WebPage", "name": "X"}, {"@type": "TechArticle", "headline": {"@value": "A"}}]},
        {"@type": "WebPage", "name": "X", "mainEntity": {"@type": "Article", "headline": "A"}},
    ],
)
def test_an_article_in_json_ld_is_found_in_every_usual_form(value: Any) -> None:
    assert read(linked(value)).title == "A"


@pytest.mark.parametrize("script", ["{", "[" * 10_000, "", "null", '{"@type": {"a": 1}, "headline": 3}', "[1, [2], 3]"])
def test_json_ld_that_is_not_usable_is_ignored(script: str) -> None:
    page = read(f'<script type="application/ld+json">{script}</script>')
    assert page.title == "T"
    assert page.notes in {(), ("its JSON-LD is not valid and not used",)}


def test_values_of_json_ld_that_are_nested_too_deeply_are_ignored() -> None:
    deep = '{"name":' * 1_500 + '"x"' + "}" * 1_500
    assert read(f'<script type="application/ld+json">{{"@type": "Article", "headline": {deep}}}</script>').title == "T"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Night trains | Site", "Night trains"),
        ("Site - Night trains", "Night trains"),
        ("Night trains: Site", "Night trains"),
        ("Site", "Site"),
        ("Night trains of Java", "Night trains of Java"),
        ("Reading-Night trains", "Reading-Night trains"),
    ],
)
def test_a_first_heading_that_the_title_adds_the_site_to_is_the_title(title: str, expected: str) -> None:
    body = "<header><h1>Site</h1></header><main><h2><a href='/x'>Night trains</a></h2><h3>Site</h3></main>"
    assert read(f"<title>{title}</title>", body).title == expected


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", "", "Rust: the first year"),
        ('<meta property="og:site_name" content="Site">', "<a href=/>Site</a>", "Rust: the first year"),
        ('<meta property="og:site_name" content="The First Year">', "", "Rust"),
        ('<meta name="application-name" content="the first year">', "", "Rust"),
        ("", "<h1>The first year</h1>", "Rust"),
        ("", "<a href='../../'>The <b>first year</b></a>", "Rust"),
        (
            "",
            "<a href='/tags/'>The first year</a><a href='#top'>The first year</a><a>The first year</a>",
            "Rust: the first year",
        ),
        ("", "<a rel='home' href='/blog/'>The first year</a>", "Rust"),
    ],
)
def test_only_the_name_of_the_site_is_removed_from_a_title(head: str, body: str, expected: str) -> None:
    page = read(
        f"<title>Rust: the first year</title>{head}", f"<header>{body}</header><main><h2>Rust</h2><p>Text.</p></main>"
    )
    assert page.title == expected


def test_a_heading_that_begins_the_title_is_not_the_title() -> None:
    assert read("<title>1984 - A review</title>", "<main><h2>1984</h2><p>Text.</p></main>").title == "1984 - A review"
    assert read("<title>- Site</title>", "<h1>Site</h1><main><p>Text.</p></main>").title == "- Site"


def test_a_heading_of_any_level_that_repeats_the_title_begins_the_text() -> None:
    head = '<title>Night trains - Site</title><meta property="og:site_name" content="Site">'
    page = read(head, "<main><h2>Night trains</h2><p>Text.</p><h2>Tickets</h2></main>")
    assert "<h1>Night trains</h1>" in page.html
    assert "<h2>Tickets</h2>" in page.html
    assert "<h1>" not in read("<title>Other</title>", "<main><h2>Night trains</h2><p>Text.</p></main>").html


def test_the_first_declaration_of_a_field_counts() -> None:
    own = '<b data-kolom-meta="title">Own <i>title</i></b><i data-kolom-meta="date:2020-01-01"></i>'
    ld = linked({"@type": "Article", "headline": "Linked", "datePublished": "2021-01-01", "author": {"name": "Siti"}})
    graph = (
        '<meta property="og:title" content="Graph"><meta property="article:published_time" content="2022-01-01T00:00Z">'
    )
    text = '<main><h1>Heading</h1><time datetime="2023-01-01">x</time></main>'
    assert read(ld + graph, own + text).title == "Own title"
    assert read(ld + graph, text).title == "Linked"
    assert read(graph, text).title == "Graph"
    assert read("", text).title == "Heading"
    assert read().title == "T"
    dates = [
        read(*given).published_at for given in ((ld + graph, own + text), (ld + graph, text), (graph, text), ("", text))
    ]
    assert [each.year if each else None for each in dates] == [2019, 2020, 2022, 2022]
    assert dates[2] == datetime(2022, 1, 1, tzinfo=UTC)
    assert dates[0] == datetime(2020, 1, 1, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("declared", "shown", "expected"),
    [
        ("Fish &amp; chips", "Fish &amp; chips", "Fish & chips"),
        ("x &lt; y &quot;z&quot;", "x &lt; y &quot;z&quot;", 'x < y "z"'),
        ("How to write &amp;", "How to write &amp;amp;", "How to write &amp;"),
        ("How to write &amp;", "", "How to write &amp;"),
        ("Fish & chips", "Fish &amp; chips", "Fish & chips"),
    ],
)
def test_json_ld_with_the_markup_of_a_meta_is_plain_text(declared: str, shown: str, expected: str) -> None:
    """Some generators write HTML into JSON-LD; a title about HTML stays as it is."""
    page = read(
        linked({"@type": "Article", "headline": declared, "description": declared})
        + f'<meta property="og:title" content="{shown}">'
    )
    assert (page.title, page.description) == (expected, expected)


def test_a_marked_time_precedes_the_first_one() -> None:
    times = '<time datetime="2020-05-05">x</time><time class="dt-published" datetime="2021-05-05">x</time>'
    assert read(body=f"<main>{times}</main>").published_at == datetime(2021, 5, 5, tzinfo=ZONE)


def test_unknown_keys_of_attributes_are_noted() -> None:
    (note,) = read(body='<main data-kolom-meta="titel:x">Text</main>').notes
    assert note.startswith("data-kolom-meta has the unknown key 'titel': known are author, comments")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<main><p>a</p></main><article>b</article>", "a"),
        ("<main><article>a</article><section>b</section></main>", "a"),
        ("<main>x<article>a</article><article>b</article></main>", "x a b"),
        ("<article>a</article><article>longer</article>", "longer"),
        ('<div role="main">a</div><p>b</p>', "a"),
        ("<main>a<div data-kolom-body>b</div></main><p data-kolom-body>c</p>", "b c"),
        ("<header>x</header><p>a</p><nav>y</nav><footer>z</footer>", "a"),
        ("<main><header>a</header><nav>b</nav><div hidden>c</div><i aria-hidden=true>d</i>e</main>", "a e"),
        ("<main>a<kolom-comments><a href=/x>b</a></kolom-comments><form>c</form><script>d</script></main>", "a"),
        ("<main>a<template>b</template><noscript>c</noscript><div data-kolom-ignore>d</div>e</main>", "a e"),
        ("<aside><div data-kolom-body>a</div></aside>", "a"),
        ("<div data-kolom-ignore><p data-kolom-body>x</p></div><main>a</main>", "a"),
    ],
)
def test_the_main_text_is_what_the_page_marks(body: str, text: str) -> None:

    assert re.sub(r"<[^>]*>", " ", read(body=body).html).split() == text.split()


def test_links_and_pictures_become_absolute_but_not_links_within_the_page() -> None:
    body = (
        '<main><a href="../two/">x</a><a href="#a">y</a><img src="/i.png"><a href="http://[x">z</a><video poster=p.png>'
    )
    html = read('<base href="https://cdn.example/base/">', body).html
    assert 'href="https://cdn.example/two/"' in html
    assert 'href="#a"' in html
    assert 'src="https://cdn.example/i.png"' in html
    assert 'poster="https://cdn.example/base/p.png"' in html
    assert "[x" not in html


def test_links_of_headings_to_themselves_are_removed_and_keep_their_id() -> None:
    body = '<main><h2><a id="a" href="#a">#</a>One</h2><h2 id="b">Two <a href="#b">Permalink</a></h2>'
    body += '<h2><a href="#c">C</a></h2>'
    page = read(body=body)
    assert page.html.count("<a") == 1
    assert '<h2 id="a">One</h2>' in page.html
    assert page.heading_ids == {"a", "b"}
    body = '<main><section id="s"><h2>One</h2></section><h2><a name="n"></a>Two</h2><h2>Three<a id="t"></a></h2></main>'
    assert read(body=body).heading_ids == {"s", "n", "t"}
    assert read(body='<main><h1>Title<a href="#title">¶</a></h1></main>').title == "Title"


@pytest.mark.parametrize(
    ("markup", "target"),
    [
        ('<meta http-equiv="refresh" content="0; url=/two/">', "https://example.com/two/"),
        ("<meta http-equiv=Refresh content='0;URL=\"https://example.com/tw%C3%B6\"'>", "https://example.com/tw%C3%B6"),
        ('<meta http-equiv="refresh" content="3, ../zwei ü/#x">', "https://example.com/posts/zwei%20%C3%BC/"),
        ('<meta name=robots content=noindex><meta http-equiv=refresh content="0;url=.">', URL),
    ],
)
def test_a_page_that_leads_on_at_once_is_a_redirect(markup: str, target: str) -> None:
    assert outcome(markup) == Redirect(target)


@pytest.mark.parametrize("content", ["30", "60; url=/x", "", "x"])
def test_a_page_that_reloads_itself_is_not_a_redirect(content: str) -> None:
    assert read(f'<meta http-equiv="refresh" content="{content}">').title == "T"


def test_a_refresh_that_is_made_to_cost_time_is_not_a_redirect() -> None:
    start = time.process_time()
    for content in ("9" * 5_000 + ";url=/b", "1" + " " * 30_000 + "''"):
        read(f'<meta http-equiv="refresh" content="{content}">')
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("markup", "values"),
    [
        ('<meta name="robots" content="NOINDEX,follow"><title>x</title>', {}),
        ('<meta name="googlebot" content="none"><title>x</title>', {}),
        ("<title>x</title>", {"robots": "googlebot: nofollow, noindex"}),
        ("<html data-kolom-ignore><title>x</title>", {}),
        ("<title>x</title><body data-kolom-ignore>", {}),
        ('<title>x</title><i data-kolom-meta="search:off"></i>', {}),
    ],
)
def test_a_page_can_exclude_itself(markup: str, values: dict[str, str]) -> None:
    assert isinstance(outcome(markup, **values), Excluded)


def test_canonical_urls_are_absolute_encoded_and_without_fragment() -> None:
    assert read('<link rel="Canonical" href="/ü?p=1#x">').canonical == "https://example.com/%C3%BC?p=1"
    twice = '<link rel=canonical href="https://example.com/a"><link rel=canonical href="https://www.example.com/a/">'
    assert read(twice).canonical == "https://example.com/a"
    assert read().canonical == URL


def test_the_host_of_a_canonical_url_is_the_one_that_browsers_contact() -> None:
    for href, host in (("https://straße.example/a", "xn--strae-oqa.example"), ("//bücher:81/a", "xn--bcher-kva:81")):
        assert read(f'<link rel="canonical" href="{href}">').canonical == f"https://{host}/a"


@pytest.mark.parametrize("href", ["javascript:alert(1)", "http://[x/", "mailto:a@b.example", f"/{'x' * 3_000}"])
def test_a_canonical_url_that_cannot_be_one_is_refused(href: str) -> None:
    with pytest.raises(PageError, match="canonical URL"):
        read(f'<link rel="canonical" href="{href}">')


@pytest.mark.parametrize(
    ("data", "charset", "title"),
    [
        ("<title>Café</title>".encode(), None, "Café"),
        ("<meta charset=windows-1252><title>Café</title>".encode("cp1252"), None, "Café"),
        ("<title>Café</title>".encode("cp1252"), "windows-1252", "Café"),
        (b"\xef\xbb\xbf" + "<meta charset=latin-1><title>Café</title>".encode(), None, "Café"),
        (b"\xff\xfe" + "<title>Café</title>".encode("utf-16-le"), None, "Café"),
        ('<?xml version="1.0" encoding="utf-8"?><html><title>Café</title></html>'.encode(), None, "Café"),
        ("<title>カフェ</title>".encode("shift_jis"), "shift_jis", "カフェ"),
    ],
)
def test_the_character_set_is_that_of_the_mark_the_response_or_the_page(
    data: bytes, charset: str | None, title: str
) -> None:
    found = outcome(data, charset=charset)
    assert isinstance(found, Page)
    assert found.title == title


@pytest.mark.parametrize("charset", ["hex", "rot13", "idna", "nonsense", "undefined", "\0"])
def test_an_unusable_character_set_is_refused(charset: str) -> None:
    with pytest.raises(PageError, match="character set"):
        outcome(b"<title>x\xff</title>", charset=charset)


def test_deep_nesting_and_many_elements_are_read() -> None:
    assert "Text" in read(body=f"<main>{'<div>' * 500}Text").html
    assert read(body=f"<main>{'<div>' * 20_000}Text").title == "T"
    assert read(body=f"<main>{'<p><b>x</b>' * 50_000}</main>").title == "T"


PIECES = st.lists(
    st.sampled_from(
        [
            *("<", ">", "<main>", "</main>", "<article>", "<h1>", "</h1>", "<title>", "</title>", "<time datetime=x>"),
            *("<meta name=robots content=", "<link rel=canonical href=", "<base href=//[>", "<a href=http://[>", '"'),
            *("<script type=application/ld+json>", "</script>", "<div data-kolom-body>", "<i data-kolom-meta=date:>"),
            *(
                "<meta http-equiv=refresh content='0;url=",
                "&#0;",
                "&#xD800;",
                "\0",
                "\ud7ff",
                "<!--",
                "]]>",
                "<?x",
                "ü",
            ),
            *(
                "<meta property=og:image content=http://[>",
                "<meta property=article:published_time content=0>",
                "{",
                "}",
            ),
        ]
    ),
    max_size=30,
).map("".join)


@given(st.one_of(PIECES.map(str.encode), st.binary(max_size=300)))
def test_no_page_has_an_unexpected_error(data: bytes) -> None:
    with suppress(PageError):
        assert isinstance(outcome(data), Page | Redirect | Excluded)
