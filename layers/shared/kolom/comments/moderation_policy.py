"""What becomes of a comment, by what speaks against it and by what the site lets through. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kolom.comments.types import Status
from kolom.submissions import spam_rules
from kolom.submissions.reasons import to_reason
from kolom.submissions.spam_rules import SpamFinding

type Mode = Literal["none", "first", "all"]

_EDITED = to_reason("edit")


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a comment, and why."""

    status: Status
    reasons: tuple[str, ...]


def decide(findings: Sequence[SpamFinding], mode: Mode, *, trusted: bool) -> Decision:
    """The verdict on a comment; ``trusted`` if its author has proved to have written one that was approved.

    A certain sign of spam outweighs everything. Otherwise ``none`` approves all, ``all`` holds all, and ``first`` holds
    what is suspicious and what comes from someone who has not been approved before.
    """
    reasons = spam_rules.reasons(findings)
    if spam_rules.is_spam(findings):
        return Decision("spam", reasons)
    if mode == "none":
        return Decision("approved", reasons)
    if mode == "all":
        return Decision("pending", (*reasons, to_reason("moderation")))
    if not trusted:
        return Decision("pending", (*reasons, to_reason("first")))
    return Decision("pending" if findings else "approved", reasons)


def decide_edit(findings: Sequence[SpamFinding], mode: Mode, *, before: Decision) -> Decision:
    """The verdict on the new text of a comment, which had the verdict ``before``.

    Unless no comments wait for approval, it waits for it again. Spam stays spam, and for the reasons that it had.
    """
    verdict = decide(findings, mode, trusted=True)
    if verdict.status != "spam" and before.status == "spam":
        verdict = before
    elif verdict.status == "approved" and mode != "none":
        verdict = Decision("pending", verdict.reasons)
    return Decision(verdict.status, (*(reason for reason in verdict.reasons if reason != _EDITED), _EDITED))
