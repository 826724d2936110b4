"""What speaks against a comment or a message: each rule says what it found. Pure."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import regex

from kolom.submissions.reasons import to_reason

MIN_SECONDS: Final = 3
"""Nobody reads a form and fills it in faster."""

_LONG: Final = 5_000
_CAPITALS_FROM: Final = 20
_MOSTLY: Final = 0.8
_REPEATED: Final = 2
_REPEATED_TOO_OFTEN: Final = 5
_INVISIBLE: Final = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]+")
_WORDS: Final = regex.compile(r"[\p{L}\p{N}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamPolicy:
    """What this site allows."""

    links_allowed: int
    blocked_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamSignals:
    """What is known of a submission and of how it came.

    ``form_seconds`` is how long its form was open, None where it came without a form token. ``copies`` is how many
    submissions of the day had the same text, this one included. ``reserved_names`` are names that no visitor has.
    """

    name: str
    content: str
    website: str = ""
    links: int = 0
    form_seconds: float | None = None
    honeypot: bool = False
    banned: bool = False
    copies: int = 1
    reserved_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpamFinding:
    """One thing that speaks against a submission, in words for the moderator."""

    verdict: Literal["spam", "hold"]
    reason: str


def evaluate(evidence: SpamSignals, policy: SpamPolicy) -> tuple[SpamFinding, ...]:
    """Everything that speaks against the submission; nothing, mostly. One ``spam`` among it is certain."""
    return tuple(finding for rule in _RULES for finding in rule(evidence, policy))


def is_spam(findings: Iterable[SpamFinding]) -> bool:
    """Whether a sign of spam is certain, which outweighs everything."""
    return any(finding.verdict == "spam" for finding in findings)


def reasons(findings: Iterable[SpamFinding]) -> tuple[str, ...]:
    """The findings in words for the moderator."""
    return tuple(finding.reason for finding in findings)


def fingerprint_text(text: str) -> str:
    """``text`` without what only hides that it is the same as another: case, width, invisible characters, spacing."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold()).split())


def _honeypot(evidence: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if evidence.honeypot:
        yield SpamFinding("spam", to_reason("honeypot"))


def _sender(evidence: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if evidence.banned:
        yield SpamFinding("spam", to_reason("ban"))


def _form(evidence: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if evidence.form_seconds is not None and evidence.form_seconds < MIN_SECONDS:
        yield SpamFinding("hold", to_reason("speed", seconds=f"{evidence.form_seconds:.1f}"))


def _copies(evidence: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if evidence.copies >= _REPEATED:
        certain = evidence.copies >= _REPEATED_TOO_OFTEN
        yield SpamFinding("spam" if certain else "hold", to_reason("copies", copies=evidence.copies))


def _blocked_words(evidence: SpamSignals, policy: SpamPolicy) -> Iterator[SpamFinding]:
    text = fingerprint_text(f"{evidence.name}\n{evidence.website}\n{evidence.content}")
    for word in policy.blocked_words:
        if regex.search(rf"(?<![^\W_]){regex.escape(fingerprint_text(word))}(?![^\W_])", text):
            yield SpamFinding("spam", to_reason("words", word=repr(word)))


def _links(evidence: SpamSignals, policy: SpamPolicy) -> Iterator[SpamFinding]:
    without_form = evidence.form_seconds is None
    allowed = 0 if without_form else policy.links_allowed
    if evidence.links > allowed:
        name = "links_without_form" if without_form else "links"
        yield SpamFinding("hold", to_reason(name, links=evidence.links, allowed=allowed))


def _length(evidence: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    letters = len(_WORDS.findall(evidence.content))
    if letters < 2:
        yield SpamFinding("hold", to_reason("short"))
    elif len(evidence.content) > _LONG:
        yield SpamFinding("hold", to_reason("long", characters=len(evidence.content)))


def _capitals(evidence: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    cased = [each for each in evidence.content if each.isupper() or each.islower()]
    if len(cased) >= _CAPITALS_FROM and sum(each.isupper() for each in cased) > _MOSTLY * len(cased):
        yield SpamFinding("hold", to_reason("capitals"))


def _name(evidence: SpamSignals, _: SpamPolicy) -> Iterator[SpamFinding]:
    if fingerprint_text(evidence.name) in {fingerprint_text(name) for name in evidence.reserved_names}:
        yield SpamFinding("hold", to_reason("name"))


_RULES: Final[tuple[Callable[[SpamSignals, SpamPolicy], Iterator[SpamFinding]], ...]] = (
    *(_honeypot, _sender, _form, _copies, _blocked_words, _links, _length, _capitals, _name),
)
