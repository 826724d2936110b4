"""Read and change the owner's settings of the search. For the command line: searches use :mod:`.settings_cache`."""

from collections.abc import Callable

from kolom.articles.types import Change
from kolom.errors import RestoreConflict, StaleRead
from kolom.models.retry import retry_on_conflict
from kolom.models.search import announce_settings
from kolom.search import settings_repository
from kolom.search.search_settings import SearchSettings, check, decode, encode


def load() -> SearchSettings:
    """Return the current settings."""
    record = settings_repository.read()
    return decode(record.data) if record else SearchSettings()


def change(edit: Callable[[SearchSettings], SearchSettings]) -> SearchSettings:
    """Apply ``edit`` to the current settings, store the result, and return it.

    If someone else changes the settings at the same time, ``edit`` is applied again, to these. Searches use the new
    settings at once. If a call is interrupted, they may be stored, but not used; another call repairs that.

    :raises InvalidInput: the new settings are not valid
    """

    def attempt() -> SearchSettings:
        record = settings_repository.read()
        revision = int(record.revision) if record else 0
        before = decode(record.data) if record else SearchSettings()
        after = edit(before)
        check(after)
        if after != before:
            if not settings_repository.replace(encode(after), expected_revision=revision):
                raise StaleRead("someone else has changed the search settings")
            revision += 1
        if revision:
            announce_settings(revision)
        return after

    return retry_on_conflict(attempt)


def announce() -> None:
    """Let searches use the settings after the Search table was lost. Does nothing if there are no settings."""
    if record := settings_repository.read():
        announce_settings(int(record.revision))


def restore(wanted: SearchSettings, *, overwrite: bool, dry_run: bool) -> Change:
    """Store the settings of an archive, or say what would be done. With ``overwrite``, replace other settings.

    :raises InvalidInput: the settings are not valid
    :raises RestoreConflict: there are other settings, and ``overwrite`` is false
    """
    check(wanted)
    before = load()
    if before == wanted:
        return "unchanged"

    def replaced(current: SearchSettings) -> SearchSettings:
        nonlocal before
        before = current
        if current not in (SearchSettings(), wanted) and not overwrite:
            raise RestoreConflict("differ from the existing search settings; use --overwrite to replace them")
        return wanted

    if dry_run:
        replaced(before)
    else:
        change(replaced)
    return "created" if before == SearchSettings() else "updated"
