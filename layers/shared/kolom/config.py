"""The settings of this deployment. The only module of the layer that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from kolom.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment variables that ``template.yaml`` sets, one field per variable (``site_url`` is ``SITE_URL``).

    A function's environment has only what the function needs; :meth:`need` raises
    :class:`~kolom.errors.ConfigurationError` for the rest.
    """

    site_url: str = ""
    site_title: str = "Kolom"
    site_description: str = ""
    languages: str = "id,en"
    time_zone: str = "UTC"
    articles_table: str = ""
    search_table: str = ""
    comments_table: str = ""
    guard_table: str = ""
    messages_table: str = ""
    outbox_table: str = ""
    media_bucket: str = ""
    secret_name: str = ""
    origin_secret_name: str = ""
    owner_email: str = ""
    mail_from: str = ""
    configuration_set: str = ""
    allowed_origins: str = ""
    moderation_mode: Literal["none", "first", "all"] = "first"
    form_token: Literal["optional", "required"] = "optional"  # noqa: S105 - not a password
    proof_of_work: Literal["none", "altcha"] = "none"
    blocked_words: str = ""
    links_allowed: int = 2
    comments_per_minute: int = 10
    comments_close_after_days: int = 0
    edit_minutes: int = 15
    spam_days: int = 30
    email_days: int = 365
    message_days: int = 365
    search_report: Literal["off", "on"] = "off"
    aws_read_timeout_milliseconds: int = 5_000
    aws_max_attempts: int = 4

    def need(self, name: str) -> str:
        """Return the setting ``name``, which must not be empty.

        :raises ConfigurationError: the setting is not set
        """
        value: str = getattr(self, name)
        if not value:
            raise ConfigurationError(f"{name.upper()} is not set")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which dates are shown and months begin."""
        return ZoneInfo(self.time_zone)

    @property
    def sender(self) -> str:
        """Return the address that mail is sent from, by default the owner's; empty if no mail is to be sent."""
        return self.mail_from or self.owner_email

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins whose pages may send to the API: the site's own, and those of :attr:`allowed_origins`."""
        listed = {origin.strip().rstrip("/") for origin in self.allowed_origins.split(",")}
        return frozenset({self.site_url.rstrip("/"), *listed} - {""})

    @property
    def language_codes(self) -> tuple[str, ...]:
        """Return the site's languages, the default first."""
        return tuple(code.strip() for code in self.languages.split(",") if code.strip())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read every field from its variable; missing ones keep their default."""
        values: dict[str, Any] = {}
        for field in fields(cls):
            name = field.name.upper()
            if name in environment:
                value = environment[name]
                values[field.name] = _number(name, value) if isinstance(field.default, int) else value
        return cls(**values)


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {value!r}") from None


@cache
def settings() -> Settings:
    """Return this process's settings, read at the first call only."""
    return Settings.from_environment(os.environ)
