"""Cache headers, validators and compression of responses."""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from kolom.http.errors import Failure, problem, to_lambda_response
from kolom.http.headers import headers_of
from kolom.http.types import LambdaResponse
from kolom.observability import logger

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 - 64 * 1024
"""What a Lambda function may answer (6 MB), less room for its headers."""


COMPRESS_ABOVE_BYTES = 1_000_000
"""The CDN compresses pages and JSON that are smaller."""


_DEFAULT_CACHING = {
    HTTPStatus.OK: "public, max-age=60",
    HTTPStatus.MOVED_PERMANENTLY: "max-age=60",
    HTTPStatus.GONE: "max-age=60",
}


def finalize(
    event: Mapping[str, Any],
    answer: LambdaResponse,
    caching: str | None = None,
    *,
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES,
) -> LambdaResponse:
    """Give an answer its ``Cache-Control``, its validator and a form that fits into Lambda's limit.

    A 200 to a GET or HEAD gets a strong ``ETag`` (RFC 9110, 8.8.3) over its body, and becomes a 304 where
    ``If-None-Match`` has it, by weak comparison. Large bodies travel compressed where that is accepted.
    """
    headers: dict[str, Any] = answer.setdefault("headers", {})
    request = headers_of(event)
    method = event["requestContext"]["http"]["method"]
    readable = method in {"GET", "HEAD"}
    default = _DEFAULT_CACHING.get(HTTPStatus(answer["statusCode"]), "no-store") if readable else "no-store"
    if caching is not None and answer["statusCode"] == HTTPStatus.OK:
        default = caching
    headers.setdefault("Cache-Control", default)
    if not readable or answer["statusCode"] != HTTPStatus.OK:
        return answer
    body = _body_bytes(answer)
    tag = hashlib.sha256(body).hexdigest()[:32]
    compressed = len(body) > compress_above_bytes and _accepts_gzip(request.get("accept-encoding"))
    headers["ETag"] = f'"{tag}-gzip"' if compressed else f'"{tag}"'
    if len(body) > compress_above_bytes:
        headers["Vary"] = "Accept-Encoding"
    if _matches(request.get("if-none-match"), tag):
        headers.pop("Content-Type", None)
        return {**answer, "statusCode": int(HTTPStatus.NOT_MODIFIED), "body": "", "isBase64Encoded": False}
    if compressed:
        headers["Content-Encoding"] = "gzip"
    if method == "HEAD":
        return {**answer, "body": "", "isBase64Encoded": False}
    if compressed:
        body = gzip.compress(body, compresslevel=6, mtime=0)
    elif len(json.dumps(answer["body"], ensure_ascii=False).encode()) <= MAX_RESPONSE_BYTES:
        return answer
    # Base64 adds a third; quotes and line breaks escaped within JSON may double the body.
    encoded = base64.b64encode(body).decode()
    if len(encoded) > MAX_RESPONSE_BYTES:
        return _too_large(len(body))
    return {**answer, "body": encoded, "isBase64Encoded": True}


def _too_large(size_bytes: int) -> LambdaResponse:
    """The answer in place of one that Lambda refuses. What makes answers keeps them small, so this is an error."""
    logger.error("an answer is too large to be sent", size_bytes=size_bytes)
    answer = to_lambda_response(
        problem(Failure(HTTPStatus.INTERNAL_SERVER_ERROR, "this answer is too large to be sent"))
    )
    answer["headers"]["Cache-Control"] = "no-store"
    return answer


def _body_bytes(answer: LambdaResponse) -> bytes:
    body: str = answer.get("body") or ""
    return base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()


def _accepts_gzip(header: str | None) -> bool:
    """RFC 9110, 12.5.3, for gzip alone."""
    weights = {}
    for entry in (header or "").lower().split(","):
        coding, _, parameter = entry.strip().partition(";")
        weights[coding.strip()] = parameter.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return not weight.startswith("q=") or any(digit in "123456789" for digit in weight[2:])


def _matches(header: str | None, tag: str) -> bool:
    """Whether ``If-None-Match`` has the tag in any of its codings, by weak comparison (RFC 9110, 13.1.2)."""
    if not header:
        return False
    listed = {entry.strip().removeprefix("W/") for entry in header.split(",")}
    return "*" in listed or bool(listed & {f'"{tag}"', f'"{tag}-gzip"'})
