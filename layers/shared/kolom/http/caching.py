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
"""The maximum size of a Lambda response (6 MB), less room for its headers."""

COMPRESS_ABOVE_BYTES = 1_000_000
"""The CDN compresses smaller responses."""

_DEFAULT_CACHING = {
    HTTPStatus.OK: "public, max-age=60",
    HTTPStatus.MOVED_PERMANENTLY: "max-age=60",
    HTTPStatus.GONE: "max-age=60",
}


def finalize(
    event: Mapping[str, Any],
    response: LambdaResponse,
    caching: str | None = None,
    *,
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES,
) -> LambdaResponse:
    """Set the ``Cache-Control`` and ``ETag`` of a response, and make it fit into Lambda's limit.

    ``caching`` is the ``Cache-Control`` of a 200, unless the response already has one; None for the default.

    A 200 to a GET or HEAD gets a strong ``ETag`` (RFC 9110, 8.8.3) of its body, and becomes a 304 if it matches
    ``If-None-Match``, by weak comparison. Large bodies are compressed if the client accepts that.
    """
    headers: dict[str, Any] = response.setdefault("headers", {})
    request = headers_of(event)
    method = event["requestContext"]["http"]["method"]
    is_read = method in {"GET", "HEAD"}
    default = _DEFAULT_CACHING.get(HTTPStatus(response["statusCode"]), "no-store") if is_read else "no-store"
    if caching is not None and response["statusCode"] == HTTPStatus.OK:
        default = caching
    headers.setdefault("Cache-Control", default)
    if not is_read or response["statusCode"] != HTTPStatus.OK:
        return response
    body = _body_bytes(response)
    tag = hashlib.sha256(body).hexdigest()[:32]
    compressed = len(body) > compress_above_bytes and _accepts_gzip(request.get("accept-encoding"))
    headers["ETag"] = f'"{tag}-gzip"' if compressed else f'"{tag}"'
    if len(body) > compress_above_bytes:
        headers["Vary"] = ", ".join(filter(None, [headers.get("Vary"), "Accept-Encoding"]))
    if _matches(request.get("if-none-match"), tag):
        headers.pop("Content-Type", None)
        return {**response, "statusCode": int(HTTPStatus.NOT_MODIFIED), "body": "", "isBase64Encoded": False}
    if compressed:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=6, mtime=0)
    # Base64 adds a third; quotes and line breaks escaped in JSON may double the body.
    if compressed or len(json.dumps(response["body"], ensure_ascii=False).encode()) > MAX_RESPONSE_BYTES:
        encoded = base64.b64encode(body).decode()
        if len(encoded) > MAX_RESPONSE_BYTES:
            return _too_large(len(body))
        response = {**response, "body": encoded, "isBase64Encoded": True}
    # A HEAD has the length of the GET (RFC 9110, 8.6). The gateway alone would set the length of the empty body, 0.
    headers["Content-Length"] = str(len(body))
    return {**response, "body": "", "isBase64Encoded": False} if method == "HEAD" else response


def _too_large(size_bytes: int) -> LambdaResponse:
    """Return the error response for a body over Lambda's limit. All endpoints limit their size, so this is a bug."""
    logger.error("response too large", size_bytes=size_bytes)
    response = to_lambda_response(problem(Failure(HTTPStatus.INTERNAL_SERVER_ERROR, "the response is too large")))
    response["headers"]["Cache-Control"] = "no-store"
    return response


def _body_bytes(response: LambdaResponse) -> bytes:
    body: str = response.get("body") or ""
    return base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()


def _accepts_gzip(header: str | None) -> bool:
    """Return whether the client accepts gzip (RFC 9110, 12.5.3)."""
    weights = {}
    for entry in (header or "").lower().split(","):
        coding, _, parameter = entry.strip().partition(";")
        weights[coding.strip()] = parameter.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return not weight.startswith("q=") or any(digit in "123456789" for digit in weight[2:])


def _matches(header: str | None, tag: str) -> bool:
    """Return whether ``If-None-Match`` has the tag in any of its codings, by weak comparison (RFC 9110, 13.1.2)."""
    if not header:
        return False
    listed = {entry.strip().removeprefix("W/") for entry in header.split(",")}
    return "*" in listed or bool(listed & {f'"{tag}"', f'"{tag}-gzip"'})
