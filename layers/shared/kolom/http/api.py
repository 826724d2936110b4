"""HTTP at the edge: one resolver per function, the error table, caching. The only place that knows status codes."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from kolom.aws import error_code, is_throttled, is_unavailable
from kolom.errors import Busy, Conflict, FieldError, Gone, Invalid, InvalidCursor, KolomError, NotFound, TooMany
from kolom.http.headers import headers_of
from kolom.http.request_body import Malformed, TooLarge, UnsupportedType, is_form, read_body
from kolom.observability import logger

PROBLEM = "application/problem+json"

MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 64 * 1024
"""What a Lambda function may answer (6 MB), less room for its headers."""

COMPRESS_ABOVE_BYTES = 1_000_000
"""The CDN compresses pages and JSON that are smaller."""

_DEFAULT_CACHING = {
    HTTPStatus.OK: "public, max-age=60",
    HTTPStatus.MOVED_PERMANENTLY: "max-age=60",
    HTTPStatus.GONE: "max-age=60",
}

_WITH_BODY = {"POST", "PATCH", "PUT"}

_SOON_SECONDS = 1

_STATUS_OF: Mapping[type[KolomError], HTTPStatus] = {
    InvalidCursor: HTTPStatus.BAD_REQUEST,
    Malformed: HTTPStatus.BAD_REQUEST,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Gone: HTTPStatus.GONE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
}

type Event = dict[str, Any]
type Answer = dict[str, Any]


class FieldProblem(BaseModel):
    """One thing wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457). ``errors`` is there when a validation failed."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class MovedPermanently(Exception):
    """Raised by a handler to answer a 301 to ``location``, a path or an absolute URL."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error is to the client. ``retry_after_seconds`` says when the same request may succeed, where it may."""

    status: HTTPStatus
    detail: str
    errors: Sequence[FieldError] = ()
    retry_after_seconds: int | None = None


class HtmlPage(Protocol):
    """A page with its status and headers, the ``Content-Type`` among them."""

    @property
    def status(self) -> int: ...

    @property
    def html(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


type ErrorPage = Callable[[Event, Failure], HtmlPage | None]
"""What a reader's browser shows of a failed request; None for a request that is not a browser's."""

type FormAnswer = Callable[[Event, Mapping[str, str], Answer], Answer]
"""What a plain HTML form gets to see, from the request, its fields, and the answer that JSON would have got.

There are no fields where the body could not be read.
"""


class Api(APIGatewayHttpResolver):
    """A resolver whose answers are problems or pages where something is wrong, and cacheable where nothing is.

    What a form sends reaches the handlers as JSON of the same fields.
    """

    caching: str | None = None
    error_page: ErrorPage | None = None
    form_answer: FormAnswer | None = None
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """The answer to an HTTP API event of payload format 2.0."""
        body = None
        method = event["requestContext"]["http"]["method"]
        form_answer = self.form_answer if method == "POST" else None
        if method in _WITH_BODY:
            try:
                body = read_body(event, takes_forms=form_answer is not None)
            except KolomError as error:
                answer = _answer(self.show(dict(event), failure_of(error)))
                if form_answer is not None and is_form(event):
                    answer = form_answer(dict(event), {}, answer)
                return finish(event, answer)
        if body is not None:
            headers = {name: value for name, value in event["headers"].items() if name.lower() != "content-type"}
            event = {
                **event,
                "headers": {**headers, "content-type": "application/json"},
                "body": json.dumps(body.value),
                "isBase64Encoded": False,
            }
        answer = super().resolve(event, context)
        if body is not None and body.is_form and form_answer is not None:
            answer = form_answer(dict(event), body.value, answer)
        return finish(event, answer, self.caching, compress_above_bytes=self.compress_above_bytes)

    def show(self, event: Event, failure: Failure) -> Response[str]:
        """The answer to a request that failed: a page for a reader's browser, a problem for everything else."""
        page = self.error_page(event, failure) if self.error_page is not None else None
        return _problem(failure) if page is None else html_response(page)


def new_api(
    *,
    caching: str | None = None,
    error_page: ErrorPage | None = None,
    form_answer: FormAnswer | None = None,
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES,
) -> Api:
    """A resolver of its own for a function: validating, with every error told as a problem (RFC 9457).

    ``caching`` is the ``Cache-Control`` of a GET's 200, where it is another than a minute. With ``error_page``, errors
    are told as pages. With ``form_answer``, bodies may be those of HTML forms. Larger answers than
    ``compress_above_bytes`` travel compressed where that is accepted.
    """
    api = Api(
        enable_validation=True,
        response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
        serializer=lambda body: json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    )
    api.caching, api.compress_above_bytes = caching, compress_above_bytes
    api.error_page, api.form_answer = error_page, form_answer

    @api.exception_handler(Exception)
    def show_failure(error: Exception) -> Response[str]:
        return api.show(api.current_event.raw_event, failure_of(error))

    @api.not_found
    def show_no_route(_: Exception) -> Response[str]:
        return api.show(api.current_event.raw_event, Failure(HTTPStatus.NOT_FOUND, "there is no such address"))

    api.exception_handler(MovedPermanently)(_moved)
    return api


def answers(success: int, *others: int) -> dict[int, OpenAPIResponse]:
    """Which statuses an operation may answer, for the OpenAPI document, beside those that every operation may.

    From 400 on they are problems. ``kolom_cli.openapi`` writes what each of them means.
    """
    failed: OpenAPIResponse = {
        "description": "",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    empty: OpenAPIResponse = {"description": "", "content": {}}
    full: OpenAPIResponse = {"description": ""}
    return {
        success: empty if success == HTTPStatus.NO_CONTENT else full,
        **{status: failed if status >= HTTPStatus.BAD_REQUEST else empty for status in others},
    }


def failure_of(error: Exception) -> Failure:
    """What an error is to the client, of an API and of a page. What is not the client's doing is recorded.

    This is the only table of errors and statuses.
    """
    match error:
        case KolomError() if (status := _status_of(error)) is not None:
            return _domain_failure(error, status)
        case RequestValidationError():
            return _validation_failure(error)
        case RequestUnsupportedContentType():
            return Failure(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this content type is not understood here")
        case ServiceError():
            return Failure(HTTPStatus(error.status_code), str(error.msg))
    if is_throttled(error):
        logger.warning("an AWS service is at its limit", code=error_code(error))
        return Failure(HTTPStatus.SERVICE_UNAVAILABLE, "the site is at its limit, try again", (), _SOON_SECONDS)
    if is_unavailable(error):
        logger.error("an AWS service is not available", exc_info=error)
        return Failure(HTTPStatus.SERVICE_UNAVAILABLE, "the site cannot answer now, try again", (), _SOON_SECONDS)
    logger.error("unexpected error", exc_info=error)
    return Failure(HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; it has been recorded")


def html_response(page: HtmlPage) -> Response[str]:
    """A page as the answer to a request."""
    return Response(page.status, body=page.html, headers=dict(page.headers))


def header(event: Mapping[str, Any], name: str) -> str | None:
    """The value of a request's header, None without it."""
    return headers_of(event).get(name)


def finish(
    event: Mapping[str, Any],
    answer: Answer,
    caching: str | None = None,
    *,
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES,
) -> Answer:
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
    elif len(json.dumps(answer["body"], ensure_ascii=False).encode()) <= MAX_ANSWER_BYTES:
        return answer
    # Base64 adds a third; quotes and line breaks escaped within JSON may double the body.
    encoded = base64.b64encode(body).decode()
    if len(encoded) > MAX_ANSWER_BYTES:
        return _too_large(len(body))
    return {**answer, "body": encoded, "isBase64Encoded": True}


def _too_large(size_bytes: int) -> Answer:
    """The answer in place of one that Lambda refuses. What makes answers keeps them small, so this is an error."""
    logger.error("an answer is too large to be sent", size_bytes=size_bytes)
    answer = _answer(_problem(Failure(HTTPStatus.INTERNAL_SERVER_ERROR, "this answer is too large to be sent")))
    answer["headers"]["Cache-Control"] = "no-store"
    return answer


def _body_bytes(answer: Answer) -> bytes:
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


def _moved(moved: MovedPermanently) -> Response[str]:
    return Response(int(HTTPStatus.MOVED_PERMANENTLY), headers={"Location": moved.location}, body="")


def _problem(failure: Failure) -> Response[str]:
    """An RFC 9457 problem. ``detail`` is for people; ``errors`` names the fields of a failed validation."""
    fields = [FieldProblem(field=error.field, message=error.message) for error in failure.errors]
    status = failure.status
    body = Problem(title=status.phrase, status=int(status), detail=failure.detail, errors=fields or None)
    headers: dict[str, str | list[str]] = {}
    if failure.retry_after_seconds is not None:
        headers["Retry-After"] = str(failure.retry_after_seconds)
    return Response(int(status), PROBLEM, body.model_dump_json(exclude_none=True), headers=headers)


def _status_of(error: KolomError) -> HTTPStatus | None:
    return next((_STATUS_OF[kind] for kind in type(error).__mro__ if kind in _STATUS_OF), None)


def _domain_failure(error: KolomError, status: HTTPStatus) -> Failure:
    retry_after_seconds = _SOON_SECONDS if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    if isinstance(error, TooMany):
        retry_after_seconds = error.retry_after_seconds
    return Failure(status, str(error), error.errors if isinstance(error, Invalid) else (), retry_after_seconds)


def _validation_failure(error: RequestValidationError) -> Failure:
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return Failure(HTTPStatus.BAD_REQUEST, "the body is not valid JSON")
    errors = [FieldError(_field(entry["loc"]), _message(entry)) for entry in error.errors()]
    return Failure(HTTPStatus.UNPROCESSABLE_ENTITY, "the request is not acceptable as it is", errors)


def _field(location: Sequence[int | str]) -> str:
    """The name of the field as the caller wrote it: what follows ``body``, ``query`` or ``path``."""
    return str(location[1] if len(location) > 1 else location[-1])


def _message(entry: Mapping[str, Any]) -> str:
    return str(entry["msg"]).removeprefix("Value error, ")


def _answer(response: Response[str]) -> Answer:
    """A response made outside of the resolver, as Lambda answers it."""
    headers = {name: value for name, value in response.headers.items() if value is not None}
    return {"statusCode": response.status_code, "headers": headers, "body": response.body, "isBase64Encoded": False}
