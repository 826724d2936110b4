"""The site's pages: every path that no other route takes."""

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.errors import NotFound
from kolom.http import new_api
from kolom.observability import logger, tracer
from kolom.pages import site, views

api = new_api()


@api.route(".+", method=["GET", "HEAD"], include_in_schema=False)
def get_page() -> Response[str]:
    path = api.current_event.path
    if f"{path}/".startswith("/api/"):
        raise NotFound("there is no such address")
    page = site.respond(path, parse_qs(api.current_event["rawQueryString"]))
    return Response(page.status, body=page.html, headers=dict(page.headers))


@api.exception_handler(Exception)
def show_error(_: Exception) -> Response[str]:
    logger.exception("unexpected error")
    page = views.problem(HTTPStatus.INTERNAL_SERVER_ERROR)
    return Response(page.status, body=page.html, headers=dict(page.headers))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an HTTP API event."""
    return api.resolve(event, context)
