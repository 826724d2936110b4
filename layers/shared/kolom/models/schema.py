"""The schema numbers of stored items: which one this version writes, and which ones it reads.

An item has its number in the attribute ``schema``. An additional attribute needs no new number; docs/develop.md (Schema
numbers) has the rule for other changes.
"""

from typing import Final

WRITTEN: Final = 1
"""The number of the items that this version creates."""

OLDEST_READ: Final = 1
NEWEST_READ: Final = 1
"""The numbers that this version reads. A release reads the next number before another release writes it."""
