"""Visitors who write to the site's owner through the real handler."""

from dataclasses import dataclass
from typing import Any

import pytest

from functions.submit_contact import app as submit_contact
from kolom.contact import repository as messages
from kolom.contact.types import Message
from tests.factories import contact_request
from tests.integration.conftest import Configure
from tests.integration.handlers import Response, call


@dataclass
class ContactForm:
    """The contact form. Each visitor has another IP address by default."""

    visitors: int = 0

    def submit(self, message: object = "Hello.", **fields: Any) -> Response:
        """Submit a message and return the response."""
        self.visitors += 1
        address = fields.pop("address", f"198.51.{self.visitors // 256}.{self.visitors % 256}")
        return call(submit_contact.handler, contact_request(address=address, message=message, **fields))

    def submit_stored(self, message: str = "Hello.", **fields: Any) -> Message:
        """Submit a message and return it as stored."""
        answer = self.submit(message, **fields)
        assert answer.status == 201, answer.body
        return messages.get(answer.json["id"])


@pytest.fixture
def contact_form(secret: str, configure: Configure) -> ContactForm:
    """Return the contact form of a site whose owner receives mail."""
    configure(owner_email="owner@site.example", mail_from="blog@site.example")
    return ContactForm()
