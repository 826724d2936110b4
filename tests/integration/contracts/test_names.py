"""Public names must not disappear: those of the API, the command line, the template, the elements and stored data.

`names.json` beside this file lists them; `python -m tests.integration.contracts.test_names` writes the current ones. A
test fails if a name is gone. Remove a name only with a release note that says what replaces it.
"""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
import pytest
import typer.main
from pynamodb.models import Model

from kolom import models
from kolom_cli.main import app
from kolom_cli.sam.loader import read_document

PROJECT: Final = Path(__file__).parents[3]
RECORDED: Final = Path(__file__).parent / "names.json"

type Names = dict[str, set[str]]


def fields(schema: Any, prefix: str, schemas: Mapping[str, Any]) -> Iterator[str]:
    """The fields and the enumerated values of a schema, by their paths."""
    if isinstance(schema, list):
        for each in schema:
            yield from fields(each, prefix, schemas)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            yield from fields(schemas[schema["$ref"].rpartition("/")[2]], prefix, schemas)
        for name, value in schema.get("properties", {}).items():
            yield f"{prefix}.{name}"
            yield from fields(value, f"{prefix}.{name}", schemas)
        yield from (f"{prefix}={value}" for value in schema.get("enum", ()))
        for key in ("items", "anyOf", "allOf", "oneOf"):
            yield from fields(schema.get(key), prefix, schemas)


def api() -> Iterator[tuple[str, set[str]]]:
    """Yield the statuses, parameters, and request and response fields of each operation, as paths."""
    document = json.loads((PROJECT / "docs/openapi.json").read_text("utf-8"))
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names = {f"{each['in']} {each['name']}" for each in operation.get("parameters", ())}
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                names |= {f"takes {kind}", *fields(content["schema"], "in", schemas)}
            for status, response in operation["responses"].items():
                kinds = response.get("content", {})
                names |= {f"answers {status} {kind}" for kind in kinds} or {f"answers {status}"}
                for content in kinds.values():
                    names |= set(fields(content["schema"], "out" if status.startswith("2") else "problem", schemas))
            yield f"api: {method.upper()} {path}", names


def commands() -> Iterator[tuple[str, set[str]]]:
    """Yield the arguments of each command, and its options in all spellings."""

    def walk(command: Any, name: str) -> Iterator[tuple[str, set[str]]]:
        flags = {flag for each in command.params for flag in (*each.opts, *each.secondary_opts) if flag.startswith("-")}
        arguments = [each.metavar or each.name for each in command.params if each.param_type_name == "argument"]
        variables = {f"${each.envvar}" for each in command.params if each.envvar}
        yield f"command: {name}", flags | set(arguments) | variables
        if hasattr(command, "list_commands"):
            context = click.Context(command)
            for each in command.list_commands(context):
                yield from walk(command.get_command(context, each), f"{name} {each}")

    yield from walk(typer.main.get_command(app), "kolom")


def template() -> Iterator[tuple[str, set[str]]]:
    """Yield logical ids with types, parameters, outputs with exports, and environment variables of the functions."""
    document = read_document(PROJECT / "template.yaml")
    yield "template: resources", {f"{name} {entry['Type']}" for name, entry in document["Resources"].items()}
    yield "template: parameters", set(document["Parameters"])
    outputs = document["Outputs"]
    yield "template: outputs", {f"{name} {json.dumps(each.get('Export', {}))}" for name, each in outputs.items()}
    variables: set[str] = set(document["Globals"]["Function"]["Environment"]["Variables"])
    for entry in document["Resources"].values():
        variables |= set(entry.get("Properties", {}).get("Environment", {}).get("Variables", {}))
    yield "template: environment", variables


def elements() -> Iterator[tuple[str, set[str]]]:
    """Yield the files that pages load, and the attributes, events, parts and properties of all custom elements."""
    files = sorted((PROJECT / "frontend/widgets").glob("*.js"))
    source = "\n".join(file.read_text("utf-8") for file in files)
    observed = re.findall(r"observedAttributes = \[([^]]+)\]", source)
    yield "elements: files", {file.name for file in files}
    yield "elements: names", set(re.findall(r'customElements\.define\("([\w-]+)"', source))
    yield "elements: attributes", {name for each in observed for name in re.findall(r'"([\w-]+)"', each)}
    yield "elements: events", set(re.findall(r'\.emit\("([\w-]+)"', source))
    yield "elements: parts", {name for each in re.findall(r'\bpart[:=] ?"([a-z -]+)"', source) for name in each.split()}
    yield "elements: properties", set(re.findall(r"var\((--kolom-[\w-]+)", source))


def stored() -> Iterator[tuple[str, set[str]]]:
    """Yield the attributes, item kinds and indexes of each table."""
    found: Names = {}
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    for model in _below(Model):
        if hasattr(model, "Meta") and hasattr(model.Meta, "table_name"):
            of_table = found.setdefault(f"stored: {model.Meta.table_name}", set())
            of_table |= {each.attr_name for each in model.get_attributes().values()}
            of_table |= {f"index {name}" for name in model._indexes}
            discriminator = model.get_attributes().get(model._discriminator or "")
            kinds = getattr(discriminator, "_class_map", {}).values()
            of_table |= {f"{discriminator.attr_name}={kind}" for kind in kinds if discriminator}
    yield from found.items()


def _below(model: Any) -> Iterator[Any]:
    for each in model.__subclasses__():
        yield each
        yield from _below(each)


def words() -> Iterator[tuple[str, set[str]]]:
    """Yield the message keys and the other entries of the English locale file."""
    (english,) = (PROJECT / "layers/shared/kolom").rglob("en.json")
    words = json.loads(english.read_text("utf-8"))
    yield "words: keys", set(words["strings"])
    yield "words: forms", set(words)


def names() -> Names:
    """Return all public names by category."""
    return dict(each for part in (api, commands, template, stored, elements, words) for each in part())


@pytest.fixture(scope="module")
def current() -> Names:
    """Return the current public names."""
    return names()


@pytest.mark.parametrize("kind", ["api", "command", "template", "stored", "elements", "words"])
def test_no_public_name_is_removed(current: Names, kind: str) -> None:
    """This also finds unintended renames of a field, flag, parameter or part."""
    recorded = {
        name: set(listed)
        for name, listed in json.loads(RECORDED.read_text("utf-8")).items()
        if name.startswith(f"{kind}: ")
    }
    assert recorded
    assert recorded.keys() <= current.keys()
    gone = {name: sorted(listed - current[name]) for name, listed in recorded.items()}
    assert {name: listed for name, listed in gone.items() if listed} == {}


if __name__ == "__main__":
    importlib.import_module("tests.conftest")
    lines = [f"{json.dumps(name)}: {json.dumps(sorted(listed))}" for name, listed in names().items()]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
