"""Encryption of stored data and of connections, and what the API logs about a request."""

import json
from functools import cache
from typing import Any, Final

from kolom_cli.sam.intrinsics import parse
from tests.paths import PROJECT

LOGGED: Final = {"requestId", "requestTime", "routeKey", "status", "responseLength", "responseLatency"}


@cache
def resources() -> dict[str, Any]:
    """Return the resources as written in the template."""
    found: dict[str, Any] = parse((PROJECT / "template.yaml").read_text("utf-8"))["Resources"]
    return found


def of_type(name: str) -> list[dict[str, Any]]:
    found = [each["Properties"] for each in resources().values() if each["Type"] == name]
    assert found
    return found


def test_files_and_reports_of_dropped_events_are_encrypted() -> None:
    for bucket in of_type("AWS::S3::Bucket"):
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert all(queue["SqsManagedSseEnabled"] is True for queue in of_type("AWS::SQS::Queue"))


def test_tables_keep_the_encryption_that_dynamodb_has_by_default() -> None:
    """Without this property, DynamoDB encrypts with a key that AWS owns."""
    assert [each for each in of_type("AWS::DynamoDB::Table") if "SSESpecification" in each] == []


def test_connections_to_the_site_and_to_the_api_are_encrypted() -> None:
    (distribution,) = of_type("AWS::CloudFront::Distribution")
    config = distribution["DistributionConfig"]
    behaviors = [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]
    assert {each["ViewerProtocolPolicy"] for each in behaviors} == {"redirect-to-https"}
    certificate = config["ViewerCertificate"]["Fn::If"][1]
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    (api,) = (origin["CustomOriginConfig"] for origin in config["Origins"] if "CustomOriginConfig" in origin)
    assert api == {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}


def test_secrets_are_generated_and_not_in_the_template() -> None:
    for secret in of_type("AWS::SecretsManager::Secret"):
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["PasswordLength"] == 64


def test_the_access_log_has_neither_addresses_nor_paths() -> None:
    """The path of a link in mail grants access. The route has a placeholder instead of the token."""
    (api,) = of_type("AWS::Serverless::HttpApi")
    fields = json.loads(api["AccessLogSettings"]["Format"])
    assert set(fields.values()) == {f"$context.{name}" for name in LOGGED} | {"$context.integrationErrorMessage"}


def test_the_cdn_writes_no_logs() -> None:
    (distribution,) = of_type("AWS::CloudFront::Distribution")
    assert "Logging" not in distribution["DistributionConfig"]
    assert not [each for each in resources().values() if each["Type"].startswith("AWS::Logs::Delivery")]
