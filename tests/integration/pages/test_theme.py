"""The theme that pages load from the item that a deployment writes."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from functions.serve_pages import app as serve_pages
from kolom.i18n.locale import site_locale
from kolom.models.articles import SITE, THEME, ThemeRecord
from kolom.pages import theme
from kolom.pages.theme import CACHE_SECONDS, Logo
from tests.factories import Context, request
from tests.integration.conftest import Configure, RefusedCalls
from tests.integration.contracts.recorder import recorded

pytestmark = pytest.mark.usefixtures("tables")

ASSETS = {"theme/kolom.css": "theme/kolom.0123abcd.css", "theme/site.css": "theme/site.89abcdef.css"}


class Clock:
    """A clock that tests set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def deploy(**more: Any) -> None:
    values: dict[str, Any] = {"assets": ASSETS, "former": {}, "deployed_at": datetime(2026, 3, 1, tzinfo=UTC)}
    ThemeRecord(SITE, THEME, revision=1, **values | more).save()


def home() -> str:
    body: str = serve_pages.handler(request("/"), Context())["body"]
    return body


def test_without_a_deployment_pages_use_plain_file_names_and_the_default_menu() -> None:
    html = home()
    assert '<link rel="stylesheet" href="/assets/theme/kolom.css">' in html
    assert "site.css" not in html
    for place in ("/", "/labels/", "/archive/", "/contact/"):
        assert f'<li><a href="{place}"' in html


def test_pages_use_the_deployed_theme() -> None:
    menu = [{"href": "/", "key": "home"}, {"href": "https://x.example/", "names": {"en": "Else", "id": "Lain"}}]
    assets = {**ASSETS, "logo.svg": "logo.76543210.svg"}
    deploy(assets=assets, menu=menu, logo={"file": "logo.svg", "alt": "A <logo>"})
    html = home()
    assert 'href="/assets/theme/kolom.0123abcd.css"' in html
    assert 'href="/assets/theme/site.89abcdef.css"' in html
    assert html.index("kolom.0123abcd.css") < html.index("site.89abcdef.css")
    assert '<li><a href="/" aria-current="page">Beranda</a></li>' in html
    assert '<li><a href="https://x.example/">Lain</a></li>' in html
    assert 'src="/assets/logo.76543210.svg" alt="A &lt;logo&gt;"' in html
    assert "/archive/" not in html.split("<nav")[1].split("</nav>")[0]


def test_a_process_reads_the_theme_once_a_minute() -> None:
    clock = Clock()
    with recorded() as asked:
        assert not theme.get_theme(clock).has_site_css
        deploy()
        clock.now += CACHE_SECONDS - 1
        assert not theme.get_theme(clock).has_site_css
        clock.now += 1
        assert theme.get_theme(clock).has_site_css
    reads = [operation for operation in asked.operations if operation[0] == "dynamodb:GetItem"]
    assert reads == [("dynamodb:GetItem", "kolom-articles")] * 2


def test_if_the_table_is_unavailable_the_last_theme_is_used(
    faults: RefusedCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    clock = Clock()
    deploy()
    assert theme.get_theme(clock).has_site_css
    faults.throttle("GetItem")
    clock.now += CACHE_SECONDS
    assert theme.get_theme(clock).has_site_css
    theme.clear_cache()
    assert theme.get_theme(clock).asset("theme/kolom.css") == "/assets/theme/kolom.css"
    refused = faults.refused
    clock.now += CACHE_SECONDS - 1
    theme.get_theme(clock)
    assert faults.refused == refused, "a failed read is repeated for every page"


def test_a_function_without_the_table_uses_plain_file_names(configure: Configure) -> None:
    deploy()
    configure(articles_table="")
    assert theme.get_theme().asset("theme/kolom.css") == "/assets/theme/kolom.css"


def test_the_theme_item_is_plain_json() -> None:
    deploy(menu=[{"href": "/", "key": "home"}])
    key = {"key": {"S": "site"}, "part": {"S": "theme"}}
    item = boto3.client("dynamodb").get_item(TableName="kolom-articles", Key=key)["Item"]
    assert item["item"] == {"S": "theme"}
    assert item["menu"] == {"S": '[{"href": "/", "key": "home"}]'}
    assert item["deployed_at"] == {"S": "2026-03-01T00:00:00Z"}
    assert "logo" not in item


def test_a_logo_without_alternative_text_uses_the_sites_title() -> None:
    deploy(assets={**ASSETS, "logo.svg": "logo.76543210.svg"}, logo={"file": "logo.svg", "alt": ""})
    assert theme.get_theme().logo == Logo("/assets/logo.76543210.svg")
    assert 'alt="Blog"' in home()


def test_a_name_without_the_pages_language_uses_another_language() -> None:
    deploy(menu=[{"href": "/x/", "names": {"de": "Sonst"}}])
    (entry,) = theme.get_theme().menu
    assert entry.text(site_locale()) == "Sonst"
