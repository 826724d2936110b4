"""``frontend/widgets/kolom-catalog.js`` matches the message catalog of the layer."""

import gzip

from kolom_cli.assets.catalog import module
from tests.paths import PROJECT

PUBLISHED = PROJECT / "frontend/widgets/kolom-catalog.js"
MAX_BYTES = 6 * 1024


def test_the_catalog_module_is_up_to_date() -> None:
    """`make catalog` updates it."""
    assert PUBLISHED.read_text("utf-8") == module()


def test_the_catalog_module_is_small() -> None:
    assert len(gzip.compress(PUBLISHED.read_bytes(), compresslevel=9)) <= MAX_BYTES
