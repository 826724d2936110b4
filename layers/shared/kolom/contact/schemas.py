"""API schemas of contact messages."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from kolom.contact.submission import NewMessage
from kolom.submissions import fields
from kolom.submissions.schemas import FormFields
from kolom.validation import Keywords


@dataclass(frozen=True, kw_only=True)
class MessageIn(FormFields):
    """A message to the site's owner."""

    email: Annotated[str, fields.EMAIL, Keywords(description="The address for replies")]
    message: Annotated[str, fields.CONTENT, Keywords(description="Plain text")]
    name: Annotated[str | None, fields.NAME] = None
    subject: Annotated[str | None, fields.SUBJECT] = None

    def to_new_message(self) -> NewMessage:
        """Convert to a new message for the pipeline."""
        return NewMessage(
            email=self.email, message=self.message, name=self.name, subject=self.subject, form=self.form()
        )


class ReceivedMessageOut(TypedDict):
    """Confirms that the message is stored."""

    id: str
    status: Literal["received"]
