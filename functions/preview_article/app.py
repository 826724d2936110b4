"""Articles that are not published, for whoever holds a signed link."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom import preview, signing
from kolom.articles import reading
from kolom.errors import NotFound
from kolom.http import new_api
from kolom.observability import logger, tracer
from kolom.pages import views

api = new_api()


@api.get("/preview/<token>", include_in_schema=False)
def get_preview(token: str) -> Response[str]:
    try:
        article_id = preview.verify(unquote(token), signing.secret, now=datetime.now(UTC))
        page = views.preview(*reading.read_unpublished(article_id))
    except NotFound:
        page = views.problem(HTTPStatus.NOT_FOUND)
    return Response(page.status, body=page.html, headers=dict(page.headers))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an HTTP API event."""
    return api.resolve(event, context)
