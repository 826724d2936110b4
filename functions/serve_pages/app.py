"""The site's pages: the default route, for all paths without a route of their own."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.errors import NotFound
from kolom.http.api import html_response, new_api
from kolom.http.errors import Failure
from kolom.http.language import locale_of
from kolom.http.query import parse_query
from kolom.http.types import Event
from kolom.observability import logger, metrics
from kolom.pages import router, views
from kolom.pages.response import HtmlResponse
from kolom.search.query_recorder import record_query


def error_page(event: Event, failure: Failure) -> HtmlResponse | None:
    """Return an error page for a reader; None below ``/api/``, where errors are problems (RFC 9457)."""
    return None if is_api(event["rawPath"]) else views.render_problem(failure.status, locale_of(event))


api = new_api(error_page=error_page)


@api.route(".+", method=["GET", "HEAD"], include_in_schema=False)
def get_page() -> Response[str]:
    path = api.current_event.path
    if is_api(path):
        raise NotFound("not found")
    event = api.current_event.raw_event
    page = router.dispatch(path, parse_query(event), locale_of(event))
    if page.searched:
        record_query(*page.searched, event)
    return html_response(page)


def is_api(path: str) -> bool:
    """Return whether the path belongs to the API."""
    return f"{path}/".startswith("/api/")


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
