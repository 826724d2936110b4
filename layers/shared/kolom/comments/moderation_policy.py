"""The moderation policy: decides the status of a comment from its spam findings and the moderation mode. Pure."""

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
    """The status of a comment and the reasons for it."""

    status: Status
    reasons: tuple[str, ...]


def decide(findings: Sequence[SpamFinding], mode: Mode, *, trusted: bool) -> Decision:
    """Decide the status of a comment. It is ``trusted`` if its author has proven authorship of an approved comment.

    A conclusive spam finding takes precedence. Otherwise ``none`` approves all comments, ``all`` leaves all
    pending, and ``first`` leaves a comment pending if it is suspicious or its author has no approved comment yet.
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
    """Decide the status of an edited comment whose previous decision was ``before``.

    The comment must be approved again, unless the mode is ``none``. Spam stays spam, with its reasons.
    """
    verdict = decide(findings, mode, trusted=True)
    if verdict.status != "spam" and before.status == "spam":
        verdict = before
    elif verdict.status == "approved" and mode != "none":
        verdict = Decision("pending", verdict.reasons)
    return Decision(verdict.status, (*(reason for reason in verdict.reasons if reason != _EDITED), _EDITED))
