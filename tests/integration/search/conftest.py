"""Fixtures for the tests of searches."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from kolom.models.base import connection


@pytest.fixture
def requests(tables: None) -> Iterator[Counter[str]]:
    """Count the DynamoDB calls by name."""
    made: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        made[model.name] += 1

    events = connection().client.meta.events
    events.register("before-call.dynamodb.*", count)
    yield made
    events.unregister("before-call.dynamodb.*", count)
