"""What can go wrong in the domain. No HTTP here: :mod:`kolom.http.api` gives each of these its status code."""

from dataclasses import dataclass


class KolomError(Exception):
    """The base of every error that the domain raises on purpose. Its text is meant for people and holds no secrets."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: ``field`` is its name as the caller wrote it, ``message`` says what is wanted."""

    field: str
    message: str


class InvalidInput(KolomError):
    """Input that is understood but cannot be accepted. ``errors`` has at least one entry."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


class InvalidCursor(KolomError):
    """A paging cursor that this list did not issue."""


class NotFound(KolomError):
    """There is nothing of that name, or nothing that the public may see."""


class Gone(KolomError):
    """It was here once and was deleted."""


class Moved(KolomError):
    """The article that was asked for has another name: its ``slug``, and the ``path`` at which it answers."""

    def __init__(self, slug: str, path: str) -> None:
        super().__init__(f"moved to {slug}")
        self.slug = slug
        self.path = path


class Conflict(KolomError):
    """The write was based on something that has changed since, or wants a name that is taken."""


class StaleRead(Conflict):
    """The write was based on a state that has changed since it was read. Reading and writing again may succeed."""


class VersionConflict(Conflict):
    """The article is in another version than the one that its author last saw: its ``slug`` and ``version``.

    ``is_deleted`` says that nothing is left of it but its name.
    """

    def __init__(self, message: str, *, slug: str, version: int, is_deleted: bool) -> None:
        super().__init__(message)
        self.slug = slug
        self.version = version
        self.is_deleted = is_deleted


class RestoreConflict(Conflict):
    """What is here is another state than what was to be put back, and stays."""


class RateLimited(KolomError):
    """The caller sent too much in too short a time, and may come again after ``retry_after_seconds``."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ServiceBusy(KolomError):
    """The store could not take the request in time; nothing was changed and a later try may succeed."""


class ConfigurationError(KolomError):
    """The deployment lacks a setting that this code needs."""
