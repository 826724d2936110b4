"""Elements on sites whose scripts change pages: they follow the URL, start once, and stop when they are removed."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.embedding import FRIEND, open_form, open_page
from tests.serving import Site, send

WIDGETS = ["kolom-comments", "kolom-count", "kolom-related", "kolom-recent-comments", "kolom-search"]
SPY = """
    window.running = { timers: new Set(), observers: 0, listeners: 0 };
    const { setInterval: start, clearInterval: end } = window;
    window.setInterval = (...given) => { const id = start(...given); running.timers.add(id); return id; };
    window.clearInterval = (id) => { running.timers.delete(id); end(id); };
    for (const name of ["MutationObserver", "IntersectionObserver"]) {
        const { observe, disconnect } = window[name].prototype;
        const active = new Set();
        window[name].prototype.observe = function (...given) {
            if (!active.has(this)) { active.add(this); running.observers += 1; }
            return observe.apply(this, given);
        };
        window[name].prototype.disconnect = function () {
            if (active.delete(this)) running.observers -= 1;
            return disconnect.call(this);
        };
    }
    for (const target of [window, window.navigation]) {
        const add = target.addEventListener;
        target.addEventListener = function (name, listener, options) {
            running.listeners += 1;
            options?.signal?.addEventListener("abort", () => { running.listeners -= 1; });
            return add.call(this, name, listener, options);
        };
    }
"""
"""A script that counts what runs in the page."""
RUNNING = "() => [running.timers.size, running.observers, running.listeners]"


@pytest.fixture(scope="module")
def slugs(blog: Site) -> list[str]:
    """Return the slugs of articles; the first two have a comment with the slug."""
    found = [article["slug"] for article in send(blog, "/api/articles?limit=100")[1]["items"]][7:]
    for number, slug in enumerate(found[:2]):
        body = {"name": "Siti", "content": f"Comment on {slug}."}
        assert send(blog, f"/api/articles/{slug}/comments", body, address=f"127.0.0.{number + 40}")[0] == 201
    return found


def element(blog: str, attributes: str = "") -> str:
    return f'<kolom-comments api="{blog}" {attributes}></kolom-comments>'


def canonical(blog: str, slug: str) -> str:
    return f'<link rel="canonical" href="{blog}/{slug}/">'


def comment_on(page: Page, slug: str) -> None:
    """Wait until exactly the comment on that article is shown."""
    expect(page.get_by_text(f"Comment on {slug}.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Comment on "))).to_have_count(1)


def requests_to(page: Page, part: str) -> list[str]:
    """Return a list that the URLs of the page's requests with ``part`` are appended to."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if part in request.url else None)
    return asked


SET_CANONICAL = "url => { document.querySelector('link[rel=canonical]').href = url; }"


@pytest.mark.parametrize("has_navigation_api", [True, False])
def test_comments_follow_the_url_of_the_page(
    chromium: Browser, blog: Site, slugs: list[str], *, has_navigation_api: bool
) -> None:
    head = canonical(blog, slugs[0])
    if not has_navigation_api:
        head += '<script src="data:text/javascript,delete window.navigation"></script>'
    policy = "default-src 'self'; connect-src *; script-src 'self' data:"
    with open_page(chromium, blog, element(blog), at=FRIEND, head=head, policy=policy) as page:
        comment_on(page, slugs[0])
        asked = requests_to(page, "/api/")
        page.evaluate("url => { history.pushState(null, '', '/second/'); }", "")
        page.evaluate(SET_CANONICAL, f"{blog}/{slugs[1]}/")
        comment_on(page, slugs[1])
        assert len(asked) == 1
        page.evaluate("history.replaceState(null, '', '?page=2#x')")
        page.wait_for_timeout(150)
        assert len(asked) == 1
        page.evaluate(SET_CANONICAL, f"{blog}/{slugs[0]}/")
        comment_on(page, slugs[0])


def test_a_canonical_url_of_the_previous_page_does_not_count(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(
        chromium,
        blog,
        element(blog),
        at=FRIEND,
        head=canonical(blog, slugs[0]),
        complaints=["404", f"does not know the page {FRIEND}/elsewhere/"],
    ) as page:
        comment_on(page, slugs[0])
        page.evaluate("history.pushState(null, '', '/elsewhere/')")
        expect(page.get_by_role("status")).to_have_text("Comments are not open here.")
        expect(page.get_by_text("Comment on")).to_have_count(0)
        page.evaluate("history.back()")
        comment_on(page, slugs[0])


def test_comments_follow_their_attribute(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, element(blog, f'article="{slugs[0]}"'), at=FRIEND) as page:
        comment_on(page, slugs[0])
        asked = requests_to(page, "/api/")
        page.evaluate("slug => document.querySelector('kolom-comments').setAttribute('article', slug)", slugs[1])
        comment_on(page, slugs[1])
        page.evaluate("history.pushState(null, '', '/elsewhere/')")
        page.wait_for_timeout(150)
        assert len(asked) == 2


def test_comments_follow_their_attribute_although_forms_could_not_be_loaded(
    chromium: Browser, blog: Site, slugs: list[str]
) -> None:
    body = element(blog, f'article="{slugs[0]}"')
    with open_page(chromium, blog, body, at=FRIEND, complaints=["Failed to load resource"], lang="de") as page:
        page.route("**/messages/forms/*.js", lambda route: route.abort())
        page.get_by_role("textbox").fill("Zu früh.")
        expect(page.get_by_text("Dein Text bleibt hier")).to_be_visible()
        page.evaluate("slug => document.querySelector('kolom-comments').setAttribute('article', slug)", slugs[1])
        comment_on(page, slugs[1])
        expect(page.get_by_role("heading", name=re.compile(r"^\d+ Kommentar"))).to_be_visible()


def test_a_new_body_has_new_comments_once(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    """Turbo, swup and Astro replace the body or a part of it, and run its scripts again."""
    with open_page(chromium, blog, element(blog), at=FRIEND, head=canonical(blog, slugs[0])) as page:
        comment_on(page, slugs[0])
        asked = requests_to(page, "/api/")
        page.evaluate(
            """([html, blog, slug]) => {
                history.pushState(null, "", "/second/");
                document.querySelector("link[rel=canonical]").href = `${blog}/${slug}/`;
                const body = document.createElement("body");
                body.innerHTML = `<main>${html}</main>`;
                const script = document.createElement("script");
                Object.assign(script, { type: "module", src: "/assets/widgets/kolom-comments.js?visit=2" });
                body.append(script);
                document.documentElement.replaceChild(body, document.body);
            }""",
            [element(blog), str(blog), slugs[1]],
        )
        comment_on(page, slugs[1])
        page.wait_for_timeout(150)
        assert len(asked) == 1


def test_a_moved_element_continues_with_what_was_typed(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, element(blog, f'article="{slugs[0]}"'), at=FRIEND) as page:
        comment_on(page, slugs[0])
        with page.expect_response("**/api/form-token"):
            open_form(page).get_by_label("Name", exact=True).fill("Budi")
        asked = requests_to(page, "/api/")
        page.evaluate(
            """() => {
                const place = document.createElement("section");
                document.body.append(place);
                place.append(document.querySelector("kolom-comments"));
            }"""
        )
        page.wait_for_timeout(150)
        assert asked == []
        expect(page.get_by_label("Name", exact=True)).to_have_value("Budi")


def test_an_element_that_is_mounted_again_loads_again(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, element(blog, f'article="{slugs[0]}"'), at=FRIEND) as page:
        comment_on(page, slugs[0])
        page.evaluate("window.kept = document.querySelector('kolom-comments'); kept.remove()")
        page.wait_for_timeout(50)
        page.evaluate("slug => { kept.setAttribute('article', slug); document.body.append(kept); }", slugs[1])
        comment_on(page, slugs[1])


def test_removed_elements_leave_nothing_running(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    names = ("comments", "count", "related", "recent-comments", "search")
    html = "".join(f'<kolom-{name} api="{blog}" article="{slugs[0]}"></kolom-{name}>' for name in names)
    html += f'<kolom-search api="{blog}" mode="dialog"></kolom-search>'
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        page.evaluate(SPY)
        page.evaluate(
            "([blog, names]) => Promise.all(names.map((name) => import(`${blog}/assets/widgets/${name}.js`)))",
            # The module of the forms has listeners of its own, which stay.
            [str(blog), [*WIDGETS, "kolom-form"]],
        )
        before = page.evaluate(RUNNING)
        for _ in range(2):
            page.evaluate("html => { document.querySelector('main').innerHTML = html }", html)
            expect(page.get_by_role("article").get_by_text(f"Comment on {slugs[0]}.")).to_be_visible()
            expect(page.get_by_role("list", name="Recent comments")).to_be_visible()
            during = page.evaluate(RUNNING)
            assert all(now > then for now, then in zip(during, before, strict=True)), (during, before)
            page.evaluate("document.querySelector('main').replaceChildren()")
            page.wait_for_timeout(50)
            assert page.evaluate(RUNNING) == before


def test_the_requests_of_a_removed_element_are_cancelled(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, "", at=FRIEND) as page:
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(f"{request.url} {request.failure}"))
        page.route("**/api/**", lambda _: None)
        with page.expect_request("**/api/articles/**"):
            page.evaluate(
                "html => { document.querySelector('main').innerHTML = html }", element(blog, f'article="{slugs[0]}"')
            )
        page.evaluate("document.querySelector('main').replaceChildren()")
        page.wait_for_timeout(150)
        assert len(failed) == 2
        assert all("ERR_ABORTED" in each for each in failed)
        page.unroute_all(behavior="ignoreErrors")


def test_frameworks_may_set_every_attribute(chromium: Browser, blog: Site) -> None:
    """React, Vue and Preact assign a property instead of setting an attribute if an element has one of that name."""
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        conflicts = page.evaluate(
            """async ([blog, names]) => {
                await Promise.all(names.map((name) => import(`${blog}/assets/widgets/${name}.js`)));
                return names.flatMap((name) => {
                    const made = document.createElement(name);
                    const attributes = new Set([...made.constructor.observedAttributes, "heading", "loading", "theme"]);
                    return [...attributes].filter((each) => each in made).map((each) => `${name} ${each}`);
                });
            }""",
            [str(blog), [*WIDGETS, "kolom-articles", "kolom-contact"]],
        )
        assert conflicts == []
