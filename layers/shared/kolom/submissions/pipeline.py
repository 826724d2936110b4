"""The submission pipeline shared by comments, their edits and contact messages.

:func:`submit_new` recognizes a repeated submission, checks form and rate limits, applies the spam rules, and lets
the submission store itself once. :func:`check_edit` applies the same rate limits and spam rules to an edit. Its caller
checks the edit token, which replaces the form, and stores the edit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from kolom.aws import is_unavailable
from kolom.config import settings
from kolom.errors import FieldError, InvalidInput, KolomError, ServiceBusy
from kolom.http.headers import headers_of
from kolom.models.errors import StorageError
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security import bans, origins, signing, single_use
from kolom.security.client_address import ClientId, client_ip
from kolom.security.origins import SubmissionOrigin
from kolom.security.submission_limits import SubmissionLimits
from kolom.submissions import copies, form_tokens, proof_of_work, spam_rules
from kolom.submissions.blocked_words_list import cached_words
from kolom.submissions.idempotency import DuplicateSubmission, SubmissionIdentity
from kolom.submissions.spam_rules import SpamFinding, SpamPolicy, SpamSignals


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The client's IP address and the relevant headers of a request."""

    address: str
    idempotency_key: str | None = None
    authorization: str | None = None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "RequestContext":
        """Return the context of an HTTP API event."""
        headers = headers_of(event)
        return cls(
            address=client_ip(event, signing.get_origin_secrets),
            idempotency_key=headers.get("idempotency-key"),
            authorization=headers.get("authorization"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FormMeta:
    """The form data other than the visitor's input. ``honeypot`` is true if the hidden field was filled in."""

    token: str | None = None
    proof: str | None = None
    honeypot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedText:
    """The text that the spam rules evaluate.

    ``content`` is what readers see, ``source`` is what was sent. ``reserved_names`` are names that no visitor may use.
    """

    name: str
    content: str
    source: str
    links: int
    website: str = ""
    reserved_names: tuple[str, ...] = ()


class AlreadySubmitted(KolomError):
    """The submission was stored before; ``record`` names the stored item."""

    def __init__(self, record: GuardRecord) -> None:
        super().__init__("this was submitted before")
        self.record = record


class NewSubmission[Result](Protocol):
    """A comment or a message that a visitor submits."""

    purpose: str
    is_message: bool
    """Whether the daily limits of messages apply."""
    form: FormMeta

    def fields(self) -> dict[str, Any]:
        """Return the fields that identify the submission."""
        ...

    def check(self) -> None:
        """Raise an error if the submission is not acceptable, before it counts against a limit."""
        ...

    def text(self) -> SubmittedText:
        """Return the text that the spam rules evaluate."""
        ...

    def store(self, findings: Sequence[SpamFinding], pipeline: "SubmissionPipeline") -> Result:
        """Store the submission through :meth:`SubmissionPipeline.save_once`."""
        ...

    def repeat(self, record: GuardRecord, *, is_same_client: bool) -> Result:
        """Return the result of the first submission.

        ``is_same_client`` is true if the repetition provably comes from the same client.
        """
        ...


def submit_new[Result](submission: NewSubmission[Result], context: RequestContext, *, now: datetime) -> Result:
    """Process a new submission. Sending it again changes nothing.

    :raises InvalidInput: the idempotency key, the form token or the proof of work is not valid
    :raises RateLimited: a limit of the client, its network or the site is reached
    :raises KolomError: raised by the submission itself
    """
    pipeline = SubmissionPipeline.start(submission, context, now=now)
    try:
        pipeline.refuse_repeated()
        submission.check()
        pipeline.check_form_and_limits()
        return submission.store(pipeline.score_spam(submission.text()), pipeline)
    except AlreadySubmitted as error:
        return submission.repeat(error.record, is_same_client=pipeline.identity.has_secret)


@dataclass(frozen=True, slots=True)
class CheckedEdit:
    """The result of checking an edit.

    The caller must call ``stage`` with the transaction that stores the edit, to count it against the limit of the site.
    """

    findings: tuple[SpamFinding, ...]
    stage: Callable[[Transaction], None]


def check_edit(
    item_id: str, text: SubmittedText, context: RequestContext, *, revision: int, now: datetime
) -> CheckedEdit:
    """Check an edit of the ``revision`` of an item: count it against the rate limits, and apply the spam rules.

    :raises RateLimited: a limit of the client, its network or the site is reached
    """
    pipeline = SubmissionPipeline.start_edit(item_id, text.source, context, revision=revision, now=now)
    pipeline.check_form_and_limits()
    return CheckedEdit(pipeline.score_spam(text), pipeline.limits.stage)


class SubmissionPipeline:
    """The state of one submission in the pipeline.

    ``form`` is None for an edit. ``sender`` is the client that first submitted the item. The text of an edit counts as
    sent by this client, even if the edit comes from another address.
    """

    def __init__(
        self,
        identity: SubmissionIdentity,
        form: FormMeta | None,
        client: ClientId,
        limits: SubmissionLimits,
        records: list[GuardRecord],
        now: datetime,
        *,
        sender: ClientId | None = None,
    ):
        self._form = form
        self._now = now
        # An edit has no form; its edit token replaces it.
        self._form_seconds = float(spam_rules.MIN_SECONDS) if form is None else None
        self._proof: proof_of_work.Proof | None = None
        self._records = records
        self._is_banned = bans.is_banned(records, now)
        self._sender = sender or client
        self._duplicate = identity.find(records, now=now)
        self.identity = identity
        self.limits = limits
        self.origin = SubmissionOrigin(client, identity.id)

    @classmethod
    def start(cls, submission: NewSubmission[Any], context: RequestContext, *, now: datetime) -> "SubmissionPipeline":
        """Identify a new submission by its fields. One BatchGetItem.

        :raises InvalidInput: the idempotency key is malformed, or was used for something else
        """
        clients = ClientId.all_from_ip(context.address, signing.load_keys())
        client = clients[0]
        identity = SubmissionIdentity.of(
            submission.purpose,
            {**submission.fields(), "honeypot": submission.form.honeypot},
            idempotency_key=context.idempotency_key,
            client=client.address,
            keys=signing.load_keys(),
            now=now,
        )
        limits = _limits(client, identity, is_message=submission.is_message, now=now)
        records = GuardRecord.get_many([identity.key, *bans.ban_keys(*clients), *limits.keys])
        return cls(identity, submission.form, client, limits, records, now)

    @classmethod
    def start_edit(
        cls, item_id: str, content: str, context: RequestContext, *, revision: int, now: datetime
    ) -> "SubmissionPipeline":
        """Identify an edit: the same text for the same revision is the same edit, and counts once. One BatchGetItem."""
        clients = ClientId.all_from_ip(context.address, signing.load_keys())
        client = clients[0]
        edit = {"item": item_id, "revision": revision, "content": content}
        identity = SubmissionIdentity.of(
            "edit", edit, idempotency_key=None, client=client.address, keys=signing.load_keys(), now=now
        )
        limits = _limits(client, identity, is_message=False, now=now)
        records = GuardRecord.get_many([origins.origin_key(item_id), *bans.ban_keys(*clients), *limits.keys])
        first = origins.find(records, item_id, now=now)
        return cls(identity, None, client, limits, records, now, sender=first.client if first else None)

    def refuse_repeated(self) -> None:
        """Raise :class:`AlreadySubmitted` if the submission was stored before."""
        if self._duplicate is not None:
            raise AlreadySubmitted(self._duplicate)

    def check_form_and_limits(self) -> None:
        """Check the form token and proof of work, and enforce the rate limits. One UpdateItem.

        :raises InvalidInput: a token or proof is not valid, or is missing where it is required
        :raises RateLimited: a limit of the client, its network or the site is reached
        """
        if self._form is not None:
            self._check_form(self._form)
        self.limits.check(self._records)

    def score_spam(self, text: SubmittedText) -> tuple[SpamFinding, ...]:
        """Apply the spam rules. An UpdateItem if the text is long enough for its copies to be counted.

        At most once a minute in each process, also a GetItem of the blocked words.
        """
        senders = copies.count_senders(text.content, self._sender, signing.load_keys(), now=self._now)
        return spam_rules.evaluate(
            SpamSignals(
                name=text.name,
                content=text.content,
                source=text.source,
                website=text.website,
                links=text.links,
                form_seconds=self._form_seconds,
                honeypot=self._form is not None and self._form.honeypot,
                banned=self._is_banned,
                senders=senders,
                reserved_names=text.reserved_names,
            ),
            spam_policy(),
        )

    def save_once(self, item_id: str, add: Callable[[Transaction], None], *, article_id: str | None = None) -> None:
        """Commit the writes that ``add`` adds together with the record of the submission, in one transaction.

        :raises AlreadySubmitted: it was stored before, or concurrently, as another item
        :raises KolomError: the error of an added write whose condition failed
        """
        transaction = Transaction()
        # First, since its error is the most informative.
        self.identity.stage(transaction, article_id, item_id, now=self._now)
        if self._proof is not None:
            used: KolomError = InvalidInput(FieldError("altcha", "was already used; reload the form"))
            single_use.mark_used(transaction, self._proof.id, expires_at=self._proof.expires_at, conflict=used)
        self.limits.stage(transaction)
        add(transaction)
        try:
            transaction.commit()
        except DuplicateSubmission:
            self._raise_unless_stored_as(item_id, ServiceBusy("this was submitted before; please retry"))
        except StorageError as error:
            if not is_unavailable(error):
                raise
            self._raise_unless_stored_as(item_id, error)

    def _raise_unless_stored_as(self, item_id: str, failure: Exception) -> None:
        """Raise ``failure``, unless the record names this item: then only the response was lost."""
        record = self.identity.find(GuardRecord.get_many([self.identity.key]), now=self._now)
        if record is None:
            raise failure
        if record.item_id != item_id:
            raise AlreadySubmitted(record)

    def _check_form(self, form: FormMeta) -> None:
        if form.token is not None:
            self._form_seconds = form_tokens.age_seconds(form.token, signing.load_keys, now=self._now)
        elif settings().form_token == "required":  # noqa: S105 - a setting
            raise InvalidInput(FieldError("form_token", "is required; get one from GET /api/form-token"))
        if settings().proof_of_work != "none":
            if form.proof is None:
                raise InvalidInput(FieldError("altcha", "is required: the solved challenge from GET /api/form-token"))
            self._proof = proof_of_work.verify(form.proof, signing.load_keys())


def _limits(client: ClientId, identity: SubmissionIdentity, *, is_message: bool, now: datetime) -> SubmissionLimits:
    return SubmissionLimits(client, identity.id, settings().comments_per_minute, is_message=is_message, now=now)


def spam_policy() -> SpamPolicy:
    """Return the settings of the site for the spam rules. At most one GetItem a minute in each process."""
    return SpamPolicy(links_allowed=settings().links_allowed, blocked_words=cached_words.get())
