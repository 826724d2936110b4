"""Scheduled articles: one that cannot be published is counted and logged, and does not keep the others back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.exceptions import TransactWriteError

from functions.run_scheduled_tasks import app as run_scheduled_tasks
from kolom.articles import public, publishing, scheduler
from kolom.errors import Conflict, NotFound, ServiceBusy, StaleRead
from kolom.models import schema
from kolom.models.articles import ArticleRecord
from kolom.observability import logger
from tests.factories import Context, content
from tests.integration.aws import client
from tests.integration.contracts.test_handlers import published_metrics
from tests.integration.handlers import stored

SLUGS = ("first", "second", "third")
DENIED = TransactWriteError("", ClientError({"Error": {"Code": "AccessDeniedException"}}, "TransactWriteItems"))
TIMED_OUT = TransactWriteError("", ReadTimeoutError(endpoint_url="https://dynamodb"))


@pytest.fixture
def due(tables: None) -> None:
    """Three scheduled articles that are due, in the order of their dates."""
    for number, slug in enumerate(SLUGS):
        at = datetime.now(UTC) - timedelta(minutes=9 - number)
        publishing.publish(content(slug, published_at=at), now=at - timedelta(hours=1))


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What is logged."""
    stream = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


def run(capsys: pytest.CaptureFixture[str], left_milliseconds: int = 60_000) -> dict[str, float]:
    """Run the timer; return its metrics."""
    capsys.readouterr()
    run_scheduled_tasks.handler({}, Context(left_milliseconds))
    return published_metrics(capsys.readouterr().out)


def is_public(slug: str) -> bool:
    """Whether readers see the article."""
    try:
        return bool(public.get_article(slug))
    except NotFound:
        return False


def fail_second(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Raise ``error`` when the second article is published."""
    publish: Callable[..., Any] = publishing.publish_scheduled

    def publish_or_fail(article_id: int, *, now: datetime) -> Any:
        if article_id == 2:
            raise error
        return publish(article_id, now=now)

    monkeypatch.setattr(scheduler, "publish_scheduled", publish_or_fail)


@pytest.mark.usefixtures("due")
def test_an_article_of_a_later_version_does_not_keep_the_others_back(capsys: pytest.CaptureFixture[str]) -> None:
    (first,) = (item for item in stored("articles") if item.get("slug") == {"S": "first"} and "origin" not in item)
    newer = {"schema": {"N": str(schema.NEWEST_READ + 1)}}
    client("dynamodb").put_item(TableName="kolom-articles", Item=first | newer)
    assert run(capsys)["ArticlesNotReleased"] == 1
    assert [is_public(slug) for slug in SLUGS[1:]] == [True, True]
    assert (first | newer) in stored("articles")


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(
    "error",
    [
        Conflict("the slug belongs to another"),
        StaleRead("changed"),
        ServiceBusy("busy"),
        DENIED,
        ValueError("bad date"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_article_that_fails_is_counted_and_the_others_are_published(
    error: Exception, log: StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_second(monkeypatch, error)
    assert run(capsys) == {"ArticlesNotReleased": 1}
    assert [is_public(slug) for slug in SLUGS] == [True, False, True]
    (line,) = [line for line in log.getvalue().splitlines() if "scheduled article not published" in line]
    assert '"slug":"second"' in line
    assert f'"reason":"{type(error).__name__}"' in line


@pytest.mark.usefixtures("due")
def test_an_article_whose_record_is_damaged_does_not_keep_the_others_back(capsys: pytest.CaptureFixture[str]) -> None:
    ArticleRecord("2", "card").update(actions=[ArticleRecord.version.remove()])
    assert run(capsys) == {"ArticlesNotReleased": 1}


@pytest.mark.usefixtures("due")
def test_a_run_ends_when_dynamodb_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each further article would wait as long, and no time would be left for the mail."""
    fail_second(monkeypatch, TIMED_OUT)
    assert run(capsys) == {"ArticlesNotReleased": 1}
    assert [is_public(slug) for slug in SLUGS] == [True, False, False]


@pytest.mark.usefixtures("due")
def test_time_is_left_for_the_mail(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(run_scheduled_tasks, "requeue_mail", lambda: asked.append(True))
    assert run(capsys, 20_000) == {}
    assert asked == [True]
    assert run(capsys) == {}
    assert all(is_public(slug) for slug in SLUGS)
