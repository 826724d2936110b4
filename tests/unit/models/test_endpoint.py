"""The one endpoint of DynamoDB is the one that botocore's rules determine for each call."""

from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from kolom.models.endpoint import OneEndpointLoader

REGIONS = ("us-east-1", "ap-southeast-3", "cn-north-1", "us-gov-west-1", "local")


def endpoint(loader: OneEndpointLoader | None, region: str, url: str | None = None) -> str:
    """Return the URL to which a client sends a read."""
    session = botocore.session.Session()
    if loader is not None:
        session.register_component("data_loader", loader)
    session.set_credentials("key", "secret")
    client: Any = session.create_client(
        "dynamodb", region, endpoint_url=url, config=Config(account_id_endpoint_mode="disabled")
    )
    sent: list[str] = []

    def stop(request: Any, **_: Any) -> None:
        sent.append(request.url)
        raise InterruptedError

    client.meta.events.register("before-send.dynamodb.*", stop)
    with pytest.raises(InterruptedError):
        client.get_item(TableName="articles", Key={"key": {"S": "1"}})
    (sent_to,) = sent
    return sent_to


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:8000"},
        {"AWS_ENDPOINT_URL": "http://localhost:8000"},
    ],
)
def test_the_endpoint_is_that_of_the_rules(
    monkeypatch: pytest.MonkeyPatch, region: str, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert endpoint(OneEndpointLoader(), region) == endpoint(None, region)


@pytest.mark.parametrize("name", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_the_variants_for_fips_and_ipv6_are_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "true")
    assert endpoint(OneEndpointLoader(), "us-east-1") == endpoint(None, "us-east-1")


def test_the_endpoint_that_the_author_gives_is_used() -> None:
    given = "http://localhost:4566"
    assert endpoint(OneEndpointLoader(), "us-east-1", given) == endpoint(None, "us-east-1", given) == f"{given}/"


def test_other_services_keep_their_rules() -> None:
    assert OneEndpointLoader().load_service_model("sts", "endpoint-rule-set-1")
