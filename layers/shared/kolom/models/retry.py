"""Retry what a concurrent change prevented, with jitter, until a deadline."""

from collections.abc import Callable

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from kolom.errors import ServiceBusy, StaleRead

DEADLINE_SECONDS = 4.0
"""How long conflicts are retried: a request must finish within API Gateway's 30 s, including its other work."""


def retry_on_conflict[Result](attempt: Callable[[], Result], *, on: type[Exception] = StaleRead) -> Result:
    """Call ``attempt`` again, with jitter, while it raises ``on``, until :data:`DEADLINE_SECONDS` have passed.

    :raises ServiceBusy: it still raised ``on`` at the deadline
    """
    retrying = Retrying(
        retry=retry_if_exception_type(on),
        wait=wait_random_exponential(multiplier=0.02, max=0.5),
        stop=stop_after_delay(DEADLINE_SECONDS),
        reraise=True,
    )
    try:
        return retrying(attempt)
    except on as error:
        raise ServiceBusy("too many concurrent changes; please retry") from error
