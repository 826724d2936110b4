"""The way of bounces and complaints: configuration set, event bus, rule, function."""

import json
from collections.abc import Sequence
from typing import Any, Final

from kolom_cli.deploying.account import aws_options, client
from kolom_cli.deploying.mail.report import SetupReport
from kolom_cli.deploying.stack import StackResource

SUBJECT: Final = "bounces"
CONFIGURATION_SET: Final = "MailSettings"
_FUNCTION: Final = "SuppressAddresses"
_EVENTS: Final = frozenset({"BOUNCE", "COMPLAINT"})
_RULE: Final = "AWS::Events::Rule"
_UNDO: Final = "undo what was changed outside of CloudFormation; `aws cloudformation detect-stack-drift` finds it"


def find_configuration_set(resources: Sequence[StackResource]) -> str:
    """Return the name of the stack's configuration set; empty if the stack sends no mail."""
    return _physical_id(resources, CONFIGURATION_SET)


def _physical_id(resources: Sequence[StackResource], logical_id: str) -> str:
    return next((each.physical_id for each in resources if each.logical_id == logical_id), "")


def _create_again(found: SetupReport) -> str:
    without = found.commands.deploy("OwnerEmail=", "MailFrom=")
    return f"let the stack create it again: `{without}`, and then with the addresses"


def check_events(found: SetupReport, resources: Sequence[StackResource]) -> None:
    """Report what keeps bounces and complaints from the function that suppresses addresses."""
    name = find_configuration_set(resources)
    before = len(found.findings)
    if not _check_configuration_set(found, name):
        return
    _check_destination(found, name)
    _check_rule(found, name, resources)
    if len(found.findings) == before:
        found.add("ok", SUBJECT, f"bounces and complaints of {name} arrive at the stack")


def _check_configuration_set(found: SetupReport, name: str) -> bool:
    ses = client("sesv2")
    try:
        settings = ses.get_configuration_set(ConfigurationSetName=name)
    except ses.exceptions.NotFoundException:
        found.add("problem", SUBJECT, f"the configuration set {name} of the stack was deleted", _create_again(found))
        return False
    if not settings.get("SendingOptions", {}).get("SendingEnabled", True):
        fix = (
            f"aws sesv2 put-configuration-set-sending-options --configuration-set-name {name} --sending-enabled "
            f"{aws_options()}"
        )
        found.add("problem", SUBJECT, f"sending is paused for the configuration set {name}", fix)
    return True


def _check_destination(found: SetupReport, name: str) -> None:
    answer = client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=name)
    reported: set[str] = set()
    for each in answer.get("EventDestinations", ()):
        bus = each.get("EventBridgeDestination", {}).get("EventBusArn", "")
        if each.get("Enabled") and bus.endswith(":event-bus/default"):
            reported |= set(each["MatchingEventTypes"])
    if missing := sorted(_EVENTS - reported):
        text = f"the configuration set {name} does not report {' and '.join(missing)} to EventBridge"
        found.add("problem", SUBJECT, text, _create_again(found))


def _check_rule(found: SetupReport, name: str, resources: Sequence[StackResource]) -> None:
    # SAM names the rule after the function and its event.
    rule = next((each for each in resources if each.type == _RULE and each.logical_id.startswith(_FUNCTION)), None)
    function = _physical_id(resources, _FUNCTION)
    events = client("events")
    try:
        described: dict[str, Any] = events.describe_rule(Name=rule.physical_id) if rule else {}
    except events.exceptions.ResourceNotFoundException:
        described = {}
    if rule is None or not described:
        found.add("problem", SUBJECT, "the rule that passes bounces and complaints to the stack is missing", _UNDO)
        return
    if described.get("State") != "ENABLED":
        fix = f"aws events enable-rule --name {rule.physical_id} {aws_options()}"
        found.add("problem", SUBJECT, f"the rule {rule.physical_id} is disabled", fix)
    if name not in _configuration_sets(described):
        found.add("problem", SUBJECT, f"the rule {rule.physical_id} does not match events of {name}", _UNDO)
    targets = events.list_targets_by_rule(Rule=rule.physical_id)["Targets"]
    if not function or all(each["Arn"].rpartition(":")[2] != function for each in targets):
        found.add("problem", SUBJECT, f"the rule {rule.physical_id} does not call {_FUNCTION} of the stack", _UNDO)


def _configuration_sets(rule: dict[str, Any]) -> list[str]:
    pattern = json.loads(rule.get("EventPattern", "{}"))
    found: list[str] = pattern.get("detail", {}).get("mail", {}).get("tags", {}).get("ses:configuration-set", [])
    return found
