"""Feeds, sitemaps and robots.txt."""

from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.errors import Moved, NotFound
from kolom.feeds import builder, formats, sitemaps
from kolom.feeds.redirects import get_feed_redirect
from kolom.http.api import MovedPermanently, new_api
from kolom.http.query import query_value
from kolom.observability import logger, metrics
from kolom.urls import comments_feed_path, with_query

# Feed readers poll often, so responses are cached for five minutes. CloudFront does not compress all feed types.
api = new_api(
    caching="public, max-age=300, stale-while-revalidate=600, stale-if-error=86400",
    compress_above_bytes=1_000,
)

READ = ["GET", "HEAD"]


@api.route("/feeds/comments.xml", method=READ, include_in_schema=False)
def get_comment_feed() -> Response[str]:
    return _document(formats.ATOM, formats.render_atom(builder.build_comment_feed()))


@api.route("/feeds/comments/<slug>", method=READ, include_in_schema=False)
def get_article_comment_feed(slug: str) -> Response[str]:
    try:
        return _document(formats.ATOM, formats.render_atom(builder.build_article_comment_feed(unquote(slug))))
    except Moved as moved:
        query = api.current_event["rawQueryString"]
        raise MovedPermanently(with_query(comments_feed_path(moved.slug), query)) from None
    except NotFound:
        return get_other_feed()


@api.route("/feeds/<name>", method=READ, include_in_schema=False)
def get_article_feed(name: str) -> Response[str]:
    if name not in formats.FORMATS:
        raise NotFound(f"there is no feed {name!r}")
    content_type, write = formats.FORMATS[name]
    label = query_value(api.current_event.raw_event, "label")
    return _document(content_type, write(builder.build_article_feed(name, (label or "").strip() or None)))


@api.route("/sitemap.xml", method=READ, include_in_schema=False)
def get_sitemap_index() -> Response[str]:
    return _document("application/xml", sitemaps.render_index())


@api.route("/sitemaps/<name>", method=READ, include_in_schema=False)
def get_sitemap(name: str) -> Response[str]:
    return _document("application/xml", sitemaps.render_sitemap(name))


@api.route("/robots.txt", method=READ, include_in_schema=False)
def get_robots() -> Response[str]:
    return _document("text/plain", sitemaps.render_robots())


# The group makes this a dynamic route. Without it, Powertools would try this route before all dynamic ones.
@api.route("/feeds/(.+)", method=READ, include_in_schema=False)
def get_other_feed() -> Response[str]:
    raise MovedPermanently(get_feed_redirect(unquote(api.current_event.path), api.current_event["rawQueryString"]))


def _document(content_type: str, body: str) -> Response[str]:
    return Response(200, f"{content_type}; charset=utf-8", body)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
