"""Set up the mail of a stack, as far as it goes now. Each step looks at what exists, so that the next run continues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kolom.errors import KolomError
from kolom_cli.connection import Target, connect
from kolom_cli.deploying.answers import PENDING_URL
from kolom_cli.deploying.budget_check import check_budget, has_budget
from kolom_cli.deploying.mail import bounce_events, identity_steps, owner_mail, production_access
from kolom_cli.deploying.mail.addresses import Addresses, read_addresses
from kolom_cli.deploying.mail.dns_records import wanted_records
from kolom_cli.deploying.mail.identities import SesIdentity, find_verified
from kolom_cli.deploying.mail.production_access import ProductionRequest
from kolom_cli.deploying.mail.report import SetupReport
from kolom_cli.deploying.mail.ses_account import SesAccount, check_account, has_ses, read_account
from kolom_cli.deploying.stack import Stack, list_resources

PARAMETERS: Final = ("OwnerEmail", "MailFrom", "MailIdentity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user wants.

    With ``keeps_verified_address``, a sender whose address is verified needs no identity of its domain. ``confirm``
    asks whether to send the request to leave the sandbox; it is None if nobody can be asked.
    """

    address_only: bool = False
    keeps_verified_address: bool = False
    requests_production: bool = False
    confirm: Callable[[ProductionRequest], bool] | None = None
    test: bool = False


@dataclass(slots=True, kw_only=True)
class MailSetup:
    """Sets up the mail of ``stack`` with the parameters ``wanted``.

    ``set_parameters`` gives them to the stack, and ``remember`` gets those that the stack has.
    """

    target: Target
    stack: Stack
    region: str
    wanted: dict[str, str]
    options: Options
    set_parameters: Callable[[Stack, Mapping[str, str]], Stack]
    remember: Callable[[Mapping[str, str]], None]
    report: SetupReport
    account: SesAccount | None = None
    sender: SesIdentity | None = None
    can_send: bool = False

    def run(self) -> None:
        """Make all steps that can be made now, and report them."""
        addresses = self._read_addresses()
        if addresses is None:
            return
        with self.report.step("account"):
            self.account = read_account()
            check_account(self.report, self.account, "problem")
        with self.report.step("sender"):
            self._verify_sender(addresses)
        if self.sender is not None and self.sender.is_domain:
            self.report.records = wanted_records(self.sender, self.region)
            with self.report.step("DNS"):
                identity_steps.ensure_records(self.report, self.sender, self.report.records)
        if self._is_in_sandbox and addresses.owner:
            with self.report.step("owner"):
                identity_steps.ensure_recipient(self.report, addresses, self.sender)
        with self.report.step("parameters"):
            self._set_parameters()
        with self.report.step("bounces"):
            self._check_events()
        if addresses.owner:
            with self.report.step("suppression"):
                connect(self.target)
                owner_mail.check_suppression(self.report, addresses.owner)
        with self.report.step("sandbox"):
            self._leave_sandbox()
        if self.options.test:
            with self.report.step("test"):
                self._send_test(addresses)

    def _read_addresses(self) -> Addresses | None:
        try:
            addresses = read_addresses(self.wanted)
        except KolomError as error:
            self.report.add("problem", "addresses", str(error), self._with_addresses())
            return None
        self.wanted |= addresses.to_parameters(self.wanted)
        if not addresses.sender:
            text = "the stack has no address, so it sends no mail"
            self.report.add("problem", "addresses", text, self._with_addresses())
            return None
        if not has_ses(self.region):
            fix = "use a stack in another region if you need mail (docs/deploy.md, Regions)"
            text = f"CloudFormation has no SES in {self.region}, so a stack there sends no mail"
            self.report.add("problem", "region", text, fix)
            return None
        if not addresses.owner:
            text = "OwnerEmail is not set, so you get no mail about comments and messages"
            self.report.add("warning", "addresses", text, self._with_owner())
        return addresses

    def _with_addresses(self) -> str:
        commands = self.report.commands
        sender = () if commands.sender else ("--from", "ADDRESS")
        owner = () if commands.owner else ("--owner", "ADDRESS")
        return f"`{commands.setup(*sender, *owner)}`"

    def _with_owner(self) -> str:
        return f"`{self.report.commands.setup('--owner', 'ADDRESS')}`"

    @property
    def _is_in_sandbox(self) -> bool:
        return self.account is not None and self.account.is_in_sandbox

    def _verify_sender(self, addresses: Addresses) -> None:
        self.sender = identity_steps.ensure_sender(
            self.report,
            addresses,
            address_only=self.options.address_only,
            keeps_verified_address=self.options.keeps_verified_address,
        )
        if self.sender.name in addresses.parents:
            self.wanted["MailIdentity"] = self.sender.name
        self.can_send = self.sender.is_verified
        if not self.can_send and find_verified([addresses.sender]):
            self.can_send = True
            self.report.add("ok", "sender", f"until then, mail is sent, because {addresses.sender} is verified")

    def _missing(self) -> dict[str, str]:
        """Return the parameters that the stack does not have yet."""
        values = {name: self.wanted.get(name, "") for name in PARAMETERS}
        return {name: value for name, value in values.items() if value != self.stack.parameters.get(name, "")}

    def _set_parameters(self) -> None:
        """Give the stack its addresses, but only when they can send: mail of the old ones must not stop."""
        missing = self._missing()
        names = ", ".join(missing)
        if missing and not self.can_send:
            self.report.add("waiting", "parameters", f"{names}: set when the sender is verified", self.report.again)
            return
        if missing:
            if not self._allows_budget(missing):
                return
            self.stack = self.set_parameters(self.stack, missing)
            self.report.add("ok", "parameters", f"set for the stack: {names}")
            if owner := missing.get("OwnerEmail"):
                text = f"AWS has sent mail to {owner}, with a link to confirm that it gets alarms"
                self.report.add("warning", "alarms", text, "follow the link in it")
        self.remember({name: self.wanted.get(name, "") for name in PARAMETERS})

    def _allows_budget(self, missing: Mapping[str, str]) -> bool:
        """Report a budget that CloudFormation would refuse: an owner's address adds the one of ``MonthlyBudget``."""
        before = len(self.report.findings)
        values = {**self.stack.parameters, **missing}
        if has_budget(values):
            check_budget(self.report, self.region, values)
        return len(self.report.findings) == before

    def _check_events(self) -> None:
        resources = list_resources(self.stack.stack_id)
        if bounce_events.find_configuration_set(resources):
            bounce_events.check_events(self.report, resources)
        elif not self._missing():
            text = "the stack has no configuration set, although it has an address"
            self.report.add("problem", "bounces", text, f"run `{self.report.commands.deploy()}`")

    def _leave_sandbox(self) -> None:
        found, account = self.report, self.account
        if account is None:
            return
        if not account.is_in_sandbox:
            found.add("ok", "sandbox", "SES sends to all addresses")
            return
        case = f" (case {account.case})" if account.case else ""
        if account.review == "PENDING":
            fix = "answer what AWS asks in the case; until then, readers get no mail"
            found.add("waiting", "sandbox", f"AWS is reviewing the request to leave the sandbox{case}", fix)
            return
        declined = f". AWS has declined the last request{case}" if account.review == "DENIED" else ""
        text = f"SES sends only to verified addresses, so readers get no mail{declined}"
        outputs, is_wanted = self.stack.outputs, self.options.requests_production
        if outputs["SiteUrl"] == PENDING_URL:
            fix = f"run `{found.commands.deploy()}`, then {found.again}"
            text = f"{text}; the request needs the address of the site, which is not set yet"
            found.add("problem" if is_wanted else "warning", "sandbox", text, fix)
            return
        found.request = request = production_access.write_request(
            title=outputs["SiteTitle"], website=outputs["SiteUrl"], region=self.region
        )
        if not is_wanted:
            command = found.commands.setup("--request-production")
            fix = f"send the request below: `{command}`, or in the console: {request.console}"
            found.add("warning", "sandbox", text, fix)
        elif not self.can_send:
            found.add("waiting", "sandbox", f"{text}; the request needs a verified sender", found.again)
        elif self.options.confirm is None:
            fix = f"run the command on a terminal, or send the request below in the console: {request.console}"
            found.add("problem", "sandbox", f"{text}; the request was not sent, because nobody can be asked", fix)
        elif self.options.confirm(request):
            production_access.submit(request)
            found.request = None
            found.add("waiting", "sandbox", "the request is sent", f"wait for the mail of AWS, then {found.again}")
        else:
            found.add("warning", "sandbox", f"{text}; the request was not sent", f"see {request.console}")

    def _send_test(self, addresses: Addresses) -> None:
        if not addresses.owner:
            self.report.add("problem", "test", "there is no OwnerEmail to send it to", self._with_owner())
        elif not self.can_send:
            self.report.add("waiting", "test", "the test mail needs a verified sender", self.report.again)
        elif self._missing():
            self.report.add(
                "waiting", "test", "the stack must get its addresses before the test mail", self.report.again
            )
        else:
            name = bounce_events.find_configuration_set(list_resources(self.stack.stack_id))
            self.report.message_id = owner_mail.send_test(addresses.owner, name)
            text = f"SES accepted a mail to {addresses.owner}: {self.report.message_id}"
            self.report.add("ok", "test", text)
