"""Items of an earlier version are upgraded; those of any other version are refused, and never overwritten."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from functions.fetch_articles import app as fetch_articles
from functions.fetch_comments import app as fetch_comments
from functions.search_articles import app as search_articles
from functions.serve_feeds import app as serve_feeds
from functions.serve_pages import app as serve_pages
from kolom.articles import publishing
from kolom.errors import UnknownSchema
from kolom.models import guard, schema, search
from kolom.models.base import Record
from kolom.models.expressions import Action
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.search.index_writer import update_index
from tests.factories import NOW, content, request
from tests.integration.aws import clear_caches, client
from tests.integration.handlers import call, stored
from tests.paths import PROJECT

pytestmark = pytest.mark.usefixtures("tables", "secret")

NEWER: Final = str(schema.NEWEST_READ + 1)


@pytest.fixture
def article() -> int:
    """Publish and index an article, and return its id."""
    done = publishing.publish(content("hello", labels=("News",)), now=NOW)
    assert update_index([done.article.id]) == set()
    return done.article.id


def models(base: type[Record] = Record) -> Iterator[type[Record]]:
    for each in base.__subclasses__():
        yield each
        yield from models(each)


def store_newer(table: str) -> list[dict[str, Any]]:
    """Make all items of a table that have a schema number those of a later version, and return the table."""
    for item in stored(table):
        if "schema" in item:
            client("dynamodb").put_item(TableName=f"kolom-{table}", Item=item | {"schema": {"N": NEWER}})
    clear_caches()
    return by_key(stored(table))


def by_key(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=repr)


def test_only_parts_of_the_search_index_have_no_number() -> None:
    """They belong to an item that has one: the revisions, or the result."""
    without = {model.__name__ for model in models() if "schema" not in model.get_attributes()}
    assert without == {"SearchRecord", "TextRecord"}


@pytest.mark.parametrize("number", ["0", NEWER])
def test_no_model_reads_an_item_of_an_unknown_schema(number: str) -> None:
    found = list(models())
    assert len(found) > 20
    for model in found:
        with pytest.raises(UnknownSchema, match=f"the schema number {number}; this version reads 1 to 1"):
            model.from_raw_data({"schema": {"N": number}})
        with pytest.raises(UnknownSchema):
            model().deserialize({"schema": {"N": number}})


@pytest.fixture
def second_schema(monkeypatch: pytest.MonkeyPatch, tables: None) -> None:
    """Let this version write the schema number 2, in which the Guard table has ``total`` instead of ``tally``."""

    def rename(item: schema.Item) -> schema.Item:
        return {"total" if name == "tally" else name: value for name, value in item.items()}

    monkeypatch.setattr(schema, "WRITTEN", 2)
    monkeypatch.setattr(schema, "_READ", {"1", "2"})
    monkeypatch.setattr(GuardRecord, "upgrades", {1: rename})
    put_guard_item({"key": "earlier", "schema": 1, "tally": 7, "#n": 3, "expires_at": 2_000_000_000})
    put_guard_item({"key": "later", "schema": 2, "total": 7, "#n": 3, "expires_at": 2_000_000_000})


def put_guard_item(item: dict[str, Any]) -> None:
    data = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in item.items()}
    client("dynamodb").put_item(TableName="kolom-guard", Item=data)


@pytest.mark.usefixtures("second_schema")
def test_an_earlier_item_is_upgraded_when_it_is_read() -> None:
    before = by_key(stored("guard"))
    again = GuardRecord.get("earlier")
    again.refresh()
    for record in (GuardRecord.get("earlier"), GuardRecord.get("later"), *GuardRecord.get_many(["earlier"]), again):
        assert (record.schema, record.total, record.counters) == (2, 7, {"#n": 3})
    assert by_key(stored("guard")) == before


@pytest.mark.usefixtures("second_schema")
def test_an_earlier_item_is_stored_in_the_new_form_when_it_is_written() -> None:
    GuardRecord.get("earlier").save()
    (item,) = (item for item in stored("guard") if item["key"]["S"] == "earlier")
    assert (item["schema"], item["total"], "tally" in item) == ({"N": "2"}, {"N": "7"}, False)


@pytest.mark.usefixtures("second_schema")
def test_a_model_with_upgrades_is_saved_but_never_updated() -> None:
    """An update would leave the rest of an item in its earlier form."""
    before = by_key(stored("guard"))
    actions: list[Action] = [GuardRecord.total.add(1)]
    with pytest.raises(TypeError, match="GuardRecord has upgrades: save whole items, or give the new form other keys"):
        GuardRecord("earlier").update(actions)
    with pytest.raises(TypeError, match="GuardRecord has upgrades"):
        Transaction().update(GuardRecord("earlier"), actions)
    assert by_key(stored("guard")) == before


@pytest.mark.parametrize(
    ("handler", "path"),
    [
        (fetch_articles.handler, "/api/articles"),
        (fetch_articles.handler, "/api/articles/hello"),
        (fetch_articles.handler, "/api/labels"),
        (fetch_comments.handler, "/api/articles/hello/comments"),
        (serve_pages.handler, "/"),
        (serve_pages.handler, "/hello/"),
        (serve_feeds.handler, "/feeds/atom.xml"),
        (serve_feeds.handler, "/sitemap.xml"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__module__.split(".")[1],
)
def test_articles_of_a_later_version_are_answered_with_503(
    article: int, handler: Callable[[Any, Any], Any], path: str
) -> None:
    before = store_newer("articles")
    answer = call(handler, request(path))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "schema" not in answer.body
    assert by_key(stored("articles")) == before


def test_a_search_in_an_index_of_a_later_version_is_answered_with_503(article: int) -> None:
    """The number of the revisions is that of the whole index. A warm process reads it for each search, too."""
    assert call(search_articles.handler, request("/api/search", {"q": "body"})).status == 200
    client("dynamodb").update_item(
        TableName="kolom-search",
        Key={"key": {"S": search.DOCUMENTS}, "part": {"S": search.REVISION}},
        UpdateExpression="SET #schema = :newer",
        ExpressionAttributeNames={"#schema": schema.ATTRIBUTE},
        ExpressionAttributeValues={":newer": {"N": NEWER}},
    )
    for _ in range(2):
        assert call(search_articles.handler, request("/api/search", {"q": "body"})).status == 503
        clear_caches()
    store_newer("search")
    assert call(search_articles.handler, request("/api/articles/hello/related")).status == 503


def test_an_index_of_a_later_version_is_not_written(article: int) -> None:
    """The index of a new article has only the number of the revisions to recognize it by."""
    before = store_newer("search")
    assert update_index([article]) == {article}
    new = publishing.publish(content("other"), now=NOW).article.id
    assert update_index([new]) == {new}
    with pytest.raises(UnknownSchema):
        list(search.clear())
    numbered = [item for item in by_key(stored("search")) if item.get("schema") == {"N": NEWER}]
    assert numbered == [item for item in before if "schema" in item]


def test_an_article_of_a_later_version_is_not_overwritten(article: int) -> None:
    before = store_newer("articles")
    for write in (
        lambda: publishing.publish(content("hello", title="New"), now=NOW),
        lambda: publishing.unpublish("hello", now=NOW),
        lambda: publishing.delete("hello", now=NOW),
    ):
        with pytest.raises(UnknownSchema):
            write()
    assert by_key(stored("articles")) == before


def test_updates_without_reading_keep_the_number() -> None:
    members = iter("ab")

    def count_once() -> object:
        return guard.count_once(
            "tally#x", {"#n": 5}, next(members), ids="#ids", is_remembered=True, outdated=(), expires_at=2_000_000_000
        )

    updates: dict[str, Callable[[], object]] = {
        "tally#x": count_once,
        "searches#x": lambda: guard.count_search("searches#x", has_results=True, visitor=1, day=1, expires_at=2),
        "searches#salt": lambda: guard.get_or_set_salt("searches#salt", b"salt", expires_at=2),
    }
    for update in updates.values():
        update()
    assert {item["schema"]["N"] for item in stored("guard")} == {str(schema.WRITTEN)}
    store_newer("guard")
    for key, update in updates.items():
        with pytest.raises(UnknownSchema):
            update()
        with pytest.raises(UnknownSchema):
            GuardRecord.get_many([key])
    assert {item["key"]["S"]: item["schema"]["N"] for item in stored("guard")} == dict.fromkeys(updates, NEWER)


def test_no_update_sets_a_number() -> None:
    """It would lower that of a later version: :meth:`SchemaAttribute.keep_or_set` does not."""
    modules = list((PROJECT / "layers/shared/kolom").rglob("*.py"))
    assert modules
    assert [path.name for path in modules if "schema.set(" in path.read_text("utf-8")] == []
