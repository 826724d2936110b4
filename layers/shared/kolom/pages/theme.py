"""The theme of the pages: asset names, menu and logo, as deployed by `kolom deploy-assets`.

One GetItem a minute in each process. A missing theme never breaks a page: if the table cannot be read, or its
name is not configured, pages use the theme that was read last. If none was deployed or read yet, they use plain file
names and a default menu.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup

from kolom.errors import ConfigurationError
from kolom.i18n.locale import Locale
from kolom.models.articles import SITE, THEME, ThemeRecord
from kolom.models.errors import none_if_unavailable

CACHE_SECONDS: Final = 60.0
SITE_CSS: Final = "theme/site.css"
"""The file with the site's own colors and typefaces, generated from its settings."""

MENU_PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {"home": "/", "labels": "/labels/", "archive": "/archive/", "search": "/search/", "contact": "/contact/"}
)
"""Menu entries whose names are in the locales, with their paths."""

_DEFAULT_MENU: Final = ("home", "labels", "archive", "contact")


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A menu entry: ``key`` for one of :data:`MENU_PLACES`, else ``names`` by language."""

    href: str
    key: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def text(self, locale: Locale) -> str:
        """Return the entry's name in the page's language, or else in the first available one."""
        if self.key is not None:
            return locale.translate(self.key)
        return self.names.get(locale.code) or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class Logo:
    """An image in place of the site's title. ``src`` is a URL; an empty ``alt`` is replaced by the title."""

    src: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """The deployed theme. ``fragments`` are parts of pages that need not be rendered again."""

    assets: Mapping[str, str] = field(default_factory=dict)
    menu: tuple[MenuEntry, ...] = tuple(MenuEntry(MENU_PLACES[key], key) for key in _DEFAULT_MENU)
    logo: Logo | None = None
    fragments: dict[object, Markup] = field(default_factory=dict, compare=False, repr=False)

    @property
    def menu_paths(self) -> set[str]:
        """Return the addresses of the menu's entries."""
        return {entry.href for entry in self.menu}

    @property
    def has_site_css(self) -> bool:
        """Return whether there is a :data:`SITE_CSS`, which is loaded after the theme's own file."""
        return SITE_CSS in self.assets

    def asset(self, name: str) -> str:
        """Return the path of a file of ``frontend/``: with its fingerprinted name, or else its plain name."""
        return f"/assets/{self.assets.get(name, name)}"


_cached: Theme | None = None
_cached_until = 0.0


def get_theme(clock: Callable[[], float] = time.monotonic) -> Theme:
    """Return the theme, which is read at most once a minute."""
    global _cached, _cached_until
    if _cached is None or clock() >= _cached_until:
        # Set before reading: a failed read is not repeated for each page within the minute.
        _cached_until = clock() + CACHE_SECONDS
        _cached = none_if_unavailable(_read) or _cached or Theme()
    return _cached


def known_theme() -> Theme:
    """Return the theme as last read, or else the default theme. Makes no request."""
    return _cached or Theme()


def clear_cache() -> None:
    """Drop the cached theme, so that the next call reads it again."""
    global _cached
    _cached = None


def _read() -> Theme | None:
    """Return the theme from the table, or the default one; None if the function has no articles table."""
    try:
        record = ThemeRecord.get(SITE, THEME)
    except ThemeRecord.DoesNotExist:
        return Theme()
    except ConfigurationError:
        return None
    return _theme(record.assets, record.menu, record.logo)


def _theme(assets: Mapping[str, str], menu: list[dict[str, Any]] | None, logo: dict[str, str] | None) -> Theme:
    default = Theme()
    return Theme(
        assets=assets,
        menu=default.menu if menu is None else tuple(MenuEntry(**entry) for entry in menu),
        logo=None if logo is None else Logo(f"/assets/{assets[logo['file']]}", logo["alt"]),
    )
