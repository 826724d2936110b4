"""The parts of a stack that ``template.yaml`` defines: plain values, with every intrinsic function resolved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement of a function's policies."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function, named after the directory of its code."""

    name: str
    logical_id: str
    physical_name: str
    arn: str
    code_dir: Path
    handler: str
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    policies: tuple[Statement, ...]
    managed_policies: tuple[str, ...]
    """The names or ARNs of managed policies, and the names of SAM's policy templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of the HTTP API; ``path`` is ``$default`` for the catch-all."""

    method: str
    path: str
    function: str

    @property
    def key(self) -> str:
        """The route's key as API Gateway writes it: ``GET /api/articles/{slug}``."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A function's subscription to the stream of a table."""

    function: str
    table: str
    starting_position: str
    batch_size: int
    filters: tuple[str, ...]
    reports_failures: bool
    maximum_retries: int | None
    bisects: bool
    window_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The schedule of a function."""

    name: str
    function: str
    every_seconds: int
    payload: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An EventBridge rule that invokes a function; ``pattern`` is JSON."""

    function: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A DynamoDB table; ``create`` are the arguments of ``create_table``."""

    logical_id: str
    name: str
    create: Mapping[str, Any]
    ttl_attribute: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret: its text, or the arguments by which Secrets Manager generates it."""

    logical_id: str
    name: str
    text: str | None
    generate: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """The CORS configuration of the API."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int | None = None
    allow_credentials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The default throttling of the API."""

    burst: int
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeHeader:
    """A header that the CDN adds to responses. ``override`` replaces the origin's header of the same name."""

    name: str
    value: str
    override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheBehavior:
    """The CDN's configuration for the paths of a pattern; ``*`` matches any characters, ``?`` matches one."""

    pattern: str
    origin: str
    methods: tuple[str, ...]
    headers: tuple[EdgeHeader, ...]
    function_event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdn:
    """The CloudFront distribution, with its behaviors in the order of evaluation; the last one matches every path.

    ``query_parameters`` are those that the distribution's function keeps; ``None`` if it keeps all.
    """

    domain: str
    aliases: tuple[str, ...]
    behaviors: tuple[CacheBehavior, ...]
    query_parameters: frozenset[str] | None = None

    def behavior(self, path: str) -> CacheBehavior:
        """Return the behavior for a path, as it is in the request line."""
        return next(each for each in self.behaviors if _matches(each.pattern, path))


def _matches(pattern: str, path: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, path, re.DOTALL) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A stack, with every intrinsic function resolved."""

    path: Path
    parameters: Mapping[str, str]
    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    streams: tuple[Stream, ...]
    schedules: tuple[Schedule, ...]
    rules: tuple[Rule, ...]
    tables: Mapping[str, Table]
    buckets: Mapping[str, str]
    secrets: Mapping[str, Secret]
    cors: Cors | None
    throttle: Throttle | None
    cdn: Cdn | None
    outputs: Mapping[str, str]
