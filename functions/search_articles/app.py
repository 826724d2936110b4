"""Search of the public articles: results, suggestions while typing, and related articles."""

from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.articles import public
from kolom.config import settings
from kolom.errors import Moved
from kolom.http.api import MovedPermanently, new_api, responses
from kolom.http.parameters import Cursor, Limit, Moment, Query
from kolom.limits import MAX_QUERY
from kolom.observability import logger, metrics
from kolom.search import schemas
from kolom.search.autocomplete import suggest
from kolom.search.date_range import parse_range
from kolom.search.more_like_this import related_articles
from kolom.search.parameters import Labels, SearchText
from kolom.search.query_filters import parse_labels
from kolom.search.query_recorder import record_query
from kolom.search.search_request import SearchRequest
from kolom.search.searcher import search
from kolom.validation import Text

api = new_api()


@api.get("/api/search", summary="Search for articles", tags=["search"], responses=responses(200, 400, 422))
def search_articles(
    q: SearchText = "",
    label: Labels = None,
    language: Annotated[str | None, Query("Only articles in this language, such as `id`")] = None,
    from_: Annotated[Moment, Query("A date or time, inclusive, not after `to`", alias="from")] = None,
    to: Annotated[Moment, Query("A date or time, inclusive")] = None,
    sort: Annotated[Literal["relevance", "newest"], Query()] = "relevance",
    limit: Limit = 10,
    cursor: Cursor = None,
) -> schemas.SearchResultListOut:
    earliest, latest = parse_range(from_ or None, to or None, settings().zone)
    request = SearchRequest(
        text=q,
        labels=parse_labels(label or ()),
        language=language or None,
        earliest=earliest,
        latest=latest,
        newest_first=sort == "newest",
        limit=limit,
        cursor=cursor or None,
        zone=settings().zone,
        site_url=settings().site_url,
    )
    results = search(request)
    record_query(request, results, api.current_event.raw_event)
    return schemas.to_results_out(q, results)


@api.get(
    "/api/search/suggest", summary="Suggestions for an incomplete query", tags=["search"], responses=responses(200, 422)
)
def suggest_articles(q: Annotated[str, Text(max_length=MAX_QUERY), Query()] = "") -> schemas.SuggestionListOut:
    return schemas.to_suggestions_out(suggest(q))


@api.get(
    "/api/articles/<slug>/related",
    summary="Related articles",
    tags=["search"],
    responses=responses(200, 301, 404, 410, 422),
)
def list_related(slug: str, limit: Limit = 20) -> schemas.RelatedArticlesOut:
    try:
        article = public.get_without_body(unquote(slug))
    except Moved as moved:
        raise MovedPermanently(f"/api/articles/{quote(moved.slug)}/related") from None
    return schemas.to_related_out(related_articles(article.id, limit))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
