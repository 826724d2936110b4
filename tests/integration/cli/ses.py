"""A double of SES for the rehearsal of `kolom mail setup`. moto's has neither states of identities nor accounts.

Requests and responses are checked against botocore's model of the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from botocore.validate import ParamValidator

from tests.integration.cli.cloudformation import error

TOKENS: Final = ("aaa", "bbb", "ccc")
BUS: Final = "arn:aws:events:us-east-1:123456789012:event-bus/default"


def bounces_to_bus(**changes: object) -> dict[str, Any]:
    """Return the event destination that the template creates."""
    return {
        "Name": "events",
        "Enabled": True,
        "MatchingEventTypes": ["BOUNCE", "COMPLAINT"],
        "EventBridgeDestination": {"EventBusArn": BUS},
        **changes,
    }


def identity_state(name: str, *, status: str = "PENDING", dkim: str | None = None, **more: Any) -> dict[str, Any]:
    """Return what SES says of an identity."""
    tokens = {} if "@" in name else {"Tokens": list(TOKENS)}
    return {
        "IdentityType": "EMAIL_ADDRESS" if "@" in name else "DOMAIN",
        "VerifiedForSendingStatus": status == "SUCCESS",
        "VerificationStatus": status,
        "DkimAttributes": {
            "SigningEnabled": True,
            "Status": dkim or status,
            "SigningAttributesOrigin": "AWS_SES",
            "SigningHostedZone": "dkim.amazonses.com",
            **tokens,
        },
        **more,
    }


@dataclass
class SesDouble:
    """SES in an account out of the sandbox. ``denied`` has the codes of errors by operation."""

    identities: dict[str, dict[str, Any]] = field(default_factory=dict)
    account: dict[str, Any] = field(
        default_factory=lambda: {
            "SendingEnabled": True,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": True,
            "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 3.0},
        }
    )
    suppressed: set[str] = field(default_factory=set)
    configuration_set: dict[str, Any] | None = field(default_factory=dict)
    destinations: list[dict[str, Any]] = field(default_factory=lambda: [bounces_to_bus()])
    sent: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    denied: dict[str, str] = field(default_factory=dict)

    def call(self, model: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer a call of a client."""
        _check(parameters, model.input_shape)
        if code := self.denied.get(model.name):
            raise error(model.name, code, f"refused: {model.name}")
        answer: dict[str, Any] = getattr(self, f"_{model.name}")(parameters) or {}
        _check(answer, model.output_shape)
        return answer

    def verify(self, name: str) -> None:
        """Find the DNS records, or the click on the link in a mail."""
        self.identities[name] = identity_state(name, status="SUCCESS")

    def use_sandbox(self, **details: Any) -> None:
        self.account |= {"ProductionAccessEnabled": False, **({"Details": details} if details else {})}

    def _GetAccount(self, _: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self.account

    def _GetEmailIdentity(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        if (name := given["EmailIdentity"]) not in self.identities:
            raise error("GetEmailIdentity", "NotFoundException", f"Email identity {name} does not exist.")
        return self.identities[name]

    def _CreateEmailIdentity(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = given["EmailIdentity"]
        if name in self.identities:
            raise error("CreateEmailIdentity", "AlreadyExistsException", f"Email identity {name} already exist.")
        state = self.identities[name] = identity_state(name)
        return {"IdentityType": state["IdentityType"], "VerifiedForSendingStatus": False}

    def _GetConfigurationSet(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self.configuration_set is None:
            raise error("GetConfigurationSet", "NotFoundException", "Configuration set does not exist.")
        return {**given, **self.configuration_set}

    def _GetConfigurationSetEventDestinations(self, _: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"EventDestinations": self.destinations}

    def _GetSuppressedDestination(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        address = given["EmailAddress"]
        if address not in self.suppressed:
            raise error("GetSuppressedDestination", "NotFoundException", f"{address} does not exist")
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        return {"SuppressedDestination": {"EmailAddress": address, "Reason": "BOUNCE", "LastUpdateTime": moment}}

    def _PutAccountDetails(self, given: dict[str, Any]) -> None:  # noqa: N802
        self.requests.append(given)
        self.use_sandbox(ReviewDetails={"Status": "PENDING", "CaseId": "42"})

    def _SendEmail(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.sent.append(given)
        return {"MessageId": f"message-{len(self.sent)}"}


def _check(values: Mapping[str, Any], shape: Any) -> None:
    if shape is not None:
        problems = ParamValidator().validate(values, shape)
        assert not problems.has_errors(), problems.generate_report()
