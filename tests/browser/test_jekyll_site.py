"""A site that Jekyll builds from the files of its recipe, below a sub-path: search, comments and old URLs."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.embedding import open_form
from tests.browser.generated_sites import (
    SEARCH_BUTTONS,
    GeneratedSite,
    build_with_jekyll,
    check_known_posts,
    is_indexed,
    known_page,
    opened,
    run_kolom,
    serving,
    synchronize,
)
from tests.serving import Site, eventually, send, served

PACKAGES = "jekyll ruby-jekyll-seo-tag ruby-jekyll-redirect-from"


@pytest.fixture(scope="module")
def blog_and_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, GeneratedSite]]:
    if shutil.which("jekyll") is None:
        pytest.skip(f"Jekyll is not installed (Debian: apt-get install {PACKAGES})")
    folder = tmp_path_factory.mktemp("jekyll")
    with serving(folder / "host") as origin:
        settings = ("ModerationMode=none", "Languages=en,id,ar", f"AllowedOrigins={origin}")
        with served("SiteTitle=Kolom", *settings, options=["--empty"]) as blog:
            site = build_with_jekyll(folder / "jekyll", folder / "host", origin, blog)
            report = synchronize(blog, site)
            assert [report["kinds"][kind]["created"] for kind in ("external", "redirect")] == [5, 4]
            assert (report["notes"], report["whole_bodies"], report["unclear_languages"]) == ([], 0, 0)
            assert eventually(lambda: is_indexed(blog, site))
            yield blog, site


def test_every_post_is_known_as_its_author_declared_it(blog_and_site: tuple[Site, GeneratedSite]) -> None:
    check_known_posts(*blog_and_site)


def test_lists_and_drafts_are_not_found(blog_and_site: tuple[Site, GeneratedSite]) -> None:
    blog, site = blog_and_site
    found = send(blog, "/api/search?q=unfinished+OR+train+OR+travel+OR+market")[1]["items"]
    posts = {site.at(post) for post in site.posts.published}
    assert {item["url"] for item in found} <= {*posts, f"{site.url}tickets/"}


def test_the_title_of_a_page_is_plain_text(blog_and_site: tuple[Site, GeneratedSite]) -> None:
    """The JSON-LD of jekyll-seo-tag has it as HTML."""
    blog, site = blog_and_site
    markup = (site.folder / "tickets/index.html").read_text("utf-8")
    assert '"headline":"Trains &amp; tickets"' in markup
    assert known_page(blog, f"{site.url}tickets/")["title"] == "Trains & tickets"


def test_an_old_url_belongs_to_its_post(blog_and_site: tuple[Site, GeneratedSite]) -> None:
    """The recipe says that comments stay when `redirect_from` names the old URL."""
    blog, site = blog_and_site
    for post in site.posts.published:
        assert known_page(blog, f"{site.url}old/{post.slug}/")["url"] == site.at(post)


def test_a_second_run_changes_nothing(blog_and_site: tuple[Site, GeneratedSite]) -> None:
    blog, site = blog_and_site
    printed = run_kolom(blog, "sync", str(site.folder), "--base-url", site.url)
    assert "Nothing has changed: nothing was written." in printed


def test_the_dialog_finds_pages_in_the_language_of_the_page(
    chromium: Browser, blog_and_site: tuple[Site, GeneratedSite], subtests: pytest.Subtests
) -> None:
    _, site = blog_and_site
    for post in (site.posts.english, site.posts.indonesian, site.posts.arabic):
        with subtests.test(post.language), opened(chromium, site.at(post)) as page:
            page.get_by_role("button", name=SEARCH_BUTTONS[post.language], exact=True).click()
            page.locator("kolom-search").get_by_role("combobox").fill(post.title.split()[-1])
            expect(page.locator(f'[role=option][href="{site.at(post)}"]')).to_contain_text(post.title)
            assert page.locator("main").evaluate("each => getComputedStyle(each).direction") == (
                "rtl" if post.language == "ar" else "ltr"
            )


def test_a_page_is_commented_on_and_counted(chromium: Browser, blog_and_site: tuple[Site, GeneratedSite]) -> None:
    _, site = blog_and_site
    post = site.posts.english
    with opened(chromium, site.at(post)) as page:
        page.locator("kolom-comments").scroll_into_view_if_needed()
        form = open_form(page)
        form.get_by_label("Comment").fill("Written on a page of Jekyll.")
        form.get_by_label("Name", exact=True).fill("Komang")
        form.get_by_role("button", name="Send").click()
        expect(page.get_by_role("article").filter(has_text="Written on a page of Jekyll.")).to_be_visible()
        expect(page.locator("kolom-related").get_by_role("link", name=site.posts.related.title)).to_be_visible()
    with opened(chromium, site.url) as page:
        row = page.get_by_role("listitem").filter(has_text=post.title)
        expect(row.get_by_role("link", name="1 comment", exact=True)).to_be_visible()
