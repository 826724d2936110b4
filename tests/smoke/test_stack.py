"""The CloudFormation template after SAM's own transform, checked with cfn-lint's specifications."""

import json
import subprocess
from functools import cache
from graphlib import TopologicalSorter
from typing import Any, Final

from kolom_cli.deploying.budget_check import knows_budgets
from kolom_cli.deploying.change_set import is_known
from kolom_cli.sam.intrinsics import Resolver
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames
from tests.paths import PROJECT

SAM: Final = PROJECT / ".venv-sam"
TEMPLATE_LIMIT_BYTES: Final = 1_000_000
RESOURCE_LIMIT: Final = 500
# CloudFormation gets functions and layers as objects in S3.
TRANSFORM: Final = """
import json, sys
from pathlib import Path
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
class NoPolicies:
    def load(self): return {}
document = yaml_parse(Path(sys.argv[1]).read_text("utf-8"))
for resource in document["Resources"].values():
    for name in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
        resource["Properties"][name] = "s3://aws-sam-cli-managed-default-samclisourcebucket-0123456789ab/" + "0" * 32
packaged = len(json.dumps(document))
print(json.dumps({"packaged": packaged, "stack": transform(document, json.loads(sys.argv[2]), NoPolicies())}))
"""


@cache
def transformed(**parameters: str) -> dict[str, Any]:
    result = subprocess.run(
        [SAM / "bin/python", "-c", TRANSFORM, PROJECT / "template.yaml", json.dumps(parameters)],
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@cache
def resources(**parameters: str) -> dict[str, Any]:
    found: dict[str, Any] = transformed(**parameters)["stack"]["Resources"]
    return found


def referred(value: Any) -> set[str]:
    """Return the resources that ``value`` refers to, under any condition."""
    text = json.dumps(value)
    named = {
        name
        for name in resources()
        if f'"Ref": "{name}"' in text
        or f'"Fn::GetAtt": ["{name}"' in text
        or f"${{{name}}}" in text
        or f"${{{name}." in text
    }
    return named | set(value.get("DependsOn", []) if isinstance(value.get("DependsOn"), list) else [])


def test_the_stack_is_within_cloudformations_limits() -> None:
    assert transformed()["packaged"] < TEMPLATE_LIMIT_BYTES
    assert len(json.dumps(transformed()["stack"])) < TEMPLATE_LIMIT_BYTES
    assert len(resources()) <= RESOURCE_LIMIT


def test_no_resource_generated_by_sam_has_a_fixed_name() -> None:
    """Two stacks in one account would conflict or share the resource."""
    fixed = {
        f"{logical_id}.{name}": value
        for logical_id, resource in resources().items()
        for name, value in resource.get("Properties", {}).items()
        if name.endswith("Name") and isinstance(value, str) and name not in {"MetricName", "StageName"}
    }
    assert fixed == {}


def test_functions_may_send_traces_only_if_tracing_is_active() -> None:
    for tracing, is_active in (("Disabled", False), ("Active", True)):
        stack = resources(Tracing=tracing)
        functions = [each["Properties"] for each in stack.values() if each["Type"] == "AWS::Lambda::Function"]
        roles = [stack[function["Role"]["Fn::GetAtt"][0]] for function in functions]
        expected = {"Mode": {"Ref": "Tracing"}} if is_active else None
        assert functions
        assert all(function.get("TracingConfig") == expected for function in functions)
        assert {"xray" in json.dumps(role).lower() for role in roles} == {is_active}, tracing


def test_only_what_reports_dropped_events_may_send_to_the_queue() -> None:
    senders = {name for name, entry in resources().items() if "sqs:" in json.dumps(entry)}
    assert senders == {"IndexArticlesRole", "SendNotificationsRole", "ReleaseDueEveryFiveMinutesRole"}
    for name in senders:
        policies = [each for each in resources()[name]["Properties"]["Policies"] if "sqs:" in json.dumps(each)]
        (statement,) = (one for each in policies for one in each["PolicyDocument"]["Statement"])
        assert statement["Action"] == "sqs:SendMessage"
        assert statement["Resource"] == {"Fn::GetAtt": ["DroppedEvents", "Arn"]}


def test_sam_keeps_the_deletion_policies_of_data() -> None:
    source = read_document(PROJECT / "template.yaml")["Resources"]
    retained = {name for name, entry in source.items() if entry.get("DeletionPolicy") == "RetainExceptOnCreate"}
    assert retained
    for name in retained:
        assert resources()[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resources()[name]["UpdateReplacePolicy"] == "Retain"


def test_resources_have_no_circular_dependencies() -> None:
    """All references count, whatever their condition. ``prepare`` raises an error for a cycle."""
    TopologicalSorter({name: referred(entry) - {name} for name, entry in resources().items()}).prepare()


def test_the_template_knows_which_regions_have_the_resource_types_of_ses() -> None:
    (schemas,) = SAM.glob("lib/python*/site-packages/cfnlint/data/schemas/providers")
    document = read_document(PROJECT / "template.yaml")
    of_ses = {entry["Type"] for entry in resources().values() if entry["Type"].startswith("AWS::SES::")}
    values = parameter_values(document["Parameters"], {"SiteUrl": "https://blog.example"})
    wrong = set()
    for path in schemas.glob("*-*-*.json"):
        names = ResourceNames(document["Resources"], {})
        pseudo = {"AWS::Region": path.stem}
        resolver = names.resolver = Resolver(document, {**values, **pseudo}, names)
        if resolver.condition("HasSes") != (of_ses <= json.loads(path.read_text("utf-8")).keys()):
            wrong.add(path.stem)
    assert wrong == set()


def test_the_command_line_knows_which_regions_have_budgets() -> None:
    (schemas,) = SAM.glob("lib/python*/site-packages/cfnlint/data/schemas/providers")
    wrong = {
        path.stem
        for path in schemas.glob("*-*-*.json")
        if knows_budgets(path.stem) != ("AWS::Budgets::Budget" in json.loads(path.read_text("utf-8")))
    }
    assert wrong == set()


def test_a_deployment_may_remove_any_resource_of_the_template_without_data() -> None:
    assert {entry["Type"] for entry in resources().values() if not is_known(entry["Type"])} == set()
