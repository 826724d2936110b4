"""Compare and display labels. Pure."""

import unicodedata
from collections.abc import Iterable


def normalize_label(label: str) -> str:
    """Return the form that all spellings of a label share: NFC, case-folded, with single spaces."""
    return unicodedata.normalize("NFC", " ".join(label.split()).casefold())


def display_label(label: str, labels: Iterable[str]) -> str:
    """Return the first spelling of ``label`` among ``labels``, or else ``label`` itself."""
    normalized = normalize_label(label)
    return next((each for each in labels if normalize_label(each) == normalized), label)
