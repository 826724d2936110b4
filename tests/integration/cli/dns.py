"""Records in moto's Route 53, for the double of CloudFormation."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from tests.integration.aws import client

RECORDS: Final = "AWS::Route53::RecordSetGroup"

type Resource = tuple[str, Mapping[str, Any]]


def records(zone_id: str, name: str) -> list[Mapping[str, Any]]:
    """Return the records of a name."""
    found = client("route53").list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    return [each for each in found if each["Name"] == f"{name}."]


def change(zone_id: str, action: str, record_sets: Sequence[Mapping[str, Any]]) -> None:
    """Create or delete records."""
    changes = [{"Action": action, "ResourceRecordSet": dict(each)} for each in record_sets]
    client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def replace_records(before: Resource | None, after: Resource | None) -> str:
    """Create and delete the records of a group, and return why that fails. Records of others are not overwritten.

    The records of a zone that does not exist any more count as deleted. What CloudFormation does is not documented.
    """
    old, new = (_record_sets(each) for each in (before, after))
    for zone_id, each in new:
        same = [found for found in records(zone_id, each["Name"]) if found["Type"] == each["Type"]]
        if same and (zone_id, each) not in old:
            return f"[Tried to create resource record set [name='{each['Name']}.', type='A'] but it already exists]"
    for zone_id, each in old:
        if (zone_id, each) not in new:
            with suppress(client("route53").exceptions.NoSuchHostedZone):
                change(zone_id, "DELETE", [each])
    for zone_id, each in new:
        if (zone_id, each) not in old:
            change(zone_id, "CREATE", [each])
    return ""


def _record_sets(resource: Resource | None) -> list[tuple[str, dict[str, Any]]]:
    if resource is None:
        return []
    return [
        (resource[1]["HostedZoneId"], {**each, "AliasTarget": {**each["AliasTarget"], "EvaluateTargetHealth": False}})
        for each in resource[1]["RecordSets"]
    ]
