"""After any sequence of changes and interruptions, the index equals a rebuilt one."""

import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any
from unittest.mock import patch

import boto3
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from moto import mock_aws

from kolom.articles import publishing, repository
from kolom.errors import KolomError
from kolom.models.base import connection
from kolom.search import document, index_writer, posting_blocks, result_records, vocabulary
from kolom.search.analyzer import ANALYZER_VERSION, stem
from kolom.search.codec import encode_posting, unpack
from kolom.search.forward_index import load_entry
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.sam.loader import load
from tests.factories import NOW, content
from tests.paths import PROJECT

TEMPLATE = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"})
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}
WORDS = ["gula", "jawa", "kopi", "pasar", "malam", "hujan", "bulan", "the", "river", "house", "walking", "walked"]
WORDS += ["Wi-Fi", "wifi", "C++", "3.9", "39", "anak2", "anak-anaknya", "œuvre", "oeuvre", "gu-la", "x" * 70]
SLUGS = st.sampled_from(["one", "two", "three"])
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
LABELS = st.lists(st.sampled_from(["Jawa", "Kopi"]), unique=True).map(tuple)


class Crash(BaseException):
    """Simulates the end of the function's process."""


class Interruption:
    """Runs a callback before the ``number``-th write to the index."""

    def __init__(self, number: int, callback: Callable[[], None]) -> None:
        self._left = number
        self._callback = callback

    def __call__(self, model: Any, **_: Any) -> None:
        if model.name in WRITES:
            self._left -= 1
            if self._left == 0:
                self._callback()


class Indexing(RuleBasedStateMachine):
    """Authors and indexers that work on three articles."""

    @initialize()
    def deploy(self) -> None:
        self.stack = ExitStack()
        self.analyser = ANALYZER_VERSION
        self.stack.enter_context(mock_aws())
        # Pack blocks even though there are only three articles.
        self.stack.enter_context(patch.object(posting_blocks, "PACK_AFTER", 2))
        # Split even short texts, so that they have a ``rest`` item.
        self.stack.enter_context(patch.multiple(result_records, ITEM_BYTES=0, MIN_BYTES=20))
        self.stack.enter_context(patch_moto())
        self.client = boto3.client("dynamodb")
        for table in TEMPLATE.tables.values():
            self.client.create_table(**table.create)
        vocabulary.clear_cache()
        self.events = connection().client.meta.events

    def teardown(self) -> None:
        with self.stack:
            self.check()

    @rule(slug=SLUGS, title=TEXTS, text=TEXTS, labels=LABELS, hour=st.integers(0, 3))
    def publish(self, slug: str, title: str, text: str, labels: tuple[str, ...], hour: int) -> None:
        made = content(
            slug,
            title=title or slug,
            html=f"<p>{text}</p>",
            labels=labels,
            language="id",
            published_at=NOW.replace(hour=hour),
        )
        self.attempt(lambda: publishing.publish(made, now=NOW, force=True))

    @rule(slug=SLUGS, to=SLUGS)
    def rename(self, slug: str, to: str) -> None:
        article_id = repository.find_id(f"slug:{slug}")
        if article_id is not None:
            self.attempt(lambda: publishing.publish(content(to), now=NOW, article_id=article_id, force=True))

    @rule(slug=SLUGS)
    def unpublish(self, slug: str) -> None:
        self.attempt(lambda: publishing.unpublish(slug, now=NOW))

    @rule(slug=SLUGS)
    def delete(self, slug: str) -> None:
        self.attempt(lambda: publishing.delete(slug, now=NOW))

    @rule(slug=SLUGS, mark=st.sampled_from("ab"))
    def touch(self, slug: str, mark: str) -> None:
        article_id = repository.find_id(f"slug:{slug}")
        if article_id is not None:
            repository.request_reindex(article_id, mark)

    @rule(ids=st.sets(st.integers(1, 4), min_size=1))
    def deliver(self, ids: set[int]) -> None:
        assert index_writer.update_index(ids, workers=1) == set()

    @rule(ids=st.sets(st.integers(1, 4), min_size=1), number=st.integers(1, 40))
    def crash(self, ids: set[int], number: int) -> None:
        def crash() -> None:
            raise Crash

        self.index_interrupted(ids, number, crash)

    @rule(ids=st.sets(st.integers(1, 4), min_size=1), number=st.integers(1, 40), slug=SLUGS, text=TEXTS)
    def publish_while_indexing(self, ids: set[int], number: int, slug: str, text: str) -> None:
        self.index_interrupted(ids, number, lambda: self.publish(slug, text, text, (), 1))

    @rule(
        ids=st.sets(st.integers(1, 4), min_size=1),
        others=st.sets(st.integers(1, 4), min_size=1),
        number=st.integers(1, 40),
        slug=SLUGS,
        text=TEXTS,
    )
    def index_while_indexing(self, ids: set[int], others: set[int], number: int, slug: str, text: str) -> None:
        def interrupt() -> None:
            self.publish(slug, text, text, ("Kopi",), 2)
            index_writer.update_index(others, workers=1)

        self.index_interrupted(ids, number, interrupt)

    @rule()
    def upgrade_the_analyser(self) -> None:
        self.analyser += 1
        self.stack.enter_context(patch.object(index_writer, "ANALYZER_VERSION", self.analyser))
        self.stack.enter_context(
            patch.object(
                document,
                "stem",
                stem
                if (self.analyser - ANALYZER_VERSION) % 2 == 0
                else lambda word, language: stem(word, language)[:3],
            )
        )

    @invariant()
    def every_posting_is_listed(self) -> None:
        """Check that the forward index lists all terms that the index has for an article, so all can be removed."""
        if not hasattr(self, "client"):
            return
        known = {article_id: load_entry(article_id, consistent=True) for article_id in range(1, 5)}
        for key, item in self.items().items():
            if key[1] == "rest":
                assert known[int(key[0].removeprefix("doc#"))].texts == {"rest"}
            elif is_postings(key):
                # A crash may leave an empty block, which the next run removes.
                for element in item["postings"]:
                    assert element in known[element % 2048].postings[key[0]]

    def index_interrupted(self, ids: set[int], number: int, callback: Callable[[], None]) -> None:
        interruption = Interruption(number, callback)
        self.events.register("before-call.dynamodb.*", interruption)
        try:
            index_writer.update_index(ids, workers=1)
        except Crash:
            vocabulary.clear_cache()
        finally:
            self.events.unregister("before-call.dynamodb.*", interruption)

    def attempt(self, act: Callable[[], object]) -> None:
        with suppress(KolomError):
            act()

    def items(self) -> dict[tuple[str, str], dict[str, Any]]:
        found = self.client.scan(TableName="kolom-search")["Items"]
        return {(item["key"]["S"], item["part"]["S"]): comparable(item) for item in found}

    def check(self) -> None:
        """Deliver all outstanding records, and compare the index with a rebuilt one."""
        assert index_writer.update_index(range(1, 5), workers=1) == set()
        converged = self.items()
        self.client.delete_table(TableName="kolom-search")
        self.client.create_table(**TEMPLATE.tables["SearchTable"].create)
        vocabulary.clear_cache()
        assert index_writer.update_index(range(1, 5), workers=2) == set()
        rebuilt = self.items()
        assert _exact(converged) == _exact(rebuilt)
        assert converged.keys() >= rebuilt.keys()


def is_postings(key: tuple[str, str]) -> bool:
    """Return whether the key is that of a block of postings."""
    return re.fullmatch(r"b\d{5}", key[1]) is not None


def comparable(item: dict[str, Any]) -> dict[str, Any]:
    """Return the item without revision numbers, with sets sorted; of a block of postings, the postings."""
    if is_postings((item["key"]["S"], item["part"]["S"])):
        packed = unpack(item["packed"]["B"]) if "packed" in item else ()
        postings = {encode_posting(position, code) for position, code in packed}
        elements, removed = (set(map(int, item.get(name, {"NS": ()})["NS"])) for name in ("elements", "removed"))
        return {"postings": postings - removed | elements}
    kept = {name: value for name, value in item.items() if name != "revision"}
    if "elements" in kept:
        kept["elements"] = {"NS": sorted(kept["elements"]["NS"], key=int)}
    return kept


def _exact(items: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the items except counts of changes, and words and related articles, which may be outdated."""
    inexact = ("words#", "ends#", "related#")
    return {key: item for key, item in items.items() if not key[0].startswith(inexact) and key != ("#documents", "#")}


Indexing.TestCase.settings = settings(max_examples=settings().max_examples // 5, stateful_step_count=12)
test_the_index_converges = Indexing.TestCase
