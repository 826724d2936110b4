"""No theme is deployed, and pages are rendered without reading it from a table."""

import pytest

from kolom.pages import theme
from kolom.pages.theme import Theme


@pytest.fixture(autouse=True)
def nothing_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme, "_read", Theme)
    theme.clear_cache()
