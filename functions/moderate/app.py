"""The signed links in a moderator's mail: GET shows what would be done, POST does it, once."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom import signing
from kolom.comments import links
from kolom.errors import KolomError
from kolom.http import new_api
from kolom.observability import logger, tracer
from kolom.pages import Page, moderation

api = new_api(form_answer=lambda _event, _fields, answer: answer)


@api.get("/api/moderation/<token>", include_in_schema=False)
def show_link(token: str) -> Response[str]:
    now = datetime.now(UTC)
    try:
        link = links.read(unquote(token), signing.secret, now=now)
        page = moderation.confirm(link, links.look(link))
    except KolomError as error:
        page = moderation.refused(error)
    return html(page)


@api.post("/api/moderation/<token>", include_in_schema=False)
def follow_link(token: str) -> Response[str]:
    now = datetime.now(UTC)
    shown = (api.current_event.json_body or {}).get("revision") if api.current_event.body else None
    try:
        link = links.read(unquote(token), signing.secret, now=now)
        page = moderation.done(link, links.follow(link, shown_revision=shown, now=now))
        logger.info("moderated by a link", action=link.action, comment=link.comment_id)
    except KolomError as error:
        page = moderation.refused(error)
    return html(page)


def html(page: Page) -> Response[str]:
    """A page as the answer."""
    return Response(page.status, body=page.html, headers=dict(page.headers))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an HTTP API event."""
    return api.resolve(event, context)
