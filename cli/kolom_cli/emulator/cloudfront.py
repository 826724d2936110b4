"""Emulate CloudFront on the port of the local site, with the gateway as its origin, and serve the inbox pages."""

import gzip
import hashlib
import logging
import mimetypes
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kolom_cli.assets.fingerprint import is_hashed
from kolom_cli.emulator import api_gateway
from kolom_cli.emulator.api_gateway import Request, Response
from kolom_cli.emulator.inbox_pages import Inbox
from kolom_cli.emulator.lambda_runtime import FunctionBusyError, FunctionError, FunctionTimeoutError, LambdaRuntime
from kolom_cli.emulator.ses import SentMail
from kolom_cli.media.s3 import IMMUTABLE_CACHE_CONTROL
from kolom_cli.sam.model import EdgeHeader, Template

_LANGUAGE_HEADER = "x-kolom-language"
_COMPRESSED = ("text/", "application/json", "image/svg+xml")
_log = logging.getLogger(__name__)


class CloudFrontEmulator:
    """The application on the port of the site."""

    def __init__(
        self, template: Template, runtime: LambdaRuntime, sent_mail: SentMail, s3: Any, frontend: Path
    ) -> None:
        self._template = template
        self._runtime = runtime
        self._inbox = Inbox(sent_mail)
        self._s3 = s3
        self._frontend = frontend.resolve()
        self._media_bucket = next((name for key, name in template.buckets.items() if "Media" in key), None)
        self.before_pages: Callable[[], None] = lambda: None
        """Called before each response for a page or one of its assets."""

    def __call__(self, request: Request) -> Response:
        """Return the response to one request."""
        path = unquote(request.path)
        if request.method in {"GET", "HEAD"}:
            if self._inbox.serves(path):
                return self._inbox(path, request.query)
            if not path.startswith(("/api/", "/media/")):
                self.before_pages()
        if self._template.cdn is None:
            return self._answer(request, path)
        behavior = self._template.cdn.behavior(request.path)
        if behavior.function_event_types and self._template.cdn.query_parameters is not None:
            request = through_function(request, self._template.cdn.query_parameters)
        response = self._answer(without_language_header(request), path)
        return with_edge_headers(behavior.headers, response)

    def _answer(self, request: Request, path: str) -> Response:
        cdn = self._template.cdn
        if request.method not in (cdn.behavior(request.path).methods if cdn else api_gateway.METHODS):
            return api_gateway.gateway_error(*api_gateway.FORBIDDEN)
        if request.method in {"GET", "HEAD"}:
            if path.startswith("/assets/"):
                return self._asset(path.removeprefix("/assets/"), request)
            if path.startswith("/media/"):
                return self._stored(path.removeprefix("/"), request)
        return self._through_gateway(request, path)

    def _through_gateway(self, request: Request, path: str) -> Response:
        cors = self._template.cors
        if answer := api_gateway.preflight(cors, request):
            return answer
        match = api_gateway.match_route(self._template.routes, request.method, path)
        if match is None:
            return api_gateway.with_cors(cors, request, api_gateway.gateway_error(*api_gateway.NOT_FOUND))
        function = self._template.functions[match.route.function]
        try:
            result = self._runtime.invoke(
                function.name,
                api_gateway.to_event(request, match),
                within_seconds=api_gateway.INTEGRATION_TIMEOUT_SECONDS,
                one_at_a_time=True,
            )
        except FunctionBusyError:
            response = api_gateway.gateway_error(*api_gateway.FUNCTION_TOO_SLOW)
            response.headers.append(("Retry-After", "1"))
        except FunctionTimeoutError:
            # As in API Gateway: 500 if the function reached its own timeout, 503 if the gateway stopped waiting first.
            slow = function.timeout_seconds > api_gateway.INTEGRATION_TIMEOUT_SECONDS
            response = api_gateway.gateway_error(
                *(api_gateway.FUNCTION_TOO_SLOW if slow else api_gateway.FUNCTION_FAILED)
            )
        except FunctionError:
            response = api_gateway.gateway_error(*api_gateway.FUNCTION_FAILED)
        else:
            response = api_gateway.to_response(result)
        return api_gateway.with_cors(cors, request, response)

    def _asset(self, name: str, request: Request) -> Response:
        if is_hashed(name):
            return self._stored(f"assets/{name}", request)
        # Deployed files may be cached for minutes, but local ones are being edited.
        stored = self._stored(f"assets/{name}", request, caching="no-cache")
        if stored.status == HTTPStatus.NOT_FOUND and (file := self._frontend_file(name)):
            # The demonstration page is not deployed.
            return _file_response(request, file.read_bytes(), _content_type(name), "no-cache")
        return stored

    def _frontend_file(self, name: str) -> Path | None:
        try:
            file = (self._frontend / name).resolve()
            return file if file.is_relative_to(self._frontend) and file.is_file() else None
        except (OSError, ValueError):  # The name is too long or contains a NUL.
            return None

    def _stored(self, key: str, request: Request, *, caching: str | None = None) -> Response:
        """Return a file of the bucket with its own headers; ``caching`` overrides ``Cache-Control``."""
        if self._media_bucket is None:
            return api_gateway.gateway_error(*api_gateway.NOT_FOUND)
        try:
            found: Mapping[str, Any] = self._s3.get_object(Bucket=self._media_bucket, Key=key)
        except (self._s3.exceptions.NoSuchKey, self._s3.exceptions.ClientError):
            return api_gateway.gateway_error(*api_gateway.NOT_FOUND)
        kind = found.get("ContentType", "")
        if kind in {"", "binary/octet-stream"}:
            kind = _content_type(key)
        caching = caching or found.get("CacheControl") or IMMUTABLE_CACHE_CONTROL
        return _file_response(request, found["Body"].read(), kind, caching)


def without_language_header(request: Request) -> Request:
    """Return the request without the language header, which only CloudFront may write.

    The functions then choose the language from ``Accept-Language`` by the same rules. CloudFront needs the header for
    its cache, which the emulator does not have.
    """
    headers = [(name, value) for name, value in request.headers if name.lower() != _LANGUAGE_HEADER]
    return replace(request, headers=headers)


def through_function(request: Request, known: Set[str]) -> Request:
    """Return the request as CloudFront's function passes it on.

    It keeps only ``known`` query parameters, and encodes question marks in the path twice.
    """
    kept = [each for each in request.query.split("&") if each.partition("=")[0] in known]
    path = re.sub("%3f", "%253F", request.path, flags=re.IGNORECASE)
    return replace(request, path=path, query="&".join(kept))


def with_edge_headers(added: tuple[EdgeHeader, ...], response: Response) -> Response:
    """Return the response with the headers that CloudFront adds.

    Unlike CloudFront, this adds the CORS headers even if the request has no ``Origin``.
    """
    headers = response.headers
    for header in added:
        others = [(name, value) for name, value in headers if name.lower() != header.name.lower()]
        if header.override or len(others) == len(headers):
            headers = [*others, (header.name, header.value)]
    return Response(status=response.status, headers=headers, body=response.body)


def _file_response(request: Request, body: bytes, kind: str, cache_control: str) -> Response:
    """Return a file, compressed as by CloudFront, so that local pages have the same transfer size."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = [("Cache-Control", cache_control), ("X-Content-Type-Options", "nosniff"), ("Vary", "Accept-Encoding")]
    if kind.startswith(_COMPRESSED) and "gzip" in (request.header("accept-encoding") or ""):
        body = gzip.compress(body, compresslevel=6, mtime=0)
        # A weak validator, because the compressed body differs (RFC 9110, 8.8.1).
        headers += [("ETag", f"W/{tag}"), ("Content-Encoding", "gzip")]
    else:
        headers.append(("ETag", tag))
    if tag in (request.header("if-none-match") or ""):
        return Response(status=304, headers=[each for each in headers if each[0] != "Content-Encoding"])
    return Response(status=200, headers=[("Content-Type", kind), *headers], body=body)


def _content_type(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind == "application/json"
    return f"{kind}; charset=utf-8" if is_text else kind
