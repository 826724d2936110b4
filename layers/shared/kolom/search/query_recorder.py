"""Count the queries of readers, if the owner wants a report of them."""

from collections.abc import Mapping
from typing import Any

from kolom.config import settings


def record_search(text: str, has_results: bool, event: Mapping[str, Any]) -> None:
    """Count the query of a search with its first page of results; do nothing with ``SearchReport=off``.

    Requests: none, or those of :func:`.query_counts.count`.
    """
    if settings().search_report == "on":
        # Imported here, because most sites have no report.
        from kolom.search.query_counts import count
        from kolom.security.client_address import claimed_network

        count(text, has_results=has_results, network=claimed_network(event))
