"""SnapStart: functions for which a reader waits start from a snapshot of their initialized process (decision 98).

Lambda takes the snapshot of a published version, and SAM publishes versions only for a function with an alias. No
parameter of a template can add an alias, so the packaged template is changed before CloudFormation gets it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kolom_cli.sam.intrinsics import parse

PARAMETER: Final = "SnapStart"
RULE: Final = "SnapStartNeedsKolomDeploy"
"""The rule of the template that refuses `SnapStart=on` without :func:`publishing_versions`."""

DIGEST: Final = "DeploymentDigest"
"""The parameter that only a changed template has: another value publishes new versions."""

FUNCTIONS: Final = ("FetchArticles", "ReadComments", "SearchArticles", "ServePages")
"""The logical ids of the functions for which a reader waits."""

ACTIONS: Final = ("lambda:PublishVersion", "lambda:CreateAlias", "lambda:UpdateAlias")
"""What a deployment needs beside the actions that all deployments need."""

_ALIAS: Final = "live"
_DIGITS: Final = 32


def is_on(values: Mapping[str, str]) -> bool:
    """Return whether a stack with these parameters has SnapStart."""
    return values.get(PARAMETER) == "on"


def publishing_versions(template: str) -> str:
    """Return a packaged template in which each change of :data:`DIGEST` publishes new versions, which answer at once.

    CloudFormation deletes the old versions after the aliases have moved, because their snapshots would cost, too.
    """
    document = parse(template)
    del document["Rules"][RULE]
    document["Parameters"][DIGEST] = {
        "Type": "String",
        "Description": "Digest of the template and of the other parameters; `kolom deploy` sets it",
    }
    for name in FUNCTIONS:
        resource = document["Resources"][name]
        # SAM would keep all versions. The function itself has this policy by default.
        resource["DeletionPolicy"] = "Delete"
        resource["Properties"] |= {
            "AutoPublishAlias": _ALIAS,
            # SAM also makes it the description of the function: Lambda publishes no version of an unchanged function.
            "AutoPublishCodeSha256": {"Ref": DIGEST},
            "SnapStart": {"ApplyOn": "PublishedVersions"},
        }
    return json.dumps({name: section for name, section in document.items() if section})


def digest(template: str, values: Mapping[str, str]) -> str:
    """Return the value of :data:`DIGEST` for a packaged template and the values of all its parameters."""
    return _joined(hashlib.sha256(template.encode()).hexdigest()[:_DIGITS], values)


def digest_after(values: Mapping[str, str]) -> str:
    """Return the value of :data:`DIGEST` after the values of a stack, which include it, have changed."""
    return _joined(values[DIGEST][_DIGITS:], values)


def _joined(template_digest: str, values: Mapping[str, str]) -> str:
    """Return a digest of both parts, and then that of the template.

    SAM allows letters and digits, and makes the first ten of them a part of the logical ids of the versions.
    """
    others = sorted((name, value) for name, value in values.items() if name != DIGEST)
    joined = hashlib.sha256(json.dumps([template_digest, others]).encode()).hexdigest()
    return joined[:_DIGITS] + template_digest


def values_of(
    parameters: Sequence[Mapping[str, Any]], previous: Mapping[str, str], definitions: Mapping[str, Any]
) -> dict[str, str]:
    """Return the values that a stack has after a change set with these parameters."""
    defaults = {name: str(each["Default"]) for name, each in definitions.items() if "Default" in each}
    given = {
        each["ParameterKey"]: previous[each["ParameterKey"]] if each.get("UsePreviousValue") else each["ParameterValue"]
        for each in parameters
    }
    return {**defaults, **given}
