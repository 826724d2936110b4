"""Rules for all handlers: the order of decorators, a correlation id in each log line, and business metrics."""

import ast
import importlib
import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, Final, get_args

import pytest

from functions.index_articles import app as index_articles
from functions.send_mail import app as send_mail
from functions.write_comments import app as write_comments
from kolom.articles import publishing
from kolom.mail.delivery import Outcome
from kolom.observability import count, logger, metrics
from tests.factories import NOW, Context, comment_request, content
from tests.paths import PROJECT

FUNCTIONS: Final = sorted(path.parent.name for path in PROJECT.glob("functions/*/app.py"))
SLUG: Final = "china-russia-agree-to-deepen-strategic-cooperation"
DECORATORS: Final = [
    "logger.inject_lambda_context(correlation_id_path={path}, clear_state=True)",
    "metrics.log_metrics",
]
PATHS: Final = {
    "index_articles": "FIRST_RECORD",
    "send_mail": "FIRST_RECORD",
    "handle_bounces": "correlation_paths.EVENT_BRIDGE",
    "run_scheduled_tasks": "correlation_paths.EVENT_BRIDGE",
}
"""The location of the id in an event. All other functions answer HTTP requests."""
METRICS: Final = {
    "index_articles": {"ArticlesNotIndexed", "MalformedEvents"},
    "run_scheduled_tasks": {"ArticlesNotReleased", "MailFailed"},
    "write_comments": {"CommentsApproved", "CommentsPending", "CommentsSpam"},
    "submit_contact": {"MessagesNew", "MessagesSpam"},
    "send_mail": {"MailDeferred", "MailFailed", "MalformedEvents"},
    "handle_bounces": {"MalformedEvents"},
}


def event_of(function: str, name: str = "*") -> dict[str, Any]:
    """Return the first event of a function in ``events/``, or the named one."""
    event: dict[str, Any] = json.loads(min(PROJECT.glob(f"events/{function}/{name}.json")).read_text())
    return event


def id_of(event: dict[str, Any]) -> str:
    """Return the id of the event: of the request, of the first record, or of the event itself."""
    if "requestContext" in event:
        return str(event["requestContext"]["requestId"])
    return str(event["Records"][0]["eventID"] if "Records" in event else event["id"])


def handle(function: str, event: dict[str, Any]) -> None:
    """Invoke the function with the event."""
    importlib.import_module(f"functions.{function}.app").handler(event, Context())


def published_metrics(output: str) -> dict[str, float]:
    """Return the metrics in the output, summed by name. All have the same namespace, dimension and unit."""
    found: dict[str, float] = {}
    for line in output.splitlines():
        if not line.startswith('{"_aws"'):
            continue
        document = json.loads(line)
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"]) == ("Kolom", [["service"]])
        assert document["service"] == "kolom"
        assert {metric["Unit"] for metric in directive["Metrics"]} == {"Count"}
        for metric in directive["Metrics"]:
            found[metric["Name"]] = found.get(metric["Name"], 0) + sum(document[metric["Name"]])
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_handler_has_the_common_decorators(function: str) -> None:
    module = ast.parse((PROJECT / f"functions/{function}/app.py").read_text())
    handler = module.body[-1]
    assert ast.get_docstring(module)
    assert isinstance(handler, ast.FunctionDef)
    assert handler.name == "handler"
    path = PATHS.get(function, "correlation_paths.API_GATEWAY_HTTP")
    assert list(map(ast.unparse, handler.decorator_list)) == [each.format(path=path) for each in DECORATORS]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_log_lines_contain_the_id_of_the_event(function: str, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is logged when the metrics are published, which every handler does."""
    log = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    monkeypatch.setattr(metrics, "flush_metrics", lambda **_: logger.info("handled"))
    publishing.publish(content(SLUG), now=NOW)
    event = event_of(function)
    handle(function, event)
    line = json.loads(log.getvalue().splitlines()[-1])
    assert (line["message"], line["correlation_id"]) == ("handled", id_of(event))


def test_the_id_of_an_event_is_not_logged_in_the_next_invocation(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handle("handle_bounces", event_of("handle_bounces"))
    assert logger.get_correlation_id()
    handle("run_scheduled_tasks", {})
    assert logger.get_correlation_id() is None


@pytest.mark.parametrize(
    ("function", "event", "expected"),
    [
        ("index_articles", "articles_changed", set()),
        ("run_scheduled_tasks", "every_five_minutes", set()),
        ("write_comments", "post_comment", {"CommentsPending"}),
        ("submit_contact", "submit_message", {"MessagesNew"}),
        ("send_mail", "mail_pending", {"MailDeferred"}),
        ("handle_bounces", "bounce", set()),
        ("handle_bounces", "complaint", set()),
    ],
)
def test_only_events_that_an_owner_acts_on_are_counted(
    function: str,
    event: str,
    expected: set[str],
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publishing.publish(content(SLUG), now=NOW)
    due = datetime.now(UTC) - timedelta(hours=1)
    publishing.publish(content("due", published_at=due), now=due - timedelta(hours=9))
    monkeypatch.setattr(send_mail, "send", lambda *_: "deferred")
    capsys.readouterr()
    handle(function, event_of(function, event))
    published = published_metrics(capsys.readouterr().out)
    assert published.keys() == expected
    assert expected <= METRICS[function]


def test_articles_that_could_not_be_indexed_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(index_articles, "update_index", lambda article_ids: article_ids)
    event = event_of("index_articles", "articles_changed")
    handle("index_articles", event)
    records = {record["dynamodb"]["Keys"]["key"]["S"] for record in event["Records"]}
    assert published_metrics(capsys.readouterr().out) == {"ArticlesNotIndexed": len(records)}


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - METRICS.keys()))
def test_a_function_without_business_events_publishes_no_metrics(
    function: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    publishing.publish(content(SLUG), now=NOW)
    capsys.readouterr()
    handle(function, event_of(function))
    assert published_metrics(capsys.readouterr().out) == {}


def test_a_repeated_submission_is_counted_once(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    publishing.publish(content("hello"), now=NOW)
    event = comment_request(content="Hello.", headers={"idempotency-key": "0123456789abcdef0123"})
    for _ in range(2):
        assert write_comments.handler(event, Context())["statusCode"] == 201
    assert published_metrics(capsys.readouterr().out) == {"CommentsPending": 1}


@pytest.mark.parametrize("outcome", get_args(Outcome.__value__))
def test_a_mail_is_counted_by_its_outcome(
    outcome: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only mail that needs attention is counted: SES counts what it sends, and `kolom mail list` shows the rest."""
    monkeypatch.setattr(send_mail, "send", lambda *_: outcome)
    handle("send_mail", event_of("send_mail"))
    name = f"Mail{outcome.capitalize()}"
    expected = {name: 1} if name in METRICS["send_mail"] else {}
    assert published_metrics(capsys.readouterr().out) == expected


def test_disabled_metrics_are_neither_printed_nor_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The local stack handles many events in one process."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    for _ in range(150):
        count("MailFailed")
        metrics.flush_metrics()
    assert metrics.metric_set == {}
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_metric_names_are_known_and_only_passed_to_count(function: str) -> None:
    """A name in the code is complete, or a prefix that is followed by a status or outcome."""
    source = (PROJECT / f"functions/{function}/app.py").read_text()
    assert not re.search("add_metric|single_metric|add_dimension", source)
    whole = set(re.findall(r'\bcount\("(\w+)"', source))
    prefixes = tuple(re.findall(r'\bcount\(f"(\w+)\{', source))
    known = METRICS.get(function, set())
    assert known == whole | {name for name in known if name.startswith(prefixes)}
    assert all(any(name.startswith(prefix) for name in known) for prefix in prefixes)


def test_the_docs_list_every_metric() -> None:
    known = set().union(*METRICS.values())
    section = (PROJECT / "docs/operate.md").read_text().partition("| metric |")[2]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(known)
    assert f"| {len(known)} metrics of Kolom" in (PROJECT / "docs/deploy.md").read_text()


def test_the_metrics_of_one_blog_are_free() -> None:
    """CloudWatch has a free amount of ten custom metrics in an account."""
    assert len(set().union(*METRICS.values())) <= 10
