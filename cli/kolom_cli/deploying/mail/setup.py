"""Set up the mail of a stack, as far as it goes now. Each step looks at what exists, so that the next run continues."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from kolom.errors import KolomError
from kolom.models.errors import StorageError
from kolom_cli.connection import Target, connect, explain
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import Findings
from kolom_cli.deploying.mail import bounce_events, identity_steps, owner_mail, production_access
from kolom_cli.deploying.mail.addresses import Addresses, read_addresses
from kolom_cli.deploying.mail.dns_records import MailRecord, wanted_records
from kolom_cli.deploying.mail.identities import MailIdentity, find_verified
from kolom_cli.deploying.mail.production_access import ProductionRequest
from kolom_cli.deploying.mail.ses_account import SesAccount, check_account, has_ses, read_account
from kolom_cli.deploying.stack import Stack, list_resources

_COMMAND: Final = "kolom mail setup"
PARAMETERS: Final = ("OwnerEmail", "MailFrom", "MailIdentity")
_ADDRESSES: Final = f"`{_COMMAND} --owner ADDRESS --from ADDRESS`"


@dataclass(slots=True, kw_only=True)
class MailSetup(Findings):
    """What a run has done and found. ``request`` is the request to leave the sandbox, if it is still to be sent."""

    command: str = _COMMAND
    records: list[MailRecord] = field(default_factory=list)
    request: ProductionRequest | None = None
    message_id: str = ""

    @property
    def again(self) -> str:
        """What to do to continue."""
        return f"run `{self.command}` again"

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do or to wait for."""
        return not any(each.level in {"problem", "waiting"} for each in self.findings)

    @contextmanager
    def checking(self, subject: str) -> Iterator[None]:
        """Report an error in the block as a problem, so that the other steps are still made."""
        try:
            yield
        except DeploymentError as error:
            self.add("problem", subject, error.text, error.fix)
        except (BotoCoreError, ClientError) as error:
            self.add("problem", subject, f"failed: {explain(error)}", self.fix_of_call(error))
        except StorageError as error:
            cause = error.cause
            text = explain(cause) if isinstance(cause, BotoCoreError | ClientError) else str(error)
            self.add("problem", subject, f"failed: {text}", self.again)
        except KolomError as error:
            self.add("problem", subject, f"failed: {error}", self.again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user wants. ``confirm`` asks whether to send the request to leave the sandbox; None does not send it."""

    address_only: bool = False
    confirm: Callable[[ProductionRequest], bool] | None = None
    test: bool = False


@dataclass(slots=True, kw_only=True)
class Setup:
    """Sets up the mail of ``stack`` with the parameters ``wanted``, which ``set_parameters`` gives to the stack."""

    target: Target
    stack: Stack
    region: str
    wanted: dict[str, str]
    options: Options
    set_parameters: Callable[[Stack, Mapping[str, str]], Stack]
    result: MailSetup
    account: SesAccount | None = None
    sender: MailIdentity | None = None
    can_send: bool = False

    def run(self) -> MailSetup:
        """Make all steps that can be made now."""
        addresses = self._read_addresses()
        if addresses is None:
            return self.result
        with self.result.checking("account"):
            self.account = read_account()
            check_account(self.result, self.account, "problem")
        with self.result.checking("sender"):
            self._verify_sender(addresses)
        if self.sender is not None and self.sender.is_domain:
            self.result.records = wanted_records(self.sender, self.region)
            with self.result.checking("DNS"):
                identity_steps.ensure_records(self.result, self.sender, self.result.records)
        if self._is_in_sandbox and addresses.owner:
            with self.result.checking("owner"):
                identity_steps.ensure_recipient(self.result, addresses, self.sender)
        with self.result.checking("parameters"):
            self._set_parameters()
        with self.result.checking("bounces"):
            self._check_events()
        if addresses.owner:
            with self.result.checking("suppression"):
                connect(self.target)
                owner_mail.check_suppression(self.result, addresses.owner)
        with self.result.checking("sandbox"):
            self._leave_sandbox()
        if self.options.test:
            with self.result.checking("test"):
                self._send_test(addresses)
        return self.result

    def _read_addresses(self) -> Addresses | None:
        try:
            addresses = read_addresses(self.wanted)
        except KolomError as error:
            self.result.add("problem", "addresses", str(error), _ADDRESSES)
            return None
        if not addresses.sender:
            self.result.add("problem", "addresses", "the stack has no address, so it sends no mail", _ADDRESSES)
            return None
        if not has_ses(self.region):
            fix = "use a stack in another region if you need mail (docs/deploy.md, Regions)"
            text = f"CloudFormation has no SES in {self.region}, so a stack there sends no mail"
            self.result.add("problem", "region", text, fix)
            return None
        if not addresses.owner:
            text = "OwnerEmail is not set, so you get no mail about comments and messages"
            self.result.add("warning", "addresses", text, f"`{_COMMAND} --owner ADDRESS`")
        return addresses

    @property
    def _is_in_sandbox(self) -> bool:
        return self.account is not None and self.account.is_in_sandbox

    def _verify_sender(self, addresses: Addresses) -> None:
        self.sender = identity_steps.ensure_sender(self.result, addresses, address_only=self.options.address_only)
        if self.sender.name in addresses.parents:
            self.wanted["MailIdentity"] = self.sender.name
        self.can_send = self.sender.is_verified
        if not self.can_send and find_verified([addresses.sender]):
            self.can_send = True
            self.result.add("ok", "sender", f"until then, mail is sent, because {addresses.sender} is verified")

    def _missing(self) -> dict[str, str]:
        """Return the parameters that the stack does not have yet."""
        values = {name: self.wanted.get(name, "") for name in PARAMETERS}
        return {name: value for name, value in values.items() if value != self.stack.parameters.get(name, "")}

    def _set_parameters(self) -> None:
        """Give the stack its addresses, but only when they can send: mail of the old ones must not stop."""
        missing = self._missing()
        names = ", ".join(missing)
        if missing and not self.can_send:
            self.result.add("waiting", "parameters", f"{names}: set when the sender is verified", self.result.again)
        elif missing:
            self.stack = self.set_parameters(self.stack, missing)
            self.result.add("ok", "parameters", f"set for the stack: {names}")

    def _check_events(self) -> None:
        resources = list_resources(self.stack.stack_id)
        if bounce_events.find_configuration_set(resources):
            bounce_events.check_events(self.result, resources)
        elif not self._missing():
            text = "the stack has no configuration set, although it has an address"
            self.result.add("problem", "bounces", text, "run `kolom deploy`")

    def _leave_sandbox(self) -> None:
        found, account = self.result, self.account
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
        outputs = self.stack.outputs
        request = production_access.write_request(
            title=outputs["SiteTitle"], website=outputs["SiteUrl"], region=self.region
        )
        declined = f". AWS has declined the last request{case}" if account.review == "DENIED" else ""
        text = f"SES sends only to verified addresses, so readers get no mail{declined}"
        if self.options.confirm is None:
            fix = f"send the request below: `{_COMMAND} --request-production`, or in the console: {request.console}"
            found.add("warning", "sandbox", text, fix)
        elif not self.can_send:
            found.add("waiting", "sandbox", f"{text}; the request needs a verified sender", found.again)
        elif self.options.confirm(request):
            production_access.submit(request)
            found.add("waiting", "sandbox", "the request is sent", f"wait for the mail of AWS, then {found.again}")
            return
        else:
            found.add("warning", "sandbox", f"{text}; the request was not sent", f"see {request.console}")
        found.request = request

    def _send_test(self, addresses: Addresses) -> None:
        if not addresses.owner:
            self.result.add("problem", "test", "there is no OwnerEmail to send it to", f"`{_COMMAND} --owner ADDRESS`")
        elif not self.can_send or self._missing():
            self.result.add("waiting", "test", "the test mail needs a verified sender", self.result.again)
        else:
            name = bounce_events.find_configuration_set(list_resources(self.stack.stack_id))
            self.result.message_id = owner_mail.send_test(addresses.owner, name)
            text = f"SES accepted a mail to {addresses.owner}: {self.result.message_id}"
            self.result.add("ok", "test", text)
