"""The signed links in mail, for moderation and subscriptions: GET shows the action, POST performs it, once."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.comments import moderation_links, reply_subscriptions
from kolom.errors import PermissionDenied
from kolom.http.api import new_api, page_response
from kolom.http.language import locale_of
from kolom.observability import logger, metrics
from kolom.pages import moderation, subscription, views
from kolom.pages.response import PRIVATE_HEADERS, HtmlResponse
from kolom.security import signing

api = new_api(
    error_page=lambda event, failure: views.render_problem(failure.status, locale_of(event), headers=PRIVATE_HEADERS),
    form_answer=lambda _event, _fields, answer: answer,  # a form gets the same page as a JSON request
    accepts_foreign=subscription.is_one_click,
)


@api.get("/api/moderation/<token>", include_in_schema=False)
def show_link(token: str) -> Response[str]:
    now, locale = datetime.now(UTC), locale_of(api.current_event.raw_event)

    def show() -> HtmlResponse:
        link = moderation_links.parse(unquote(token), signing.load_keys, now=now)
        return moderation.render_confirmation(link, moderation_links.preview(link, now=now), locale)

    return page_response(show, lambda error: moderation.render_failure(error, locale))


@api.post("/api/moderation/<token>", include_in_schema=False)
def follow_link(token: str) -> Response[str]:
    now, locale = datetime.now(UTC), locale_of(api.current_event.raw_event)

    def follow() -> HtmlResponse:
        link = moderation_links.parse(unquote(token), signing.load_keys, now=now)
        comment = moderation_links.execute(link, shown_revision=api.fields.get("revision"), now=now)
        logger.info("comment moderated by link", action=link.action, comment=link.comment_id)
        return moderation.render_result(link, comment, locale, signing.load_keys)

    return page_response(follow, lambda error: moderation.render_failure(error, locale))


@api.get("/api/subscription/<token>", include_in_schema=False)
def show_subscription(token: str) -> Response[str]:
    now, locale = datetime.now(UTC), locale_of(api.current_event.raw_event)
    return page_response(
        lambda: subscription.render_confirmation(
            reply_subscriptions.parse(unquote(token), signing.load_keys, now=now), locale
        ),
        lambda error: subscription.render_failure(error, locale),
    )


@api.post("/api/subscription/<token>", include_in_schema=False)
def follow_subscription(token: str) -> Response[str]:
    now, locale = datetime.now(UTC), locale_of(api.current_event.raw_event)

    def follow() -> HtmlResponse:
        link = reply_subscriptions.parse(unquote(token), signing.load_keys, now=now)
        if link.action == "confirm" and subscription.is_one_click(api.current_event.raw_event, api.fields):
            raise PermissionDenied("a one-click request can only unsubscribe")
        reply_subscriptions.execute(link, now=now)
        return subscription.render_result(link, locale)

    return page_response(follow, lambda error: subscription.render_failure(error, locale))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
