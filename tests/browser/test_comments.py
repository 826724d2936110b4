"""Comments in a real browser: hostile texts, proof of work, and a form without JavaScript."""

import pytest
from playwright.sync_api import Browser

from kolom.rendering.visitor_text import render
from tests.browser.embedding import open_html
from tests.hostile import hostile_texts
from tests.serving import Site, send

SLUG = "memotret-hujan"
ALLOWED = {"A", "BLOCKQUOTE", "BR", "CODE", "EM", "HR", "LI", "OL", "P", "PRE", "STRONG", "UL"}
STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Comments</title>
<script src="/hostile.js"></script></head><body><main></main></body></html>"""
SCRIPT = """
window.harm = [];
window.hacked = () => window.harm.push('a script ran');
window.alert = window.hacked;
document.addEventListener('securitypolicyviolation', event => window.harm.push('policy: ' + event.blockedURI));
window.show = comments => {
  for (const html of comments) {
    const article = document.createElement('article');
    article.innerHTML = html;
    document.querySelector('main').append(article);
  }
};
"""
INSPECT = """() => [...document.querySelectorAll('main article *')].flatMap(element => [
  [element.tagName, element.getAttributeNames().join(' '), element.href ?? '', element.rel ?? '']])"""


def test_the_api_returns_a_hostile_comment_as_it_was_rendered(blog: Site) -> None:
    path = f"/api/articles/{SLUG}/comments"
    for number, text in enumerate(list(hostile_texts())[::15]):
        status, posted = send(blog, path, {"name": f"Visitor {number}", "content": text}, address="127.0.1.1")
        assert status == 201, (text, posted)
        assert posted["comment"]["content_html"] == render(text).html


@pytest.mark.parametrize("policy", [STRICT, None], ids=["strict", "none"])
def test_no_hostile_comment_executes_or_loads_anything(chromium: Browser, policy: str | None) -> None:
    """Comments cause no violation of a strict policy, and nothing runs without a policy either."""
    site = "http://blog.example"
    page = chromium.new_page(base_url=site)
    foreign: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(site) else foreign.append(request.url))
    page.on("dialog", lambda dialog: foreign.append(dialog.message))
    headers = {"content-type": "text/html; charset=utf-8"} | ({"content-security-policy": policy} if policy else {})
    page.route("**/*", lambda route: route.fulfill(status=404))
    page.route("**/hostile", lambda route: route.fulfill(body=PAGE, headers=headers))
    page.route("**/hostile.js", lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript"))
    page.goto("/hostile")
    comments = [render(text).html for text in hostile_texts()]
    page.evaluate("comments => show(comments)", comments)
    page.wait_for_load_state("networkidle")
    assert page.locator("main > article").count() == len(comments) >= 500
    for tag, attributes, href, relation in page.evaluate(INSPECT):
        assert tag in ALLOWED
        assert set(attributes.split()) <= {"href", "rel", "start"}
        assert not href or href.startswith(("http://", "https://"))
        assert tag != "A" or relation == "nofollow ugc noopener"
    page.locator("main a[href]").first.hover()
    assert page.evaluate("harm") == []
    assert foreign == []
    page.close()


def test_a_comment_with_a_proof_of_work_from_the_browser_is_accepted(chromium: Browser, strict_blog: Site) -> None:
    page = chromium.new_page(base_url=strict_blog)
    page.goto("/archive/")
    form = send(strict_blog, "/api/form-token")[1]
    solved = page.evaluate(
        """challenge => new Promise(resolve => {
          const worker = new Worker('/assets/widgets/kolom-proof.js');
          worker.onmessage = ({data}) => resolve(data);
          worker.postMessage(challenge);
        })""",
        form["challenge"],
    )
    assert set(solved) == {"proof"}
    comment = {"name": "Budi", "content": "It was work.", "form_token": form["token"], "altcha": solved["proof"]}
    path = f"/api/articles/{SLUG}/comments"
    assert send(strict_blog, path, comment | {"altcha": ""})[0] == 422
    assert send(strict_blog, path, comment)[0] == 201
    page.close()


def test_a_form_without_javascript_keeps_its_input_until_it_is_valid(chromium: Browser, moderated_blog: Site) -> None:
    context = chromium.new_context(
        base_url=moderated_blog, java_script_enabled=False, locale="id-ID", viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    form = f"""<form method=post action="{moderated_blog}/api/articles/{SLUG}/comments">
      <input name=name><input name=email value=no><textarea name=content>Halo dari formulir</textarea>
      <button>Kirim</button></form>"""
    open_html(page, moderated_blog, form)
    page.get_by_role("button").click()
    assert page.locator("textarea").input_value() == "Halo dari formulir"
    page.get_by_label("Nama").fill("Budi")
    page.get_by_label("Surel").fill("budi@example.com")
    page.get_by_role("button", name="Kirim").press("Enter")
    page.get_by_role("heading", name="Terima kasih").wait_for()
    context.close()
