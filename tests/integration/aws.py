"""AWS on moto: empty for each test, or with the state of a snapshot.

moto discards all data at the end of a block. Creating clients, tables and test data takes longer than most tests, so
each process does it once: the clients are shared, and the data is copied.
"""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

import boto3
from botocore.config import Config
from moto import mock_aws
from moto.core import models as moto_core
from moto.core.base_backend import BackendDict

from kolom.articles import known_ids
from kolom.mail import delivery
from kolom.models.base import connection
from kolom.pages import theme
from kolom.search import document_table, query_counts, vocabulary
from kolom.security import signing
from kolom.submissions.blocked_words_list import cached_words
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.sam.intrinsics import ACCOUNT_ID, PSEUDO_PARAMETERS
from kolom_cli.sam.model import Template

# moto also intercepts the package `requests`, with 1,400 patterns that it prepares for each test. Nothing here uses
# that package.
moto_core.RESPONSES_METHODS.clear()

type Snapshot = tuple[list[BackendDict[Any]], bytes]
"""All data of moto, by service, and that of the other stores."""

_snapshots: dict[str, Snapshot] = {}


class Store(Protocol):
    """Data outside of moto that is part of snapshots. It is emptied whenever moto's data is."""

    def dump(self) -> Any:
        """Return all data."""

    def load(self, data: Any) -> None:
        """Add the data to the empty store."""


stores: list[Store] = []
"""The tables of :mod:`tests.dynamodb_local`, if the tests use it."""


@cache
def client(service: str) -> Any:
    """Return this process's client of a service. It ignores endpoints in the environment, which tests change."""
    # moto does not support account-based endpoints.
    config = Config(ignore_configured_endpoint_urls=True, account_id_endpoint_mode="disabled")  # type: ignore[call-arg]
    return boto3.Session(region_name=PSEUDO_PARAMETERS["AWS::Region"]).client(service, config=config)  # type: ignore[call-overload]


@contextmanager
def empty_aws() -> Iterator[None]:
    """Intercept the AWS calls of this process until the end of the block. All data is then discarded.

    The project's own clients remain for the whole process, as on Lambda. They are created here, before a test can
    change the environment.
    """
    with mock_aws(), patch_moto():
        delivery._client()
        connection().client  # noqa: B018 (it is created at the first use)
        clear_caches()
        yield
    clear_caches()


@contextmanager
def empty_tables(template: Template) -> Iterator[None]:
    """Do the same as :func:`empty_aws`, with the template's tables."""

    def create() -> None:
        for table in template.tables.values():
            client("dynamodb").create_table(**table.create)

    with empty_aws():
        restore_or_create("tables", create)
        yield


def restore_or_create(name: str, create: Callable[[], object]) -> None:
    """Replace all data by the snapshot of that name. The first time, call ``create`` and take the snapshot."""
    if name not in _snapshots:
        create()
        _snapshots[name] = take_snapshot()
        return
    restore_snapshot(_snapshots[name])


def take_snapshot() -> Snapshot:
    """Return a copy of all data."""
    services = list(BackendDict._instances)  # type: ignore[misc]
    data = [(dict(service), vars(service)) for service in services], [store.dump() for store in stores]
    return services, pickle.dumps(data)


def restore_snapshot(snapshot: Snapshot) -> None:
    """Replace all data by that of a snapshot."""
    BackendDict.reset()
    services, data = snapshot
    backends, contents = pickle.loads(data)  # noqa: S301 (our own)
    for store, content in zip(stores, contents, strict=True):
        store.load(content)
    for service, (accounts, attributes) in zip(services, backends, strict=True):
        service[ACCOUNT_ID]
        service.update(accounts)
        vars(service).update(attributes)
    clear_caches()


def clear_caches() -> None:
    """Clear the data that a warm function keeps."""
    known_ids.clear_cache()
    vocabulary.clear_cache()
    document_table.clear_cache()
    theme.clear_cache()
    query_counts.clear_cache()
    cached_words.clear()
    signing.load_keys.cache_clear()
    signing.get_origin_secrets.cache_clear()
