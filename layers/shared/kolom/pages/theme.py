"""What the pages look like: which files they show, the menu and the logo, as `kolom deploy-assets` left it.

One GetItem a minute in each process. A page is never refused for want of it: where nothing was deployed, the function
may not read it, or the table does not answer, the last one known stands, and before that the plain names and a menu of
all that the site has.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from pynamodb.exceptions import DoesNotExist, PynamoDBException

from kolom.errors import ConfigurationError
from kolom.i18n.locale import Locale
from kolom.models.articles import SITE, THEME, ThemeRecord

CACHE_SECONDS: Final = 60.0
SITE_CSS: Final = "theme/site.css"
"""The file with the site's own colours and typefaces, made from its settings."""

MENU_PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {"home": "/", "labels": "/labels/", "archive": "/archive/", "search": "/search/", "contact": "/contact/"}
)
"""The places whose names are in the locales, and where they are."""

_DEFAULT_MENU: Final = ("home", "labels", "archive", "contact")


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A place in the menu: ``key`` for one of :data:`MENU_PLACES`, else ``names`` by language."""

    href: str
    key: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def text(self, locale: Locale) -> str:
        """What the menu calls it: in the page's language, else in the first one that there is."""
        if self.key is not None:
            return locale.translate(self.key)
        return self.names.get(locale.code) or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture in the place of the site's title. ``src`` is an address; an empty ``alt`` means the title itself."""

    src: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """What was deployed last."""

    assets: Mapping[str, str] = field(default_factory=dict)
    menu: tuple[MenuEntry, ...] = tuple(MenuEntry(MENU_PLACES[key], key) for key in _DEFAULT_MENU)
    logo: Logo | None = None

    @property
    def has_site_css(self) -> bool:
        """Whether there is a :data:`SITE_CSS`, which goes after the theme's own file."""
        return SITE_CSS in self.assets

    def asset(self, name: str) -> str:
        """Where a file of ``frontend/`` is served: under the name with its hash, or its plain one."""
        return f"/assets/{self.assets.get(name, name)}"


_cached: Theme | None = None
_cached_until = 0.0


def get_theme(clock: Callable[[], float] = time.monotonic) -> Theme:
    """The theme, at most a minute old."""
    global _cached, _cached_until
    if _cached is None or clock() >= _cached_until:
        # Before reading: what fails is not tried again for each page of the minute.
        _cached_until = clock() + CACHE_SECONDS
        _cached = _read() or _cached or Theme()
    return _cached


def known_theme() -> Theme:
    """The theme as it was last read; the default one before that."""
    return _cached or Theme()


def clear_cache() -> None:
    """Read it again at the next call."""
    global _cached
    _cached = None


def _read() -> Theme | None:
    """The theme that the table holds, or the default one; None where it cannot be known."""
    try:
        record = ThemeRecord.get(SITE, THEME)
    except DoesNotExist:
        return Theme()
    except (ConfigurationError, PynamoDBException):  # the first: this function knows no table of articles
        return None
    return _theme(record.assets, record.menu, record.logo)


def _theme(assets: Mapping[str, str], menu: list[dict[str, Any]] | None, logo: dict[str, str] | None) -> Theme:
    default = Theme()
    return Theme(
        assets=assets,
        menu=default.menu if menu is None else tuple(MenuEntry(**entry) for entry in menu),
        logo=None if logo is None else Logo(f"/assets/{assets[logo['file']]}", logo["alt"]),
    )
