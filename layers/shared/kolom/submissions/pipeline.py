"""The submission pipeline shared by comments, their edits and contact messages.

:meth:`SubmissionPipeline.start` recognizes a repeated submission, :meth:`~SubmissionPipeline.check_limits` checks the
form and the rate limits, :meth:`~SubmissionPipeline.score_spam` applies the spam rules, and
:meth:`~SubmissionPipeline.save_once` stores the submission once. An edit starts with
:meth:`~SubmissionPipeline.start_edit` and passes the same checks; its edit token takes the place of the form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from pynamodb.exceptions import PynamoDBException

from kolom.aws import is_unavailable
from kolom.config import settings
from kolom.errors import FieldError, InvalidInput, KolomError, ServiceBusy
from kolom.http.headers import headers_of
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security import bans, origins, rate_limits, signing, single_use
from kolom.security.client_address import ClientId, client_ip
from kolom.security.origins import SubmissionOrigin
from kolom.submissions import form_tokens, proof_of_work, spam_rules
from kolom.submissions.idempotency import DuplicateSubmission, Submission
from kolom.submissions.spam_rules import SpamFinding, SpamPolicy, SpamSignals

_COPIES_FROM: Final = 40
"""How long a text is that two people do not write by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """How a submission came: from which IP address, with which headers."""

    address: str
    idempotency_key: str | None = None
    authorization: str | None = None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "RequestContext":
        """How an HTTP API event came."""
        headers = headers_of(event)
        return cls(
            address=client_ip(event, signing.get_origin_secret),
            idempotency_key=headers.get("idempotency-key"),
            authorization=headers.get("authorization"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FormMeta:
    """What a form brought beside the visitor's words. ``honeypot`` tells that a hidden field was filled in."""

    token: str | None = None
    proof: str | None = None
    honeypot: bool = False


class SubmissionPipeline:
    """One text on its way. ``before`` is the record of what it became, if it was sent before.

    ``form`` is None for an edit. Copies of a text are counted by ``counted_as``, the first submission of an item, so
    editing a comment never adds a copy.
    """

    def __init__(
        self,
        submission: Submission,
        form: FormMeta | None,
        sender: ClientId,
        records: list[GuardRecord],
        now: datetime,
        *,
        counted_as: str | None = None,
    ):
        self._form = form
        self._now = now
        # An edit has no form; its edit token stands for one.
        self._form_seconds = float(spam_rules.MIN_SECONDS) if form is None else None
        self._proof: proof_of_work.Proof | None = None
        self._is_banned = bans.is_banned(records, now)
        self._counted_as = counted_as or submission.id
        self.submission = submission
        self.origin = SubmissionOrigin(sender, submission.id)
        self.before = submission.find(records, now=now)

    @classmethod
    def start(
        cls, purpose: str, fields: dict[str, Any], form: FormMeta, arrival: RequestContext, *, now: datetime
    ) -> "SubmissionPipeline":
        """Recognise the submission. ``fields`` are what makes two the same: all but what a form is fetched anew for.

        One BatchGetItem.

        :raises Invalid: the idempotency key is none, or stands for something else
        """
        sender = ClientId.from_ip(arrival.address, signing.load_keys())
        submission = Submission.of(
            purpose,
            {**fields, "honeypot": form.honeypot},
            idempotency_key=arrival.idempotency_key,
            sender=sender.address,
            keys=signing.load_keys(),
            now=now,
        )
        return cls(submission, form, sender, single_use.get_records([submission.key, *bans.ban_keys(sender)]), now)

    @classmethod
    def start_edit(
        cls, item_id: str, content: str, arrival: RequestContext, *, revision: int, now: datetime
    ) -> "SubmissionPipeline":
        """Take a new text for the ``revision`` of an item, from whoever has proved to be its author.

        The same text for the same revision is the same edit, and is counted once. One BatchGetItem.
        """
        sender = ClientId.from_ip(arrival.address, signing.load_keys())
        edit = {"item": item_id, "revision": revision, "content": content}
        submission = Submission.of(
            "edit", edit, idempotency_key=None, sender=sender.address, keys=signing.load_keys(), now=now
        )
        records = single_use.get_records([origins.origin_key(item_id), *bans.ban_keys(sender)])
        first = origins.find(records, item_id, now=now)
        return cls(submission, None, sender, records, now, counted_as=first.submission_id if first else item_id)

    def check_limits(self) -> None:
        """Look at the form's token and proof of work, and count. An UpdateItem for each of four limits.

        :raises Invalid: a token or proof does not hold, or is missing where it is required
        :raises TooMany: the sender, their network or the site has to wait
        """
        if self._form is not None:
            self._check_form(self._form)
        applied = rate_limits.limits_for_client(self.origin.sender, settings().comments_per_minute)
        rate_limits.enforce(self.submission.id, applied, now=self._now)

    def score_spam(
        self, *, name: str, content: str, links: int, website: str = "", names_taken: tuple[str, ...] = ()
    ) -> tuple[SpamFinding, ...]:
        """What speaks against it. An UpdateItem if the text is long enough to be looked for elsewhere."""
        return spam_rules.evaluate(
            SpamSignals(
                name=name,
                content=content,
                website=website,
                links=links,
                form_seconds=self._form_seconds,
                honeypot=self._form is not None and self._form.honeypot,
                banned=self._is_banned,
                copies=self._count_copies(content),
                names_taken=names_taken,
            ),
            spam_policy(),
        )

    def save_once(
        self, item_id: str, add: Callable[[Transaction], None], *, article_id: str | None = None
    ) -> GuardRecord | None:
        """Store what ``add`` adds, and with it the record of the submission, in one transaction.

        None if it was stored; the record of another item if this was stored before as that, or at the same moment. The
        record is the transaction's first write, since its refusal tells most.

        :raises KolomError: what one of the added writes is refused with
        """
        transaction = Transaction()
        self.submission.remember(transaction, article_id, item_id, now=self._now)
        if self._proof is not None:
            used: KolomError = InvalidInput(FieldError("altcha", "was used before: open the form again"))
            single_use.mark_used(transaction, self._proof.id, expires_at=self._proof.expires_at, refused=used)
        add(transaction)
        origins.remember(transaction, item_id, self.origin, now=self._now)
        try:
            transaction.commit()
        except DuplicateSubmission:
            record = self._record()
            if record is None:
                raise ServiceBusy("this was sent before; try again") from None
        except PynamoDBException as error:
            record = self._record() if is_unavailable(error) else None
            if record is None:
                raise
        else:
            return None
        # Of this item, it is this transaction's: only the answer was lost.
        return None if record.item_id == item_id else record

    def _check_form(self, form: FormMeta) -> None:
        if form.token is not None:
            self._form_seconds = form_tokens.age_seconds(form.token, signing.load_keys, now=self._now)
        elif settings().form_token == "required":  # noqa: S105 - a setting
            raise InvalidInput(FieldError("form_token", "is required: GET /api/form-token"))
        if settings().proof_of_work != "none":
            if form.proof is None:
                raise InvalidInput(FieldError("altcha", "is required: the solved challenge of GET /api/form-token"))
            self._proof = proof_of_work.verify(form.proof, signing.load_keys())

    def _record(self) -> GuardRecord | None:
        return self.submission.find(single_use.get_records([self.submission.key]), now=self._now)

    def _count_copies(self, content: str) -> int:
        folded = spam_rules.fingerprint_text(content)
        if len(folded) < _COPIES_FROM:
            return 1
        digest = sha256(folded.encode()).hexdigest()[:32]
        return rate_limits.count_copies(digest, self._counted_as, now=self._now)


def spam_policy() -> SpamPolicy:
    """What this site allows, by its settings."""
    words = (word.strip() for word in settings().blocked_words.split(","))
    return SpamPolicy(
        links_allowed=settings().links_allowed,
        blocked_words=tuple(word for word in words if word),
    )
