"""Sending: what becomes of a mail when SES is busy, broken or refuses, and when its sender crashes."""

import contextlib
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.send_mail import app as send_mail
from kolom import outbox
from kolom.articles import publishing
from kolom.contact import repository as messages
from kolom.mail import delivery, suppression
from kolom.observability import logger
from kolom.outbox import LEASE
from kolom_cli.sam.model import Template
from tests.factories import Context, content, waiting_mail
from tests.integration.conftest import FaultInjector, RefusedCalls
from tests.integration.handlers import stored
from tests.integration.mail.conftest import OWNER, Crash, PostOffice


def test_a_message_is_mailed_to_its_owner_and_can_be_answered(post_office: PostOffice) -> None:
    message = post_office.submit("Apa kabar?\nBaik.", name="Budi", email="budi@example.com", subject="Salam ☕")
    post_office.stream()
    (mail,) = post_office.ses.mails
    assert (mail["to"], mail["from"], mail["reply_to"]) == (OWNER, "Blog <blog@site.example>", "budi@example.com")
    assert mail["subject"] == "[Blog] Salam ☕"
    assert "Apa kabar?\nBaik." in mail["text"]
    assert "Apa kabar?<br>" in mail["html"]
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"
    record = outbox.get(f"contact#{message.id}")
    assert (record.status, int(record.attempts)) == ("sent", 1)
    assert record.message_id
    assert not {"queue", "due", "lease"} & set(stored("outbox")[0])


def test_the_owner_reads_in_the_language_of_the_site_why_a_comment_waits(post_office: PostOffice) -> None:
    publishing.publish(content("hello", published_at=post_office.now - timedelta(hours=1)), now=post_office.now)
    post_office.comment("Nice.")
    post_office.stream()
    (mail,) = post_office.ses.mails
    assert "Alasan ditandai:\n- Belum ada komentar dari penulis ini yang disetujui.\n" in mail["text"]
    assert "<li>Belum ada komentar dari penulis ini yang disetujui.</li>" in mail["html"]


def test_a_record_that_comes_twice_sends_once(post_office: PostOffice) -> None:
    mail_id = f"contact#{post_office.submit().id}"
    for _ in range(3):
        post_office.bring(mail_id, mail_id)
    assert len(post_office.ses.mails) == 1


def test_of_many_senders_at_once_one_sends(post_office: PostOffice) -> None:
    mail_id = f"contact#{post_office.submit().id}"
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: delivery.send(mail_id, lambda: post_office.now), range(16)))
    assert sorted(outcomes) == ["not_claimed"] * 15 + ["sent"]
    assert len(post_office.ses.mails) == 1


def test_what_is_in_no_outbox_is_no_mail(post_office: PostOffice) -> None:
    post_office.bring("contact#nothing")
    assert post_office.ses.mails == []


@pytest.mark.parametrize("code", ["TooManyRequestsException", "Throttling"])
def test_a_throttled_mail_is_tried_again_at_once_and_then_later(post_office: PostOffice, code: str) -> None:
    post_office.ses.refuse(code, 429)
    mail_id = f"contact#{post_office.submit().id}"
    post_office.stream()
    assert post_office.ses.calls == 4
    assert (post_office.status(mail_id), outbox.get(mail_id).reason) == ("deferred", f"SES: {code}")
    post_office.ses.mend()
    post_office.run(0.25)
    assert post_office.status(mail_id) == "sent"
    assert len(post_office.ses.mails) == 1


@pytest.mark.parametrize(
    "code", ["SendingPausedException", "AccountSuspendedException", "MessageRejected", "AccessDeniedException", "Oops"]
)
def test_what_ses_refuses_for_now_is_tried_again_for_a_day_and_then_failed(post_office: PostOffice, code: str) -> None:
    post_office.ses.refuse(code, 500 if code == "Oops" else 400)
    mail_id = f"contact#{post_office.submit().id}"
    post_office.run(23.5)
    assert post_office.status(mail_id) == "deferred"
    tries = post_office.ses.calls
    assert 8 <= tries <= 14
    post_office.run(5)
    record = outbox.get(mail_id)
    assert (record.status, record.reason) == ("failed", f"SES: {code}")
    post_office.ses.mend()
    post_office.run(2)
    assert post_office.ses.mails == []


def test_after_an_hour_without_ses_every_mail_arrives_once(post_office: PostOffice) -> None:
    post_office.ses.cut(accepted=False)
    ids = [f"contact#{post_office.submit(f'Number {n}.').id}" for n in range(25)]
    post_office.run(1)
    assert {post_office.status(each) for each in ids} == {"deferred"}
    post_office.ses.mend()
    post_office.run(2)
    assert {post_office.status(each) for each in ids} == {"sent"}
    assert len(post_office.ses.mails) == 25


def test_an_address_that_no_mail_can_go_to_fails_at_once(post_office: PostOffice) -> None:
    post_office.ses.refuse("BadRequestException")
    mail_id = f"contact#{post_office.submit().id}"
    post_office.stream()
    assert (post_office.status(mail_id), post_office.ses.calls) == ("failed", 1)


def test_a_crash_before_ses_heard_of_it_delays_a_mail_by_its_lease(post_office: PostOffice) -> None:
    post_office.ses.crash(accepted=False)
    mail_id = f"contact#{post_office.submit().id}"
    with pytest.raises(Crash):
        post_office.bring(mail_id)
    post_office.ses.mend()
    post_office.bring(mail_id)
    assert (post_office.status(mail_id), post_office.ses.mails) == ("sending", [])
    assert timedelta(minutes=5) > LEASE
    post_office.timer()
    post_office.stream()
    assert (post_office.status(mail_id), len(post_office.ses.mails)) == ("sent", 1)


def test_only_a_crash_between_acceptance_and_mark_sends_twice(post_office: PostOffice) -> None:
    post_office.ses.crash(accepted=True)
    mail_id = f"contact#{post_office.submit().id}"
    with pytest.raises(Crash):
        post_office.bring(mail_id)
    post_office.ses.mend()
    post_office.run(0.5)
    assert (post_office.status(mail_id), len(post_office.ses.mails)) == ("sent", 2)


def test_a_mail_that_crashes_its_sender_keeps_none_behind_it(post_office: PostOffice) -> None:
    """As Lambda does, the batch comes again: the crashing one is leased, so the rest goes on."""
    ids = [f"contact#{post_office.submit(f'Number {n}.').id}" for n in range(3)]
    post_office.ses.crash(accepted=False)
    with pytest.raises(Crash):
        post_office.bring(*ids)
    post_office.ses.mend()
    post_office.bring(*ids)
    assert [post_office.status(each) for each in ids] == ["sending", "sent", "sent"]


def test_a_mail_that_cannot_be_made_keeps_none_behind_it_and_fails_after_a_day(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisonous, good = (f"contact#{post_office.submit(text).id}" for text in ("Poison.", "Good."))
    load = messages.get
    monkeypatch.setattr(messages, "get", lambda each: 1 / 0 if poisonous.endswith(each) else load(each))
    post_office.bring(poisonous, good)
    assert (post_office.status(poisonous), post_office.status(good)) == ("deferred", "sent")
    assert outbox.get(poisonous).reason == "ZeroDivisionError"
    post_office.run(28)
    assert post_office.status(poisonous) == "failed"


def test_a_record_that_the_stream_lost_is_brought_by_the_timer(post_office: PostOffice) -> None:
    mail_id = f"contact#{post_office.submit().id}"
    post_office.timer()
    post_office.timer()
    before = {item["id"]["S"]: item["due"]["S"] for item in stored("outbox")}
    assert outbox.get(mail_id).status == "waiting"
    post_office.timer()
    after = {item["id"]["S"]: item["due"]["S"] for item in stored("outbox")}
    assert after != before  # the change is what the stream brings
    post_office.stream()
    assert len(post_office.ses.mails) == 1


def test_a_mail_that_crashes_its_sender_each_time_fails_after_a_day(post_office: PostOffice) -> None:
    post_office.ses.crash(accepted=False)
    mail_id = f"contact#{post_office.submit().id}"
    for _ in range(12 * 25):
        with contextlib.suppress(Crash):
            post_office.stream()
        post_office.timer()
    assert post_office.status(mail_id) == "failed"


def test_what_there_is_no_time_for_comes_again(post_office: PostOffice) -> None:
    ids = [f"contact#{post_office.submit(f'Number {n}.').id}" for n in range(2)]
    answer = post_office.bring(*ids, left_milliseconds=5_000)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}]}
    assert {post_office.status(each) for each in ids} == {"waiting"}
    assert post_office.bring(*ids) == {"batchItemFailures": []}


def test_a_timer_that_is_throttled_at_one_mail_looks_after_the_others(
    post_office: PostOffice, faults: RefusedCalls, capsys: pytest.CaptureFixture[str]
) -> None:
    post_office.ses.refuse("MessageRejected")
    ids = [f"contact#{post_office.submit(f'Number {n}.').id}" for n in range(3)]
    post_office.stream()
    post_office.now += timedelta(days=1)
    faults.throttle("UpdateItem", 1)
    capsys.readouterr()
    post_office.timer()
    assert [post_office.status(each) for each in ids].count("failed") == 2
    assert '"MailFailed":[2.0]' in capsys.readouterr().out
    post_office.timer()
    assert [post_office.status(each) for each in ids] == ["failed"] * 3


def test_two_timers_at_once_and_late_senders_do_no_harm(post_office: PostOffice) -> None:
    post_office.ses.crash(accepted=False)
    mail_id = f"contact#{post_office.submit().id}"
    late = outbox.claim(mail_id, now=post_office.now)
    assert late is not None
    post_office.ses.mend()
    post_office.now += timedelta(minutes=5)
    with ThreadPoolExecutor(4) as pool:
        released = list(pool.map(lambda _: outbox.requeue_due(now=post_office.now), range(4)))
    assert sum(len(each.requeued) for each in released) == 1
    post_office.stream()
    assert post_office.status(mail_id) == "sent"
    assert not outbox.defer(late, "too late", now=post_office.now)
    assert not outbox.mark_dropped(late, "too late")
    assert post_office.status(mail_id) == "sent"


@pytest.mark.parametrize("kind", ["throttled", "failed", "cut before", "cut after"])
def test_a_fault_at_any_call_delays_mail_and_doubles_it_only_before_the_mark(
    post_office: PostOffice, injector: FaultInjector, kind: str
) -> None:
    for number in range(20):
        mail_id = f"contact#{post_office.submit(f'Number {number} of all.').id}"
        before = len(post_office.ses.mails)
        injector.fail_at(number, kind, persistent=True)
        post_office.bring(mail_id)
        reached = injector.calls > number
        accepted = len(post_office.ses.mails) - before
        injector.fail_at(None, kind, persistent=True)
        marked = post_office.status(mail_id) == "sent"
        post_office.run(0.5)
        assert post_office.status(mail_id) == "sent"
        assert len(post_office.ses.mails) - before == (2 if accepted and not marked else 1)
        if not reached:
            assert number >= 4
            return
    raise AssertionError("it never ends")


def test_throttled_marks_are_tried_again_by_the_sdk(post_office: PostOffice, faults: RefusedCalls) -> None:
    mail_id = f"contact#{post_office.submit().id}"
    faults.throttle("UpdateItem", 1)
    post_office.bring(mail_id)
    post_office.run(0.5)
    assert (post_office.status(mail_id), len(post_office.ses.mails)) == ("sent", 1)


@pytest.mark.parametrize("what", ["deleted", "spam"])
def test_of_a_message_that_is_gone_nobody_is_told(post_office: PostOffice, what: str) -> None:
    message = post_office.submit()
    if what == "deleted":
        messages.delete(message.id)
    else:
        messages.set_status(message.id, "spam", now=post_office.now)
    post_office.stream()
    assert post_office.status(f"contact#{message.id}") == "dropped"
    assert post_office.ses.mails == []


def test_mail_is_sent_again_when_the_owner_says_so_and_has_a_day_anew(post_office: PostOffice) -> None:
    post_office.ses.refuse("MessageRejected")
    mail_id = f"contact#{post_office.submit().id}"
    post_office.run(28)
    assert post_office.status(mail_id) == "failed"
    outbox.resend(mail_id, now=post_office.now)
    post_office.run(2)
    assert post_office.status(mail_id) == "deferred"
    post_office.ses.mend()
    post_office.run(5)
    assert (post_office.status(mail_id), len(post_office.ses.mails)) == ("sent", 1)


def test_the_stream_brings_what_waits_and_nothing_else(template: Template) -> None:
    (stream,) = (each for each in template.streams if each.function == "send_mail")
    assert json.loads(stream.filters[0]) == {"dynamodb": {"NewImage": {"status": {"S": ["waiting"]}}}}
    assert template.tables["OutboxTable"].create["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    timeout = template.functions["send_mail"].timeout_seconds
    assert timedelta(seconds=timeout) < LEASE


def test_an_item_of_the_outbox_names_nobody(post_office: PostOffice) -> None:
    post_office.submit("Private words.", name="Budi", email="budi.private@example.com", subject="Secret")
    everything = json.dumps(stored("outbox"))
    assert not [word for word in ("Private", "Budi", "private", "Secret", "site.example") if word in everything]


def test_nothing_private_is_logged_or_measured(
    post_office: PostOffice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With errors of every kind, at the most talkative log level."""
    logs = io.StringIO()
    monkeypatch.setattr(logger.handlers[0], "stream", logs)
    logger.setLevel("DEBUG")
    weathers: list[Callable[[], None]] = [
        partial(post_office.ses.refuse, "MessageRejected"),
        partial(post_office.ses.cut, accepted=False),
        partial(post_office.ses.refuse, "BadRequestException"),
        post_office.ses.mend,
    ]
    for number, weather in enumerate(weathers):
        fields = {"name": "Budi", "email": "budi.private@example.com", "subject": "Secret"}
        post_office.submit(f"Private words {number}.", **fields)
        weather()
        post_office.run(0.5)
    monkeypatch.setattr(messages, "get", lambda _: 1 / 0)
    post_office.bring(f"contact#{post_office.visitors}")
    logger.setLevel("INFO")
    printed = capsys.readouterr()
    assert '"MailSent"' in printed.out
    assert "mail delivery deferred" in logs.getvalue()
    everything = printed.out + printed.err + logs.getvalue()
    assert not [word for word in ("Private", "budi", "Budi", "Secret", "owner@", "198.51") if word in everything]


def test_a_mail_whose_record_is_damaged_does_not_keep_others_from_being_sent(post_office: PostOffice) -> None:
    damaged, good = (f"contact#{post_office.submit(text).id}" for text in ("Hello.", "Hello again."))
    boto3.client("dynamodb").update_item(
        TableName="kolom-outbox",
        Key={"id": {"S": damaged}},
        UpdateExpression="SET deadline = :text",
        ExpressionAttributeValues={":text": {"S": "tomorrow"}},
    )
    assert send_mail.handler(waiting_mail(damaged, good), Context()) == {"batchItemFailures": []}
    assert post_office.status(good) == "sent"


def test_a_failure_of_another_service_is_not_recorded_as_one_of_ses(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_id = f"contact#{post_office.submit().id}"
    error = ClientError({"Error": {"Code": "BadRequestException"}}, "GetSecretValue")
    monkeypatch.setattr(suppression, "find_reason", lambda *_: (_ for _ in ()).throw(error))
    post_office.bring(mail_id)
    record = outbox.get(mail_id)
    assert (record.status, record.reason) == ("deferred", "GetSecretValue: BadRequestException")
