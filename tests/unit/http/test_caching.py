"""The length of a response to HEAD and GET."""

import base64
import gzip
from typing import Any

import pytest

from kolom.http.caching import MAX_RESPONSE_BYTES, finalize
from tests.factories import request


def response(method: str, body: str, **headers: str) -> dict[str, Any]:
    """Return the final response to a request with that method."""
    answer = {"statusCode": 200, "headers": {}, "body": body, "isBase64Encoded": False}
    return finalize(request("/", method=method, headers=headers), answer)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("", {}),
        ("Halo ☕", {}),
        ("x" * 1_500_000, {}),
        ("x" * 1_500_000, {"accept-encoding": "gzip"}),
        ('"' * (MAX_RESPONSE_BYTES - 2_000_000), {}),
    ],
    ids=["empty", "short", "long", "compressed", "encoded"],
)
def test_head_has_the_headers_of_get_and_the_length_of_its_body(body: str, headers: dict[str, str]) -> None:
    got, head = (response(method, body, **headers) for method in ("GET", "HEAD"))
    assert (head["body"], head["isBase64Encoded"], head["headers"]) == ("", False, got["headers"])
    sent = base64.b64decode(got["body"]) if got["isBase64Encoded"] else got["body"].encode()
    assert got["headers"]["Content-Length"] == str(len(sent))
    assert (gzip.decompress(sent).decode() if "Content-Encoding" in got["headers"] else sent.decode()) == body


def test_head_of_a_response_that_is_too_large_fails_like_get() -> None:
    body = "x" * (MAX_RESPONSE_BYTES + 1)
    assert [response(method, body)["statusCode"] for method in ("GET", "HEAD")] == [500, 500]


def test_a_response_without_content_has_no_length() -> None:
    tag = response("GET", "Halo")["headers"]["ETag"]
    answer = response("GET", "Halo", **{"if-none-match": tag})
    assert (answer["statusCode"], "Content-Length" in answer["headers"]) == (304, False)
