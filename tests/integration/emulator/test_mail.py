"""Mail of the local stack: recorded from any sender, and shown in an inbox for developers."""

import email
import email.policy
import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import boto3
import html5lib
import pytest
from moto import mock_aws

from kolom_cli.emulator.api_gateway import Response
from kolom_cli.emulator.inbox_pages import PAGE_SIZE, ROOT, Inbox
from kolom_cli.emulator.ses import SentMail
from tests.serving import Site, eventually, fetch, mails, send, served

MESSAGE = {"email": "budi@example.com", "name": "Budi", "subject": "Salam ☕", "message": "<script>alert(1)</script>"}
RAW = (
    "From: a@example.com\r\nTo: b@example.com\r\nSubject: =?utf-8?q?h=C3=A9?=\r\n"
    "Reply-To: c@example.com,\r\n d@example.com\r\nReceived: one\r\nReceived: two\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nhallo, kafé"
).encode()
LONG_URL = "https://blog.example/api/subscription/" + "abcDEF123." * 30 + "z"


@pytest.fixture
def sent_mail() -> Iterator[SentMail]:
    """Return all mail that this process sends to SES."""
    sent_mail = SentMail()
    with mock_aws(), sent_mail.recording():
        yield sent_mail


def send_to_ses(text: str | None = "Hello.", markup: str | None = None, subject: str = "Salam", **changes: Any) -> None:
    """Send a mail to SES in the form that Kolom uses."""
    bodies = {"Text": text, "Html": markup}
    simple = {
        "Subject": {"Data": subject},
        "Body": {name: {"Data": body} for name, body in bodies.items() if body is not None},
        "Headers": changes.pop("headers", []),
    }
    request: dict[str, Any] = {
        "FromEmailAddress": "Blog <blog@example.com>",
        "Destination": {"ToAddresses": ["owner@example.com"]},
        "Content": {"Simple": simple},
    }
    boto3.client("sesv2").send_email(**request | changes)


def source_of(sent_mail: SentMail) -> EmailMessage:
    """Return the source of the only mail, parsed by Python's email package."""
    (captured,) = sent_mail.captured
    return email.message_from_bytes(captured.source, _class=EmailMessage, policy=email.policy.default)


def show(sent_mail: SentMail, path: str = "", query: str = "") -> str:
    """Return a page of the inbox."""
    answer = Inbox(sent_mail)(ROOT + path, query)
    assert answer.status == 200
    return answer.body.decode()


def header(answer: Response, name: str) -> str:
    """Return a header of a response."""
    return dict(answer.headers)[name]


# ---- recording ----


def test_a_mail_is_recorded_with_the_documented_fields(sent_mail: SentMail) -> None:
    unsubscribe = {"Name": "List-Unsubscribe", "Value": f"<{LONG_URL}>"}
    destination = {"ToAddresses": ["a@example.com", "b@example.com"], "CcAddresses": ["c@example.com"]}
    replies = ["x@example.com", "y@example.com"]
    send_to_ses("Hé", "<p>Hé</p>", headers=[unsubscribe], Destination=destination, ReplyToAddresses=replies)
    assert sent_mail.mails == [
        {
            "to": "a@example.com, b@example.com",
            "from": "Blog <blog@example.com>",
            "reply_to": "x@example.com, y@example.com",
            "subject": "Salam",
            "text": "Hé",
            "html": "<p>Hé</p>",
            "headers": {
                "To": "a@example.com, b@example.com",
                "From": "Blog <blog@example.com>",
                "Reply-To": "x@example.com, y@example.com",
                "Subject": "Salam",
                "Cc": "c@example.com",
                "List-Unsubscribe": f"<{LONG_URL}>",
            },
        }
    ]


def test_missing_parts_of_a_mail_are_empty(sent_mail: SentMail) -> None:
    send_to_ses()
    (mail,) = sent_mail.mails
    assert (mail["reply_to"], mail["html"]) == ("", "")
    assert "Reply-To" not in mail["headers"]


def test_a_mail_sent_with_ses_version_1_is_recorded_in_the_same_way(sent_mail: SentMail) -> None:
    boto3.client("ses").send_email(
        Source="a@example.com",
        Destination={"ToAddresses": ["b@example.com", "c@example.com"]},
        Message={"Subject": {"Data": "Salam"}, "Body": {"Text": {"Data": "Hé"}, "Html": {"Data": "<p>Hé"}}},
        ReplyToAddresses=["d@example.com"],
    )
    (mail,) = sent_mail.mails
    assert (mail["to"], mail["from"], mail["reply_to"]) == (
        "b@example.com, c@example.com",
        "a@example.com",
        "d@example.com",
    )
    assert (mail["subject"], mail["text"], mail["html"]) == ("Salam", "Hé", "<p>Hé")


def by_version_1() -> None:
    boto3.client("ses").send_raw_email(RawMessage={"Data": RAW})


def by_version_2() -> None:
    boto3.client("sesv2").send_email(Content={"Raw": {"Data": RAW}})


@pytest.mark.parametrize("send_raw", [by_version_1, by_version_2])
def test_a_raw_mail_is_shown_by_its_parts_and_keeps_its_source(
    sent_mail: SentMail, send_raw: Callable[[], None]
) -> None:
    send_raw()
    (mail,) = sent_mail.mails
    assert (mail["to"], mail["reply_to"]) == ("b@example.com", "c@example.com, d@example.com")
    assert (mail["subject"], mail["text"]) == ("hé", "hallo, kafé")
    assert mail["headers"]["Received"] == "one, two"
    assert sent_mail.captured[0].source == RAW


def test_a_raw_mail_in_an_unknown_charset_is_shown(sent_mail: SentMail) -> None:
    raw = RAW.replace(b"charset=utf-8", b"charset=klingon")
    boto3.client("ses").send_raw_email(RawMessage={"Data": raw})
    assert sent_mail.mails[0]["text"] == "hallo, kafé"


def test_the_source_of_a_structured_mail_is_the_message_that_ses_builds(sent_mail: SentMail) -> None:
    send_to_ses("Hé", "<p>Hé</p>", "Salam ☕", headers=[{"Name": "List-Unsubscribe", "Value": f"<{LONG_URL}>"}])
    source = source_of(sent_mail)
    assert (source["Subject"], source["To"]) == ("Salam ☕", "owner@example.com")
    assert source["List-Unsubscribe"] == f"<{LONG_URL}>"
    assert abs(source["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
    assert source.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in source.iter_parts()] == ["text/plain", "text/html"]


def test_a_long_url_is_not_split_in_the_source(sent_mail: SentMail) -> None:
    send_to_ses(LONG_URL, headers=[{"Name": "List-Unsubscribe", "Value": f"<{LONG_URL}>"}])
    assert sent_mail.captured[0].source.decode().count(LONG_URL) == 2


@pytest.mark.parametrize(("text", "markup", "kind"), [("Hé", None, "text/plain"), (None, "<p>Hé</p>", "text/html")])
def test_a_mail_with_one_body_has_one_part(
    sent_mail: SentMail, text: str | None, markup: str | None, kind: str
) -> None:
    send_to_ses(text, markup)
    source = source_of(sent_mail)
    assert (source.get_content_type(), source.get_content().strip()) == (kind, text or markup)


def test_a_line_feed_in_a_subject_adds_no_header(sent_mail: SentMail) -> None:
    send_to_ses(subject="Salam\r\nBcc: victim@example.com")
    assert source_of(sent_mail)["Bcc"] is None


# ---- the inbox ----


def test_an_empty_inbox_explains_what_will_appear(sent_mail: SentMail) -> None:
    page = show(sent_mail)
    assert "No mail yet" in page
    assert 'href="/contact/"' in page
    assert 'href="/_local/mail.json"' in page


def test_the_inbox_lists_newest_mail_first_with_people_and_preview(sent_mail: SentMail) -> None:
    send_to_ses("First words.\n\n" + "and more " * 100, subject="Older")
    send_to_ses("Hello.", subject="Newer", ReplyToAddresses=["budi@example.com"])
    page = show(sent_mail)
    assert re.findall(r'href="/_local/mail/(\d)">(\w+)', page) == [("2", "Newer"), ("1", "Older")]
    for expected in ("owner@example.com", "Blog &lt;blog@example.com&gt;", "budi@example.com"):
        assert expected in page
    assert "First words. and more" in page
    assert len(page) < len(show(SentMail())) + 3_000
    assert sent_mail.captured[0].at.isoformat(timespec="seconds") in page


def test_a_mail_without_text_has_a_preview_of_its_html(sent_mail: SentMail) -> None:
    send_to_ses(None, "<style>p { color: red }</style><p>Fish &amp; <b>chips</b></p><script>alert(1)</script>")
    assert ">Fish &amp; chips</p>" in show(sent_mail)


def test_a_long_list_has_pages(sent_mail: SentMail) -> None:
    for number in range(1, PAGE_SIZE + 3):
        sent_mail.add(
            {**dict.fromkeys(["to", "from", "reply_to", "text", "html"], ""), "subject": str(number), "headers": {}}
        )

    def numbers(query: str = "") -> list[int]:
        return [int(number) for number in re.findall(r'href="/_local/mail/(\d+)"', show(sent_mail, query=query))]

    assert numbers() == list(range(PAGE_SIZE + 2, 2, -1))
    assert f'href="{ROOT}?before=3"' in show(sent_mail)
    assert numbers("before=3") == [2, 1]
    assert numbers("before=x") == numbers("before=-1") == numbers("before=999999") == numbers()
    assert numbers("before=1") == []


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("", 'srcdoc="&lt;base target=&#34;_blank&#34;&gt;&lt;p&gt;Hé'),
        ("/text", "Plain hé"),
        ("/headers", '<dt>Auto-Submitted</dt><dd dir="auto">auto-generated</dd>'),
        ("/source", "Content-Type: multipart/alternative"),
    ],
)
def test_a_mail_is_shown_as_html_text_and_source(sent_mail: SentMail, view: str, expected: str) -> None:
    send_to_ses("Plain hé", "<p>Hé</p>", headers=[{"Name": "Auto-Submitted", "Value": "auto-generated"}])
    page = show(sent_mail, f"/1{view}")
    assert expected in page
    assert f'href="/_local/mail/1{view}" aria-current="page"' in page
    assert page.count('aria-current="page"') == 1


def test_a_mail_without_html_is_shown_as_text(sent_mail: SentMail) -> None:
    send_to_ses("Only text.")
    page = show(sent_mail, "/1")
    assert "Only text." in page
    assert ">HTML</a>" not in page


def test_the_link_to_the_next_mail_keeps_the_view(sent_mail: SentMail) -> None:
    for _ in range(3):
        send_to_ses()
    page = show(sent_mail, "/2/headers")
    assert 'href="/_local/mail/3/headers" rel="next">Newer' in page
    assert 'href="/_local/mail/1/headers" rel="prev">Older' in page
    assert 'rel="prev"' not in show(sent_mail, "/1")
    assert 'rel="next"' not in show(sent_mail, "/3")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.example/x?y=1&z=2.", ["https://a.example/x?y=1&z=2"]),
        ("(https://a.example/b_(c)) and HTTP://b.example/, too", ["https://a.example/b_(c)", "HTTP://b.example/"]),
        ("<https://a.example/>\nhttps://b.example/'", ["https://a.example/", "https://b.example/"]),
        ("javascript:alert(1) https:// a.example mailto:a@b.example", []),
    ],
)
def test_urls_in_the_text_are_links(sent_mail: SentMail, text: str, links: list[str]) -> None:
    send_to_ses(text)
    page = show(sent_mail, "/1/text")
    found = re.findall(r'<a href="([^"]+)" target="_blank" rel="noopener noreferrer">([^<]+)</a>', page)
    assert [(html.unescape(href), html.unescape(label)) for href, label in found] == [(link, link) for link in links]
    assert text in html.unescape(re.sub(r"<[^>]+>", "", page))


def elements_and_attributes(page: str) -> list[tuple[str, list[str]]]:
    """Return the elements and attributes that a browser creates for a page."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    return [(str(element.tag), sorted(map(str, element.keys()))) for element in tree.iter()]


@pytest.mark.parametrize("view", ["", "/1", "/1/text", "/1/headers", "/1/source"])
def test_a_hostile_mail_gives_the_same_elements_as_a_harmless_one(view: str) -> None:
    attack = "\"'></iframe></pre></title></style><img src=x onerror=alert(1)><script>alert(1)</script>"
    shapes = []
    for words in ("harmless", attack):
        sent_mail = SentMail()
        with mock_aws(), sent_mail.recording():
            send_to_ses(f"https://a.example/{words}", words, words, headers=[{"Name": "X-Name", "Value": words}])
        shapes.append(elements_and_attributes(show(sent_mail, view)))
    assert shapes[0] == shapes[1]


def test_the_html_may_open_tabs_and_nothing_else(sent_mail: SentMail) -> None:
    send_to_ses("x", "<p>x</p>")
    answer = Inbox(sent_mail)(f"{ROOT}/1")
    policy = header(answer, "Content-Security-Policy")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer.body.decode()
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:;")
    assert "script-src" not in policy
    assert header(answer, "Cross-Origin-Opener-Policy") == "same-origin"


@pytest.mark.parametrize("path", ["/0", "/2", "/999999999", "/x", "/1/2", "/1/html", "/1.exe", ".xml", "/2.eml", "/-1"])
def test_an_unknown_mail_is_not_found(sent_mail: SentMail, path: str) -> None:
    send_to_ses()
    answer = Inbox(sent_mail)(ROOT + path)
    assert (answer.status, header(answer, "Content-Type")) == (404, "text/html; charset=utf-8")
    assert "Mail not found" in answer.body.decode()
    assert f'href="{ROOT}"' in answer.body.decode()


def test_the_source_can_be_downloaded(sent_mail: SentMail) -> None:
    by_version_1()
    answer = Inbox(sent_mail)(f"{ROOT}/1.eml")
    assert (answer.status, answer.body) == (200, RAW)
    assert header(answer, "Content-Type") == "message/rfc822"
    assert header(answer, "Content-Disposition") == 'attachment; filename="kolom-mail-1.eml"'
    assert header(answer, "X-Content-Type-Options") == "nosniff"


def test_the_json_lists_the_recorded_mail_oldest_first(sent_mail: SentMail) -> None:
    send_to_ses(subject="One")
    send_to_ses(subject="Two ☕")
    assert json.loads(Inbox(sent_mail)(f"{ROOT}.json").body) == sent_mail.mails


# ---- the stack ----


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Start a blog and submit a message."""
    with served(options=["--empty"]) as site:
        assert send(site, "/api/contact", MESSAGE)[0] == 201
        assert eventually(lambda: len(mails(site)) == 1)
        yield site


def test_a_message_is_mailed_by_the_stream(site: Site) -> None:
    (mail,) = mails(site)[:1]
    assert set(mail) == {"to", "from", "reply_to", "subject", "text", "html", "headers"}
    assert (mail["to"], mail["reply_to"]) == ("owner@example.com", "budi@example.com")
    assert mail["subject"] == "[Kolom] Salam ☕"
    assert "<script>alert(1)</script>" in mail["text"]
    assert "&lt;script&gt;" in mail["html"]


def test_the_site_serves_the_inbox_with_its_headers(site: Site) -> None:
    for path in ("", "/", "/1", "/1/source"):
        status, headers, body = fetch(site, f"/_local/mail{path}")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "[Kolom] Salam ☕" in body.decode()
    assert fetch(site, "/_local/mail?before=1")[2].decode().count("/_local/mail/1") == 0
    assert fetch(site, "/_local/mail/2")[0] == 404
    assert fetch(site, "/_local/mails")[0] == 404


def test_mail_sent_by_another_process_is_recorded(site: Site) -> None:
    before = len(mails(site))
    boto3.client("ses", endpoint_url=site.aws).send_raw_email(RawMessage={"Data": RAW})
    assert mails(site)[before]["subject"] == "hé"
    assert fetch(site, f"/_local/mail/{before + 1}.eml")[2] == RAW


def test_mail_to_the_ses_simulator_bounces_and_suppresses_the_address() -> None:
    with served("OwnerEmail=bounce@simulator.amazonses.com", options=["--empty"]) as site:
        dynamodb = boto3.client("dynamodb", endpoint_url=site.aws)
        (outbox,) = (name for name in dynamodb.list_tables()["TableNames"] if "outbox" in name.lower())
        assert send(site, "/api/contact", MESSAGE)[0] == 201
        assert eventually(lambda: len(mails(site)) == 1)
        assert eventually(lambda: not any("due" in item for item in dynamodb.scan(TableName=outbox)["Items"]))

        def failed() -> bool:
            send(site, "/api/contact", MESSAGE | {"message": f"Again. {site}"})
            items = dynamodb.scan(TableName=outbox)["Items"]
            return any(item.get("reason", {}).get("S") == "suppressed: bounce" for item in items)

        assert eventually(failed)
        assert len(mails(site)) == 1
