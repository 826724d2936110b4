"""Calls that DynamoDB rejects because of a concurrent write, or processes in part, are repeated until a deadline."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from pynamodb.exceptions import PynamoDBException

from functions.serve_mail_links import app as serve_mail_links
from kolom import outbox
from kolom.articles import publishing, repository
from kolom.articles.lookup import find_pointed_ids, slug_pointers
from kolom.comments import reply_subscriptions
from kolom.errors import Conflict
from kolom.http.errors import RETRY_AFTER_SECONDS, failure_of
from kolom.mail import delivery, suppression
from kolom.mail.composer import MailObsolete
from kolom.models import search
from kolom.models.base import connection
from kolom.models.comments import SubscriptionRecord, subscription_key
from kolom.models.transaction import Transaction
from kolom.search.index_writer import update_index
from kolom.security import confirmation_limits, signing
from kolom.security.client_address import ClientId
from kolom.security.signing import SigningKeys
from kolom.security.submission_limits import SubmissionLimits
from tests.factories import NOW, Context, content, request
from tests.integration.conftest import RefusedCalls

KEYS: Final = SigningKeys("1", {"1": "0123456789abcdef" * 4})
CONFLICTS: Final = ("TransactionConflictException", "ReplicatedWriteConflictException")
LIMITS: Final = SubmissionLimits(ClientId("ab", "cd"), "1", 10, is_message=False, now=NOW)
# Errors that are an answer, or a fault of the request: the same call fails again. The exception is a transaction that
# was canceled because of a conflict: Transaction.commit repeats it.
FINAL: Final = {
    "ConditionalCheckFailedException",
    "IdempotentParameterMismatchException",
    "ItemCollectionSizeLimitExceededException",
    "ResourceNotFoundException",
    "TransactionCanceledException",
}
WRITES: Final[dict[str, tuple[str, Callable[[], object]]]] = {
    "suppress an address": ("PutItem", lambda: suppression.suppress("a@b.example", "bounce", KEYS, now=NOW)),
    "allow an address again": ("DeleteItem", lambda: suppression.unsuppress("a@b.example", KEYS)),
    "count a submission": ("UpdateItem", lambda: LIMITS.check(())),
    "count a confirmation mail": (
        "UpdateItem",
        lambda: confirmation_limits.count_confirmation("1", "ef", None, now=NOW),
    ),
    "reserve an id": ("UpdateItem", lambda: repository.reserve_id(7)),
    "assign an id": ("UpdateItem", repository.next_id),
    "request a reindex": ("UpdateItem", lambda: repository.request_reindex(1, "mark")),
    "add postings": ("UpdateItem", lambda: search.add_postings("stem", 1, [1, 2])),
    "remove postings": ("UpdateItem", lambda: search.remove_postings("stem", 1, [1, 2])),
    "add documents": ("UpdateItem", lambda: search.add_elements("#documents", 1, [1, 2])),
    "remove documents": ("UpdateItem", lambda: search.remove_elements("#documents", 1, [1, 2])),
    "add words": ("BatchWriteItem", lambda: search.put_words([("words#e", "election")])),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the deadline of retries after conflicts."""
    monkeypatch.setattr("kolom.models.retry.DEADLINE_SECONDS", 0.1)


@pytest.mark.parametrize("code", CONFLICTS)
@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_conflicts_is_repeated(faults: RefusedCalls, write: str, code: str) -> None:
    operation, act = WRITES[write]
    faults.refuse(operation, code, 3)
    act()
    assert faults.refused == 3


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_conflicts_lastingly_is_a_503(faults: RefusedCalls, write: str) -> None:
    operation, act = WRITES[write]
    faults.refuse(operation, CONFLICTS[0])
    began = time.monotonic()
    with pytest.raises(PynamoDBException) as raised:
        act()
    assert time.monotonic() - began < 3
    failure = failure_of(raised.value)
    assert (failure.status, failure.retry_after_seconds) == (503, RETRY_AFTER_SECONDS)
    assert faults.refused > 1


@pytest.mark.parametrize("code", ["ThrottlingException", "LimitExceededException", "RequestLimitExceeded"])
def test_only_the_sdk_repeats_a_throttled_call(faults: RefusedCalls, code: str) -> None:
    """The fault is above the SDK's own retries."""
    for operation, act in WRITES.values():
        faults.clear()
        faults.refuse(operation, code)
        before = faults.refused
        with pytest.raises(PynamoDBException) as raised:
            act()
        assert (faults.refused - before, failure_of(raised.value).status) == (1, 503)


@pytest.mark.parametrize("item", ["check", "delete", "put", "update"])
def test_a_transaction_is_repeated_whichever_item_conflicts(faults: RefusedCalls, item: str) -> None:
    record = search.SearchRecord("words#a", "a")
    transaction = Transaction()
    match item:
        case "check":
            is_free = search.SearchRecord.key.does_not_exist()
            transaction.check(search.SearchRecord, ("words#a", "a"), is_free, Conflict("it is taken"))
        case "delete":
            transaction.delete(record)
        case "put":
            transaction.put(record)
        case "update":
            transaction.update(search.BlockRecord("words#a", "a"), [search.BlockRecord.revision.add(1)])
    faults.conflict(2)
    faults.refuse("TransactWriteItems", "TransactionInProgressException", 2)
    transaction.commit()
    assert faults.refused == 4


def confirm(person: str) -> dict[str, Any]:
    """Follow the link that confirms a subscription."""
    token = reply_subscriptions.create_token("confirm", 1, person, signing.load_keys(), now=datetime.now(UTC))
    answer: dict[str, Any] = serve_mail_links.handler(request(f"/api/subscription/{token}", method="POST"), Context())
    return answer


@pytest.fixture
def asked(secret: str) -> str:
    """A person who is asked to confirm a subscription."""
    person = "0" * 32
    SubscriptionRecord(
        *subscription_key(1, person),
        subscriber=person,
        comment_id="01M8A6KT6H1QWNMF4P7A2Q6S82",
        state="asked",
        expires_at=int(time.time()) + 10_000,
    ).save()
    return person


@pytest.mark.parametrize("code", CONFLICTS)
def test_a_subscription_is_confirmed_while_its_comment_is_approved(faults: RefusedCalls, asked: str, code: str) -> None:
    faults.refuse("UpdateItem", code, 3)
    assert confirm(asked)["statusCode"] == 200
    assert SubscriptionRecord.get(*subscription_key(1, asked)).state == "confirmed"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("code", [*CONFLICTS, "LimitExceededException"])
def test_a_link_that_conflicts_lastingly_says_when_to_try_again(faults: RefusedCalls, asked: str, code: str) -> None:
    faults.refuse("UpdateItem", code)
    answer = confirm(asked)
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")


def test_an_article_is_indexed_despite_conflicts(faults: RefusedCalls) -> None:
    article = publishing.publish(content(), now=NOW).article
    for operation in ("PutItem", "UpdateItem", "BatchWriteItem"):
        faults.refuse(operation, CONFLICTS[0], 2)
    assert update_index([article.id]) == set()
    assert faults.refused == 6


def test_a_mail_is_claimed_and_marked_despite_conflicts(
    faults: RefusedCalls, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = Transaction()
    outbox.enqueue(transaction, "contact#1", "contact", item_id="1", now=datetime.now(UTC))
    transaction.commit()
    monkeypatch.setattr(delivery, "compose", lambda *_, **__: (_ for _ in ()).throw(MailObsolete("gone")))
    faults.refuse("UpdateItem", CONFLICTS[0], 2)
    assert delivery.send("contact#1", lambda: datetime.now(UTC)) == "dropped"
    assert (faults.refused, outbox.get("contact#1").status) == (2, "dropped")


class PartialBatches:
    """Processes one item of each batch, as a table without capacity does, for the next ``times`` batches."""

    def __init__(self, times: int) -> None:
        self.left = times
        self._rest: dict[str, Any] | None = None

    def __call__(self, params: dict[str, Any], **_: Any) -> None:
        """Before the call: keep one item."""
        ((table, asked),) = params["RequestItems"].items()
        is_read = isinstance(asked, dict)
        items = asked["Keys"] if is_read else asked
        self._rest = None
        if self.left and len(items) > 1:
            self.left -= 1
            first, rest = ({**asked, "Keys": part} if is_read else part for part in (items[:1], items[1:]))
            params["RequestItems"], self._rest = {table: first}, {table: rest}

    def report(self, parsed: dict[str, Any], **_: Any) -> None:
        """After the call: report the others as unprocessed."""
        if self._rest is not None:
            parsed["UnprocessedKeys" if "Responses" in parsed else "UnprocessedItems"] = self._rest


@pytest.fixture
def partial(tables: None) -> Iterator[Callable[[int], PartialBatches]]:
    """Return a function that makes DynamoDB process only a part of each batch."""
    events = connection().client.meta.events
    registered: list[tuple[str, Any]] = []

    def start(times: int) -> PartialBatches:
        batches = PartialBatches(times)
        for operation in ("BatchGetItem", "BatchWriteItem"):
            registered.append((f"provide-client-params.dynamodb.{operation}", batches))
            registered.append((f"after-call.dynamodb.{operation}", batches.report))
        for name, handler in registered:
            events.register(name, handler)
        return batches

    yield start
    for name, handler in registered:
        events.unregister(name, handler)


WORDS: Final = [("words#e", f"word{number}") for number in range(12)]


def test_a_batch_that_is_processed_in_part_is_completed(partial: Callable[[int], PartialBatches]) -> None:
    """PynamoDB itself would stop after three attempts to write."""
    batches = partial(5)
    search.put_words(WORDS)
    assert batches.left == 0
    assert search.find_words("words#e") == sorted(word for _, word in WORDS)
    batches.left = 5
    found = search.SearchRecord.batch_get(WORDS)
    assert sorted(record.part for record in found) == sorted(word for _, word in WORDS)
    assert batches.left == 0
    batches.left = 5
    search.delete_items(WORDS)
    assert (search.find_words("words#e"), batches.left) == ([], 0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "act",
    [
        lambda: search.put_words(WORDS),
        lambda: find_pointed_ids({f"s{number}": slug_pointers(f"s{number}") for number in range(9)}),
    ],
    ids=["write", "read"],
)
def test_a_batch_that_remains_unprocessed_is_a_503(
    act: Callable[[], object], partial: Callable[[int], PartialBatches], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read must not be repeated without end, and the error must have a cause."""

    def refuse_all(batches: PartialBatches, params: dict[str, Any], **_: Any) -> None:
        batches._rest = params["RequestItems"]

    monkeypatch.setattr(PartialBatches, "__call__", refuse_all)
    partial(0)
    began = time.monotonic()
    with pytest.raises(PynamoDBException) as raised:
        act()
    assert time.monotonic() - began < 3
    assert (failure_of(raised.value).status, failure_of(raised.value).retry_after_seconds) == (503, RETRY_AFTER_SECONDS)


def test_every_error_of_dynamodb_is_either_temporary_or_final() -> None:
    """The errors come from botocore's model of the service, so that this test notices new ones."""
    service = botocore.session.get_session().get_service_model("dynamodb")
    operations = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchGetItem", "BatchWriteItem")
    codes = {
        shape.name
        for operation in (*operations, "TransactWriteItems")
        for shape in service.operation_model(operation).error_shapes
    }
    temporary = {code for code in codes if is_temporary(code)}
    assert codes - temporary == FINAL


def test_whatever_the_sdk_retries_is_temporary() -> None:
    throttled: Any = ThrottledRetryableChecker
    failed: Any = TransientRetryableChecker
    codes = {*throttled._THROTTLED_ERROR_CODES, *failed._TRANSIENT_ERROR_CODES}
    assert {code for code in codes if not is_temporary(code)} == set()


def is_temporary(code: str) -> bool:
    """Return whether a request that fails with that code may be repeated."""
    return failure_of(ClientError({"Error": {"Code": code}}, "Operation")).status == 503
