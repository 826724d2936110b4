"""API schemas shared by all forms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypedDict

from kolom.config import settings
from kolom.security import signing
from kolom.submissions import fields, form_tokens
from kolom.submissions.pipeline import FormMeta
from kolom.submissions.spam_rules import MIN_SECONDS
from kolom.validation import Keywords


@dataclass(frozen=True, kw_only=True)
class FormFields:
    """Fields of every form. ``website_url`` is a honeypot: people do not see it, so it stays empty."""

    form_token: Annotated[str | None, fields.TOKEN, Keywords(description="`token` of `GET /api/form-token`")] = None
    altcha: Annotated[
        str | None,
        fields.TOKEN,
        Keywords(description="The solved `challenge` of `GET /api/form-token`, if it has one"),
    ] = None
    website_url: Annotated[str | None, fields.HONEYPOT] = None
    redirect: Annotated[
        str | None, Keywords(description="The page that a plain HTML form leads to when it is accepted")
    ] = None

    def form(self) -> FormMeta:
        """Return these fields for the pipeline."""
        return FormMeta(token=self.form_token, proof=self.altcha, honeypot=self.website_url is not None)


class FormTokenOut(TypedDict):
    """A form token. ``challenge`` is ALTCHA's, or null."""

    token: str
    min_seconds: int
    expires_at: datetime
    challenge: dict[str, Any] | None


def create_form_token(*, now: datetime) -> FormTokenOut:
    """Create a token for a form that is opened now, with a challenge if the site requires proof of work."""
    with_challenge = settings().proof_of_work != "none"
    token = form_tokens.create_token(signing.load_keys(), now=now, with_challenge=with_challenge)
    return {
        "token": token.token,
        "min_seconds": MIN_SECONDS,
        "expires_at": token.expires_at,
        "challenge": token.challenge,
    }
