"""Store the owner's settings of the search: in the Articles table, because the Search table can be lost.

The Search table has only their revision, in the item that every search reads. Imports little, since pages of articles
import it, too.
"""

from kolom.models.articles import SEARCH_SETTINGS, SETTINGS, SearchSettingsRecord
from kolom.models.expressions import Condition


def read() -> SearchSettingsRecord | None:
    """Return the settings, or None if there are none. One GetItem; consistent."""
    try:
        return SearchSettingsRecord.get(SEARCH_SETTINGS, SETTINGS, consistent_read=True)
    except SearchSettingsRecord.DoesNotExist:
        return None


def replace(data: bytes, *, expected_revision: int) -> bool:
    """Store settings with the next revision. Return False if the current revision is not the expected one.

    The revision is 0 if there are no settings.
    Searches notice the change when :func:`kolom.models.search.announce_settings` has recorded the revision.
    """
    is_expected: Condition = SearchSettingsRecord.key.does_not_exist()
    if expected_revision:
        is_expected = SearchSettingsRecord.revision == expected_revision
    record = SearchSettingsRecord(SEARCH_SETTINGS, SETTINGS, revision=expected_revision + 1, data=data)
    return record.save_if(is_expected)
