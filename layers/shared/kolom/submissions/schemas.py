"""API schemas shared by all forms."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kolom.submissions import fields
from kolom.submissions.form_tokens import FormToken
from kolom.submissions.pipeline import FormMeta


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
    def of(cls, token: FormToken, min_seconds: int) -> Self:
        """Convert a token."""
        return cls(token=token.token, min_seconds=min_seconds, expires_at=token.expires_at, challenge=token.challenge)
