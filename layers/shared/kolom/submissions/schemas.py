"""API schemas shared by all forms."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kolom.config import settings
from kolom.security import signing
from kolom.submissions import fields, form_tokens
from kolom.submissions.pipeline import FormMeta
from kolom.submissions.spam_rules import MIN_SECONDS


class KnownFields(BaseModel):
    """A request body without unknown fields: nothing that a client sends is dropped silently.

    Names that begin with ``_`` are ignored, such as ``_charset_`` of browsers.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"patternProperties": {"^_": {}}})

    @model_validator(mode="before")
    @classmethod
    def _without_ignored(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if not name.startswith("_")}


class FormFields(KnownFields):
    """Fields of every form. ``website_url`` is a honeypot: people do not see it, so it stays empty."""

    form_token: fields.Token = Field(None, description="`token` of `GET /api/form-token`")
    altcha: fields.Token = Field(None, description="The solved `challenge` of `GET /api/form-token`, if it has one")
    website_url: fields.Honeypot = None
    redirect: str | None = Field(None, description="The page that a plain HTML form leads to when it is accepted")

    def form(self) -> FormMeta:
        """Return these fields for the pipeline."""
        return FormMeta(token=self.form_token, proof=self.altcha, honeypot=self.website_url is not None)


class FormTokenOut(BaseModel):
    """A form token. ``challenge`` is ALTCHA's, or null."""

    token: str
    min_seconds: int
    expires_at: datetime
    challenge: dict[str, Any] | None

    @classmethod
    def create(cls, *, now: datetime) -> Self:
        """Create a token for a form that is opened now, with a challenge if the site requires proof of work."""
        with_challenge = settings().proof_of_work != "none"
        token = form_tokens.create_token(signing.load_keys(), now=now, with_challenge=with_challenge)
        return cls(token=token.token, min_seconds=MIN_SECONDS, expires_at=token.expires_at, challenge=token.challenge)
