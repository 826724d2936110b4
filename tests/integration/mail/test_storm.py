"""Randomised failures of SES, DynamoDB and handlers: no message is lost."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import batched
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from functions.submit_contact import app as submit_contact
from kolom import outbox
from kolom.models.base import connection
from kolom.models.outbox import OutboxRecord
from kolom_cli.emulator.ses import Mail
from tests.factories import Context, contact_request
from tests.integration.handlers import stored
from tests.integration.mail.conftest import Crash, MailSystem

_ID = re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")


class RandomFaults:
    """Injects random faults, which are the same in every run.

    ``doubtful`` counts the faults after SES accepted a mail and before it was marked as sent: such a mail may be sent
    twice. ``seen`` counts all faults.
    """

    def __init__(self, mail_system: MailSystem, seed: int) -> None:
        self.doubtful: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self._accepted: str | None = None
        self._mail_system = mail_system
        self._chance = random.Random(seed)
        mail_system.ses.before, mail_system.ses.after = self._before_ses, self._after_ses

    def _before_ses(self) -> Any:
        kind = self._chance.random()
        if kind < 0.05:
            self.seen["crash before"] += 1
            raise Crash
        if kind < 0.10:
            self.seen["cut before"] += 1
            raise ConnectionClosedError(endpoint_url="https://email")
        codes = {0.20: "TooManyRequestsException", 0.25: "MessageRejected", 0.26: "BadRequestException"}
        for limit, code in codes.items():
            if kind < limit:
                self.seen[code] += 1
                return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": "no"}}
        return None

    def _after_ses(self) -> None:
        self._accepted = message_of(self._mail_system.ses.mails[-1])
        kind = self._chance.random()
        if kind < 0.06:
            self._inject("crash after" if kind < 0.03 else "cut after")
            raise Crash if kind < 0.03 else ConnectionClosedError(endpoint_url="https://email")

    def marked(self) -> None:
        """Record that the last accepted mail has been marked as sent."""
        self._accepted = None

    def _inject(self, what: str) -> None:
        self.seen[what] += 1
        if self._accepted is not None:
            self.doubtful[self._accepted] += 1
            self._accepted = None

    @contextmanager
    def crashing_at_dynamodb_calls(self) -> Iterator[None]:
        """Also end processes at random DynamoDB calls, before or after the call has its effect."""

        def inject(model: Any, **_: Any) -> None:
            if self._chance.random() < 0.02:
                self._inject(f"crash at {model.name}")
                raise Crash

        events = connection().client.meta.events
        for moment in ("before-call", "after-call"):
            events.register(f"{moment}.dynamodb.*", inject)
        try:
            yield
        finally:
            for moment in ("before-call", "after-call"):
                events.unregister(f"{moment}.dynamodb.*", inject)


def submit_until_confirmed(number: int) -> str:
    """Repeat a submission like a browser until it is confirmed."""
    event = contact_request(
        message=f"This is message number {number}.",
        address=f"10.{number // 250}.{number % 250}.1",
        headers={"idempotency-key": f"message-{number}"},
    )
    for _ in range(50):
        with suppress(Crash):
            answer = submit_contact.handler(event, Context())
            if answer["statusCode"] == 201:
                return str(answer["body"])
    raise AssertionError("the visitor was never told")


def message_of(mail: Mail) -> str:
    """Return the id of the message that a mail is about, which is the last one in its text."""
    return str(_ID.findall(mail["text"])[-1])


@pytest.mark.parametrize("count", [50, pytest.param(150, marks=pytest.mark.slow)])
def test_with_random_faults_each_message_is_stored_and_its_mail_sent_or_failed(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    faults = RandomFaults(mail_system, seed=2)
    mark_sent = outbox.mark_sent

    def mark(record: OutboxRecord, message_id: str, *, now: datetime) -> bool:
        was_marked = mark_sent(record, message_id, now=now)
        faults.marked()
        return was_marked

    monkeypatch.setattr(outbox, "mark_sent", mark)
    with faults.crashing_at_dynamodb_calls():
        told = [submit_until_confirmed(number) for number in range(count)]
        messages = stored("messages")
        assert len(set(told)) == len(messages) == count
        assert {each["message"]["S"] for each in messages} == {f"This is message number {n}." for n in range(count)}
        process_all_mail(mail_system)

    kept = stored("outbox")
    became = Counter(item["status"]["S"] for item in kept)
    assert {item["item_id"]["S"] for item in kept} == {item["id"]["S"] for item in messages}
    assert set(became) == {"sent", "failed"}
    assert became["sent"] + became["failed"] == count
    assert became["sent"] > 0.8 * count

    accepted = Counter(map(message_of, mail_system.ses.mails))
    assert {item["item_id"]["S"] for item in kept if item["status"]["S"] == "sent"} <= set(accepted)
    doubles = {message_id: times - 1 for message_id, times in accepted.items() if times > 1}
    assert doubles
    assert all(times <= faults.doubtful[message_id] for message_id, times in doubles.items())
    assert all(faults.seen[what] for what in ("crash before", "crash after", "cut after", "crash at UpdateItem"))
    print(dict(became), f"twice or more: {len(doubles)} of {len(faults.doubtful)} doubtful;", dict(faults.seen))


def process_all_mail(mail_system: MailSystem) -> None:
    """Run the stream and the timer until no mail is pending, at most for two days."""
    for _ in range(12 * 48):
        statuses = {item["id"]["S"]: item["status"]["S"] for item in stored("outbox")}
        waiting = [mail_id for mail_id, status in statuses.items() if status == "waiting"]
        for batch in batched(waiting, 10, strict=False):
            for _ in range(4):  # Lambda retries a batch whose function crashed.
                with suppress(Crash):
                    mail_system.invoke_sender(*batch)
                    break
        if not {"waiting", "sending", "deferred"} & set(statuses.values()):
            return
        with suppress(Crash):
            mail_system.run_timer()
