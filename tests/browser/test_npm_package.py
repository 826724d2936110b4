"""The npm package of the elements, which `make npm-package` builds."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kolom_cli.assets.npm_package import MANIFEST, build
from tests.paths import PROJECT
from tests.recipes import read_recipe

WIDGETS = PROJECT / "frontend/widgets"
BIN = PROJECT / "node_modules/.bin"
SAMPLE = """
import "kolom-elements";
import { KolomSearch } from "kolom-elements/kolom-search.js";
import type { KolomIntrinsicElements } from "kolom-elements";

const search: KolomSearch = document.createElement("kolom-search");
void search.open();
const comments = document.querySelector("kolom-comments");
comments?.addEventListener("kolom-sent", (event) => console.log(event.detail.id));
void comments?.reload();
export const attributes: KolomIntrinsicElements["kolom-comments"] = { "order": "newest", "edit-minutes": 5 };
"""
WRONG = 'import type { KolomIntrinsicElements as E } from "kolom-elements";\nexport const x: E<{}>["kolom-count"] = '
JSX = """
/// <reference path="react.d.ts" />
import type {} from "kolom-elements/react";
import * as React from "react";
export const page = <kolom-comments api="https://blog.example" order="newest" theme="dark" className="x" />;
"""
REACT = """
declare module "react" {
  export interface HTMLAttributes<T> { className?: string; }
  export type DetailedHTMLProps<E, T> = E;
  export namespace JSX { interface IntrinsicElements {} interface Element {} }
  export function createElement(...given: unknown[]): JSX.Element;
}
"""
"""What the types of the package need of React's."""
_TAGS = ("html", "body", "header", "main", "aside", "script", "a", "h1")
REACT_OF_RECIPE = (
    REACT.replace("IntrinsicElements {}", f"IntrinsicElements {{ {' '.join(f'{name}: any;' for name in _TAGS)} }}")
    .replace("className?: string;", "className?: string; id?: string;")
    .replace("export interface HTML", "export type ReactNode = unknown;\n  export interface HTML")
)

SAME_TREES = """
import { readFileSync } from "node:fs";
import { parse } from "espree";
const [, sources, minified, ...names] = process.argv;
const tree = (path) => {
  const sourceType = path.endsWith("kolom-proof.js") ? "script" : "module";
  return JSON.stringify(parse(readFileSync(path, "utf-8"), { ecmaVersion: 2024, sourceType }), (key, value) =>
    key === "start" || key === "end" ? undefined : typeof value === "bigint" ? String(value) : value);
};
const others = names.filter((name) => tree(`${sources}/${name}`) !== tree(`${minified}/${name}`));
console.log(others.length ? others.join() : `${names.length} are the same`);
"""
"""Compares the syntax trees of files in two folders. Positions in the text do not count."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package, and return the folder that has it as an installed one."""
    folder = tmp_path_factory.mktemp("npm")
    analyzed = PROJECT / "test-output/npm"
    globs = ["--globs", "frontend/widgets/kolom*.js", "--outdir", "test-output/npm"]
    subprocess.run([BIN / "cem", "analyze", "--quiet", *globs], cwd=PROJECT, check=True, capture_output=True)
    target = folder / "node_modules/kolom-elements"
    build(WIDGETS, json.loads((analyzed / MANIFEST).read_text("utf-8")), PROJECT / "LICENSE", target)
    return folder


def compile_sample(folder: Path, name: str, source: str) -> str:
    """Return what the TypeScript compiler says about a file that uses the package."""
    (folder / name).write_text(source, "utf-8")
    options = ["--noEmit", "--strict", "--jsx", "react", "--types", "", "--target", "es2024"]
    modules = ["--module", "esnext", "--moduleResolution", "bundler"]
    command = [str(BIN / "tsc"), "--ignoreConfig", *options, *modules, name]
    compiled = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    return str(compiled.stdout)


def source_with_parts(path: Path) -> str:
    """Return the source of an element, and of the modules that it loads later, such as those of its forms."""
    source = path.read_text("utf-8")
    parts = [WIDGETS / name for name in re.findall(r'\bimport\("\./([\w-]+\.js)"\)', source)]
    return "\n".join([source, *(part.read_text("utf-8") for part in parts)])


def used_attributes(source: str) -> set[str]:
    """Return the names of the attributes that the source of an element reads or observes."""
    observed = re.findall(r"observedAttributes = \[([^]]+)\]", source)
    read = re.findall(r'\b(?:this|#?host)\.getAttribute\("([\w-]+)"\)', source)
    return {*read, *(name for each in observed for name in re.findall(r'"([\w-]+)"', each))}


def elements(package: Path) -> dict[str, Any]:
    """Return the declaration of each element in the manifest, by its name."""
    manifest = json.loads((package / "node_modules/kolom-elements" / MANIFEST).read_text("utf-8"))
    return {each["tagName"]: each for module in manifest["modules"] for each in module["declarations"]}


def test_the_manifest_has_every_element_with_its_attributes_and_events(
    package: Path, subtests: pytest.Subtests
) -> None:
    found = elements(package)
    paths = {path.stem: path for path in WIDGETS.glob("kolom-*.js")}
    sources = {name: source_with_parts(path) for name, path in paths.items()}
    assert found.keys() == {name for name, path in paths.items() if "customElements.define(" in path.read_text("utf-8")}
    for name, element in found.items():
        with subtests.test(name):
            described = {each["name"] for each in element["attributes"]}
            assert used_attributes(sources[name]) <= described
            assert described - used_attributes(sources[name]) <= {"heading", "theme"}
            assert all(each["description"] and each["type"]["text"] for each in element["attributes"])
            events = {each["name"] for each in element["events"]}
            assert set(re.findall(r'emit\("([\w-]+)"', sources[name])) <= events
            parts = {part for each in re.findall(r'part: "([\w -]+)"', sources[name]) for part in each.split()}
            assert parts & {"list", "title", "form"} <= {each["name"] for each in element["cssParts"]}


def test_typescript_and_jsx_know_the_elements(package: Path) -> None:
    assert compile_sample(package, "sample.ts", SAMPLE) == ""
    (package / "react.d.ts").write_text(REACT, "utf-8")
    assert compile_sample(package, "sample.tsx", JSX) == ""
    assert "artcle" in compile_sample(package, "wrong.ts", f'{WRONG}{{ artcle: "x" }};')
    assert "kolom-serch" in compile_sample(package, "name.tsx", JSX.replace("kolom-comments", "kolom-serch"))


def test_a_minified_module_means_the_same_as_its_source(package: Path) -> None:
    """The parser of ESLint reads the same syntax tree from both."""
    root = package / "node_modules/kolom-elements"
    names = [path.relative_to(root).as_posix() for path in root.rglob("*.js")]
    assert "kolom-search-results.js" in names
    compare = subprocess.run(
        ["node", "--input-type=module", "--eval", SAME_TREES, str(WIDGETS), str(root), *names],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (compare.stdout, compare.stderr) == (f"{len(names)} are the same\n", "")


def test_the_package_has_every_file_that_it_names(package: Path) -> None:
    root = package / "node_modules/kolom-elements"
    description = json.loads((root / "package.json").read_text("utf-8"))
    named = re.findall(r'"(\./[^"]+)"', json.dumps([*description["exports"].values(), description["types"]]))
    imported = [
        path.parent / name
        for path in root.rglob("*.js")
        for name in re.findall(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"', path.read_text("utf-8"))
    ]
    assert all((root / name).is_file() for name in named)
    assert len(imported) > 20
    assert [path for path in imported if not path.is_file()] == []


def test_the_recipe_for_react_compiles_with_the_types_of_the_package(package: Path) -> None:
    """The package also says which attributes and names are wrong."""
    recipe = read_recipe("react")
    (package / "react.d.ts").write_text(REACT_OF_RECIPE, "utf-8")
    head = '/// <reference path="react.d.ts" />\nimport * as React from "react";\n'
    types = recipe.files["kolom.d.ts"]
    files = {path: text for path, text in recipe.files.items() if path.endswith(".tsx")}
    assert len(files) == 3
    for path, text in files.items():
        name = path.replace("/", "-")
        assert compile_sample(package, name, f"{head}{types}{text}") == "", path
    wrong = files["app/comments.tsx"].replace("kolom-comments", "kolom-coments")
    assert "kolom-coments" in compile_sample(package, "wrong.tsx", f"{head}{types}{wrong}")
