"""The most expensive day that an attacker can cause on each route, with the throttle of the template."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.costs.bill import Amounts, add_invocations, assumption, billed_seconds, price, stack
from benchmarks.costs.measured import Record, Request

SECONDS_A_DAY: Final = 24 * 60 * 60
_KB_PER_GB: Final = 1_000_000
_GIGABYTES_PER_GIGABIT: Final = 1 / 8

REFUSED: Final = "comment, refused by a rate limit"
LIMITED: Final[Mapping[str, str]] = {
    "POST /api/articles/{slug}/comments": "mail about a comment, left to a digest",
    "PATCH /api/articles/{slug}/comments/{comment_id}": "",
    "DELETE /api/articles/{slug}/comments/{comment_id}": "",
    "POST /api/contact": "mail about a message",
}
"""The routes whose writes the rate limit of the site bounds, and the mail that each accepted request causes.

A deletion has no limit of its own. But each needs a comment that was accepted, so there are at most as many.
"""

ROUTES: Final[Mapping[str, str]] = {
    "GET /api/health": "health",
    "GET /api/articles": "list of 50 articles",
    "GET /api/articles/{slug}": "article",
    "GET /api/labels": "labels",
    "GET /api/archive": "archive",
    "GET /api/paths": "path that does not exist",
    "GET /": "home page",
    "GET /{proxy+}": "most expensive search",
    "GET /feeds/{proxy+}": "feed",
    "GET /sitemap.xml": "sitemap",
    "GET /sitemaps/{name}": "sitemap of a month",
    "GET /robots.txt": "robots.txt",
    "GET /preview/{token}": "preview, invalid link",
    "GET /api/search": "most expensive search",
    "GET /api/search/suggest": "suggestions",
    "GET /api/articles/{slug}/related": "related articles",
    "GET /api/articles/{slug}/comments": "50 comments",
    "GET /api/comments": "50 comments at a URL",
    "GET /api/comments/counts": "counts at 50 URLs",
    "GET /api/comments/recent": "recent comments, 50",
    "GET /api/form-token": "form token",
    "POST /api/articles/{slug}/comments": "comment, approved at once",
    "PATCH /api/articles/{slug}/comments/{comment_id}": "change of a comment",
    "DELETE /api/articles/{slug}/comments/{comment_id}": "change of a comment",
    "GET /api/moderation/{token}": "moderation, invalid link",
    "POST /api/moderation/{token}": "moderation, invalid link",
    "GET /api/subscription/{token}": "subscription, invalid link",
    "POST /api/subscription/{token}": "subscription, invalid link",
    "POST /api/contact": "message",
}
"""The most expensive measured request of each route. A HEAD costs as much as the GET of its path, and a deletion less
than a change.

Every other path is a page, and the most expensive page is that of search results.
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of an attack on a route, in dollars.

    ``tables`` is the part of DynamoDB, ``direct`` everything if the requests go to the address of the API, and ``cdn``
    everything if they go through CloudFront. ``at_once`` are the concurrent invocations.
    """

    route: str
    tables: float
    direct: float
    cdn: float
    at_once: float


def days(record: Record) -> Sequence[Day]:
    """Return the day of each route, the most expensive first."""
    sent = float(assumption("attack", "requests_per_second"))
    found = [_day(route, record, sent) for route in ROUTES]
    return sorted(found, key=lambda day: (-day.direct, day.route))


def worst_routes_together(record: Record) -> float:
    """Return the direct cost of a day in which the requests are spread evenly over the most expensive routes."""
    routes = [day.route for day in days(record)[: assumption("attack", "routes_at_once")]]
    sent = assumption("attack", "requests_per_second") / len(routes)
    return sum(_day(route, record, sent).direct for route in routes)


def files_through_cdn(kilobytes: float) -> float:
    """Return the cost of a day of requests for a file of that size, which the cache answers without any limit."""
    number = assumption("attack", "requests_per_second") * SECONDS_A_DAY
    amounts = {
        "cloudfront-request": number,
        "cloudfront-gb": number * (kilobytes + assumption("sizes", "header_kb")) / _KB_PER_GB,
    }
    return sum(price(amounts, free=False).values())


def transfer_through_cdn() -> float:
    """Return the cost of a day of transfer at ``gigabits_per_second``."""
    gigabytes = assumption("attack", "gigabits_per_second") * _GIGABYTES_PER_GIGABIT * SECONDS_A_DAY
    return sum(price({"cloudfront-gb": gigabytes}, free=False).values())


def refused_requests() -> float:
    """Return what a day would cost more if API Gateway billed the requests that it refuses."""
    sent = float(assumption("attack", "requests_per_second"))
    refused = (sent - _reached(sent)) * SECONDS_A_DAY
    return sum(price({"api-request": refused}, free=False).values())


def _reached(sent: float) -> float:
    """Return how many of these requests a second of one route reach a function."""
    throttle = stack().template.throttle
    assert throttle is not None
    return min(sent, throttle.rate)


def _day(route: str, record: Record, sent_per_second: float) -> Day:
    attack, header_kb = "attack", assumption("sizes", "header_kb")
    reached_per_second = _reached(sent_per_second)
    sent, reached = sent_per_second * SECONDS_A_DAY, reached_per_second * SECONDS_A_DAY
    amounts: Amounts = defaultdict(float)
    request = record.requests[ROUTES[route]]
    for each, number in _invocations(route, request, reached, record):
        add_invocations(amounts, each, number)
    amounts["api-request"] = reached
    amounts["log-gb"] += (sent - reached) * assumption(attack, "refused_log_kb") / _KB_PER_GB
    tables = price(amounts, free=False)["DynamoDB"]
    gigabytes = reached * (request.kilobytes + header_kb) / _KB_PER_GB
    refused = (sent - reached) * (assumption(attack, "refused_kb") + header_kb) / _KB_PER_GB
    direct = sum(price({**amounts, "api-gb": gigabytes}, free=False).values())
    through_cdn = {"cloudfront-request": sent, "cloudfront-function": sent, "cloudfront-gb": gigabytes + refused}
    cdn = sum(price({**amounts, **through_cdn}, free=False).values())
    memory_mb = stack().template.functions[request.function].memory_mb
    return Day(route, tables, direct, cdn, reached_per_second * billed_seconds(request, memory_mb))


def _invocations(route: str, request: Request, reached: float, record: Record) -> Sequence[tuple[Request, float]]:
    """Return the requests that a day makes, and their number. Of submissions, the limit of the site accepts some."""
    if route not in LIMITED:
        return [(request, reached)]
    per_minute = int(stack().template.parameters["CommentsPerMinute"])
    accepted = min(reached, per_minute * assumption("attack", "site_factor") * 24 * 60)
    found = [(request, accepted), (record.requests[REFUSED], reached - accepted)]
    if mail := LIMITED[route]:
        found.append((record.requests[mail], accepted))
    return found
