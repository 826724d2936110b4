"""Addresses that bounced or complained are not written to again."""

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
from tests.integration.mail.conftest import OWNER, PostOffice
from tests.paths import PROJECT

EVENTS = PROJECT / "events/handle_bounces"


def event(name: str, address: str, **bounce: Any) -> dict[str, Any]:
    """What SES tells of that address."""
    text = (EVENTS / f"{name}.json").read_text().replace(f"{name}@simulator.amazonses.com", address)
    read: dict[str, Any] = json.loads(text)
    read["detail"].get("bounce", {}).update(bounce)
    return read


@pytest.mark.parametrize("name", ["bounce", "complaint"])
def test_an_address_is_not_written_to_after_a_bounce_or_a_complaint(post_office: PostOffice, name: str) -> None:
    for _ in range(2):
        handle_bounces.handler(event(name, OWNER.upper()), Context())
    mail_id = f"contact#{post_office.submit().id}"
    post_office.stream()
    assert (post_office.ses.mails, post_office.ses.calls) == ([], 0)
    assert (post_office.status(mail_id), outbox.get(mail_id).reason) == ("failed", f"suppressed: {name}")


def test_a_reader_who_cannot_be_reached_is_no_failure_of_the_sites(post_office: PostOffice) -> None:
    publishing.publish(content("hello", published_at=post_office.now - timedelta(hours=1)), now=post_office.now)
    ids = []
    for address in ("gone@example.com", "用户@例子.example"):
        comment = post_office.approve(post_office.comment(f"By {address}", email=address, notify_replies=True))
        ids.append(f"confirm#1#{comment.person}")
    handle_bounces.handler(event("bounce", "gone@example.com"), Context())
    post_office.stream()
    assert [post_office.status(each) for each in ids] == ["dropped", "dropped"]
    assert outbox.get(ids[0]).reason == "suppressed: bounce"
    assert [mail for mail in post_office.ses.mails if mail["to"] != OWNER] == []


def test_mail_to_an_international_domain_is_written_as_ses_can_send_it(post_office: PostOffice) -> None:
    publishing.publish(content("hello", published_at=post_office.now - timedelta(hours=1)), now=post_office.now)
    post_office.approve(post_office.comment("Hi.", email="budi@bücher.example", notify_replies=True))
    post_office.stream()
    assert [mail["to"] for mail in post_office.ses.mails] == ["budi@xn--bcher-kva.example"]


def test_a_bounce_that_may_pass_changes_nothing(post_office: PostOffice) -> None:
    for kind in ("Transient", "Undetermined"):
        handle_bounces.handler(event("bounce", OWNER, bounceType=kind), Context())
    post_office.submit()
    post_office.stream()
    assert len(post_office.ses.mails) == 1


@pytest.mark.parametrize(
    "spelling", ["budi@xn--bcher-kva.example", "Budi@BÜCHER.example", " budi@bu\u0308cher.example "]
)
def test_an_address_is_the_same_in_all_its_spellings(post_office: PostOffice, spelling: str) -> None:
    keys = signing.load_keys()
    assert pseudonym_of(spelling, keys) == pseudonym_of("budi@bücher.example", keys)
    assert pseudonym_of("a@straße.example", keys) != pseudonym_of("a@strasse.example", keys)
    suppression.suppress("budi@xn--bcher-kva.example", "bounce", keys, now=post_office.now)
    assert suppression.unsuppress(spelling, keys)
    assert pseudonym_of("no address", keys) == pseudonym_of(" No Address", keys)


def test_an_address_can_be_allowed_again(post_office: PostOffice) -> None:
    handle_bounces.handler(event("bounce", OWNER), Context())
    assert suppression.unsuppress(OWNER, signing.load_keys())
    assert not suppression.unsuppress(OWNER, signing.load_keys())
    mail_id = f"contact#{post_office.submit().id}"
    post_office.stream()
    assert post_office.status(mail_id) == "sent"


def test_a_suppressed_address_is_a_hash_and_is_found_after_key_rotation(post_office: PostOffice) -> None:
    handle_bounces.handler(event("bounce", OWNER), Context())
    assert OWNER not in json.dumps(stored("outbox"))
    old = signing.load_keys()
    rotated = signing.SigningKeys("2", {"2": "f" * 64, **old.keys})
    assert suppression.find_reason(OWNER, rotated) == "bounce"


def test_the_list_is_no_mail(post_office: PostOffice) -> None:
    handle_bounces.handler(event("bounce", OWNER), Context())
    for status in outbox.STATUSES:
        assert outbox.list_by_status(status, limit=10) == []
    post_office.run(1)


def test_ses_is_asked_for_the_events_of_this_site_only(template: Template) -> None:
    (rule,) = template.rules
    pattern = json.loads(rule.pattern)
    assert pattern["source"] == ["aws.ses"]
    shown = json.loads((EVENTS / "bounce.json").read_text())
    assert shown["detail-type"] in pattern["detail-type"]
    configuration_set = pattern["detail"]["mail"]["tags"]["ses:configuration-set"]
    assert configuration_set == [template.functions["send_mail"].environment["CONFIGURATION_SET"]]
