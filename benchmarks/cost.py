"""Measure the requests of a blog, and compute its monthly bill, with the prices in ``benchmarks/costs/prices.toml``.

    .venv/bin/python -m benchmarks.cost [--rounds 3] [--calls 5] [--record benchmarks/costs/measured.json]

Each request is made on moto to count its calls of DynamoDB and their capacity units, and then repeated with the
recorded responses (:mod:`benchmarks.canned`) for its processor time. The site is that of
:mod:`benchmarks.warm_requests`. Searches forget the results in memory before each request. The most expensive search
is made on 200 articles of 20 KB that all contain its words.

``--record`` writes the figures to the file from which ``make costs`` generates the tables of ``docs/cost.md``.
"""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks import mail, search_cost
from benchmarks.canned import recorded, replay_in_turns
from benchmarks.capacity import Bill, metered
from benchmarks.costs import measured
from benchmarks.costs.bill import SCENARIOS, monthly_bill
from benchmarks.handlers import TEMPLATE, configure, endless_theme, local_aws
from benchmarks.runner.figures import Figure
from benchmarks.runner.machine import describe
from benchmarks.runner.part import NoOptions, Part
from benchmarks.stack import request, stack_without_events
from benchmarks.warm_requests import COMMENTS, HEADERS, Site, build_site
from kolom.search.index_reader import results
from kolom_cli.emulator.api_gateway import Request, match_route, to_event
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.seed import StackLoader

ARTICLE: Final = "artikel-49"
"""The article with the comments."""

TEXT: Final = (
    "Number {:06} of *many* comments, of an ordinary length: two sentences, a [link](https://a.example), and no more."
)
COUNTED: Final = "&".join(f"slug=artikel-{number}" for number in range(50))
COUNTED_URLS: Final = "&".join(f"url=https://blog.example/artikel-{number}/?page=1" for number in range(50))
"""URLs with the maximum number of pointers: those of pages of the site, with a query."""

GETS: Final = {
    "health": "/api/health",
    "list of 50 articles": "/api/articles?limit=100",
    "article": "/api/articles/artikel-30",
    "labels": "/api/labels",
    "archive": "/api/archive",
    "path that does not exist": "/api/paths?path=/2020/01/nothing/",
    "home page": "/",
    "page of a label": "/label/berita/",
    "page of an article": f"/{ARTICLE}/",
    "page of search results": "/search/?q={words}",
    "feed": "/feeds/atom.xml",
    "sitemap": "/sitemap.xml",
    "sitemap of a month": "/sitemaps/2025-12.xml",
    "robots.txt": "/robots.txt",
    "preview, invalid link": "/preview/invalid",
    "search, three words": "/api/search?q={words}",
    "suggestions": "/api/search/suggest?q={words}",
    "related articles": "/api/articles/artikel-30/related",
    f"{COMMENTS} comments": f"/api/articles/{ARTICLE}/comments?limit=100",
    f"{COMMENTS} comments at a URL": f"/api/comments?url=https://blog.example/{ARTICLE}/&limit=100",
    "counts at 50 URLs": f"/api/comments/counts?{COUNTED_URLS}",
    "counts of 50 articles": f"/api/comments/counts?{COUNTED}",
    f"recent comments, {COMMENTS}": "/api/comments/recent?limit=100",
    "form token": "/api/form-token",
    "moderation, invalid link": "/api/moderation/invalid",
    "subscription, invalid link": "/api/subscription/invalid",
}
ERRORS: Final = {
    "path that does not exist": 404,
    "preview, invalid link": 404,
    "moderation, invalid link": 404,
    "subscription, invalid link": 404,
}
"""The requests whose response has another status than 200."""

_MANY_WORDS: Final = " ".join(dict.fromkeys(search_cost.Writer(20).words(30)))
EXPENSIVE_SEARCHES: Final = (
    '"kereta malam" -"malam kereta"',
    'kereta "kereta malam" "malam malam" "kereta kereta" -"malam kereta" -"malam kereta malam"',
    f'"kereta malam" {_MANY_WORDS}',
    'keretx malxm "kereta malam"',
)
"""Phrases that no article contains, although all contain their words; more words than a search reads; unknown words."""

_COMPRESSED: Final = 1 / 3
"""The usual size of a compressed text, divided by that of the text."""

MAIL: Final = {
    "mail about a comment": "sending the mail about a comment",
    "mail about a comment, left to a digest": "leaving the mail about a comment to a digest",
    "mail about a message": "sending the mail of kind contact",
    "timer": "the schedule, with no mail due",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How often to measure the processor time, and the file for the record; empty for none."""

    rounds: int = 3
    calls: int = 5
    record: str = ""


def measure(options: Options) -> Iterator[Figure]:
    """Yield the figures of each request, then the monthly bills that follow from them."""
    requests = dict(_requests(options))
    requests |= _mail()
    requests["most expensive search"] = _most_expensive_search(options)
    record = measured.Record(f"{datetime.now(UTC):%Y-%m-%d}", describe(), requests, _files())
    for name, each in requests.items():
        yield Figure(name, "requests to DynamoDB", [each.calls])
        yield Figure(name, "read units", [each.read_units])
        yield Figure(name, "write units", [each.write_units])
        yield Figure(name, "ms", [each.milliseconds])
        yield Figure(name, "KB compressed", [each.kilobytes])
    for scenario in SCENARIOS:
        for free, amounts in ((True, "with free amounts"), (False, "without free amounts")):
            bill = monthly_bill(record, scenario, free=free)
            yield Figure(f"{scenario.views:,} page views a month", f"USD, {amounts}", [sum(bill.values())])
    if options.record:
        Path(options.record).write_text(record.to_json(), "utf-8")


def _requests(options: Options) -> Iterator[tuple[str, measured.Request]]:
    with local_aws(COMMENTS_PER_MINUTE="100000"), endless_theme():
        site = build_site()
        for name in ("preview_article", "serve_mail_links"):
            site.handlers[name] = import_module(f"functions.{name}.app").handler
        words = site.phrase.replace(" ", "+")
        for name, address in GETS.items():
            path, _, query = address.format(words=words).partition("?")
            made = Request(method="GET", path=path, query=query, headers=HEADERS)
            yield name, _measure(site, made, options, ERRORS.get(name, 200))
        yield from _submissions(site, options)


def _submissions(site: Site, options: Options) -> Iterator[tuple[str, measured.Request]]:
    comments = f"/api/articles/{ARTICLE}/comments"

    def send(path: str, method: str = "POST", **fields: Any) -> Callable[[], Request]:
        headers: tuple[tuple[str, str], ...] = (*HEADERS, ("content-type", "application/json"))
        if token := fields.pop("token", ""):
            headers = (*headers, ("authorization", f"Bearer {token}"))

        def make() -> Request:
            text = {name: value.format(next(site.numbers)) for name, value in fields.items()}
            return Request(method=method, path=path, headers=headers, body=json.dumps(text).encode())

        return make

    comment = send(comments, name="Budi", content=TEXT)
    configure(moderation_mode="first")
    yield "comment that waits for approval", _measure(site, comment, options)
    configure(moderation_mode="none")
    yield "comment, approved at once", _measure(site, comment, options)
    posted = json.loads(_invoke(site, comment())[1]["body"])
    change = send(f"{comments}/{posted['comment']['id']}", "PATCH", content=TEXT, token=posted["edit_token"])
    yield "change of a comment", _measure(site, change, options, 200)
    message = send("/api/contact", name="Budi", email="budi@example.com", subject="A question", message=TEXT)
    yield "message", _measure(site, message, options)
    configure(comments_per_minute=1)
    yield "comment, refused by a rate limit", _measure(site, comment, options, 429)


def _measure(
    site: Site, made: Request | Callable[[], Request], options: Options, status: int = 201
) -> measured.Request:
    """Measure a request with that status; ``made`` returns it if each one differs."""

    def invoke() -> tuple[str, dict[str, Any]]:
        results.clear()
        return _invoke(site, made if isinstance(made, Request) else made())

    invoke()  # fills the caches, as in a warm function
    with metered() as bill:
        function, answer = invoke()
    with recorded() as recording:
        invoke()
    seconds = replay_in_turns(recording, {"request": invoke}, options.rounds, calls=options.calls)["request"]
    assert answer["statusCode"] == status, (made, answer)
    return _request(function, bill, seconds, answer)


def _request(function: str, bill: Bill, seconds: Sequence[float], answer: dict[str, Any]) -> measured.Request:
    """Return the figures. The lowest time depends the least on what else the machine does."""
    return measured.Request(
        function=function,
        calls=bill.total_requests,
        read_units=bill.read_units,
        write_units=bill.write_units,
        milliseconds=round(min(seconds) * 1_000, 2),
        kilobytes=_kilobytes(answer),
    )


def _invoke(site: Site, made: Request) -> tuple[str, dict[str, Any]]:
    """Return the name of the function and its response."""
    match = match_route(site.template.routes, made.method, made.path)
    assert match is not None, made
    answer = site.handlers[match.route.function](to_event(made, match), site.context)
    return match.route.function, answer


def _kilobytes(answer: dict[str, Any]) -> float:
    body = answer.get("body") or ""
    data = b64decode(body) if answer.get("isBase64Encoded") else gzip.compress(body.encode())
    return round(len(data) / 1_000, 2)


def _mail() -> dict[str, measured.Request]:
    """Return the figures of sending mail and of the timer. Their processor time is estimated: 1 ms for each call."""
    figures = {(figure.case, figure.measure): figure.median for figure in mail.measure(NoOptions())}
    found = {}
    for name, case in MAIL.items():
        calls, reads, writes = (figures[case, unit] for unit in ("requests", "read units", "write units"))
        function = "run_scheduled_tasks" if name == "timer" else "send_mail"
        if name == "timer":  # It also looks for scheduled articles.
            calls, reads = calls + 1, reads + 0.5
        found[name] = measured.Request(function, int(calls), reads, writes, calls, 0)
    return found


def _most_expensive_search(options: Options) -> measured.Request:
    found = []
    with stack_without_events() as stack:
        search_cost.load_long_texts(stack, 20, has_phrase=False)
        request(stack, "/api/search", "q=x")()  # reads the document list
        for text in EXPENSIVE_SEARCHES:
            search = search_cost.search_anew(stack, urlencode({"q": text, "limit": 100}))
            with metered() as bill:
                answer = search()
            assert answer["statusCode"] == 200, answer  # noqa: PLR2004, RUF100
            with recorded() as recording:
                search()
            seconds = replay_in_turns(recording, {"search": search}, options.rounds)["search"]
            found.append(_request("search_articles", bill, seconds, answer))
            # All articles have the same text, which compresses too well.
            kilobytes = round(len(answer["body"]) / 1_000 * _COMPRESSED, 2)
            found[-1] = replace(found[-1], kilobytes=kilobytes)
    return max(found, key=lambda each: each.read_units)


def _files() -> measured.Files:
    """Return the styles and scripts of a sample article, as the bucket has them."""
    with EmulatedStack(TEMPLATE, {"TimeZone": "Asia/Jakarta"}, port=0) as stack:
        loader = StackLoader()
        loader.deploy_assets(stack)
        loader.load_sample(stack)
        stack.wait_until_idle()
        page = request(stack, "/cara-membaca-komunike/")()["body"]
        names = sorted(set(re.findall(r"(?:src|href)=\"/(assets/[^\"]+\.(?:css|js))\"", page)))
        bucket, s3 = stack.template.outputs["MediaBucket"], stack.aws.client("s3")
        bodies = [s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names]
    assert names, page
    return measured.Files(len(names), round(sum(len(gzip.compress(body)) for body in bodies) / 1_000, 1))


PART = Part(
    "cost",
    "The requests of a blog, and its monthly bill.",
    measure,
    small=Options(),
    full=replace(Options(), rounds=11, calls=20),
)

if __name__ == "__main__":
    PART.main()
