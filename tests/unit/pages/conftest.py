"""Pages without a table and without a deployed theme."""

import pytest

from kolom.pages import theme
from kolom.pages.theme import Theme


@pytest.fixture(autouse=True)
def nothing_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme, "_read", Theme)
    theme.clear_cache()
