"""Search results, comments and related articles on server-rendered pages, for readers without JavaScript."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode

import html5lib
import pytest

from kolom.articles import publishing
from kolom.articles.types import Article
from kolom.comments import importing
from kolom.comments.importing import ExternalComment
from kolom.models.articles import ArticlesTableRecord
from kolom.pages.response import HtmlResponse
from kolom.pages.router import dispatch
from kolom.pagination import encode_cursor
from kolom.search.index_writer import update_index
from kolom.search.search_request import SearchRequest
from tests.factories import NOW, content
from tests.integration.conftest import Configure
from tests.integration.handlers import strings_in
from tests.integration.pages.throttling import throttled

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def refuse_long_keys() -> Iterator[None]:
    """Reject keys of more than 2,048 bytes, as DynamoDB does and moto does not."""

    def check(params: dict[str, Any], **_: Any) -> None:
        assert all(len(text.encode()) <= 2_048 for text in strings_in(params))

    names = ("GetItem", "BatchGetItem", "Query")
    events = ArticlesTableRecord._get_connection().connection.client.meta.events
    for name in names:
        events.register(f"provide-client-params.dynamodb.{name}", check)
    yield
    for name in names:
        events.unregister(f"provide-client-params.dynamodb.{name}", check)


type Publish = Callable[..., Article]


@pytest.fixture
def publish() -> Publish:
    """Return a function that publishes and indexes an article."""

    def publish(slug: str, **changes: Any) -> Article:
        article = publishing.publish(content(slug, **changes), now=NOW).article
        update_index((article.id,))
        return article

    return publish


def get(path: str, **query: str) -> HtmlResponse:
    page = dispatch(path, parse_qs(urlencode(query)))
    html5lib.HTMLParser(strict=True).parse(page.html)
    return page


def comment(article: Article, number: int, **changes: Any) -> str:
    """Import an approved comment, and return its id."""
    fields: dict[str, Any] = {
        "article_id": article.id,
        "origin": str(number),
        "name": f"Reader {number}",
        "content": f"Comment {number}.",
        "created_at": NOW + timedelta(minutes=number),
        "status": "approved",
    }
    wanted = importing.to_comment(ExternalComment(**fields | changes))
    importing.upsert(wanted, now=datetime.now(UTC))
    return wanted.id


def titles(page: HtmlResponse) -> list[str]:
    found = re.findall(r'class="result__title"[^>]*><a [^>]*>(.*?)</a>', page.html)
    return [unescape(re.sub(r"</?mark>", "", title)) for title in found]


def shown(page: HtmlResponse) -> list[str]:
    return re.findall(r'class="comment__text"[^>]*><p>(.*?)</p>', page.html)


def test_the_empty_search_page_has_a_form_and_may_be_indexed_by_crawlers(publish: Publish) -> None:
    page = get("/search/")
    assert page.status == 200
    assert "noindex" not in page.html
    assert '<form class="search__form" role="search" action="/search/" method="get">' in page.html


def test_results_are_highlighted_and_not_indexed_by_crawlers(publish: Publish) -> None:
    publish("a", title="Strategi & diplomasi", html="<p>Tentang strategi.</p>")
    publish("b", title="Lain", html="<p>Lain sekali.</p>")
    page = get("/search/", q="strategi")
    assert titles(page) == ["Strategi & diplomasi"]
    assert "<mark>Strategi</mark> &amp; diplomasi" in page.html
    assert '<meta name="robots" content="noindex">' in page.html


def test_a_result_shows_the_label_that_matched(publish: Publish) -> None:
    publish("a", title="Lain", html="<p>Lain sekali.</p>", labels=("Politik & Hukum",))
    page = get("/search/", q="politik")
    assert (
        'Label: <a href="/label/politik%20%26%20hukum/" rel="tag" dir="auto"><mark>Politik &amp; Hukum</mark></a>'
        in (page.html)
    )
    assert "result__labels" not in get("/search/", q="lain").html


def test_a_search_links_to_its_next_results(publish: Publish) -> None:
    for number in range(13):
        publish(f"a{number}", title=f"Kabar {number}")
    first = get("/search/", q="kabar", sort="newest")
    (href,) = re.findall(r'class="paging__older" href="([^"]+)"', first.html)
    query = {name: values[0] for name, values in parse_qs(unescape(href).split("?")[1]).items()}
    second = get("/search/", **query)
    assert len(titles(first)) == 10
    assert len(set(titles(first) + titles(second))) == 13


def test_a_search_can_be_filtered_by_label_language_and_period(publish: Publish) -> None:
    publish("a", title="Kabar satu", labels=("Politik",), language="id", published_at=datetime(2025, 1, 5, tzinfo=UTC))
    publish("b", title="Kabar dua", labels=("Olahraga",), language="id", published_at=datetime(2026, 1, 5, tzinfo=UTC))
    publish("c", title="Kabar tiga", labels=("Politik",), language="en", published_at=datetime(2026, 1, 6, tzinfo=UTC))
    assert titles(get("/search/", q="kabar", label="politik", language="id")) == ["Kabar satu"]
    assert titles(get("/search/", **{"q": "kabar", "from": "2026-01-05", "to": "2026-01-05"})) == ["Kabar dua"]
    page = get("/search/", q="kabar", label="politik")
    assert 'name="label" value="politik"' in page.html


def test_the_filters_are_open_if_the_page_shows_them_nowhere_else(publish: Publish) -> None:
    """The filters by label, language and date are also links above the results, which remove them."""
    publish("a", title="Kabar satu", labels=("Politik",))
    opened = '<details class="search__filters" open>'
    assert opened not in get("/search/", q="kabar", label="politik").html
    assert opened in get("/search/", label="politik").html
    assert opened in get("/search/", q="kabar", sort="newest").html
    assert opened in get("/search/", **{"q": "kabar", "from": "x"}).html


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "The words were not found next to each other. These articles have them separately."),
        ("id", "Kata-kata itu tidak ditemukan berdampingan. Artikel berikut memuatnya secara terpisah."),
    ],
)
def test_a_phrase_without_matches_is_relaxed_with_a_note(
    publish: Publish, configure: Configure, language: str, expected: str
) -> None:
    configure(languages=language)
    publish("a", title="Kabar dari pelabuhan", language=language)
    assert titles(get("/search/", q='"pelabuhan kabar"')) == ["Kabar dari pelabuhan"]
    assert expected in get("/search/", q='"pelabuhan kabar"').html
    assert expected not in get("/search/", q='"kabar dari"').html
    assert expected not in get("/search/", q='"bukan apa"').html


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "No article has “\u2068pelab\u2069”. These have words that begin with it: pelabuhan."),
        (
            "id",
            (
                "Tidak ada artikel yang memuat “\u2068pelab\u2069”. "
                "Artikel berikut memuat kata yang diawali dengannya: pelabuhan."
            ),
        ),
    ],
)
def test_a_note_names_the_words_that_complete_the_query(
    publish: Publish, configure: Configure, language: str, expected: str
) -> None:
    configure(languages=language)
    publish("a", title="Kabar dari pelabuhan", language=language)
    page = get("/search/", q="pelab")
    assert titles(page) == ["Kabar dari pelabuhan"]
    assert "<mark>pelabuhan</mark>" in page.html
    assert expected in page.html
    assert expected not in get("/search/", q="pelabuhan").html


def test_a_search_with_only_exclusions_shows_a_message(publish: Publish) -> None:
    publish("a", title="Kabar")
    page = get("/search/", q="-kabar")
    assert titles(page) == []
    assert "tidak berisi kata yang bisa dicari" in page.html
    assert "tidak berisi kata yang bisa dicari" not in get("/search/", q="bukan").html


@pytest.mark.parametrize(
    "query",
    [{"from": "yesterday"}, {"from": "2026-02-01", "to": "2026-01-01"}, {"sort": "best"}, {"q": "a" * 5_000}],
    ids=["no date", "the wrong way round", "no order", "too long"],
)
def test_an_invalid_search_parameter_shows_an_error_beside_its_field(query: dict[str, str]) -> None:
    page = get("/search/", **{"q": "kabar"} | query)
    assert page.status == 422
    assert "field__error" in page.html


def test_filters_are_closed_without_values_and_an_empty_search_ignores_cursors(publish: Publish) -> None:
    publish("a", title="Kabar")
    assert '<details class="search__filters">' in get("/search/", q="kabar", label="", sort="relevance").html
    page = get("/search/", cursor="x")
    assert page.status == 200
    assert 'href="https://blog.example/search/"' in page.html


@pytest.mark.parametrize(
    ("path", "name"), [("/hello/", "comments"), ("/search/", "cursor"), ("/", "cursor"), ("/label/politik/", "cursor")]
)
@pytest.mark.parametrize("position", ["", "x" * 3_000, "[Infinity,0,0]", "[]", "\x00"])
def test_a_forged_cursor_is_answered_400(publish: Publish, path: str, name: str, position: str) -> None:
    article = publish("hello", title="Kabar", labels=("Politik",))
    listings = {
        "/hello/": f"comments?article={article.id}&order=oldest",
        "/": "articles?&year=&month=",
        "/label/politik/": "articles?label=politik&year=&month=",
        "/search/": SearchRequest(text="kabar").listing,
    }
    assert get(path, **{"q": "kabar", name: encode_cursor(listings[path], position)}).status == 400


@pytest.mark.parametrize("path", [f"/{'a' * 3_000}", f"/label/{'a' * 3_000}/", f"/x/{'é' * 3_000}.html"])
def test_an_overlong_slug_is_not_found(publish: Publish, refuse_long_keys: None, path: str) -> None:
    assert get(path).status == 404


def test_an_overlong_label_finds_nothing(publish: Publish, refuse_long_keys: None) -> None:
    publish("a", title="Kabar")
    assert titles(get("/search/", q="kabar", label="a" * 3_000)) == []


def test_a_misspelt_word_is_corrected_and_no_result_shows_a_message(publish: Publish) -> None:
    publish("a", title="Diplomasi", html="<p>Diplomasi.</p>", language="id")
    page = get("/search/", q="diplomosi")
    assert 'href="/search/?q=diplomasi"' in page.html
    nothing = get("/search/", q="zzzzqqq <b>x</b>")
    assert "Tidak ada artikel yang memuat “\u2068zzzzqqq &lt;b&gt;x&lt;/b&gt;\u2069”." in nothing.html


def test_an_article_shows_its_comments_in_threads_and_a_form(publish: Publish) -> None:
    article = publish("hello")
    first = comment(article, 1)
    parent = importing.to_comment(
        ExternalComment(
            article_id=article.id,
            origin="1",
            name="Reader 1",
            content="Comment 1.",
            created_at=NOW + timedelta(minutes=1),
            status="approved",
        )
    )
    assert parent.id == first
    comment(article, 2, parent=parent)
    page = get("/hello/")
    assert shown(page) == ["Comment 1.", "Comment 2."]
    assert page.html.index("comments__replies") < page.html.index("Comment 2.")
    assert (
        '<form class="form" method="post" action="/api/articles/hello/comments" enctype="multipart/form-data">'
        in page.html
    )
    assert "2 komentar" in page.html or "2 comments" in page.html


def test_many_comments_have_pages_that_show_each_once(publish: Publish) -> None:
    article = publish("hello")
    for number in range(45):
        comment(article, number)
    seen: list[str] = []
    query: dict[str, str] = {}
    for _ in range(3):
        page = get("/hello/", **query)
        seen += shown(page)
        more = re.search(r'comments__more"><a [^>]*href="\?comments=([^#"]+)#', page.html)
        query = {"comments": unescape(more[1])} if more else {}
    assert seen == [f"Comment {number}." for number in range(45)]
    assert not query
    assert get("/hello/", comments="nonsense").status == 400


def test_the_form_replies_to_the_chosen_comment(publish: Publish) -> None:
    article = publish("hello", language="en")
    chosen = comment(article, 1)
    assert f'<input type="hidden" name="parent_id" value="{chosen}">' in get("/hello/", answer=chosen).html
    assert "Reply to Reader 1" in get("/hello/", answer=chosen).html
    assert 'name="parent_id"' not in get("/hello/", answer="01ARZ3NDEKTSV4RRFFQ69G5FAV").html


def test_a_comment_of_a_later_page_can_be_replied_to(publish: Publish) -> None:
    article = publish("hello", language="en")
    for number in range(25):
        comment(article, number)
    more = re.search(r'comments__more"><a [^>]*href="\?comments=([^#"]+)#', get("/hello/").html)
    assert more is not None
    later = get("/hello/", comments=unescape(more[1]))
    href = unescape(re.findall(r'comment__reply"><a href="([^"]+)"', later.html)[0])
    query = {name: values[0] for name, values in parse_qs(href.removeprefix("?").removesuffix("#answer")).items()}
    assert "Reply to Reader 20" in get("/hello/", **query).html


def test_closed_comments_are_shown_without_a_form(publish: Publish, configure: Configure) -> None:
    article = publish("hello", language="en")
    comment(article, 1)
    configure(comments_close_after_days=1)
    page = get("/hello/")
    assert shown(page) == ["Comment 1."]
    assert "Comments are closed." in page.html
    assert "comments__form" not in page.html


def test_related_articles_are_listed_below(publish: Publish) -> None:
    for number in range(3):
        publish(f"a{number}", title=f"Diplomasi {number}", html="<p>Diplomasi Rusia dan Cina.</p>", language="id")
    publish("other", title="Sepak bola", html="<p>Gol.</p>", language="id")
    page = get("/a0/")
    related = page.html[page.html.index('class="related"') :]
    assert 'href="/a1/"' in related
    assert 'href="/a2/"' in related
    assert "Sepak bola" not in related[: related.index("</section>")]


def test_an_article_can_be_read_when_comments_and_search_fail(publish: Publish) -> None:
    article = publish("hello", language="en")
    comment(article, 1)
    with throttled(table="kolom-comments"):
        page = get("/hello/")
    assert page.status == 200
    assert "Comments cannot be shown right now." in page.html
    with throttled(table="kolom-search"):
        page = get("/hello/")
    assert page.status == 200
    assert shown(page) == ["Comment 1."]
