"""HTTP at the edge: one resolver per function, the error table, caching. The only place that knows status codes."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel
from pynamodb.exceptions import PynamoDBException

from kolom.bodies import Malformed, TooLarge, UnsupportedType, is_form, read_body
from kolom.errors import Busy, Conflict, FieldError, Gone, Invalid, InvalidCursor, KolomError, NotFound, TooMany
from kolom.events import headers_of
from kolom.models.base import response_code
from kolom.models.transaction import is_throttled, is_unavailable
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

_SOON = {"Retry-After": "1"}

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


type FormAnswer = Callable[[Event, Mapping[str, str], Answer], Answer]
"""What a plain HTML form gets to see, from the request, its fields, and the answer that JSON would have got.

There are no fields where the body could not be read.
"""


class Api(APIGatewayHttpResolver):
    """A resolver whose answers are problems where something is wrong, and cacheable where nothing is.

    What a form sends reaches the handlers as JSON of the same fields.
    """

    caching: str | None = None
    form_answer: FormAnswer | None = None
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """The answer to an HTTP API event of payload format 2.0."""
        body = None
        method = event["requestContext"]["http"]["method"]
        if method in _WITH_BODY:
            try:
                body = read_body(event, takes_forms=self.form_answer is not None and method == "POST")
            except KolomError as error:
                answer = _answer(_domain_error(error))
                if self.form_answer is not None and is_form(event):
                    answer = self.form_answer(dict(event), {}, answer)
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
        if body is not None and body.is_form and self.form_answer is not None:
            answer = self.form_answer(dict(event), body.value, answer)
        return finish(event, answer, self.caching, compress_above_bytes=self.compress_above_bytes)


def new_api(
    *,
    caching: str | None = None,
    form_answer: FormAnswer | None = None,
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES,
) -> Api:
    """A resolver of its own for a function: validating, with every error of the domain told as a problem (RFC 9457).

    ``caching`` is the ``Cache-Control`` of a GET's 200, where it is another than a minute. With ``form_answer``, bodies
    may be those of HTML forms. Larger answers than ``compress_above_bytes`` travel compressed where that is accepted.
    """
    api = Api(
        enable_validation=True,
        response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
        serializer=lambda body: json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    )
    api.caching, api.form_answer, api.compress_above_bytes = caching, form_answer, compress_above_bytes
    handlers: Sequence[tuple[type[Exception], Callable[[Any], Response[str]]]] = (
        (MovedPermanently, _moved),
        (KolomError, _domain_error),
        (RequestValidationError, _validation_error),
        (ResponseValidationError, _unexpected),
        (RequestUnsupportedContentType, _unsupported_content_type),
        (json.JSONDecodeError, _malformed),
        (ServiceError, _service_error),
        (PynamoDBException, _storage_error),
        (Exception, _unexpected),
    )
    for kind, handler in handlers:
        api.exception_handler(kind)(handler)
    api.not_found(_no_route)
    return api


def problem(
    status: HTTPStatus, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response[str]:
    """An RFC 9457 problem. ``detail`` is for people; ``errors`` names the fields of a failed validation."""
    fields = [FieldProblem(field=error.field, message=error.message) for error in errors]
    body = Problem(title=status.phrase, status=int(status), detail=detail, errors=fields or None)
    return Response(int(status), PROBLEM, body.model_dump_json(exclude_none=True), headers=dict(headers or {}))


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
    answer = _answer(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this answer is too large to be sent"))
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


def _domain_error(error: KolomError) -> Response[str]:
    status = next((_STATUS_OF[kind] for kind in type(error).__mro__ if kind in _STATUS_OF), None)
    if status is None:
        return _unexpected(error)
    headers = _SOON if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(error.retry_after_seconds)}
    return problem(status, str(error), error.errors if isinstance(error, Invalid) else (), headers)


def _validation_error(error: RequestValidationError) -> Response[str]:
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return problem(HTTPStatus.BAD_REQUEST, "the body is not valid JSON")
    errors = [FieldError(_field(entry["loc"]), _message(entry)) for entry in error.errors()]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the request is not acceptable as it is", errors)


def _field(location: Sequence[int | str]) -> str:
    """The name of the field as the caller wrote it: what follows ``body``, ``query`` or ``path``."""
    return str(location[1] if len(location) > 1 else location[-1])


def _message(entry: Mapping[str, Any]) -> str:
    return str(entry["msg"]).removeprefix("Value error, ")


def _answer(response: Response[str]) -> Answer:
    """A response made outside of the resolver, as Lambda answers it."""
    headers = {name: value for name, value in response.headers.items() if value is not None}
    return {"statusCode": response.status_code, "headers": headers, "body": response.body, "isBase64Encoded": False}


def _unsupported_content_type(_: RequestUnsupportedContentType) -> Response[str]:
    return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this content type is not understood here")


def _malformed(_: json.JSONDecodeError) -> Response[str]:
    return problem(HTTPStatus.BAD_REQUEST, "the body is not valid JSON")


def _service_error(error: ServiceError) -> Response[str]:
    return problem(HTTPStatus(error.status_code), str(error.msg))


def _storage_error(error: PynamoDBException) -> Response[str]:
    if is_throttled(error):
        logger.warning("throttled by DynamoDB", code=response_code(error))
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the store is at its limit, try again", headers=_SOON)
    if is_unavailable(error):
        logger.exception("DynamoDB is not available")
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the store does not answer, try again", headers=_SOON)
    return _unexpected(error)


def _unexpected(_: Exception) -> Response[str]:
    logger.exception("unexpected error")
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; it has been recorded")


def _no_route(_: Exception) -> Response[str]:
    return problem(HTTPStatus.NOT_FOUND, "there is no such address")
