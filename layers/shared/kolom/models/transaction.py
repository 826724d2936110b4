"""A write transaction over any of the tables, which raises domain errors instead of storage errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from kolom.aws import CONFLICTS, error_code, is_throttled, is_throttling_code
from kolom.errors import KolomError, ServiceBusy
from kolom.models.base import Record, connection
from kolom.models.retry import retry_on_conflict

MAX_ITEMS = 100
"""The maximum number of items in a transaction (AWS, *Amazon DynamoDB Transactions*)."""


_KIND_ORDER = ("check", "delete", "put", "update")
"""The order in which PynamoDB sends the kinds of writes. The cancellation reasons have the same order."""


class _Contended(Exception):
    """A concurrent transaction changed the same items; nothing was written."""


@dataclass(frozen=True, slots=True)
class _Write:
    kind: str
    apply: Callable[[TransactWrite], None]
    conflict: KolomError | None = None


@dataclass(slots=True)
class Transaction:
    """Collects up to :data:`MAX_ITEMS` writes and commits all or none of them.

    Each conditional write has the error to raise if its condition fails; if several fail, the error of the one that was
    added first is raised. A commit is idempotent: it carries a request token, so that the SDK's own retry after a lost
    response cannot apply it twice. Give each ``condition`` its ``conflict``: without one, its failure raises the error
    of the storage.
    """

    _writes: list[_Write] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of items that the transaction writes or checks so far."""
        return len(self._writes)

    def put(self, item: Model, condition: Condition | None = None, conflict: KolomError | None = None) -> None:
        """Create or replace ``item``; :meth:`commit` raises ``conflict`` if ``condition`` does not hold."""
        self._writes.append(_Write("put", lambda write: write.save(item, condition), conflict))

    def delete(self, item: Model, condition: Condition | None = None, conflict: KolomError | None = None) -> None:
        """Delete ``item``, which may be deleted already, unless a condition forbids it."""
        self._writes.append(_Write("delete", lambda write: write.delete(item, condition), conflict))

    def update(
        self,
        item: Record,
        actions: Sequence[Action],
        condition: Condition | None = None,
        conflict: KolomError | None = None,
    ) -> None:
        """Apply ``actions`` to the item with the key of ``item``, which is created if it does not exist."""
        item.check_can_be_updated()
        self._writes.append(_Write("update", lambda write: write.update(item, list(actions), condition), conflict))

    def check(self, model: type[Model], key: tuple[str, str], condition: Condition, conflict: KolomError) -> None:
        """Require ``condition`` for the item with that hash and range key, without writing it."""
        self._writes.append(_Write("check", lambda write: write.condition_check(model, *key, condition), conflict))

    def commit(self) -> None:
        """Write everything, retrying with jitter while other transactions conflict.

        :raises KolomError: the ``conflict`` of the first write whose condition failed
        :raises ServiceBusy: conflicts or throttling lasted longer than the retries; nothing was written
        :raises PynamoDBException: DynamoDB failed; whether anything was written is unknown
        """
        retry_on_conflict(self._attempt, on=_Contended)

    def _attempt(self) -> None:
        try:
            with TransactWrite(connection=connection(), client_request_token=str(uuid4())) as transaction:
                for write in self._writes:
                    write.apply(transaction)
        except TransactWriteError as error:
            codes = [reason.code if reason else None for reason in _reasons(error)]
            sent = sorted(self._writes, key=lambda write: _KIND_ORDER.index(write.kind))
            failed = {id(write) for code, write in zip(codes, sent, strict=False) if code == "ConditionalCheckFailed"}
            for write in self._writes:
                if id(write) in failed and write.conflict is not None:
                    raise write.conflict from error
            if CONFLICTS & {error_code(error), *codes}:
                raise _Contended from error
            if is_throttled(error) or any(map(is_throttling_code, codes)):
                raise ServiceBusy("the service is temporarily overloaded; please retry") from error
            raise


def _reasons(error: TransactWriteError) -> Sequence[CancellationReason | None]:
    return error.cancellation_reasons if error_code(error) == "TransactionCanceledException" else ()
