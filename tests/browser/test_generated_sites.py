"""Sites that Pelican and Eleventy build from the files of their recipes: search, comments, light and dark."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.generated_sites import (
    SEARCH_BUTTONS,
    GeneratedSite,
    GeneratedSites,
    check_known_posts,
    generated_sites,
    opened,
)
from tests.serving import send

SITES = ("pelican", "eleventy")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeneratedSites]:
    with generated_sites(tmp_path_factory.mktemp("sites")) as sites:
        yield sites


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, sites: GeneratedSites) -> GeneratedSite:
    found: GeneratedSite = getattr(sites, request.param)
    return found


def test_every_post_is_known_as_its_author_declared_it(sites: GeneratedSites, site: GeneratedSite) -> None:
    check_known_posts(sites.blog, site)


def test_lists_and_drafts_are_not_found(sites: GeneratedSites) -> None:
    for report in sites.reports:
        assert report["created"] == 4
        assert [item for item in report["skipped_items"] if item["refused"]] == []
        assert (report["notes"], report["whole_bodies"], report["unclear_languages"]) == ([], 0, 0)
    found = send(sites.blog, "/api/search?q=unfinished+OR+ferry+OR+train+OR+travel+OR+posts")[1]["items"]
    posts = {site.at(post) for site in (sites.pelican, sites.eleventy) for post in site.posts.published}
    assert {item["url"] for item in found} <= posts
    draft = sites.pelican.folder / f"drafts/{sites.pelican.posts.draft.slug}.html"
    assert "unfinished" in draft.read_text("utf-8")
    assert send(sites.blog, f"/api/paths?url={sites.pelican.url}drafts/{draft.name}")[0] == 404


def test_the_dialog_finds_pages_in_the_language_of_the_page(
    chromium: Browser, site: GeneratedSite, subtests: pytest.Subtests
) -> None:
    posts = site.posts
    for post in (posts.english, posts.indonesian, posts.arabic):
        word = post.title.split()[-1]
        with subtests.test(post.language), opened(chromium, site.at(post)) as page:
            page.get_by_role("button", name=SEARCH_BUTTONS[post.language], exact=True).click()
            page.locator("kolom-search").get_by_role("combobox").fill(word)
            option = page.locator(f'[role=option][href="{site.at(post)}"]')
            expect(option).to_contain_text(post.title)


def test_the_search_page_has_a_box_with_results(chromium: Browser, sites: GeneratedSites) -> None:
    posts = sites.eleventy.posts
    with opened(chromium, f"{sites.eleventy.url}search/?q=night+label:lists") as page:
        results = page.locator("kolom-search")
        expect(results.get_by_role("link", name=posts.related.title)).to_be_visible()
        box = results.get_by_role("searchbox").or_(results.get_by_role("combobox")).first
        box.fill("peron")
        box.press("Enter")
        link = results.get_by_role("link", name=posts.indonesian.title)
        expect(link).to_have_attribute("href", sites.eleventy.at(posts.indonesian))


def test_related_pages_are_shown(chromium: Browser, site: GeneratedSite) -> None:
    with opened(chromium, site.at(site.posts.english)) as page:
        related = page.locator("kolom-related")
        related.scroll_into_view_if_needed()
        expect(related.get_by_role("link", name=site.posts.related.title)).to_be_visible()
        expect(related.get_by_role("link", name=site.posts.draft.title)).to_have_count(0)


def test_comments_are_moderated_shown_and_counted(chromium: Browser, sites: GeneratedSites) -> None:
    both = (sites.pelican, sites.eleventy)
    for site in both:
        with opened(chromium, site.at(site.posts.english)) as page:
            page.locator("kolom-comments").scroll_into_view_if_needed()
            form = page.get_by_role("form", name="Write a comment")
            form.get_by_label("Comment").fill(f"A comment on {site.url}.")
            form.get_by_label("Name", exact=True).fill("Komang")
            form.get_by_role("button", name="Send").click()
            expect(page.get_by_role("article").filter(has_text=site.url)).to_be_visible()
        with opened(chromium, site.at(site.posts.english)) as page:
            page.locator("kolom-comments").scroll_into_view_if_needed()
            expect(page.get_by_role("form", name="Write a comment")).to_be_visible()
            expect(page.get_by_text("A comment on")).to_have_count(0)
    sites.approve_comments()
    for site in both:
        with opened(chromium, site.url) as page:
            row = page.get_by_role("listitem").filter(has_text=site.posts.english.title)
            count = row.get_by_role("link", name="1 comment", exact=True)
            expect(count).to_be_visible()
            expect(page.get_by_role("link", name="0 comments", exact=True)).to_have_count(3)
            count.click()
            expect(page.get_by_role("article").filter(has_text=site.url)).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_elements_follow_the_colours_of_the_site(chromium: Browser, site: GeneratedSite, scheme: str) -> None:
    with opened(chromium, site.at(site.posts.arabic), color_scheme=scheme) as page:
        comments = page.locator("kolom-comments")
        comments.scroll_into_view_if_needed()
        expect(comments.get_by_role("form")).to_be_visible()
        ink = page.locator("body").evaluate("body => getComputedStyle(body).color")
        for name in ("kolom-comments", "kolom-search"):
            found = page.locator(name).evaluate(
                "each => [getComputedStyle(each).colorScheme, getComputedStyle(each).color]"
            )
            assert found == [scheme, ink], name
        assert page.locator("kolom-comments").evaluate("each => getComputedStyle(each).direction") == "rtl"


def test_a_theme_switch_changes_the_elements(chromium: Browser, site: GeneratedSite) -> None:
    with opened(chromium, site.at(site.posts.english), color_scheme="light") as page:
        page.locator("kolom-comments").scroll_into_view_if_needed()
        expect(page.locator("kolom-comments").get_by_role("form")).to_be_visible()
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.wait_for_function("getComputedStyle(document.querySelector('kolom-comments')).colorScheme === 'dark'")


def test_an_origin_that_is_not_allowed_reads_why(chromium: Browser, sites: GeneratedSites) -> None:
    """The recipes name no blog beside the script: its origin is the blog."""
    url = sites.pelican.at(sites.pelican.posts.english).replace("127.0.0.1", "localhost")
    context = chromium.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(url)
    page.locator("kolom-comments").scroll_into_view_if_needed()
    expect(page.locator("kolom-comments").get_by_role("status")).to_contain_text("cannot be loaded")
    page.wait_for_timeout(500)
    context.close()
    assert [text for text in said if re.search(rf"the blog at {sites.blog} does not allow this site", text)]
