"""The template as a stack: names, retention, limits, and references under every combination of conditions."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from kolom_cli.sam.intrinsics import PSEUDO_PARAMETERS, Resolver, TemplateError
from kolom_cli.sam.loader import load, read_document
from kolom_cli.sam.model import Template
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames
from kolom_cli.sam.stack_import import IDENTIFIERS, import_input, main
from tests.paths import PROJECT

TEMPLATE: Final = PROJECT / "template.yaml"
SITE: Final = "https://blog.example"
OWNER: Final = "owner@blog.example"
LONGEST_STACK: Final = "s" * 40
LONGEST_REGION: Final = "ap-northeast-99"
REGION_WITHOUT_SES: Final = "ap-east-1"
TABLES: Final = ("Articles", "Comments", "Messages", "Outbox", "Search", "Guard")
# The parameter values that conditions depend on.
CHOICES: Final = {
    "Cdn": ("on", "off"),
    "CertificateArn": ("", "arn:aws:acm:us-east-1:123456789012:certificate/1"),
    "WebAclArn": ("", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/blog/1"),
    "OwnerEmail": ("", OWNER),
    "MailFrom": ("", OWNER),
    "MailIdentity": ("", "blog.example"),
    "AllowedOrigins": ("", "https://other.example"),
    "DeletionProtection": ("on", "off"),
    "SearchReport": ("on", "off"),
    "AuthorPolicy": ("on", "off"),
    "ArticlesTableName": ("", "restored"),
}
REGIONS: Final = ("us-east-1", REGION_WITHOUT_SES)
# Their conditions select only resources and properties to which nothing refers.
INDEPENDENT: Final = {
    *("Domain", "HostedZoneId", "MonthlyBudget", "MaxReadUnits", "MaxWriteUnits"),
    *(f"{table}TableName" for table in TABLES),
}
STATEFUL: Final = {
    *(f"{table}Table" for table in TABLES),
    "MediaBucket",
    "Secret",
}
# The longest name that AWS allows for each resource type that the template names.
NAME_LIMITS: Final = {
    "AWS::DynamoDB::Table": 255,
    "AWS::CloudFront::CachePolicy": 128,
    "AWS::CloudFront::Function": 64,
    "AWS::CloudFront::OriginAccessControl": 64,
    "AWS::CloudFront::ResponseHeadersPolicy": 128,
    "AWS::Serverless::LayerVersion": 140,
}
# Properties whose names end with ``Name``, but that do not name the resource itself.
OTHER_NAMES: Final = {"ConfigurationSetName", "MetricName", "StageName", "IndexName", "AttributeName", "HeaderName"}


@cache
def document() -> dict[str, Any]:
    return read_document(TEMPLATE)


@cache
def read(**parameters: str) -> Template:
    return load(TEMPLATE, {"SiteUrl": SITE, **parameters})


def resolver(region: str = "us-east-1", stack: str = "kolom", **parameters: str) -> Resolver:
    values = parameter_values(document()["Parameters"], {"SiteUrl": SITE, **parameters})
    names = ResourceNames(document()["Resources"], {})
    pseudo = {"AWS::Region": region, "AWS::StackName": stack}
    resolving = names.resolver = Resolver(document(), {**values, **pseudo}, names)
    return resolving


def conditions_by_combination() -> Iterator[tuple[str, dict[str, bool]]]:
    for region, *chosen in product(REGIONS, *CHOICES.values()):
        parameters = dict(zip(CHOICES, chosen, strict=True))
        resolving = resolver(region, **parameters)
        yield f"{region} {parameters}", {name: resolving.condition(name) for name in document()["Conditions"]}


type Guards = tuple[tuple[str, bool], ...]


def references(value: Any, guards: Guards = ()) -> Iterator[tuple[str, Guards]]:
    """Yield each reference in ``value``, with the conditions under which CloudFormation evaluates it."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            yield name, guards
        case {"Fn::GetAtt": [str(name), _]}:
            yield name, guards
        case {"Fn::If": [str(condition), yes, no]}:
            yield from references(yes, (*guards, (condition, True)))
            yield from references(no, (*guards, (condition, False)))
        case {"Fn::Sub": argument}:
            text, local = (argument, {}) if isinstance(argument, str) else argument
            yield from references(local, guards)
            names = {name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", text)}
            yield from ((name, guards) for name in names - local.keys())
        case dict():
            for each in value.values():
                yield from references(each, guards)
        case list():
            for each in value:
                yield from references(each, guards)


def is_evaluated(guards: Guards, holds: Mapping[str, bool]) -> bool:
    return all(holds[condition] is expected for condition, expected in guards)


def names_in(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every property that gives the resource a name: its path and its value."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key.endswith("Name") and key not in OTHER_NAMES and not key.startswith("Fn::"):
                yield f"{path}.{key}", each
            if key not in {"Environment", "Policies", "Events", "Dimensions", "Origins", "RecordSets"}:
                yield from names_in(each, f"{path}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from names_in(each, f"{path}.{number}")


def own_names(stack: str, region: str) -> dict[str, str]:
    """Return the names that the template itself gives, by logical id and property."""
    resolving = resolver(region, stack)
    return {
        f"{logical_id}{path}": str(resolving.resolve(name))
        for logical_id, resource in document()["Resources"].items()
        if resource["Type"] in NAME_LIMITS
        for path, name in names_in(resource["Properties"])
    }


def test_no_reference_dangles_under_any_combination_of_conditions() -> None:
    resources, outputs = document()["Resources"], document()["Outputs"]
    guard_of = {name: ((entry["Condition"], True),) for name, entry in resources.items() if "Condition" in entry}
    found = [
        (place, name, guards)
        for section in (resources, outputs)
        for place, entry in section.items()
        for name, guards in references(
            entry.get("Properties", entry.get("Value")), ((entry["Condition"], True),) if "Condition" in entry else ()
        )
    ]
    known = resources.keys() | document()["Parameters"].keys() | PSEUDO_PARAMETERS.keys() | {"AWS::NoValue"}
    assert {name for _, name, _ in found} <= known
    to_conditional = [(place, name, guards) for place, name, guards in found if name in guard_of]
    assert to_conditional
    for combination, holds in conditions_by_combination():
        for place, name, guards in to_conditional:
            if is_evaluated(guards, holds):
                assert is_evaluated(guard_of[name], holds), f"{place} refers to {name} with {combination}"


def test_every_parameter_of_a_condition_is_in_the_combinations() -> None:
    read = {name for name, _ in references(document()["Conditions"])} - PSEUDO_PARAMETERS.keys()
    assert read == CHOICES.keys() | INDEPENDENT


def test_every_fixed_name_contains_the_name_of_the_stack() -> None:
    for place, name in own_names("a-stack", "us-east-1").items():
        assert "a-stack" in name, place


def test_no_other_resource_has_a_fixed_name() -> None:
    others = {name: entry for name, entry in document()["Resources"].items() if entry["Type"] not in NAME_LIMITS}
    assert [f"{name}{path}" for name, entry in others.items() for path, _ in names_in(entry.get("Properties"))] == []


def test_sam_names_nothing_after_a_logical_id() -> None:
    """By default SAM gives a schedule and a layer fixed names, which two stacks of an account would share."""
    for name, resource in document()["Resources"].items():
        events = resource.get("Properties", {}).get("Events", {}) if "Serverless" in resource["Type"] else {}
        for event in events.values():
            if event["Type"] == "ScheduleV2":
                assert event["Properties"].get("OmitName") is True, name
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            assert "AWS::StackName" in str(resource["Properties"].get("LayerName")), name


def test_two_stacks_share_no_name() -> None:
    one, two = (set(own_names(stack, "us-east-1").values()) for stack in ("one", "two"))
    assert one
    assert not one & two


def test_stacks_of_one_name_in_two_regions_share_no_global_name() -> None:
    """CloudFront's names are unique in an account, not in a region."""
    here, there = (
        {name for place, name in own_names("one", region).items() if _is_of_cloudfront(place)}
        for region in ("us-east-1", "eu-west-1")
    )
    assert here
    assert not here & there


def _is_of_cloudfront(place: str) -> bool:
    return bool(document()["Resources"][place.split(".")[0]]["Type"].startswith("AWS::CloudFront::"))


def test_names_fit_with_a_stack_name_of_40_characters() -> None:
    for place, name in own_names(LONGEST_STACK, LONGEST_REGION).items():
        assert len(name) <= NAME_LIMITS[document()["Resources"][place.split(".")[0]]["Type"]], place


def test_a_table_is_named_after_the_stack_or_by_its_parameter() -> None:
    default, given = read(), read(**{f"{table}TableName": f"restored-{table}" for table in TABLES})
    for table in TABLES:
        assert default.tables[f"{table}Table"].name == default.outputs[f"{table}Table"] == f"kolom-{table.lower()}"
        assert given.tables[f"{table}Table"].name == given.outputs[f"{table}Table"] == f"restored-{table}"
        variable = f"{table.upper()}_TABLE"
        named = {f.environment[variable] for f in given.functions.values() if variable in f.environment}
        assert named == {f"restored-{table}"}


def test_an_invalid_table_name_is_rejected() -> None:
    for wrong in ("ab", "a b", "a/b", "x" * 256):
        with pytest.raises(TemplateError, match="ArticlesTableName"):
            resolver(ArticlesTableName=wrong)


def test_data_is_retained_when_a_stack_is_deleted_but_not_when_its_creation_fails() -> None:
    policies = {
        name: (entry.get("DeletionPolicy"), entry.get("UpdateReplacePolicy"))
        for name, entry in document()["Resources"].items()
        if "DeletionPolicy" in entry or "UpdateReplacePolicy" in entry
    }
    assert policies == dict.fromkeys(STATEFUL, ("RetainExceptOnCreate", "Retain"))


def test_every_resource_with_data_is_retained() -> None:
    """The CDN's own secret is an exception, because its value can be replaced."""
    holds = {name for name, entry in document()["Resources"].items() if entry["Type"] in IDENTIFIERS}
    assert holds - {"OriginSecret"} == STATEFUL


def test_no_parameter_removes_data_from_the_stack() -> None:
    assert not [name for name in STATEFUL if "Condition" in document()["Resources"][name]]


def test_table_protection_is_optional_so_that_a_creation_can_roll_back() -> None:
    for choice, expected in (("off", False), ("on", True)):
        resolving = resolver(DeletionProtection=choice)
        for table in TABLES:
            properties = resolving.resolve(document()["Resources"][f"{table}Table"]["Properties"])
            assert properties["DeletionProtectionEnabled"] is expected
    assert document()["Parameters"]["DeletionProtection"]["Default"] == "off"


def test_tables_that_can_be_rebuilt_or_expire_have_no_backups() -> None:
    """`kolom reindex` rebuilds the search table. Every item of the guard table expires."""
    specification = "PointInTimeRecoverySpecification"
    protected = {
        table: document()["Resources"][f"{table}Table"]["Properties"][specification]["PointInTimeRecoveryEnabled"]
        for table in TABLES
    }
    assert protected == dict.fromkeys(TABLES, True) | {"Search": False, "Guard": False}


def test_generated_names_of_data_do_not_block_a_new_stack() -> None:
    assert "Name" not in document()["Resources"]["Secret"]["Properties"]
    assert "BucketName" not in document()["Resources"]["MediaBucket"]["Properties"]


def test_a_stack_without_mail_has_no_ses_resources() -> None:
    of_ses = {name: entry for name, entry in document()["Resources"].items() if entry["Type"].startswith("AWS::SES::")}
    assert {entry.get("Condition") for entry in of_ses.values()} == {"SendsMail"}
    off = read()
    assert off.functions["send_mail"].environment["CONFIGURATION_SET"] == ""
    assert "ses:SendEmail" not in {action for f in off.functions.values() for s in f.policies for action in s.actions}


@pytest.mark.parametrize("parameter", ["OwnerEmail", "MailFrom"])
def test_either_mail_address_enables_mail(parameter: str) -> None:
    on = read(**{parameter: OWNER})
    assert on.functions["send_mail"].environment["CONFIGURATION_SET"]
    assert on.outputs[parameter] == OWNER
    actions = {action for statement in on.functions["send_mail"].policies for action in statement.actions}
    assert "ses:SendEmail" in actions


def test_a_region_without_ses_gets_a_stack_without_mail() -> None:
    """The owner still gets alarms, which SNS sends."""
    resolving = resolver(REGION_WITHOUT_SES, OwnerEmail=OWNER, MailFrom=OWNER)
    assert not resolving.condition("SendsMail")
    assert resolving.condition("HasOwnerEmail")
    given = set()
    for entry in document()["Resources"].values():
        variables = entry.get("Properties", {}).get("Environment", {}).get("Variables", {})
        given |= {resolving.resolve(variables[name]) for name in ("OWNER_EMAIL", "MAIL_FROM") if name in variables}
    assert given == {""}
    assert document()["Outputs"]["OwnerEmail"]["Condition"] == "MailsOwner"
    assert document()["Outputs"]["MailFrom"]["Condition"] == "MailsFromAddress"
    assert not resolving.condition("MailsOwner")
    assert not resolving.condition("MailsFromAddress")


def test_metrics_of_two_stacks_have_different_dimensions() -> None:
    service = document()["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert service == {"Ref": "AWS::StackName"}
    own = [
        entry["Properties"]["Dimensions"]
        for entry in document()["Resources"].values()
        if entry["Type"] == "AWS::CloudWatch::Alarm" and entry["Properties"].get("Namespace") == "Kolom"
    ]
    assert own
    assert all(dimensions == [{"Name": "service", "Value": service}] for dimensions in own)


def test_the_variables_of_a_function_fit_into_4_kb() -> None:
    longest = {
        name: "x" * entry["MaxLength"] for name, entry in document()["Parameters"].items() if "MaxLength" in entry
    }
    longest["SiteUrl"] = SITE.ljust(document()["Parameters"]["SiteUrl"]["MaxLength"], "x")
    for name in ("OwnerEmail", "MailFrom"):
        longest[name] = OWNER.rjust(document()["Parameters"][name]["MaxLength"], "x")
    for function in read(**longest).functions.values():
        # On AWS, names of tables and secrets are longer than here.
        size = sum(len(name) + len(value) for name, value in function.environment.items()) + 300
        assert size <= 4096, (function.name, size)


def test_a_long_site_url_fits_into_the_comment_of_the_distribution() -> None:
    comment = document()["Resources"]["Distribution"]["Properties"]["DistributionConfig"]["Comment"]
    assert len(str(resolver(stack=LONGEST_STACK, SiteUrl=SITE.ljust(200, "x")).resolve(comment))) <= 128


def test_tracing_is_a_plain_reference_to_sams_own_values() -> None:
    """For any other expression, SAM grants all functions access to X-Ray, also if tracing is off."""
    assert document()["Globals"]["Function"]["Tracing"] == {"Ref": "Tracing"}
    assert document()["Parameters"]["Tracing"]["AllowedValues"] == ["Active", "Disabled"]
    assert document()["Parameters"]["Tracing"]["Default"] == "Disabled"
    properties = [entry.get("Properties", {}) for entry in document()["Resources"].values()]
    assert not [each for each in properties if "Tracing" in each]


def test_parameters_and_outputs_are_within_cloudformations_limits() -> None:
    assert len(document()["Parameters"]) <= 200
    assert len(document()["Outputs"]) <= 200
    assert all(len(entry.get("Description", "")) <= 4000 for entry in document()["Parameters"].values())


def test_the_settings_of_a_deployment_are_created_once_and_are_not_tracked(tmp_path: Path) -> None:
    """`sam deploy --guided` writes the owner's answers into the file."""
    for name in ("Makefile", "samconfig.default.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    settings = tmp_path / "samconfig.toml"

    def make() -> str:
        subprocess.run(["make", "--silent", settings.name], cwd=tmp_path, check=True)
        return settings.read_text("utf-8")

    assert make() == (PROJECT / "samconfig.default.toml").read_text("utf-8")
    settings.write_text("own")
    assert make() == "own"
    assert "samconfig.toml" in (PROJECT / ".gitignore").read_text("utf-8").splitlines()
    assert re.search(r"^build:.* samconfig\.toml ", (tmp_path / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_an_import_template_has_literal_names_and_unchanged_properties() -> None:
    """An import supports no references, and a later deployment must change nothing."""
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret-1"
    identifiers = {f"{table}Table": f"old-{table.lower()}" for table in TABLES} | {"MediaBucket": "b", "Secret": arn}
    template, resources = import_input(TEMPLATE, identifiers)
    assert template.keys() == {"AWSTemplateFormatVersion", "Resources"}
    assert template["Resources"].keys() == STATEFUL
    assert "Fn::" not in str(template)
    assert "'Ref'" not in str(template)
    given = resolver(**{f"{table}TableName": f"old-{table.lower()}" for table in TABLES})
    for name, entry in template["Resources"].items():
        assert entry["Properties"] == given.resolve(document()["Resources"][name]["Properties"])
        assert entry["DeletionPolicy"] == "RetainExceptOnCreate"
    found = {each["LogicalResourceId"]: each["ResourceIdentifier"] for each in resources}
    assert found["ArticlesTable"] == {"TableName": "old-articles"}
    assert found["MediaBucket"] == {"BucketName": "b"}
    assert found["Secret"] == {"Id": arn}


@pytest.mark.parametrize(
    ("identifiers", "message"),
    [
        ({"Api": "x"}, "not a retained resource: Api"),
        ({"OriginSecret": "x"}, "not a retained resource: OriginSecret"),
        ({"ArticlesTable": "a b"}, "ArticlesTableName"),
        ({"ArticlesTable": ""}, "ArticlesTable has no identifier"),
        ({"Secret": "Secret-1"}, "needs the ARN"),
    ],
)
def test_an_import_of_another_resource_is_rejected(identifiers: dict[str, str], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        import_input(TEMPLATE, identifiers)


def test_the_import_command_writes_two_files_and_reports_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "import"), "GuardTable=old-guard"]) == 0
    template = json.loads((tmp_path / "import/template.json").read_text("utf-8"))
    assert template["Resources"]["GuardTable"]["Properties"]["TableName"] == "old-guard"
    assert json.loads((tmp_path / "import/resources.json").read_text("utf-8"))[0]["LogicalResourceId"] == "GuardTable"
    assert main([str(tmp_path / "other"), "Api=x"]) == main([str(tmp_path / "other")]) == 2
    assert not (tmp_path / "other").exists()
    assert "not a retained resource: Api" in capsys.readouterr().err
