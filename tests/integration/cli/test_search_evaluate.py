"""`kolom search evaluate`."""

import math
from pathlib import Path

import pytest

from kolom.articles import publishing
from kolom.search.index_writer import update_index
from tests.factories import NOW, content
from tests.integration.cli.conftest import Kolom

LATER_PLACE = 12


@pytest.fixture
def articles(kolom: Kolom) -> None:
    """Publish articles about coffee, and one about tea with a former slug."""
    published = [
        publishing.publish(content(f"coffee-{number}", title="Coffee", html="<p>coffee</p>"), now=NOW).article.id
        for number in range(LATER_PLACE)
    ]
    tea = publishing.publish(content("tea", html="<p>green leaves</p>"), now=NOW).article
    publishing.publish(content("green-tea", html="<p>green leaves</p>"), now=NOW, article_id=tea.id, expected_version=1)
    publishing.publish(content("draft", draft=True), now=NOW)
    assert update_index([*published, tea.id]) == set()


def judge(directory: Path, *lines: tuple[str, ...]) -> Path:
    """Write a file of queries."""
    file = directory / "queries.tsv"
    file.write_text("".join("\t".join(line) + "\n" for line in lines))
    return file


@pytest.mark.usefixtures("articles")
def test_a_perfect_result_has_the_value_1(kolom: Kolom, tmp_path: Path) -> None:
    file = judge(tmp_path, ("leaves", "green-tea", "2"), ("green leaves", "tea"))
    report = kolom("search", "evaluate", file, "--json").json
    assert report["ndcg_at_10"] == 1
    assert report["queries"][1] == {
        "query": "green leaves",
        "line": 2,
        "ndcg_at_10": 1,
        "results": ["green-tea"],
        "did_you_mean": None,
        "articles": [{"slug": "tea", "grade": 1}],
        "misses": [],
    }
    assert kolom("search", "evaluate", file).stdout == (
        "nDCG@10 is 1.000 for 2 queries.\n0 of 2 articles are not among the first ten results.\n"
    )


@pytest.mark.usefixtures("articles")
def test_a_grade_weighs_more_at_a_better_place(kolom: Kolom, tmp_path: Path) -> None:
    """Equal results are sorted by id, so that the places are known."""
    file = judge(tmp_path, ("coffee", "coffee-0", "1"), ("coffee", "coffee-2", "3"))
    (query,) = kolom("search", "evaluate", file, "--json").json["queries"]
    assert query["ndcg_at_10"] == pytest.approx((1 + 7 / 2) / (7 + 1 / math.log2(3)))


@pytest.mark.usefixtures("articles")
def test_a_miss_is_explained(kolom: Kolom, tmp_path: Path) -> None:
    """Each query is given with the article that it must find, the place of a miss, and the reason; none for a hit."""
    last = f"coffee-{LATER_PLACE - 1}"
    expected: list[tuple[str, str, int | None, str]] = [
        ("coffee", last, LATER_PLACE, "it has all words of the query, like the articles before it"),
        ("coffee leaves", "coffee-0", None, ""),
        ("matcha leaves", "green-tea", None, ""),
        ("matcha", "green-tea", None, "it does not have: matcha"),
        ("coffea", "green-tea", None, "it does not have: coffea; the site searched for: coffee"),
        ("green", "draft", None, "it is not in the search index"),
        ("leaves", "none", None, "there is no article with this slug"),
        ('"leaves green" coffee', "green-tea", None, ""),
    ]
    file = judge(tmp_path, *((query, slug) for query, slug, _, _ in expected))
    for found, (query, slug, place, reason) in zip(
        kolom("search", "evaluate", file, "--json").json["queries"], expected, strict=True
    ):
        assert found["query"] == query
        misses = [(each["slug"], each["place"], each["reason"]) for each in found["misses"]]
        assert misses == ([(slug, place, reason)] if reason else []), query


@pytest.mark.usefixtures("articles")
def test_misses_are_printed_with_advice(kolom: Kolom, tmp_path: Path) -> None:
    printed = kolom("search", "evaluate", judge(tmp_path, ("matcha", "green-tea"), ("leaves", "green-tea"))).stdout
    assert printed.splitlines() == [
        "matcha -> green-tea (not found)",
        "    why: it does not have: matcha",
        "    Use these words in its text or labels, or: kolom search synonyms add matcha WORD",
        "nDCG@10 is 0.500 for 2 queries.",
        "1 of 2 articles is not among the first ten results.",
    ]


@pytest.mark.usefixtures("articles")
def test_the_advice_for_a_miss_makes_it_a_hit(kolom: Kolom, tmp_path: Path) -> None:
    last = f"coffee-{LATER_PLACE - 1}"
    file = judge(tmp_path, ("the matcha", "green-tea"), ("coffee", last), ("matcha drink", "green-tea"))
    report = kolom("search", "evaluate", file, "--json").json
    advice = [miss["advice"] for query in report["queries"] for miss in query["misses"]]
    assert [each.partition("or: kolom ")[2] for each in advice] == [
        "search synonyms add matcha WORD",
        f"search pins add coffee {last}",
        "search synonyms add matcha WORD",
    ]
    assert kolom("search", "synonyms", "add", "matcha", "green tea").exit_code == 0
    assert kolom("search", "pins", "add", "coffee", last).exit_code == 0
    report = kolom("search", "evaluate", file, "--json").json
    assert report["ndcg_at_10"] == 1


@pytest.mark.usefixtures("articles")
def test_an_article_with_a_synonym_does_not_lack_the_word(kolom: Kolom, tmp_path: Path) -> None:
    kolom("search", "synonyms", "add", "matcha", "green tea")
    (query,) = kolom("search", "evaluate", judge(tmp_path, ('"matcha cup"', "green-tea")), "--json").json["queries"]
    assert query["misses"][0]["reason"] == "it does not have: matcha, cup"
    (query,) = kolom("search", "evaluate", judge(tmp_path, ("matcha -leaves", "green-tea")), "--json").json["queries"]
    assert query["misses"][0]["reason"] == "the query excludes it"


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("coffee -coffee", "the query excludes it"),
        ("coffee -title:coffee", "the query excludes it"),
        ("coffee label:x", "it does not meet the conditions of the query"),
        ("coffee after:2100", "it does not meet the conditions of the query"),
        ("coffee site:a.example", "it does not meet the conditions of the query"),
        ("title:leaves", "it does not meet the conditions of the query"),
        ('matcha -"coffee cup"', "it does not have: matcha"),
        ("coffee -matcha", "it has all words of the query, like the articles before it"),
        ("coffee title:coffee", "it has all words of the query, like the articles before it"),
        ("coffee site:blog.example", "it has all words of the query, like the articles before it"),
    ],
)
def test_exclusions_and_conditions_explain_a_miss(kolom: Kolom, tmp_path: Path, query: str, reason: str) -> None:
    file = judge(tmp_path, (query, f"coffee-{LATER_PLACE - 1}"))
    (evaluated,) = kolom("search", "evaluate", file, "--json").json["queries"]
    (miss,) = evaluated["misses"]
    assert miss["reason"] == reason
    assert ("search pins add" in miss["advice"]) == (query in {"coffee title:coffee", "coffee site:blog.example"})


@pytest.mark.usefixtures("articles")
def test_an_excluded_phrase_may_explain_a_miss(kolom: Kolom, tmp_path: Path) -> None:
    (query,) = kolom("search", "evaluate", judge(tmp_path, ('green -"green leaves"', "tea")), "--json").json["queries"]
    assert (
        query["misses"][0]["reason"]
        == "it has the words of the query, but perhaps also a phrase that the query excludes"
    )


def test_a_malformed_file_is_refused_with_the_line(kolom: Kolom, tmp_path: Path) -> None:
    ran = kolom("search", "evaluate", judge(tmp_path, ("kopi", "one"), ("kopi one",)))
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "queries.tsv:2: must have a query, a tab and a slug" in ran.stderr
