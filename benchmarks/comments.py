"""Measure the cost of comments: requests and capacity units of each operation, and CPU time compared to Isso.

    uv sync --extra cli --group bench
    .venv/bin/python -m benchmarks.comments [--rounds 11] [--calls 20]

Kolom's real handlers are called with events on moto. Their CPU time is measured with recorded responses of DynamoDB
(:mod:`benchmarks.canned`). So it includes botocore's work for each call, but not DynamoDB's. Isso (its own WSGI
application, SQLite in a file, no mail, no limits) is called with werkzeug's test client in the same run, in turns, with
the same texts. An update in a transaction is counted for an item of less than 1 KB. Index writes are counted for
complete items.
"""

import itertools
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.canned import recorded, replay_in_turns
from benchmarks.capacity import metered
from benchmarks.handlers import bill_figures, configure, local_aws
from benchmarks.runner.figures import Figure, NotRunError
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, ratios

POST_GOAL, GET_GOAL = 1.5, 0.4
TEXT = "Number {} of *many* comments, of an ordinary length: two sentences, a [link](https://a.example), and no more."


class Kolom:
    """A blog with the articles ``a0`` to ``a49``, and the handlers of its comments."""

    def __init__(self) -> None:
        # Imported after the environment is set, because the logger reads it.
        from functions.fetch_comments.app import handler as read
        from functions.write_comments.app import handler as write
        from kolom.articles import publishing
        from tests.factories import NOW, Context, comment_request, content, request

        self._handlers = {"read": read, "write": write}
        self._context, self._request, self._comment_request = Context(), request, comment_request
        self._visitors = 0
        for number in range(50):
            publishing.publish(content(f"a{number}"), now=NOW)

    def post(self, slug: str, number: int, *, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Post a comment from a new IP address."""
        self._visitors += 1
        address = f"10.{self._visitors // 250 % 250}.{self._visitors % 250}.1"
        headers = {"idempotency-key": key} if key else {}
        headers |= fields.pop("headers", {})
        text = TEXT.format(number)
        return self._call(
            "write", self._comment_request(slug, address=address, headers=headers, content=text, **fields)
        )

    def post_as(self, address: str, slug: str, text: str, *, status: int = 201) -> None:
        """Post a comment from that IP address, and check the status of the response."""
        answer = self._handlers["write"](self._comment_request(slug, address=address, content=text), self._context)
        assert answer["statusCode"] == status, answer

    def change(self, method: str, slug: str, posted: dict[str, Any], text: str | None = None) -> dict[str, Any]:
        """Send PATCH or DELETE for a comment with its token."""
        headers = {"authorization": f"Bearer {posted['edit_token']}", "content-type": "application/json"}
        path = f"/api/articles/{slug}/comments/{posted['comment']['id']}"
        body = None if text is None else json.dumps({"content": text})
        return self._call("write", self._request(path, method=method, headers=headers, body=body))

    def get(self, path: str, query: str = "") -> dict[str, Any]:
        """Send GET for one of the lists, or for a form token."""
        return self._call("write" if path.endswith("form-token") else "read", self._request(path, query))

    def _call(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        answer = self._handlers[name](event, self._context)
        assert answer["statusCode"] < 300, answer  # noqa: PLR2004, RUF100
        return json.loads(answer["body"]) if answer["body"] else {}


@dataclass(frozen=True, slots=True)
class Options:
    """How often to compare with Isso, and how many operations to measure each time."""

    rounds: int = 11
    calls: int = 20


def measure(options: Options) -> Iterator[Figure]:
    """Yield the requests and capacity units of each operation, and the times with those of Isso."""
    with local_aws():
        blog = Kolom()
        yield from _bills(blog)
        yield from _times(blog, options)


def _bills(blog: Kolom) -> Iterator[Figure]:
    from kolom.comments import admin, moderation

    # Before the other comments, since they would reach the limit of the site.
    configure(comments_per_minute=1)
    blog.post_as("10.255.0.1", "a2", "The first of this minute.")
    with metered() as refused:
        blog.post_as("10.255.0.1", "a2", "One too many.", status=429)
    configure(comments_per_minute=100)
    pending = blog.post("a0", 0)
    configure(moderation_mode="none")
    for number in range(100):
        parent = blog.post("a1", number)
    operations: dict[str, Callable[[], object]] = {
        "POST, approved": lambda: blog.post("a2", 1),
        "POST, approved reply with an email address": lambda: blog.post(
            "a1", 101, parent_id=parent["comment"]["id"], email="a@example.com"
        ),
        "POST, sent again": lambda: blog.post("a2", 2, key="again"),
        "PATCH": lambda: blog.change("PATCH", "a1", parent, "Another text."),
        "DELETE": lambda: blog.change("DELETE", "a1", parent),
        "GET form-token": lambda: blog.get("/api/form-token"),
        "GET 20 of an article's 100": lambda: blog.get("/api/articles/a1/comments", "limit=20"),
        "GET the counts of 50": lambda: blog.get("/api/comments/counts", "&".join(f"slug=a{n}" for n in range(50))),
        "GET the 20 most recent": lambda: blog.get("/api/comments/recent"),
    }
    blog.post("a2", 2, key="again")
    configure(moderation_mode="first")
    with metered() as bill:
        blog.post("a2", 0)
    yield from bill_figures("POST, pending", bill)
    yield from bill_figures("POST, refused by a rate limit", refused)
    configure(moderation_mode="none")
    for name, operation in operations.items():
        with metered() as bill:
            operation()
        yield from bill_figures(name, bill)
    comment = admin.get(pending["comment"]["id"])
    with metered() as bill:
        moderation.moderate(comment.article_id, comment.id, "approve", by="benchmark", now=datetime.now(UTC))
    yield from bill_figures("approve", bill)


def _times(blog: Kolom, options: Options) -> Iterator[Figure]:
    for number in range(20):
        blog.post("a3", number)
    numbers = itertools.count(1_000)
    with _isso() as (isso_post, isso_get):
        for number in range(20):
            isso_post(number)
        yield from _compare(
            "POST", lambda: blog.post("a4", next(numbers)), lambda: isso_post(next(numbers)), POST_GOAL, options
        )
        yield from _compare(
            "GET of 20", lambda: blog.get("/api/articles/a3/comments", "limit=20"), isso_get, GET_GOAL, options
        )


def _compare(
    case: str, kolom: Callable[[], object], isso: Callable[[], object], goal: float, options: Options
) -> Iterator[Figure]:
    """Yield the times of an operation of Kolom, with recorded responses of DynamoDB, and of Isso, in turns."""
    kolom()
    with recorded() as recording:
        kolom()
    times = replay_in_turns(recording, {"Kolom": kolom, "Isso": isso}, options.rounds, calls=options.calls)
    for name, seconds in times.items():
        yield Figure(case, f"{name}, ms", milliseconds(seconds))
    yield Figure(case, "× Isso", ratios(times["Kolom"], times["Isso"]), goal)


@contextmanager
def _isso() -> Iterator[tuple[Callable[[int], object], Callable[[], object]]]:
    try:
        import isso
        from isso import config
    except ImportError as error:
        raise NotRunError("Isso is not installed: run `uv sync --extra cli --group bench`") from error
    from werkzeug.test import Client

    logging.getLogger("isso").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        settings = config.load(config.default_file())
        settings.set("general", "dbpath", str(Path(folder) / "comments.db"))
        settings.set("general", "host", "https://blog.example")
        settings.set("guard", "enabled", "off")
        settings.set("hash", "algorithm", "none")
        client = Client(isso.make_app(settings))
        origin = {"Origin": "https://blog.example"}

        def post(number: int) -> None:
            body = {"author": "Budi", "text": TEXT.format(number), "title": "An article"}
            uri = "/a3/" if number < 20 else f"/a{4 + number % 40}/"  # noqa: PLR2004, RUF100
            answer = client.post(f"/new?uri={uri}", json=body, headers=origin)
            assert answer.status_code in {201, 202}, answer.text

        def get() -> None:
            answer = client.get("/?uri=/a3/", headers=origin)
            assert len(answer.get_json()["replies"]) == 20, answer.text  # noqa: PLR2004, RUF100

        yield post, get


PART = Part(
    "comments",
    "Requests and capacity units of comments, and processor time compared with Isso.",
    measure,
    small=Options(),
    full=Options(rounds=31, calls=50),
)

if __name__ == "__main__":
    PART.main()
