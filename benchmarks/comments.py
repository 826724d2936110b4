"""Measure the cost of comments: requests and capacity units of each operation, and CPU time compared to Isso.

Run: ``uv run --group bench python -m benchmarks.comments``

Kolom's real handlers are called with events on moto. Their time is CPU time without that of moto. So it includes
botocore's work for each call, but not DynamoDB's. Isso (its own WSGI application, SQLite in a file, no mail, no limits)
is called with werkzeug's test client in the same run, with the same texts. The ratio is that of the medians. An update
in a transaction is counted for an item of less than 1 KB. Index writes are counted for complete items.
"""

import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto.core.botocore_stubber import BotocoreStubber

from benchmarks.capacity import metered
from benchmarks.handlers import BILL_HEAD, configure, local_aws, print_bill, write_output

REPEATED = 150
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


def main() -> None:
    """Run the benchmark and print both tables."""
    with local_aws():
        blog = Kolom()
        _bills(blog)
        _times(blog)


def _bills(blog: Kolom) -> None:
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
    write_output(BILL_HEAD)
    configure(moderation_mode="first")
    with metered() as bill:
        blog.post("a2", 0)
    print_bill("POST, pending", bill)
    print_bill("POST, refused by a rate limit", refused)
    configure(moderation_mode="none")
    for name, operation in operations.items():
        with metered() as bill:
            operation()
        print_bill(name, bill)
    comment = admin.get(pending["comment"]["id"])
    with metered() as bill:
        moderation.moderate(comment.article_id, comment.id, "approve", by="benchmark", now=datetime.now(UTC))
    print_bill("approve", bill)


def _times(blog: Kolom) -> None:
    for number in range(20):
        blog.post("a3", number)
    with _isso() as (isso_post, isso_get):
        for number in range(20):
            isso_post(number)
        kolom_get_time = _median(lambda _: blog.get("/api/articles/a3/comments", "limit=20"))
        isso_get_time = _median(lambda _: isso_get())
        kolom_post_time = _median(lambda number: blog.post(f"a{4 + number % 40}", 1_000 + number))
        isso_post_time = _median(lambda number: isso_post(1_000 + number))
    write_output("\n| CPU time | Kolom | Isso | ratio |\n|---|---|---|---|\n")
    for name, kolom, isso in (("POST", kolom_post_time, isso_post_time), ("GET of 20", kolom_get_time, isso_get_time)):
        write_output(f"| {name} | {kolom * 1000:.2f} ms | {isso * 1000:.2f} ms | {kolom / isso:.1f} |\n")


def _median(operation: Callable[[int], object]) -> float:
    """Return the median CPU time of the operation in seconds, without that of moto."""
    original, spent = BotocoreStubber.__call__, [0.0]

    def timed(stubber: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        started = time.process_time()
        try:
            return original(stubber, event_name, request, **more)
        finally:
            spent[0] += time.process_time() - started

    times = []
    with patch.object(BotocoreStubber, "__call__", timed):
        for number in range(REPEATED):
            spent[0], started = 0.0, time.process_time()
            operation(number)
            times.append(time.process_time() - started - spent[0])
    return statistics.median(times[10:])


@contextmanager
def _isso() -> Iterator[tuple[Callable[[int], object], Callable[[], object]]]:
    import isso
    from isso import config
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


if __name__ == "__main__":
    main()
