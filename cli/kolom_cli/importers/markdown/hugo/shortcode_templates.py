"""Render the shortcodes that a Hugo site or its themes define, if their templates are simple."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt

from kolom.rendering.types import SourceFormat
from kolom_cli.importers.markdown.front_matter_values import get_list, get_text
from kolom_cli.importers.markdown.hugo.go_template import (
    Branch,
    Method,
    Node,
    Template,
    UnsupportedTemplate,
    parse_template,
)
from kolom_cli.importers.markdown.hugo.template_functions import BLOCK_END, BLOCK_START, Markup, markdown
from kolom_cli.importers.markdown.lenient_front_matter import Value, Values
from kolom_cli.importers.markdown.site import find_directory
from kolom_cli.importers.markdown.tag_arguments import Arguments
from kolom_cli.publishing.document import DocumentError, read_text

_NAME: Final = re.compile(r"[\w-]+(?:/[\w-]+){0,5}")
_DIRECTORIES: Final = ("layouts/shortcodes", "layouts/_shortcodes")
_MAX_CHARACTERS: Final = 64 * 1024
_LINE_BREAK: Final = re.compile(r"[ \t]*\n[ \t]*")
_LINE_BREAKS: Final = re.compile("\1[\1 \t]*")
_MARKDOWN: Final = re.compile(f"{BLOCK_START}(.*?){BLOCK_END}", re.DOTALL)
# During the conversion, \1 marks a line break of the template. \2 and \3 surround blocks of Markdown.
_NO_MARKERS: Final = dict.fromkeys((1, 2, 3))
_PARSER: Final = MarkdownIt("commonmark")


@dataclass(frozen=True, slots=True)
class PageValues:
    """What templates may read of a page and its site. ``url_of`` returns the URL of the target of ``ref``."""

    title: str
    url_path: str
    front: Values
    config: Values
    url_of: Callable[[str], str | None]


@dataclass(slots=True)
class _Fields:
    """A value that a template reads: its fields, and functions that depend on the page."""

    fields: dict[str, Any]
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)


@dataclass(slots=True)
class ShortcodeTemplates:
    """The templates of a site and its themes. A template is read when it is first used; the site takes precedence."""

    directory: Path
    config: Values
    _parsed: dict[str, Template | str | None] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Return whether the site or a theme defines the shortcode."""
        return self._template(name) is not None

    def render(self, name: str, given: Arguments, inner: str, page: PageValues, source_format: SourceFormat) -> str:
        """Return the HTML of a shortcode, without the empty lines and indents of its template.

        Without empty lines, Markdown reads it as one block of HTML. Blocks of Markdown have empty lines around them. A
        template with a ``<pre>`` keeps its empty lines and indents.

        :raises UnsupportedTemplate: the template needs more than is supported, or does not exist
        """
        template = self._template(name)
        if not isinstance(template, Template):
            raise UnsupportedTemplate(template or name)
        rendered = template.render(
            _context(name, given, inner.translate(_NO_MARKERS), page),
            str if _has_pre(template.nodes) else lambda text: _LINE_BREAK.sub("\1", text),
        )
        rendered = _LINE_BREAKS.sub("\n", rendered)
        return _MARKDOWN.sub(
            lambda match: f"\n\n{match[1]}\n\n" if source_format == "markdown" else _PARSER.render(match[1]), rendered
        ).strip()

    def _template(self, name: str) -> Template | str | None:
        """Return the template, or why it is not supported; None if there is none."""
        if name not in self._parsed:
            self._parsed[name] = next(self._read(name), None) if _NAME.fullmatch(name) else None
        return self._parsed[name]

    def _read(self, name: str) -> Iterator[Template | str]:
        root = self.directory.resolve()
        for directory in self._directories():
            path = directory / f"{name}.html"
            if path.is_file() and path.resolve().is_relative_to(root):
                try:
                    text = read_text(path)
                    yield parse_template(text) if len(text) <= _MAX_CHARACTERS else "it is too long"
                except (DocumentError, UnsupportedTemplate) as error:
                    yield str(error)

    def _directories(self) -> Iterator[Path]:
        themes = get_list(self.config, "theme")
        above = find_directory(self.directory, get_text(self.config, "themesdir") or "themes")
        if above is not None and not themes:
            themes = sorted(directory.name for directory in above.iterdir() if directory.is_dir())
        roots = [self.directory, *(above / name for name in themes if above is not None)]
        yield from (root / name for root in roots for name in _DIRECTORIES)


def _has_pre(nodes: Iterable[Node]) -> bool:
    """Return whether a template, or a condition in it, has a ``<pre>``."""
    for node in nodes:
        match node:
            case str() if "<pre" in node:
                return True
            case Branch() if any(_has_pre(case_nodes) for _, _, case_nodes in node.cases):
                return True
            case _:
                pass
    return False


def _context(name: str, given: Arguments, inner: str, page: PageValues) -> _Fields:
    site = _Fields(
        {
            "Title": get_text(page.config, "title"),
            "BaseURL": "/",
            "Params": page.config.get("params") or {},
        }
    )
    page_fields = _Fields(
        {
            "Title": page.title,
            "RelPermalink": page.url_path,
            "Permalink": page.url_path,
            "Params": page.front,
            "Param": Method(lambda key: _typed(page.front.get(str(key).lower()))),
            "RenderString": Method(lambda *values: markdown(values[-1])),
            "Site": site,
            "Kind": "page",
        }
    )
    return _Fields(
        {
            "Get": Method(lambda key: _get(given, key)),
            "Inner": Markup(inner),
            "Params": given.named or list(given.texts),
            "IsNamedParams": bool(given.named),
            "Name": name,
            "Page": page_fields,
            "Site": site,
        },
        dict.fromkeys(("ref", "relref", "urls.ref", "urls.relref"), lambda *values: _reference(page, values)),
    )


def _reference(page: PageValues, values: tuple[Any, ...]) -> str:
    wanted = values[-1] if values and isinstance(values[-1], str) else ""
    found = page.url_of(wanted)
    if not found:
        raise UnsupportedTemplate("ref")
    return found


def _get(given: Arguments, key: Any) -> Any:
    if isinstance(key, int):
        return given.texts[key] if 0 <= key < len(given.texts) else ""
    return _typed(given.named.get(str(key).lower(), ""))


def _typed(value: Value) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
