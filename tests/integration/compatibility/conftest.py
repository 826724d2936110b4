"""A stack that tests use only through HTTP, events of AWS services and the command line, with a fixed clock.

The tests here call no internal function, because internal names may change. What is stored and what others rely on must
not change.
"""

import base64
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import boto3
import pytest

from kolom_cli.emulator.api_gateway import match_route
from kolom_cli.sam.model import Template
from tests.factories import Context, pending_mail_event, request
from tests.integration.cli.conftest import CommandResult, Kolom, environment, kolom
from tests.integration.conftest import Configure
from tests.integration.handlers import Response, call, stored

__all__ = ["environment", "kolom"]

FIXTURES: Final = Path(__file__).parents[2] / "fixtures/stored"
TABLES: Final = ("articles", "comments", "guard", "messages", "outbox", "search")
SETTINGS: Final = {"comments_per_minute": 3, "mail_from": "blog@site.example", "owner_email": "owner@site.example"}
OWN_ADDRESS: Final = "127.0.0.1"

type Data = dict[str, Any]


class _FixedType(type):
    """Behaves like ``datetime`` except for ``now``."""

    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)

    def __call__(cls, *values: Any, **named: Any) -> Any:
        return datetime(*values, **named)  # noqa: DTZ001 - the caller chooses

    def __getattr__(cls, name: str) -> Any:
        return getattr(datetime, name)


class FixedDatetime(metaclass=_FixedType):
    """Replaces ``datetime`` in the modules of the project."""

    @staticmethod
    def now(zone: Any = None) -> datetime:
        """Return the time of the clock."""
        return _FixedType.moment.astimezone(zone)


@dataclass
class Clock:
    """The fixed time that the functions and the command line see."""

    def set(self, moment: datetime) -> None:
        """Set the time."""
        _FixedType.moment = moment

    def advance(self, **more: float) -> None:
        """Move the time forward."""
        _FixedType.moment += timedelta(**more)

    @property
    def now(self) -> datetime:
        """Return the time."""
        return _FixedType.moment


@dataclass
class Stack:
    """A deployed stack, as browsers, AWS services and the owner use it."""

    template: Template
    kolom: Kolom
    clock: Clock
    visitors: int = field(default=0)

    def request(
        self,
        method: str,
        target: str,
        fields: Data | None = None,
        *,
        address: str = OWN_ADDRESS,
        **headers: str,
    ) -> Response:
        """Send a request to the API; ``fields`` are sent as JSON."""
        path, _, query = target.partition("?")
        match = match_route(self.template.routes, method, path)
        assert match is not None, target
        kind = {"content-type": "application/json"} if fields is not None else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None if fields is None else json.dumps(fields)
        event = request(path, query, method=method, headers={**kind, **named}, body=body)
        event["requestContext"]["http"]["sourceIp"] = address
        return call(_handler(match.route.function), event)

    def get(self, target: str) -> Response:
        """Send a GET request."""
        return self.request("GET", target)

    def comment(self, slug: str, content: str, *, address: str | None = None, **fields: Any) -> Response:
        """Post a comment; each visitor has another IP address by default."""
        self.visitors += 1
        headers = {name: fields.pop(name) for name in ("idempotency_key", "authorization") if name in fields}
        body = {"name": f"Visitor {self.visitors}", "content": content, **fields}
        return self.request(
            "POST",
            f"/api/articles/{slug}/comments",
            body,
            address=address or f"10.{self.visitors}.0.1",
            **headers,
        )

    def run(self, *arguments: object, exit_code: int = 0) -> CommandResult:
        """Run `kolom` and check the exit code."""
        ran = self.kolom(*arguments)
        assert ran.exit_code == exit_code, ran.stdout + ran.stderr
        return ran

    def index(self, *article_ids: str) -> None:
        """Index these articles, or all, as the stream does."""
        records = [
            {"dynamodb": {"Keys": {"key": item["key"], "part": item["part"]}, "SequenceNumber": str(number)}}
            for number, item in enumerate(stored("articles"))
            if item["part"]["S"] == "card" and (not article_ids or item["key"]["S"] in article_ids)
        ]
        answer = self._invoke(self._follower("ArticlesTable"), {"Records": records})
        assert answer == {"batchItemFailures": []}

    def send(self, *mail_ids: str) -> None:
        """Send pending mail, as the stream does."""
        self._invoke(self._follower("OutboxTable"), pending_mail_event(*mail_ids))

    def bounce(self, email: str) -> None:
        """Deliver a bounce notification of SES for the address."""
        (event,) = (FIXTURES.parents[2] / f"events/{self.template.rules[0].function}").glob("bounce.json")
        said = event.read_text("utf-8").replace("bounce@simulator.amazonses.com", email)
        self._invoke(self.template.rules[0].function, json.loads(said))

    def tick(self) -> None:
        """Invoke the scheduled tasks."""
        self._invoke(self.template.schedules[0].function, {})

    def mail(self, mail_id: str) -> Data:
        """Return the output of `kolom mail show`."""
        found: Data = self.run("mail", "show", mail_id, "--json").json
        return found

    def files(self, directory: Path) -> dict[str, bytes]:
        """Return the files of an export by name."""
        self.run("export", directory, "--private")
        return files(directory)

    def _follower(self, table: str) -> str:
        table_name = self.template.tables[table].name
        (function,) = (stream.function for stream in self.template.streams if stream.table in {table, table_name})
        return function

    def _invoke(self, function: str, event: Data) -> Any:
        return _handler(function)(event, Context())


def _handler(function: str) -> Any:
    return importlib.import_module(f"functions.{function}.app").handler


def files(root: Path) -> dict[str, bytes]:
    """Return all files in a directory by name."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def read(name: str) -> Any:
    """Read a fixture file."""
    return json.loads((FIXTURES / name).read_text("utf-8"))


def write(name: str, data: Any) -> None:
    """Write a fixture file as JSON, with one line for each entry of the outer two levels."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    def block(value: Any) -> str:
        if isinstance(value, list) and value and not isinstance(value[0], str):
            return "[\n" + ",\n".join(map(line, value)) + "\n]"
        return line(value)

    entries = [f"{line(key)}: {block(value)}" for key, value in data.items()]
    (FIXTURES / name).write_text("{\n" + ",\n".join(entries) + "\n}\n", "utf-8")


def dump() -> Data:
    """Return all items of all tables, sorted, with sets sorted and binary values in base64."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value

    def item(found: Data) -> Data:
        return {
            name: {kind: sorted(plain(each)) if kind in {"SS", "NS", "BS"} else plain(each)}
            for name, typed in found.items()
            for kind, each in typed.items()
        }

    return {
        table: sorted(map(item, stored(table)), key=lambda each: json.dumps(each, sort_keys=True)) for table in TABLES
    }


def load(tables: Data) -> None:
    """Put dumped items into the tables without changes."""
    client: Any = boto3.client("dynamodb")

    def raw(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: base64.b64decode(each) if name == "B" else raw(each) for name, each in value.items()}
        return [raw(each) for each in value] if isinstance(value, list) else value

    for table, items in tables.items():
        name = f"kolom-{table}"
        for start in range(0, len(items), 25):
            puts = [
                {"PutRequest": {"Item": {attribute: raw(typed) for attribute, typed in item.items()}}}
                for item in items[start : start + 25]
            ]
            client.batch_write_item(RequestItems={name: puts})


class _Text(HTMLParser):
    """Extracts the text and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"script", "style"}
        values = dict(attrs)
        if tag in {"a", "form"} and not self._hidden:
            self.said.append(f"<{values.get('href') or values.get('action')}>")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.said.append(" ".join(data.split()))


def comparable(answer: Response) -> Data:
    """Return the part of a response that must not change: the text and links of a page, the complete body otherwise."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    found: Data = {"status": answer.status}
    if "location" in headers:
        found["location"] = headers["location"]
    kind = headers.get("content-type", "")
    if kind.startswith("text/html"):
        text = _Text()
        text.feed(re.sub(r"\s+", " ", answer.body))
        found["page"] = " ".join(text.said)
    elif "json" in kind:
        found["json"] = answer.json
    else:
        found["type"], found["body"] = kind, answer.body
    return found


# The arguments of each command. Mail comes first, because the later commands change what it is about.
COMMANDS: Final[dict[str, Callable[[Data, Path], tuple[object, ...]]]] = {
    "mail list": lambda _ids, _directory: (),
    "mail show": lambda ids, _: (ids["mail"]["moderation"],),
    "mail allow": lambda _ids, _directory: ("nobody@example.com",),
    "articles list": lambda _ids, _directory: (),
    "articles show": lambda _ids, _directory: ("morning-at-the-market",),
    "comments list": lambda _ids, _directory: ("--status", "pending"),
    "comments show": lambda ids, _: (ids["pending"], "--links"),
    "comments approve": lambda ids, _: (ids["pending"],),
    "comments reply": lambda ids, _: (ids["reply"], "Thanks."),
    "comments forget": lambda _ids, _directory: ("nobody@example.com", "--yes"),
    "messages list": lambda _ids, _directory: (),
    "messages show": lambda ids, _: (ids["mail"]["contact"].partition("#")[2], "--keep-new"),
    "messages forget": lambda _ids, _directory: ("nobody@example.com", "--yes"),
    "publish": lambda _ids, _directory: (FIXTURES / "published", "--dry-run"),
    "export": lambda _, directory: (directory / "archive", "--private"),
    "reindex": lambda _ids, _directory: ("--no-wait",),
    "deploy-assets": lambda _ids, _directory: ("--dry-run",),
    "import archive": lambda _ids, _directory: (FIXTURES / "archive", "--dry-run"),
    "import wordpress": lambda _ids, _directory: (FIXTURES / "wordpress.xml", "--dry-run"),
}


def command_keys(stack: Stack, directory: Path) -> dict[str, list[str]]:
    """Return the JSON keys that each command prints with `--json`, as paths."""
    ids = read("tokens.json")  # also has links and tokens

    def keys(value: Any, path: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for name, each in value.items():
                yield f"{path}.{name}".lstrip(".")
                yield from keys(each, f"{path}.{name}")
        elif isinstance(value, list):
            for each in value:
                yield from keys(each, f"{path}[]")

    return {
        command: sorted(set(keys(stack.kolom(*command.split(), *given(ids, directory), "--json").json)))
        for command, given in COMMANDS.items()
    }


def _modules() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in {"kolom", "kolom_cli", "functions"}:
            yield module


@pytest.fixture
def clock(template: Template, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock for the whole project."""
    for function in template.functions:
        importlib.import_module(f"functions.{function}.app")
    for module in _modules():
        if getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", FixedDatetime)
    return Clock()


@pytest.fixture
def empty(template: Template, kolom: Kolom, clock: Clock, configure: Configure) -> Stack:
    """Return an empty stack."""
    boto3.client("sesv2").create_email_identity(EmailIdentity=SETTINGS["mail_from"])
    configure(**SETTINGS)
    return Stack(template, kolom, clock)
