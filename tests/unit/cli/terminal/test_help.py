"""`--help`: panels, a one-sentence summary and examples for every command, at 80 columns."""

import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import Any

import pytest
import typer

from kolom_cli.main import app


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return the words of every command."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


KOLOM = typer.main.get_command(app)
COMMANDS = list(commands(KOLOM))


@cache
def help_of(*words: str) -> list[str]:
    """Return the output of `--help` on a terminal with 80 columns."""
    with redirect_stdout(StringIO()) as printed, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        KOLOM.main([*words, "--help"], prog_name="kolom", standalone_mode=False)
    return printed.getvalue().splitlines()


def test_commands_are_grouped_in_panels() -> None:
    panels: dict[str, list[str]] = {}
    for line in help_of():
        if title := re.match(r"╭─ ([\w ]+) ─", line):
            panels[title[1]] = []
        elif command := re.match(r"│ ([a-z-]+)  ", line):
            panels[list(panels)[-1]].append(command[1])
    del panels["Options"]
    assert list(panels.items()) == [
        ("Writing", ["publish", "preview", "unpublish", "delete", "articles"]),
        ("Moderation", ["comments", "blocked-words"]),
        ("Messages and mail", ["messages", "mail"]),
        ("Import and export", ["sync", "export", "import"]),
        ("Site", ["deploy-assets", "reindex", "serve", "search"]),
        (
            "Deployment",
            [
                *("deploy", "rollback", "doctor", "status", "rotate-secrets", "restore", "import-resources", "destroy"),
                *("dropped-events", "backup"),
            ],
        ),
    ]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_begins_with_one_sentence_and_ends_with_examples(words: tuple[str, ...]) -> None:
    lines = help_of(*words)
    assert max(map(len, lines)) <= 80
    texts = [line.strip() for line in lines if line.strip() and line[0] not in "╭│╰"]
    assert texts[0].startswith(f"Usage: kolom {' '.join(words)} ")
    first = " ".join(texts[1:3]).partition(".")[0]
    assert re.match(r"[A-Z][a-z]+ ", first)
    examples = [text.removeprefix("$ ") for text in texts[texts.index("Examples:") + 1 :]]
    assert examples
    for example in examples:
        assert tuple(shlex.split(example)[1 : len(words) + 1]) == words


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_describes_every_option_without_python_types(words: tuple[str, ...]) -> None:
    text = "\n".join(help_of(*words))
    assert not re.search(r"<(bool|str|int|float|Path|list)", text)
    for option in re.findall(r"^│ (?:\* +)?(--[a-z-]+) (.*)│$", text, re.MULTILINE):
        assert re.search(r"[A-Z]\w+ ", option[1]), option
