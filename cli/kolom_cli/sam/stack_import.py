"""Write the input of a change set that imports the retained resources of a deleted stack into a new one.

``python -m kolom_cli.sam.stack_import DIRECTORY LOGICAL_ID=IDENTIFIER…`` writes ``template.json`` and
``resources.json``. ``docs/deploy.md`` describes the complete procedure.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kolom_cli.sam.defaults import LOCAL_SITE, TEMPLATE
from kolom_cli.sam.intrinsics import Resolver, TemplateError
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames

IDENTIFIERS: Final = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SecretsManager::Secret": "Id",
}
"""The property that identifies a resource of each type in an import. A secret's ``Id`` is its ARN."""


def import_input(path: Path, identifiers: Mapping[str, str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a template of the retained resources named in ``identifiers``, and CloudFormation's ``ResourcesToImport``.

    The template at ``path`` gives the properties, so a later deployment of it changes nothing in these resources. All
    values are literal, and there is nothing else: an import accepts neither other resources nor outputs.

    :raises TemplateError: a logical id is not a retained resource, or an identifier is not valid for it
    """
    document = read_document(path)
    retained = {
        logical_id: resource
        for logical_id, resource in document["Resources"].items()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate"
    }
    if unknown := sorted(identifiers.keys() - retained.keys()):
        raise TemplateError(f"not a retained resource: {', '.join(unknown)} (available: {', '.join(retained)})")
    resolver = _resolver(document, {name: identifiers[name] for name in identifiers if _is_table(retained[name])})
    resources = {
        name: {**retained[name], "Properties": resolver.resolve(retained[name]["Properties"])} for name in identifiers
    }
    to_import = [
        {
            "ResourceType": resource["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {
                IDENTIFIERS[resource["Type"]]: _identifier(name, resource["Type"], identifiers[name])
            },
        }
        for name, resource in resources.items()
    ]
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, to_import


def _is_table(resource: Mapping[str, Any]) -> bool:
    return bool(resource["Type"] == "AWS::DynamoDB::Table")


def _resolver(document: dict[str, Any], tables: Mapping[str, str]) -> Resolver:
    given = {"SiteUrl": LOCAL_SITE, **{f"{logical_id}Name": name for logical_id, name in tables.items()}}
    names = ResourceNames(document["Resources"], {})
    resolver = names.resolver = Resolver(document, parameter_values(document["Parameters"], given), names)
    return resolver


def _identifier(name: str, kind: str, identifier: str) -> str:
    if not identifier:
        raise TemplateError(f"{name} has no identifier")
    if kind == "AWS::SecretsManager::Secret" and not identifier.startswith("arn:"):
        raise TemplateError(f"{name} needs the ARN of the secret, got {identifier!r}")
    return identifier


def main(arguments: list[str]) -> int:
    """Write both files and return the exit code, which is 2 for invalid arguments."""
    if len(arguments) < 2 or not all("=" in argument for argument in arguments[1:]):
        print("usage: python -m kolom_cli.sam.stack_import DIRECTORY LOGICAL_ID=IDENTIFIER…", file=sys.stderr)  # noqa: T201
        return 2
    directory = Path(arguments[0])
    try:
        template, resources = import_input(TEMPLATE, dict(argument.split("=", 1) for argument in arguments[1:]))
    except TemplateError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "template.json").write_text(json.dumps(template, indent=2) + "\n", "utf-8")
    (directory / "resources.json").write_text(json.dumps(resources, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
