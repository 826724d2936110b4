"""Comments by visitors: post, edit or delete one, and get a form token."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.articles.public import get_by_any_slug
from kolom.comments import editing, posting
from kolom.comments.posting_schemas import CommentIn, EditIn, PostedCommentOut, to_author_out, to_posted_out
from kolom.comments.schemas import CommentOut
from kolom.http.api import new_api, responses
from kolom.http.parameters import Body
from kolom.observability import count, logger, metrics
from kolom.pages.form_responses import comment_form_response
from kolom.submissions.pipeline import RequestContext
from kolom.submissions.schemas import FormTokenOut, create_form_token

api = new_api(caching="no-store", form_answer=comment_form_response)


@api.get("/api/form-token", summary="A token for a form", tags=["comments"], responses=responses(200))
def get_form_token() -> FormTokenOut:
    return create_form_token(now=datetime.now(UTC))


@api.post(
    "/api/articles/<slug>/comments",
    summary="Post a comment",
    tags=["comments"],
    status_code=201,
    security=[{}, {"editToken": []}],
    responses=responses(201, 400, 401, 403, 404, 409, 410, 413, 415, 422, 429),
)
def post_comment(slug: str, comment: Annotated[CommentIn, Body()]) -> Response[PostedCommentOut]:
    article = get_by_any_slug(unquote(slug))
    posted = posting.post(article, comment.to_new_comment(), context(), now=datetime.now(UTC))
    if posted.is_new:
        count(f"Comments{posted.comment.status.capitalize()}")
    return Response(HTTPStatus.CREATED, "application/json", to_posted_out(posted))


@api.patch(
    "/api/articles/<slug>/comments/<comment_id>",
    summary="Edit your own comment",
    tags=["comments"],
    security=[{"editToken": []}],
    responses=responses(200, 400, 401, 403, 404, 410, 413, 415, 422, 429),
)
def edit_comment(slug: str, comment_id: str, edit: Annotated[EditIn, Body()]) -> CommentOut:
    article = get_by_any_slug(unquote(slug))
    return to_author_out(editing.edit(article, unquote(comment_id), edit.content, context(), now=datetime.now(UTC)))


@api.delete(
    "/api/articles/<slug>/comments/<comment_id>",
    summary="Delete your own comment",
    tags=["comments"],
    status_code=204,
    security=[{"editToken": []}],
    responses=responses(204, 401, 403, 404, 410),
)
def delete_comment(slug: str, comment_id: str) -> Response[None]:
    editing.delete_own(get_by_any_slug(unquote(slug)), unquote(comment_id), context(), now=datetime.now(UTC))
    return Response(HTTPStatus.NO_CONTENT)


def context() -> RequestContext:
    """Return the context of the current request."""
    return RequestContext.from_event(api.current_event.raw_event)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
