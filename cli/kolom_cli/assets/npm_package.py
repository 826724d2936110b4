"""Build the npm package of the custom elements: their modules, minified, types for TypeScript and JSX, and a manifest.

The types and the manifest are made from the manifest of https://custom-elements-manifest.open-wc.org, which has the
comments at the classes.
"""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import kolom
from kolom_cli.assets.javascript import minify

NAME: Final = "kolom-elements"
MANIFEST: Final = "custom-elements.json"
_KEPT: Final = ("kind", "name", "description", "tagName", "customElement", "attributes", "events", "cssParts")

type Element = Mapping[str, Any]
"""The declaration of an element in the manifest."""


def build(widgets: Path, analyzed: Mapping[str, Any], licence: Path, target: Path) -> None:
    """Write the package into the folder ``target``, from the modules of ``widgets`` and the analyzer's manifest."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in sorted(widgets.rglob("*.js")):
        copy = target / path.relative_to(widgets)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(minify(path.read_bytes()))
    shutil.copyfile(licence, target / "LICENSE")
    elements = dict(_elements(analyzed))
    files = {
        "package.json": json.dumps(_package(elements), indent=2) + "\n",
        MANIFEST: json.dumps(_manifest(elements), indent=2, ensure_ascii=False) + "\n",
        "kolom.d.ts": _types(elements),
        "react.d.ts": _react_types(),
        "README.md": _readme(elements),
        **{module.replace(".js", ".d.ts"): _module_types(element) for module, element in elements.items()},
    }
    for name, text in files.items():
        (target / name).write_text(text, "utf-8")


def _elements(analyzed: Mapping[str, Any]) -> Iterator[tuple[str, Element]]:
    """Yield the file name of each module that defines an element, with what the public may know of the element."""
    for module in analyzed["modules"]:
        for declaration in module["declarations"]:
            if declaration.get("tagName"):
                public = {key: declaration[key] for key in _KEPT if key in declaration}
                # The analyzer also finds the event of the base class, whose name is a variable.
                public["events"] = [event for event in public.get("events", ()) if event["name"].startswith("kolom-")]
                public["attributes"] = sorted(public["attributes"], key=lambda each: str(each["name"]))
                yield Path(module["path"]).name, public


def _package(elements: Mapping[str, Element]) -> dict[str, Any]:
    modules = {f"./{name}": {"types": f"./{name.replace('.js', '.d.ts')}", "default": f"./{name}"} for name in elements}
    return {
        "name": NAME,
        "version": kolom.__version__,
        "description": "Comments, search and articles of a Kolom blog on any page, as custom elements",
        "license": "Apache-2.0",
        "type": "module",
        "exports": {
            ".": {"types": "./kolom.d.ts", "default": "./kolom.js"},
            **modules,
            "./react": {"types": "./react.d.ts"},
            f"./{MANIFEST}": f"./{MANIFEST}",
        },
        "types": "./kolom.d.ts",
        "customElements": MANIFEST,
        # Each module defines its element.
        "sideEffects": True,
    }


def _manifest(elements: Mapping[str, Element]) -> dict[str, Any]:
    return {
        "schemaVersion": "1.0.0",
        "modules": [
            {
                "kind": "javascript-module",
                "path": module,
                "declarations": [element],
                "exports": [
                    {
                        "kind": "custom-element-definition",
                        "name": element["tagName"],
                        "declaration": {"name": element["name"], "module": module},
                    }
                ],
            }
            for module, element in elements.items()
        ],
    }


def _types(elements: Mapping[str, Element]) -> str:
    """Return the types of the package: the elements by their names, and the attributes of each in JSX."""
    imports = "".join(
        f'import type {{ {element["name"]} }} from "./{module}";\n' for module, element in elements.items()
    )
    attributes = "\n".join(_attribute_types(element) for element in elements.values())
    tags = "".join(f'    "{element["tagName"]}": {element["name"]};\n' for element in elements.values())
    events = sorted({event["name"] for element in elements.values() for event in element["events"]})
    handlers = "".join(f'    "{name}": CustomEvent<any>;\n' for name in events)
    intrinsic = "".join(
        f'  "{element["tagName"]}": {element["name"]}Attributes & Other;\n' for element in elements.values()
    )
    return (
        f"{imports}\n{attributes}\n"
        "/** The attributes of an element in JSX. `Other` is what each element of the framework may have. */\n"
        f"export interface KolomIntrinsicElements<Other = Record<string, unknown>> {{\n{intrinsic}}}\n\n"
        f"declare global {{\n  interface HTMLElementTagNameMap {{\n{tags}  }}\n"
        f"  interface HTMLElementEventMap {{\n{handlers}  }}\n}}\n"
    )


def _attribute_types(element: Element) -> str:
    lines = "".join(
        f'  /** {each["description"]}. */\n  "{each["name"]}"?: {_attribute_type(each["type"]["text"])};\n'
        for each in element["attributes"]
    )
    return f"/** {element['description']} */\nexport interface {element['name']}Attributes {{\n{lines}}}\n"


def _attribute_type(text: str) -> str:
    """Return the type of an attribute. Numbers and flags may also be strings, as in HTML."""
    return {"number": "number | string", "boolean": 'boolean | "true" | "false"'}.get(text, text)


def _react_types() -> str:
    return (
        'import type { DetailedHTMLProps, HTMLAttributes } from "react";\n'
        'import type { KolomIntrinsicElements } from "./kolom.js";\n\n'
        'declare module "react" {\n  namespace JSX {\n'
        "    interface IntrinsicElements\n"
        "      extends KolomIntrinsicElements<DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement>> {}\n"
        "  }\n}\n"
    )


def _module_types(element: Element) -> str:
    methods = "  /** Loads the content again. */\n  reload(): Promise<void>;\n"
    if element["tagName"] == "kolom-search":
        methods += "  /** Opens the dialog. */\n  open(): Promise<void>;\n"
    return (
        f"/** {element['description']} */\nexport declare class {element['name']} extends HTMLElement {{\n{methods}}}\n"
    )


def _readme(elements: Mapping[str, Element]) -> str:
    rows = "".join(f"| `<{each['tagName']}>` | {each['description']} |\n" for each in elements.values())
    return (
        f"# {NAME}\n\nComments, search and articles of a Kolom blog on any page, as custom elements.\n\n"
        f'```js\nimport "{NAME}"; // loads the modules of the elements that a page has\n```\n\n'
        f"| element | shows |\n|---|---|\n{rows}\n"
        f'With TypeScript and React 19, also write `import type {{}} from "{NAME}/react";`.\n'
    )


def main(arguments: Sequence[str]) -> None:
    """Build the package from ``frontend/widgets``, the analyzer's manifest, the licence, and the target folder."""
    widgets, manifest, licence, target = map(Path, arguments)
    build(widgets, json.loads(manifest.read_text("utf-8")), licence, target)


if __name__ == "__main__":
    main(sys.argv[1:])
