"""Zones and records of Route 53, on moto."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from kolom_cli.deploying import dns_zones
from kolom_cli.deploying.dns_zones import Creation, Record, Zone, create_record, find_records, find_zone
from kolom_cli.deploying.errors import DeploymentError
from tests.integration.aws import client, empty_aws

DMARC: Final = Record(name="_dmarc.example.com", type="TXT", values=("v=DMARC1; p=none;",))


@pytest.fixture
def zone() -> Iterator[Zone]:
    """Yield the only zone of an account."""
    with empty_aws():
        yield create_zone("example.com")


def create_zone(name: str, **config: Any) -> Zone:
    answer = client("route53").create_hosted_zone(
        Name=name, CallerReference=f"{name}-{config}-{len(zones())}", HostedZoneConfig=config
    )
    return Zone(zone_id=answer["HostedZone"]["Id"].removeprefix("/hostedzone/"), name=name)


def zones() -> list[Any]:
    found: list[Any] = client("route53").list_hosted_zones()["HostedZones"]
    return found


def add(zone: Zone, name: str, kind: str, *values: str) -> None:
    entry = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}
    client("route53").change_resource_record_sets(
        HostedZoneId=zone.zone_id, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": entry}]}
    )


def test_the_zone_of_a_name_is_the_nearest_public_one(zone: Zone) -> None:
    nearer = create_zone("blog.example.com")
    create_zone("www.blog.example.com", PrivateZone=True)
    assert find_zone("Example.com.") == zone
    assert find_zone("www.example.com") == zone
    assert find_zone("www.blog.example.com") == nearer
    assert find_zone("notexample.com") is None
    assert find_zone("com") is None


def test_a_name_that_is_delegated_to_others_has_no_zone(zone: Zone) -> None:
    add(zone, "shop.example.com", "NS", "ns.elsewhere.example.")
    assert find_zone("shop.example.com") is None
    assert find_zone("a.shop.example.com") is None
    assert find_zone("a.example.com") == zone


def test_two_zones_of_one_name_are_refused(zone: Zone) -> None:
    create_zone(zone.name)
    with pytest.raises(DeploymentError, match=r"several public zones example\.com"):
        find_zone("example.com")


def test_a_record_is_created_once(zone: Zone) -> None:
    assert create_record(zone, DMARC) == Creation(outcome="created")
    assert create_record(zone, DMARC) == Creation(outcome="exists", existing=(DMARC,))


def test_another_record_is_kept(zone: Zone) -> None:
    add(zone, DMARC.name, "TXT", '"v=DMARC1; " "p=reject;"')
    kept = Record(name=DMARC.name, type="TXT", values=("v=DMARC1; p=reject;",))
    assert create_record(zone, DMARC) == Creation(outcome="taken", existing=(kept,))
    assert find_records(zone, DMARC.name) == [kept]


def test_a_cname_excludes_all_other_records_of_its_name(zone: Zone) -> None:
    cname = Record(name="a.example.com", type="CNAME", values=("b.example.com",))
    add(zone, "a.example.com", "A", "192.0.2.1")
    assert create_record(zone, cname).outcome == "taken"
    add(zone, "_dmarc.example.com", "CNAME", "Policy.elsewhere.example.")
    assert create_record(zone, DMARC).outcome == "taken"
    same = Record(name=DMARC.name, type="CNAME", values=("policy.elsewhere.example",))
    assert create_record(zone, same).outcome == "exists"


def test_records_of_other_types_are_not_in_the_way(zone: Zone) -> None:
    spf = Record(name="example.com", type="TXT", values=("v=spf1 include:amazonses.com ~all",))
    assert create_record(zone, spf).outcome == "created"
    assert {record.type for record in find_records(zone, "example.com")} == {"NS", "SOA", "TXT"}


def test_a_text_among_others_exists(zone: Zone) -> None:
    add(zone, DMARC.name, "TXT", '"owner=me"', f'"{DMARC.values[0]}"')
    assert create_record(zone, DMARC).outcome == "exists"


def test_an_alias_is_created_and_recognized(zone: Zone) -> None:
    alias = Record(name="blog.example.com", type="A", values=("d1.cloudfront.net",), alias_zone_id="Z2FDTNDATAQYW2")
    assert create_record(zone, alias).outcome == "created"
    assert create_record(zone, alias).outcome == "exists"


def test_a_run_that_was_faster_is_not_an_error(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        """moto creates a record that exists; Route 53 refuses it."""

        def change_resource_record_sets(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": "InvalidChangeBatch", "Message": "it exists"}}, "Change")

    found = iter([[], [DMARC], [], []])
    monkeypatch.setattr(dns_zones, "find_records", lambda *_: next(found))
    monkeypatch.setattr(dns_zones, "client", lambda _: Refusing())
    assert create_record(zone, DMARC).outcome == "exists"
    with pytest.raises(ClientError, match="it exists"):
        create_record(zone, DMARC)
