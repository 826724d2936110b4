"""More than a thousand hostile texts in Chromium, on a page without a Content-Security-Policy.

Each text goes through every channel that shows text of visitors or authors as markup. The result is inserted in every
way in which pages and elements insert markup, and as feed readers and mail programs do. Nothing may run or load,
nothing may remain that could, and no way of parsing may give another tree (mutation XSS).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Request, Route

from kolom.articles.types import Body
from kolom.comments.types import Comment
from kolom.contact.types import Message
from kolom.feeds.formats import render_atom, render_json_feed, render_rss
from kolom.feeds.types import Feed, FeedEntry
from kolom.i18n.locale import site_locale
from kolom.mail import renderer as mail
from kolom.pages import views
from kolom.pages.article_extras import ArticleExtras
from kolom.rendering import renderer, visitor_text
from kolom.rendering.absolute_links import with_absolute_links
from kolom.search.highlighter import find_matches, mark_snippet, mark_title
from kolom.search.matcher import Matcher
from tests.hostile import hostile_texts
from tests.hostile_markup import hostile_markdown, hostile_markup
from tests.paths import PROJECT
from tests.unit.pages.samples import comment, comment_page, reading
from tests.unit.rendering.test_sanitizer import MARKDOWN_VECTORS, VECTORS

SITE: Final = "http://blog.example"
NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUERY: Final = ("script", "img", "x", "hacked", "alert", "evil", "src", "style", "svg", "math")

HOST: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<script src="/host.js"></script></head><body><main></main></body></html>"""

HOST_SCRIPT: Final = """
window.harm = [];
window.hacked = () => window.harm.push('a script ran');
for (const name of ['alert', 'open', 'print', 'prompt', 'confirm']) window[name] = window.hacked;
// Ids and names must not hide functions of the page.
const {createElement, createRange, importNode} = Document.prototype;
const make = name => createElement.call(document, name);
const parse = html => { const target = make('section'); target.innerHTML = html; return target; };

window.ways = {
  innerHTML: (target, html) => { target.innerHTML = html; },
  insertAdjacentHTML: (target, html) => target.insertAdjacentHTML('beforeend', html),
  template: (target, html) => {
    const template = make('template');
    template.innerHTML = html;
    target.append(importNode.call(document, template.content, true));
  },
  fragment: (target, html) => {
    const range = createRange.call(document);
    range.selectNodeContents(target);
    target.append(range.createContextualFragment(html));
  },
  DOMParser: (target, html) => {
    const parsed = new DOMParser().parseFromString('<!doctype html><body><section>' + html + '</section>', 'text/html');
    target.append(...parsed.querySelector('section').childNodes);
  },
};

const ADDRESSES = ['href', 'src', 'action', 'formaction', 'data', 'poster', 'cite', 'background', 'xlink:href', 'ping'];
const FORBIDDEN = ('script style link meta base object embed form button input textarea select template noscript title '
  + 'frame frameset portal applet svg math body head html').toUpperCase().split(' ');

// Returns what in an element could run, load or mislead.
window.faults = (element, allowed) => {
  const found = [];
  if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml') found.push('namespace ' + element.namespaceURI);
  const {tagName} = element;
  if (FORBIDDEN.includes(tagName.toUpperCase()) && !allowed.includes(tagName)) found.push(tagName);
  if (element.shadowRoot) found.push('a shadow root');
  for (const {name, value} of element.attributes) {
    if (/^on/i.test(name) || ['srcdoc', 'autofocus', 'is', 'slot'].includes(name)) found.push(name);
    if (name === 'style' && !allowed.includes('style')) found.push(name);
    if (name === 'name' && !allowed.includes('name')) found.push(name);
    const urls = ADDRESSES.includes(name) ? [value] : name === 'srcset' ? value.split(', ') : [];
    for (const url of urls) {
      const scheme = URL.canParse(url, document.baseURI) ? new URL(url, document.baseURI).protocol : '';
      if (!['http:', 'https:', 'mailto:', 'tel:', ''].includes(scheme)) found.push(name + '=' + url);
    }
  }
  return found;
};

// Inserts each text in each way, and returns what is wrong, with the number of the text.
window.insertAll = (texts, allowed) => {
  const problems = [];
  texts.forEach((html, number) => {
    const trees = {};
    for (const [way, insert] of Object.entries(window.ways)) {
      const target = make('section');
      document.querySelector('main').append(target);
      insert(target, html);
      for (const element of target.querySelectorAll('*'))
        for (const fault of window.faults(element, allowed)) problems.push([number, way, fault]);
      trees[way] = target.innerHTML;
      const again = parse(target.innerHTML);
      target.normalize();
      again.normalize();
      if (again.innerHTML !== target.innerHTML) problems.push([number, way, 'another text when parsed again']);
      const copy = make('section');
      copy.append(...[...target.cloneNode(true).childNodes]);
      if (!copy.isEqualNode(again)) problems.push([number, way, 'another tree when parsed again']);
      if (way === 'innerHTML') target.querySelectorAll('a').forEach(link => link.dispatchEvent(new Event('mouseover')));
      else target.remove();
    }
    if (new Set(Object.values(trees)).size > 1) problems.push([number, 'all', 'ways give different trees']);
  });
  return problems;
};

// Return the markup of the entries of a feed, as a reader gets it: the texts, and the summaries.
const parseXml = xml => new DOMParser().parseFromString(xml, 'application/xml');
const inFeed = (xml, selector) => [...parseXml(xml).querySelectorAll(selector)]
  .map(each => each.textContent).filter(text => text);
window.contentsOf = xml => inFeed(xml, 'item > *|encoded, entry > content');
window.summariesOf = xml => inFeed(xml, 'item > description, entry > summary');
"""


@cache
def vectors() -> tuple[str, ...]:
    """Return all hostile texts, each once."""
    combined = (*hostile_markup(), *hostile_markdown())
    return tuple(dict.fromkeys((*combined, *hostile_texts(), *VECTORS, *MARKDOWN_VECTORS)))


def as_comments() -> list[str]:
    """Return the markup of comments with these texts."""
    return [visitor_text.render(text[:10_000]).html for text in vectors()]


@cache
def as_articles() -> tuple[str, ...]:
    """Return the markup of articles with these sources, as HTML and as Markdown."""
    return tuple(renderer.render(text, kind).html for text in vectors() for kind in ("html", "markdown"))


def as_results() -> list[str]:
    """Return the titles and snippets of results, with highlights for a query with words of the texts."""
    matcher = Matcher(frozenset(QUERY), "en")
    titles = [mark_title(text, matcher) for text in vectors()]
    return titles + [mark_snippet(text, find_matches(text, matcher)) for text in vectors()]


def as_mail() -> list[str]:
    """Return the bodies of mails to the owner about a comment or a message, in which every field is hostile."""
    locale, bodies = site_locale(), []
    for number, text in enumerate(each[:2_000] for each in vectors()[::3]):
        if number % 2:
            shown: Any = Message(
                id="1", status="new", email=text, message=text, created_at=NOW, expires_at=0, name=text, subject=text
            )
            values = {"message": shown, "writer": text, "date": text, "can_reply": False}
            _, html = mail.render("contact", locale, subject=text, **values)
        else:
            shown = Comment(
                article_id=1, id="1", status="pending", name=text, content=text, avatar="", created_at=NOW, website=text
            )
            values = {"comment": shown, "title": text, "language": "en", "url": "https://blog.example/", "date": text}
            values |= {"links": [], "days": 7, "comment_html": visitor_text.render(text).html}
            _, html = mail.render("moderation", locale, subject=text, **values)
        bodies.append(html)
    return bodies


def feed_of(*entries: FeedEntry) -> Feed:
    return Feed(
        title="Blog",
        description="",
        author="",
        url=f"{SITE}/",
        feed_url=f"{SITE}/feeds/atom.xml",
        language="en",
        entries=entries,
    )


def as_entries() -> list[FeedEntry]:
    """Return entries of a feed: all texts as articles, with hostile titles, names and labels."""
    texts = vectors()
    found = []
    for number, html in enumerate(as_articles()):
        text = texts[number // 2]
        absolute = with_absolute_links(html, f"{SITE}/hello/", max_bytes=10_000_000)
        found.append(
            FeedEntry(
                id=f"{SITE}/#{number}",
                url=f"{SITE}/hello/",
                title=text,
                published_at=NOW,
                updated_at=NOW,
                author=text,
                summary=text,
                content_html=absolute,
                labels=(text,),
                language="en",
            )
        )
    return found


@dataclass
class Reader:
    """A browser page, and the requests that left the site; pictures of other hosts are ``pictures``."""

    page: Page
    requests: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    def problems_of(self, texts: list[str], *allowed: str) -> list[Any]:
        """Insert the texts in all ways; return what is wrong, each with the text."""
        found = self.page.evaluate("([texts, allowed]) => insertAll(texts, allowed)", [texts, list(allowed)])
        return [(texts[number][:300], way, fault) for number, way, fault in found[:10]]

    def check_nothing_happened(self) -> None:
        """Wait for what could load, and check that nothing ran and no other page was opened."""
        self.page.wait_for_load_state("networkidle")
        assert self.page.evaluate("harm") == []
        assert self.requests == []
        assert self.page.url.startswith(f"{SITE}/")


@contextmanager
def open_host(browser: Browser, *, html: str = HOST, content_type: str = "text/html") -> Iterator[Reader]:
    """Open a page of the site without a policy; every other address answers 404."""
    context = browser.new_context(base_url=SITE)
    reader = Reader(context.new_page())

    def note(request: Request) -> None:
        if not request.url.startswith((f"{SITE}/", "data:")):
            kind = reader.pictures if request.resource_type in {"image", "media"} else reader.requests
            kind.append(f"{request.resource_type} {request.url}")

    context.on("request", note)
    reader.page.on("dialog", lambda dialog: reader.requests.append(dialog.message))
    context.on("page", lambda page: reader.requests.append(f"a window: {page.url}"))
    context.route("**/*", lambda route: route.fulfill(status=404))
    script = {"content_type": "text/javascript"}
    context.route("**/host.js", lambda route: route.fulfill(body=HOST_SCRIPT, **script))
    context.route(f"{SITE}/page", lambda route: route.fulfill(body=html, content_type=f"{content_type}; charset=utf-8"))
    reader.page.goto("/page")
    yield reader
    context.close()


def respond(answer: object, route: Route) -> None:
    """Respond with JSON."""
    route.fulfill(body=json.dumps(answer), content_type="application/json")


def test_the_checks_notice_these_texts_if_they_are_not_rendered(chromium: Browser) -> None:
    """Otherwise the other tests would prove nothing."""
    texts = [text for text in hostile_markup() if "refresh" not in text]  # which would leave the page
    with open_host(chromium) as reader:
        found = reader.page.evaluate("([texts]) => insertAll(texts, [])", [texts])
        assert len({number for number, _, _ in found}) > 0.8 * len(texts)
        assert {fault for _, _, fault in found} >= {"SCRIPT", "onerror", "another tree when parsed again"}
        reader.page.wait_for_timeout(200)
        assert reader.page.evaluate("harm").count("a script ran") > 100
        assert {each.split()[0] for each in reader.requests} >= {"script", "stylesheet", "document"}
        assert reader.pictures


def test_there_are_more_than_a_thousand_texts() -> None:
    assert len({*hostile_markup(), *hostile_markdown()}) > 900
    assert len(vectors()) > 1_600


CHANNELS: Final[dict[str, Callable[[], list[str]]]] = {"comments": as_comments, "search results": as_results}


@pytest.mark.parametrize("channel", CHANNELS)
def test_text_of_visitors_runs_and_loads_nothing_however_it_is_inserted(chromium: Browser, channel: str) -> None:
    texts = CHANNELS[channel]()
    with open_host(chromium) as reader:
        assert reader.problems_of(texts) == []
        assert reader.page.locator("main > section").count() == len(texts) >= len(vectors())
        reader.check_nothing_happened()
        assert reader.pictures == []


def test_articles_run_nothing_and_load_only_pictures(chromium: Browser) -> None:
    """An author may show pictures, audio and video of other hosts."""
    with open_host(chromium) as reader:
        assert reader.problems_of(list(as_articles())) == []
        reader.check_nothing_happened()
        assert {each.split()[0] for each in reader.pictures} <= {"image", "media"}


def test_the_entries_of_a_feed_are_harmless_in_a_feed_reader(chromium: Browser) -> None:
    """All formats have the same texts. Summaries are markup, too."""
    feed = feed_of(*as_entries())
    items = json.loads(render_json_feed(feed))["items"]
    contents = [each["content_html"] for each in items if each["content_html"]]
    shown = list(dict.fromkeys(contents))
    with open_host(chromium) as reader:
        for write in (render_atom, render_rss):
            assert reader.page.evaluate("xml => contentsOf(xml)", write(feed)) == contents
            shown += dict.fromkeys(reader.page.evaluate("xml => summariesOf(xml)", write(feed)))
        assert len(shown) > len(contents)
        assert reader.problems_of(list(dict.fromkeys(shown))[::3]) == []
        reader.check_nothing_happened()


@pytest.mark.parametrize(
    ("write", "kind"), [(render_atom, "application/atom+xml"), (render_rss, "application/rss+xml")]
)
def test_a_feed_that_is_opened_in_a_browser_runs_nothing(
    chromium: Browser, write: Callable[[Feed], str], kind: str
) -> None:
    document = write(feed_of(*as_entries()[:400]))
    for content_type in ("text/xml", kind):
        with open_host(chromium, html=document, content_type=content_type) as reader:
            reader.page.wait_for_load_state("networkidle")
            assert reader.page.evaluate("document.querySelectorAll('script, iframe').length") == 0
            assert (reader.requests, reader.pictures) == ([], [])


def test_mail_to_the_owner_is_harmless_in_a_mail_program(chromium: Browser) -> None:
    """A mail program shows the body of the document, with its inline styles."""
    mails = as_mail()
    with open_host(chromium) as reader:
        script = "mails => mails.map(html => new DOMParser().parseFromString(html, 'text/html').body.innerHTML)"
        bodies = reader.page.evaluate(script, mails)
        assert reader.problems_of(bodies, "style") == []
        assert reader.page.locator("main > section").count() == len(mails)
        reader.check_nothing_happened()
        assert reader.pictures == []


def test_a_page_with_all_comments_and_articles_is_harmless(chromium: Browser) -> None:
    """The page is rendered by the server, so the browser parses all texts as one document."""
    comments = [
        comment(f"{number:026d}", content_html=visitor_text.render(text[:10_000]).html, name=text[:100])
        for number, text in enumerate(vectors()[::2])
    ]
    articles = as_articles()[::7]
    body = "".join(f"<section data-case>{html}</section>" for html in articles)
    shown = reading(body=Body(html=body), title=vectors()[0], excerpt=vectors()[1], labels=vectors()[2:6])
    page = views.render_article(shown, ArticleExtras(comments=comment_page(*comments), is_open=True)).html
    html = page.encode("utf-8", "replace").decode().replace("<head>", '<head><script src="/host.js"></script>', 1)
    assert html != page
    with open_host(chromium, html=html) as reader:
        reader.check_nothing_happened()
        assert reader.page.locator("[data-case]").count() == len(articles)
        for selector, allowed in (("[data-case] *", ()), ("[id^=comment-] *", ("BUTTON", "FORM", "INPUT"))):
            script = "([at, allowed]) => [...document.querySelectorAll(at)].flatMap(each => faults(each, allowed))"
            faults = reader.page.evaluate(script, [selector, list(allowed)])
            assert [each for each in faults if "svg" not in each.lower()] == [], selector


def test_elements_show_hostile_responses_of_the_api_without_harm(chromium: Browser) -> None:
    """The elements run on a page of another site, which has no policy."""
    texts = vectors()[::3]
    comments = [
        {
            "id": f"{number:026d}",
            "parent_id": None,
            "content_html": visitor_text.render(text[:10_000]).html,
            "author": {"name": text[:100], "website": None, "avatar": "", "is_owner": False},
            "created_at": "2026-03-01T12:00:00Z",
            "edited_at": None,
            "deleted": False,
        }
        for number, text in enumerate(texts)
    ]
    matcher = Matcher(frozenset(QUERY), "en")
    results = [
        {
            "slug": "x",
            "url": "/x/",
            "labels": [text[:100]],
            "language": "en",
            "published_at": "2026-01-02T03:04:05Z",
            "title_html": mark_title(text, matcher),
            "snippet_html": mark_snippet(text, find_matches(text, matcher)),
        }
        for text in texts
    ]
    html = HOST.replace(
        "<main></main>",
        '<main><kolom-comments article="hello"></kolom-comments><kolom-search id="search"></kolom-search></main>'
        '<script type="module" src="/assets/widgets/kolom-comments.js"></script>'
        '<script type="module" src="/assets/widgets/kolom-search.js"></script>',
    )
    answers = {
        "**/api/articles/hello/comments*": {"items": comments, "total": len(comments), "next_cursor": None},
        "**/api/articles/hello": {"comments_open": False},
        "**/api/search?*": {
            "items": results,
            "total": len(results),
            "total_is_exact": True,
            "next_cursor": None,
            "query": "x",
            "did_you_mean": None,
        },
    }
    with open_host(chromium) as reader:
        context = reader.page.context
        files = PROJECT / "frontend"
        context.route(
            "**/assets/**",
            lambda route: route.fulfill(
                path=files / route.request.url.partition("/assets/")[2].partition("?")[0],
                content_type="text/javascript",
            ),
        )
        for pattern, answer in answers.items():
            context.route(pattern, partial(respond, answer))
        context.route(
            f"{SITE}/elements?*", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")
        )
        reader.page.goto("/elements?q=x")
        reader.page.locator("kolom-comments article").nth(len(texts) - 1).wait_for(state="attached")
        reader.page.locator("kolom-search .list > li").nth(len(texts) - 1).wait_for(state="attached")
        reader.check_nothing_happened()
        assert reader.pictures == []
        script = """() => [...document.querySelectorAll('kolom-comments, kolom-search')].flatMap(host =>
          [...(host.shadowRoot ?? host).querySelectorAll('article *, .list > li *')].flatMap(each =>
            faults(each, ['BUTTON', 'svg', 'path'])))"""
        assert [each for each in reader.page.evaluate(script) if each != "namespace http://www.w3.org/2000/svg"] == []
