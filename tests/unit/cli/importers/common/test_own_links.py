"""Rewriting links to the articles of an export."""

import pytest

from kolom_cli.importers.common.own_links import LinkRewriter, OldUrls, host_key, path_key
from kolom_cli.importers.common.path_plan import PathPlan
from kolom_cli.terminal.report import LinkCounts

HERE = "/2012/01/hello/"


def _links() -> LinkRewriter:
    by_path = {path_key("/2012/01/hello/"): HERE, path_key("/b%C3%A9/"): "/b%C3%A9/"}
    old_urls = OldUrls(frozenset({"old.example"}), by_path, {"/?p=12": HERE})
    return LinkRewriter(old_urls, old_urls.is_own)


@pytest.mark.parametrize(
    "url",
    [
        *("http://old.example/2012/01/hello/", "https://www.old.example/2012/01/hello", "//old.example/2012/01/hello/"),
        *("HTTP://OLD.example/2012/01/hello/", "http://old.example:80//2012//01/hello/?share=x"),
        *("http://old.example/?p=12", "http://old.example/?page_id=12", "https://old.example/index.php?p=12"),
        *("http://old.example/?p=12&preview=true", "/?p=12", "?p=12", "http://old.example/blog/?p=12"),
        *(
            "http://old.example/2012/01/hello/comment-page-2/",
            "http://old.example/2012/01/hello/2/",
            " /2012/01/hello ",
        ),
        "http://old.example/2012/01/hello/amp/",
    ],
)
def test_a_url_of_an_own_article_leads_to_it(url: str) -> None:
    links = _links()
    assert links(url) == HERE
    assert links(f"{url.strip()}#part") == f"{HERE}#section-part"
    assert links.counts == LinkCounts(to_articles=2)


@pytest.mark.parametrize(
    ("url", "counts"),
    [
        ("http://old.example/2012/01/other/", LinkCounts(to_pages=1)),
        ("http://old.example/?p=13", LinkCounts(to_pages=1)),
        ("http://old.example/2012/01/hello/?p=13", LinkCounts(to_pages=1)),
        ("http://old.example/", LinkCounts(to_pages=1)),
        ("http://old.example/category/x/", LinkCounts(to_pages=1)),
        ("https://old.example/wp-content/uploads/a", LinkCounts(to_files=1)),
        ("https://old.example/x/a.JPG?w=3", LinkCounts(to_files=1)),
        ("http://else.example/2012/01/hello/", LinkCounts()),
        ("http://old.example.com/2012/01/hello/", LinkCounts()),
        ("ftp://old.example/2012/01/hello/", LinkCounts()),
        ("mailto:me@old.example", LinkCounts()),
        ("http://[old.example/2012/01/hello/", LinkCounts()),
        ("hello/", LinkCounts()),
        ("#top", LinkCounts()),
        ("", LinkCounts()),
    ],
)
def test_other_urls_stay_and_those_of_the_old_site_are_counted(url: str, counts: LinkCounts) -> None:
    links = _links()
    assert links(url) == url
    assert links.counts == counts


@pytest.mark.parametrize("host", ["münchen.example", "xn--mnchen-3ya.example", "WWW.MÜNCHEN.example."])
def test_an_internationalized_host_is_recognized_in_both_forms(host: str) -> None:
    own = OldUrls(frozenset({host_key("https://münchen.example/")}), {path_key("/a/"): "/a/"})
    assert own(f"http://{host}/a/") == "/a/"


def test_only_the_targets_of_links_change_in_html() -> None:
    markup = """<p><a class=x href='http://old.example/?p=12&amp;preview=1'>a</a> <A HREF=http://old.example/b%C3%A9/#x>b</A>
<img src="http://old.example/2012/01/hello/"> http://old.example/?p=12 &lt;a href="http://old.example/?p=12"&gt;
<a data-href="http://old.example/?p=12" title=">">c</a></p>"""
    expected = markup.replace("'http://old.example/?p=12&amp;preview=1'", f'"{HERE}"')
    expected = expected.replace("http://old.example/b%C3%A9/#x", '"/b%C3%A9/#section-x"')
    assert _links().in_html(markup) == expected


def test_links_in_the_text_of_a_comment_keep_their_words() -> None:
    links = _links()
    markup = (
        "See http://old.example/?p=12&amp;x=1, (https://www.old.example/2012/01/hello/) and http://else.example/.<br>"
        "<a href='http://old.example/?p=12'>http://old.example/?p=12</a> http://old.example/?p=13"
    )
    here = f"https://new.example{HERE}"
    assert links.in_comment(markup, lambda path: f"https://new.example{path}") == (
        f'See <a href="{here}">http://old.example/?p=12&amp;x=1</a>, (<a href="{here}">'
        "https://www.old.example/2012/01/hello/</a>) and http://else.example/.<br>"
        f'<a href="{here}">http://old.example/?p=12</a> http://old.example/?p=13'
    )
    assert links.pop_counts() == LinkCounts(to_articles=3, to_pages=1)
    assert links.counts == LinkCounts()


def test_many_unclosed_links_take_linear_time() -> None:
    assert len(_links().in_comment("<a href='/?p=12'>" * 50_000, str)) > 0


def test_addresses_are_planned_like_an_import_assigns_them() -> None:
    plan = PathPlan()
    assert plan.add("/2012/x/", "x", "1") == "/2012/x/"
    assert plan.add("/2012/x/", "x", "2") == "/x-2/"
    assert plan.add(None, "x-2", "3") == "/x-2-3/"
    assert plan.add(None, "\u00e9", "4") == "/%C3%A9/"
