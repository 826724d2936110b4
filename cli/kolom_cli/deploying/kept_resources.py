"""Find the tables, the bucket and the secret that a deleted stack has kept."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.answers import PENDING_URL, definitions, template_document
from kolom_cli.deploying.deployer import VERSION_PARAMETER
from kolom_cli.deploying.destroyer import exists, find_kept
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.stack import OWN_TABLE, StackResource, find_stack, holds_data

_TABLE: Final = "AWS::DynamoDB::Table"
_BUCKET: Final = "AWS::S3::Bucket"
_SECRET: Final = "AWS::SecretsManager::Secret"  # noqa: S105 (a type)
_STACK_TAG: Final = "aws:cloudformation:stack-name"
_LOGICAL_TAG: Final = "aws:cloudformation:logical-id"
_NOT_REPEATED: Final = frozenset({"Domain", "HostedZoneId", "CertificateArn", VERSION_PARAMETER})
"""Parameters with values that end with their stack. `kolom deploy --domain` sets most of them again."""

_AWS_URL: Final = re.compile(rf"{re.escape(PENDING_URL)}|https://[^/]+\.(?:cloudfront\.net|amazonaws\.com)")
"""Addresses of a site that a new stack does not have."""


@dataclass(slots=True)
class KeptResources:
    """What exists: the names of tables and bucket, and the ARN of the secret, by their logical ids.

    ``parameters`` are those of the deleted stack that differ from the defaults. ``missing`` are the logical ids of what
    does not exist.
    """

    found: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    parameters: Mapping[str, str] = field(default_factory=dict)


def data_types() -> dict[str, str]:
    """Return the types of the template's resources with content, by their logical ids."""
    return {
        name: resource["Type"]
        for name, resource in template_document()["Resources"].items()
        if holds_data(resource["Type"], name)
    }


def kind_of(logical_id: str) -> str:
    """Return the kind of a table: ``articles``."""
    return logical_id.removesuffix("Table").lower()


def default_table(stack: str, logical_id: str, parameters: Mapping[str, str]) -> str:
    """Return the name that the template gives a table."""
    return parameters.get(f"{logical_id}Name") or f"{stack}-{kind_of(logical_id)}"


def find_resources(
    stack: str, named: Mapping[str, str], without: Sequence[str], parameters: Mapping[str, str]
) -> KeptResources:
    """Return what exists of a deleted stack.

    ``named`` are resources that the caller names, by their logical ids, and ``without`` those that are not wanted. For
    the others, CloudFormation is asked, which remembers a deleted stack for 90 days; then names and tags are tried.

    :raises DeploymentError: a logical id is unknown, a named resource does not exist, or several may be meant; or the
        table of articles is not wanted, without which no command would recognize the stack
    """
    kinds = data_types()
    if unknown := sorted({*named, *without} - kinds.keys()):
        raise DeploymentError(f"unknown: {', '.join(unknown)}", f"use one of {', '.join(kinds)}")
    if OWN_TABLE in without:
        raise DeploymentError(
            f"a stack of Kolom cannot begin without {OWN_TABLE}",
            f"name another table with the same keys and indexes, which may be empty: --resource {OWN_TABLE}=NAME",
        )
    kept = find_kept(stack)
    candidates: defaultdict[str, list[str]] = defaultdict(list)
    for _, each in kept:
        candidates[each.logical_id].append(each.physical_id)
    result = KeptResources(parameters=_parameters_of(kept[0][0]) if kept else {})
    for name, kind in kinds.items():
        if name in without:
            continue
        if name in named:
            ids = [named[name]] if _exists(name, kind, named[name]) else []
            if not ids:
                raise DeploymentError(f"{name}: {named[name]} does not exist", "correct the option --resource")
        else:
            ids = list(dict.fromkeys(candidates[name])) or _search(
                stack, name, kind, {**result.parameters, **parameters}
            )
        if kind == _SECRET:
            ids = list(dict.fromkeys(_secret_arn(each) for each in ids))
        if len(ids) > 1:
            raise DeploymentError(f"{name} may be {' or '.join(ids)}", f"name one: --resource {name}={ids[0]}")
        if ids:
            result.found[name] = ids[0]
        else:
            result.missing.append(name)
    return result


def _search(stack: str, logical_id: str, kind: str, parameters: Mapping[str, str]) -> list[str]:
    """Return resources that have the name, or the tags, that the template or CloudFormation gives."""
    if kind == _TABLE:
        name = default_table(stack, logical_id, parameters)
        return [name] if _exists(logical_id, kind, name) else []
    if kind == _BUCKET:
        prefix = f"{stack}-{logical_id}-".lower()
        return [each["Name"] for each in client("s3").list_buckets()["Buckets"] if each["Name"].startswith(prefix)]
    filters = [{"Key": "tag-key", "Values": [_STACK_TAG]}, {"Key": "tag-value", "Values": [stack]}]
    pages = client("secretsmanager").get_paginator("list_secrets").paginate(Filters=filters)
    return [
        each["ARN"]
        for page in pages
        for each in page["SecretList"]
        if {(_STACK_TAG, stack), (_LOGICAL_TAG, logical_id)} <= {(tag["Key"], tag["Value"]) for tag in each["Tags"]}
    ]


def _exists(logical_id: str, kind: str, identifier: str) -> bool:
    return exists(StackResource(logical_id=logical_id, physical_id=identifier, type=kind, status=""))


def _secret_arn(identifier: str) -> str:
    return str(client("secretsmanager").describe_secret(SecretId=identifier)["ARN"])


def _parameters_of(stack_id: str) -> dict[str, str]:
    """Return the parameters of a deleted stack that a new one has to get."""
    stack = find_stack(stack_id)
    if stack is None:
        return {}
    known = definitions()
    kept = {
        name: value
        for name, value in stack.parameters.items()
        if name in known and name not in _NOT_REPEATED and value != str(known[name].get("Default", ""))
    }
    if _AWS_URL.fullmatch(kept.get("SiteUrl", "")):
        del kept["SiteUrl"]
    return kept
