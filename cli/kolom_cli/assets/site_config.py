"""Read ``frontend/site.toml``: the owner's settings for the appearance of the site.

They become a stylesheet, and the attributes ``menu`` and ``logo`` of :class:`kolom.models.articles.ThemeRecord`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kolom.errors import KolomError
from kolom.pages.theme import MENU_PLACES
from kolom_cli.assets import css
from kolom_cli.media.s3 import IMAGE_TYPES
from kolom_cli.media.svg_safety import find_unsafe_svg

SETTINGS_FILE: Final = "site.toml"
THEME_CSS: Final = "theme/kolom.css"
CONTRAST: Final = 4.5
"""The minimum contrast of text (WCAG 2.2, 1.4.3)."""

_TEXTS: Final = ("ink", "soft", "accent", "accent-strong")
_BACKGROUNDS: Final = ("paper", "shade")


class SettingsError(KolomError):
    """The settings are invalid; ``problems`` lists the errors with their locations."""

    def __init__(self, file: str, problems: list[str]) -> None:
        super().__init__("\n  ".join([f"{file} is invalid:", *problems]))
        self.problems = problems


def _typefaces(text: str) -> str:
    if not re.fullmatch(r"""[\w\s,'"-]+""", text) or text.count('"') % 2 or text.count("'") % 2:
        raise ValueError(f'{text!r} is not a list of typefaces such as "Source Serif 4", Georgia, serif')
    return text


def _href(text: str) -> str:
    is_path = text.startswith("/") and not text.startswith("//")
    if not (is_path or re.match(r"(https?://|mailto:)[^/\s]", text)) or re.search(r"[\s\\\x00-\x1f]", text):
        raise ValueError(f"{text!r} must be a path of this site such as /about/, or an absolute URL")
    return text


def _file(text: str) -> str:
    if text.startswith("/") or ".." in text.split("/") or "\\" in text:
        raise ValueError(f"{text!r} must be a file in the folder of {SETTINGS_FILE}")
    return text


type Color = Annotated[str, AfterValidator(css.css_color)]
type Typefaces = Annotated[str, AfterValidator(_typefaces)]
type Href = Annotated[str, AfterValidator(_href)]
type File = Annotated[str, AfterValidator(_file)]
type Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
type Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Palette(_Section):
    """Colors by the names of the theme's custom properties. The theme's own color is used for each that is missing."""

    paper: Color | None = None
    shade: Color | None = None
    ink: Color | None = None
    soft: Color | None = None
    line: Color | None = None
    accent: Color | None = None
    accent_strong: Color | None = Field(default=None, alias="accent-strong")
    mark: Color | None = None
    focus: Color | None = None

    def given(self) -> dict[str, str]:
        """Return the colors that are set."""
        return {name: value for name, value in self.model_dump(by_alias=True).items() if isinstance(value, str)}


class Colors(Palette):
    """The colors of the light scheme, and those of the dark scheme."""

    dark: Palette = Palette()


class Logo(_Section):
    """An image in place of the title; the default of ``alt`` is the title of the site."""

    file: File
    alt: Annotated[str, Field(max_length=200)] = ""


class MenuItem(_Section):
    """An item of the menu: a page of the site, or another link by its name and URL."""

    page: Literal["home", "labels", "archive", "search", "contact"] | None = None
    name: Text | Annotated[dict[Language, Text], Field(min_length=1)] | None = None
    href: Href | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "MenuItem":
        own = (self.name is not None, self.href is not None)
        if own != ((False, False) if self.page else (True, True)):
            raise ValueError("needs either `page`, or both `name` and `href`")
        return self


class FontFace(_Section):
    """A font file of the site."""

    family: Annotated[str, Field(pattern=r"^[\w -]{1,80}$")]
    file: File
    weight: Annotated[str, Field(pattern=r"^[1-9]\d{0,2}( [1-9]\d{0,2})?$")] = "400"
    style: Literal["normal", "italic"] = "normal"


class Font(_Section):
    """Lists of typefaces for articles (``serif``), the rest of the page (``sans``) and code (``mono``)."""

    serif: Typefaces | None = None
    sans: Typefaces | None = None
    mono: Typefaces | None = None
    faces: tuple[FontFace, ...] = ()


class SiteConfig(_Section):
    """All settings. Without a menu, the site shows its default menu."""

    colours: Colors = Colors()
    logo: Logo | None = None
    menu: Annotated[tuple[MenuItem, ...], Field(max_length=20)] | None = None
    font: Font = Font()


def load(frontend: Path, files: Mapping[str, bytes]) -> SiteConfig:
    """Return the settings of the directory, or the defaults if it has none. ``files`` are the files that are deployed.

    :raises SettingsError: they are invalid
    """
    path = frontend / SETTINGS_FILE
    try:
        site = SiteConfig.model_validate(tomllib.loads(path.read_text("utf-8")) if path.exists() else {})
    except ValidationError as error:
        raise SettingsError(path.name, [_problem(each) for each in error.errors()]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(path.name, [f"it is not TOML: {error}"]) from error
    except ValueError as error:
        raise SettingsError(path.name, ["a number has too many digits"]) from error
    if problems := list(_file_problems(site, files)):
        raise SettingsError(path.name, problems)
    return site


def _problem(error: Any) -> str:
    location = ".".join(str(part + 1 if isinstance(part, int) else part) for part in error["loc"])
    return f"{location}: {str(error['msg']).removeprefix('Value error, ')}"


def _file_problems(site: SiteConfig, files: Mapping[str, bytes]) -> Iterator[str]:
    if site.logo is not None:
        file = site.logo.file
        if Path(file).suffix not in IMAGE_TYPES:
            yield f"logo.file: {file!r} is not an image ({', '.join(sorted(IMAGE_TYPES))})"
        elif file not in files:
            yield f"logo.file: {file!r} does not exist in the folder of {SETTINGS_FILE}"
        elif Path(file).suffix == ".svg" and (problem := find_unsafe_svg(files[file])):
            yield f"logo.file: {problem}"
    for number, face in enumerate(site.font.faces, start=1):
        if face.file not in files:
            yield f"font.faces.{number}.file: {face.file!r} does not exist in the folder of {SETTINGS_FILE}"


def stylesheet(site: SiteConfig) -> str | None:
    """Return the stylesheet that follows the theme's own; None if the settings change nothing.

    Each color scheme has its own block, so that it does not affect the other scheme or print.
    """
    blocks = [
        f'@font-face {{\n  font-family: "{face.family}";\n  src: url("../{face.file}");\n'
        f"  font-weight: {face.weight};\n  font-style: {face.style};\n  font-display: swap;\n}}\n"
        for face in site.font.faces
    ]
    stacks = {name: value for name, value in site.font.model_dump(exclude={"faces"}).items() if value}
    if stacks:
        blocks.append(f":root {{\n{_declarations(stacks)}}}\n")
    for scheme, palette in (("light", site.colours.given()), ("dark", site.colours.dark.given())):
        if palette:
            media = f"@media screen and (prefers-color-scheme: {scheme})"
            blocks.append(f"{media} {{\n:root {{\n{_declarations(palette)}}}\n}}\n")
    return "\n".join(blocks) if blocks else None


def _declarations(properties: Mapping[str, str]) -> str:
    return "".join(f"  --{name}: {value};\n" for name, value in properties.items())


def warnings(site: SiteConfig, theme_css: str) -> list[str]:
    """Return a warning for each pair of text and background colors with too little contrast.

    Only pairs are checked of which the settings set at least one color; the other one may be the theme's. A pair whose
    contrast cannot be computed has no warning.
    """
    light, _, rest = theme_css.partition("@media (prefers-color-scheme: dark)")
    found = []
    for scheme, block, own in (
        ("", light, site.colours.given()),
        (".dark", rest.partition("}")[0], site.colours.dark.given()),
    ):
        palette = {**dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,8});", block)), **own}
        for text in _TEXTS:
            for background in _BACKGROUNDS:
                if not own.keys() & {text, background} or not palette.keys() >= {text, background}:
                    continue
                ratio = css.contrast_ratio(palette[text], palette[background])
                if ratio is not None and ratio < CONTRAST:
                    found.append(
                        f"colours{scheme}: {text} on {background} has a contrast of {ratio:.1f} to 1; "
                        f"it should be at least {CONTRAST}"
                    )
    return found


def menu_attribute(site: SiteConfig) -> list[dict[str, Any]] | None:
    """Return all entries of the menu as the attribute of the ThemeRecord; None for the default menu."""
    if site.menu is None:
        return None
    return [
        {"href": MENU_PLACES[entry.page], "key": entry.page}
        if entry.page
        else {"href": entry.href, "names": entry.name if isinstance(entry.name, dict) else {"": entry.name}}
        for entry in site.menu
    ]


def logo_attribute(site: SiteConfig) -> dict[str, str] | None:
    """Return the logo as the attribute of the ThemeRecord; None if there is none."""
    return None if site.logo is None else {"file": site.logo.file, "alt": site.logo.alt}
