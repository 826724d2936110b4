"""Load the parts that a page can do without, and log those that cannot be loaded."""

from collections.abc import Callable

from kolom import aws
from kolom.errors import ServiceBusy
from kolom.models.errors import none_if_unavailable
from kolom.observability import logger


def load_part[Result](part: str, load: Callable[[], Result]) -> Result | None:
    """Return the result of ``load``; None if DynamoDB does not return it. ``part`` is its name in the log.

    The entry is a warning, or an error if a later attempt would fail too: then a permission may be missing.
    """

    def report(error: Exception) -> None:
        if isinstance(error, ServiceBusy) or aws.is_temporary(error):
            logger.warning("page rendered without a part", part=part, error=type(error).__name__)
        else:
            logger.error("page rendered without a part", part=part, exc_info=error)

    return none_if_unavailable(load, report)
