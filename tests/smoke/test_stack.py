"""The CloudFormation template after SAM's own transform, checked with cfn-lint's specifications."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from typing import Any, Final

from kolom_cli.deploying import snap_start
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
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
class NoPolicies:
    def load(self): return {}
document = yaml_parse(sys.stdin.read())
for resource in document["Resources"].values():
    for name in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
        resource["Properties"][name] = "s3://aws-sam-cli-managed-default-samclisourcebucket-0123456789ab/" + "0" * 32
packaged = len(json.dumps(document))
print(json.dumps({"packaged": packaged, "stack": transform(document, json.loads(sys.argv[1]), NoPolicies())}))
"""
SOURCE: Final = (PROJECT / "template.yaml").read_text("utf-8")
VALUES: Final = {"SiteUrl": "https://blog.example", "SnapStart": "on"}


@cache
def transformed(source: str = SOURCE, **parameters: str) -> dict[str, Any]:
    result = subprocess.run(
        [SAM / "bin/python", "-c", TRANSFORM, json.dumps(parameters)],
        input=source,
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


def publishing(source: str = SOURCE, **values: str) -> dict[str, Any]:
    """Return the template as it is with SnapStart, after SAM's transform."""
    all_values = {**VALUES, **values}
    digest = snap_start.digest(source, all_values)
    return transformed(snap_start.publishing_versions(source), **all_values, **{snap_start.DIGEST: digest})


def with_snap_start(source: str = SOURCE, **values: str) -> dict[str, Any]:
    found: dict[str, Any] = publishing(source, **values)["stack"]["Resources"]
    return found


def of_type(kind: str, stack: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry for name, entry in stack.items() if entry["Type"] == kind}


def referred(value: Any, stack: Mapping[str, Any]) -> set[str]:
    """Return the resources of the stack that ``value`` refers to, under any condition."""
    text = json.dumps(value)
    named = {
        name
        for name in stack
        if f'"Ref": "{name}"' in text
        or f'"Fn::GetAtt": ["{name}"' in text
        or f"${{{name}}}" in text
        or f"${{{name}." in text
    }
    return named | set(value.get("DependsOn", []) if isinstance(value.get("DependsOn"), list) else [])


def test_the_stack_is_within_cloudformations_limits() -> None:
    for found in (transformed(), publishing()):
        assert found["packaged"] < TEMPLATE_LIMIT_BYTES
        assert len(json.dumps(found["stack"])) < TEMPLATE_LIMIT_BYTES
        assert len(found["stack"]["Resources"]) <= RESOURCE_LIMIT


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
    for stack in (resources(), with_snap_start()):
        TopologicalSorter({name: referred(entry, stack) - {name} for name, entry in stack.items()}).prepare()


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
    for stack in (resources(), with_snap_start()):
        assert {entry["Type"] for entry in stack.values() if not is_known(entry["Type"])} == set()


def test_sam_keeps_the_rule_that_other_tools_cannot_deploy_snapstart() -> None:
    assert transformed()["stack"]["Rules"].keys() == {snap_start.RULE}
    assert "Rules" not in publishing()["stack"]


def test_snapstart_adds_only_versions_and_aliases() -> None:
    added = {name: entry["Type"] for name, entry in with_snap_start().items() if name not in resources()}
    kinds = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
    assert Counter(added.values()) == dict.fromkeys(kinds, len(snap_start.FUNCTIONS))
    assert resources().keys() <= with_snap_start().keys()


def test_an_alias_answers_with_the_version_that_has_the_snapshot() -> None:
    stack = with_snap_start()
    for function in snap_start.FUNCTIONS:
        assert stack[function]["Properties"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}
        alias = stack[f"{function}Aliaslive"]["Properties"]
        version, attribute = alias["FunctionVersion"]["Fn::GetAtt"]
        assert (alias["FunctionName"], attribute) == ({"Ref": function}, "Version")
        assert stack[version]["Properties"] == {"FunctionName": {"Ref": function}}
        assert stack[version]["DeletionPolicy"] == "Delete", "its snapshot would cost"


def test_the_api_calls_aliases_and_may_call_nothing_else() -> None:
    """The policies of a function do not allow calls of its alias."""
    stack = with_snap_start()
    called = set(re.findall(r"\$\{(\w+)(?:\.Arn)?\}/invocations", json.dumps(stack["Api"])))
    expected = {f"{name}Aliaslive" if name in snap_start.FUNCTIONS else name for name in called_without_aliases()}
    assert called == expected
    permissions = of_type("AWS::Lambda::Permission", stack).values()
    allowed = {entry["Properties"]["FunctionName"]["Ref"] for entry in permissions if "Api" in json.dumps(entry)}
    assert allowed == expected


def called_without_aliases() -> set[str]:
    return set(re.findall(r"\$\{(\w+)\.Arn\}/invocations", json.dumps(resources()["Api"])))


def test_snapstart_gives_no_role_more_rights() -> None:
    roles = [of_type("AWS::IAM::Role", stack) for stack in (with_snap_start(), resources())]
    with_it, without = [{name: role["Properties"] for name, role in found.items()} for found in roles]
    assert with_it == without


def test_each_change_has_other_versions_of_a_changed_function() -> None:
    """Lambda publishes no version of a function that has not changed, which CloudFormation reports as an error."""
    other_layer = SOURCE.replace("layers/shared/", "layers/other/")
    stacks = [with_snap_start(), with_snap_start(other_layer), with_snap_start(SiteTitle="Other")]
    versions = [set(of_type("AWS::Lambda::Version", stack)) for stack in stacks]
    assert len(set.union(*versions)) == 3 * len(snap_start.FUNCTIONS)
    for function in snap_start.FUNCTIONS:
        assert len({stack[function]["Properties"]["Description"] for stack in stacks}) == 3
    assert with_snap_start(SOURCE) == stacks[0]
