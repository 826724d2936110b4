"""What a search finds of identifiers, versions, signs, emoji, and words with Arabic and Hebrew marks."""

from collections.abc import Iterable

import pytest

from kolom.articles import publishing
from kolom.search import document, index_writer
from kolom.search.index_writer import update_index
from tests.factories import NOW, content
from tests.integration.search.searching import found, search

pytestmark = pytest.mark.usefixtures("tables")

TEXTS = {
    "camel": "The method getUserById returns one row",
    "snake": "The function get_user_by_id returns one row",
    "request": "An XMLHttpRequest sends data",
    "javascript": "JavaScript on YouTube",
    "path": "The module os.path joins folders",
    "release": "Our app v2.0 runs on Python 3.9.1",
    "number": "Version 2.0 needs Python 3.9",
    "signs": "C++ and C# and .NET",
    "party": "Let us celebrate 🎉 today",
    "celebrate": "People celebrate",
    "acronym": "חיילי צה״ל כאן",
    "kitab": "كِتَابٌ جَدِيد",
    "ahmad": "قال أحمد: كتـــاب",
}
LANGUAGES = {"acronym": "he", "kitab": "ar", "ahmad": "ar"}
QUERIES: dict[str, set[str]] = {
    "user": {"camel", "snake"},
    "getuserbyid": {"camel", "snake"},
    "getUserById": {"camel", "snake"},
    "get_user_by_id": {"camel", "snake"},
    "http": {"request"},
    "xmlhttprequest": {"request"},
    "tube": set(),
    "javascript": {"javascript"},
    "os.path": {"path"},
    "path": {"path"},
    "2.0": {"release", "number"},
    "v2.0": {"release", "number"},
    "3.9": {"number"},
    "3.9.1": {"release"},
    "c++": {"signs"},
    "c#": {"signs"},
    ".net": {"signs"},
    "row -getUserById": set(),
    "row -get_user_by_id": set(),
    "title:getuserbyid": {"camel", "snake"},
    "🎉": set(),
    "🎉 celebrate": {"party", "celebrate"},
    'צה"ל': {"acronym"},
    "צה״ל": {"acronym"},
    "צהל": {"acronym"},
    "كتاب": {"kitab", "ahmad"},
    "كِتَاب": {"kitab", "ahmad"},
    "احمد": {"ahmad"},
}


def publish(slugs: Iterable[str]) -> None:
    """Publish the texts, also as titles, and index them."""
    contents = (
        content(slug, html=f"<p>{TEXTS[slug]}</p>", title=TEXTS[slug], language=LANGUAGES.get(slug, "en"))
        for slug in slugs
    )
    ids = [publishing.publish(each, now=NOW).article.id for each in contents]
    assert update_index(ids) == set()


def test_technical_names_are_found_as_readers_type_them(subtests: pytest.Subtests) -> None:
    publish(TEXTS)
    for query, expected in QUERIES.items():
        with subtests.test(query):
            assert set(found(q=query)) == expected


def test_words_of_identifiers_and_identifiers_are_marked() -> None:
    publish(["camel", "snake", "release"])
    marked = {
        query: {item["slug"]: item["title_html"] for item in search(q=query)["items"]}
        for query in ("user", "getuserbyid", "2.0")
    }
    assert marked == {
        "user": {
            "camel": "The method get<mark>User</mark>ById returns one row",
            "snake": "The function get_<mark>user</mark>_by_id returns one row",
        },
        "getuserbyid": {
            "camel": "The method <mark>getUserById</mark> returns one row",
            "snake": "The function <mark>get_user_by_id</mark> returns one row",
        },
        "2.0": {"release": "Our app <mark>v2.0</mark> runs on Python 3.9.1"},
    }


def test_articles_without_further_forms_are_found_as_before_until_a_reindex(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries need no further form: an identifier and a version are also found by the words of the tokenizer."""
    slugs = ("camel", "snake", "release", "acronym")
    with monkeypatch.context() as patched:
        patched.setattr(index_writer, "ANALYZER_VERSION", 5)
        patched.setattr(document, "find_parts", lambda _: ())
        patched.setattr(document, "find_spellings", lambda _: ())
        publish(slugs)
    queries = ("getUserById", "get_user_by_id", "v2.0", "צה״ל")
    assert [found(q=query)[0] for query in queries] == list(slugs)
    assert found(q="row user") == ["snake", "camel"]
    assert update_index(range(1, 5)) == set()
    assert set(found(q="getUserById")) == set(found(q="get user by id")) == {"camel", "snake"}
