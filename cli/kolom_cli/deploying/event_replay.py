"""Repeat the work of dropped events. The records may have expired, so what is missing is found in the tables.

Each repair looks at the present state, so it can be repeated.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, Final
from uuid import uuid4

import boto3
from botocore.config import Config

from kolom.articles import repository
from kolom.articles.admin import list_by_status as list_articles
from kolom.outbox import Status
from kolom.outbox import list_by_status as list_mail
from kolom.search import reindexing
from kolom.search.index_writer import is_current
from kolom_cli.deploying.dropped_events import INDEXER, TIMER, Cause
from kolom_cli.terminal.plurals import count

_WORKERS: Final = 16
_SHOWN: Final = 5
_MAX_MAIL: Final = 100
_MAX_SCHEDULED: Final = 100
_UNSENT: Final[tuple[Status, ...]] = ("waiting", "sending", "deferred")
# The timer's function ends after a minute. An attempt more would only run it again.
_INVOCATION: Final = Config(connect_timeout=5, read_timeout=90, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the work was done, and what was done or is missing."""

    is_done: bool
    text: str


def find_missing(causes: Collection[Cause], now: datetime) -> dict[str, list[str]]:
    """Return what dropped events of these causes may have left undone: slugs of articles, and ids of mail."""
    missing: dict[str, list[str]] = {}
    if "index" in causes:
        missing["articles_not_indexed"] = _slugs(_find_behind())
    if "mail" in causes:
        missing["mail_not_sent"] = [each.id for status in _UNSENT for each in list_mail(status, limit=_MAX_MAIL)]
    if "schedule" in causes:
        scheduled = list_articles("scheduled", limit=_MAX_SCHEDULED).items
        missing["articles_not_published"] = [each.slug for each in scheduled if (each.published_at or now) <= now]
    return missing


def describe(names: Sequence[str]) -> str:
    """Return the first names, and the number of the others."""
    more = [f"{len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *more])


def _find_behind() -> list[int]:
    """Return the ids of all articles that the index does not match. Two consistent reads for each article."""
    ids = list(reindexing.article_ids())
    with ThreadPoolExecutor(_WORKERS) as pool:
        return [each for each, is_ready in zip(ids, pool.map(is_current, ids), strict=True) if not is_ready]


def _slugs(ids: Sequence[int]) -> list[str]:
    found = repository.get_many(ids)
    return [found[each].slug if each in found else str(each) for each in ids]


def index_articles(stopped: Event) -> Outcome:
    """Have the articles indexed that the index does not match, and wait until it does."""
    behind = _find_behind()
    if not behind:
        return Outcome(is_done=True, text="All articles are indexed; nothing had to be repeated.")
    queued = reindexing.request_reindex_all(behind, uuid4().hex, lambda _: None, stopped)
    left = reindexing.wait_until_indexed(queued, lambda _: None, stopped)
    missing = sorted({*behind} - {*queued} | {*left})
    if missing:
        return Outcome(is_done=False, text=f"Not indexed yet: {describe(_slugs(missing))}. See the log of {INDEXER}.")
    return Outcome(is_done=True, text=f"Indexed {count(len(behind), 'article')}: {describe(_slugs(behind))}.")


def run_timer(functions: Mapping[str, str]) -> Outcome:
    """Run the function of the timer once: it publishes scheduled articles that are due, and queues due mail again."""
    name = next((name for name, logical_id in functions.items() if logical_id == TIMER), None)
    if name is None:
        return Outcome(is_done=False, text=f"The stack has no function {TIMER}.")
    answer: dict[str, Any] = boto3.client("lambda", config=_INVOCATION).invoke(
        FunctionName=name, Payload=json.dumps({}).encode()
    )
    if error := answer.get("FunctionError"):
        return Outcome(is_done=False, text=f"{TIMER} failed ({error}): see its log.")
    return Outcome(is_done=True, text=f"{TIMER} has published what was due, and queued due mail again.")


def replay(causes: set[Cause], functions: Mapping[str, str], stopped: Event) -> dict[Cause, Outcome]:
    """Repeat the work of these causes, each once for all its reports."""
    outcomes: dict[Cause, Outcome] = {}
    if "index" in causes:
        outcomes["index"] = index_articles(stopped)
    if timed := causes & {"mail", "schedule"}:
        outcomes.update(dict.fromkeys(timed, run_timer(functions)))
    return outcomes
