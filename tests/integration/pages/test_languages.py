"""Articles are in their own language; other pages are in the language that the reader prefers."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from functions.preview_article import app as preview_article
from functions.serve_mail_links import app as serve_mail_links
from functions.serve_pages import app as serve_pages
from functions.submit_contact import app as submit_contact
from kolom.articles import publishing
from tests.factories import NOW, content, form_request, request
from tests.integration.conftest import Configure
from tests.integration.handlers import Response, call

pytestmark = pytest.mark.usefixtures("tables")

LISTS = (
    "/",
    "/labels/",
    "/archive/",
    "/label/news/",
    "/2026/",
    "/2026/02/",
    "/contact/",
    "/search/",
    "/search/?q=body",
)
ERRORS = ("/none/", "/?cursor=damaged", "/gone/", "/search/?q=x&from=never")


@pytest.fixture(autouse=True)
def articles(tables: None, configure: Configure) -> None:
    """Create an article in each language, and a deleted one."""
    configure(languages="id,en")
    publishing.publish(content("english", language="en", labels=("News",)), now=NOW)
    publishing.publish(content("indonesia", language="id"), now=NOW)
    publishing.publish(content("gone"), now=NOW)
    publishing.delete("gone", now=NOW)


def get(address: str, **headers: str) -> Response:
    path, _, query = address.partition("?")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(serve_pages.handler, request(path, query, headers=named))


@pytest.mark.parametrize("address", [*LISTS, *ERRORS])
def test_a_page_without_its_own_language_uses_that_of_the_reader(address: str) -> None:
    for header, language in (("en-GB,id;q=0.5", "en"), ("fr", "id"), ("", "id"), ("en;q=9", "id")):
        page = get(address, accept_language=header)
        assert f'<html lang="{language}"' in page.body
        assert (page.headers["Content-Language"], page.headers["Vary"]) == (language, "Accept-Language")


def test_the_language_that_the_cdn_chose_is_used() -> None:
    assert get("/", accept_language="id", x_kolom_language="en").headers["Content-Language"] == "en"
    assert get("/", accept_language="id", x_kolom_language="xx").headers["Content-Language"] == "id"


def test_an_article_has_its_own_language_for_every_reader() -> None:
    for slug, language in (("english", "en"), ("indonesia", "id")):
        for header in ("en", "id"):
            page = get(f"/{slug}/", accept_language=header)
            assert f'<html lang="{language}"' in page.body
            assert page.headers["Content-Language"] == language
            assert "Vary" not in page.headers


def test_an_untranslated_article_has_the_interface_of_its_reader(secret: str) -> None:
    """Its page varies by the language that the CDN caches by."""
    publishing.publish(content("svensk", language="sv"), now=NOW)
    for header, language, word in (("en", "en", "min read"), ("sv,id;q=0.5", "id", "menit baca"), ("", "id", "menit")):
        page = get("/svensk/", accept_language=header)
        assert '<html lang="sv"' in page.body
        assert f'<body class="page page--article" lang="{language}"' in page.body
        assert word in page.body
        assert (page.headers["Content-Language"], page.headers["Vary"]) == ("sv", "Accept-Language")


def test_a_large_page_varies_by_encoding_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_pages.api, "compress_above_bytes", 100)
    assert get("/", accept_encoding="gzip").headers["Vary"] == "Accept-Language, Accept-Encoding"


def test_links_previews_and_forms_answer_in_the_readers_language(secret: str) -> None:
    for language, sign in (("en", "This link is not valid"), ("id", "Tautan ini tidak sah")):
        for kind in ("moderation", "subscription"):
            event = request(f"/api/{kind}/none", headers={"accept-language": language})
            page = call(serve_mail_links.handler, event)
            assert page.status == HTTPStatus.NOT_FOUND
            assert sign in page.body
            assert page.headers["Vary"] == "Accept-Language"
        preview = call(preview_article.handler, request("/preview/none", headers={"accept-language": language}))
        assert preview.headers["Content-Language"] == language
        sent = form_request("/api/contact", {"email": "budi@example.com", "message": f"A message, {language}."})
        sent["headers"]["accept-language"] = f"{language}-x-y"
        assert call(submit_contact.handler, sent).headers["Content-Language"] == language


def test_without_messages_in_the_language_the_sites_first_locale_is_used(configure: Configure) -> None:
    configure(languages="sv,en")
    for header in ("sv", "id"):
        assert get("/", accept_language=header).headers["Content-Language"] == "en"


def test_dates_in_lists_are_in_the_readers_language() -> None:
    later = datetime(2026, 5, 1, 12, tzinfo=UTC)
    publishing.publish(content("may", published_at=later), now=later + timedelta(days=1))
    assert "1 May 2026" in get("/", accept_language="en").body
    assert "1 Mei 2026" in get("/", accept_language="id").body
