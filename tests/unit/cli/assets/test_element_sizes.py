"""Each element is small: its module, all modules that this imports, and the messages of one language, as deployed."""

import gzip
import posixpath
import re
from functools import cache
from typing import Final

import pytest

from kolom.i18n.locale import available_languages
from kolom_cli.assets.catalog import PARTS
from kolom_cli.assets.deployment import build
from kolom_cli.assets.fingerprint import Asset
from tests.paths import PROJECT

ELEMENTS: Final = ("articles", "comments", "contact", "count", "recent-comments", "related", "search")
MAX_BYTES: Final = 14 * 1024
GZIP_LEVEL: Final = 6
"""CloudFront's own level is not documented. Its Brotli makes smaller files, and all browsers accept that."""

_STATIC_IMPORT: Final = re.compile(r"""(?:^|[;}\n])(?:import|export)\b(?!\s*\()[^"'();]*["'](\.[^"']+)["']""")


@cache
def assets() -> dict[str, Asset]:
    """Return what `kolom deploy-assets` uploads, by name."""
    return {asset.name: asset for asset in build(PROJECT / "frontend").assets}


def imported(name: str) -> set[str]:
    """Return the name of a module, and of all that it imports statically, also indirectly."""
    text = assets()[name].content.decode()
    targets = (posixpath.normpath(posixpath.join(posixpath.dirname(name), to)) for to in _STATIC_IMPORT.findall(text))
    return {name}.union(*map(imported, targets))


def compressed(name: str) -> int:
    """Return the size of a file as a browser loads it: the larger of its two versions."""
    asset = assets()[name]
    return max(len(gzip.compress(content, GZIP_LEVEL)) for content in (asset.content, asset.hashed_content))


def messages(modules: set[str]) -> dict[str, int]:
    """Return the size of the messages that some modules load, by language."""
    parts = [part for part in PARTS if f"widgets/kolom-{part}-catalog.js" in modules]
    folders = ["widgets/messages", *(f"widgets/messages/{part}" for part in parts)]
    return {code: sum(compressed(f"{folder}/{code}.js") for folder in folders) for code in available_languages()}


@pytest.mark.parametrize("element", ELEMENTS)
def test_an_element_is_small_with_all_that_it_imports_and_one_language(element: str) -> None:
    modules = imported(f"widgets/kolom-{element}.js")
    sizes = {name: compressed(name) for name in modules}
    assert {"widgets/kolom-element.js", "widgets/kolom-catalog.js"} < sizes.keys()
    assert sum(sizes.values()) + max(messages(modules).values()) <= MAX_BYTES, sizes


@pytest.mark.parametrize("element", ELEMENTS)
def test_an_element_imports_no_messages_before_it_knows_its_language(element: str) -> None:
    """Otherwise every page would load all languages."""
    assert [name for name in assets() if "/messages/" in name]
    assert not [name for name in imported(f"widgets/kolom-{element}.js") if "/messages/" in name]


def test_the_loader_is_small_and_imports_nothing() -> None:
    assert imported("widgets/kolom.js") == {"widgets/kolom.js"}
    assert compressed("widgets/kolom.js") <= 512
