"""Create clients of AWS services with limits for time and attempts, and classify temporary errors.

The template sets both limits for the functions (``AWS_READ_TIMEOUT_MILLISECONDS``, ``AWS_MAX_ATTEMPTS``), so that the
function can report an unresponsive service within its own ``Timeout``. The defaults are those of the command line,
which has more time.
"""

from collections.abc import Mapping
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.exceptions import CredentialRetrievalError, HTTPClientError
from botocore.parsers import ResponseParserError

from kolom.config import settings
from kolom.snapshots import reseed_after_restore

# Retries at the same moments would conflict again.
reseed_after_restore()

CONNECT_TIMEOUT_SECONDS: Final = 1.0

# The temporary errors, by what is done about them. Each of them becomes a 503 if it persists (kolom.http.errors).

CONFLICTS: Final = frozenset(
    {
        # A concurrent write changes the same item. SDKs do not retry most of these: kolom.models.retry does, with
        # jitter and until a deadline. The first is the code of one item of a transaction.
        *("TransactionConflict", "TransactionConflictException", "TransactionInProgressException"),
        "ReplicatedWriteConflictException",
    }
)
_THROTTLES: Final = {
    # A lack of capacity: the SDK retries with jitter, as often as the settings say.
    *("ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException"),
    *("RequestLimitExceeded", "LimitExceededException", "BandwidthLimitExceeded", "TooManyRequestsException"),
    *("RequestThrottled", "RequestThrottledException", "EC2ThrottledException", "SlowDown"),
    *("Throttling", "ThrottledException", "ThrottlingError", "ThrottlingException"),
}
_FAILURES: Final = {
    # The service failed, or an intermediary sent the response; the code is then the response's status.
    *("InternalFailure", "InternalServerError", "InternalServiceError", "InternalServiceErrorException"),
    *("ServiceUnavailable", "ServiceUnavailableException", "500", "502", "503", "504"),
    *("RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"),
    # Lambda renews the credentials of a function; a process that was frozen may still have the old ones.
    *("ExpiredToken", "ExpiredTokenException"),
}
_UNREACHABLE: Final = (BotocoreConnectionError, HTTPClientError, CredentialRetrievalError, ResponseParserError)


def read_timeout_seconds() -> float:
    """Return how long a client waits for a response."""
    return settings().aws_read_timeout_milliseconds / 1000


def retries(max_attempts: int | None = None) -> Any:
    """Return botocore's retry configuration: ``max_attempts``, by default those of the settings."""
    return {"total_max_attempts": max_attempts or settings().aws_max_attempts, "mode": "standard"}


def new_client(service: str, *, read_timeout: float | None = None, max_attempts: int | None = None) -> Any:
    """Create a client with botocore, which PynamoDB loads anyway: boto3 would lengthen every cold start."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout or read_timeout_seconds(),
        retries=retries(max_attempts),
    )
    return botocore.session.get_session().create_client(service, config=config)


def error_code(error: BaseException) -> str | None:
    """Return the error code of the service's response to a botocore or PynamoDB call; None without a response.

    PynamoDB's own ``cause_response_code`` raises in that case: botocore's connection errors have a response of None.
    """
    response: Mapping[str, Any] = getattr(_cause(error), "response", None) or {}
    code: str | None = response.get("Error", {}).get("Code")
    return code


def is_conflict(error: BaseException) -> bool:
    """Return whether a service rejected a write because of a concurrent one; nothing was written."""
    return error_code(error) in CONFLICTS


def is_throttled(error: BaseException) -> bool:
    """Return whether a service rejected a call for lack of capacity, so that a later one may succeed."""
    return error_code(error) in _THROTTLES


def is_throttling_code(code: str | None) -> bool:
    """Return whether an error code, of a request or of one item of a transaction, means a lack of capacity."""
    return code in _THROTTLES


def is_unavailable(error: BaseException) -> bool:
    """Return whether a service was unreachable or failed. A later call may succeed, and this one may have too.

    Excludes errors that retries cannot fix: missing permissions, a wrong name, no credentials at all.
    """
    return error_code(error) in _FAILURES or isinstance(_cause(error), _UNREACHABLE)


def is_temporary(error: BaseException) -> bool:
    """Return whether the same call may succeed later."""
    return is_conflict(error) or is_throttled(error) or is_unavailable(error)


def _cause(error: BaseException) -> BaseException:
    """Return the botocore error that PynamoDB wraps."""
    cause: BaseException | None = getattr(error, "cause", None)
    return cause or error
