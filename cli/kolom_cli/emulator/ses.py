"""Record the mail that the stack sends through moto's SES, to be displayed instead of delivered."""

import email
import email.policy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from unittest.mock import patch

from moto.ses.models import SESBackend
from moto.ses.responses import EmailResponse
from moto.sesv2.responses import SESV2Response

type Mail = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CapturedMail:
    """A recorded mail: its visible parts, the time when it was sent, and its source (RFC 5322)."""

    mail: Mail
    at: datetime
    source: bytes


class SentMail:
    """The mail sent so far, oldest first.

    Each mail is ``{to, from, reply_to, subject, text, html, headers}``. Addresses are strings, joined by commas, and a
    missing part is an empty string. ``on_mail`` is called with each mail.
    """

    def __init__(self) -> None:
        self._captured: list[CapturedMail] = []
        self.on_mail: Callable[[Mail], None] = lambda _: None
        self._lock = threading.Lock()

    @property
    def mails(self) -> list[Mail]:
        """The mails."""
        return [each.mail for each in self.captured]

    @property
    def captured(self) -> list[CapturedMail]:
        """The mails with their time and source."""
        with self._lock:
            return list(self._captured)

    def add(self, mail: Mail, source: bytes | None = None) -> None:
        """Record one mail. Without ``source``, it is generated from the parts as by SES."""
        now = datetime.now(UTC)
        captured = CapturedMail(mail, now, source if source is not None else _source_of(mail, now))
        with self._lock:
            self._captured.append(captured)
        self.on_mail(mail)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record all mail that moto accepts, from any sender. On AWS, SES accepts only verified senders."""

        def raw(original: Any, backend: SESBackend, source: str, destinations: list[str], raw_data: str) -> Any:
            answer = original(backend, source, list(destinations), raw_data)
            self.add(parse(raw_data, list(destinations)), raw_data.encode())
            return answer

        def simple_v1(original: Any, response: EmailResponse) -> Any:
            answer = original(response)
            self.add(_from_v1(response))
            return answer

        def simple_v2(original: Any, response: SESV2Response) -> Any:
            answer = original(response)
            params = json.loads(response.body)
            if "Simple" in params["Content"]:
                self.add(_from_v2(params))
            return answer

        with (
            patch.object(SESBackend, "_is_verified_address", lambda *_: True),
            _around(SESBackend, "send_raw_email", raw),
            _around(EmailResponse, "send_email", simple_v1),
            _around(SESV2Response, "send_email", simple_v2),
        ):
            yield


def _source_of(mail: Mail, at: datetime) -> bytes:
    # Long lines are not wrapped, so that the URLs in them stay intact.
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
    message["Date"] = at
    for name, value in mail["headers"].items():
        message[name] = " ".join(value.split())
    if mail["text"] or not mail["html"]:
        message.set_content(mail["text"])
    if mail["html"]:
        add_html = message.add_alternative if mail["text"] else message.set_content
        add_html(mail["html"], subtype="html")
    return message.as_bytes()


def _around(owner: type, name: str, wrapper: Any) -> Any:
    original = getattr(owner, name)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    return patch.object(owner, name, replacement)


def parse(raw: str, destinations: list[str]) -> Mail:
    """Parse a raw message into the form of :class:`SentMail`."""
    # The message is parsed as bytes, because the parser would treat an 8-bit body in a string as Latin-1.
    message = email.message_from_bytes(raw.encode(), _class=EmailMessage, policy=email.policy.default)
    return {
        "to": _header(message, "To") or ", ".join(destinations),
        "from": _header(message, "From"),
        "reply_to": _header(message, "Reply-To"),
        "subject": _header(message, "Subject"),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "headers": {name: _header(message, name) for name in message},
    }


def _header(message: EmailMessage, name: str) -> str:
    """Return all headers of that name, decoded."""
    return ", ".join(str(value) for value in message.get_all(name, []))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except LookupError:  # The charset is unknown.
        return bytes(part.get_payload(decode=True)).decode("utf-8", "replace")


def _from_v2(params: dict[str, Any]) -> Mail:
    simple = params["Content"]["Simple"]
    body = simple["Body"]
    destination = params.get("Destination", {})
    mail = {
        "to": ", ".join(destination.get("ToAddresses", [])),
        "from": params.get("FromEmailAddress", ""),
        "reply_to": ", ".join(params.get("ReplyToAddresses", [])),
        "subject": simple["Subject"]["Data"],
        "text": body.get("Text", {}).get("Data", ""),
        "html": body.get("Html", {}).get("Data", ""),
    }
    copies = {"Cc": ", ".join(destination["CcAddresses"])} if destination.get("CcAddresses") else {}
    extra = {header["Name"]: header["Value"] for header in simple.get("Headers", [])}
    return {**mail, "headers": {**_headers(mail), **copies, **extra}}


def _from_v1(response: EmailResponse) -> Mail:
    get_param = response._get_param  # noqa: SLF001 - moto has no public way to read it
    mail = {
        "to": ", ".join((get_param("Destination") or {}).get("ToAddresses", [])),
        "from": get_param("Source") or "",
        "reply_to": ", ".join(get_param("ReplyToAddresses") or []),
        "subject": get_param("Message.Subject.Data") or "",
        "text": get_param("Message.Body.Text.Data") or "",
        "html": get_param("Message.Body.Html.Data") or "",
    }
    return {**mail, "headers": _headers(mail)}


def _headers(mail: dict[str, str]) -> dict[str, str]:
    names = {"To": "to", "From": "from", "Reply-To": "reply_to", "Subject": "subject"}
    return {name: mail[key] for name, key in names.items() if mail[key]}
