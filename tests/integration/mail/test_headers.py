"""Whatever visitors type, headers are only set by the site, and mail goes only to its intended recipient."""

import re
import unicodedata
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.submit_contact import app as submit_contact
from kolom.articles import publishing
from kolom.comments import reply_subscriptions
from kolom.mail.renderer import header_text
from tests.factories import contact_request, content, form_request
from tests.hostile import hostile_addresses, hostile_lines
from tests.integration.conftest import Configure
from tests.integration.handlers import call, stored
from tests.integration.mail.conftest import OWNER, MailSystem

ADDRESSES = list(hostile_addresses())
LINES = list(hostile_lines())


def check_envelope(mail_system: MailSystem) -> None:
    """Check that all mail so far goes from the site to the owner, with no unexpected header."""
    for mail in mail_system.ses.mails:
        assert (mail["to"], mail["from"]) == (OWNER, "Blog <blog@site.example>")
        assert set(mail["headers"]) <= {"To", "From", "Reply-To", "Subject", "Auto-Submitted"}
        assert re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", mail["reply_to"] or "a@b")
        for value in mail["headers"].values():
            assert not [each for each in value if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp", "Cs"}]
        assert len(mail["subject"]) <= 160
        # Python's email library refuses a value with a line break.
        message = EmailMessage(policy=SMTP)
        for name, value in mail["headers"].items():
            message[name] = value


def test_there_are_more_than_a_hundred_hostile_inputs() -> None:
    assert len(ADDRESSES) >= 100
    assert len(LINES) >= 60


def test_an_invalid_email_address_is_rejected_and_nothing_is_mailed(mail_system: MailSystem) -> None:
    for address in ADDRESSES:
        as_json = call(submit_contact.handler, contact_request(email=address))
        assert (as_json.status, as_json.fields) == (422, {"email"}), address
        if "\ud800" not in address:  # A form cannot send an unpaired surrogate.
            form = form_request("/api/contact", {"email": address, "message": "Hello."})
            as_form = call(submit_contact.handler, form)
            assert as_form.status == 422, address
            assert 'id="field-email-error"' in as_form.body
    assert (stored("messages"), stored("outbox")) == ([], [])


def test_a_hostile_name_or_subject_is_rejected_or_harmless(mail_system: MailSystem) -> None:
    sent = 0
    for number, line in enumerate(LINES):
        texts: list[dict[str, Any]] = [{"name": line}, {"subject": line}, {"name": line, "subject": line}]
        for fields in texts:
            event = contact_request(message=f"{number}: {fields!r}", address=f"10.{number}.0.1", **fields)
            answer = call(submit_contact.handler, event)
            assert answer.status == 201 or answer.fields <= {"name", "subject"}, line
            sent += answer.status == 201
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == sent > 20
    check_envelope(mail_system)


@settings(max_examples=settings().max_examples // 2)
@given(
    name=st.text(max_size=100), subject=st.text(max_size=200), local=st.text(min_size=1, max_size=30) | st.just("budi")
)
def test_no_input_changes_a_header(mail_system: MailSystem, name: str, subject: str, local: str) -> None:
    fields: dict[str, Any] = {"name": name, "subject": subject, "email": f"{local}@example.com"}
    call(submit_contact.handler, contact_request(message="Hello.", **fields))
    mail_system.deliver_stream()
    check_envelope(mail_system)


@pytest.mark.parametrize(
    ("email", "reply_to"),
    [
        ("o'hara+tag@example.com", "o'hara+tag@example.com"),
        ("budi@bücher.example", "budi@xn--bcher-kva.example"),
        ("用户@例子.example", ""),
        ("Budi@EXAMPLE.COM", "Budi@example.com"),
    ],
)
def test_a_reply_address_is_encoded_for_a_header(mail_system: MailSystem, email: str, reply_to: str) -> None:
    """SES accepts no local part beyond ASCII, so none is set then. The mail's text always contains the address."""
    message = mail_system.submit(email=email)
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert mail["reply_to"] == reply_to
    assert message.email in mail["text"]
    check_envelope(mail_system)


def test_a_subject_of_any_unicode_is_safe_and_short() -> None:
    assert header_text("a\r\nBcc: b") == "a Bcc: b"
    assert header_text("x\u202egnp.exe\u2066") == "xgnp.exe"
    assert header_text("a\u2028b\u0085c\x0bd") == "a b c d"
    assert header_text("a\ud800b\x00c\ufeffd\U000e0041") == "abcd"
    assert header_text("é" * 300) == "é" * 159 + "…"
    assert header_text("سلام 👩‍👩‍👧") == "سلام 👩👩👧"


def test_the_html_of_every_mail_is_valid_for_any_input(mail_system: MailSystem) -> None:
    hostile = "<img src=x onerror=alert(1)>&amp;\"'</p></div>"
    now = mail_system.now
    publishing.publish(content("hello", title=hostile, published_at=now - timedelta(hours=1)), now=now)
    mail_system.submit(hostile, name=hostile, subject=hostile)
    mail_system.comment(hostile, name=hostile)
    parent = mail_system.approve(mail_system.comment("Hi.", email="a@example.com", notify_replies=True))
    mail_system.deliver_stream()
    reply_subscriptions.execute(reply_subscriptions.SubscriptionLink("confirm", 1, str(parent.person), 0), now=now)
    mail_system.approve(mail_system.comment(f"> {hostile}\n\n- a\n- b", name=hostile, parent_id=parent.id))
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == 4
    for mail in mail_system.ses.mails:
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(mail["html"])
        assert not tree.findall(".//img")
        assert not tree.findall(".//script")
        assert tree.get("lang") in {"en", "id"}
        assert hostile in mail["subject"] + mail["text"]


def test_visitors_text_is_escaped_in_the_html(mail_system: MailSystem) -> None:
    mail_system.submit("<script>alert(1)</script>\n<b>x</b>", name="<img src=x>", subject='"><i>')
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert not re.search(r"<(script|img|b|i)[ >]", mail["html"])
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>" in mail["html"]
    assert "<script>alert(1)</script>\n<b>x</b>" in mail["text"]


@pytest.mark.parametrize(
    "title", ['Kopi, "Susu" & ☕\r\nBcc: a@b.example', "東京の珈琲と本の日記" * 9, 'An "ASCII", title']
)
def test_a_site_title_of_any_unicode_is_a_safe_sender_name(
    mail_system: MailSystem, configure: Configure, title: str
) -> None:
    configure(site_title=title)
    mail_system.submit()
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert mail["from"].isascii()
    assert len(mail["from"].split(" <")[0]) <= 75
    assert mail["from"].endswith(" <blog@site.example>")
    assert "\n" not in mail["from"]
