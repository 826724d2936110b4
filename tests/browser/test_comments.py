"""Hostile comments, in a real browser: posted, read back, and put on a page as a widget would."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from kolom_cli.loading import StackLoader
from kolom_cli.local.stack import LocalStack
from tests.hostile import hostile_texts

PROJECT = Path(__file__).parents[2]
ALLOWED = {"A", "BLOCKQUOTE", "BR", "CODE", "EM", "HR", "LI", "OL", "P", "PRE", "STRONG", "UL"}
STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Comments</title>
<script src="/hostile.js"></script></head><body><main></main></body></html>"""
SCRIPT = """
window.harm = [];
window.hacked = () => window.harm.push('a script ran');
window.alert = window.hacked;
document.addEventListener('securitypolicyviolation', event => window.harm.push('policy: ' + event.blockedURI));
window.load = async slug => {
  let cursor = '';
  do {
    const url = `/api/articles/${slug}/comments?limit=100&cursor=${encodeURIComponent(cursor ?? '')}`;
    const page = await (await fetch(url)).json();
    for (const comment of page.items) {
      const article = document.createElement('article');
      article.id = 'c' + comment.id;
      article.innerHTML = comment.content_html;
      document.querySelector('main').append(article);
    }
    cursor = page.next_cursor;
  } while (cursor);
};
"""
INSPECT = """() => [...document.querySelectorAll('main article *')].flatMap(element => [
  [element.tagName, element.getAttributeNames().join(' '), element.href ?? '', element.rel ?? '']])"""


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[LocalStack, str, int]]:
    """A blog without moderation, below whose first article stand all the hostile texts."""
    parameters = {"ModerationMode": "none", "CommentsPerMinute": "100"}
    with LocalStack(PROJECT / "template.yaml", parameters, port=0) as stack:
        StackLoader().load_sample(stack)
        stack.settle()
        host, port = urlsplit(stack.url).hostname or "", urlsplit(stack.url).port
        connection = http.client.HTTPConnection(host, port)
        connection.request("GET", "/api/articles?limit=1")
        slug = json.loads(connection.getresponse().read())["items"][0]["slug"]
        connection.close()
        count = 0
        for number, text in enumerate(hostile_texts()):
            # Every few from another address, as a crowd would.
            source = (f"127.0.{1 + number // 200}.{1 + number // 20 % 250}", 0)
            sender = http.client.HTTPConnection(host, port, source_address=source)
            body = json.dumps({"name": f"Visitor {number}", "content": text})
            sender.request("POST", f"/api/articles/{slug}/comments", body, {"content-type": "application/json"})
            answer = sender.getresponse()
            problem = answer.read()
            assert answer.status == 201, (text, problem)
            sender.close()
            count += json.loads(problem)["status"] == "approved"
        yield stack, slug, count


@pytest.mark.parametrize("policy", [STRICT, None], ids=["strict", "none"])
def test_no_hostile_comment_runs_loads_or_shows_anything(
    chromium: Browser, hostile: tuple[LocalStack, str, int], policy: str | None
) -> None:
    """Under a strict policy none is even violated; without one, nothing runs either."""
    stack, slug, count = hostile
    assert count >= 500
    page = chromium.new_page(base_url=stack.url)
    foreign: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(stack.url) else foreign.append(request.url))
    page.on("dialog", lambda dialog: foreign.append(dialog.message))
    headers = {"content-type": "text/html; charset=utf-8"} | ({"content-security-policy": policy} if policy else {})
    page.route("**/hostile", lambda route: route.fulfill(body=PAGE, headers=headers))
    page.route("**/hostile.js", lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript"))
    page.goto("/hostile")
    page.evaluate("slug => load(slug)", slug)
    page.wait_for_load_state("networkidle")
    assert page.locator("main > article").count() == count
    for tag, attributes, href, relation in page.evaluate(INSPECT):
        assert tag in ALLOWED
        assert set(attributes.split()) <= {"href", "rel", "start"}
        assert not href or href.startswith(("http://", "https://"))
        assert tag != "A" or relation == "nofollow ugc noopener"
    page.locator("main a[href]").first.hover()
    assert page.evaluate("harm") == []
    assert foreign == []
    page.close()
