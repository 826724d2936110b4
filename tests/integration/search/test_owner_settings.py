"""Searches use the owner's synonyms and pinned articles."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from functions.search_articles.app import handler
from kolom.articles import publishing
from kolom.errors import RestoreConflict, StaleRead
from kolom.models import search as model
from kolom.search import document_table, index_reader, settings_editor, settings_repository
from kolom.search.index_writer import update_index
from kolom.search.search_settings import Pin, SearchSettings, SynonymRule
from tests.factories import NOW, Context, content, request

pytestmark = pytest.mark.usefixtures("tables")

CAR = SynonymRule(("car", "automobile"))
TRAIN = SynonymRule(("train", "iron horse"), one_way=True)


def publish(slug: str, text: str, **changes: Any) -> int:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW)
    assert update_index([done.article.id]) == set()
    return done.article.id


def get(path: str = "/api/search", **query: Any) -> dict[str, Any]:
    """Return the body of a response."""
    body: dict[str, Any] = json.loads(handler(request(path, query), Context())["body"])
    return body


def found(text: str, **query: Any) -> list[str]:
    """Return the slugs of the results."""
    return [item["slug"] for item in get(q=text, **query)["items"]]


def use(*rules: SynonymRule, pins: tuple[Pin, ...] = ()) -> None:
    """Replace the settings."""
    settings_editor.change(lambda _: SearchSettings(rules, pins))


def test_a_search_also_finds_synonyms_without_reindexing() -> None:
    publish("one", "a red automobile")
    publish("two", "an old iron horse")
    publish("three", "an iron bar")
    assert found("car") == []
    use(CAR, TRAIN)
    assert found("car") == found("cars") == found("red car") == ["one"]
    assert found("train") == ["two"]
    assert "<mark>automobile</mark>" in get(q="car")["items"][0]["snippet_html"]
    assert "<mark>iron</mark> <mark>horse</mark>" in get(q="train")["items"][0]["snippet_html"]
    use()
    assert found("car") == []


def test_an_article_with_a_synonym_has_all_words() -> None:
    """It comes before articles that lack the word, however often they have the others."""
    publish("both", "an automobile, red")
    publish("one-word", "red red red", title="Red")
    use(CAR)
    assert found("red car") == ["both", "one-word"]


def test_synonyms_do_not_count_as_words_of_a_short_query() -> None:
    """Only for one or two typed words, all articles with all words come first."""
    publish("all", f"red car wheel {'and many other words ' * 50}")
    publish("two", "wheel red wheel red", title="Red wheel")
    publish("one", "car")
    assert found("red car wheel")[:2] == ["two", "all"]
    use(CAR)
    assert found("red car wheel")[:2] == ["two", "all"]


def test_a_word_with_a_synonym_is_neither_corrected_nor_completed() -> None:
    publish("one", "an automobile")
    publish("two", "the catalogue of cards", title="Cards")
    use(CAR, SynonymRule(("catalogus", "automobile"), one_way=True))
    assert (found("car"), get(q="car")["completed"]) == (["one"], {})
    assert (found("catalogus"), get(q="catalogus")["did_you_mean"]) == (["one"], None)


def test_a_corrected_word_has_synonyms(requests: Counter[str]) -> None:
    publish("one", "a fast automobile, and an iron horse")
    publish("two", "the train", title="Train")
    publish("three", "an iron bar")
    use(CAR, TRAIN)
    requests.clear()
    answer = get(q="trian")
    assert [item["slug"] for item in answer["items"]] == ["two", "one"]
    assert answer["did_you_mean"] == "train"
    assert "<mark>iron</mark> <mark>horse</mark>" in answer["items"][1]["snippet_html"]
    assert requests["Query"] <= 1 + 2 + 3 + 2  # the word, the vocabulary, candidates, synonyms
    assert found("automobile trian") == found("automobile train")
    assert found('"trian"') == ["two"]


def test_a_total_is_not_exact_if_synonyms_of_a_corrected_word_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    publish("one", "an iron horse")
    publish("two", "the train")
    use(TRAIN)
    assert get(q="trian")["total_is_exact"] is True
    monkeypatch.setattr(index_reader, "_AT_ONCE", 1)
    monkeypatch.setattr(index_reader, "MAX_POSTINGS", 1)
    answer = get(q="trian")
    assert (answer["did_you_mean"], answer["total_is_exact"]) == ("train", False)


@pytest.mark.parametrize(
    ("typed", "is_suggested"),
    [("car", False), ("ca", True), ("cars", False), ("red car", True), ("train", True), ("iron", True)],
)
def test_a_search_finds_every_suggested_article(typed: str, is_suggested: bool) -> None:
    publish("one", "a red automobile")
    publish("two", "red cards", title="Cards")
    publish("three", "iron horse", title="Training")
    use(CAR, TRAIN)
    suggested = {item["slug"] for item in get("/api/search/suggest", q=typed)["items"]}
    assert bool(suggested) == is_suggested
    assert suggested <= set(found(typed))


def test_pinned_articles_come_first_once_and_in_their_order() -> None:
    ids = [publish(f"n{number}", "coffee" if number < 3 else "tea") for number in range(5)]
    use(pins=(Pin("Coffee!", (ids[4], ids[2])),))
    assert found("coffee") == ["n4", "n2", "n0", "n1"]
    assert get(q="coffee")["total"] == 4
    assert found("coffee tea") != found("coffee")
    assert found("coffee", sort="newest") == ["n2", "n1", "n0"]
    first = get(q="coffee", limit=1)
    rest = get(q="coffee", limit=10, cursor=first["next_cursor"])
    assert [item["slug"] for item in (*first["items"], *rest["items"])] == ["n4", "n2", "n0", "n1"]


def test_filters_and_exclusions_apply_to_pinned_articles() -> None:
    first = publish("one", "tea", labels=("Jawa",), language="id")
    publish("two", "coffee", language="en")
    use(pins=(Pin("coffee", (first,)),))
    assert found("coffee", label="jawa") == found("coffee", language="id") == ["one"]
    assert found("coffee", language="en") == ["two"]
    assert found("coffee", label="bali") == []
    assert found("coffee -tea") == ["two"]


def test_a_pinned_article_may_be_renamed_unpublished_or_deleted() -> None:
    first = publish("one", "tea")
    publish("two", "coffee")
    use(pins=(Pin("coffee", (first, 99)),))
    publishing.publish(content("uno", html="<p>tea</p>"), now=NOW, article_id=first, force=True)
    assert update_index([first]) == set()
    assert found("coffee") == ["uno", "two"]
    publishing.unpublish("uno", now=NOW)
    assert update_index([first]) == set()
    assert found("coffee") == ["two"]
    publishing.delete("uno", now=NOW)
    assert update_index([first]) == set()
    assert found("coffee") == ["two"]


def test_settings_cost_one_read_after_each_change_only(requests: Counter[str]) -> None:
    publish("one", "automobile")

    def reads() -> int:
        requests.clear()
        get(q="car")
        return requests["GetItem"]

    found("automobile")
    assert reads() == 1
    use(CAR)
    assert [reads(), reads()] == [2, 1]
    use(CAR)
    assert reads() == 1
    document_table.clear_cache()
    assert [reads(), reads()] == [2, 1]


def test_a_synonym_costs_one_query_for_each_of_its_stems(requests: Counter[str]) -> None:
    publish("one", "car and train")
    use(CAR, TRAIN)
    found("car")
    requests.clear()
    assert found("car train") == ["one"]
    assert requests["Query"] == 5  # car, train, automobile, iron, horse


def test_a_concurrent_change_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def add(settings: SearchSettings) -> SearchSettings:
        if not calls:
            calls.append(1)
            use(TRAIN)
        return replace(settings, synonyms=(*settings.synonyms, CAR))

    assert settings_editor.change(add).synonyms == (TRAIN, CAR)
    assert settings_editor.load().synonyms == (TRAIN, CAR)
    monkeypatch.setattr(settings_repository, "replace", lambda *_, **__: False)
    monkeypatch.setattr(settings_editor, "retry_on_conflict", lambda attempt: attempt())
    with pytest.raises(StaleRead):
        use()


def test_a_restore_does_not_replace_what_someone_has_just_added(monkeypatch: pytest.MonkeyPatch) -> None:
    load = settings_editor.load

    def load_before_a_change() -> SearchSettings:
        loaded = load()
        settings_editor.change(lambda _: SearchSettings((TRAIN,)))
        return loaded

    monkeypatch.setattr(settings_editor, "load", load_before_a_change)
    with pytest.raises(RestoreConflict):
        settings_editor.restore(SearchSettings((CAR,)), overwrite=False, dry_run=False)
    assert load() == SearchSettings((TRAIN,))


def test_an_interrupted_change_is_completed_by_a_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    publish("one", "automobile")
    with monkeypatch.context() as patched:
        patched.setattr(settings_editor, "announce_settings", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            use(CAR)
    assert found("car") == []
    use(CAR)
    assert found("car") == ["one"]


def test_the_settings_survive_the_loss_of_the_search_table() -> None:
    first = publish("one", "automobile")
    use(CAR)
    model.table().delete_item(model.DOCUMENTS, model.REVISION)
    assert sum(model.clear()) > 0
    document_table.clear_cache()
    settings_editor.announce()
    assert update_index([first]) == set()
    assert found("car") == ["one"]
