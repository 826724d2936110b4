"""The recipes for static sites: their files are well-formed, and their commands and elements exist."""

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any, Final

import jinja2
import pytest
import typer
import yaml
from lxml import html as lxml_html

from kolom_cli.main import app
from kolom_cli.syncing.html_tree import elements
from kolom_cli.syncing.metadata import read_metadata
from tests.paths import PROJECT
from tests.recipes import BLOG, FOLDER, read_recipe

RECIPES: Final = sorted(path.stem for path in FOLDER.glob("*.md"))
GENERATORS: Final = [name for name in RECIPES if name not in {"index", "ci"}]
WIDGETS: Final = PROJECT / "frontend/widgets"
_VOID: Final = frozenset({"meta", "link", "img", "br", "input", "hr"})
_TEMPLATE_TAGS: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_FRONT_MATTER: Final = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_BRACES: Final = re.compile(r"\{[^{}]*\}")
_LIQUID: Final = re.compile(r"\{%-?\s*(\w+)")
_GO: Final = re.compile(r"\{\{-?\s*(if|with|range|define|block|end)\b")
_ACTIONS: Final = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40})  # v\d+\.\d+\.\d+$", re.MULTILINE)


class _Balance(HTMLParser):
    """Collects tags that are not closed in the right order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - of the base class
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Accept ``<tag />``, which Astro and JSX have."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")


def check_markup(text: str) -> None:
    """Fail if tags are not balanced. Template tags and expressions in braces are left out."""
    plain = _TEMPLATE_TAGS.sub("", _FRONT_MATTER.sub("", text))
    while _BRACES.search(plain):
        plain = _BRACES.sub("", plain)
    parser = _Balance()
    parser.feed(plain)
    parser.close()
    assert (parser.problems, parser.open) == ([], [])


def check_blocks(opening: re.Pattern[str], text: str) -> None:
    """Fail if blocks of Liquid or Go templates are not balanced."""
    blocks: list[str] = []
    for name in opening.findall(text):
        if name in {"if", "for", "with", "range", "define", "block"}:
            blocks.append(name)
        elif name.startswith("end"):
            assert blocks, text
            begun = blocks.pop()
            assert name in {"end", f"end{begun}"}
    assert blocks == []


def check_jinja(text: str) -> None:
    """Fail if it is not a template of Jinja, whose syntax Nunjucks and MiniJinja share here."""
    jinja2.Environment(autoescape=True).parse(text)
    check_markup(text)


def check_liquid(text: str) -> None:
    check_blocks(_LIQUID, text)
    check_markup(text)


def check_html(text: str) -> None:
    check_blocks(_GO, text)
    check_markup(text)


def check_python(text: str) -> None:
    compile(text, "recipe", "exec")


def check_script(text: str) -> None:
    """Fail if brackets are not balanced. `make browser` compiles the files for React."""
    for opening, closing in ("()", "[]", "{}"):
        assert text.count(opening) == text.count(closing)


CHECKS: Final[dict[str, Callable[[str], Any]]] = {
    "html": check_html,
    "html+jinja": check_jinja,
    "liquid": check_liquid,
    "python": check_python,
    "json": json.loads,
    "yaml": yaml.safe_load,
    "toml": tomllib.loads,
    "js": check_script,
    "ts": check_script,
    "tsx": check_script,
    "css": check_script,
}


@pytest.mark.parametrize("name", RECIPES)
def test_every_file_of_a_recipe_has_a_path_and_is_well_formed(name: str, subtests: pytest.Subtests) -> None:
    recipe = read_recipe(name)
    assert recipe.unnamed == ()
    assert bool(recipe.files) == (name in GENERATORS)
    for path, text in recipe.files.items():
        with subtests.test(path):
            CHECKS[recipe.languages[path]](text)
            if matter := _FRONT_MATTER.match(text):
                assert path.endswith(".astro") or isinstance(yaml.safe_load(matter[1]), dict)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_recipe_loads_the_script_and_uses_the_elements(name: str) -> None:
    text = "".join(read_recipe(name).files.values())
    sources = re.findall(r'src="(https://blog\.example/[^"]+)"', text)
    assert sources
    assert all((WIDGETS / url.removeprefix(f"{BLOG}/assets/widgets/")).is_file() for url in sources)
    used = set(re.findall(r"<(kolom-[a-z-]+)", text))
    assert {"kolom-search", "kolom-related", "kolom-comments"} <= used
    assert [each for each in used if not (WIDGETS / f"{each}.js").is_file()] == []
    assert "data-kolom-body" in text or name == "mkdocs"
    assert "data-kolom-count" in "".join((text, (FOLDER / f"{name}.md").read_text("utf-8"))) or name in {
        "mkdocs",
        "react",
    }


@pytest.mark.parametrize("name", GENERATORS)
def test_declarations_of_a_recipe_are_understood(name: str) -> None:
    """An unknown key of ``data-kolom-meta`` would be ignored."""
    for text in read_recipe(name).files.values():
        root = lxml_html.fromstring(f"<html><body>{_TEMPLATE_TAGS.sub('x', text)}</body></html>")
        assert read_metadata(root).notes == []
        assert all(each.get("mode") in {"dialog", None} for each in elements(root, "kolom-search"))


def parse(words: list[str]) -> None:
    """Parse the arguments of `kolom` as the command does, without running it."""
    command: Any = typer.main.get_command(app)
    arguments = words[1:]
    context = None
    while True:
        context = command.make_context(command.name or "kolom", list(arguments), parent=context)
        if not hasattr(command, "resolve_command"):
            return
        _, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of the commands of `kolom` in indented lines, in backticks, and in steps of a workflow."""
    command = r"(?:\S*bin/)?kolom(?: --local)? [a-z-]+ [^\n`]+"
    for found in re.findall(rf"(?:^ {{4,}}|`|run: |- )({command})", text, re.MULTILINE):
        yield shlex.split(found, comments=True)


@pytest.mark.parametrize("name", RECIPES)
def test_every_command_of_a_recipe_exists_with_its_options(name: str) -> None:
    found = list(commands((FOLDER / f"{name}.md").read_text("utf-8")))
    assert bool([words for words in found if "sync" in words]) == (name != "ci")
    for words in found:
        parse(words)


def test_an_unknown_option_is_noticed() -> None:
    with pytest.raises(Exception, match="No such option: --base"):
        parse(["kolom", "sync", "public/", "--base", "https://example.com"])


@pytest.mark.parametrize("name", ["sync-from-github.yml", "sync-from-gitlab.yml"])
def test_the_jobs_run_commands_that_exist(name: str) -> None:
    text = (PROJECT / "docs/examples" / name).read_text("utf-8")
    (words,) = commands(text)
    assert "sync" in words
    parse(words)
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    assert set(re.findall(r"\bmake (?:-C \S+ )?([a-z-]+)", text)) == {"sync"}
    assert re.search(r"^sync:", makefile, re.MULTILINE)


def test_only_the_job_that_runs_kolom_gets_a_token() -> None:
    github = yaml.safe_load((PROJECT / "docs/examples/sync-from-github.yml").read_text("utf-8"))
    assert github["permissions"] == {"contents": "read"}
    assert {name: job.get("permissions") for name, job in github["jobs"].items()} == {
        "build": None,
        "sync": {"contents": "read", "id-token": "write"},
    }
    used = [step["uses"] for job in github["jobs"].values() for step in job["steps"] if "uses" in step]
    text = (PROJECT / "docs/examples/sync-from-github.yml").read_text("utf-8")
    assert [f"{action}@{commit}" for action, commit in _ACTIONS.findall(text)] == used
    gitlab = yaml.safe_load((PROJECT / "docs/examples/sync-from-gitlab.yml").read_text("utf-8"))
    assert [name for name, job in gitlab.items() if isinstance(job, dict) and "id_tokens" in job] == ["sync"]
    script = gitlab["sync"]["script"]
    assert script[-3].startswith("env -u AWS_TOKEN make"), "packages are installed without the token"
    assert [number for number, line in enumerate(script) if "$AWS_TOKEN" in line] == [len(script) - 2]


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_a_trust_policy_names_one_branch_of_one_repository(name: str) -> None:
    policy = json.loads((PROJECT / f"docs/examples/trust-{name}.json").read_text("utf-8"))
    (statement,) = policy["Statement"]
    conditions = statement["Condition"]["StringEquals"]
    assert {key.rpartition(":")[2] for key in conditions} == {"aud", "sub"}
    assert "*" not in json.dumps(policy)
