"""Measure the cost of each page and feed of the site: DynamoDB requests and read units, and the size of the response.

    .venv/bin/python -m benchmarks.pages

The blog consists of the samples, with forty comments on one article. The first row is for a new function instance,
which also reads the document list and the theme.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.capacity import metered
from benchmarks.runner.figures import Figure, counted
from benchmarks.runner.part import NoOptions, Part
from benchmarks.stack import TEMPLATE
from kolom.articles import publishing
from kolom.comments import importing
from kolom.comments.importing import ExternalComment
from kolom.pages import theme
from kolom.search import document_table
from kolom_cli.emulator.api_gateway import Request, match_route, to_event
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.seed import StackLoader

SLUG = "cara-membaca-komunike"
PATHS = (
    *("/", "/label/politik/", "/labels/", "/archive/", "/2026/", f"/{SLUG}/"),
    *("/search/", "/search/?q=komunike", "/search/?q=kereta+malam+bali&label=Travel", "/contact/", "/tidak-ada/"),
    *("/feeds/atom.xml", "/feeds/rss.xml", "/feeds/feed.json?label=politik", f"/feeds/comments/{SLUG}"),
    *("/feeds/comments.xml", "/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/2026-11.xml", "/robots.txt"),
)


def measure(_: NoOptions) -> Iterator[Figure]:
    """Yield the requests, read units and sizes of each page."""
    with EmulatedStack(TEMPLATE, {"TimeZone": "Asia/Jakarta"}, port=0) as stack:
        loader = StackLoader()
        loader.deploy_assets(stack)
        loader.load_sample(stack)
        stack.wait_until_idle()
        _comment(publishing.get_by_slug(SLUG).id)
        theme.clear_cache()
        document_table.clear_cache()
        yield from _measure(stack, f"/{SLUG}/", f"/{SLUG}/, first request of an instance")
        for path in PATHS:
            yield from _measure(stack, path, path)


def _comment(article_id: int) -> None:
    now = datetime.now(UTC)
    for number in range(40):
        comment = importing.to_comment(
            ExternalComment(
                article_id=article_id,
                origin=str(number),
                name=f"Pembaca {number}",
                content="Terima kasih. " * 10,
                created_at=now - timedelta(minutes=number),
                status="approved",
            )
        )
        importing.upsert(comment, now=now)


def _measure(stack: EmulatedStack, address: str, name: str) -> Iterator[Figure]:
    path, _, query = address.partition("?")
    request = Request(method="GET", path=path, query=query)
    match = match_route(stack.template.routes, "GET", path)
    assert match is not None
    with metered() as bill:
        answer = stack.runtime.invoke(match.route.function, to_event(request, match))
    body = answer["body"].encode()
    yield from counted(name, requests=bill.total_requests, read_units=bill.read_units)
    yield from counted(name, KB=len(body) / 1000, KB_compressed=len(gzip.compress(body)) / 1000)


PART = Part(
    "pages", "Requests, read units and size of each page and feed.", measure, small=NoOptions(), full=NoOptions()
)

if __name__ == "__main__":
    PART.main()
