"""The contact form: store a message together with the mail about it, and confirm it to the visitor."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.contact import submission
from kolom.contact.schemas import MessageIn, ReceivedMessageOut
from kolom.http.api import new_api, responses
from kolom.http.parameters import Body
from kolom.observability import count, logger, metrics
from kolom.pages.form_responses import contact_form_response
from kolom.submissions.pipeline import RequestContext

api = new_api(form_answer=contact_form_response)


@api.post(
    "/api/contact",
    summary="Send a message to the site's owner",
    tags=["contact"],
    status_code=201,
    responses=responses(201, 400, 403, 413, 415, 422, 429),
)
def submit_message(message: Annotated[MessageIn, Body()]) -> Response[ReceivedMessageOut]:
    submitted = submission.submit(
        message.to_new_message(), RequestContext.from_event(api.current_event.raw_event), now=datetime.now(UTC)
    )
    if submitted.status is not None:
        count(f"Messages{submitted.status.capitalize()}")
    received: ReceivedMessageOut = {"id": submitted.id, "status": "received"}
    return Response(HTTPStatus.CREATED, "application/json", received)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP API event."""
    return api.resolve(event, context)
