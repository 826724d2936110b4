"""API schemas of contact messages."""

from typing import Literal

from pydantic import BaseModel, Field

from kolom.contact.submission import NewMessage
from kolom.submissions import fields
from kolom.submissions.schemas import FormFields


class MessageIn(FormFields):
    """A message to the site's owner."""

    email: fields.RequiredEmail = Field(description="The address for replies")
    message: fields.Content = Field(description="Plain text")
    name: fields.OptionalName = None
    subject: fields.Subject = None

    def to_new_message(self) -> NewMessage:
        """Convert to a new message for the pipeline."""
        return NewMessage(
            email=self.email, message=self.message, name=self.name, subject=self.subject, form=self.form()
        )


class ReceivedMessageOut(BaseModel):
    """Confirms that the message is stored."""

    id: str
    status: Literal["received"] = "received"
