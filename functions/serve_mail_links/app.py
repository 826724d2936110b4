"""The signed links in mail, to moderate or to end a subscription: GET shows what would be done, POST does it, once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.comments import moderation_links, reply_subscriptions
from kolom.errors import KolomError
from kolom.http.api import html_response, new_api
from kolom.http.headers import header
from kolom.i18n.locale import Locale, negotiate_locale, site_locale
from kolom.observability import logger, metrics, tracer
from kolom.pages import moderation, subscription, views
from kolom.pages.response import PRIVATE, HtmlResponse
from kolom.security import signing

api = new_api(
    error_page=lambda event, failure: views.problem(failure.status, locale_of(event), headers=PRIVATE),
    form_answer=lambda _event, _fields, answer: answer,  # the same pages as for JSON
)


@api.get("/api/moderation/<token>", include_in_schema=False)
def show_link(token: str) -> Response[str]:
    def show() -> HtmlResponse:
        link = moderation_links.parse(unquote(token), signing.load_keys, now=datetime.now(UTC))
        return moderation.confirm(link, moderation_links.preview(link))

    return html(show, moderation.failed)


@api.post("/api/moderation/<token>", include_in_schema=False)
def follow_link(token: str) -> Response[str]:
    now = datetime.now(UTC)
    body = api.current_event.json_body if api.current_event.body else None
    shown = body.get("revision") if isinstance(body, dict) else None

    def follow() -> HtmlResponse:
        link = moderation_links.parse(unquote(token), signing.load_keys, now=now)
        page = moderation.done(link, moderation_links.execute(link, shown_revision=shown, now=now))
        logger.info("moderated by a link", action=link.action, comment=link.comment_id)
        return page

    return html(follow, moderation.failed)


@api.get("/api/subscription/<token>", include_in_schema=False)
def show_subscription(token: str) -> Response[str]:
    now, locale = datetime.now(UTC), locale_of(api.current_event.raw_event)
    return html(
        lambda: subscription.confirm(reply_subscriptions.parse(unquote(token), signing.load_keys, now=now), locale),
        lambda error: subscription.failed(error, locale),
    )


@api.post("/api/subscription/<token>", include_in_schema=False)
def follow_subscription(token: str) -> Response[str]:
    now, locale = datetime.now(UTC), locale_of(api.current_event.raw_event)

    def follow() -> HtmlResponse:
        link = reply_subscriptions.parse(unquote(token), signing.load_keys, now=now)
        reply_subscriptions.execute(link, now=now)
        return subscription.done(link, locale)

    return html(follow, lambda error: subscription.failed(error, locale))


def locale_of(event: dict[str, Any]) -> Locale:
    """Moderators get the site's language; whoever subscribes the one that they like best."""
    is_moderator = event["rawPath"].startswith("/api/moderation/")
    return site_locale() if is_moderator else negotiate_locale(header(event, "accept-language") or "")


def html(answer: Callable[[], HtmlResponse], failed: Callable[[KolomError], HtmlResponse]) -> Response[str]:
    """A page as the answer: what was asked for, or why not."""
    try:
        return html_response(answer())
    except KolomError as error:
        return html_response(failed(error))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an HTTP API event."""
    return api.resolve(event, context)
