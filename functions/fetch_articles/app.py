"""The public articles as JSON: lists, single articles, labels, months, and the slug of the article at a path."""

from typing import Annotated, Any
from urllib.parse import quote, unquote

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

import kolom
from kolom.articles import public, schemas
from kolom.articles.types import ArticleFilter
from kolom.errors import FieldError, InvalidInput, Moved
from kolom.http.api import MovedPermanently, new_api, responses
from kolom.http.parameters import Cursor, Limit, Query
from kolom.observability import logger, metrics
from kolom.validation import Integer

api = new_api()


@api.get("/api/health", summary="The status of the service", tags=["service"], responses=responses(200))
def get_health() -> schemas.HealthOut:
    return {"status": "ok", "version": kolom.__version__}


@api.get(
    "/api/articles", summary="Published articles, newest first", tags=["articles"], responses=responses(200, 400, 422)
)
def list_articles(
    label: Annotated[str | None, Query("Only articles with this label, ignoring case")] = None,
    year: Annotated[int | None, Integer(minimum=1, maximum=9999), Query()] = None,
    month: Annotated[int | None, Integer(minimum=1, maximum=12), Query("A month of `year`; requires `year`")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> schemas.ArticleListOut:
    if month is not None and year is None:
        raise InvalidInput(FieldError("month", "needs a year"))
    listing = ArticleFilter(label=label or None, year=year, month=month)
    return schemas.to_list_out(public.list_articles(listing, limit=limit, cursor=cursor or None))


@api.get("/api/articles/<slug>", summary="An article", tags=["articles"], responses=responses(200, 301, 404, 410))
def get_article(slug: str) -> schemas.ArticleOut:
    try:
        return schemas.to_article_out(public.get_article(unquote(slug)))
    except Moved as moved:
        raise MovedPermanently(f"/api/articles/{quote(moved.slug)}") from None


@api.get("/api/labels", summary="All labels with their article counts", tags=["articles"], responses=responses(200))
def list_labels() -> schemas.LabelListOut:
    return schemas.to_labels_out(public.list_labels())


@api.get(
    "/api/archive",
    summary="All months with their article counts, newest first",
    tags=["articles"],
    responses=responses(200),
)
def list_months() -> schemas.MonthListOut:
    return schemas.to_months_out(public.list_months())


@api.get(
    "/api/paths",
    summary="The slug of the article at a path of the site, or at the URL of a page of another site",
    tags=["articles"],
    responses=responses(200, 404, 422),
)
def find_path(
    path: Annotated[str | None, Query("Such as `/2024/05/x.html`; required unless there is a `url`")] = None,
    url: Annotated[str | None, Query("Such as `https://example.com/post/`; ignored if there is a `path`")] = None,
) -> schemas.PathOut:
    if path is None and url is None:
        raise InvalidInput(FieldError("path", "must not be missing, unless there is a url"))
    return {"slug": public.resolve_url(url or "") if path is None else public.resolve_path(path)}


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
