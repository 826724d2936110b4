"""Spam rules: each rule yields findings about a comment or a message. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import regex

from kolom.submissions.blocked_words import BlockedWords, fingerprint_text
from kolom.submissions.reasons import to_reason

MIN_SECONDS: Final = 3
"""The minimum time in which a person reads and fills in a form."""

_LONG: Final = 5_000
_CAPITALS_FROM: Final = 20
_MOSTLY: Final = 0.8
_SENDERS_TO_HOLD: Final = 2
_SENDERS_OF_SPAM: Final = 5
_LETTERS_AND_DIGITS: Final = regex.compile(r"[\p{L}\p{N}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamPolicy:
    """The settings of the site for the spam rules."""

    links_allowed: int
    blocked_words: BlockedWords = field(default_factory=BlockedWords)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamSignals:
    """The data about a submission that the spam rules evaluate.

    ``content`` is the text that readers see; ``source`` is the text that was sent, with markup and the addresses of
    links. ``form_seconds`` is how long the form was open, and None without a form token; an edit has no form, and
    counts as :data:`MIN_SECONDS`. ``senders`` is how many people have sent the text on this day, including this one. A
    submission under one of the ``reserved_names`` is held.
    """

    name: str
    content: str
    source: str
    website: str = ""
    links: int = 0
    form_seconds: float | None = None
    honeypot: bool = False
    banned: bool = False
    senders: int = 1
    reserved_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpamFinding:
    """The finding of a spam rule: its verdict, and the reason as a text for the moderator."""

    verdict: Literal["spam", "hold"]
    reason: str


def evaluate(signals: SpamSignals, policy: SpamPolicy) -> tuple[SpamFinding, ...]:
    """Return all findings about the submission; usually none. A single ``spam`` finding is conclusive."""
    return tuple(finding for rule in _RULES for finding in rule(signals, policy))


def is_spam(findings: Iterable[SpamFinding]) -> bool:
    """Return whether any finding is conclusive for spam."""
    return any(finding.verdict == "spam" for finding in findings)


def reasons(findings: Iterable[SpamFinding]) -> tuple[str, ...]:
    """Return the reasons of the findings, as texts for the moderator."""
    return tuple(finding.reason for finding in findings)


def _honeypot(signals: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if signals.honeypot:
        yield SpamFinding("spam", to_reason("honeypot"))


def _banned_client(signals: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if signals.banned:
        yield SpamFinding("spam", to_reason("ban"))


def _speed(signals: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if signals.form_seconds is not None and signals.form_seconds < MIN_SECONDS:
        yield SpamFinding("hold", to_reason("speed", seconds=f"{signals.form_seconds:.1f}"))


def _copies(signals: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if signals.senders >= _SENDERS_TO_HOLD:
        certain = signals.senders >= _SENDERS_OF_SPAM
        yield SpamFinding("spam" if certain else "hold", to_reason("senders", senders=signals.senders))


def _blocked_words(signals: SpamSignals, policy: SpamPolicy) -> Iterator[SpamFinding]:
    text = f"{signals.name}\n{signals.website}\n{signals.content}\n{signals.source}"
    for word in policy.blocked_words.find(text):
        yield SpamFinding("spam", to_reason("words", word=repr(word)))


def _links(signals: SpamSignals, policy: SpamPolicy) -> Iterator[SpamFinding]:
    without_form = signals.form_seconds is None
    allowed = 0 if without_form else policy.links_allowed
    if signals.links > allowed:
        name = "links_without_form" if without_form else "links"
        yield SpamFinding("hold", to_reason(name, links=signals.links, allowed=allowed))


def _length(signals: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if len(_LETTERS_AND_DIGITS.findall(signals.content)) < 2:
        yield SpamFinding("hold", to_reason("short"))
    elif len(signals.content) > _LONG:
        yield SpamFinding("hold", to_reason("long", characters=len(signals.content)))


def _capitals(signals: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    cased = [each for each in signals.content if each.isupper() or each.islower()]
    if len(cased) >= _CAPITALS_FROM and sum(each.isupper() for each in cased) > _MOSTLY * len(cased):
        yield SpamFinding("hold", to_reason("capitals"))


def _name(signals: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if fingerprint_text(signals.name) in {fingerprint_text(name) for name in signals.reserved_names}:
        yield SpamFinding("hold", to_reason("name"))


_RULES: Final[tuple[Callable[[SpamSignals, SpamPolicy], Iterator[SpamFinding]], ...]] = (
    *(_honeypot, _banned_client, _speed, _copies, _blocked_words, _links, _length, _capitals, _name),
)
