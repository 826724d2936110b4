"""`search_articles` implements its HTTP contract."""

import re
from functools import partial
from typing import Any

import pytest

from kolom.articles import publishing
from kolom.search import document, document_table, index_writer
from kolom.search.analyzer import stem
from kolom.search.codec import DocumentStats
from kolom.search.index_writer import update_index
from kolom.search.terms import earlier_language
from kolom.search.tokenizer import Word
from tests.factories import NOW, content
from tests.integration.search.searching import found, search

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str, **changes: Any) -> None:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW)
    assert update_index([done.article.id]) == set()


def test_articles_with_all_words_precede_those_with_some() -> None:
    publish("some", "coffee coffee coffee")
    publish("all", "coffee and a long walk through the old harbour of the town")
    assert found(q="harbour coffee") == ["all", "some"]


def test_of_many_words_a_rare_one_counts_more_than_having_all() -> None:
    """An article with all of three words or more has 1.2 times the score, and another one may precede it."""
    for number in range(6):
        publish(f"n{number}", f"coffee and tea in town, the {number} time")
    publish("all", "coffee and tea, and long after that, at the end of a very long walk, a look at the harbour " * 3)
    publish("title", "harbour tea", title="The harbour")
    items = search(q="coffee tea harbour")["items"]
    assert [item["slug"] for item in items[:2]] == ["title", "all"]
    assert items == sorted(items, key=lambda item: -item["score"])
    assert found(q="coffee harbour")[0] == "all"
    assert found(q="coffee tea harbour", sort="newest")[0] == "all"


def test_a_version_number_decides_between_articles_about_the_same_program() -> None:
    publish("old", "Python 3.12 installs packages. " * 5, title="Install Python 3.12 packages")
    publish("new", "How to install packages in Python 3.13 and later", title="Notes")
    assert found(q="install python 3.13") == ["new", "old"]


def test_words_match_by_stem_and_without_accents() -> None:
    publish("one", "Walking to the café")
    assert found(q="walked") == found(q="CAFE") == ["one"]


def test_a_phrase_matches_adjacent_words_in_order() -> None:
    publish("one", "the old harbour")
    publish("two", "the harbour is old")
    assert found(q='"old harbour"') == ["one"]
    assert found(q="“old harbour”") == ["one"]
    assert search(q='"old harbour"')["relaxed"] is False


def test_a_phrase_without_matches_is_relaxed_to_its_words() -> None:
    """The response says so on every page, and its total is exact."""
    publish("one", "the harbour is old")
    publish("two", "the old stone harbour")
    answer = search(q='"old harbour"', limit=1)
    assert (answer["relaxed"], answer["total"], answer["total_is_exact"]) == (True, 2, True)
    assert search(q='"old harbour"', limit=1, cursor=answer["next_cursor"])["relaxed"] is True
    assert search(q="old harbour")["relaxed"] is False


def test_a_relaxed_search_still_applies_exclusions() -> None:
    publish("one", "the harbour is old")
    publish("two", "the harbour is old and has green tea")
    publish("three", "the harbour is old and has milk")
    publish("four", "the harbour is old, and so is the tea, which is green")
    answer = search(q='"old harbour" -milk -"green tea"')
    assert (answer["relaxed"], {item["slug"] for item in answer["items"]}) == (True, {"one", "four"})


def test_a_phrase_is_relaxed_within_the_filters() -> None:
    """A text in another language does not count as a match if the search has a language filter."""
    publish("one", "the old harbour", language="en")
    publish("two", "harbour old", language="id")
    answer = search(q='"old harbour"', language="id")
    assert (answer["relaxed"], [item["slug"] for item in answer["items"]]) == (True, ["two"])


def test_a_misspelt_word_of_a_phrase_is_corrected() -> None:
    publish("one", "the old harbour")
    publish("two", "the harbour is old")
    answer = search(q='"old harbuor"')
    assert ([item["slug"] for item in answer["items"]], answer["relaxed"]) == (["one"], False)


def test_an_excluded_phrase_excludes_only_texts_that_contain_it() -> None:
    publish("one", "coffee and green tea")
    publish("two", "coffee, tea, all green")
    publish("three", "coffee")
    answer = search(q='coffee -"green tea"')
    assert {item["slug"] for item in answer["items"]} == {"two", "three"}
    assert (answer["total"], answer["total_is_exact"]) == (2, True)


def test_an_option_of_a_program_is_a_word() -> None:
    publish("one", "Use rsync with --dry-run first.")
    publish("two", "Use rsync.")
    assert found(q="rsync --dry-run") == ["one", "two"]
    assert found(q="suhu -5 derajat") == []


def test_a_search_in_one_language_uses_only_its_stems() -> None:
    """The stems of other languages would match other words."""
    publish("one", "walking", language="id")
    publish("two", "walked", language="en")
    publish("three", "walking", language="en")
    assert found(q="walking", language="id") == ["one"]
    assert set(found(q="walking", language="en")) == {"two", "three"}


def test_a_word_of_one_chinese_character_is_found_and_marked() -> None:
    publish("cat", "黒猫が庭にいる。", title="庭の話", language="ja")
    publish("dog", "白い犬もいる。", title="犬", language="ja")
    (item,) = search(q="猫")["items"]
    assert item["slug"] == "cat"
    assert "黒<mark>猫</mark>が庭" in item["snippet_html"]
    assert found(q="庭 -猫") == []
    assert found(q="犬") == ["dog"]


def test_a_word_can_be_excluded() -> None:
    publish("one", "coffee with milk")
    publish("two", "coffee with sugar")
    assert found(q="coffee -milk") == ["two"]


def test_a_title_of_stop_words_is_found() -> None:
    publish("band", "A rock band.", title="The Who")
    assert found(q="the who") == ["band"]


def test_filters_apply_to_items_and_total() -> None:
    publish("one", "coffee", labels=("Jawa",), language="id", published_at=NOW.replace(day=1))
    publish("two", "coffee", language="en", published_at=NOW.replace(month=2, day=1))
    assert found(q="coffee", label="jawa") == found(q="coffee", language="id") == ["one"]
    assert found(q="coffee", to="2026-02-01") == ["two"]
    since: dict[str, Any] = {"from": "2026-03-01"}
    assert search(q="coffee", **since)["total"] == 1
    assert found(q="coffee", sort="newest") == ["one", "two"]


def test_results_by_date_begin_with_the_newest_or_the_oldest() -> None:
    publish("middle", "coffee", published_at=NOW.replace(year=2025))
    publish("last", "coffee coffee coffee")
    publish("first", "coffee " + "and a long walk " * 20, published_at=NOW.replace(year=2024))
    assert found(q="coffee", sort="newest") == ["last", "middle", "first"]
    assert found(q="coffee", sort="oldest") == ["first", "middle", "last"]
    (item,), page = (first := search(q="coffee", sort="oldest", limit=1))["items"], first["next_cursor"]
    assert item["slug"] == "first"
    assert found(q="coffee", sort="oldest", cursor=page) == ["middle", "last"]


def test_articles_of_a_label_alone_can_be_listed_from_the_oldest() -> None:
    publish("new", "tea", labels=("Java",))
    publish("old", "tea", labels=("Java",), published_at=NOW.replace(month=1, day=1))
    assert found(q="label:java") == ["new", "old"]
    assert found(q="label:java", sort="oldest") == ["old", "new"]


def test_pages_are_consecutive_and_the_cursor_belongs_to_its_query() -> None:
    for number in range(5):
        publish(f"n{number}", "coffee " * (number + 1))
    first = search(q="coffee", limit=3)
    second = search(q="coffee", limit=3, cursor=first["next_cursor"])
    assert len({item["slug"] for item in (*first["items"], *second["items"])}) == first["total"] == 5
    assert second["next_cursor"] is None
    search(400, q="tea", cursor=first["next_cursor"])


def test_a_misspelt_word_is_corrected_to_an_indexed_one() -> None:
    publish("one", "strategic cooperation")
    answer = search(q="stratgic")
    assert (answer["did_you_mean"], [item["slug"] for item in answer["items"]]) == ("strategic", ["one"])


def test_only_highlights_are_markup() -> None:
    publish("one", "coffee &lt;script&gt;alert(1)&lt;/script&gt;", title="<b>Coffee</b> & <script>")
    (item,) = search(q="coffee script")["items"]
    assert item["title_html"] == "&lt;b&gt;<mark>Coffee</mark>&lt;/b&gt; &amp; &lt;<mark>script</mark>&gt;"
    assert "<script>" not in item["snippet_html"]


def test_equal_scores_are_ordered_by_id_and_equal_dates_by_id_descending() -> None:
    for slug in ("one", "two", "three"):
        publish(slug, "coffee", title="T")
    assert found(q="coffee") == ["one", "two", "three"]
    assert found(q="coffee", sort="newest") == ["three", "two", "one"]
    assert found(q="coffee", sort="oldest") == ["one", "two", "three"]
    for sort in ("relevance", "newest", "oldest"):
        first = search(q="coffee", sort=sort, limit=2)
        rest = search(q="coffee", sort=sort, limit=2, cursor=first["next_cursor"])
        assert [item["slug"] for item in (*first["items"], *rest["items"])] == found(q="coffee", sort=sort)


def test_unpublished_articles_are_not_found() -> None:
    publish("one", "coffee")
    assert search(q="coffee")["total"] == 1
    article = publishing.unpublish("one", now=NOW)
    update_index([article.id])
    assert search(q="coffee")["total"] == 0


@pytest.mark.parametrize("query", ["", " ", '"', "-", '" - "', "-coffee", "\0\x1f", "👩‍👩‍👧", "word " * 300])
def test_unusual_queries_are_answered(query: str) -> None:
    publish("one", "coffee")
    assert search(q=query)["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"from": "2024-02-30"}, 422),
        ({"from": "2024-02-02", "to": "2024-02-01"}, 422),
        ({"sort": "random"}, 422),
        ({"limit": 0}, 422),
        ({"cursor": "abc"}, 400),
        ({"q": "x" * 65_536}, 422),
    ],
)
def test_invalid_parameters_are_rejected(query: dict[str, Any], status: int) -> None:
    publish("one", "coffee")
    problem = search(status, **{"q": "coffee"} | query)
    assert problem["status"] == status
    assert problem["detail"]


def test_an_unknown_language_or_label_finds_nothing() -> None:
    publish("one", "coffee")
    assert found(q="coffee", language="xx", label="none") == []


def test_a_snippet_separates_a_heading_from_the_sentence_after_it() -> None:
    html = "<h2>Bahan dan alat</h2><p>Kedelai direndam semalam.</p><ul><li>ragi</li><li>daun pisang</li></ul>"
    publishing.publish(content("one", html=html, language="id"), now=NOW)
    assert update_index([1]) == set()
    (item,) = search(q="kedelai")["items"]
    assert item["snippet_html"] == "Bahan dan alat · <mark>Kedelai</mark> direndam semalam. ragi · daun pisang"


def test_a_result_names_the_labels_that_matched() -> None:
    publish("one", "Rain falls.", title="T", labels=("Kopi Jawa", "Travel"))
    publish("two", "A kopi.", title="T", labels=("Travel",))
    matched = {item["slug"]: item["matched_labels"] for item in search(q="kopi")["items"]}
    assert matched == {"one": ["Kopi Jawa"], "two": []}
    assert [item["matched_labels"] for item in search(q="rain", label="travel")["items"]] == [[]]


_SIGNS = [
    ("C++", {"cpp", "thousand"}),
    ("c#", {"csharp"}),
    ("C", {"c"}),
    (".NET", {"dotnet"}),
    ("net", {"net"}),
    ("F#", {"fsharp"}),
    ("learn -C++", {"c", "csharp"}),
    ("39", {"route"}),
    ("3.9", {"python"}),
    ("3,9", {"python"}),
    ("1.000", {"thousand"}),
    ('"C++ 1000"', {"thousand"}),
]


def test_signs_and_decimal_separators_are_part_of_a_word(subtests: pytest.Subtests) -> None:
    publish("cpp", "Learn C++ now")
    publish("csharp", "Learn C# now")
    publish("c", "Learn C now")
    publish("dotnet", "the .NET runtime")
    publish("net", "a fishing net")
    publish("fsharp", "F♯ and more")
    publish("python", "Python 3.9 came", title="T")
    publish("route", "route 39", title="T")
    publish("thousand", "C++1,000 times")
    for query, expected in _SIGNS:
        with subtests.test(query=query):
            assert set(found(q=query)) == expected


_HYPHENS = [
    ("wifi", ["The <mark>Wi-Fi</mark> router", "the <mark>wifi</mark> router"]),
    ("wi-fi", ["The <mark>Wi-Fi</mark> router", "the <mark>wifi</mark> router"]),
    ('"wi-fi router"', ["The <mark>Wi-Fi</mark> <mark>router</mark>", "the <mark>wifi</mark> <mark>router</mark>"]),
    ('"wifi router"', ["The <mark>Wi-Fi</mark> <mark>router</mark>", "the <mark>wifi</mark> <mark>router</mark>"]),
    ("covid19", ["<mark>covid19</mark> ended", "since <mark>COVID-19</mark> began"]),
    ("COVID-19", ["<mark>covid19</mark> ended", "since <mark>COVID-19</mark> began"]),
    ("email", ["an <mark>e-mail</mark>", "an <mark>email</mark>"]),
    ("e-mail", ["an <mark>e-mail</mark>", "an <mark>email</mark>"]),
    ("xray", ["an <mark>X-ray</mark>"]),
    ("router -wifi", []),
    ("router -wi-fi", []),
    ('router -"wi-fi router"', []),
]


def test_a_word_with_and_without_its_hyphen_is_found_and_marked(subtests: pytest.Subtests) -> None:
    texts = ["The Wi-Fi router", "the wifi router", "since COVID-19 began", "covid19 ended", "an e-mail", "an email"]
    for number, text in enumerate([*texts, "an X-ray"]):
        publish(f"n{number}", text, title="T")
    for query, expected in _HYPHENS:
        with subtests.test(query=query):
            answer = search(q=query)
            assert sorted(item["snippet_html"] for item in answer["items"]) == sorted(expected)
            assert (answer["did_you_mean"], answer["relaxed"]) == (None, False)


def test_all_spellings_of_a_compound_count_as_the_whole_compound() -> None:
    publish("parts", "fi fi fi mail mail router", title="T")
    publish("whole", "a long text about a wifi router of the old harbour and the town", title="T")
    assert found(q="wi-fi router") == ["whole", "parts"]


_REDUPLICATIONS = ["anak2 sekolah", "anak-anak sekolah", '"anak2 sekolah"', '"anak-anak sekolah"']


def test_short_and_long_spellings_of_a_reduplication_are_found(subtests: pytest.Subtests) -> None:
    publish("short", "anak2 sekolah", language="id", title="T")
    publish("long", "anak-anak sekolah", language="id", title="T")
    publish("other", "teman2nya", language="id", title="T")
    for query in _REDUPLICATIONS:
        with subtests.test(query=query):
            answer = search(q=query)
            assert {item["slug"] for item in answer["items"]} == {"short", "long"}
            assert all("<mark>anak" in item["snippet_html"] for item in answer["items"])
    assert found(q="temannya") == found(q="teman-teman") == ["other"]


_STROKES = [
    ("lodz", "Łódź"),
    ("oeuvre", "œuvre"),
    ("aether", "Æther"),
    ("smorrebrod", "smørrebrød"),
    ("duong", "đường"),
    ("ilica", "ılıca"),
    ("strasse", "Straße"),
    ("ŁÓDŹ", "Łódź"),
    ("thor", "Þór"),
    ("u\u0308ber", "über"),
]


def test_letters_with_strokes_and_ligatures_match_plain_letters(subtests: pytest.Subtests) -> None:
    publish("one", "Łódź œuvre Æther smørrebrød đường ılıca Straße Þór u\u0308ber", language="xx", title="T")
    for query, marked in _STROKES:
        with subtests.test(query=query):
            (item,) = search(q=query)["items"]
            assert f"<mark>{marked}</mark>" in item["snippet_html"]
            assert search(q=f'"{query}"')["relaxed"] is False
            assert search(q=f'"{query} nothing"')["total"] == 1


def test_a_title_with_decomposed_letters_is_stored_composed() -> None:
    publish("one", "x", title="Gro\u0308ße Mu\u0308sli", labels=("Mu\u0308nster",))
    (item,) = search(q="müsli")["items"]
    assert (item["title"], item["title_html"], item["labels"]) == (
        "Größe Müsli",
        "Größe <mark>Müsli</mark>",
        ["Münster"],
    )
    assert [each["title"] for each in search(path="/api/search/suggest", q="mu\u0308s")["items"]] == ["Größe Müsli"]
    assert found(q="müsli", label="mu\u0308nster") == ["one"]


def test_articles_of_an_earlier_analysis_are_searched_until_they_are_indexed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A query with words of the new analysis is answered; `kolom reindex` then makes the articles complete."""

    def earlier(text: str) -> Any:
        return (Word(match[0].lower(), *match.span()) for match in re.finditer(r"\w+", text))

    texts = ["Learn C++ 3.9 with Wi-Fi", "anak2 œuvre harbour"]
    with monkeypatch.context() as patched:
        patched.setattr(index_writer, "ANALYZER_VERSION", 1)
        patched.setattr(document, "tokenize", earlier)
        patched.setattr(document, "strip_accents", lambda word: word)
        for number, text in enumerate(texts):
            publish(f"n{number}", text, title=text, language="id")
    queries = ["C++", "3.9", "wifi", "oeuvre", "anak2", '"c++ 3.9"', "learn -C++", "-wi-fi harbour", "harb"]
    assert [search(q=query)["total_is_exact"] for query in queries] == [True] * len(queries)
    assert [search(path="/api/search/suggest", q=query)["items"] is not None for query in queries]
    assert found(q="harbour") == ["n1"]
    assert update_index([1, 2]) == set()
    assert [found(q=query) for query in ("C++", "3.9", "wifi", "oeuvre", "anak")] == [["n0"]] * 3 + [["n1"]] * 2
    assert index_writer.is_current(1)


def test_articles_with_earlier_stems_are_found_until_they_are_indexed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query also reads the earlier stems, only while an article has them; words to exclude included."""
    with monkeypatch.context() as patched:
        patched.setattr(index_writer, "ANALYZER_VERSION", 4)
        patched.setattr(document, "stem", lambda word, code: stem(word, earlier_language(code) or code))
        patched.setattr(document, "DocumentStats", partial(DocumentStats, stem_version=0))
        publish("old", "menerima tamu", language="id")
        publish("other", "guests of the house", language="en")
    assert found(q="menerima") == ["old"]
    assert found(q="menerima", language="id") == ["old"]
    assert found(q="tamu -menerima") == []
    publish("new", "penerimaan tamu", language="id")
    assert sorted(found(q="menerima")) == ["new", "old"]
    assert document_table.get().codes == ("id", "en", "id-x-earlier")
    assert update_index([1, 2, 3]) == set()
    assert document_table.get().codes == ("id", "en")
    assert sorted(found(q="terima")) == ["new", "old"]


def test_abbreviations_that_are_also_stop_words_are_found_and_marked_in_capitals() -> None:
    publish("pajak", "tarif AS untuk baja", language="id", title="Pajak")
    publish("jobs", "many people said it is hard to find IT jobs", language="en", title="Work")
    publish("other", "it is one of the jobs as before", language="en", title="Tarif")
    assert found(q="tarif AS") == ["pajak", "other"]
    assert found(q="tarif as") == ["pajak", "other"]
    (best, _) = search(q="IT jobs")["items"]
    assert best["snippet_html"] == "many people said it is hard to find <mark>IT</mark> <mark>jobs</mark>"
