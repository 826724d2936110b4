"""Previews of unpublished articles, for anyone with a signed link."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.articles import preview_links, repository
from kolom.http.api import html_response, new_api
from kolom.http.language import locale_of
from kolom.observability import logger, metrics
from kolom.pages import views
from kolom.pages.response import PRIVATE_HEADERS
from kolom.security import signing

api = new_api(
    error_page=lambda event, failure: views.render_problem(failure.status, locale_of(event), headers=PRIVATE_HEADERS),
)


@api.get("/preview/<token>", include_in_schema=False)
def get_preview(token: str) -> Response[str]:
    article_id = preview_links.read_token(unquote(token), signing.load_keys, now=datetime.now(UTC))
    locale = locale_of(api.current_event.raw_event)
    return html_response(views.render_preview(*repository.get_for_preview(article_id), locale=locale))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
