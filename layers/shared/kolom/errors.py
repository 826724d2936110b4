"""Errors of the domain, without HTTP: :mod:`kolom.http.errors` maps them to statuses."""

from dataclasses import dataclass


class KolomError(Exception):
    """The base of all domain errors. The message is for people and contains no secrets."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in a field: ``field`` is its name as the caller wrote it, ``message`` says what is expected."""

    field: str
    message: str


class InvalidInput(KolomError):
    """The input is well-formed but not valid. ``errors`` has at least one entry."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


class InvalidCursor(KolomError):
    """The cursor was not created for this list."""


class InvalidCredentials(KolomError):
    """The request needs a token, and has none or one that this site did not issue."""


class PermissionDenied(KolomError):
    """The token of the request is valid, but does not allow what the request asks for."""


class NotFound(KolomError):
    """The item does not exist, or is not public."""


class Gone(KolomError):
    """The item was deleted."""


class Moved(KolomError):
    """The article has a different name now: its ``slug`` and ``path``. ``url`` is that of a page of another site."""

    def __init__(self, slug: str, path: str, url: str | None = None) -> None:
        super().__init__(f"moved to {slug}")
        self.slug = slug
        self.path = path
        self.url = url


class Conflict(KolomError):
    """The write is based on outdated state, or needs a name that is in use."""


class StaleRead(Conflict):
    """The write is based on state that has changed since it was read. Reading and writing again may succeed."""


class VersionConflict(Conflict):
    """The article's current ``version`` is not the one that its author last saw.

    ``is_deleted`` is true if the article was deleted, so that only its metadata remains.
    """

    def __init__(self, message: str, *, slug: str, version: int, is_deleted: bool) -> None:
        super().__init__(message)
        self.slug = slug
        self.version = version
        self.is_deleted = is_deleted


class RestoreConflict(Conflict):
    """The existing record differs from the archived one and is kept."""


class RateLimited(KolomError):
    """A limit of the client, its network or the site is reached. A retry may succeed after ``retry_after_seconds``."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ServiceBusy(KolomError):
    """The storage did not accept the request in time. A retry may succeed.

    Nothing was changed, unless the function that raises it says otherwise.
    """


class UnknownSchema(KolomError):
    """A stored item has a schema number that this version does not read. Nothing was changed."""


class ConfigurationError(KolomError):
    """The deployment lacks a setting that this code needs."""
