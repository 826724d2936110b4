"""Rendering of every kind of page, and its safety."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import pairwise
from xml.etree.ElementTree import Element

import html5lib
import pytest

from kolom.articles.types import AdjacentArticle, Body, LabelCount, MonthCount, PublishedArticle
from kolom.comments.reply_subscriptions import Action, SubscriptionLink
from kolom.errors import Conflict
from kolom.http.api import FormResponder
from kolom.i18n.locale import find_locale, site_locale
from kolom.pages import subscription, views
from kolom.pages.article_extras import ArticleExtras
from kolom.pages.forms import comment_form_response, contact_form_response
from kolom.pages.response import HtmlResponse
from kolom.rendering.types import Heading
from tests.unit.pages.samples import HOSTILE, article, card, card_page, comment, comment_page, reading

XHTML = "{http://www.w3.org/1999/xhtml}"
LONG = Body(
    html='<h2 id="part-one">One</h2><h3 id="part-two">Two</h3><h2 id="bagian-é">Three</h2>',
    toc=(Heading("part-one", 2, "One"), Heading("part-two", 3, "Two"), Heading("bagian-é", 2, "Three <i>")),
)


def article_page(shown: PublishedArticle, extras: ArticleExtras | None = None) -> HtmlResponse:
    """Return the page of an article; ``extras`` are its comments and related articles, by default none."""
    return views.render_article(shown, extras or ArticleExtras(comments=comment_page(), is_open=False))


def sent(form: FormResponder, became: str) -> HtmlResponse:
    """Return the page that responds to a form in which every value is hostile."""
    fields = dict.fromkeys(("name", "email", "website", "subject", "content", "message", "parent_id"), HOSTILE)
    errors = [{"field": field, "message": HOSTILE} for field in (*fields, "form_token", "other")]
    status, body = {
        "taken": (201, {"status": "approved"}),
        "refused": (422, {"detail": HOSTILE, "errors": errors}),
        "busy": (503, {"detail": HOSTILE}),
        "not read": (413, {"detail": HOSTILE}),
    }[became]
    event = {"rawPath": "/api/articles/hello/comments", "headers": {}}
    answer = form(
        event, {} if became == "not read" else fields, {"statusCode": status, "headers": {}, "body": json.dumps(body)}
    )
    return HtmlResponse(answer["statusCode"], answer["body"], answer["headers"])


def link(action: Action) -> SubscriptionLink:
    """Return a subscription link."""
    return SubscriptionLink(action, 1, "0" * 32, 0)


PAGES: dict[str, Callable[[], HtmlResponse]] = {
    "home": lambda: views.render_home(card_page(card(), card(language="en"), total=9, next_cursor="abc")),
    "home, empty": lambda: views.render_home(card_page()),
    "home, continued": lambda: views.render_home(card_page(card()), cursor="abc"),
    "label": lambda: views.render_label("Politik", card_page(card())),
    "month": lambda: views.render_months(2026, 2, card_page(card())),
    "year": lambda: views.render_months(2026, None, card_page(card())),
    "labels": lambda: views.render_labels([LabelCount("Politik", 2), LabelCount("C#", 1)]),
    "archive": lambda: views.render_archive([MonthCount(2026, 2, 1_234), MonthCount(2025, 12, 1)]),
    "archive, empty": lambda: views.render_archive([]),
    "contact": views.render_contact,
    **{
        f"{form.__name__}, {became}": (lambda form=form, became=became: sent(form, became))  # type: ignore[misc]
        for form in (comment_form_response, contact_form_response)
        for became in ("taken", "refused", "busy", "not read")
    },
    **{
        f"subscription, {action}": (lambda action=action: subscription.render_confirmation(link(action), site_locale()))  # type: ignore[misc]
        for action in ("confirm", "leave")
    },
    "subscription, done": lambda: subscription.render_result(link("leave"), site_locale()),
    "subscription, failed": lambda: subscription.render_failure(Conflict("left"), site_locale()),
    "article": lambda: article_page(
        reading(body=LONG, previous=AdjacentArticle("a", "/a/", "A"), following=AdjacentArticle("b", "/b/", "B"))
    ),
    "article in English": lambda: article_page(reading(language="en-GB")),
    "article in Arabic": lambda: article_page(reading(language="ar")),
    "article in Persian": lambda: article_page(reading(language="fa")),
    "article, updated": lambda: article_page(reading(updated_at=datetime(2026, 3, 1, tzinfo=UTC))),
    "article with comments": lambda: article_page(
        reading(title="Hello"),
        ArticleExtras(
            comments=comment_page(
                comment(),
                comment("2", parent_id="1", is_owner=True, website="https://a.example"),
                comment("3", parent_id="2", deleted=True),
                comment("4", parent_id="0"),
                total=23,
                next_cursor="a b",
            ),
            related=(card(), card(language="ar")),
            reply_to_id="1",
        ),
    ),
    "article whose comments cannot be read": lambda: article_page(reading(), ArticleExtras(comments=None)),
    "hostile comment": lambda: article_page(
        reading(),
        ArticleExtras(comments=comment_page(comment(name=HOSTILE)), related=(card(title=HOSTILE),), reply_to_id="1"),
    ),
    "free page": lambda: article_page(reading(kind="page", labels=())),
    "preview": lambda: views.render_preview(article(status="draft", published_at=None), Body(html="<p>x</p>")),
    "hostile article": lambda: article_page(
        reading(
            title=HOSTILE,
            excerpt=HOSTILE,
            description=HOSTILE,
            author=HOSTILE,
            labels=(HOSTILE,),
            previous=AdjacentArticle("a", "/a/", HOSTILE),
            body=Body(html="", toc=tuple(Heading(f"a-{number}", 2, HOSTILE) for number in range(3))),
        )
    ),
    "hostile list": lambda: views.render_label(
        HOSTILE, card_page(card(title=HOSTILE, excerpt=HOSTILE, labels=(HOSTILE,)))
    ),
    "hostile labels": lambda: views.render_labels([LabelCount(HOSTILE, 1)]),
    **{
        str(int(status)): (lambda status=status: views.render_problem(status))  # type: ignore[misc]
        for status in (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.GONE,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.SERVICE_UNAVAILABLE,
        )
    },
}

each_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


def parse(page: HtmlResponse) -> Element:
    """Return the page's tree; any parse error of the HTML standard fails the test."""
    tree: Element = html5lib.HTMLParser(strict=True).parse(page.html)
    return tree


def find_all(page: HtmlResponse, path: str) -> list[Element]:
    return parse(page).findall("." + path.replace("//", f"//{XHTML}"))


def attributes(page: HtmlResponse, path: str, name: str) -> list[str | None]:
    return [found.get(name) for found in find_all(page, path)]


@each_page
def test_every_page_is_valid_html_with_one_main_heading_and_landmarks(page: Callable[[], HtmlResponse]) -> None:
    made = page()
    assert len(find_all(made, "//h1")) == 1
    assert len(find_all(made, "//main")) == 1
    assert find_all(made, "//header")
    assert find_all(made, "//footer")
    assert "".join(find_all(made, "//title")[0].itertext()).strip()


@each_page
def test_headings_skip_no_level(page: Callable[[], HtmlResponse]) -> None:
    levels = [
        int(found.tag[-1])
        for found in parse(page()).iter()
        if isinstance(found.tag, str) and found.tag.removeprefix(XHTML) in {"h1", "h2", "h3", "h4"}
    ]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@each_page
def test_no_page_has_inline_styles_or_scripts(page: Callable[[], HtmlResponse]) -> None:
    """The Content-Security-Policy has no 'unsafe-inline'."""
    made = page()
    for found in parse(made).iter():
        names = set(found.keys())
        assert "style" not in names
        assert not any(name.startswith("on") for name in names)
    assert not find_all(made, "//style")
    assert set(attributes(made, "//script", "type")) <= {"application/ld+json", "module"}
    assert not [found.text for found in find_all(made, "//script[@type='module']") if found.text]
    assert "unsafe-inline" not in made.headers["Content-Security-Policy"]


@each_page
def test_ids_are_unique_and_the_skip_link_has_a_target(page: Callable[[], HtmlResponse]) -> None:
    tree = parse(page())
    ids = [found.get("id") for found in tree.iter() if found.get("id")]
    assert len(ids) == len(set(ids))
    assert "content" in ids


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("hostile")])
def test_titles_and_labels_never_become_markup(name: str) -> None:
    made = PAGES[name]()
    scripts = find_all(made, "//script")
    assert all("alert" not in "".join(script.itertext()) or script.get("type") for script in scripts)
    assert "<script>" not in made.html
    assert not [image for image in find_all(made, "//img") if image.get("src") == "x"]
    assert "{{ 7 * 7 }}" in made.html
    assert "onerror=&#34;alert" in made.html


def test_structured_data_is_safe_with_hostile_text() -> None:
    made = PAGES["hostile article"]()
    (script,) = find_all(made, "//script[@type='application/ld+json']")
    data = json.loads(script.text or "")
    assert data["headline"] == HOSTILE
    assert data["author"]["name"] == HOSTILE


def test_structured_data_describes_the_article() -> None:
    (script,) = find_all(article_page(reading()), "//script[@type='application/ld+json']")
    data = json.loads(script.text or "")
    assert data["@type"] == "BlogPosting"
    assert data["url"] == "https://blog.example/hello/"
    assert data["image"] == "https://blog.example/media/picture.png"
    assert data["datePublished"] == "2026-01-31T20:00:00Z"
    assert data["inLanguage"] == "id"


@pytest.mark.parametrize(
    ("name", "language", "word"),
    [("article", "id", "menit baca"), ("article in English", "en-GB", "min read"), ("home", "id", "Beranda")],
)
def test_a_page_uses_the_language_of_its_article_or_the_site(name: str, language: str, word: str) -> None:
    made = PAGES[name]()
    assert parse(made).get("lang") == language
    assert made.headers["Content-Language"] == language
    assert word in made.html


def test_an_article_in_a_language_without_locale_has_the_sites_interface_language() -> None:
    made = PAGES["article in Persian"]()
    assert (parse(made).get("lang"), parse(made).get("dir")) == ("fa", None)
    assert attributes(made, "//body", "lang") == ["id"]
    assert attributes(made, "//article", "lang") == ["fa"]
    assert attributes(made, "//article", "dir") == ["rtl"]
    assert "menit baca" in made.html


def test_a_page_in_arabic_is_right_to_left() -> None:
    made = PAGES["article in Arabic"]()
    assert (parse(made).get("lang"), parse(made).get("dir")) == ("ar", "rtl")
    assert attributes(made, "//body", "lang") == attributes(made, "//article", "dir") == [None]
    form = views.render_contact(locale=find_locale("ar"))
    assert attributes(form, "//input[@type='email']", "dir") == ["ltr"]


def test_an_untranslated_article_keeps_its_direction_on_a_right_to_left_page() -> None:
    made = views.render_article(
        reading(language="sv"), ArticleExtras(comments=comment_page(), is_open=False), locale=find_locale("ar")
    )
    assert (parse(made).get("lang"), parse(made).get("dir")) == ("sv", "rtl")
    assert attributes(made, "//body", "lang") == ["ar"]
    assert attributes(made, "//article", "dir") == ["ltr"]


def test_the_messages_of_the_elements_are_preloaded_in_the_language_of_the_page() -> None:
    for name, language in (("article in English", "en"), ("article in Persian", "id"), ("article in Arabic", "ar")):
        preloaded = attributes(PAGES[name](), "//link[@rel='modulepreload']", "href")
        messages = [str(path).partition("/messages/")[2] for path in preloaded if "/messages/" in str(path)]
        assert messages == [f"{language}.js", f"search/{language}.js"]


@pytest.mark.parametrize("page", ["article with comments", "contact"])
def test_a_page_with_a_form_also_preloads_the_messages_of_forms(page: str) -> None:
    preloaded = attributes(PAGES[page](), "//link[@rel='modulepreload']", "href")
    assert {"/assets/widgets/kolom-forms-catalog.js", "/assets/widgets/messages/forms/id.js"} < set(preloaded)


def test_a_summary_in_another_language_has_a_lang_attribute() -> None:
    made = views.render_home(card_page(card(), card(language="ar")))
    assert attributes(made, "//h2", "lang") == [None, "ar"]
    assert attributes(made, "//h2", "dir") == [None, "rtl"]


def test_dates_are_in_the_sites_time_zone_and_exact_in_attributes() -> None:
    (time,) = find_all(views.render_home(card_page(card())), "//time")
    assert time.text == "1 Februari 2026"
    assert time.get("datetime") == "2026-01-31T20:00:00Z"


def test_a_list_links_to_its_next_page_and_later_pages_are_not_indexed() -> None:
    first = views.render_label("c#", card_page(card(), total=40, next_cursor="a b"))
    assert attributes(first, "//link[@rel='next']", "href") == ["/label/c%23/?cursor=a+b"]
    assert attributes(first, "//a[@rel='next']", "href") == ["/label/c%23/?cursor=a+b"]
    assert attributes(first, "//link[@rel='canonical']", "href") == ["https://blog.example/label/c%23/"]
    assert not find_all(first, "//meta[@name='robots']")
    last = views.render_label("c#", card_page(card(), total=40), cursor="a b")
    assert not find_all(last, "//link[@rel='next']")
    assert attributes(last, "//meta[@name='robots']", "content") == ["noindex"]


def test_only_the_first_page_of_home_has_a_large_card() -> None:
    assert views.render_home(card_page(card(), card())).html.count("card--lead") == 1
    assert "card--lead" not in views.render_home(card_page(card(), card()), cursor="x").html


def test_the_contents_of_a_longer_article_link_to_its_headings() -> None:
    made = PAGES["article"]()
    targets = [href for href in attributes(made, "//aside//a", "href") if href]
    assert targets == ["#part-one", "#part-two", "#bagian-%C3%A9"]
    assert "Three &lt;i&gt;" in made.html


def test_a_short_article_has_no_contents() -> None:
    assert not find_all(article_page(reading()), "//aside")


def test_an_article_links_to_its_neighbours_and_labels() -> None:
    made = PAGES["article"]()
    assert attributes(made, "//a[@rel='prev']", "href") == ["/a/"]
    assert attributes(made, "//a[@rel='next']", "href") == ["/b/"]
    assert attributes(made, "//a[@rel='tag']", "href") == ["/label/politik/", "/label/c%23/"]


def test_a_picture_in_the_text_is_not_repeated() -> None:
    shown = Body(html='<p><img src="/media/picture.png" alt="A picture" loading="lazy"></p>')
    assert len(find_all(article_page(reading(body=shown)), "//img")) == 1
    assert len(find_all(article_page(reading()), "//img")) == 1


def test_a_picture_with_several_parameters_is_not_repeated() -> None:
    address = "https://x.example/y.png?a=1&b=2"
    shown = Body(html='<p><img src="https://x.example/y.png?a=1&amp;b=2" alt=""></p>')
    assert len(find_all(article_page(reading(image=address, body=shown)), "//img")) == 1


def test_the_preview_of_a_scheduled_article_names_its_time_and_zone() -> None:
    scheduled = article(status="scheduled", published_at=datetime(2026, 11, 29, 21, 47, tzinfo=UTC))
    (notice,) = find_all(views.render_preview(scheduled, LONG), "//p[@class='notice']")
    assert re.search(r"November 2026, \d\d:\d\d [A-Z]+", "".join(notice.itertext()))


def test_link_previews_have_a_picture_unless_it_is_an_svg() -> None:
    raster = article_page(reading())
    assert attributes(raster, "//meta[@property='og:image']", "content") == ["https://blog.example/media/picture.png"]
    assert not find_all(article_page(reading(image="/media/picture.svg")), "//meta[@property='og:image']")


def feeds_of(page: HtmlResponse) -> list[tuple[str | None, str | None]]:
    links = html5lib.parse(page.html).iter(f"{XHTML}link")
    return [(link.get("title"), link.get("href")) for link in links if link.get("rel") == "alternate"]


def test_a_page_links_to_the_feeds_of_the_site_and_of_its_content() -> None:
    of_site = [("Blog", "/feeds/atom.xml"), ("Blog", "/feeds/feed.json")]
    assert feeds_of(views.render_home(card_page(card()))) == of_site
    assert feeds_of(views.render_label("Luar Negeri", card_page(card()))) == [
        *of_site,
        ("Umpan label “Luar Negeri”", "/feeds/atom.xml?label=luar%20negeri"),
    ]
    assert feeds_of(article_page(reading(slug="x", title="X", language="en"))) == [
        *of_site,
        ("Comments on “X”", "/feeds/comments/x"),
    ]


def test_error_pages_and_previews_link_to_no_feed() -> None:
    assert feeds_of(views.render_problem(HTTPStatus.NOT_FOUND)) == []
    assert feeds_of(views.render_preview(article(), LONG)) == []


def test_the_canonical_url_of_an_imported_article_is_its_old_path() -> None:
    made = article_page(reading(path="/2024/05/Judul lama é.html".replace(" ", "-")))
    assert attributes(made, "//link[@rel='canonical']", "href") == [
        "https://blog.example/2024/05/Judul-lama-%C3%A9.html"
    ]


def test_only_an_article_changed_on_a_later_day_shows_the_change() -> None:
    assert "Diperbarui 1 Maret 2026" in PAGES["article, updated"]().html
    assert "Diperbarui" not in PAGES["article"]().html


def test_a_standalone_page_has_no_date_and_is_not_a_blog_posting() -> None:
    made = PAGES["free page"]()
    assert not find_all(made, "//time")
    assert not find_all(made, "//script[@type='application/ld+json']")


def test_a_preview_is_not_cached_and_sends_only_its_origin_as_referrer() -> None:
    made = PAGES["preview"]()
    assert made.headers["Cache-Control"] == "no-store"
    assert made.headers["X-Robots-Tag"] == "noindex"
    assert made.headers["Referrer-Policy"] == "strict-origin"
    assert attributes(made, "//meta[@name='robots']", "content") == ["noindex"]
    assert "Pratinjau" in made.html
    assert not find_all(made, "//link[@rel='canonical']")


def test_pages_and_410_errors_may_be_cached_and_other_errors_may_not() -> None:
    assert PAGES["home"]().headers["Cache-Control"] == (
        "public, max-age=0, s-maxage=60, stale-while-revalidate=600, stale-if-error=86400"
    )
    assert PAGES["404"]().headers["Cache-Control"] == "no-store"
    assert PAGES["410"]().headers["Cache-Control"] == "max-age=60"
    assert PAGES["503"]().headers["Retry-After"] == "5"


def test_pages_do_not_share_headers() -> None:
    first, second = PAGES["home"](), PAGES["home"]()
    assert first.headers is not second.headers


def test_the_archive_is_ordered_by_year_with_localised_counts() -> None:
    made = PAGES["archive"]()
    assert ["".join(year.itertext()) for year in find_all(made, "//h2")] == ["2026", "2025"]
    assert "1.234 artikel" in made.html
