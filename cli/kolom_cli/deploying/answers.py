"""The parameters of a deployment: answers to questions, options, and what ``kolom.toml`` remembers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from kolom.errors import KolomError
from kolom_cli.sam.defaults import TEMPLATE
from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.parameters import parameter_values

PENDING_URL: Final = "https://pending.invalid"
"""The value of ``SiteUrl`` until the distribution exists. No host name ends in `.invalid` (RFC 2606)."""

_LOCALTIME: Final = Path("/etc/localtime")
_DEPLOYED_ARCHITECTURE: Final = "arm64"


@dataclass(frozen=True, slots=True)
class Question:
    """A parameter that a first deployment asks for on a terminal."""

    parameter: str
    text: str


QUESTIONS: Final = (
    Question("OwnerEmail", "Your email address, for comments and alarms (empty: no mail)"),
    Question("SiteTitle", "Title of the blog"),
    Question("Languages", "Language of the blog, such as en; several with commas, the default first"),
    Question("TimeZone", "Time zone, such as Asia/Jakarta"),
)


@cache
def template_document() -> Mapping[str, Any]:
    """Return the template of this checkout."""
    return read_document(TEMPLATE)


def definitions() -> Mapping[str, Any]:
    """Return the parameters of the template."""
    found: Mapping[str, Any] = template_document()["Parameters"]
    return found


def parse_options(options: Sequence[str]) -> dict[str, str]:
    """Return the values of ``--parameter KEY=VALUE``.

    :raises KolomError: one has no ``=``, or is not text
    """
    if wrong := [each for each in options if "=" not in each]:
        raise KolomError(f"--parameter needs KEY=VALUE, got {wrong[0]!r}")
    values = {key.strip(): value for key, _, value in (each.partition("=") for each in options)}
    for key, value in values.items():
        if not _is_utf8(key + value):
            raise KolomError(f"--parameter {key if _is_utf8(key) else ascii(key)}: the value is not valid UTF-8")
    return values


def _is_utf8(text: str) -> bool:
    """Return whether the text can be written; an argument with invalid bytes cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_values(given: Mapping[str, str]) -> None:
    """Check the values as CloudFormation would, and some more strictly.

    :raises KolomError: a name is unknown or a value is not allowed
    """
    for code in given.get("Languages", "").split(","):
        primary = re.split("[-_]", code)[0].lower()
        if primary != code.lower():
            raise KolomError(f"parameter Languages: {code!r} has a region or a script; write {primary!r}")
    try:
        parameter_values(definitions(), {"SiteUrl": PENDING_URL, **given})
    except TemplateError as error:
        raise KolomError(str(error)) from error
    for name in ("Domain", "HostedZoneId"):
        if name in given:
            raise KolomError(f"parameter {name}: `kolom deploy --domain` sets it")
    if (zone := given.get("TimeZone", "UTC")) not in available_timezones():
        raise KolomError(f"parameter TimeZone: {zone!r} is not a time zone such as Asia/Jakarta")
    if given.get("Architecture", _DEPLOYED_ARCHITECTURE) != _DEPLOYED_ARCHITECTURE:
        raise KolomError("parameter Architecture: `kolom deploy` builds for arm64 only; see docs/deploy.md for x86_64")


def ask(given: Mapping[str, str], prompt: Callable[[str, str], str], complain: Callable[[str], None]) -> dict[str, str]:
    """Return the answers to the questions whose parameters are not given; each is asked until it is valid."""
    answers: dict[str, str] = {}
    for question in QUESTIONS:
        if question.parameter in given:
            continue
        while True:
            answer = prompt(question.text, default_of(question.parameter)).strip()
            try:
                check_values({question.parameter: answer})
            except KolomError as error:
                complain(str(error))
            else:
                answers[question.parameter] = answer
                break
    return answers


def default_of(parameter: str) -> str:
    """Return the answer that is offered: the template's default, and for the time zone that of this machine."""
    if parameter == "TimeZone":
        target = str(_LOCALTIME.resolve())
        zone = target.partition("/zoneinfo/")[2]
        return zone if zone in available_timezones() else "UTC"
    return str(definitions()[parameter].get("Default", ""))


def to_change_set(given: Mapping[str, str], previous: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """Return the parameters for a change set: given values, then those of the stack, then the template's defaults.

    ``previous`` is None for a stack that does not exist yet. One that began with an import has no parameters.
    """
    values = dict(given)
    if "SiteUrl" not in (previous or {}):
        values.setdefault("SiteUrl", PENDING_URL)
    parameters: list[dict[str, Any]] = []
    for name in definitions():
        if name in values:
            parameters.append({"ParameterKey": name, "ParameterValue": values[name]})
        elif previous is not None and name in previous:
            parameters.append({"ParameterKey": name, "UsePreviousValue": True})
    return parameters


def with_previous(values: Mapping[str, str], previous: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the parameters for a change set with the stack's own template, which may be of another version."""
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in previous if name not in values]
    return [*({"ParameterKey": name, "ParameterValue": value} for name, value in values.items()), *kept]


def own_url(outputs: Mapping[str, str]) -> str:
    """Return the URL that AWS gives the site: of the distribution or, if there is none, of the API.

    :raises KolomError: the stack has neither
    """
    domain = outputs.get("DistributionDomain")
    return f"https://{domain}" if domain else output(outputs, "ApiUrl")


def output(outputs: Mapping[str, str], name: str) -> str:
    """Return an output of a stack.

    :raises KolomError: the stack does not have it
    """
    if name not in outputs:
        raise KolomError(f"the stack has no output {name}")
    return outputs[name]


def needs_own_url(site_url: str, outputs: Mapping[str, str]) -> bool:
    """Return whether ``SiteUrl`` is preliminary: pending, or the URL of the API although there is a distribution.

    Any other value counts as chosen by the owner.
    """
    is_chosen = site_url not in {PENDING_URL, outputs.get("ApiUrl")}
    return not is_chosen and site_url != own_url(outputs)
