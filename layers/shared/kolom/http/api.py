"""HTTP at the edge: one resolver per function, the error table, caching. The only place that knows status codes."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.errors import KolomError
from kolom.http.caching import COMPRESS_ABOVE_BYTES, finalize
from kolom.http.errors import PROBLEM, Failure, failure_of, problem, to_lambda_response
from kolom.http.request_body import is_form, read_body
from kolom.http.types import Event, LambdaResponse

_WITH_BODY = {"POST", "PATCH", "PUT"}


class MovedPermanently(Exception):
    """Raised by a handler to answer a 301 to ``location``, a path or an absolute URL."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


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

type FormResponder = Callable[[Event, Mapping[str, str], LambdaResponse], LambdaResponse]
"""What a plain HTML form gets to see, from the request, its fields, and the answer that JSON would have got.

There are no fields where the body could not be read.
"""


class Api(APIGatewayHttpResolver):
    """A resolver whose answers are problems or pages where something is wrong, and cacheable where nothing is.

    What a form sends reaches the handlers as JSON of the same fields.
    """

    caching: str | None = None
    error_page: ErrorPage | None = None
    form_answer: FormResponder | None = None
    compress_above_bytes: int = COMPRESS_ABOVE_BYTES

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> LambdaResponse:
        """The answer to an HTTP API event of payload format 2.0."""
        body = None
        method = event["requestContext"]["http"]["method"]
        form_answer = self.form_answer if method == "POST" else None
        if method in _WITH_BODY:
            try:
                body = read_body(event, takes_forms=form_answer is not None)
            except KolomError as error:
                answer = to_lambda_response(self.show(dict(event), failure_of(error)))
                if form_answer is not None and is_form(event):
                    answer = form_answer(dict(event), {}, answer)
                return finalize(event, answer)
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
        return finalize(event, answer, self.caching, compress_above_bytes=self.compress_above_bytes)

    def show(self, event: Event, failure: Failure) -> Response[str]:
        """The answer to a request that failed: a page for a reader's browser, a problem for everything else."""
        page = self.error_page(event, failure) if self.error_page is not None else None
        return problem(failure) if page is None else html_response(page)


def new_api(
    *,
    caching: str | None = None,
    error_page: ErrorPage | None = None,
    form_answer: FormResponder | None = None,
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


def responses(success: int, *others: int) -> dict[int, OpenAPIResponse]:
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


def html_response(page: HtmlPage) -> Response[str]:
    """A page as the answer to a request."""
    return Response(page.status, body=page.html, headers=dict(page.headers))


def _moved(moved: MovedPermanently) -> Response[str]:
    return Response(int(HTTPStatus.MOVED_PERMANENTLY), headers={"Location": moved.location}, body="")
