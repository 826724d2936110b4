"""The public comments: of an article, of the whole site, and their counts."""

from typing import Annotated, Any
from urllib.parse import quote, unquote

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.articles.public import get_at_url, get_without_body
from kolom.comments import public, schemas
from kolom.comments.types import Order
from kolom.errors import Moved
from kolom.http.api import MovedPermanently, new_api, responses
from kolom.http.parameters import Cursor, Limit, Query
from kolom.observability import logger, metrics
from kolom.validation import Keywords

# Visitors who return must see their new comment, so browsers revalidate; an unchanged list is a 304.
api = new_api(caching="public, max-age=0, s-maxage=10")


@api.get(
    "/api/articles/<slug>/comments",
    summary="An article's comments",
    tags=["comments"],
    responses=responses(200, 301, 400, 404, 410, 422),
)
def list_comments(
    slug: str,
    order: Annotated[Order, Query("With `oldest`, a comment precedes its replies")] = "oldest",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> schemas.CommentListOut:
    try:
        article = get_without_body(unquote(slug))
    except Moved as moved:
        raise MovedPermanently(f"/api/articles/{quote(moved.slug)}/comments") from None
    return schemas.to_list_out(public.list_comments(article.id, order=order, limit=limit, cursor=cursor or None))


@api.get(
    "/api/comments",
    summary="The comments of the page at a URL, of this site or another one",
    tags=["comments"],
    responses=responses(200, 400, 404, 422),
)
def list_comments_at(
    url: Annotated[str, Query("Such as `https://example.com/post/`, in any variant that leads to the same page")],
    order: Annotated[Order, Query("With `oldest`, a comment precedes its replies")] = "oldest",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> schemas.PageCommentListOut:
    article = get_at_url(url)
    page = public.list_comments(article.id, order=order, limit=limit, cursor=cursor or None)
    return schemas.to_page_list_out(page, article)


@api.get("/api/comments/counts", summary="Comment counts of articles", tags=["comments"], responses=responses(200, 422))
def count_comments(
    slug: Annotated[list[str] | None, Keywords(maxItems=public.MAX_COUNTED), Query("Up to 50 distinct slugs")] = None,
    url: Annotated[
        list[str] | None,
        Keywords(maxItems=public.MAX_COUNTED),
        Query("URLs of pages; at most 50 with the slugs", is_separated=False),
    ] = None,
) -> schemas.CommentCountsOut:
    return {"counts": public.count_by_slug(slug or (), url or ())}


@api.get(
    "/api/comments/recent",
    summary="The newest comments of the whole site",
    tags=["comments"],
    responses=responses(200, 422),
)
def list_recent(limit: Limit = 20) -> schemas.RecentCommentListOut:
    return schemas.to_recent_out(public.list_recent(limit))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
