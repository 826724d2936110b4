"""Sending mail when SES is throttled, unavailable or rejects it, and when the sender crashes."""

import contextlib
import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.send_mail import app as send_mail
from kolom import outbox
from kolom.articles import publishing
from kolom.contact import repository as messages
from kolom.mail import delivery, suppression
from kolom.models import schema
from kolom.models.outbox import OutboxRecord
from kolom.observability import logger
from kolom.outbox import LEASE
from kolom_cli.sam.model import Template
from tests.factories import Context, content, pending_mail_event
from tests.integration.aws import client
from tests.integration.conftest import FaultInjector, RefusedCalls
from tests.integration.handlers import stored
from tests.integration.mail.conftest import OWNER, Crash, MailSystem


def test_a_message_is_mailed_to_the_owner_with_a_reply_address(mail_system: MailSystem) -> None:
    message = mail_system.submit("Apa kabar?\nBaik.", name="Budi", email="budi@example.com", subject="Salam ☕")
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert (mail["to"], mail["from"], mail["reply_to"]) == (OWNER, "Blog <blog@site.example>", "budi@example.com")
    assert mail["subject"] == "[Blog] Salam ☕"
    assert "Apa kabar?\nBaik." in mail["text"]
    assert "Apa kabar?<br>" in mail["html"]
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    record = outbox.get(f"contact#{message.id}")
    assert (record.status, int(record.attempts)) == ("sent", 1)
    assert record.message_id
    assert not {"queue", "due", "lease"} & set(stored("outbox")[0])


def test_the_owner_reads_in_the_sites_language_why_a_comment_is_pending(mail_system: MailSystem) -> None:
    publishing.publish(content("hello", published_at=mail_system.now - timedelta(hours=1)), now=mail_system.now)
    mail_system.comment("Nice.")
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert "Alasan ditandai:\n- Belum ada komentar dari penulis ini yang disetujui.\n" in mail["text"]
    assert "<li>Belum ada komentar dari penulis ini yang disetujui.</li>" in mail["html"]


def test_times_in_mails_to_the_owner_have_a_time_zone(mail_system: MailSystem) -> None:
    publishing.publish(content("hello", published_at=mail_system.now - timedelta(hours=1)), now=mail_system.now)
    mail_system.comment("Nice.")
    mail_system.submit()
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == 2
    for mail in mail_system.ses.mails:
        assert re.search(r", \d\d:\d\d WIB\n", mail["text"])
        assert re.search(r", \d\d:\d\d WIB", mail["html"])


def test_a_redelivered_record_sends_the_mail_once(mail_system: MailSystem) -> None:
    mail_id = f"contact#{mail_system.submit().id}"
    for _ in range(3):
        mail_system.invoke_sender(mail_id, mail_id)
    assert len(mail_system.ses.mails) == 1


def test_one_of_several_concurrent_senders_sends_the_mail(mail_system: MailSystem) -> None:
    mail_id = f"contact#{mail_system.submit().id}"
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: delivery.send(mail_id, lambda: mail_system.now), range(16)))
    assert sorted(outcomes) == ["not_claimed"] * 15 + ["sent"]
    assert len(mail_system.ses.mails) == 1


def test_a_record_without_an_outbox_item_sends_nothing(mail_system: MailSystem) -> None:
    mail_system.invoke_sender("contact#nothing")
    assert mail_system.ses.mails == []


@pytest.mark.parametrize("code", ["TooManyRequestsException", "Throttling"])
def test_a_throttled_mail_is_retried_at_once_and_then_later(mail_system: MailSystem, code: str) -> None:
    mail_system.ses.respond_with_error(code, 429)
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.deliver_stream()
    assert mail_system.ses.calls == 4
    assert (mail_system.status(mail_id), outbox.get(mail_id).reason) == ("deferred", f"SES: {code}")
    mail_system.ses.recover()
    mail_system.run_for(0.25)
    assert mail_system.status(mail_id) == "sent"
    assert len(mail_system.ses.mails) == 1


@pytest.mark.parametrize(
    "code", ["SendingPausedException", "AccountSuspendedException", "MessageRejected", "AccessDeniedException", "Oops"]
)
def test_a_temporarily_rejected_mail_is_retried_for_a_day_and_then_fails(mail_system: MailSystem, code: str) -> None:
    mail_system.ses.respond_with_error(code, 500 if code == "Oops" else 400)
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.run_for(23.5)
    assert mail_system.status(mail_id) == "deferred"
    tries = mail_system.ses.calls
    assert 8 <= tries <= 14
    mail_system.run_for(5)
    record = outbox.get(mail_id)
    assert (record.status, record.reason) == ("failed", f"SES: {code}")
    mail_system.ses.recover()
    mail_system.run_for(2)
    assert mail_system.ses.mails == []


def test_after_an_hour_without_ses_every_mail_arrives_once(mail_system: MailSystem) -> None:
    mail_system.ses.lose_connection(accepted=False)
    ids = [f"contact#{mail_system.submit(f'Number {n}.').id}" for n in range(12)]  # more than a batch
    mail_system.run_for(1)
    assert {mail_system.status(each) for each in ids} == {"deferred"}
    mail_system.ses.recover()
    mail_system.run_for(2)
    assert {mail_system.status(each) for each in ids} == {"sent"}
    assert len(mail_system.ses.mails) == 12


def test_a_permanently_rejected_mail_fails_at_once(mail_system: MailSystem) -> None:
    mail_system.ses.respond_with_error("BadRequestException")
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.deliver_stream()
    assert (mail_system.status(mail_id), mail_system.ses.calls) == ("failed", 1)


def test_a_crash_before_ses_gets_the_mail_delays_it_by_its_lease(mail_system: MailSystem) -> None:
    mail_system.ses.crash(accepted=False)
    mail_id = f"contact#{mail_system.submit().id}"
    with pytest.raises(Crash):
        mail_system.invoke_sender(mail_id)
    mail_system.ses.recover()
    mail_system.invoke_sender(mail_id)
    assert (mail_system.status(mail_id), mail_system.ses.mails) == ("sending", [])
    assert timedelta(minutes=5) > LEASE
    mail_system.run_timer()
    mail_system.deliver_stream()
    assert (mail_system.status(mail_id), len(mail_system.ses.mails)) == ("sent", 1)


def test_a_crash_before_the_acceptance_is_recorded_sends_the_mail_twice(mail_system: MailSystem) -> None:
    mail_system.ses.crash(accepted=True)
    mail_id = f"contact#{mail_system.submit().id}"
    with pytest.raises(Crash):
        mail_system.invoke_sender(mail_id)
    mail_system.ses.recover()
    mail_system.run_for(0.5)
    assert (mail_system.status(mail_id), len(mail_system.ses.mails)) == ("sent", 2)


def test_a_mail_that_crashes_its_sender_does_not_block_the_others(mail_system: MailSystem) -> None:
    """Lambda retries the batch: the crashing mail has a lease, so the others are sent."""
    ids = [f"contact#{mail_system.submit(f'Number {n}.').id}" for n in range(3)]
    mail_system.ses.crash(accepted=False)
    with pytest.raises(Crash):
        mail_system.invoke_sender(*ids)
    mail_system.ses.recover()
    mail_system.invoke_sender(*ids)
    assert [mail_system.status(each) for each in ids] == ["sending", "sent", "sent"]


def test_a_mail_that_cannot_be_composed_blocks_no_others_and_fails_after_a_day(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisonous, good = (f"contact#{mail_system.submit(text).id}" for text in ("Poison.", "Good."))
    load = messages.get
    monkeypatch.setattr(messages, "get", lambda each, **more: 1 / 0 if poisonous.endswith(each) else load(each, **more))
    mail_system.invoke_sender(poisonous, good)
    assert (mail_system.status(poisonous), mail_system.status(good)) == ("deferred", "sent")
    assert outbox.get(poisonous).reason == "ZeroDivisionError"
    mail_system.run_for(28)
    assert mail_system.status(poisonous) == "failed"


def test_the_timer_sends_mail_whose_stream_record_was_lost(mail_system: MailSystem) -> None:
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.run_timer()
    mail_system.run_timer()
    before = {item["id"]["S"]: item["due"]["S"] for item in stored("outbox")}
    assert outbox.get(mail_id).status == "waiting"
    mail_system.run_timer()
    after = {item["id"]["S"]: item["due"]["S"] for item in stored("outbox")}
    assert after != before  # The change creates another stream record.
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == 1


def test_a_mail_that_always_crashes_its_sender_fails_at_its_deadline(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "GIVE_UP_AFTER", timedelta(hours=2))
    mail_system.ses.crash(accepted=False)
    mail_id = f"contact#{mail_system.submit().id}"
    end = mail_system.now + timedelta(hours=3)
    while mail_system.now < end:
        with contextlib.suppress(Crash):
            mail_system.deliver_stream()
        if mail_system.skip_idle_time(end):
            mail_system.run_timer()
    assert mail_system.status(mail_id) == "failed"


def test_records_are_retried_if_too_little_time_remains_for_them(mail_system: MailSystem) -> None:
    ids = [f"contact#{mail_system.submit(f'Number {n}.').id}" for n in range(2)]
    answer = mail_system.invoke_sender(*ids, left_milliseconds=5_000)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}]}
    assert {mail_system.status(each) for each in ids} == {"waiting"}
    assert mail_system.invoke_sender(*ids) == {"batchItemFailures": []}


def test_a_timer_throttled_at_one_mail_processes_the_others(
    mail_system: MailSystem, faults: RefusedCalls, capsys: pytest.CaptureFixture[str]
) -> None:
    mail_system.ses.respond_with_error("MessageRejected")
    ids = [f"contact#{mail_system.submit(f'Number {n}.').id}" for n in range(3)]
    mail_system.deliver_stream()
    mail_system.now += timedelta(days=1)
    faults.throttle("UpdateItem", 1)
    capsys.readouterr()
    mail_system.run_timer()
    assert [mail_system.status(each) for each in ids].count("failed") == 2
    assert '"MailFailed":[2.0]' in capsys.readouterr().out
    mail_system.run_timer()
    assert [mail_system.status(each) for each in ids] == ["failed"] * 3


def test_mail_of_a_later_version_does_not_stop_the_timer_and_fails_with_an_alarm(
    mail_system: MailSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sender refuses it. A later version can send it after `kolom mail resend`."""
    newer, other = (f"contact#{mail_system.submit(f'Number {n}.').id}" for n in range(2))
    OutboxRecord(newer).update([OutboxRecord.due.set(mail_system.now - timedelta(minutes=1))])  # It is processed first.
    key = {"TableName": "kolom-outbox", "Key": {"id": {"S": newer}}}
    client("dynamodb").update_item(
        **key,
        UpdateExpression="SET #schema = :newer",
        ExpressionAttributeNames={"#schema": schema.ATTRIBUTE},
        ExpressionAttributeValues={":newer": {"N": str(schema.NEWEST_READ + 1)}},
    )
    mail_system.now += timedelta(minutes=5)
    assert set(outbox.requeue_due(now=mail_system.now).requeued) == {newer, other}
    mail_system.invoke_sender(newer, other)
    assert [mail["text"].count("Number 1.") for mail in mail_system.ses.mails] == [1]
    mail_system.now += timedelta(days=1)
    capsys.readouterr()
    mail_system.run_timer()
    assert '"MailFailed":[1.0]' in capsys.readouterr().out
    assert client("dynamodb").get_item(**key)["Item"]["status"] == {"S": "failed"}


def test_concurrent_timers_and_late_senders_send_no_duplicates(mail_system: MailSystem) -> None:
    mail_system.ses.crash(accepted=False)
    mail_id = f"contact#{mail_system.submit().id}"
    late = outbox.claim(mail_id, now=mail_system.now)
    assert late is not None
    mail_system.ses.recover()
    mail_system.now += timedelta(minutes=5)
    with ThreadPoolExecutor(4) as pool:
        released = list(pool.map(lambda _: outbox.requeue_due(now=mail_system.now), range(4)))
    assert sum(len(each.requeued) for each in released) == 1
    mail_system.deliver_stream()
    assert mail_system.status(mail_id) == "sent"
    assert not outbox.defer(late, "too late", now=mail_system.now)
    assert not outbox.mark_dropped(late, "too late")
    assert mail_system.status(mail_id) == "sent"


@pytest.mark.parametrize("kind", ["throttled", "failed", "cut before", "cut after"])
def test_a_fault_at_any_call_sends_twice_only_if_acceptance_is_not_recorded(
    mail_system: MailSystem, injector: FaultInjector, kind: str
) -> None:
    for number in range(20):
        mail_id = f"contact#{mail_system.submit(f'Number {number} of all.').id}"
        before = len(mail_system.ses.mails)
        injector.fail_at(number, kind, persistent=True)
        mail_system.invoke_sender(mail_id)
        reached = injector.calls > number
        accepted = len(mail_system.ses.mails) - before
        injector.fail_at(None, kind, persistent=True)
        marked = mail_system.status(mail_id) == "sent"
        mail_system.run_for(0.5)
        assert mail_system.status(mail_id) == "sent"
        assert len(mail_system.ses.mails) - before == (2 if accepted and not marked else 1)
        if not reached:
            assert number >= 4
            return
    raise AssertionError("it never ends")


def test_a_throttled_update_of_the_outbox_neither_loses_nor_repeats_the_mail(
    mail_system: MailSystem, faults: RefusedCalls
) -> None:
    mail_id = f"contact#{mail_system.submit().id}"
    faults.throttle("UpdateItem", 1)
    mail_system.invoke_sender(mail_id)
    mail_system.run_for(0.5)
    assert (mail_system.status(mail_id), len(mail_system.ses.mails)) == ("sent", 1)


@pytest.mark.parametrize("what", ["deleted", "spam"])
def test_a_deleted_message_sends_no_mail(mail_system: MailSystem, what: str) -> None:
    message = mail_system.submit()
    if what == "deleted":
        messages.delete(message.id)
    else:
        messages.set_status(message.id, "spam", now=mail_system.now)
    mail_system.deliver_stream()
    assert mail_system.status(f"contact#{message.id}") == "dropped"
    assert mail_system.ses.mails == []


def test_the_owner_can_requeue_mail_which_restarts_the_day_of_retries(mail_system: MailSystem) -> None:
    mail_system.ses.respond_with_error("MessageRejected")
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.run_for(28)
    assert mail_system.status(mail_id) == "failed"
    outbox.resend(mail_id, now=mail_system.now)
    mail_system.run_for(2)
    assert mail_system.status(mail_id) == "deferred"
    mail_system.ses.recover()
    mail_system.run_for(5)
    assert (mail_system.status(mail_id), len(mail_system.ses.mails)) == ("sent", 1)


def test_the_stream_filter_selects_only_pending_mail(template: Template) -> None:
    (stream,) = (each for each in template.streams if each.function == "send_mail")
    assert json.loads(stream.filters[0]) == {"dynamodb": {"NewImage": {"status": {"S": ["waiting"]}}}}
    assert template.tables["OutboxTable"].create["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    timeout = template.functions["send_mail"].timeout_seconds
    assert timedelta(seconds=timeout) < LEASE


def test_an_outbox_item_contains_no_personal_data(mail_system: MailSystem) -> None:
    mail_system.submit("Private words.", name="Budi", email="budi.private@example.com", subject="Secret")
    everything = json.dumps(stored("outbox"))
    assert not [word for word in ("Private", "Budi", "private", "Secret", "site.example") if word in everything]


def test_no_personal_data_is_logged_or_measured(
    mail_system: MailSystem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """This causes an error of every kind while the log level is DEBUG."""
    logs = io.StringIO()
    monkeypatch.setattr(logger.handlers[0], "stream", logs)
    logger.setLevel("DEBUG")
    states: list[Callable[[], None]] = [
        partial(mail_system.ses.respond_with_error, "MessageRejected"),
        partial(mail_system.ses.lose_connection, accepted=False),
        partial(mail_system.ses.respond_with_error, "BadRequestException"),
        mail_system.ses.recover,
    ]
    for number, faults in enumerate(states):
        fields = {"name": "Budi", "email": "budi.private@example.com", "subject": "Secret"}
        mail_system.submit(f"Private words {number}.", **fields)
        faults()
        mail_system.run_for(0.5)
    last = mail_system.submit("Private words that cannot be composed.", email="budi.private@example.com")
    monkeypatch.setattr(messages, "get", lambda _, **__: 1 / 0)
    mail_system.invoke_sender(f"contact#{last.id}")
    logger.setLevel("INFO")
    printed = capsys.readouterr()
    assert '"MailDeferred"' in printed.out
    assert "mail delivery deferred" in logs.getvalue()
    assert "ZeroDivisionError" in logs.getvalue()
    everything = printed.out + printed.err + logs.getvalue()
    assert not [word for word in ("Private", "budi", "Budi", "Secret", "owner@", "198.51") if word in everything]


def test_a_mail_whose_record_is_damaged_does_not_keep_others_from_being_sent(mail_system: MailSystem) -> None:
    damaged, good = (f"contact#{mail_system.submit(text).id}" for text in ("Hello.", "Hello again."))
    boto3.client("dynamodb").update_item(
        TableName="kolom-outbox",
        Key={"id": {"S": damaged}},
        UpdateExpression="SET deadline = :text",
        ExpressionAttributeValues={":text": {"S": "tomorrow"}},
    )
    assert send_mail.handler(pending_mail_event(damaged, good), Context()) == {"batchItemFailures": []}
    assert mail_system.status(good) == "sent"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            ClientError({"Error": {"Code": "BadRequestException"}}, "GetSecretValue"),
            "GetSecretValue: BadRequestException",
        ),
        (ReadTimeoutError(endpoint_url="https://secretsmanager"), "ReadTimeoutError"),
    ],
    ids=["response", "timeout"],
)
def test_a_failure_of_another_service_is_not_recorded_as_one_of_ses(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    mail_id = f"contact#{mail_system.submit().id}"
    monkeypatch.setattr(suppression, "find_reason", Mock(side_effect=error))
    mail_system.invoke_sender(mail_id)
    record = outbox.get(mail_id)
    assert (record.status, record.reason) == ("deferred", reason)


def test_an_unexpected_error_after_composing_is_not_logged_as_one_of_composing(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = Mock()
    monkeypatch.setattr(logger, "exception", logged)
    monkeypatch.setattr(suppression, "find_reason", Mock(side_effect=ZeroDivisionError))
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.invoke_sender(mail_id)
    assert logged.call_args.args == ("unexpected error in mail delivery",)
    assert outbox.get(mail_id).reason == "ZeroDivisionError"
