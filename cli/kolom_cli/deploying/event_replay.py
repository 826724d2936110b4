"""Repeat the work of dropped events. The records may have expired, so what is missing is found in the tables.

Each repair looks at the present state, so it can be repeated.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from threading import Event
from typing import Any, Final
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from kolom import aws, outbox
from kolom.articles import repository
from kolom.articles.admin import list_by_status
from kolom.models.outbox import OutboxRecord
from kolom.search import reindexing
from kolom.search.index_writer import is_current
from kolom_cli.deploying.dropped_events import INDEXER, SENDER, TIMER, Cause, Report
from kolom_cli.terminal.plurals import choose, count

PATIENCE_SECONDS: Final = 60.0
"""How long mail may be queued without progress; the first invocation of its function is a cold start."""

_WORKERS: Final = 16
_SHOWN: Final = 5
_PAGE: Final = 100
_PAUSE_SECONDS: Final = 2.0
_QUEUED: Final = frozenset({"waiting", "sending"})
_TIMED: Final[tuple[Cause, ...]] = ("mail", "schedule")
# The timer's function ends after a minute. An attempt more would only run it again.
_INVOCATION: Final = Config(connect_timeout=5, read_timeout=90, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the work was done, and what was done or is missing, in one or more lines."""

    is_done: bool
    text: str


_INTERRUPTED: Final = Outcome(is_done=False, text="Interrupted.")


def find_missing(reports: Collection[Report], now: datetime) -> dict[str, list[str]]:
    """Return what these dropped events may have left undone: slugs of articles, and ids of mail."""
    missing: dict[str, list[str]] = {}
    causes = {report.cause for report in reports}
    if "index" in causes:
        missing["articles_not_indexed"] = _slugs(_find_behind(Event()))
    if "mail" in causes:
        missing["mail_not_sent"] = sorted(each.id for each in _find_overdue(reports, now))
    if "schedule" in causes:
        missing["articles_not_published"] = _find_unpublished(now)
    return missing


def describe(names: Sequence[str]) -> str:
    """Return the first names, and the number of the others."""
    more = [f"{len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *more])


def _find_behind(stopped: Event) -> list[int]:
    """Return the ids of all articles that the index does not match, or of some if it is stopped.

    Two consistent reads for each article.
    """
    behind: list[int] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for ids in batched(reindexing.article_ids(), _PAGE, strict=False):
            if stopped.is_set():
                break
            behind += [each for each, is_ready in zip(ids, pool.map(is_current, ids), strict=True) if not is_ready]
    return behind


def _slugs(ids: Sequence[int]) -> list[str]:
    found = repository.get_many(ids)
    return [found[each].slug if each in found else str(each) for each in ids]


def _find_overdue(reports: Collection[Report], now: datetime) -> list[OutboxRecord]:
    """Return the mail that is due, or waits since before the last report about mail. Other mail waits its turn."""
    last = max((report.happened for report in reports if report.cause == "mail"), default=None)
    return [
        mail
        for mail in outbox.list_unsent()
        if _is_due(mail, now) or (mail.status == "waiting" and last is not None and mail.created <= last)
    ]


def _is_due(mail: OutboxRecord, now: datetime) -> bool:
    return mail.due is not None and mail.due <= now


def _find_unpublished(now: datetime) -> list[str]:
    """Return the slugs of the scheduled articles that are due."""
    due: list[int] = []
    cursor: str | None = None
    while True:
        page = list_by_status("scheduled", limit=_PAGE, cursor=cursor)
        due += [each.id for each in page.items if (each.published_at or now) <= now]
        if (cursor := page.next_cursor) is None:
            break
    # The list is a second behind.
    return sorted(each.slug for each in repository.get_many(due).values() if each.status == "scheduled")


def index_articles(stopped: Event) -> Outcome:
    """Have the articles indexed that the index does not match, and wait until it does."""
    behind = _find_behind(stopped)
    if stopped.is_set():
        return _INTERRUPTED
    if not behind:
        return Outcome(is_done=True, text="All articles are indexed; nothing had to be repeated.")
    queued = reindexing.request_reindex_all(behind, uuid4().hex, lambda _: None, stopped)
    left = reindexing.wait_until_indexed(queued, lambda _: None, stopped)
    missing = sorted({*behind} - {*queued} | {*left})
    if missing:
        return Outcome(is_done=False, text=f"Not indexed yet: {describe(_slugs(missing))}. See the log of {INDEXER}.")
    return Outcome(is_done=True, text=f"Indexed {count(len(behind), 'article')}: {describe(_slugs(behind))}.")


def run_timer(reports: Collection[Report], functions: Mapping[str, str], stopped: Event) -> dict[Cause, Outcome]:
    """Run the function of the timer once: it publishes scheduled articles that are due, and queues due mail again.

    The function reports no error of a single article or mail. So the tables say what was done, as for the index. Return
    the outcome for each cause.
    """
    now = datetime.now(UTC)
    overdue = [mail.id for mail in _find_overdue(reports, now)]
    if (failure := _invoke_timer(functions)) is not None:
        return dict.fromkeys(_TIMED, Outcome(is_done=False, text=failure))
    mail = _wait_for_mail(overdue, now, stopped)
    unpublished = _find_unpublished(now)
    text = f"{TIMER} has published what was due."
    if unpublished:
        text = f"Not published yet: {describe(unpublished)}. See the log of {TIMER}."
    schedule = Outcome(is_done=mail.is_done and not unpublished, text=f"{text}\n{mail.text}")
    return {"mail": mail, "schedule": schedule}


def _invoke_timer(functions: Mapping[str, str]) -> str | None:
    """Return why it failed, or None."""
    name = next((name for name, logical_id in functions.items() if logical_id == TIMER), None)
    if name is None:
        return f"The stack has no function {TIMER}."
    try:
        answer: dict[str, Any] = boto3.client("lambda", config=_INVOCATION).invoke(
            FunctionName=name, Payload=json.dumps({}).encode()
        )
    except (ClientError, BotoCoreError) as error:
        return f"{TIMER} could not be run ({aws.error_code(error) or type(error).__name__})."
    failure = answer.get("FunctionError")
    return f"{TIMER} failed ({failure}): see its log." if failure else None


def _wait_for_mail(overdue: Sequence[str], now: datetime, stopped: Event) -> Outcome:
    """Wait until this mail, which was overdue before the run, is sent or waits for a later attempt."""
    last_progress, left = time.monotonic(), len(overdue)
    while True:
        found = outbox.get_many(overdue)
        queued = sorted(mail.id for mail in found if mail.status in _QUEUED or _is_due(mail, now))
        if len(queued) < left:
            last_progress, left = time.monotonic(), len(queued)
        if not queued or stopped.is_set() or time.monotonic() - last_progress > PATIENCE_SECONDS:
            break
        stopped.wait(_PAUSE_SECONDS)
    failed = sum(mail.status == "failed" for mail in found)
    lines = [f"{TIMER} has queued overdue mail again." if overdue else "No mail was overdue."]
    if failed:
        have = choose(failed, "has", "have")
        lines.append(f"{count(failed, 'mail')} {have} failed for good: see `kolom mail list --status failed`.")
    if queued:
        lines.append(f"Not sent yet: {describe(queued)}. See the log of {SENDER}.")
    return Outcome(is_done=not queued, text="\n".join(lines))


def replay(
    reports: Collection[Report], functions: Mapping[str, str], stopped: Event
) -> Iterator[tuple[Cause, Outcome]]:
    """Repeat the work of these reports, each kind once for all of them; yield each outcome when it is known."""
    causes = {report.cause for report in reports}
    if "index" in causes:
        yield "index", index_articles(stopped)
    if timed := [cause for cause in _TIMED if cause in causes]:
        outcomes = dict.fromkeys(timed, _INTERRUPTED) if stopped.is_set() else run_timer(reports, functions, stopped)
        yield from ((cause, outcomes[cause]) for cause in timed)
