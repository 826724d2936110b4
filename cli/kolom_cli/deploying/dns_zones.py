"""Find the zone of a name in Route 53, and create records in it without changing any that exist."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError

type Outcome = Literal["created", "exists", "taken"]

_TTL_SECONDS: Final = 300
_REFUSED: Final = "InvalidChangeBatch"
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A public hosted zone; the name has no dot at its end."""

    zone_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record set. Names have no dot at their end, and the values of a TXT record no quotes.

    An alias has ``alias_zone_id``, and its target as its only value.
    """

    name: str
    type: str
    values: tuple[str, ...]
    alias_zone_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """What became of a record: it was ``created``, it ``exists``, or its name is ``taken`` by others."""

    outcome: Outcome
    existing: tuple[Record, ...] = ()


def find_zone(name: str) -> Zone | None:
    """Return the public zone of the account that answers for the name; None if there is none.

    :raises DeploymentError: several zones have that name, and only one of them can be used
    """
    wanted = _plain(name)
    found = [zone for zone in _public_zones() if wanted == zone.name or wanted.endswith(f".{zone.name}")]
    if not found:
        return None
    longest = max(len(zone.name) for zone in found)
    nearest = [zone for zone in found if len(zone.name) == longest]
    if len(nearest) > 1:
        ids = ", ".join(zone.zone_id for zone in nearest)
        raise DeploymentError(
            f"Route 53 has several public zones {nearest[0].name} ({ids})",
            "delete those whose name servers are not those of the domain at its registrar",
        )
    return None if _is_delegated(nearest[0], wanted) else nearest[0]


def _public_zones() -> Iterator[Zone]:
    for page in client("route53").get_paginator("list_hosted_zones").paginate():
        for each in page["HostedZones"]:
            if not each.get("Config", {}).get("PrivateZone"):
                yield Zone(zone_id=each["Id"].removeprefix("/hostedzone/"), name=_plain(each["Name"]))


def _is_delegated(zone: Zone, name: str) -> bool:
    """Return whether the zone leaves the name to other name servers."""
    labels = name.removesuffix(zone.name).rstrip(".").split(".") if name != zone.name else []
    names = [".".join([*labels[first:], zone.name]) for first in range(len(labels))]
    return any(record.type == "NS" for each in names for record in find_records(zone, each))


def find_name_servers(zone: Zone) -> list[str]:
    """Return the name servers that the registrar of the domain must name."""
    found = client("route53").get_hosted_zone(Id=zone.zone_id)
    return sorted(_plain(each) for each in found["DelegationSet"]["NameServers"])


def find_records(zone: Zone, name: str) -> list[Record]:
    """Return all records of exactly that name."""
    wanted = _plain(name)
    pages = client("route53").get_paginator("list_resource_record_sets")
    found: list[Record] = []
    for page in pages.paginate(HostedZoneId=zone.zone_id, StartRecordName=wanted):
        for each in page["ResourceRecordSets"]:
            record = _read(each)
            if record.name != wanted:
                return found
            found.append(record)
    return found


def create_record(zone: Zone, record: Record) -> Creation:
    """Create the record if nothing is in its way. It neither changes nor adds to a record that exists."""
    creation = compare(record, find_records(zone, record.name))
    if creation.outcome != "created":
        return creation
    change = {"Action": "CREATE", "ResourceRecordSet": _written(record)}
    try:
        client("route53").change_resource_record_sets(HostedZoneId=zone.zone_id, ChangeBatch={"Changes": [change]})
    except ClientError as error:
        if error.response["Error"]["Code"] != _REFUSED:
            raise
        # Another run may have been faster.
        creation = compare(record, find_records(zone, record.name))
        if creation.outcome == "created":
            raise
    return creation


def compare(record: Record, existing: list[Record]) -> Creation:
    """Return what :func:`create_record` does if these records have the name."""
    in_the_way = tuple(each for each in existing if each.type == record.type or "CNAME" in {each.type, record.type})
    if not in_the_way:
        return Creation(outcome="created")
    is_there = any(_contains(each, record) for each in in_the_way)
    return Creation(outcome="exists" if is_there else "taken", existing=in_the_way)


def _contains(existing: Record, wanted: Record) -> bool:
    if (existing.type, existing.alias_zone_id) != (wanted.type, wanted.alias_zone_id):
        return False
    there, needed = set(_comparable(existing)), set(_comparable(wanted))
    # Texts of several services share one record set.
    return needed <= there if wanted.type == "TXT" else needed == there


def _comparable(record: Record) -> list[str]:
    return list(record.values) if record.type == "TXT" else [_plain(value) for value in record.values]


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def _read(entry: Mapping[str, Any]) -> Record:
    name, kind = _plain(entry["Name"]), entry["Type"]
    if alias := entry.get("AliasTarget"):
        target = alias["DNSName"].rstrip(".")
        return Record(name=name, type=kind, values=(target,), alias_zone_id=alias["HostedZoneId"])
    # Records that a policy of traffic makes have no values.
    values = [each["Value"] for each in entry.get("ResourceRecords", ())]
    return Record(name=name, type=kind, values=tuple(map(_unquoted, values) if kind == "TXT" else values))


def _unquoted(value: str) -> str:
    """Return the text of a TXT record, whose parts of at most 255 characters are quoted."""
    return "".join(re.sub(r"\\(.)", r"\1", part) for part in _QUOTED.findall(value)) or value


def _written(record: Record) -> dict[str, Any]:
    entry: dict[str, Any] = {"Name": record.name, "Type": record.type}
    if record.alias_zone_id:
        target = {"HostedZoneId": record.alias_zone_id, "DNSName": record.values[0], "EvaluateTargetHealth": False}
        return {**entry, "AliasTarget": target}
    quoted = record.type == "TXT"
    values = [{"Value": f'"{value}"' if quoted else value} for value in record.values]
    return {**entry, "TTL": _TTL_SECONDS, "ResourceRecords": values}
