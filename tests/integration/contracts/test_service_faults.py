"""Whichever call of a function to AWS fails, and however, its effect is that of an undisturbed run, at most later.

Each event of each function's scenario is repeated from the same state, with one failing call or with an outage from
that call on. The function must answer in time: with a success, or with 503 and `Retry-After`; a consumer of a stream
asks for a redelivery, or raises an error. Then the client repeats its request, or Lambda delivers the event again, and
the stored data must be the same as without the fault.
"""

import importlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest

from functions.run_scheduled_tasks import app as run_scheduled_tasks
from functions.send_mail import app as send_mail
from kolom.mail import delivery
from kolom.models import retry
from kolom.models.base import connection
from kolom.models.outbox import OutboxRecord
from kolom_cli.emulator.ses import SentMail
from kolom_cli.sam.model import Function, Template
from tests.factories import Context, pending_mail_event
from tests.integration.aws import Snapshot, client, restore_snapshot, take_snapshot
from tests.integration.conftest import Configure, FaultInjector
from tests.integration.contracts.scenarios import SCENARIOS, prepare_scenario
from tests.integration.handlers import stored
from tests.integration.search.test_convergence import comparable, is_postings

SERVICES: Final = ("dynamodb", "secrets-manager", "sesv2")
KINDS: Final = {
    False: ("failed", "cut after", "timed out after", "partial"),
    True: (*FaultInjector.KINDS, *FaultInjector.MORE_KINDS),
}
"""The kinds of a single fault, which the SDK repeats, and of an outage."""

TABLES: Final = ("articles", "search", "comments", "messages", "outbox", "guard")
SAMPLE: Final = 16
"""The number of cases of each function that the default run tries, chosen by a fixed seed."""

SENDER: Final = "owner@blog.example"


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a scenario: the state before it, and the answer, the calls and the state after it without a fault."""

    event: Any
    before: Snapshot
    answer: Any
    operations: tuple[str, ...]
    shape: Counter[str]
    mails: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A fault in a step: the number of the call, the kind, and whether all later calls of the invocation fail too."""

    step: int
    call: int
    kind: str
    persistent: bool


@pytest.fixture
def faults(
    injector: FaultInjector, secret: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultInjector]:
    """Yield an injector for all services, with clients as in the template, and a clock that faults move."""
    injector.services = SERVICES
    monkeypatch.setattr(retry, "DEADLINE_SECONDS", 4.0)
    monkeypatch.setattr("time.monotonic", lambda: injector.seconds)
    configure(
        aws_read_timeout_milliseconds=1_500,
        aws_max_attempts=2,
        owner_email=SENDER,
        mail_from=SENDER,
        comments_per_minute=100,
        proof_of_work="none",
    )
    connection.cache_clear()
    delivery._client.cache_clear()
    yield injector
    connection.cache_clear()
    delivery._client.cache_clear()


@contextmanager
def frozen(function: str, now: datetime) -> Iterator[None]:
    """Freeze the time of the function's module."""
    module: Any = importlib.import_module(f"functions.{function}.app")
    with pytest.MonkeyPatch.context() as patch:
        if hasattr(module, "datetime"):
            patch.setattr(module, "datetime", SimpleNamespace(now=lambda _: now))
        yield


def record_steps(function: str, injector: FaultInjector, mailbox: SentMail) -> list[Step]:
    """Run the scenario of a function without faults, and return its events."""
    module: Any = importlib.import_module(f"functions.{function}.app")
    handle, steps = module.handler, []

    def record(event: Any, context: Any) -> Any:
        before, now, sent = take_snapshot(), module_now(module), len(mailbox.mails)
        restore_snapshot(before)  # also clears the caches, as before a case
        injector.fail_at(None, "failed", persistent=False)
        with frozen(function, now):
            answer = handle(event, context)
        operations = tuple(injector.operations)
        settle(function, now)
        steps.append(
            Step(
                json.loads(json.dumps(event)),
                before,
                answer,
                operations,
                shape(function),
                len(mailbox.mails) - sent,
                now,
            )
        )
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "handler", record)
        SCENARIOS[function]()
    assert steps
    return steps


def module_now(module: Any) -> datetime:
    """Return the time of a function's module, which a scenario may have changed."""
    now: datetime = getattr(module, "datetime", datetime).now(UTC)
    return now


def settle(function: str, now: datetime) -> None:
    """Let the timer and the stream of mail do their work for a day, if the function sends mail."""
    if function != "send_mail":
        return
    end = now + timedelta(hours=26)
    while now < end and (waiting := unsent()):
        with frozen("send_mail", now), frozen("run_scheduled_tasks", now):
            if queued := [each.id for each in waiting if each.status == "waiting"]:
                send_mail.handler(pending_mail_event(*queued), Context())
            run_scheduled_tasks.handler({}, Context())
        now += timedelta(minutes=30)


def unsent() -> list[OutboxRecord]:
    """Return the mail that is not finished."""
    return [each for each in OutboxRecord.scan() if each.status in {"waiting", "sending", "deferred"}]


VOLATILE: Final = {
    *("lease", "attempts", "due", "deadline", "reason", "message_id", "sent_at", "created_at", "change", "salt"),
    *("revision", "results"),  # of the index, which grow with every write
}
INEXACT: Final = re.compile(r'"key": {"S": "(?:words|ends|related)#')
ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
DIGEST: Final = re.compile(r"[0-9a-f]{12,}")


def shape(function: str) -> Counter[str]:
    """Return all stored items without what differs in every run: ids, digests, and times of attempts.

    While mail waits, the timer also publishes an article. Words and lists of related articles may be outdated.
    """
    tables = [each for each in TABLES if function != "send_mail" or each not in {"articles", "search"}]
    items = [f"{table}: {describe(item)}" for table in tables for item in stored(table)]
    return Counter(item for item in items if not INEXACT.search(item))


def describe(item: dict[str, Any]) -> str:
    """Return an item without what differs in every run; a block of postings is described by its postings."""
    if "part" in item and is_postings((item["key"]["S"], item["part"]["S"])):
        return f"{item['key']['S']} {item['part']['S']} {sorted(comparable(item)['postings'])}"
    kept = {name: value for name, value in sorted(item.items()) if name not in VOLATILE}
    text = json.dumps({name: _sorted(name, value) for name, value in kept.items()}, default=repr)
    return DIGEST.sub("<digest>", ULID.sub("<ulid>", text))


def _sorted(name: str, value: dict[str, Any]) -> Any:
    """Return the value of an attribute, with sets in order; of a set of short ids, only the number."""
    if name.startswith("ids#"):
        return len(value["SS"])
    ((kind, inner),) = value.items()
    return {kind: sorted(inner)} if kind in {"SS", "NS"} else value


def cases_of(steps: list[Step]) -> list[Case]:
    """Return all faults in all steps. Only a batch can be processed in part."""
    return [
        Case(number, call, kind, persistent)
        for number, step in enumerate(steps)
        for call, operation in enumerate(step.operations)
        for persistent, kinds in KINDS.items()
        for kind in kinds
        if kind != "partial" or operation.startswith("Batch")
    ]


def is_done(answer: Any) -> bool:
    """Return whether the client or Lambda has no reason to repeat the event."""
    if not isinstance(answer, dict):
        return True
    return not answer.get("batchItemFailures") and answer.get("statusCode") != 503


def check_answer(answer: Any, step: Step, name: str) -> None:
    """Check that an HTTP answer is the one without a fault, or 503 with Retry-After.

    If nobody could find out that a link was used, using it again reports that.
    """
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return
    if answer["statusCode"] == 503:
        assert int(answer["headers"]["Retry-After"]) > 0, name
        assert answer["headers"]["Cache-Control"] == "no-store", name
    else:
        is_used = answer["statusCode"] == 409 and "after" in name and "/api/moderation/" in name
        assert is_used or answer["statusCode"] == step.answer["statusCode"], (name, answer)


def handle(function: str, step: Step) -> Any:
    """Handle the event of a step; if a consumer raises an error, return that its batch must be delivered again."""
    handler = importlib.import_module(f"functions.{function}.app").handler
    try:
        with frozen(function, step.now):
            return handler(step.event, Context())
    except Exception:
        if "requestContext" in step.event:
            raise
        return AGAIN


AGAIN: Final = {"batchItemFailures": ["all"]}
REPEATED: Final = {"run_scheduled_tasks"}
"""The timer runs again in any case."""


def try_case(function: Function, steps: list[Step], case: Case, injector: FaultInjector, mailbox: SentMail) -> None:
    """Run a step with a fault, repeat it until it is done, and compare the result with that without a fault."""
    step, sent = steps[case.step], len(mailbox.mails)
    name = f"{function.name}: {case} {step.operations[case.call]} {step.event.get('rawPath', '')}"
    restore_snapshot(step.before)
    injector.fail_at(case.call, case.kind, persistent=case.persistent)
    answer = handle(function.name, step)
    check_answer(answer, step, name)
    assert injector.seconds < function.timeout_seconds, name
    injector.fail_at(None, "failed", persistent=False)
    if not is_done(answer) or function.name in REPEATED:
        answer = handle(function.name, step)
    assert is_done(answer), name
    check_answer(answer, step, name)
    settle(function.name, step.now)
    found = shape(function.name)
    assert found == step.shape, (name, found - step.shape, step.shape - found)
    assert step.mails <= len(mailbox.mails) - sent <= 2 * step.mails, name


@pytest.fixture
def mailbox(faults: FaultInjector) -> Iterator[SentMail]:
    """Record the mail that SES accepts."""
    mailbox = SentMail()
    with mailbox.recording():
        client("sesv2").create_email_identity(EmailIdentity=SENDER)
        yield mailbox


@pytest.mark.parametrize("function", sorted(SCENARIOS))
@pytest.mark.parametrize(
    "is_complete", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["sample", "all"]
)
def test_any_fault_of_any_service_has_no_lasting_effect(
    function: str, is_complete: bool, faults: FaultInjector, mailbox: SentMail, template: Template
) -> None:
    prepare_scenario(function)
    steps = record_steps(function, faults, mailbox)
    cases = cases_of(steps)
    chosen = cases if is_complete else random.Random(function).sample(cases, min(SAMPLE, len(cases)))
    for case in chosen:
        try_case(template.functions[function], steps, case, faults, mailbox)


@pytest.mark.parametrize("function", ["handle_bounces", "index_articles", "run_scheduled_tasks", "send_mail"])
def test_repeated_delayed_and_reordered_events_have_the_effect_of_one(
    function: str, faults: FaultInjector, mailbox: SentMail
) -> None:
    prepare_scenario(function)
    (step,) = record_steps(function, faults, mailbox)
    restore_snapshot(step.before)
    sent, records = len(mailbox.mails), step.event.get("Records")
    reordered = {**step.event, "Records": [*records[::-1], *records, records[0]]} if records else step.event
    handle(function, replace(step, event=reordered))
    handle(function, step)
    settle(function, step.now)
    handle(function, replace(step, event=reordered, now=step.now + timedelta(hours=20)))
    assert shape(function) == step.shape
    assert len(mailbox.mails) - sent == step.mails


def test_the_injector_knows_every_service_that_a_function_may_call(template: Template) -> None:
    """Logs are written by Lambda itself."""
    allowed = {
        action.partition(":")[0]
        for function in template.functions.values()
        for statement in function.policies
        for action in statement.actions
    }
    assert allowed == {"dynamodb", "secretsmanager", "ses"}
