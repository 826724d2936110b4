"""Count the queries of readers, if the owner wants a report of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kolom.config import settings

if TYPE_CHECKING:
    from kolom.search.searcher import Results, SearchRequest


def record_results(request: "SearchRequest", results: "Results", event: Mapping[str, Any]) -> None:
    """Count the query of a first page of results; do nothing with ``SearchReport=off``, or without words to search for.

    Requests: none, or those of :func:`.query_counts.count`.
    """
    if settings().search_report == "on" and request.cursor is None and results.has_words:
        # Imported here, because most sites have no report.
        from kolom.search.query_counts import count
        from kolom.security.client_address import claimed_network

        count(request.text, has_results=results.total > 0, network=claimed_network(event))
