"""Visitors who write to the site's owner through the real handler."""

from dataclasses import dataclass
from typing import Any

import pytest

from functions.submit_contact import app as submit_contact
from kolom.contact import repository as messages
from kolom.contact.types import Message
from tests.factories import contact_request
from tests.integration.conftest import Configure
from tests.integration.handlers import Answered, call


@dataclass
class Desk:
    """The contact form. Each visitor has an address of their own, unless they say otherwise."""

    visitors: int = 0

    def submit(self, message: object = "Hello.", **fields: Any) -> Answered:
        """Send a message."""
        self.visitors += 1
        address = fields.pop("address", f"198.51.{self.visitors // 256}.{self.visitors % 256}")
        return call(submit_contact.handler, contact_request(address=address, message=message, **fields))

    def submitted(self, message: str = "Hello.", **fields: Any) -> Message:
        """Send a message, and look at how it is kept."""
        answer = self.submit(message, **fields)
        assert answer.status == 201, answer.body
        return messages.get(answer.json["id"])


@pytest.fixture
def desk(secret: str, configure: Configure) -> Desk:
    """The contact form of a site whose owner wants mail."""
    configure(owner_email="owner@site.example", mail_from="blog@site.example")
    return Desk()
