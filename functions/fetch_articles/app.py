"""The public articles as JSON: lists, single articles, labels, months, and which article stands at a path."""

from typing import Annotated, Any
from urllib.parse import quote, unquote

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

import kolom
from kolom import pagination
from kolom.articles import public
from kolom.articles.schemas import ArchiveView, ArticleView, CardListView, HealthView, LabelListView, PathView
from kolom.articles.types import Shelf
from kolom.errors import FieldError, Invalid, Moved
from kolom.http.api import MovedPermanently, answers, new_api
from kolom.observability import logger, tracer
from kolom.pagination import Cursor

api = new_api()


@api.get("/api/health", summary="Whether the service runs", tags=["service"], responses=answers(200))
def get_health() -> HealthView:
    return HealthView(status="ok", version=kolom.__version__)


@api.get(
    "/api/articles", summary="Published articles, newest first", tags=["articles"], responses=answers(200, 400, 422)
)
def list_articles(
    label: Annotated[str | None, Query(description="Only articles with this label, in any case")] = None,
    year: Annotated[int | None, Query(ge=1, le=9999)] = None,
    month: Annotated[int | None, Query(ge=1, le=12, description="A month of `year`, which it needs")] = None,
    limit: Annotated[int, Query(ge=1, le=pagination.MAX_LIMIT)] = 20,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before")] = None,
) -> CardListView:
    if month is not None and year is None:
        raise Invalid(FieldError("month", "needs a year"))
    shelf = Shelf(label=label or None, year=year, month=month)
    return CardListView.of(public.list_cards(shelf, limit=limit, cursor=cursor or None))


@api.get("/api/articles/<slug>", summary="An article", tags=["articles"], responses=answers(200, 301, 404, 410))
def get_article(slug: Annotated[str, Path()]) -> ArticleView:
    try:
        return ArticleView.of_reading(public.read(unquote(slug)))
    except Moved as moved:
        raise MovedPermanently(f"/api/articles/{quote(moved.slug)}") from None


@api.get("/api/labels", summary="All labels with their numbers of articles", tags=["articles"], responses=answers(200))
def list_labels() -> LabelListView:
    return LabelListView.of(public.labels())


@api.get(
    "/api/archive",
    summary="All months with their numbers of articles, newest first",
    tags=["articles"],
    responses=answers(200),
)
def list_months() -> ArchiveView:
    return ArchiveView.of(public.archive())


@api.get("/api/paths", summary="The article at a path of the site", tags=["articles"], responses=answers(200, 404, 422))
def find_path(path: Annotated[str, Query(description="Such as `/2024/05/x.html`")]) -> PathView:
    return PathView(slug=public.find_slug(path))


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an HTTP API event."""
    return api.resolve(event, context)
