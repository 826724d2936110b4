"""Emulate the mailbox simulator of SES: mail to its addresses causes bounce and complaint events.

*Amazon SES Developer Guide, Using the Amazon SES mailbox simulator*: ``bounce@simulator.amazonses.com`` and
``complaint@simulator.amazonses.com``.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from moto.events.models import EventPattern

from kolom_cli.emulator.lambda_runtime import FunctionError
from kolom_cli.emulator.ses import Mail
from kolom_cli.sam.intrinsics import ACCOUNT_ID
from kolom_cli.sam.model import Rule

_BOUNCE: Final = "bounce@simulator.amazonses.com"
_COMPLAINT: Final = "complaint@simulator.amazonses.com"
_log = logging.getLogger(__name__)


class MailboxSimulator:
    """Creates an event for each mail to an address of the simulator, and invokes the functions whose rules match it."""

    def __init__(
        self, rules: Sequence[Rule], configuration_set: str, invoke: Callable[[str, Any], Any], region: str
    ) -> None:
        self._rules = [(rule.function, EventPattern.load(rule.pattern)) for rule in rules]
        self._configuration_set = configuration_set
        self._invoke = invoke
        self._region = region

    def __call__(self, mail: Mail) -> None:
        """Process a sent mail. The event follows asynchronously in a separate thread, as on AWS."""
        event = self._event(mail)
        if event is not None:
            functions = [name for name, pattern in self._rules if pattern.matches_event(event)]  # type: ignore[arg-type]
            threading.Thread(target=self._deliver, args=(functions, event), daemon=True).start()

    def _deliver(self, functions: Sequence[str], event: dict[str, Any]) -> None:
        for function in functions:
            try:
                self._invoke(function, event)
            except FunctionError:
                _log.error("%s: failed for an SES event, which is lost", function)

    def _event(self, mail: Mail) -> dict[str, Any] | None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        sent = {
            "timestamp": now,
            "messageId": uuid.uuid4().hex,
            "destination": [mail["to"]],
            "tags": {"ses:configuration-set": [self._configuration_set]},
        }
        if mail["to"] == _BOUNCE:
            bounced = [{"emailAddress": _BOUNCE, "action": "failed", "status": "5.1.1"}]
            bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": bounced}
            kind, detail = "Email Bounced", {"eventType": "Bounce", "mail": sent, "bounce": bounce}
        elif mail["to"] == _COMPLAINT:
            complaint = {"complainedRecipients": [{"emailAddress": _COMPLAINT}], "complaintFeedbackType": "abuse"}
            kind, detail = "Email Complaint Received", {"eventType": "Complaint", "mail": sent, "complaint": complaint}
        else:
            return None
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": "aws.ses",
            "account": ACCOUNT_ID,
            "time": now,
            "region": self._region,
            "resources": [],
            "detail": detail,
        }
