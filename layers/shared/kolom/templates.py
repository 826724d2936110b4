"""The environments of Jinja for pages and mail. Functions do not compile templates, because the build has done so."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, ModuleLoader, StrictUndefined

COMPILED: Final = "compiled"
"""The directory beside the templates in which the build puts their code (:mod:`kolom_cli.sam.artifacts`)."""


def new_environment(directory: Path, *, autoescape: bool | Callable[[str | None], bool]) -> Environment:
    """Return an environment that loads the templates in ``directory``, compiled if the build has done so."""
    compiled = directory / COMPILED
    return Environment(
        loader=ModuleLoader(compiled) if compiled.is_dir() else FileSystemLoader(directory),
        autoescape=autoescape,  # noqa: S701 - the caller chooses
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
