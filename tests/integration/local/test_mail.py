"""Mail of the local stack: sent by its functions, through its streams, into an inbox of its own."""

import email
import email.policy
import subprocess
import sys
from collections.abc import Iterator

import boto3
import pytest

from tests.serving import PROJECT, Site, eventually, fetch, mails, send, served

MESSAGE = {"email": "budi@example.com", "name": "Budi", "subject": "Salam ☕", "message": "<script>alert(1)</script>"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A blog with a mail."""
    with served(options=["--empty"]) as site:
        assert send(site, "/api/contact", MESSAGE)[0] == 201
        assert eventually(lambda: len(mails(site)) == 1)
        yield site


def page(site: str, path: str) -> tuple[int, str]:
    """A page of the inbox, which may load and run nothing."""
    status, headers, body = fetch(site, path)
    if status == 200:
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
    return status, body.decode()


def test_a_message_becomes_a_mail_through_the_stream(site: Site) -> None:
    (mail,) = mails(site)[:1]
    assert set(mail) == {"to", "from", "reply_to", "subject", "text", "html", "headers"}
    assert (mail["to"], mail["reply_to"]) == ("owner@example.com", "budi@example.com")
    assert mail["subject"] == "[Kolom] Salam ☕"
    assert "<script>alert(1)</script>" in mail["text"]
    assert "&lt;script&gt;" in mail["html"]


def test_the_inbox_lists_mail_and_shows_each_in_all_its_forms(site: Site) -> None:
    status, listed = page(site, "/_local/mail")
    assert status == 200
    assert "[Kolom] Salam ☕" in listed
    assert 'href="/_local/mail/1"' in listed
    status, shown = page(site, "/_local/mail/1")
    assert status == 200
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown
    assert "<script" not in shown
    assert "Auto-Submitted" in shown


def test_the_source_of_a_mail_is_a_mail(site: Site) -> None:
    status, headers, body = fetch(site, "/_local/mail/1.eml")
    assert (status, headers["content-type"]) == (200, "message/rfc822")
    message = email.message_from_bytes(body, policy=email.policy.default)
    assert message["Subject"] == "[Kolom] Salam ☕"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("path", ["/0", "/999", "/x", "/1/2", "/1.exe", "x", "/999.eml"])
def test_there_is_no_other_mail(site: Site, path: str) -> None:
    status, body = page(site, f"/_local/mail{path}")
    assert status == 404
    assert "Traceback" not in body


def test_a_raw_mail_is_shown_by_its_parts(site: Site) -> None:
    before = len(mails(site))
    raw = (
        b"From: a@example.com\r\nTo: b@example.com\r\nSubject: =?utf-8?q?h=C3=A9?=\r\nReply-To: c@example.com\r\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello"
    )
    boto3.client("ses", endpoint_url=site.aws).send_raw_email(RawMessage={"Data": raw})
    mail = mails(site)[before]
    assert (mail["to"], mail["reply_to"], mail["subject"]) == ("b@example.com", "c@example.com", "hé")
    assert mail["text"].strip() == "hello"
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert fetch(site, f"/_local/mail/{before + 1}.eml")[2] == raw


def test_the_html_of_a_mail_cannot_leave_its_attribute(site: Site) -> None:
    before = len(mails(site))
    content = {
        "Subject": {"Data": "<b>"},
        "Body": {
            "Html": {"Data": '"></iframe><script>alert(1)</script>'},
            "Text": {"Data": "<i> https://a.example/?x=1&y"},
        },
    }
    boto3.client("sesv2", endpoint_url=site.aws).send_email(
        FromEmailAddress="a@example.com", Destination={"ToAddresses": ["b@example.com"]}, Content={"Simple": content}
    )
    shown = page(site, f"/_local/mail/{before + 1}")[1]
    assert "<script>" not in shown
    assert "<i>" not in shown
    assert "<b>" not in shown
    assert '<a href="https://a.example/?x=1&amp;y" target="_blank"' in shown


def test_what_is_sent_to_the_simulator_of_ses_bounces_and_is_not_written_to_again() -> None:
    with served("OwnerEmail=bounce@simulator.amazonses.com", options=["--empty"]) as site:
        assert send(site, "/api/contact", MESSAGE)[0] == 201
        assert eventually(lambda: len(mails(site)) == 1)

        def failed() -> bool:
            send(site, "/api/contact", MESSAGE | {"message": f"Again. {site}"})
            command = [sys.executable, "-c", "from kolom_cli.main import app; app()", "--endpoint-url", site.aws]
            listed = subprocess.run(
                [*command, "mail", "list", "--json"], capture_output=True, text=True, check=True, cwd=PROJECT
            ).stdout
            return '"suppressed: bounce"' in listed

        assert eventually(failed)
        assert len(mails(site)) == 1
