"""Emulate an HTTP API of API Gateway: routing, events, responses and CORS. No network access."""

import base64
import binascii
import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from kolom_cli.sam.intrinsics import ACCOUNT_ID
from kolom_cli.sam.model import Cors, Route

REQUEST_LIMIT_BYTES = 10 * 1024 * 1024
RESULT_LIMIT_BYTES = 6 * 1024 * 1024
INTEGRATION_TIMEOUT_SECONDS = 30
API_ID = "local"
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")
_PLACEHOLDER = re.compile(r"\{([^}+]+)(\+?)\}")
# RFC 9110, 5.1 and 5.5.
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TEXT_TYPES = {"application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request as received; ``path`` and ``query`` are percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    host: str = "127.0.0.1"

    def header(self, name: str) -> str | None:
        """Return the values of one header, joined by commas; ``None`` if it is missing."""
        values = [value for key, value in self.headers if key.lower() == name]
        return ",".join(values) if values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response; a repeated header (``Set-Cookie``) has one entry in the list for each value."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Match:
    """The route of a request, and the values of its path variables."""

    route: Route
    path_parameters: dict[str, str]


def gateway_error(status: int, message: str) -> Response:
    """Return an error response of the gateway itself, as opposed to that of a function."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status=status, headers=[("Content-Type", "application/json")], body=body)


FORBIDDEN = (403, "Forbidden")
NOT_FOUND = (404, "Not Found")
TOO_LARGE = (413, "Request Entity Too Large")
FUNCTION_FAILED = (500, "Internal Server Error")
FUNCTION_TOO_SLOW = (503, "Service Unavailable")


def match_route(routes: Sequence[Route], method: str, path: str) -> Match | None:
    """Return the most specific route: full match, then path variables, then ``{proxy+}``, then ``$default``.

    For the same path, a route of the request's method takes precedence over ``ANY``.
    """
    best: tuple[tuple[Any, ...], Match] | None = None
    for route in routes:
        if route.method not in {method, "ANY"}:
            continue
        found = _match_path(route.path, path)
        if found is None:
            continue
        rank = (*_specificity(route.path), route.method != "ANY")
        if best is None or rank > best[0]:
            best = (rank, Match(route, found))
    return best[1] if best else None


def _specificity(path: str) -> tuple[bool, bool, tuple[int, ...]]:
    segments = path.strip("/").split("/")
    kinds = tuple(0 if segment.endswith("+}") else 1 if segment.startswith("{") else 2 for segment in segments)
    return path != "$default", 0 not in kinds, kinds


def _match_path(pattern: str, path: str) -> dict[str, str] | None:
    if pattern == "$default":
        return {}
    expression, position = "", 0
    names = []
    for variable in _PLACEHOLDER.finditer(pattern):
        expression += re.escape(pattern[position : variable.start()]) + ("(.+)" if variable[2] else "([^/]+)")
        names.append(variable[1])
        position = variable.end()
    found = re.fullmatch(expression + re.escape(pattern[position:]), path, re.DOTALL)
    return dict(zip(names, found.groups(), strict=True)) if found else None


def to_event(
    request: Request, match: Match, *, now: float | None = None, request_id: str | None = None
) -> dict[str, Any]:
    """Return the event in payload format 2.0.

    ``rawPath`` is decoded, and ends at the first question mark, as in HTTP APIs, but unlike in REST APIs and function
    URLs.
    """
    now = time.time() if now is None else now
    path = unquote(request.path).partition("?")[0]
    headers = _headers(request)
    is_binary = bool(request.body) and not _is_text(request)
    body = base64.b64encode(request.body).decode() if is_binary else request.body.decode("utf-8", "replace")
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": request.host.rsplit(":", 1)[0],
            "domainPrefix": request.host.split(".", 1)[0].rsplit(":", 1)[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id or uuid.uuid4().hex[:15] + "=",
            "routeKey": match.route.key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": is_binary,
    }
    if cookies := [
        part.strip() for key, value in request.headers if key.lower() == "cookie" for part in value.split(";")
    ]:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if match.path_parameters:
        event["pathParameters"] = match.path_parameters
    if request.body:
        event["body"] = body
    return event


def _headers(request: Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        if key == "cookie":
            continue
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    headers.setdefault("host", request.host)
    headers["x-forwarded-for"] = ", ".join(filter(None, [headers.get("x-forwarded-for"), request.source_ip]))
    headers["x-forwarded-proto"] = "http"
    headers["x-forwarded-port"] = headers["host"].rpartition(":")[2] if ":" in headers["host"] else "80"
    headers["x-amzn-trace-id"] = f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    return headers


def _is_text(request: Request) -> bool:
    if request.header("content-encoding") not in {None, "identity"}:
        return False
    kind = (request.header("content-type") or "").split(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))


def to_response(result: object) -> Response:
    """Convert a function's result to a response.

    A result without ``statusCode`` becomes JSON with status 200, and an invalid one status 500.
    """
    try:
        # Lambda's runtime for Python 3.12 and later does not escape non-ASCII characters.
        size = len(json.dumps(result, ensure_ascii=False).encode())
    except (TypeError, ValueError):
        return gateway_error(*FUNCTION_FAILED)
    if size > RESULT_LIMIT_BYTES:
        return gateway_error(*FUNCTION_FAILED)
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result)
        return Response(status=200, headers=[("Content-Type", "application/json")], body=body.encode())
    try:
        return _complete_response(result)
    except (TypeError, ValueError, AttributeError, binascii.Error):
        return gateway_error(*FUNCTION_FAILED)


def _complete_response(result: Mapping[str, Any]) -> Response:
    status = int(result["statusCode"])
    if not 200 <= status <= 599:  # noqa: PLR2004, RUF100
        raise ValueError(status)
    text = result.get("body") or ""
    if not isinstance(text, str):
        raise TypeError("the body must be a string")
    body = base64.b64decode(text, validate=True) if result.get("isBase64Encoded") else text.encode()
    headers = [(_header_name(name), _header_text(value)) for name, value in (result.get("headers") or {}).items()]
    headers += [
        (_header_name(name), _header_text(value))
        for name, values in (result.get("multiValueHeaders") or {}).items()
        for value in values
    ]
    if not any(name.lower() == "content-type" for name, _ in headers) and body:
        headers.append(("Content-Type", "text/plain;charset=utf-8"))
    headers += [("Set-Cookie", _header_text(cookie)) for cookie in result.get("cookies") or []]
    return Response(status=status, headers=headers, body=body)


def _header_name(name: object) -> str:
    if not _FIELD_NAME.fullmatch(str(name)):
        raise ValueError("a header name must be a token")
    return str(name)


def _header_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise TypeError("a header value must be a string or a number")
    text = str(value).strip(" \t")
    if not _FIELD_VALUE.fullmatch(text):
        raise ValueError("a header value must be one line of Latin-1")
    return text


def preflight(cors: Cors | None, request: Request) -> Response | None:
    """Return the gateway's response to OPTIONS. If CORS is configured, OPTIONS requests never reach a function.

    The result is ``None`` if the request has another method, or the API has no CORS configuration.
    """
    if cors is None or request.method != "OPTIONS":
        return None
    headers = _cors_headers(cors, request)
    if headers:
        if cors.allow_methods:
            headers.append(("access-control-allow-methods", ",".join(cors.allow_methods)))
        if cors.allow_headers:
            headers.append(("access-control-allow-headers", ",".join(cors.allow_headers)))
        if cors.max_age_seconds is not None:
            headers.append(("access-control-max-age", str(cors.max_age_seconds)))
    return Response(status=204, headers=headers)


def with_cors(cors: Cors | None, request: Request, response: Response) -> Response:
    """Return ``response`` with the gateway's CORS headers, which replace those of the function."""
    if cors is None:
        return response
    kept = [(name, value) for name, value in response.headers if not name.lower().startswith("access-control-")]
    return Response(status=response.status, headers=kept + _cors_headers(cors, request), body=response.body)


def _cors_headers(cors: Cors, request: Request) -> list[tuple[str, str]]:
    origin = request.header("origin")
    if not origin or not any(_origin_matches(pattern, origin) for pattern in cors.allow_origins):
        return []
    headers = [("access-control-allow-origin", "*" if "*" in cors.allow_origins else origin)]
    if "*" not in cors.allow_origins:
        headers.append(("vary", "origin"))
    if cors.allow_credentials:
        headers.append(("access-control-allow-credentials", "true"))
    if cors.expose_headers:
        headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
    return headers


def _origin_matches(pattern: str, origin: str) -> bool:
    if pattern in {"*", origin}:
        return True
    return pattern.endswith("://*") and origin.startswith(pattern[:-1])
