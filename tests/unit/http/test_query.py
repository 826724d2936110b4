"""The query of a request, read without validation."""

import pytest

from kolom.errors import InvalidInput
from kolom.http.query import query_value


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", None),
        ("other=x", None),
        ("label=", ""),
        ("label=a%2Cb,c", "a,b,c"),
        ("label=Luar+Negeri&x=1", "Luar Negeri"),
    ],
)
def test_a_value_is_decoded_and_keeps_its_commas(query: str, expected: str | None) -> None:
    assert query_value({"rawQueryString": query}, "label") == expected


def test_a_repeated_parameter_is_refused() -> None:
    with pytest.raises(InvalidInput, match="label: only one value is allowed, got 2"):
        query_value({"rawQueryString": "label=&label=a"}, "label")
