"""The domain of a site: its certificate, its records, and the parameters that the stack gets for it.

CloudFront accepts a name only with a certificate that is issued, so everything here comes before the change set. The
records that lead to the distribution belong to the stack, which creates and deletes them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying import certificates, hosted_zones
from kolom_cli.deploying.answers import PENDING_URL, own_url
from kolom_cli.deploying.certificates import Certificate
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import is_denied
from kolom_cli.deploying.hosted_zones import HostedZone, Record, ZoneSearch
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import Stack

_REPEAT: Final = "then run the command again; to deploy without a domain: --domain ''"
_CORRECT: Final = f"correct the cause, {_REPEAT}"


@dataclass(slots=True, kw_only=True)
class Domain:
    """The domain ``name`` of a stack; empty for none. The stack is None before the first deployment.

    ``parameters`` are those that the user has set. ``owner`` marks the certificates of the stack.
    """

    name: str
    owner: str
    stack: Stack | None
    parameters: Mapping[str, str]
    progress: Progress

    def prepare(self, remember: Callable[[], None], read_stack: Callable[[], Stack | None]) -> dict[str, str] | None:
        """Get a certificate, and return the parameters for the stack; None if the user must create a record first.

        Without a name, they remove the domain that the stack has.

        ``remember`` is called when there is a certificate, so that the next run continues with it. ``read_stack`` is
        called for the current stack afterwards: another run may have changed it during the wait, and its records would
        then look like those of others.

        :raises DeploymentError: there is no certificate, or it is not issued in time
        """
        if not self.name:
            return self._removal()
        try:
            search = hosted_zones.find_zone(self.name)
            certificate, is_new = self._get_certificate()
            remember()
            if not certificate.is_issued:
                issued = self._validate(certificate, search, is_new=is_new)
                if issued is None:
                    return None
                certificate = issued
            self.stack = read_stack()
            return self._parameters(certificate, search)
        except ClientError as error:
            if not is_denied(error) or self.old_name != self.name:
                raise
            self.progress.step(f"warning: {self.name} stays as it is, because it cannot be checked: {explain(error)}")
            return {}

    def plan(self) -> dict[str, str]:
        """Return the parameters for the stack without creating anything; none if there is no issued certificate."""
        if not self.name:
            return self._removal()
        found = self._choose(certificates.find_certificates(self.name, self.owner))
        if found is not None and found.is_issued:
            return self._parameters(found, hosted_zones.find_zone(self.name))
        state = "is not issued yet" if found else "is not requested yet"
        self.progress.step(f"The certificate for {self.name} {state}, so these changes are without the domain.")
        return {}

    def replaces_certificate(self, values: Mapping[str, str]) -> bool:
        """Return whether these parameters give the stack another certificate than the one that it has."""
        old = "" if self.stack is None else self.stack.parameters.get("CertificateArn", "")
        return values.get("CertificateArn", old) != old

    @property
    def old_name(self) -> str:
        """The name that the stack has until the deployment."""
        return "" if self.stack is None else self.stack.parameters.get("Domain", "")

    def _removal(self) -> dict[str, str]:
        if self.stack is None or not self.old_name:
            return {}
        values = {"Domain": "", "CertificateArn": "", "HostedZoneId": ""}
        old_url = f"https://{self.old_name}"
        if self.parameters.get("SiteUrl") == old_url:
            self.progress.step(f"warning: SiteUrl stays {old_url}, which you have set: change it with --parameter")
        elif "SiteUrl" not in self.parameters and self.stack.parameters["SiteUrl"] == old_url:
            outputs = self.stack.outputs
            values["SiteUrl"] = outputs["ApiUrl"] if self.parameters.get("Cdn") == "off" else own_url(outputs)
        return values

    def _get_certificate(self) -> tuple[Certificate, bool]:
        """Return a certificate, and whether it is new. One that failed is replaced."""
        found = certificates.find_certificates(self.name, self.owner)
        if (chosen := self._choose(found)) is not None:
            return chosen, False
        for reason in dict.fromkeys(each.explain() for each in found):
            self.progress.step(f"A new certificate is needed for {self.name}. The last one: {reason}.")
        self.progress.step(f"Requesting a certificate for {self.name}")
        return certificates.request_certificate(self.name, self.owner), True

    def _choose(self, found: Sequence[Certificate]) -> Certificate | None:
        """Return the certificate that the stack has, or else the first one that is issued or waits for its record."""
        usable = [each for each in found if each.is_issued or each.is_pending]
        used = "" if self.stack is None else self.stack.parameters.get("CertificateArn")
        own = (each for each in usable if each.is_issued and each.arn == used)
        return next(own, usable[0] if usable else None)

    def _validate(self, certificate: Certificate, search: ZoneSearch, *, is_new: bool) -> Certificate | None:
        """Create or show the record of the certificate, and wait for ACM; None if the user must first create it."""
        record = certificate.record
        if not certificate.is_pending:
            raise DeploymentError(f"the certificate for {self.name} failed: {certificate.explain()}", _CORRECT)
        if record is None:
            raise DeploymentError(
                f"ACM has not decided yet which record proves that {self.name} is yours", f"wait a minute, {_REPEAT}"
            )
        if search.zone is not None:
            self._create_record(search.zone, certificate, record)
        else:
            self.progress.step(f"The certificate for {self.name} needs this record in the DNS:")
            self._show(record)
            if is_new:
                self.progress.step(
                    "Create it at the provider of your DNS, then run `kolom deploy` again: it continues. Nothing else "
                    "was changed."
                )
                return None
        with self._waiting():
            issued = certificates.wait_for_issue(certificate, self._report_wait)
        if issued.is_issued:
            self.progress.step(f"The certificate for {self.name} is issued")
            return issued
        if not issued.is_pending:
            raise DeploymentError(f"the certificate for {self.name} failed: {issued.explain()}", _CORRECT)
        raise DeploymentError(
            f"the certificate for {self.name} is not issued yet", f"{_hint(search, record)}, {_REPEAT}"
        )

    def _create_record(self, zone: HostedZone, certificate: Certificate, record: Record) -> None:
        if hosted_zones.has_record(zone, record):
            return
        self.progress.step(f"Creating the record that proves that {self.name} is yours, in the zone {zone.name}")
        if certificate.owner == self.owner:  # Before the record, so that an interrupted run leaves none without a mark.
            certificates.mark_record(certificate, zone.zone_id)
        hosted_zones.create_record(zone, record)

    def _parameters(self, certificate: Certificate, search: ZoneSearch) -> dict[str, str]:
        values = {"Domain": self.name, "CertificateArn": certificate.arn, "HostedZoneId": self._records_zone(search)}
        url = f"https://{self.name}"
        if self._follows_domain():
            values["SiteUrl"] = url
        elif (chosen := self._chosen_url()) != url:
            self.progress.step(f"SiteUrl stays {chosen}, which you have set: feeds, mail and links contain it.")
        return values

    def _follows_domain(self) -> bool:
        """Return whether ``SiteUrl`` is not one that the user has chosen."""
        if "SiteUrl" in self.parameters:
            return False
        if self.stack is None or "SiteUrl" not in self.stack.parameters:
            return True
        outputs, values = self.stack.outputs, self.stack.parameters
        own = {PENDING_URL, outputs.get("ApiUrl"), own_url(outputs), f"https://{values.get('Domain')}"}
        return values["SiteUrl"] in own

    def _chosen_url(self) -> str:
        return {**(self.stack.parameters if self.stack else {}), **self.parameters}.get("SiteUrl", "")

    def _records_zone(self, search: ZoneSearch) -> str:
        """Return the id of the zone in which the stack has the records of the name; empty if it has none.

        Records of others are never changed. Those of the stack stay as long as their zone exists, even if it would not
        be chosen any more.
        """
        used = self.stack.parameters["HostedZoneId"] if self.stack is not None and self.old_name == self.name else ""
        if used and hosted_zones.may_exist(used):
            return used
        if search.zone is None or hosted_zones.address_records(search.zone, self.name):
            return ""
        return search.zone.zone_id

    def _report_wait(self, minutes: int) -> None:
        self.progress.step(f"  waiting for ACM ({minutes} of {certificates.WAIT_SECONDS / 60:.0f} minutes)")

    def _show(self, record: Record) -> None:
        for line in hosted_zones.format_table([record]):
            self.progress.step(line)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self.progress.step(f"Waiting for the certificate for {self.name}, usually some minutes")
        try:
            yield
        except (KeyboardInterrupt, BotoCoreError, ClientError):
            self.progress.step("ACM continues by itself. Run the command again to continue.")
            raise


def missing_address(stack: Stack) -> list[str]:
    """Return lines about a domain that does not lead to the site yet."""
    name = stack.parameters["Domain"]
    if stack.parameters["HostedZoneId"]:
        return [f"warning: https://{name} does not lead to the site yet: it takes some minutes until the DNS knows it"]
    # A domain with two labels is a whole domain. Others may be, such as example.co.uk.
    record = Record(name, "CNAME" if name.count(".") > 1 else "ALIAS", stack.outputs["DistributionDomain"])
    return [
        f"warning: https://{name} does not lead to the site yet. It needs this record in the DNS, and no other:",
        *hosted_zones.format_table([record]),
        "A whole domain, such as example.com, cannot have a CNAME: most providers call its record ALIAS or ANAME.",
    ]


def _hint(search: ZoneSearch, record: Record) -> str:
    if search.zone is None:
        return f"create the record {record.name}, or wait until the DNS servers know it"
    servers = ", ".join(sorted(hosted_zones.name_servers(search.zone)))
    return f"let the registrar of {search.zone.name} name the name servers of the hosted zone ({servers})"
