"""``frontend/widgets/kolom-catalog.js`` says what the layer says."""

import gzip

from kolom_cli.assets.catalog import module
from tests.paths import PROJECT

PUBLISHED = PROJECT / "frontend/widgets/kolom-catalog.js"
MAX_BYTES = 6 * 1024


def test_the_module_of_the_elements_is_what_the_layer_says() -> None:
    """`make catalog` writes it anew."""
    assert PUBLISHED.read_text("utf-8") == module()


def test_the_module_of_the_elements_is_small() -> None:
    assert len(gzip.compress(PUBLISHED.read_bytes(), compresslevel=9)) <= MAX_BYTES
