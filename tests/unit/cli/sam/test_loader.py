"""Loading the template for the local stack and the contract tests."""

from pathlib import Path

import pytest

from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template
from tests.paths import FIXTURES

TEMPLATE = FIXTURES / "local_stack/template.yaml"


def read(**parameters: str) -> Template:
    return load(TEMPLATE, {"SiteUrl": "http://site.example", **parameters}, public_url="http://127.0.0.1:1")


def reading(text: str, path: Path) -> Template:
    (path / "template.yaml").write_text(text)
    return load(path / "template.yaml")


def test_a_functions_settings_override_globals() -> None:
    function = read().functions["answer"]
    assert (function.timeout_seconds, function.memory_mb, function.handler) == (3, 256, "app.handler")
    assert read().functions["collect"].timeout_seconds == 2
    assert function.environment == {
        "COLOUR": "green",
        "THINGS_TABLE": "kolom-things",
        "SITE_URL": "http://site.example",
        "API_URL": "http://127.0.0.1:1",
    }


def test_conditions_apply_to_resources_properties_and_outputs() -> None:
    assert "nowhere" not in read().functions
    assert "OnlyBlue" not in read().outputs
    blue = read(Colour="blue")
    assert "nowhere" in blue.functions
    assert blue.functions["answer"].environment["OPTIONAL"] == "blue"
    assert blue.outputs["OnlyBlue"] == "x"


def test_policies_have_resolved_arns_and_conditions() -> None:
    get, query = read().functions["answer"].policies
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/kolom-things"
    assert (get.effect, get.actions, get.resources) == ("Allow", ("dynamodb:GetItem",), (arn,))
    assert get.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["stats#*"]}}
    assert query.resources == (f"{arn}/index/by_colour",)


def test_events_become_routes_streams_and_schedules() -> None:
    template = read()
    assert "POST /echo" in {route.key for route in template.routes}
    (stream,) = template.streams
    assert (stream.table, stream.function, stream.batch_size) == ("kolom-things", "collect", 10)
    assert stream.reports_failures
    assert stream.maximum_retries == 5
    (schedule,) = template.schedules
    assert (schedule.function, schedule.every_seconds) == ("tick", 1)


def test_a_table_has_the_arguments_of_create_table() -> None:
    table = read().tables["ThingsTable"]
    assert table.create["TableName"] == "kolom-things"
    assert table.create["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table.create["GlobalSecondaryIndexes"][0]["IndexName"] == "by_colour"
    assert table.ttl_attribute == "expires_at"


def test_references_are_resolved_as_in_cloudformation() -> None:
    template = read()
    assert template.outputs["Table"] == "kolom-things"
    assert template.outputs["Secret"] == "arn:aws:secretsmanager:us-east-1:123456789012:secret:kolom-secret"
    assert template.buckets == {"MediaBucket": "kolom-mediabucket"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Colour", "red", "is not one of green, blue"),
        ("Size", "0", "is less than 1"),
        ("Size", "10", "is more than 9"),
        ("Size", "many", "is not a whole number"),
        ("Name", "ABC", "must be small letters"),
        ("Typo", "x", "no such parameter: Typo"),
    ],
)
def test_an_invalid_parameter_is_rejected_with_the_reason(name: str, value: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        read(**{name: value})


def test_a_parameter_without_a_default_is_required() -> None:
    with pytest.raises(TemplateError, match="SiteUrl has no default"):
        load(TEMPLATE)


def test_an_unknown_intrinsic_function_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="Fn::ImportValue is not supported"):
        reading("Resources: {B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !ImportValue x}}}", tmp_path)


def test_a_dangling_reference_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no parameter or resource 'Nobody'"):
        reading("Resources: {}\nOutputs: {X: {Value: !Ref Nobody}}", tmp_path)


def test_a_cron_schedule_is_rejected(tmp_path: Path) -> None:
    function = "{CodeUri: f/, Handler: a.b, Events: {E: {Type: Schedule, Properties: {Schedule: 'cron(0 1 * * ? *)'}}}}"
    with pytest.raises(TemplateError, match="only rate"):
        reading(f"Resources: {{F: {{Type: 'AWS::Serverless::Function', Properties: {function}}}}}", tmp_path)


def test_an_invalid_template_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no Resources"):
        reading("a: 1", tmp_path)
    with pytest.raises(TemplateError, match="not readable"):
        reading("a: [", tmp_path)
    with pytest.raises(TemplateError, match="cannot read"):
        load(tmp_path / "missing.yaml")
