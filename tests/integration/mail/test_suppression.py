"""Addresses that bounced or complained get no more mail."""

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.handle_bounces import app as handle_bounces
from kolom import outbox
from kolom.articles import publishing
from kolom.mail import suppression
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom_cli.sam.model import Template
from tests.factories import Context, content
from tests.integration.handlers import stored
from tests.integration.mail.conftest import OWNER, MailSystem
from tests.paths import PROJECT

EVENTS = PROJECT / "events/handle_bounces"


def event(name: str, address: str, **bounce: Any) -> dict[str, Any]:
    """Return a notification of SES about that address."""
    text = (EVENTS / f"{name}.json").read_text().replace(f"{name}@simulator.amazonses.com", address)
    read: dict[str, Any] = json.loads(text)
    read["detail"].get("bounce", {}).update(bounce)
    return read


@pytest.mark.parametrize("name", ["bounce", "complaint"])
def test_a_bounced_or_complaining_address_gets_no_more_mail(mail_system: MailSystem, name: str) -> None:
    for _ in range(2):
        handle_bounces.handler(event(name, OWNER.upper()), Context())
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.deliver_stream()
    assert (mail_system.ses.mails, mail_system.ses.calls) == ([], 0)
    assert (mail_system.status(mail_id), outbox.get(mail_id).reason) == ("failed", f"suppressed: {name}")


def test_undeliverable_mail_to_a_reader_is_dropped_instead_of_failed(mail_system: MailSystem) -> None:
    publishing.publish(content("hello", published_at=mail_system.now - timedelta(hours=1)), now=mail_system.now)
    ids = []
    for address in ("gone@example.com", "用户@例子.example"):
        comment = mail_system.approve(mail_system.comment(f"By {address}", email=address, notify_replies=True))
        ids.append(f"confirm#1#{comment.person}")
    handle_bounces.handler(event("bounce", "gone@example.com"), Context())
    mail_system.deliver_stream()
    assert [mail_system.status(each) for each in ids] == ["dropped", "dropped"]
    assert outbox.get(ids[0]).reason == "suppressed: bounce"
    assert [mail for mail in mail_system.ses.mails if mail["to"] != OWNER] == []


def test_mail_to_an_international_domain_uses_punycode(mail_system: MailSystem) -> None:
    publishing.publish(content("hello", published_at=mail_system.now - timedelta(hours=1)), now=mail_system.now)
    mail_system.approve(mail_system.comment("Hi.", email="budi@bücher.example", notify_replies=True))
    mail_system.deliver_stream()
    assert [mail["to"] for mail in mail_system.ses.mails] == ["budi@xn--bcher-kva.example"]


def test_a_temporary_bounce_changes_nothing(mail_system: MailSystem) -> None:
    for kind in ("Transient", "Undetermined"):
        handle_bounces.handler(event("bounce", OWNER, bounceType=kind), Context())
    mail_system.submit()
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == 1


@pytest.mark.parametrize(
    "spelling", ["budi@xn--bcher-kva.example", "Budi@BÜCHER.example", " budi@bu\u0308cher.example "]
)
def test_an_address_is_suppressed_in_all_its_spellings(mail_system: MailSystem, spelling: str) -> None:
    keys = signing.load_keys()
    assert pseudonym_of(spelling, keys) == pseudonym_of("budi@bücher.example", keys)
    assert pseudonym_of("a@straße.example", keys) != pseudonym_of("a@strasse.example", keys)
    suppression.suppress("budi@xn--bcher-kva.example", "bounce", keys, now=mail_system.now)
    assert suppression.unsuppress(spelling, keys)
    assert pseudonym_of("no address", keys) == pseudonym_of(" No Address", keys)


def test_an_address_can_be_removed_from_the_suppression_list(mail_system: MailSystem) -> None:
    handle_bounces.handler(event("bounce", OWNER), Context())
    assert suppression.unsuppress(OWNER, signing.load_keys())
    assert not suppression.unsuppress(OWNER, signing.load_keys())
    mail_id = f"contact#{mail_system.submit().id}"
    mail_system.deliver_stream()
    assert mail_system.status(mail_id) == "sent"


def test_a_suppressed_address_is_hashed_and_found_after_key_rotation(mail_system: MailSystem) -> None:
    handle_bounces.handler(event("bounce", OWNER), Context())
    assert OWNER not in json.dumps(stored("outbox"))
    old = signing.load_keys()
    rotated = signing.SigningKeys("2", {"2": "f" * 64, **old.keys})
    assert suppression.find_reason(OWNER, rotated) == "bounce"


def test_suppression_items_are_not_listed_as_mail(mail_system: MailSystem) -> None:
    handle_bounces.handler(event("bounce", OWNER), Context())
    for status in outbox.STATUSES:
        assert outbox.list_by_status(status, limit=10) == []
    mail_system.run_for(1)


def test_only_ses_events_of_this_site_are_received(template: Template) -> None:
    (rule,) = template.rules
    pattern = json.loads(rule.pattern)
    assert pattern["source"] == ["aws.ses"]
    shown = json.loads((EVENTS / "bounce.json").read_text())
    assert shown["detail-type"] in pattern["detail-type"]
    configuration_set = pattern["detail"]["mail"]["tags"]["ses:configuration-set"]
    assert configuration_set == [template.functions["send_mail"].environment["CONFIGURATION_SET"]]
