"""One write transaction over any of the tables, with the storage's refusals told as errors of the domain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from pynamodb.exceptions import CancellationReason, PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from kolom.errors import Busy, KolomError
from kolom.models.base import connection

MAX_ITEMS = 100
"""How many items one transaction may write (AWS, *Amazon DynamoDB Transactions*)."""

DEADLINE_SECONDS = 4.0
"""How long conflicts are retried: a reader's request ends before API Gateway's 30 s, whatever else it does."""

_CONFLICTS = {"TransactionConflict", "TransactionInProgressException"}
_THROTTLES = {
    "ThrottlingError",
    "ThrottlingException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
}


class _Contended(Exception):
    """Another transaction touched the same items at the same moment; nothing was written."""


def is_throttled(error: PynamoDBException) -> bool:
    """Whether DynamoDB refused a call for lack of capacity, so that a later one may succeed."""
    return error.cause_response_code in _THROTTLES


@dataclass(slots=True)
class Transaction:
    """Collects up to :data:`MAX_ITEMS` writes and commits all or none of them.

    Each conditional write brings the error that tells why its condition failed. A commit is idempotent: it carries
    a request token, so the SDK's own retry of a lost answer cannot apply it twice.
    """

    _deletes: list[tuple[Callable[[TransactWrite], None], KolomError | None]] = field(default_factory=list)
    _puts: list[tuple[Callable[[TransactWrite], None], KolomError | None]] = field(default_factory=list)
    _updates: list[tuple[Callable[[TransactWrite], None], KolomError | None]] = field(default_factory=list)

    def __len__(self) -> int:
        """How many items the transaction writes so far."""
        return len(self._deletes) + len(self._puts) + len(self._updates)

    def put(self, item: Model, condition: Condition | None = None, refused: KolomError | None = None) -> None:
        """Write ``item`` whole; ``refused`` is raised by :meth:`commit` when ``condition`` does not hold."""
        self._puts.append((lambda write: write.save(item, condition), refused))

    def delete(self, item: Model) -> None:
        """Remove ``item``, which may be gone already."""
        self._deletes.append((lambda write: write.delete(item), None))

    def update(self, item: Model, actions: Sequence[Action]) -> None:
        """Apply ``actions`` to the item with ``item``'s key, made by them where it is new."""
        self._updates.append((lambda write: write.update(item, list(actions)), None))

    def commit(self) -> None:
        """Write everything, trying again with jitter while other transactions are in the way.

        :raises KolomError: the ``refused`` of the first write whose condition failed
        :raises Busy: conflicts or throttling lasted past :data:`DEADLINE_SECONDS`; nothing was written
        """
        retrying = Retrying(
            retry=retry_if_exception_type(_Contended),
            wait=wait_random_exponential(multiplier=0.02, max=0.5),
            stop=stop_after_delay(DEADLINE_SECONDS),
            reraise=True,
        )
        try:
            retrying(self._attempt)
        except _Contended as error:
            raise Busy("too many changes at once; nothing was written, try again") from error

    def _attempt(self) -> None:
        # PynamoDB sends deletes, then puts, then updates; cancellation reasons come back in that order.
        writes = [*self._deletes, *self._puts, *self._updates]
        try:
            with TransactWrite(connection=connection(), client_request_token=str(uuid4())) as transaction:
                for write, _ in writes:
                    write(transaction)
        except TransactWriteError as error:
            codes = [reason.code if reason else None for reason in _reasons(error)]
            for code, (_, refused) in zip(codes, writes, strict=False):
                if code == "ConditionalCheckFailed" and refused is not None:
                    raise refused from error
            if _CONFLICTS & {error.cause_response_code, *codes}:
                raise _Contended from error
            if is_throttled(error) or _THROTTLES & set(codes):
                raise Busy("the store is at its limit; nothing was written, try again") from error
            raise


def _reasons(error: TransactWriteError) -> Sequence[CancellationReason | None]:
    return error.cancellation_reasons if error.cause_response_code == "TransactionCanceledException" else ()
