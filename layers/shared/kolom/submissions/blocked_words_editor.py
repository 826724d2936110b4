"""Read and change the owner's list of blocked words. For the command line."""

from collections.abc import Callable
from typing import Literal

from kolom.errors import RestoreConflict, StaleRead
from kolom.models.retry import retry_on_conflict
from kolom.submissions.blocked_words import check, decode
from kolom.submissions.blocked_words_list import read, replace

type Words = tuple[str, ...]


def load() -> Words:
    """Return the list as it is stored. One GetItem; consistent."""
    record = read(consistent=True)
    return decode(record.data) if record else ()


def change(edit: Callable[[Words], Words]) -> Words:
    """Apply ``edit`` to the list, again if someone else has changed it; return the new list.

    :raises InvalidInput: the new list is not valid
    """

    def attempt() -> Words:
        record = read(consistent=True)
        before = decode(record.data) if record else ()
        after = edit(before)
        check(after)
        if after != before and not replace(after, expected_revision=int(record.revision) if record else 0):
            raise StaleRead("someone else has changed the blocked words")
        return after

    return retry_on_conflict(attempt)


def restore(wanted: Words, *, overwrite: bool, dry_run: bool) -> Literal["created", "updated", "unchanged"]:
    """Store the list of an archive, or say what would be done. With ``overwrite``, replace another list.

    :raises InvalidInput: the list is not valid
    :raises RestoreConflict: there is another list, and ``overwrite`` is false
    """
    check(wanted)
    before = load()
    if before == wanted:
        return "unchanged"

    def replaced(current: Words) -> Words:
        nonlocal before
        before = current
        if current not in ((), wanted) and not overwrite:
            raise RestoreConflict("differ from the existing blocked words; use --overwrite to replace them")
        return wanted

    if dry_run:
        replaced(before)
    else:
        change(replaced)
    return "updated" if before else "created"
