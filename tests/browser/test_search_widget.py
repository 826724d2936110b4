"""The search element: on the static demonstration page, and as a search box alone."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import LONG_WORD, Visitor

DEMO = "/assets/demo/index.html"
SUGGEST = "**/api/search/suggest?*"
SEARCH = "**/api/search?*"
FAILED = "Pencarian sedang tidak tersedia. Situs tidak menjawab. Mohon periksa koneksi Anda, atau coba lagi nanti."
HOSTILE = "<img src=x onerror=window.hacked=1>"


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Cari di blog ini")


def status(page: Page) -> Locator:
    return page.locator("#search .status")


def results(page: Page) -> Locator:
    return page.locator("#search .list > li")


def options(page: Page) -> Locator:
    return page.locator("#search [role=option]:visible")


def type_in(page: Page, text: str) -> None:
    box(page).fill(text)
    expect(options(page).first).to_be_visible()


def active_option(page: Page) -> Locator:
    """Return the suggestion that ``aria-activedescendant`` names."""
    identifier = box(page).get_attribute("aria-activedescendant")
    assert identifier
    expect(page.locator(f"#search #{identifier}")).to_have_attribute("aria-selected", "true")
    return page.locator(f"#search #{identifier}")


def result(**fields: Any) -> dict[str, Any]:
    return {
        "slug": "x",
        "url": "/x/",
        "labels": [],
        "language": "id",
        "published_at": "2026-01-02T03:04:05Z",
        "title_html": "Judul",
        "snippet_html": "Cuplikan",
    } | fields


def answer(*items: dict[str, Any], **fields: Any) -> Callable[[Route], None]:
    """Return a route handler that sends a search response."""
    body = {"query": "x", "items": items, "total": len(items), "total_is_exact": True} | fields
    return lambda route: route.fulfill(json={"next_cursor": None, "did_you_mean": None, "relaxed": False} | body)


def record_urls(page: Page, pattern: str) -> list[str]:
    """Return a list to which the matching URLs of later requests are added."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url) if re.search(pattern, request.url) else None)
    return addresses


def test_the_box_has_the_size_of_the_form_that_it_replaces(visitor: Visitor) -> None:
    sizes = []
    for scripts in (False, True):
        with visitor.visit(DEMO, java_script_enabled=scripts) as page:
            sizes.append(page.locator("#search").bounding_box())
            expect(page.locator("#search form.searchbox")).to_be_visible(visible=not scripts)
            expect(page.get_by_role("combobox" if scripts else "searchbox", name="Cari di blog ini")).to_be_visible()
    assert sizes[0] is not None
    assert sizes[0]["height"] == 44
    assert sizes[1] is not None
    # The notice for browsers without scripts is above it.
    assert {**sizes[0], "y": 0} == {**sizes[1], "y": 0}


def test_text_typed_before_the_scripts_load_is_kept(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        waiting: list[Route] = []
        page.route("**/kolom-search.js", lambda route: waiting.append(route))
        page.goto(DEMO, wait_until="commit")
        page.locator("#search form.searchbox input").fill("tempe")
        page.locator("#search form.searchbox input").focus()
        waiting[0].continue_()
        expect(box(page)).to_have_value("tempe")
        expect(box(page)).to_be_focused()


def test_a_search_while_the_results_script_loads_is_for_the_typed_text(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        waiting: list[Route] = []
        page.route("**/kolom-search-results.js", lambda route: waiting.append(route))
        page.goto(f"{DEMO}?q=tempe", wait_until="commit")
        expect(box(page)).to_have_attribute("placeholder", "Cari di blog ini")
        box(page).fill("yogyakarta")
        box(page).press("Enter")
        waiting[0].continue_()
        expect(status(page)).to_contain_text("yogyakarta")
        expect(box(page)).to_have_value("yogyakarta")
        assert page.url.endswith("?q=yogyakarta")


def test_elements_in_a_bundle_with_local_urls_ask_the_pages_own_origin(visitor: Visitor) -> None:
    """Bundlers replace ``import.meta.url`` by the URL of the file that they read."""

    def bundle(route: Route) -> None:
        response = route.fetch()
        route.fulfill(
            response=response, body=response.text().replace("import.meta.url", '"file:///site/kolom-element.js"')
        )

    with visitor.visit("/archive/") as page:
        page.route("**/kolom-element.js", bundle)
        page.goto(f"{DEMO}?q=tempe")
        expect(results(page).first).to_be_visible()


def test_an_element_in_a_shadow_tree_uses_the_blog_around_it(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        script = """() => {
          const around = document.createElement("div");
          around.dataset.kolomApi = "https://other.example";
          const search = document.createElement("kolom-search");
          around.attachShadow({ mode: "open" }).append(search);
          return search.origin;
        }"""
        assert page.evaluate(script) == "https://other.example"


def test_a_script_that_cannot_be_loaded_is_one_error_event(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.add_init_script(
            "addEventListener('kolom-error', ({target}) => (window.failed ??= []).push(target.id), true)"
        )
        for name in ("kolom-search-results", "kolom-comment-writer"):
            page.route(f"**/{name}.js", lambda route: route.abort())
        page.goto(f"{DEMO}?q=tempe")
        expect(status(page)).to_have_text(FAILED)
        page.locator("#comments").scroll_into_view_if_needed()
        page.locator("#comments textarea").focus()
        expect(page.locator("#comments .problem")).to_be_visible()
        assert page.evaluate("window.failed.sort()") == ["comments", "search"]
    visitor.complaints.clear()


def test_another_blog_has_other_labels(visitor: Visitor) -> None:
    def other(route: Route) -> None:
        items = [{"label": "Lain"}] if route.request.url.endswith("/labels") else []
        page = {"items": items, "total": 0, "total_is_exact": True, "query": "dapur", "next_cursor": None}
        route.fulfill(json=page, headers={"Access-Control-Allow-Origin": "*"})

    with visitor.visit(f"{DEMO}?q=dapur") as page:
        labels = page.get_by_role("combobox", name="Label").locator("option")
        page.locator("#search summary").click()
        expect(labels.filter(has_text="Kuliner")).to_have_count(1)
        page.route("https://other.example/**", other)
        page.locator("#search").evaluate("each => each.setAttribute('api', 'https://other.example')")
        expect(labels).to_have_text(["Semua label", "Lain"])
    assert visitor.complaints
    visitor.complaints.clear()


def test_suggestions_appear_while_typing(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        expect(box(page)).to_have_attribute("aria-expanded", "false")
        addresses = record_urls(page, "suggest")
        box(page).press_sequentially("temp", delay=10)
        expect(options(page).first).to_have_text("tempe")
        expect(page.get_by_role("option", name="Tempe dari Dapur Sendiri").locator("mark")).to_have_text("Tempe")
        expect(box(page)).to_have_attribute("aria-expanded", "true")
        expect(page.locator("#search .unseen")).to_have_text(re.compile(r"^\d saran\. Pilih dengan tombol panah\.$"))
        assert len(addresses) == 1
        page.locator("body").click(position={"x": 2, "y": 2})
        expect(options(page)).to_have_count(0)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [390, 1280])
def test_suggestions_are_as_wide_as_the_box_in_the_header(visitor: Visitor, width: int, direction: str) -> None:
    with visitor.visit("/", width=width, height=844) as page:
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        field = page.locator(".masthead__search")
        before = field.bounding_box()
        page.get_by_role("combobox").fill("ti")
        panel = page.get_by_role("listbox")
        expect(panel).to_be_visible()
        after, shown = field.bounding_box(), panel.bounding_box()
        assert before is not None
        assert shown is not None
        assert after == before
        assert (shown["x"], shown["width"]) == (before["x"], before["width"])


def test_suggestions_can_be_chosen_by_keyboard(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        type_in(page, "yog")
        count = options(page).count()
        page.keyboard.press("ArrowDown")
        expect(active_option(page)).to_have_text("yogyakarta")
        page.keyboard.press("ArrowUp")
        expect(box(page)).not_to_have_attribute("aria-activedescendant", re.compile("."))
        page.keyboard.press("ArrowUp")
        assert active_option(page).get_attribute("id") == options(page).nth(count - 1).get_attribute("id")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(box(page)).to_be_focused()
        page.keyboard.press("Enter")
        expect(box(page)).to_have_value("yogyakarta")
        expect(status(page)).to_contain_text("yogyakarta")
        expect(options(page)).to_have_count(0)
        assert "q=yogyakarta" in page.url


def test_enter_on_a_suggested_article_opens_it(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        type_in(page, "tempe dap")
        page.keyboard.press("ArrowUp")
        expect(active_option(page)).to_have_text("Tempe dari Dapur Sendiri")
        page.keyboard.press("Enter")
        page.wait_for_url("**/index.html?article=tempe-dari-dapur-sendiri")


def test_escape_closes_then_clears_and_cursor_keys_move_in_the_text(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        type_in(page, "tem")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Home")
        expect(box(page)).not_to_have_attribute("aria-activedescendant", re.compile("."))
        assert box(page).evaluate("input => input.selectionStart") == 0
        page.keyboard.press("End")
        assert box(page).evaluate("input => input.selectionStart") == 3
        page.keyboard.press("Escape")
        expect(options(page)).to_have_count(0)
        expect(box(page)).to_have_value("tem")
        page.keyboard.press("ArrowDown")
        expect(options(page).first).to_be_visible()
        page.keyboard.press("Alt+ArrowUp")
        expect(options(page)).to_have_count(0)
        page.keyboard.press("Escape")
        expect(box(page)).to_have_value("")
        expect(box(page)).to_be_focused()


def test_results_highlight_the_matches(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        box(page).fill("dapur")
        page.keyboard.press("Enter")
        expect(status(page)).to_have_text(re.compile("^3 hasil untuk “.?dapur.?”$"))
        first = results(page).first
        expect(first.get_by_role("heading", level=3)).to_have_text("Tempe dari Dapur Sendiri")
        expect(first.locator("h3 mark")).to_have_text("Dapur")
        expect(first.locator(".snippet mark").first).to_have_text(re.compile("dapur", re.IGNORECASE))
        first.get_by_role("link").click()
        page.wait_for_url("**/index.html?article=tempe-dari-dapur-sendiri")
        page.go_back()
        expect(results(page)).to_have_count(3)


def test_a_button_applies_the_spelling_correction(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=temppe+dapur") as page:
        expect(page.locator("#search .meant")).to_contain_text(re.compile("Alih-alih “.?temppe dapur.?”: tempe dapur"))
        page.get_by_role("button", name="tempe dapur").press("Enter")
        expect(box(page)).to_have_value("tempe dapur")
        expect(box(page)).to_be_focused()
        expect(status(page)).to_contain_text("4 hasil")
        expect(page.locator("#search .meant")).to_be_hidden()
        page.go_back()
        expect(box(page)).to_have_value("temppe dapur")
        expect(page.locator("#search .meant")).to_be_visible()


def test_filters_narrow_the_search_and_are_in_the_url(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=dapur") as page:
        page.locator("#search summary").click()
        page.get_by_role("combobox", name="Label").select_option("Kuliner")
        expect(results(page)).to_have_count(1)
        expect(page.locator("#search summary")).to_have_text("Filter (1)")
        page.get_by_label("Dari tanggal").fill("2026-01-01")
        expect(status(page)).to_contain_text("Tidak ada artikel yang memuat")
        page.get_by_label("Sampai tanggal").fill("2025-01-01")
        expect(status(page)).to_have_text("Isi tanggal yang tidak melewati “Sampai tanggal”.")
        assert page.url.endswith("?q=dapur&label=Kuliner&from=2026-01-01&to=2025-01-01")
        page.get_by_role("button", name="Hapus filter").press("Enter")
        expect(results(page)).to_have_count(3)
        expect(page.locator("#search summary")).to_be_focused()
        page.get_by_role("combobox", name="Bahasa").select_option(label="Inggris")
        page.locator("kolom-search").get_by_label("Urutan").select_option("Terbaru")
        expect(page.locator("#search summary")).to_have_text("Filter (2)")
        assert page.url.endswith("?q=dapur&language=en&sort=newest")


def test_readers_sort_the_results_by_date(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=yogyakarta") as page:
        expect(results(page).nth(2)).to_be_visible()
        page.locator("#search summary").click()
        order = page.locator("kolom-search").get_by_label("Urutan")
        for name, sort in (("Terbaru", "newest"), ("Terlama", "oldest")):
            with page.expect_response(f"**/api/search?*sort={sort}*"):
                order.select_option(name)
            expect(page.locator("#search .list")).not_to_have_attribute("aria-busy", "true")
            dates = page.locator("#search .list time").evaluate_all("all => all.map((each) => each.dateTime)")
            assert dates == sorted(dates, reverse=sort == "newest")
            assert len(set(dates)) > 2
            assert page.url.endswith(f"?q=yogyakarta&sort={sort}")
        order.select_option("Paling sesuai")
        page.wait_for_url("**?q=yogyakarta")
    with visitor.visit("/search/?q=yogyakarta&sort=oldest", java_script_enabled=False) as page:
        dates = page.locator(".results time").evaluate_all("all => all.map((each) => each.dateTime)")
        assert dates == sorted(dates)
        assert len(set(dates)) > 2


def test_choices_narrow_the_search_and_can_be_removed(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=yogyakarta") as page:
        narrow = page.get_by_role("navigation", name="Persempit hasil")
        narrow.get_by_role("list", name="Label").get_by_role("button", name="Perjalanan").press("Enter")
        expect(narrow.get_by_role("button", name="Hapus filter Perjalanan")).to_be_focused()
        expect(page.locator("#search summary")).to_have_text("Filter (1)")
        narrow.get_by_role("list", name="Label").get_by_role("button", name="Jawa").click()
        expect(results(page)).to_have_count(1)
        assert page.url.endswith("?q=yogyakarta&label=Perjalanan&label=Jawa")
        page.reload()
        narrow.get_by_role("button", name="Hapus filter Perjalanan").click()
        page.wait_for_url("**?q=yogyakarta&label=Jawa")
        page.go_back()
        expect(narrow.get_by_role("button", name="Hapus filter Jawa")).to_be_visible()
        narrow.get_by_role("button", name="Hapus filter Jawa").click()
        narrow.get_by_role("button", name="Hapus filter Perjalanan").click()
        narrow.get_by_role("list", name="Tahun").get_by_role("button", name="2025").click()
        expect(narrow.get_by_role("button", name="Hapus filter 2025")).to_be_visible()
        assert page.url.endswith("?q=yogyakarta&from=2025-01-01&to=2025-12-31")


def test_results_list_sections_unless_the_page_shows_the_articles(visitor: Visitor) -> None:
    section = {"id": "a", "title_html": f"<mark>{HOSTILE}</mark>", "fragment": "a:~:text=x"}
    with visitor.visit("/archive/") as page:
        page.route(SEARCH, answer(result(sections=[section])))
        page.goto(f"{DEMO}?q=x")
        expect(results(page)).to_have_count(1)
        expect(page.locator("#search .sections")).to_have_count(0)
        page.evaluate("document.querySelector('#search').removeAttribute('link')")
        link = page.get_by_role("list", name="Di artikel ini").get_by_role("link")
        expect(link).to_have_text(HOSTILE)
        assert (link.get_attribute("href") or "").endswith("/x/#a:~:text=x")


def test_a_fixed_label_offers_no_other_labels(visitor: Visitor) -> None:
    facets = {"labels": [{"label": "Jawa", "count": 1}], "years": [], "languages": []}
    with visitor.visit("/archive/") as page:
        page.route(SEARCH, answer(result(), result(), facets=facets))
        page.goto(f"{DEMO}?q=x")
        expect(page.get_by_role("navigation", name="Persempit hasil")).to_be_visible()
        page.evaluate("document.querySelector('#search').setAttribute('label', 'Kuliner')")
        expect(page.get_by_role("navigation", name="Persempit hasil")).to_be_hidden()


def test_the_back_button_restores_every_search(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?article=memotret-hujan") as page:
        for text in ("tempe", "kereta"):
            box(page).fill(text)
            box(page).press("Enter")
            expect(status(page)).to_contain_text(text)
        page.go_back()
        expect(box(page)).to_have_value("tempe")
        expect(status(page)).to_contain_text("tempe")
        page.go_back()
        expect(box(page)).to_have_value("")
        expect(results(page)).to_have_count(0)
        expect(status(page)).to_be_empty()
        assert page.url.endswith("?article=memotret-hujan")
        page.go_forward()
        expect(status(page)).to_contain_text("tempe")


def test_a_url_restores_a_search_with_its_filters(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=yogyakarta&label=budaya&language=en&sort=newest") as page:
        expect(box(page)).to_have_value("yogyakarta")
        expect(page.locator("#search summary")).to_have_text("Filter (3)")
        page.locator("#search summary").click()
        expect(page.get_by_role("combobox", name="Label").locator("option:checked")).to_have_text("Budaya")
        expect(page.get_by_role("combobox", name="Bahasa").locator("option:checked")).to_have_text("Inggris")
        expect(page.locator("kolom-search").get_by_label("Urutan").locator("option:checked")).to_have_text("Terbaru")
        expect(results(page).first).to_be_visible()


def test_clearing_the_box_removes_the_results(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?article=memotret-hujan&q=tempe") as page:
        page.get_by_role("button", name="Hapus pencarian").click()
        expect(results(page)).to_have_count(0)
        expect(page.locator("#search summary")).to_be_hidden()
        expect(box(page)).to_be_focused()
        assert page.url.endswith("?article=memotret-hujan")


def test_load_more_appends_results_and_back_restores_all_of_them(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        page.evaluate("document.querySelector('#search').setAttribute('limit', '3')")
        box(page).fill("yogyakarta")
        box(page).press("Enter")
        expect(results(page)).to_have_count(3)
        expect(status(page)).to_have_text(re.compile(r"^3 dari \d hasil untuk"))
        more = page.locator("#search").get_by_role("button", name="Hasil lainnya")
        more.press("Enter")
        expect(results(page)).to_have_count(6)
        expect(results(page).nth(3).get_by_role("link")).to_be_focused()
        titles = results(page).locator("h3").all_inner_texts()
        assert len(set(titles)) == 6
        results(page).nth(5).get_by_role("link").click()
        page.wait_for_url("**?article=*")
        page.go_back()
        expect(results(page)).to_have_count(6)


def test_an_estimated_total_is_marked_as_estimated(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.route(SEARCH, answer(result(), total=230, total_is_exact=False, next_cursor="c"))
        page.goto(f"{DEMO}?q=x")
        expect(status(page)).to_have_text(re.compile("^1 dari sekitar 230 hasil untuk"))


def test_an_api_failure_keeps_the_query_and_offers_a_retry(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        page.route("**/api/**", lambda route: route.abort())
        box(page).press_sequentially("tempe dapur")
        box(page).press("Enter")
        expect(status(page)).to_have_text(FAILED)
        expect(box(page)).to_have_value("tempe dapur")
        retry = page.locator("#search").get_by_role("button", name="Coba lagi")
        retry.press("Enter")
        expect(retry).to_be_focused()
        page.unroute("**/api/**")
        retry.press("Enter")
        expect(results(page)).to_have_count(4)
        expect(results(page).first.get_by_role("link")).to_be_focused()
    assert all("net::ERR_FAILED" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


@pytest.mark.parametrize("failure", ["the API is down", "the dates are mixed up"])
def test_a_failed_search_shows_no_results_of_an_earlier_one(visitor: Visitor, failure: str) -> None:
    with visitor.visit("/search/?q=bali") as page:
        expect(page.get_by_role("link", name="Yogyakarta to Bali Without Flying")).to_be_visible()
        if failure == "the API is down":
            page.route("**/api/search?**", lambda route: route.abort())
            box(page).fill("foto")
            box(page).press("Enter")
            expect(page.get_by_text("Pencarian sedang tidak tersedia.")).to_be_visible()
        else:
            page.locator("kolom-search summary:visible").click()
            page.get_by_role("textbox", name="Sampai tanggal").fill("2025-01-01")
            expect(page.get_by_role("link", name="Yogyakarta to Bali Without Flying")).to_be_hidden()
            page.get_by_role("textbox", name="Dari tanggal").fill("2026-01-01")
        expect(page.get_by_role("link", name="Yogyakarta to Bali Without Flying")).to_be_hidden()
    visitor.complaints = [each for each in visitor.complaints if "ERR_FAILED" not in each]


def test_the_document_title_contains_the_query(visitor: Visitor) -> None:
    with visitor.visit("/search/?q=bali") as page:
        expect(page).to_have_title("Hasil pencarian “bali” · Catatan Sari")
        box(page).fill("foto")
        box(page).press("Enter")
        expect(page).to_have_title("Hasil pencarian “foto” · Catatan Sari")
        page.go_back()
        expect(page).to_have_title("Hasil pencarian “bali” · Catatan Sari")


def test_a_failure_to_load_more_keeps_the_loaded_results(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=yogyakarta") as page:
        page.evaluate("document.querySelector('#search').setAttribute('limit', '2')")
        expect(results(page)).to_have_count(2)
        page.route(SEARCH, lambda route: route.fulfill(status=503))
        page.locator("#search").get_by_role("button", name="Hasil lainnya").click()
        retry = page.locator("#search").get_by_role("button", name="Coba lagi")
        expect(retry).to_be_visible()
        expect(results(page)).to_have_count(2)
        page.unroute(SEARCH)
        retry.click()
        expect(results(page)).to_have_count(4)
    visitor.complaints.clear()


def test_a_late_response_to_an_earlier_search_is_ignored(visitor: Visitor) -> None:
    waiting: list[Route] = []
    with visitor.visit(DEMO) as page:
        page.route(re.compile("search.*q=tem"), lambda route: waiting.append(route))
        box(page).press_sequentially("tem")
        page.wait_for_timeout(300)
        box(page).press("Enter")
        expect(status(page)).to_have_text("Mencari…")
        expect(page.locator("#search [aria-busy=true]")).to_have_count(1)
        box(page).fill("kereta")
        box(page).press("Enter")
        expect(status(page)).to_contain_text("kereta")
        assert len(waiting) == 2
        for route in waiting:
            route.fulfill(json={"items": [], "completions": ["tempe"], "query": "tem", "total": 0})
        page.wait_for_timeout(200)
        expect(status(page)).to_contain_text("kereta")
        expect(options(page)).to_have_count(0)
        expect(page.locator("#search [aria-busy=true]")).to_have_count(0)


def test_suggestions_for_an_earlier_text_are_hidden_while_new_ones_load(visitor: Visitor) -> None:
    waiting: list[Route] = []
    with visitor.visit(DEMO) as page:
        type_in(page, "tem")
        page.route(SUGGEST, lambda route: waiting.append(route))
        box(page).press_sequentially("p")
        expect(options(page)).to_have_count(0)
        waiting[0].continue_()
        expect(options(page).first).to_have_text("tempe")


def test_the_labels_that_matched_are_marked(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.route(
            SEARCH, answer(result(labels=["Kuliner", HOSTILE], matched_labels=[HOSTILE]), result(labels=["Kuliner"]))
        )
        page.goto(f"{DEMO}?q=x")
        expect(results(page).first.locator(".meta span")).to_have_text(f"Kuliner, {HOSTILE}")
        expect(results(page).locator(".meta mark")).to_have_text(HOSTILE)


def test_a_note_names_the_words_that_complete_the_query(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.route(SEARCH, answer(result(), completed={"temp": ["tempe", HOSTILE]}))
        page.goto(f"{DEMO}?q=temp")
        expect(status(page)).to_have_text(
            f"1 hasil untuk “\u2068x\u2069”. Tidak ada artikel yang memuat “\u2068temp\u2069”. "
            f"Artikel berikut memuat kata yang diawali dengannya: tempe, {HOSTILE}."
        )


def test_titles_are_text_and_only_highlights_are_markup(visitor: Visitor) -> None:
    escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    with visitor.visit("/archive/") as page:
        hostile = result(title_html=f"{escaped} <mark>a &amp;lt; b</mark> {HOSTILE}<mark>", url="javascript:alert(1)")
        page.route(SEARCH, answer(hostile, did_you_mean=HOSTILE))
        suggestions = {
            "completions": [HOSTILE],
            "items": [{"slug": '"><b>', "title_html": f"<b>{escaped}</b>"}],
        }
        page.route(SUGGEST, lambda route: route.fulfill(body=json.dumps(suggestions)))
        page.goto(f"{DEMO}?q=x&label={HOSTILE}")
        expect(results(page).locator("h3")).to_have_text(f"{HOSTILE} a &lt; b {HOSTILE}<mark>")
        expect(results(page).locator("h3 mark")).to_have_text("a &lt; b")
        expect(page.get_by_role("button", name=HOSTILE, exact=True)).to_be_visible()
        box(page).press_sequentially("xyz")
        expect(options(page).nth(1)).to_have_text(f"<b>{HOSTILE}</b>")
        assert page.locator("#search img, #search b").count() == 0
        assert page.evaluate("window.hacked") is None


def test_a_result_never_links_to_a_javascript_url(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.route(SEARCH, answer(result(url="javascript:alert(1)")))
        page.goto(DEMO)
        page.evaluate("document.querySelector('#search').removeAttribute('link')")
        box(page).fill("x")
        box(page).press("Enter")
        expect(results(page).locator("a")).to_have_count(1)
        assert results(page).locator("a").get_attribute("href") is None


@pytest.mark.parametrize("width", [320, 1280])
def test_long_words_and_right_to_left_text_fit_into_the_page(visitor: Visitor, width: int) -> None:
    with visitor.visit("/archive/", width=width, height=640) as page:
        arabic = "مرحبا <mark>بالعالم</mark>"
        long = result(title_html=f"<mark>{LONG_WORD}</mark>", snippet_html=LONG_WORD, labels=[LONG_WORD[:100]])
        page.route(SEARCH, answer(long, result(title_html=arabic, language="ar"), query=LONG_WORD, next_cursor="c"))
        suggestions = {"completions": [LONG_WORD], "items": [{"slug": "x", "title_html": LONG_WORD}]}
        page.route(SUGGEST, lambda route: route.fulfill(json=suggestions))
        page.goto(f"{DEMO}?q={LONG_WORD}&label={LONG_WORD[:100]}")
        page.locator("#search summary").click()
        expect(results(page).nth(1).locator("h3")).to_have_css("direction", "rtl")
        expect(results(page).first.locator(".snippet")).to_have_text(LONG_WORD)
        box(page).fill("")
        type_in(page, "Kata")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert options(page).first.evaluate("option => option.scrollWidth <= option.clientWidth")


def test_controls_have_the_minimum_touch_size(visitor: Visitor) -> None:
    """WCAG 2.2, 2.5.8: at least 24 by 24 pixels."""
    with visitor.visit(f"{DEMO}?q=temppe", width=390, height=844) as page:
        page.locator("#search summary").click()
        page.get_by_role("combobox", name="Label").select_option("Kuliner")
        type_in(page, "yog")
        small = page.locator("#search").evaluate(
            """host => [...host.shadowRoot.querySelectorAll("button, summary, input, select, [role=option]")]
              .filter(each => each.checkVisibility())
              .filter(each => Math.min(each.getBoundingClientRect().width, each.getBoundingClientRect().height) < 24)
              .map(each => each.outerHTML)"""
        )
        assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_suggestions_cover_the_content_in_the_pages_colours(visitor: Visitor, scheme: str) -> None:
    with visitor.visit(DEMO, color_scheme=scheme) as page:
        type_in(page, "yog")
        paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        ink = page.evaluate("getComputedStyle(document.documentElement).color")
        expect(page.get_by_role("listbox")).to_have_css("background-color", paper)
        expect(options(page).first).to_have_css("color", ink)


def test_the_element_uses_the_language_of_its_context(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=dapur") as page:
        page.evaluate("document.querySelector('#search').lang = 'en'; document.querySelector('#search').reload()")
        expect(status(page)).to_have_text(re.compile("^3 results for “.?dapur.?”$"))
        expect(page.get_by_role("combobox", name="Search this blog")).to_be_visible()
        page.locator("#search summary").click()
        expect(page.get_by_role("combobox", name="Sort by").locator("option:checked")).to_have_text("Best match")
        expect(results(page).first.locator("time")).to_have_text("9 November 2025")


def test_a_search_with_fixed_filters_does_not_offer_them(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        page.evaluate(
            """const search = document.querySelector("#search");
            search.setAttribute("label", "Kuliner");
            search.setAttribute("search-language", "id");"""
        )
        addresses = record_urls(page, r"/api/search\?")
        box(page).fill("dapur")
        box(page).press("Enter")
        expect(results(page)).to_have_count(1)
        page.locator("#search summary").click()
        expect(page.get_by_role("combobox", name="Label")).to_be_hidden()
        expect(page.get_by_role("combobox", name="Bahasa")).to_be_hidden()
        assert page.url.endswith("?q=dapur")
        assert addresses[-1].endswith("?q=dapur&label=Kuliner&language=id")


def test_with_a_results_url_the_element_is_only_a_box(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?q=tempe") as page:
        page.evaluate("document.querySelector('#search').setAttribute('results', 'index.html?from=2020-01-01')")
        expect(results(page)).to_have_count(0)
        expect(page.locator("#search summary")).to_be_hidden()
        box(page).fill("")
        type_in(page, "dapu")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/index.html?from=2020-01-01&q=dapur")
        expect(results(page)).to_have_count(3)


@pytest.mark.parametrize("query", ["dapur", "a", "xqzxqz", "gamel", '"bali kereta"', "dapur " + "panjang " * 60])
def test_the_search_page_says_the_same_with_and_without_javascript(visitor: Visitor, query: str) -> None:
    address = f"/search/?{urlencode({'q': query})}"
    with visitor.visit(address, java_script_enabled=False) as page:
        found = page.locator(".search__found, .search__none .empty").first.inner_text()
        title = page.title()
    with visitor.visit("/search/") as page:
        box(page).fill(query)
        box(page).press("Enter")
        expect(page.locator("kolom-search .status")).to_have_text(found)
        expect(page).to_have_title(title)
    assert len(title) < 120
