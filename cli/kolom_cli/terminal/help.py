"""Format the help of commands: panels, examples, and names of values instead of types."""

import inspect
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

EXAMPLES = "Examples:"


class _WithoutTypes:
    """A command whose help does not show Python types, such as `--json <bool>` or `<list[Path]>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
            elif param.param_type_name == "argument":
                param.display_type_rich = _no_type
        return params


def _no_type(ctx: Any) -> str:  # noqa: ARG001 - the signature of Typer's method
    return ""


class Command(_WithoutTypes, TyperCommand):
    """A command of `kolom`."""


class Group(_WithoutTypes, TyperGroup):
    """A group of commands of `kolom`."""


def command[Function: Callable[..., Any]](
    app: typer.Typer, name: str, *examples: str, panel: str | None = None
) -> Callable[[Function], Function]:
    """Register a function as a command of ``app``.

    The help is the function's docstring, with joined lines. ``examples`` are command lines, shown below the options.
    """

    def register(function: Function) -> Function:
        paragraphs = (inspect.getdoc(function) or "").split("\n\n")
        return app.command(
            name,
            cls=Command,
            help="\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs),
            epilog="\n".join([EXAMPLES, *(f"$ {example}" for example in examples)]),
            rich_help_panel=panel,
        )(function)

    return register
