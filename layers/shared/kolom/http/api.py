"""The HTTP API: one resolver per function, error responses, caching."""

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, Protocol

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.config import settings
from kolom.errors import KolomError
from kolom.http.caching import COMPRESS_ABOVE_BYTES, finalize
from kolom.http.cross_origin import refuse_foreign
from kolom.http.errors import PROBLEM, Failure, failure_of, problem, to_lambda_response
from kolom.http.parameters import read_arguments
from kolom.http.request_body import is_form, read_body
from kolom.http.types import Event, LambdaResponse
from kolom.timestamps import to_rfc3339

_WITH_BODY = {"POST", "PATCH", "PUT"}


TIME_ZONE_HEADER: Final = "Kolom-Time-Zone"
"""The response header with the site's time zone, in which the custom elements show dates."""


class MovedPermanently(Exception):
    """Raised by a handler to respond with a 301 to ``location``, a path or an absolute URL."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class HtmlPage(Protocol):
    """A page with its status and headers, including ``Content-Type``."""

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        ...

    @property
    def html(self) -> str:
        """Return the complete HTML."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the response headers."""
        ...


type ErrorPage = Callable[[Event, Failure], HtmlPage | None]
"""Returns the page for a failed request of a browser; None for other clients."""

type FormResponder = Callable[[Event, Mapping[str, str], LambdaResponse], LambdaResponse]
"""Returns the response to a plain HTML form, from the request, its fields, and the JSON response.

There are no fields if the body could not be read.
"""


type RequestFilter = Callable[[Event, Mapping[str, Any]], bool]
"""Returns whether a request has a certain property, from the request and the fields of its body."""


type Operation = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Api(APIGatewayHttpResolver):
    """A resolver that returns errors as problems or pages, and makes successful responses cacheable.

    Handlers receive the arguments that their signatures declare (:mod:`kolom.http.parameters`), also from the fields of
    HTML forms, and return API schemas or responses. Unsafe requests from pages of other websites are refused.
    """

    caching: str | None = None
    error_page: ErrorPage | None = None
    form_answer: FormResponder | None = None
    accepts_foreign: RequestFilter | None = None
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES
    body: Mapping[str, Any] | None = None
    """The fields of the current request's body; None without a body."""

    operations: list[Operation]
    """The handlers and the arguments of :meth:`route`, for the OpenAPI document."""

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "^{}$") -> re.Pattern[str]:
        # The expression of Powertools for `<name>` does not match marks, which are vowels in many scripts. This one
        # matches everything except slashes. Powertools has no public setting for it, and a route with its own
        # expression would show it in the OpenAPI document. The method is private, so a test calls the API with slugs
        # that have marks.
        return re.compile(base_regex.format(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", rule)))

    def route[Handler: Callable[..., Any]](self, *arguments: Any, **options: Any) -> Callable[[Handler], Handler]:
        """Return a decorator that registers a handler, with the arguments of Powertools."""
        register = super().route(*arguments, **options)

        def decorate(handler: Handler) -> Handler:
            @wraps(handler)
            def endpoint(**path: str) -> Any:
                return handler(**path, **read_arguments(handler, self.current_event.raw_event, self.body))

            register(endpoint)
            self.operations.append((handler, arguments, options))
            return handler

        return decorate

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the fields of the current request's body; there are none without a body."""
        return self.body or {}

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> LambdaResponse:
        """Return the response to an HTTP API event of payload format 2.0."""
        body, malformed = None, None
        method = event["requestContext"]["http"]["method"]
        form_answer = self.form_answer if method == "POST" else None
        try:
            body = read_body(event, accept_forms=form_answer is not None) if method in _WITH_BODY else None
        except KolomError as error:
            malformed = error
        self.body = body.value if body is not None else None
        try:
            if self.accepts_foreign is None or not self.accepts_foreign(dict(event), self.fields):
                refuse_foreign(event)
            if malformed is not None:
                raise malformed
        except KolomError as error:
            response = to_lambda_response(self.show(dict(event), failure_of(error)))
            if form_answer is not None and is_form(event):
                response = form_answer(dict(event), {}, response)
            return finalize(event, response)
        response = super().resolve(event, context)
        if body is not None and body.is_form and form_answer is not None:
            response = form_answer(dict(event), body.value, response)
        return finalize(event, _with_time_zone(response), self.caching, compress_above_bytes=self.compress_above_bytes)

    def show(self, event: Event, failure: Failure) -> Response[str]:
        """Return the response to a failed request: a page for browsers, a problem for other clients."""
        page = self.error_page(event, failure) if self.error_page is not None else None
        return problem(failure) if page is None else html_response(page)


def new_api(
    *,
    caching: str | None = None,
    error_page: ErrorPage | None = None,
    form_answer: FormResponder | None = None,
    accepts_foreign: RequestFilter | None = None,
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES,
) -> Api:
    """Return a new resolver for a function, with errors as problems (RFC 9457).

    ``caching`` is the ``Cache-Control`` of a 200; by default, a 200 to a GET is cached for one minute. With
    ``error_page``, errors may be pages. With ``form_answer``, bodies may be HTML forms. Requests for which
    ``accepts_foreign`` returns true may come from any website. Responses larger than ``compress_above_bytes`` are
    compressed if the client accepts that.
    """
    api = Api(serializer=to_json)
    api.operations = []
    api.caching, api.compress_above_bytes = caching, compress_above_bytes
    api.error_page, api.form_answer, api.accepts_foreign = error_page, form_answer, accepts_foreign

    @api.exception_handler(Exception)
    def show_failure(error: Exception) -> Response[str]:
        return api.show(api.current_event.raw_event, failure_of(error))

    @api.not_found
    def show_no_route(_: Exception) -> Response[str]:
        return api.show(api.current_event.raw_event, Failure(HTTPStatus.NOT_FOUND, "not found"))

    api.exception_handler(MovedPermanently)(_moved)
    return api


def to_json(body: object) -> str:
    """Return a response body of dictionaries, lists, texts, numbers and aware times as JSON."""
    return json.dumps(body, default=to_rfc3339, ensure_ascii=False, separators=(",", ":"))


def responses(success: int, *others: int) -> dict[int, OpenAPIResponse]:
    """Return the statuses of an operation for the OpenAPI document, in addition to those common to all operations.

    Statuses from 400 on are problems. ``kolom_cli.openapi`` adds the description of each.
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


def html_response(page: HtmlPage) -> Response[str]:
    """Convert a page to a response."""
    return Response(page.status, body=page.html, headers=dict(page.headers))


def page_response(page: Callable[[], HtmlPage], failed: Callable[[KolomError], HtmlPage]) -> Response[str]:
    """Return the result of ``page`` as a response, or that of ``failed`` if ``page`` raises a domain error."""
    try:
        return html_response(page())
    except KolomError as error:
        return html_response(failed(error))


def _with_time_zone(response: LambdaResponse) -> LambdaResponse:
    """Add the site's time zone to the headers of a JSON response, which may contain times."""
    if response.get("headers", {}).get("Content-Type") == "application/json":
        response["headers"][TIME_ZONE_HEADER] = settings().time_zone
    return response


def _moved(moved: MovedPermanently) -> Response[str]:
    return Response(int(HTTPStatus.MOVED_PERMANENTLY), headers={"Location": moved.location}, body="")
