"""The settings of this deployment. The only module that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from zoneinfo import ZoneInfo

from kolom.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``template.yaml`` puts into the environment, one field per variable (``site_url`` is ``SITE_URL``).

    A function's environment holds only what the function needs; asking for the rest raises
    :class:`~kolom.errors.ConfigurationError` through :meth:`need`.
    """

    site_url: str = ""
    site_title: str = "Kolom"
    site_description: str = ""
    languages: str = "id,en"
    time_zone: str = "UTC"
    articles_table: str = ""
    search_table: str = ""
    media_bucket: str = ""
    secret_name: str = ""

    def need(self, name: str) -> str:
        """The setting ``name``, which must not be empty."""
        value: str = getattr(self, name)
        if not value:
            raise ConfigurationError(f"{name.upper()} is not set")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the site counts its months."""
        return ZoneInfo(self.time_zone)

    @property
    def language_codes(self) -> tuple[str, ...]:
        """The site's languages, the first one being the default."""
        return tuple(code.strip() for code in self.languages.split(",") if code.strip())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read every field from the variable of its name; missing ones keep their default."""
        known = {
            field.name: environment[field.name.upper()] for field in fields(cls) if field.name.upper() in environment
        }
        return cls(**known)


@cache
def settings() -> Settings:
    """This process's settings, read at the first call and never again."""
    return Settings.from_environment(os.environ)
