"""Map errors to HTTP statuses and to problems (RFC 9457). The only module that does so."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError

from kolom.aws import error_code, is_conflict, is_throttled, is_unavailable
from kolom.errors import (
    Conflict,
    FieldError,
    Gone,
    InvalidCredentials,
    InvalidCursor,
    InvalidInput,
    KolomError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServiceBusy,
    UnknownSchema,
)
from kolom.http.cross_origin import ForeignOrigin
from kolom.http.request_body import BodyTooLarge, MalformedBody, UnsupportedMediaType
from kolom.http.types import LambdaResponse
from kolom.observability import logger

PROBLEM = "application/problem+json"

RETRY_AFTER_SECONDS = 5
"""After how many seconds a request that got a 503 may be repeated."""

STATUS_BY_ERROR: Mapping[type[KolomError], HTTPStatus] = {
    InvalidCursor: HTTPStatus.BAD_REQUEST,
    MalformedBody: HTTPStatus.BAD_REQUEST,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    InvalidCredentials: HTTPStatus.UNAUTHORIZED,
    PermissionDenied: HTTPStatus.FORBIDDEN,
    ForeignOrigin: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Gone: HTTPStatus.GONE,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    ServiceBusy: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """An error in one field."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error response (RFC 9457). ``errors`` is present if a validation failed."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None

    def to_json(self) -> str:
        """Return the response body."""
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as the client sees it. ``retry_after_seconds`` is set if the same request may succeed later."""

    status: HTTPStatus
    detail: str
    errors: Sequence[FieldError] = ()
    retry_after_seconds: int | None = None


def failure_of(error: Exception) -> Failure:
    """Convert an error to a failure, for the API and for pages. Errors of AWS and unexpected errors are logged."""
    match error:
        case UnknownSchema():
            logger.error("stored item of another version", reason=str(error))
            return failure_of(ServiceBusy("the service is temporarily unavailable; please retry"))
        case KolomError() if (status := _status_of(error)) is not None:
            return _domain_failure(error, status)
        case ServiceError():
            return Failure(HTTPStatus(error.status_code), str(error.msg))
    if is_conflict(error) or is_throttled(error):
        logger.warning("AWS request rejected because of load", code=error_code(error))
        return failure_of(ServiceBusy("the service is temporarily overloaded; please retry"))
    if is_unavailable(error):
        logger.error("AWS service unavailable", exc_info=error)
        return failure_of(ServiceBusy("the service is temporarily unavailable; please retry"))
    logger.error("unexpected error", exc_info=error)
    return Failure(HTTPStatus.INTERNAL_SERVER_ERROR, "internal server error; it has been logged")


def problem(failure: Failure) -> Response[str]:
    """Return an RFC 9457 problem. ``detail`` is for people; ``errors`` has the fields that failed validation."""
    fields = [FieldProblem(field=error.field, message=error.message) for error in failure.errors]
    status = failure.status
    body = Problem(title=status.phrase, status=int(status), detail=failure.detail, errors=fields or None)
    headers: dict[str, str | list[str]] = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if failure.retry_after_seconds is not None:
        headers["Retry-After"] = str(failure.retry_after_seconds)
    return Response(int(status), PROBLEM, body.to_json(), headers=headers)


def to_lambda_response(response: Response[str]) -> LambdaResponse:
    """Convert a response that was created outside of the resolver to Lambda's format."""
    headers = {name: value for name, value in response.headers.items() if value is not None}
    return {"statusCode": response.status_code, "headers": headers, "body": response.body, "isBase64Encoded": False}


def _status_of(error: KolomError) -> HTTPStatus | None:
    return next((STATUS_BY_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_BY_ERROR), None)


def _domain_failure(error: KolomError, status: HTTPStatus) -> Failure:
    retry_after_seconds = RETRY_AFTER_SECONDS if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    if isinstance(error, RateLimited):
        retry_after_seconds = error.retry_after_seconds
    return Failure(status, str(error), error.errors if isinstance(error, InvalidInput) else (), retry_after_seconds)
