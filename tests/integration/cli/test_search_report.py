"""`kolom search report`."""

import pytest

from kolom.search import query_counts
from kolom.search.query_counts import count, current_month
from tests.integration.cli.conftest import Kolom


@pytest.fixture
def month(kolom: Kolom, several_days: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Count searches of many visitors, and return the month."""
    monkeypatch.setattr(query_counts, "MAX_PER_MINUTE", 1_000)
    for query, visitors, has_results in (
        ("kopi", 60, True),
        ("matcha", 50, False),
        ("teh", 40, True),
        ("rare", 1, True),
    ):
        for visitor in range(visitors):
            count(query, has_results=has_results, network=f"10.0.{visitor}.0/24")
    for _ in range(5):
        count("teh", has_results=False, network="10.0.0.0/24")
    return current_month()


def test_the_report_lists_frequent_queries_and_those_without_results(kolom: Kolom, month: str) -> None:
    assert kolom("search", "report").stdout.splitlines() == [
        "SEARCHES  QUERY",
        "60        kopi",
        "50        matcha",
        "45        teh",
        "",
        "Without results:",
        "SEARCHES  QUERY",
        "50        matcha",
        "5         teh",
    ]
    assert kolom("search", "report", "--month", month, "--limit", "1", "--json").json == {
        "month": month,
        "queries": [{"query": "kopi", "searches": 60, "without_results": 0}],
        "without_results": [{"query": "matcha", "searches": 50, "without_results": 50}],
    }


def test_a_month_without_queries_explains_the_parameter(kolom: Kolom) -> None:
    assert kolom("search", "report", "--month", "2020-01").stdout == (
        "No query of 2020-01 is shown yet: visitors from six networks must use it, on three days. Queries are counted "
        "if the stack has the parameter SearchReport=on.\n"
    )
    for month in ("2020", "2020-13", "2020-1"):
        assert kolom("search", "report", "--month", month).exit_code == 2
