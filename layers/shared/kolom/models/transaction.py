"""One write transaction over any of the tables, with the storage's refusals told as errors of the domain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from kolom.aws import error_code, is_throttle, is_throttled
from kolom.errors import KolomError, ServiceBusy
from kolom.models.base import connection

MAX_ITEMS = 100
"""How many items one transaction may write (AWS, *Amazon DynamoDB Transactions*)."""

DEADLINE_SECONDS = 4.0
"""How long conflicts are retried: a reader's request ends before API Gateway's 30 s, whatever else it does."""

_CONFLICTS = {"TransactionConflict", "TransactionInProgressException"}


class _Contended(Exception):
    """Another transaction touched the same items at the same moment; nothing was written."""


_SENT_IN_ORDER = ("check", "delete", "put", "update")
"""PynamoDB sends the writes in this order, whatever theirs was; reasons for a cancellation come back in it."""


@dataclass(frozen=True, slots=True)
class _Write:
    kind: str
    apply: Callable[[TransactWrite], None]
    refused: KolomError | None = None


@dataclass(slots=True)
class Transaction:
    """Collects up to :data:`MAX_ITEMS` writes and commits all or none of them.

    Each conditional write brings the error that tells why its condition failed; where several fail, the one that was
    added first is told. A commit is idempotent: it carries a request token, so the SDK's own retry of a lost answer
    cannot apply it twice.
    """

    _writes: list[_Write] = field(default_factory=list)

    def __len__(self) -> int:
        """How many items the transaction writes or checks so far."""
        return len(self._writes)

    def put(self, item: Model, condition: Condition | None = None, refused: KolomError | None = None) -> None:
        """Write ``item`` whole; ``refused`` is raised by :meth:`commit` when ``condition`` does not hold."""
        self._writes.append(_Write("put", lambda write: write.save(item, condition), refused))

    def delete(self, item: Model) -> None:
        """Remove ``item``, which may be gone already."""
        self._writes.append(_Write("delete", lambda write: write.delete(item)))

    def update(
        self,
        item: Model,
        actions: Sequence[Action],
        condition: Condition | None = None,
        refused: KolomError | None = None,
    ) -> None:
        """Apply ``actions`` to the item with ``item``'s key, made by them where it is new."""
        self._writes.append(_Write("update", lambda write: write.update(item, list(actions), condition), refused))

    def check(
        self, model: type[Model], key: tuple[str, str], condition: Condition, refused: KolomError | None = None
    ) -> None:
        """Let ``condition`` hold for the item with that hash and range key, without writing it."""
        self._writes.append(_Write("check", lambda write: write.condition_check(model, *key, condition), refused))

    def commit(self) -> None:
        """Write everything, trying again with jitter while other transactions are in the way.

        :raises KolomError: the ``refused`` of the first write whose condition failed
        :raises Busy: conflicts or throttling lasted past :data:`DEADLINE_SECONDS`; nothing was written
        :raises PynamoDBException: DynamoDB failed; whether anything was written is not known
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
            raise ServiceBusy("too many changes at once; nothing was written, try again") from error

    def _attempt(self) -> None:
        try:
            with TransactWrite(connection=connection(), client_request_token=str(uuid4())) as transaction:
                for write in self._writes:
                    write.apply(transaction)
        except TransactWriteError as error:
            codes = [reason.code if reason else None for reason in _reasons(error)]
            sent = sorted(self._writes, key=lambda write: _SENT_IN_ORDER.index(write.kind))
            failed = {id(write) for code, write in zip(codes, sent, strict=False) if code == "ConditionalCheckFailed"}
            for write in self._writes:
                if id(write) in failed and write.refused is not None:
                    raise write.refused from error
            if _CONFLICTS & {error_code(error), *codes}:
                raise _Contended from error
            if is_throttled(error) or any(map(is_throttle, codes)):
                raise ServiceBusy("the store is at its limit; nothing was written, try again") from error
            raise


def _reasons(error: TransactWriteError) -> Sequence[CancellationReason | None]:
    return error.cancellation_reasons if error_code(error) == "TransactionCanceledException" else ()
