"""Load the local site with concurrent clients, and check that nothing is lost or stored twice.

    uv sync --extra cli --group bench
    .venv/bin/python -m benchmarks.load [--requests 400] [--writes 200]

The site is `kolom serve` in a process of its own, with its sample articles. All requests go to this machine. The number
of requests is fixed, so each scenario ends by itself.

* **mix**: of a hundred requests, 90 read (pages, articles, comments, counts), 6 search, 3 post a comment, 1 a message.
  1, 8, 32 and 128 clients share ``requests``. One in five submissions is sent again with its idempotency key.
* **hot article**: 32 clients post to one article. Two of them at a time send the same comments at the same time.
* **hot sender**: 32 clients with one IP address post comments. The rate limit accepts ten a minute.
* **storm**: 32 clients post comments that wait for approval, while the owner approves or deletes each.

Afterwards, the tables are compared with the responses. *Lost* counts submissions that were accepted but not stored, or
stored with another status than the last decision. *Stored twice* counts further copies, and *not accepted* the
submissions that were refused for another reason than a rate limit. *Wrong counts* are articles whose number of comments
is not that of their approved comments.

For its part of the mix, Isso runs in the same way: 95 of a hundred requests read the comments of a page, and 5 post
one. The times are those of an emulator on one process, not of AWS: they show how waiting grows with the number of
clients. Isso's times are those of its own server.
"""

import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlencode

import boto3

from benchmarks.load_clients import Answer, Call, run_clients
from benchmarks.runner.figures import Figure, require_packages
from benchmarks.runner.part import Part
from tests.serving import Site, eventually, mails, send, served

CLIENTS: Final = (1, 8, 32, 128)
WRITERS: Final = 32
SEED: Final = 20261130
TEXT: Final = "Comment {} of *many*, of an ordinary length: two sentences, a [link](https://a.example), and no more."
CREATED: Final = 201
TOO_MANY: Final = 429
ISSO_READS: Final = 0.95
_SITE_SETTINGS: Final = ("CommentsPerMinute=100", "OwnerEmail=owner@blog.example")
_KINDS: Final = ("read", "search", "comment", "message")
_WEIGHTS: Final = (90, 6, 3, 1)
_START_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Options:
    """How many requests each number of clients shares, and how many submissions the other scenarios have."""

    requests: int = 400
    writes: int = 200


class Requests:
    """Makes the calls of a site's readers, in an order that is the same in every run."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._random = random.Random(SEED)  # noqa: S311 (not for security)
        self._numbers = count()
        articles = send(site, "/api/articles?limit=50")[1]["items"]
        self._ids = {each["slug"]: each["id"] for each in articles}
        self.slugs = [slug for slug in self._ids if send(site, f"/api/articles/{slug}")[1]["comments_open"]]
        self._words = [word for each in articles for word in each["title"].split() if word.isalpha()]
        self._counts = f"/api/comments/counts?{urlencode([('slug', slug) for slug in self.slugs])}"
        self._reads: list[Callable[[str], str]] = [
            lambda _: "/",
            lambda slug: f"/{quote(slug)}/",
            lambda slug: f"/api/articles/{quote(slug)}",
            lambda slug: f"/api/articles/{quote(slug)}/comments",
            lambda _: self._counts,
        ]

    def counts(self) -> dict[int, int]:
        """Return the number of comments that the site shows for each article, by its id."""
        found: dict[str, int] = send(self.site, self._counts)[1]["counts"]
        return {self._ids[slug]: number for slug, number in found.items()}

    def mix(self, number: int) -> list[Call]:
        """Return that many calls, and further ones that repeat a submission."""
        calls: list[Call] = []
        for kind in self._random.choices(_KINDS, _WEIGHTS, k=number):
            calls.append(self._call(kind))
            if calls[-1].body is not None and self._random.random() < 1 / 5:
                calls.append(calls[-1])
        return calls

    def comment(self, slug: str) -> Call:
        """Return the post of a new comment."""
        number = next(self._numbers)
        body = {"name": "Budi", "content": TEXT.format(number)}
        return Call("comment", f"/api/articles/{quote(slug)}/comments", body, {"Idempotency-Key": f"comment-{number}"})

    def _call(self, kind: str) -> Call:
        slug = self._random.choice(self.slugs)
        if kind == "read":
            return Call(kind, self._random.choice(self._reads)(slug))
        if kind == "search":
            return Call(kind, f"/api/search?{urlencode({'q': self._random.choice(self._words)})}")
        if kind == "comment":
            return self.comment(slug)
        number = next(self._numbers)
        body = {"email": "visitor@example.com", "message": TEXT.format(number)}
        return Call(kind, "/api/contact", body, {"Idempotency-Key": f"message-{number}"})


def measure(options: Options) -> Iterator[Figure]:
    """Yield the times and the counts of each scenario."""
    require_packages("isso")
    with served("ModerationMode=none", *_SITE_SETTINGS) as site:
        requests = Requests(site)
        answers: list[Answer] = []
        for clients in CLIENTS:
            found = run_clients(site, _shared(requests.mix(options.requests), clients))
            yield from _times(f"mix, {clients} clients", found)
            answers += found
        yield from _isso_times(options)
        hot = [requests.comment(requests.slugs[0]) for _ in range(options.writes)]
        found = run_clients(site, [each for each in _shared(hot, WRITERS // 2) for _ in range(2)])
        yield from _times("hot article", found)
        yield from _check("mix and hot article", requests, answers + found)
    with served("ModerationMode=none", "CommentsPerMinute=10") as site:
        requests = Requests(site)
        calls = [requests.comment(requests.slugs[0]) for _ in range(options.writes)]
        found = run_clients(site, _shared(calls, WRITERS), same_address=True)
        yield from _times("hot sender", found)
        yield from _check("hot sender", requests, found)
    with served("ModerationMode=all", *_SITE_SETTINGS) as site:
        requests = Requests(site)
        calls = [requests.comment(slug) for slug in requests.slugs[:2] for _ in range(options.writes // 2)]
        found, decided = _storm(site, _shared(calls, WRITERS))
        yield from _times("storm", found)
        yield from _check("storm", requests, found, decided)


def _shared(calls: Sequence[Call], clients: int) -> list[Sequence[Call]]:
    return [calls[number::clients] for number in range(clients)]


def _times(case: str, answers: Sequence[Answer], goal: float | None = 0) -> Iterator[Figure]:
    for kind in dict.fromkeys(each.call.kind for each in answers):
        times = sorted(each.seconds * 1_000 for each in answers if each.call.kind == kind)
        if len(times) > 1:
            percentiles = statistics.quantiles(times, n=100, method="inclusive")
            yield Figure(f"{case}: {kind}", "p50, ms", [percentiles[49]])
            yield Figure(f"{case}: {kind}", "p99, ms", [percentiles[98]])
    broken = sum(each.status == 0 or each.status >= 500 for each in answers)  # noqa: PLR2004, RUF100
    yield Figure(case, "server errors and broken connections", [broken], goal)


def _check(
    case: str, requests: Requests, answers: Sequence[Answer], decided: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Figure]:
    """Compare the tables with the responses. ``decided`` has the last status of each moderated comment, by its id."""
    comments = [item for item in _items(requests.site, "comments") if "content" in item]
    stored = Counter([item["content"] for item in comments])
    stored.update(item["message"] for item in _items(requests.site, "messages"))
    accepted = {_text(each.call) for each in answers if each.status == CREATED}
    status = {item["sort"]: item["status"] for item in comments}
    lost = sum(not stored[text] for text in accepted) + sum(status.get(each) != decided[each] for each in decided)
    limited = sum(each.status == TOO_MANY for each in answers)
    refused = sum(each.call.body is not None and each.status not in {CREATED, TOO_MANY} for each in answers)
    approved = Counter(int(item["article_id"]) for item in comments if item["status"] == "approved")
    wrong = sum(number != approved[article_id] for article_id, number in requests.counts().items())
    yield Figure(case, "accepted", [len(accepted)])
    yield Figure(case, "refused by a rate limit", [limited])
    yield Figure(case, "lost", [lost], 0)
    yield Figure(case, "stored twice", [sum(stored[text] - 1 for text in accepted if stored[text] > 1)], 0)
    yield Figure(case, "not accepted", [refused], 0)
    yield Figure(case, "wrong counts", [wrong], 0)
    if sent := {_text(each.call) for each in answers if each.status == CREATED and each.call.kind == "message"}:
        eventually(lambda: len(_mailed(requests.site, sent)) >= len(sent))
        mailed = Counter(_mailed(requests.site, sent))
        yield Figure(case, "messages not mailed once", [sum(mailed[text] != 1 for text in sent)], 0)


def _items(site: Site, table: str) -> list[dict[str, str]]:
    """Return the items of a table, with their texts and numbers."""
    client = boto3.Session("local", "local", region_name="us-east-1").client("dynamodb", endpoint_url=site.aws)
    name = next(each for each in client.list_tables()["TableNames"] if each.endswith(table))
    pages = client.get_paginator("scan").paginate(TableName=name)
    return [
        {key: text for key, value in item.items() if (text := value.get("S") or value.get("N"))}
        for page in pages
        for item in page["Items"]
    ]


def _mailed(site: Site, texts: Collection[str]) -> list[str]:
    """Return the text of each mail about a message."""
    return [text for mail in mails(site) for text in texts if text in str(mail)]


def _text(call: Call) -> str:
    assert call.body is not None
    return str(call.body.get("content") or call.body["message"])


def _storm(site: Site, calls: Sequence[Sequence[Call]]) -> tuple[list[Answer], dict[str, str]]:
    """Post the comments while the owner moderates, and return the responses and the last status of each comment."""
    decided: dict[str, str] = {}
    answers: list[Answer] = []
    posting = threading.Thread(target=lambda: answers.extend(run_clients(site, calls)))
    posting.start()
    is_last = False
    while not is_last:
        is_last = not posting.is_alive()
        pending = [item["sort"] for item in _items(site, "comments") if item.get("status") == "pending"]
        for action, status, ids in (("approve", "approved", pending[::2]), ("delete", "deleted", pending[1::2])):
            if ids:
                _kolom(site, "comments", action, *ids)
                decided |= dict.fromkeys(ids, status)
    return answers, decided


def _kolom(site: Site, *arguments: str) -> None:
    command = [sys.executable, "-c", "from kolom_cli.main import app; app()", "--endpoint-url", site.aws, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (our own)


def _isso_times(options: Options) -> Iterator[Figure]:
    """Yield the times of Isso for its part of the mix."""
    chooser = random.Random(SEED)  # noqa: S311 (not for security)
    numbers = count()
    with _isso() as url:
        for clients in CLIENTS:
            calls = [
                Call("read", "/?uri=/a/")
                if chooser.random() < ISSO_READS
                else Call(
                    "comment",
                    "/new?uri=/a/",
                    {"author": "Budi", "text": TEXT.format(next(numbers)), "title": "A"},
                )
                for _ in range(options.requests)
            ]
            yield from _times(f"Isso, {clients} clients", run_clients(url, _shared(calls, clients)), goal=None)


@contextmanager
def _isso() -> Iterator[str]:
    """Run Isso in a process of its own, and yield its URL."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        free.close()
        settings = Path(folder) / "isso.cfg"
        settings.write_text(
            f"[general]\ndbpath = {folder}/comments.db\nhost = {url}\n[server]\nlisten = {url}\n"
            "[guard]\nenabled = off\n[hash]\nalgorithm = none\n"
        )
        command = [str(Path(sys.executable).with_name("isso")), "-c", str(settings), "run"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                assert eventually(lambda: _answers(url), _START_SECONDS), "Isso does not start"
                yield url
            finally:
                process.terminate()


def _answers(url: str) -> bool:
    return run_clients(url, [[Call("start", "/?uri=/a/")]])[0].status != 0


PART = Part(
    "load",
    "Concurrent clients on the local site: nothing is lost or stored twice, and waiting times beside Isso.",
    measure,
    small=Options(),
    full=Options(requests=5_000, writes=2_000),
)

if __name__ == "__main__":
    PART.main()
