"""The hosted zones and records of Route 53, as far as a domain and its mail need them.

Nothing here asks the DNS. Whether a registrar names the name servers of a zone is not known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import client
from kolom_cli.deploying.domain_name import suffixes
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import is_denied

_TTL_SECONDS: Final = 300
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ADDRESSES: Final = frozenset({"A", "AAAA", "CNAME"})


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record that has to exist. Names have no final dot, and the value of a TXT record has no quotes."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedZone:
    """A hosted zone; its name has no final dot."""

    zone_id: str
    name: str
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSearch:
    """The hosted zone for the records of a domain.

    ``problem`` says why a zone of the account is not used; it is empty if there is none at all.
    """

    zone: HostedZone | None = None
    problem: str = ""


def find_zone(domain: str) -> ZoneSearch:
    """Return the public zone of the domain, or of its closest parent that has one.

    A zone is not used if another one has the same name, or if records show that it is not in use: the parent zone does
    not delegate to it, or it delegates the domain to other name servers.
    """
    names = suffixes(domain)
    found = [zone for zone in _zones() if zone.name in names]
    public = sorted((zone for zone in found if not zone.is_private), key=lambda zone: -len(zone.name))
    if not public:
        problem = f"the hosted zone {found[0].name} is private, so the internet does not see it" if found else ""
        return ZoneSearch(problem=problem)
    zone = public[0]
    same = [each for each in public if each.name == zone.name]
    if len(same) > 1:
        ids = ", ".join(each.zone_id for each in same)
        return ZoneSearch(problem=f"there are {len(same)} hosted zones {zone.name} ({ids}), and only one can be in use")
    for child, parent in pairwise(public):
        if [each.name for each in public].count(parent.name) > 1:
            break  # It is not known which of them is in use.
        if problem := _missing_delegation(child, parent):
            return ZoneSearch(problem=problem)
    for name in names[: names.index(zone.name)]:
        if servers := _name_servers(zone, name):
            text = f"the hosted zone {zone.name} delegates {name} to {', '.join(sorted(servers))}"
            return ZoneSearch(problem=text)
    return ZoneSearch(zone=zone)


def _missing_delegation(zone: HostedZone, parent: HostedZone) -> str:
    """Return why the zone is not in use, according to the zone of a parent domain; empty if it may be."""
    delegated, servers = _name_servers(parent, zone.name), name_servers(zone)
    if delegated == servers:
        return ""
    to = f"to {', '.join(sorted(delegated))}" if delegated else "to no name servers"
    text = f"the hosted zone {zone.name} is not in use: {parent.name} delegates it {to}, "
    return f"{text}but its own are {', '.join(sorted(servers))}"


def may_exist(zone_id: str) -> bool:
    """Return whether there is a zone with this id, or the credentials may not ask."""
    try:
        client("route53").get_hosted_zone(Id=zone_id)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchHostedZone":
            return False
        if not is_denied(error):
            raise
    return True


def name_servers(zone: HostedZone) -> set[str]:
    """Return the name servers of a public zone, which the registrar of the domain must name."""
    answer = client("route53").get_hosted_zone(Id=zone.zone_id)
    return {_plain(each) for each in answer["DelegationSet"]["NameServers"]}


def address_records(zone: HostedZone, name: str) -> list[Mapping[str, Any]]:
    """Return the records that decide where the name leads to. An HTTPS record does if it names a host (RFC 9460)."""
    return [
        each
        for each in find_records(zone, name)
        if each["Type"] in _ADDRESSES or (each["Type"] == "HTTPS" and any(_targets(each)))
    ]


def lead_to(records: Iterable[Mapping[str, Any]], host: str) -> bool:
    """Return whether there are records, and all lead to the host."""
    return {target for each in records for target in _targets(each)} == {host.lower()}


def describe(records: Iterable[Mapping[str, Any]]) -> str:
    """Return the types and targets of records."""
    return ", ".join(f"{each['Type']} {target}" for each in records for target in _targets(each))


def has_record(zone: HostedZone, record: Record) -> bool:
    """Return whether the zone has the record. A TXT record may have other texts beside it.

    :raises DeploymentError: it has the name with another value, or a CNAME and another record exclude each other
    """
    found = [
        each
        for each in find_records(zone, record.name)
        if each["Type"] == record.type or "CNAME" in {each["Type"], record.type}
    ]
    if found and not _have(found, record):
        raise DeploymentError(
            f"{record.name} has another record in the hosted zone {zone.name}, which is not overwritten: "
            f"{describe(found)}",
            _fix(found, record),
        )
    return bool(found)


def _fix(records: Sequence[Mapping[str, Any]], record: Record) -> str:
    if all(each["Type"] == record.type == "TXT" for each in records):
        change = f"add the value {record.value} to it, beside those that it has"
    else:
        change = f"delete it, or change it to {record.type} {record.value}"
    return f"{change}, then run the command again"


def _have(records: Sequence[Mapping[str, Any]], record: Record) -> bool:
    if any(each["Type"] != record.type for each in records):
        return False
    if record.type == "TXT":
        return any(record.value in _targets(each) for each in records)
    return lead_to(records, record.value)


def create_record(zone: HostedZone, record: Record) -> None:
    """Create the record; one that another run has just created stays.

    :raises DeploymentError: the name has another value
    """
    try:
        _change(zone.zone_id, "CREATE", record)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidChangeBatch" or not has_record(zone, record):
            raise


def delete_record(zone_id: str, record: Record) -> bool:
    """Delete the record, and return whether it existed with this value."""
    try:
        _change(zone_id, "DELETE", record)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"InvalidChangeBatch", "InvalidInput", "NoSuchHostedZone"}:
            return False
        raise
    return True


def format_table(records: Sequence[Record]) -> list[str]:
    """Return the lines of a table of records."""
    rows = [("name", "type", "value"), *((each.name, each.type, each.value) for each in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return [f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {value}" for name, kind, value in rows]


def _zones() -> Iterator[HostedZone]:
    for page in client("route53").get_paginator("list_hosted_zones").paginate():
        for each in page["HostedZones"]:
            yield HostedZone(
                zone_id=each["Id"].rpartition("/")[2],
                name=_plain(each["Name"]),
                is_private=each.get("Config", {}).get("PrivateZone", False),
            )


def find_records(zone: HostedZone, name: str) -> list[Mapping[str, Any]]:
    """Return all records of exactly that name."""
    answer = client("route53").list_resource_record_sets(HostedZoneId=zone.zone_id, StartRecordName=name)
    return [each for each in answer["ResourceRecordSets"] if _plain(each["Name"]) == name]


def find_texts(zone: HostedZone, name: str) -> list[str]:
    """Return the texts of the TXT record of exactly that name."""
    return [text for each in find_records(zone, name) if each["Type"] == "TXT" for text in _targets(each)]


def _name_servers(zone: HostedZone, name: str) -> set[str]:
    return {target for each in find_records(zone, name) if each["Type"] == "NS" for target in _targets(each)}


def _targets(record: Mapping[str, Any]) -> list[str]:
    if alias := record.get("AliasTarget"):
        return [_plain(alias["DNSName"])]
    values = [each["Value"] for each in record.get("ResourceRecords", ())]
    if record["Type"] == "HTTPS":  # The priority, the host or a dot for the name itself, and parameters.
        values = [value.split()[1] for value in values]
    return list(map(_unquoted, values)) if record["Type"] == "TXT" else list(map(_plain, values))


def _change(zone_id: str, action: str, record: Record) -> None:
    entry = {"Name": record.name, "Type": record.type, "TTL": _TTL_SECONDS}
    value = f'"{record.value}"' if record.type == "TXT" else record.value
    change = {"Action": action, "ResourceRecordSet": {**entry, "ResourceRecords": [{"Value": value}]}}
    client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": [change]})


def _unquoted(value: str) -> str:
    """Return the text of a TXT record, whose parts of at most 255 characters are quoted."""
    return "".join(re.sub(r"\\(.)", r"\1", part) for part in _QUOTED.findall(value)) or value


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()
