"""The site in a real browser."""

import gzip
import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import LONG_WORD, Visitor
from tests.browser.pages import ARABIC, ARTICLE, ENGLISH, EVERY, HOSTILE, MISSING, RESULTS

SHIFT = """new Promise(resolve => {
  let sum = 0;
  new PerformanceObserver(list => { for (const each of list.getEntries()) sum += each.value; })
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => resolve(sum), 300);
})"""


SMALL_TARGETS = """[...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .filter(each => !each.closest(".prose, .skip, .unseen, .field--trap"))
  .map(each => [each.textContent.trim() || each.name, each.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def edges(page: Page, selector: str) -> tuple[float, float]:
    """Return the left and right edge of the element."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def dates_of(page: Page) -> list[str]:
    return [str(found.get_attribute("datetime")) for found in page.locator(".card time").all()]


def test_home_lists_the_newest_articles_and_links_to_older_ones(visitor: Visitor) -> None:
    with visitor.visit("/") as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("Catatan Sari")
        first = dates_of(page)
        assert len(first) == 10
        page.get_by_role("link", name="Artikel lebih lama").click()
        page.wait_for_url("**/?cursor=*")
        second = dates_of(page)
        assert first + second == sorted(first + second, reverse=True)
        page.get_by_role("link", name="Kembali ke yang terbaru").click()
        assert dates_of(page) == first


def test_an_article_has_contents_pictures_and_tables(visitor: Visitor) -> None:
    with visitor.visit("/") as page:
        page.get_by_role("link", name="Cara Membaca Komunike").click()
        page.wait_for_url(f"**{ARTICLE}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Cara Membaca Komunike")
        contents = page.get_by_role("navigation", name="Daftar isi")
        expect(contents).to_be_visible()
        contents.get_by_role("link", name="Tujuh pertanyaan").click()
        expect(page.get_by_role("heading", name="Tujuh pertanyaan")).to_be_in_viewport()
        picture = page.locator(".prose img").first
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
        expect(page.get_by_role("table").first).to_be_visible()


def test_an_english_article_has_an_english_interface(visitor: Visitor) -> None:
    with visitor.visit("/china-russia-agree-to-deepen-strategic-cooperation/") as page:
        assert page.locator("html").get_attribute("lang") == "en"
        expect(page.get_by_role("link", name="Home")).to_be_visible()
        expect(page.get_by_text("min read")).to_be_visible()


def test_a_label_links_to_its_articles(visitor: Visitor) -> None:
    with visitor.visit("/labels/") as page:
        page.get_by_role("main").get_by_role("link", name="Politik").click()
        page.wait_for_url("**/label/politik/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Politik")
        expect(page.get_by_role("link", name="Cara Membaca Komunike")).to_be_visible()


def test_the_archive_links_to_a_month(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.get_by_role("link", name="Mei 2026").click()
        page.wait_for_url("**/2026/05/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Mei 2026")
        expect(page.locator(".card")).to_have_count(2)


def test_an_old_slug_redirects_to_the_article(visitor: Visitor) -> None:
    with visitor.visit("/nama-lama/") as page:
        assert page.url.endswith("/nama-baru/")


@pytest.mark.parametrize(
    ("path", "status", "title"), [("/tidak-ada/", 404, "Halaman ini tidak ada"), ("/terhapus/", 410, "Artikel ini")]
)
def test_an_error_page_has_a_heading_and_three_links(visitor: Visitor, path: str, status: int, title: str) -> None:
    with visitor.visit(path) as page:
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.get_by_role("main").get_by_role("link")).to_have_count(3)
    assert len(visitor.complaints) == 1
    assert f"status of {status}" in visitor.complaints.pop()


def test_a_keyboard_user_can_skip_the_header_and_see_the_focus(visitor: Visitor) -> None:
    with visitor.visit("/") as page:
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Langsung ke isi")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        assert (skip.bounding_box() or {"height": 0})["height"] >= 24
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        first = page.locator(".card__title a").first
        expect(first).to_be_focused()
        outline = first.evaluate("link => getComputedStyle(link, '::after').outlineStyle")
        assert outline == "solid"


def test_dark_mode_has_light_text_on_a_dark_page(visitor: Visitor) -> None:
    def brightness(page: Page, name: str, element: str) -> float:
        colour = page.locator(element).evaluate(f"found => getComputedStyle(found).{name}")
        return sum(int(value) for value in re.findall(r"\d+", colour)[:3]) / 765

    with visitor.visit(ARTICLE, color_scheme="dark") as page:
        assert brightness(page, "backgroundColor", "html") < 0.15
        assert brightness(page, "color", ".prose") > 0.8
    with visitor.visit(ARTICLE, color_scheme="light") as page:
        assert brightness(page, "backgroundColor", "html") > 0.9
        assert brightness(page, "color", ".prose") < 0.2


@pytest.mark.parametrize("path", EVERY)
def test_no_page_is_wider_than_the_smallest_screen(visitor: Visitor, path: str) -> None:
    with visitor.visit(path, width=320, height=640) as page:
        assert not scrolls_sideways(page)
    visitor.ignore_status_errors()


@pytest.mark.parametrize("path", ["/", ARTICLE])
def test_a_long_blog_name_fits_into_the_header(visitor: Visitor, path: str) -> None:
    with visitor.visit(path, width=320, height=640) as page:
        for name in page.locator(".masthead__title a, .colophon__title").all():
            name.evaluate("(found, name) => { found.textContent = name }", LONG_WORD[:60])
        assert not scrolls_sideways(page)


def test_the_contents_are_collapsed_on_a_phone(visitor: Visitor) -> None:
    with visitor.visit(ARTICLE, width=390, height=800) as page:
        entry = page.get_by_role("link", name="Tujuh pertanyaan")
        expect(entry).to_be_hidden()
        page.get_by_text("Daftar isi").locator("visible=true").click()
        entry.click()
        expect(page.get_by_role("heading", name="Tujuh pertanyaan")).to_be_in_viewport()


def test_everything_works_without_javascript(visitor: Visitor) -> None:
    with visitor.visit("/", java_script_enabled=False) as page:
        page.get_by_role("link", name="Artikel lebih lama").click()
        page.get_by_role("link", name="Beranda").click()
        page.get_by_role("link", name="Cara Membaca Komunike").click()
        page.wait_for_url(f"**{ARTICLE}")
        page.get_by_role("link", name="Politik").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Politik")


def test_a_hostile_title_is_shown_as_text(visitor: Visitor) -> None:
    with visitor.visit("/") as page:
        page.get_by_role("link", name="window.hacked").click()
        page.wait_for_url("**/2024/05/x.html")
        expect(page.get_by_role("heading", level=1)).to_contain_text("<script>window.hacked = 1</script>")
        assert page.evaluate("window.hacked") is None


def test_print_hides_the_interactive_parts(visitor: Visitor) -> None:
    with visitor.visit(ARTICLE) as page:
        expect(page.get_by_role("button", name="Kirim")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation", name="Situs")).to_be_hidden()
        expect(page.get_by_role("combobox", name="Cari di blog ini")).to_be_hidden()
        expect(page.get_by_role("button", name="Kirim")).to_be_hidden()
        expect(page.locator(".contents--aside")).to_be_hidden()
        expect(page.locator(".prose")).to_be_visible()
        assert edges(page, ".masthead__title")[0] == edges(page, ".prose")[0]


def test_an_inline_picture_stays_in_its_sentence(visitor: Visitor) -> None:
    with visitor.visit(HOSTILE) as page:
        sentence = page.get_by_role("paragraph").filter(has_text="Sebuah kecil.")
        assert sentence.get_by_role("img").evaluate("image => getComputedStyle(image).display") == "inline"
        assert (sentence.bounding_box() or {"height": 99})["height"] < 40


def test_a_picture_alone_is_centred(visitor: Visitor) -> None:
    with visitor.visit(ARTICLE) as page:
        picture = page.locator(".prose p > img").first
        box, text = picture.bounding_box(), page.locator(".prose").bounding_box()
        assert box is not None
        assert text is not None
        assert abs((box["x"] + box["width"] / 2) - (text["x"] + text["width"] / 2)) < 1


def test_a_missing_picture_is_shown_as_a_plain_area(visitor: Visitor) -> None:
    with visitor.visit("/labels/") as page:
        page.route("**/media/**", lambda route: route.fulfill(status=404))
        page.goto("/")
        picture = page.locator(".card__image").first
        page.wait_for_function("image => image.complete", arg=picture.element_handle())
        size = picture.evaluate("image => getComputedStyle(image).width")
        assert picture.evaluate("image => getComputedStyle(image, '::after').width") == size
        surface = picture.evaluate("image => getComputedStyle(image).backgroundColor")
        assert picture.evaluate("image => getComputedStyle(image, '::after').backgroundColor") == surface
    visitor.ignore_status_errors()


@pytest.mark.parametrize(("width", "is_beside"), [(390, False), (600, True)])
def test_the_search_box_fills_the_header_on_a_phone(visitor: Visitor, width: int, is_beside: bool) -> None:
    with visitor.visit(ARTICLE, width=width, height=800) as page:
        box, title, header = (edges(page, f".masthead__{name}") for name in ("search", "title", "inner"))
        assert box[1] == header[1]
        if is_beside:
            assert box[0] > title[1]
        else:
            assert box[0] == header[0]


@pytest.mark.parametrize("path", [ARTICLE, ENGLISH, RESULTS, "/search/?q=xqzxqz", "/contact/", "/", MISSING])
def test_controls_have_the_minimum_touch_size(visitor: Visitor, path: str) -> None:
    """Controls are at least 24 pixels wide and high; links within text are exempt (WCAG 2.2, 2.5.8)."""
    with visitor.visit(path, width=390, height=800) as page:
        assert page.evaluate(SMALL_TARGETS) == []
    visitor.ignore_status_errors()


@pytest.mark.parametrize("width", [390, 1280])
def test_share_links_have_equal_distances(visitor: Visitor, width: int) -> None:
    with visitor.visit(ARTICLE, width=width, height=800) as page:
        lines = page.locator(".shares__list a").evaluate_all(
            """links => links.map((link) => {
                const range = document.createRange();
                range.selectNodeContents(link);
                const { left, right, top } = range.getBoundingClientRect();
                return [left, right, Math.round(top)];
            })"""
        )
        distances = [b[0] - a[1] for a, b in pairwise(lines) if a[2] == b[2]]
        assert len(distances) >= 3
        assert max(distances) - min(distances) < 1
        assert lines[0][0] == pytest.approx(edges(page, ".shares__title")[0], abs=0.5)


def test_a_lead_article_without_a_picture_fills_the_width(visitor: Visitor) -> None:
    with visitor.visit("/", width=1280) as page:
        page.locator(".card--lead .card__image").evaluate_all("images => images.forEach((each) => each.remove())")
        lead, title, excerpt = (
            page.locator(f".card--lead{part}").bounding_box() for part in ("", " .card__title", " .card__excerpt")
        )
        assert lead is not None
        assert title is not None
        assert excerpt is not None
        assert excerpt["x"] > title["x"] + title["width"]
        assert excerpt["x"] + excerpt["width"] > lead["x"] + lead["width"] * 0.9
        assert abs(excerpt["y"] - title["y"]) < 24


def middle_of(page: Page, selector: str) -> bytes:
    """Return a picture of the element without its rounded corners."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return page.screenshot(
        clip={"x": box["x"], "y": round(box["y"]) + 8, "width": box["width"], "height": round(box["height"]) - 16}
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_shows_by_a_shadow_that_it_can_be_scrolled(visitor: Visitor, scheme: str) -> None:
    with visitor.visit(ARABIC, width=390, height=800, color_scheme=scheme) as page:
        code = page.locator(".prose pre").first
        # Only the shadow differs between the beginning and the end.
        code.evaluate("code => { code.firstElementChild.style.opacity = 0; }")
        code.focus()
        expect(code).to_be_focused()
        start = middle_of(page, ".prose pre")
        code.evaluate("code => { code.scrollLeft = 1e5; }")
        assert code.evaluate("code => code.scrollLeft") > 0
        assert middle_of(page, ".prose pre") != start
        # A block that fits has none.
        code.evaluate("code => { code.firstElementChild.textContent = 'x'; }")
        fitting = middle_of(page, ".prose pre")
        code.evaluate("code => { code.style.background = 'var(--shade)'; }")
        assert middle_of(page, ".prose pre") == fitting


def test_buttons_and_labels_keep_their_shapes_with_forced_colors(visitor: Visitor) -> None:
    with visitor.visit(ARTICLE, java_script_enabled=False, forced_colors="active") as page:
        for shape in (page.get_by_role("button", name="Kirim"), page.locator(".labels a").first):
            border = shape.evaluate("found => { const s = getComputedStyle(found); return s.border }")
            assert border.startswith("1px solid rgb(")


def test_search_works_without_javascript(visitor: Visitor) -> None:
    with visitor.visit("/", java_script_enabled=False) as page:
        page.get_by_role("searchbox", name="Cari di blog ini").fill("komunike")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search/?q=komunike")
        result = page.get_by_role("link", name="Cara Membaca Komunike")
        expect(result.locator("mark")).to_have_text("Komunike")
        page.get_by_text("Filter").click()
        page.get_by_label("Label").fill("tidak ada")
        page.get_by_role("button", name="Cari").click()
        expect(page.get_by_text("dengan filter ini")).to_be_visible()
        page.get_by_role("link", name="Cari di semua artikel").click()
        expect(page.get_by_role("link", name="Cara Membaca Komunike")).to_be_visible()


def test_filters_of_a_server_rendered_search_are_counted(visitor: Visitor) -> None:
    with visitor.visit("/search/?q=komunike&label=politik&sort=newest") as page:
        expect(page.get_by_text("Filter (2)")).to_be_visible()
        page.get_by_text("Filter (2)").click()
        page.get_by_role("button", name="Hapus filter").click()
        page.wait_for_url("**/search/?q=komunike")
        expect(page.locator("summary:visible", has_text="Filter")).to_have_text("Filter")


def test_server_rendered_results_stay_until_another_search(visitor: Visitor) -> None:
    with visitor.visit("/search/?q=komunike") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        expect(page.get_by_role("link", name="Cara Membaca Komunike")).to_be_visible()
        box = page.get_by_role("combobox", name="Cari di blog ini")
        expect(box).to_have_value("komunike")
        assert asked == []
        box.fill("gamelan")
        box.press("Enter")
        expect(page.get_by_role("link", name="What a Gamelan Teaches About Listening")).to_be_visible()
        expect(page.get_by_role("link", name="Cara Membaca Komunike")).to_be_hidden()
        page.go_back()
        expect(page.get_by_role("link", name="Cara Membaca Komunike")).to_be_visible()


def test_a_comment_can_be_written_without_javascript(visitor: Visitor) -> None:
    with visitor.visit(ARTICLE, java_script_enabled=False, locale="id-ID") as page:
        page.get_by_label("Nama").fill("Budi")
        page.get_by_label("Komentar").last.fill("Ditulis tanpa JavaScript.")
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Terima kasih atas komentar Anda")
        page.get_by_role("link", name="Kembali ke artikel").click()
        page.wait_for_url(f"**{ARTICLE}")


@pytest.mark.parametrize("path", ["/", "/label/politik/", ARTICLE])
def test_the_feeds_that_a_page_links_to_exist(visitor: Visitor, path: str) -> None:
    with visitor.visit(path) as page:
        links = page.locator('link[rel="alternate"]')
        assert links.count() == (2 if path == "/" else 3)
        for link in links.all():
            answer = page.request.get(link.get_attribute("href") or "")
            assert answer.status == 200
            assert answer.headers["content-type"].startswith(link.get_attribute("type") or "none")
        expect(page.get_by_role("contentinfo").get_by_role("link", name="RSS")).to_have_attribute(
            "href", "/feeds/rss.xml"
        )


def test_related_articles_can_be_opened(visitor: Visitor) -> None:
    with visitor.visit(ARTICLE) as page:
        related = page.get_by_role("region", name="Artikel terkait").get_by_role("link")
        assert 1 <= related.count() <= 4
        title = related.first.inner_text()
        related.first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_an_article_can_be_read_while_the_api_is_down(visitor: Visitor) -> None:
    with visitor.visit("/labels/") as page:
        page.route("**/api/**", lambda route: route.abort())
        page.goto(ARTICLE)
        expect(page.get_by_role("heading", level=1)).to_have_text("Cara Membaca Komunike")
        page.locator("kolom-comments").scroll_into_view_if_needed()
        expect(page.get_by_text("Komentar sedang tidak dapat dimuat.")).to_be_visible()
        expect(page.get_by_label("Nama")).to_be_visible()
    visitor.complaints = [each for each in visitor.complaints if "ERR_FAILED" not in each]


def late(page: Page, route: Route) -> None:
    page.wait_for_timeout(300)
    route.continue_()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/", RESULTS, "/contact/"])
def test_elements_do_not_shift_the_layout_when_they_replace_forms(visitor: Visitor, path: str, width: int) -> None:
    with visitor.visit("/labels/", width=width, height=844) as page:
        # The form is painted long before the scripts are loaded.
        page.route("**/widgets/*.js", lambda route: late(page, route))
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(SHIFT) < 0.005


@pytest.mark.parametrize("path", [ARTICLE, "/", "/search/?q=komunike", "/tentang/", "/contact/"])
def test_a_page_is_small_and_has_no_layout_shift(visitor: Visitor, path: str) -> None:
    """A page has less than 48 KB without pictures, as compressed by the CDN, and nothing moves while it loads."""
    weights: dict[str, int] = {}
    with visitor.visit("/labels/") as page:
        page.on("response", lambda answer: weights.update({answer.url: len(gzip.compress(answer.body()))}))
        page.goto(path)
        page.wait_for_load_state("networkidle")
        shift = page.evaluate(SHIFT)
    assert sum(weight for url, weight in weights.items() if "/media/" not in url) < 48_000
    assert shift < 0.01


def test_a_section_of_a_result_leads_to_its_words(visitor: Visitor) -> None:
    with visitor.visit("/search/?q=kereta+malam") as page:
        section = page.get_by_role("list", name="Di artikel ini").first.get_by_role("link").first
        expect(section).to_have_text("Mengapa pelan itu perlu")
        assert ":~:text=" in (section.get_attribute("href") or "")
        section.click()
        expect(page.get_by_role("heading", name="Mengapa pelan itu perlu")).to_be_in_viewport()
        assert page.evaluate("location.hash") == "#mengapa-pelan-itu-perlu"


def test_browsers_without_text_fragments_show_the_words_too(visitor: Visitor) -> None:
    """The script gets the directive that such a browser leaves in the URL."""
    with visitor.visit("/menyusuri-lintas-selatan/") as page:
        script = page.locator("script[src*=kolom-highlight]").get_attribute("src")
        highlight = "async ([script, hash]) => (await import(script)).highlight(hash)"
        page.evaluate(highlight, [script, "#mengapa-pelan-itu-perlu:~:text=Sejarah-,kereta,-di&text=zzz&text=%E0"])
        expect(page.locator("mark.found")).to_have_text("kereta")
        expect(page.locator("mark.found")).to_be_in_viewport()
        page.evaluate(highlight, [script, "#ringkasan-jalur:~:text=zzz"])
        expect(page.get_by_role("heading", name="Ringkasan jalur")).to_be_in_viewport()
        page.evaluate(highlight, [script, "#nothing:~:text=kereta"])
        page.evaluate(highlight, [script, "#mendaki-priangan"])
        expect(page.locator("mark.found")).to_have_count(1)


@pytest.mark.parametrize(
    ("text", "word", "marked"),
    [
        pytest.param("Fair airs. The air.", "air", "Fair airs. The [air].", id="whole word"),
        pytest.param("Learn C and C++ (too).", "c++", "Learn C and [C++] (too).", id="characters of patterns"),
        pytest.param("İİİİ İstanbul, kota", "kota", "İİİİ İstanbul, [kota]", id="longer in lower case"),
        pytest.param("東京都庁", "京都", "東[京都]庁", id="no spaces"),
    ],
)
def test_the_words_of_a_link_are_marked_as_whole_words(visitor: Visitor, text: str, word: str, marked: str) -> None:
    with visitor.visit("/menyusuri-lintas-selatan/") as page:
        shown = page.evaluate(
            """async ([text, word]) => {
                const script = document.querySelector("script[src*=kolom-highlight]").src;
                document.body.innerHTML = "<div><h2 id=here></h2><p></p></div>";
                document.querySelector("p").textContent = text;
                (await import(script)).highlight(`#here:~:text=${encodeURIComponent(word)}`);
                document.querySelector("mark")?.replaceWith(`[${document.querySelector("mark").textContent}]`);
                return document.querySelector("p").textContent;
            }""",
            [text, word],
        )
    assert shown == marked
