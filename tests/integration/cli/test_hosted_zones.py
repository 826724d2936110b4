"""Records in zones of Route 53, on moto. `test_deploy_domain.py` has the tests of which zone is used."""

from collections.abc import Iterator
from typing import Final

import pytest

from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.hosted_zones import HostedZone, Record, create_record, describe, find_records, has_record
from tests.integration.aws import client, empty_aws
from tests.integration.cli.dns import change

DMARC: Final = Record("_dmarc.example.com", "TXT", "v=DMARC1; p=none;")
CNAME: Final = Record("a.example.com", "CNAME", "b.example.com")


@pytest.fixture
def zone() -> Iterator[HostedZone]:
    """Yield the only zone of an account."""
    with empty_aws():
        answer = client("route53").create_hosted_zone(Name="example.com", CallerReference="example.com")
        yield HostedZone(zone_id=answer["HostedZone"]["Id"].rpartition("/")[2], name="example.com")


def add(zone: HostedZone, name: str, kind: str, *values: str) -> None:
    entry = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}
    change(zone.zone_id, "CREATE", [entry])


def test_a_text_is_quoted_in_the_zone_and_recognized(zone: HostedZone) -> None:
    assert not has_record(zone, DMARC)
    create_record(zone, DMARC)
    assert has_record(zone, DMARC)
    [found] = find_records(zone, DMARC.name)
    assert found["ResourceRecords"] == [{"Value": f'"{DMARC.value}"'}]
    assert describe([found]) == "TXT v=DMARC1; p=none;"


def test_a_text_may_have_others_beside_it_and_be_in_parts(zone: HostedZone) -> None:
    add(zone, DMARC.name, "TXT", '"owner=me"', '"v=DMARC1; " "p=none;"')
    assert has_record(zone, DMARC)


def test_the_case_of_a_text_counts(zone: HostedZone) -> None:
    add(zone, DMARC.name, "TXT", f'"{DMARC.value.lower()}"')
    with pytest.raises(DeploymentError, match="not overwritten: TXT v=dmarc1"):
        has_record(zone, DMARC)


def test_a_text_is_added_to_those_of_others(zone: HostedZone) -> None:
    add(zone, DMARC.name, "TXT", '"owner=me"')
    with pytest.raises(DeploymentError) as caught:
        has_record(zone, DMARC)
    assert caught.value.fix.startswith(f"add the value {DMARC.value} to it")


def test_a_cname_and_other_records_exclude_each_other(zone: HostedZone) -> None:
    add(zone, CNAME.name, "A", "192.0.2.1")
    with pytest.raises(DeploymentError, match=r"not overwritten: A 192\.0\.2\.1"):
        has_record(zone, CNAME)
    add(zone, DMARC.name, "CNAME", "policy.elsewhere.example.")
    with pytest.raises(DeploymentError, match="not overwritten: CNAME policy"):
        has_record(zone, DMARC)


def test_records_of_other_types_are_not_in_the_way(zone: HostedZone) -> None:
    spf = Record("example.com", "TXT", "v=spf1 include:amazonses.com ~all")
    assert not has_record(zone, spf)
    create_record(zone, spf)
    assert {each["Type"] for each in find_records(zone, "example.com")} == {"NS", "SOA", "TXT"}
