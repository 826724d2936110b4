"""Parameters of the search API that need more than a line."""

from typing import Annotated

from kolom.http.parameters import Query
from kolom.limits import MAX_QUERY
from kolom.search.query_filters import MAX_LABELS
from kolom.validation import Keywords, Text

SearchText = Annotated[
    str,
    Text(max_length=MAX_QUERY),
    Query(
        'Words, and operators: `"a phrase"`, `-without`, `this OR that`, `label:news`, `author:name`, `title:word`, '
        "`site:example.com`, `after:2024-05`, `before:2025`"
    ),
]
"""The text of a query; :mod:`kolom.search.query_clauses` parses it."""

Labels = Annotated[
    list[str] | None,
    Keywords(maxItems=MAX_LABELS),
    Query("Only articles with this label, ignoring case; several labels are all required", is_separated=False),
]
"""Labels to filter by; :func:`kolom.search.query_filters.parse_labels` checks them."""
