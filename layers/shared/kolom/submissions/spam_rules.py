"""What speaks against a comment or a message: each rule says what it found. Pure."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import regex

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
class Policy:
    """What this site allows."""

    links_allowed: int
    blocked_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a submission and of how it came.

    ``form_seconds`` is how long its form was open, None where it came without a form token. ``copies`` is how many
    submissions of the day had the same text, this one included. ``names_taken`` are names that no visitor has.
    """

    name: str
    content: str
    website: str = ""
    links: int = 0
    form_seconds: float | None = None
    honeypot: bool = False
    banned: bool = False
    copies: int = 1
    names_taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a submission, in words for the moderator."""

    verdict: Literal["spam", "hold"]
    reason: str


def examine(evidence: Evidence, policy: Policy) -> tuple[Finding, ...]:
    """Everything that speaks against the submission; nothing, mostly. One ``spam`` among it is certain."""
    return tuple(finding for rule in _RULES for finding in rule(evidence, policy))


def is_spam(findings: Iterable[Finding]) -> bool:
    """Whether a sign of spam is certain, which outweighs everything."""
    return any(finding.verdict == "spam" for finding in findings)


def reasons(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The findings in words for the moderator."""
    return tuple(finding.reason for finding in findings)


def fold(text: str) -> str:
    """``text`` without what only hides that it is the same as another: case, width, invisible characters, spacing."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold()).split())


def _honeypot(evidence: Evidence, _: Policy) -> Iterator[Finding]:
    if evidence.honeypot:
        yield Finding("spam", "honeypot: a field that people do not see was filled in")


def _sender(evidence: Evidence, _: Policy) -> Iterator[Finding]:
    if evidence.banned:
        yield Finding("spam", "ban: the sender is banned")


def _form(evidence: Evidence, _: Policy) -> Iterator[Finding]:
    if evidence.form_seconds is not None and evidence.form_seconds < MIN_SECONDS:
        yield Finding("hold", f"speed: sent {evidence.form_seconds:.1f} s after its form was made")


def _copies(evidence: Evidence, _: Policy) -> Iterator[Finding]:
    if evidence.copies >= _REPEATED:
        certain = evidence.copies >= _REPEATED_TOO_OFTEN
        yield Finding("spam" if certain else "hold", f"copies: the same text came {evidence.copies} times in a day")


def _blocked_words(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    text = fold(f"{evidence.name}\n{evidence.website}\n{evidence.content}")
    for word in policy.blocked_words:
        if regex.search(rf"(?<![^\W_]){regex.escape(fold(word))}(?![^\W_])", text):
            yield Finding("spam", f"words: {word!r} is blocked")


def _links(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    without_form = evidence.form_seconds is None
    allowed = 0 if without_form else policy.links_allowed
    if evidence.links > allowed:
        strict = " without a form token" if without_form else ""
        yield Finding("hold", f"links: {evidence.links}, where {allowed} are allowed{strict}")


def _length(evidence: Evidence, _: Policy) -> Iterator[Finding]:
    letters = len(_WORDS.findall(evidence.content))
    if letters < 2:
        yield Finding("hold", "length: hardly a word")
    elif len(evidence.content) > _LONG:
        yield Finding("hold", f"length: {len(evidence.content)} characters")


def _capitals(evidence: Evidence, _: Policy) -> Iterator[Finding]:
    cased = [each for each in evidence.content if each.isupper() or each.islower()]
    if len(cased) >= _CAPITALS_FROM and sum(each.isupper() for each in cased) > _MOSTLY * len(cased):
        yield Finding("hold", "capitals: nearly all letters are")


def _name(evidence: Evidence, _: Policy) -> Iterator[Finding]:
    if fold(evidence.name) in {fold(name) for name in evidence.names_taken}:
        yield Finding("hold", "name: it is that of the site or of the article's author")


_RULES: Final[tuple[Callable[[Evidence, Policy], Iterator[Finding]], ...]] = (
    *(_honeypot, _sender, _form, _copies, _blocked_words, _links, _length, _capitals, _name),
)
