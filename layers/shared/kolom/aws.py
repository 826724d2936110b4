"""Clients of AWS services: how long they wait, how often they try, and which errors are temporary.

The template sets both limits for the functions (``AWS_READ_TIMEOUT_MILLISECONDS``, ``AWS_MAX_ATTEMPTS``), so that a
service that does not answer leaves time to say so within the function's own ``Timeout``. The defaults are those of the
command line, which has more time.
"""

from collections.abc import Mapping
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.exceptions import CredentialRetrievalError, HTTPClientError
from botocore.parsers import ResponseParserError

from kolom.config import settings

CONNECT_TIMEOUT_SECONDS: Final = 1.0

_THROTTLES: Final = {
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "Throttling",
    "ThrottledException",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
}
_FAILURES: Final = {
    # The service failed, or an answer that is none of its own came from in between: then the status is the code.
    *("InternalFailure", "InternalServerError", "InternalServiceError", "InternalServiceErrorException"),
    *("ServiceUnavailable", "ServiceUnavailableException", "500", "502", "503", "504"),
    *("RequestTimeout", "RequestTimeoutException"),
    # Lambda renews the credentials of a function; a process that was frozen meanwhile may still hold the old ones.
    *("ExpiredToken", "ExpiredTokenException"),
}
_UNREACHABLE: Final = (BotocoreConnectionError, HTTPClientError, CredentialRetrievalError, ResponseParserError)


def read_timeout_seconds() -> float:
    """How long a client waits for an answer that does not come."""
    return settings().aws_read_timeout_milliseconds / 1000


def retries(max_attempts: int | None = None) -> Any:
    """botocore's configuration of retries: that many attempts, by default as many as the settings say."""
    return {"total_max_attempts": max_attempts or settings().aws_max_attempts, "mode": "standard"}


def new_client(service: str, *, read_timeout: float | None = None, max_attempts: int | None = None) -> Any:
    """A client of a service, by botocore itself, which PynamoDB loads anyway: boto3 would lengthen every cold start."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout or read_timeout_seconds(),
        retries=retries(max_attempts),
    )
    return botocore.session.get_session().create_client(service, config=config)


def error_code(error: BaseException) -> str | None:
    """The code of the service's answer to a call by botocore or PynamoDB; None where there was no answer.

    PynamoDB's own ``cause_response_code`` raises there: botocore gives its errors of the connection a response of None.
    """
    response: Mapping[str, Any] = getattr(_cause(error), "response", None) or {}
    code: str | None = response.get("Error", {}).get("Code")
    return code


def is_throttled(error: BaseException) -> bool:
    """Whether a service refused a call for lack of capacity, so that a later one may succeed."""
    return error_code(error) in _THROTTLES


def is_throttle(code: str | None) -> bool:
    """Whether an error of that code, which may be that of one item of a transaction, is for lack of capacity."""
    return code in _THROTTLES


def is_unavailable(error: BaseException) -> bool:
    """Whether a service could not be reached, or failed itself: a later call may succeed, this one may have too.

    What no later call mends is none of it: missing permissions, a wrong name, no credentials at all.
    """
    return error_code(error) in _FAILURES or isinstance(_cause(error), _UNREACHABLE)


def _cause(error: BaseException) -> BaseException:
    """What botocore raised: PynamoDB wraps it."""
    cause: BaseException | None = getattr(error, "cause", None)
    return cause or error
