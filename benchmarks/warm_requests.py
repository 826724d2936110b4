"""Measure the processor time of warm requests, compared with a bare script that makes the same calls of DynamoDB.

    .venv/bin/python -m benchmarks.warm_requests [--rounds 11] [--calls 20] [--routes TEXT …]

Each request is recorded once on moto, and then repeated with the recorded HTTP responses (:mod:`benchmarks.canned`), so
the time is that of the function with its libraries. The bare script makes the same calls with boto3, gets the same
responses, and dumps the results as JSON. Both take turns: each round measures ``calls`` requests of both, and has one
ratio. A comment is new in each request, so nothing is rendered from a cache.

The site has 50 articles of 200 words with three labels each, and 50 comments on one of them.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from typing import Any

from benchmarks.canned import bare_script, recorded, replay_in_turns
from benchmarks.handlers import TEMPLATE, configure, endless_theme, local_aws
from benchmarks.runner.figures import Figure
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, ratios
from benchmarks.texts import Words
from kolom_cli.emulator.api_gateway import Request, match_route, to_event
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template

ARTICLES = 50
COMMENTS = 50
FUNCTIONS = (
    *("fetch_articles", "fetch_comments", "search_articles", "serve_feeds", "serve_pages", "submit_contact"),
    "write_comments",
)
READ_GOAL, WRITE_GOAL = 2.0, 3.0
DATE = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = (
    "Number {:06} of *many* comments, of an ordinary length: two sentences, a [link](https://a.example), and no more."
)
HEADERS = (
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-language", "id,en;q=0.8"),
    ("host", "blog.example"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
)
_COUNTED = "&".join(f"slug=artikel-{number}" for number in range(50))


@dataclass(frozen=True, slots=True)
class Options:
    """How often to measure, and the routes whose names contain one of these texts; without texts, all routes."""

    rounds: int = 11
    calls: int = 20
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A request by its address. For a POST, ``body`` returns the fields, which differ for each number.

    With ``forgets_results``, the function forgets the search results that it has read, before each request.
    """

    name: str
    address: str
    body: Callable[[int], dict[str, Any]] | None = None
    forgets_results: bool = False


@dataclass(slots=True)
class Site:
    """A site on moto: its handlers, words of its texts, and numbers for the contents of writes."""

    template: Template
    handlers: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]]
    context: Any
    word: str
    phrase: str
    numbers: Iterator[int] = field(default_factory=count)

    def request(self, route: Route) -> Callable[[], dict[str, Any]]:
        """Return a function that makes the request and returns the response; each POST has another content."""
        from kolom.search import index_reader

        path, _, query = route.address.partition("?")
        method = "GET" if route.body is None else "POST"
        match = match_route(self.template.routes, method, path)
        assert match is not None, route
        headers = HEADERS if route.body is None else (*HEADERS, ("content-type", "application/json"))
        request = Request(method=method, path=path, query=query, headers=headers)
        handler = self.handlers[match.route.function]

        def make() -> dict[str, Any]:
            made = request
            if route.forgets_results:
                index_reader.results.clear()
            if route.body is not None:
                made = replace(request, body=json.dumps(route.body(next(self.numbers))).encode())
            answer = handler(to_event(made, match), self.context)
            assert answer["statusCode"] in {200, 201}, (route, answer)
            return answer

        return make


def measure(options: Options) -> Iterator[Figure]:
    """Yield the time of each route, its ratio to the bare script, and its number of calls."""
    with local_aws(POWERTOOLS_METRICS_DISABLED="false", COMMENTS_PER_MINUTE="100000"), endless_theme():
        site = build_site()
        for route in routes(site):
            if not options.routes or any(text in route.name for text in options.routes):
                yield from measure_route(site, route, options)


def measure_route(site: Site, route: Route, options: Options) -> Iterator[Figure]:
    """Yield the figures of one route."""
    request = site.request(route)
    request()  # fills the caches, as in a warm function
    with recorded() as recording:
        request()
    tasks = {"function": request, "bare script": bare_script(recording)}
    times = replay_in_turns(recording, tasks, options.rounds, calls=options.calls)
    yield Figure(route.name, "requests to DynamoDB", [len(recording.calls)])
    yield Figure(route.name, "ms", milliseconds(times["function"]))
    yield Figure(route.name, "ms, bare script", milliseconds(times["bare script"]))
    if recording.calls:
        goal = READ_GOAL if route.body is None else WRITE_GOAL
        yield Figure(route.name, "× bare script", ratios(times["function"], times["bare script"]), goal)


def build_site() -> Site:
    """Publish and index the articles, post the comments, and return the site with its handlers."""
    # Imported after the environment is set, because the logger reads it.
    from kolom.articles import publishing
    from kolom.search.index_writer import update_index
    from tests.factories import Context

    contents = list(_articles())
    ids = [publishing.publish(content, now=DATE).article.id for content in contents]
    assert not update_index(ids)
    text = contents[0].body.source.split()
    site = Site(
        template=load(TEMPLATE, {"SiteUrl": "https://blog.example"}),
        handlers={name: import_module(f"functions.{name}.app").handler for name in FUNCTIONS},
        context=Context(),
        word=text[10],
        phrase=" ".join(text[20:23]),
    )
    configure(moderation_mode="none")
    post = site.request(Route("", f"/api/articles/artikel-{ARTICLES - 1}/comments", _comment))
    for _ in range(COMMENTS):
        post()
    return site


def _articles() -> Iterator[Any]:
    from kolom.articles.input import ArticleInput
    from kolom.articles.types import Body

    writer = Words()
    for number in range(ARTICLES):
        paragraphs = [f"{' '.join(writer.words(100)).capitalize()}." for _ in range(2)]
        html = "".join(f"<p>{text}</p>" for text in paragraphs)
        yield ArticleInput(
            title=" ".join(writer.words(6)).capitalize(),
            slug=f"artikel-{number}",
            body=Body(html=html, source="\n\n".join(paragraphs), source_format="html"),
            excerpt=" ".join(writer.words(30)).capitalize() + ".",
            language="id",
            labels=("Berita", "Kota", "Perjalanan"),
            published_at=DATE - timedelta(days=number),
        )


def _comment(number: int) -> dict[str, Any]:
    return {"name": "Budi", "content": TEXT.format(number)}


def _message(number: int) -> dict[str, Any]:
    return {"email": "budi@example.com", "name": "Budi", "subject": "A question", "message": TEXT.format(number)}


def routes(site: Site) -> Iterator[Route]:
    """Yield the routes to measure: the API, the pages and the feeds."""
    commented = f"artikel-{ARTICLES - 1}"
    words = site.phrase.replace(" ", "+")
    for name, address in {
        "GET /api/articles, 20": "/api/articles",
        "GET /api/articles of a label and a year": "/api/articles?label=Berita&year=2025",
        "GET /api/articles/{slug}": "/api/articles/artikel-30",
        "GET /api/labels": "/api/labels",
        "GET /api/archive": "/api/archive",
        "GET /api/paths": "/api/paths?path=/artikel-30/",
        "GET /api/articles/{slug}/comments, 20": f"/api/articles/{commented}/comments",
        "GET /api/comments/counts of 50": f"/api/comments/counts?{_COUNTED}",
        "GET /api/comments/recent, 20": "/api/comments/recent",
        "GET /api/search, one word": f"/api/search?q={site.word}",
        "GET /api/search, three words": f"/api/search?q={words}",
        "GET /api/search/suggest": f"/api/search/suggest?q={site.word[:3]}",
        "GET /api/articles/{slug}/related": "/api/articles/artikel-30/related?limit=4",
        "page /": "/",
        "page of a label": "/label/berita/",
        "page of an article with 20 comments": f"/{commented}/",
        "page of search results": f"/search/?q={words}",
        "page /archive/": "/archive/",
        "page /contact/": "/contact/",
        "feed /feeds/atom.xml, 20 articles": "/feeds/atom.xml",
        "feed /feeds/feed.json, 20 articles": "/feeds/feed.json",
        "feed /feeds/comments.xml": "/feeds/comments.xml",
        "GET /sitemap.xml": "/sitemap.xml",
        "GET /api/form-token": "/api/form-token",
        "GET /api/health": "/api/health",
    }.items():
        yield Route(name, address)
        if "search?" in address or "search/?" in address:
            yield Route(f"{name}, not in memory", address, forgets_results=True)
    yield Route("POST a comment", f"/api/articles/{commented}/comments", _comment)
    yield Route("POST /api/contact", "/api/contact", _message)


PART = Part(
    "warm_requests",
    "Processor time of warm requests, compared with a bare script that makes the same calls of DynamoDB.",
    measure,
    small=Options(),
    full=Options(rounds=31, calls=50),
)

if __name__ == "__main__":
    PART.main()
