"""Build docs/ as a site: ``make docs``.

The pages stay plain Markdown that reads well in the repository too. The build adds navigation and generated
text, so the sources contain neither.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sphinx.application import Sphinx

import kolom
from kolom_cli.docs import command_line, http_api, template_parameters

# The sidebar, grouped by audience. An entry is a page, or a label and a page.
NAVIGATION: Final[Mapping[str, tuple[str, ...]]] = {
    "Start": ("Overview <self>",),
    "Write": (
        "Publish <publish>",
        "Theme <theme>",
        "Feeds and sitemaps <feeds>",
        "Import <migrate>",
        "Export and restore <archive>",
    ),
    "Embed": (
        "Recipes for static sites <sites/index>",
        "Other sites <sync>",
        "Custom elements <embed>",
        "Search <search>",
    ),
    "Operate": (
        "Deploy <deploy>",
        "A deployment from beginning to end <deploy-transcript>",
        "Cost <cost>",
        "Operate <operate>",
        "Comments <comments>",
        "Mail <mail>",
        "Security <security>",
    ),
    "Develop": ("Architecture <architecture>", "Performance <performance>", "Development <develop>"),
    "Reference": ("reference/http-api", "reference/cli", "reference/parameters", "changelog", "decisions/README"),
}
GENERATED: Final[Mapping[str, Callable[[], str]]] = {
    "reference/http-api": http_api.render_reference,
    "reference/cli": command_line.render_reference,
    "reference/parameters": template_parameters.render_reference,
}

project = "Kolom"
version = kolom.__version__
language = "en"
extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build"]
# Indented blocks contain commands, URLs and lists of files, so no single language is right for all.
highlight_language = "text"
# Templates of generators mix languages, which the lexers then highlight as well as they can.
suppress_warnings = ["misc.highlighting_failure"]
# Otherwise `--option` in running text would be shown with a dash.
smartquotes = False
copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp"
myst_heading_anchors = 4

html_theme = "furo"
html_title = "Kolom"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_use_index = False
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False


def toctree(caption: str, pages: tuple[str, ...], *options: str) -> str:
    """Return a hidden table of contents, for the navigation."""
    lines = ["", "```{toctree}", ":hidden:", f":caption: {caption}", *options, "", *pages, "```", ""]
    return "\n".join(lines)


# The pages below `sites/index`, in its own table of contents.
SITES: Final = ("html", "hugo", "jekyll", "eleventy", "astro", "pelican", "mkdocs", "react", "ci")


def complete(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add to a page what its file does not contain: generated text, and the navigation."""
    if page in GENERATED:
        source[0] += "\n" + GENERATED[page]()
    if page == "index":
        source[0] += "".join(toctree(caption, pages) for caption, pages in NAVIGATION.items())
    if page == "sites/index":
        source[0] += toctree("Recipes", SITES)
    if page == "decisions/README":
        source[0] += toctree("Records", ("[0-9]*",), ":glob:")


def setup(app: Sphinx) -> None:
    """Register this extension in Sphinx."""
    app.connect("source-read", complete)
