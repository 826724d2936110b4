"""The request of a search, and the identity of its pages."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search request: articles with all ``labels``.

    ``earliest`` and ``latest`` are inclusive; ``limit`` is 1 to 100. Dates in ``text`` are days in ``zone``, and its
    ``site:`` may name the site at ``site_url``, which Kolom serves.
    """

    text: str
    labels: tuple[str, ...] = ()
    language: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    newest_first: bool = False
    limit: int = 10
    cursor: str | None = None
    zone: tzinfo = UTC
    site_url: str = ""

    @property
    def listing(self) -> str:
        """Return the identity of a search for its cursors: all but limit, cursor, and what the site determines.

        With at most one label it is the same as in earlier versions, so that links to further results stay valid.
        """
        omitted = {"limit", "cursor", "zone", "site_url"}
        criteria = {name: value for name, value in asdict(self).items() if name not in omitted}
        labels = criteria.pop("labels")
        criteria["label"] = labels if len(labels) > 1 else next(iter(labels), None)
        digest = hashlib.blake2s(json.dumps(criteria, default=str, sort_keys=True).encode("utf-8", "backslashreplace"))
        return f"search?{digest.hexdigest()}"
