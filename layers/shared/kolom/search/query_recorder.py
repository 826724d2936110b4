"""Count the queries of readers, if the owner wants a report of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from kolom.config import settings
from kolom.observability import logger

if TYPE_CHECKING:
    from kolom.search.search_request import SearchRequest
    from kolom.search.searcher import Results


def record_query(request: "SearchRequest", results: "Results", event: Mapping[str, Any]) -> None:
    """Count the query of a first page of results.

    With ``SearchReport=off``, nothing is counted. Nor is a query that is empty or has only exclusions.

    With a CDN, a request that the CDN did not forward is not counted: it may claim any network.

    Requests to AWS: none, or those of :func:`.query_counts.count`. With a CDN, also two for its secrets in each
    process, every five minutes; while Secrets Manager is not available, nothing is counted.
    """
    if settings().search_report == "on" and request.cursor is None and results.can_match:
        # Imported here, because most sites have no report.
        from kolom.search.query_counts import count
        from kolom.security.client_address import proven_network
        from kolom.security.signing import get_origin_secrets

        try:
            network = proven_network(event, get_origin_secrets)
        except (BotoCoreError, ClientError) as error:
            logger.warning("a search was not counted", error=type(error).__name__)
        else:
            if network is not None:
                count(request.text, has_results=results.total > 0, network=network)
