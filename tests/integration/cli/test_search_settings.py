"""`kolom search synonyms`, `pins`, `apply` and `show`."""

from pathlib import Path

import pytest

from kolom.articles import publishing
from kolom.search.index_writer import update_index
from kolom.search.search_request import SearchRequest
from kolom.search.searcher import search
from tests.factories import NOW, content
from tests.integration.cli.conftest import Kolom


@pytest.fixture
def articles(kolom: Kolom) -> None:
    """Publish two articles, one of which was renamed."""
    ids = [
        publishing.publish(content(slug, html=f"<p>{text}</p>"), now=NOW).article.id
        for slug, text in (("one", "automobile"), ("two", "iron horse"))
    ]
    publishing.publish(content("uno", html="<p>automobile</p>"), now=NOW, article_id=ids[0], expected_version=1)
    assert update_index(ids) == set()


def found(text: str) -> list[str]:
    """Return the slugs that a search finds."""
    return [item.summary.slug for item in search(SearchRequest(text=text)).items]


@pytest.mark.usefixtures("articles")
def test_synonyms_are_added_listed_and_removed(kolom: Kolom) -> None:
    assert kolom("search", "synonyms", "list").stdout == (
        "No synonyms. `kolom search synonyms add car automobile` adds some.\n"
    )
    assert kolom("search", "synonyms", "add", "car", "automobile").stdout == "Added: car = automobile\n"
    kolom("search", "synonyms", "add", "train", "iron  horse", "--one-way")
    kolom("search", "synonyms", "add", "car", "automobile")
    assert (found("car"), found("train")) == (["uno"], ["two"])
    assert kolom("search", "synonyms", "list").stdout.splitlines() == [
        "WORDS",
        "car = automobile",
        "train -> iron horse",
    ]
    assert kolom("search", "synonyms", "list", "--json").json == [
        {"words": ["car", "automobile"], "one_way": False},
        {"words": ["train", "iron horse"], "one_way": True},
    ]
    assert kolom("search", "synonyms", "remove", "Automobile").stdout == "Removed: car = automobile\n"
    assert (found("car"), found("train")) == ([], ["two"])
    missing = kolom("search", "synonyms", "remove", "car")
    assert (missing.exit_code, missing.stderr) == (1, "kolom: no synonyms contain 'car'\n")


def test_a_synonym_without_a_word_is_refused(kolom: Kolom) -> None:
    ran = kolom("search", "synonyms", "add", "car", "…")
    assert (ran.exit_code, ran.stderr) == (1, "kolom: synonyms 1: '…' has no word\n")
    ran = kolom("search", "synonyms", "add", "car")
    assert "must have 2 to 10 words or phrases, got 1" in ran.stderr


@pytest.mark.usefixtures("articles")
def test_pins_are_added_replaced_listed_and_removed(kolom: Kolom) -> None:
    assert "No pinned articles." in kolom("search", "pins", "list").stdout
    assert kolom("search", "pins", "add", "old cars", "one").stdout == "Pinned for 'old cars': one\n"
    assert found("Old cars!") == ["uno"]
    kolom("search", "pins", "add", "OLD CARS", "two", "uno")
    assert found("old cars") == ["two", "uno"]
    assert kolom("search", "pins", "list", "--json").json == [{"query": "OLD CARS", "articles": ["two", "uno"]}]
    assert kolom("search", "pins", "list").stdout.splitlines()[1].split() == ["OLD", "CARS", "two,", "uno"]
    assert kolom("search", "pins", "remove", "old cars").exit_code == 0
    assert found("old cars") == []
    missing = kolom("search", "pins", "remove", "old cars")
    assert (missing.exit_code, missing.stderr) == (1, "kolom: no articles are pinned for 'old cars'\n")
    missing = kolom("search", "pins", "add", "old cars", "none", "one", "lost")
    assert (missing.exit_code, missing.stderr) == (1, "kolom: there is no article 'none', 'lost'\n")


@pytest.mark.usefixtures("articles")
def test_a_file_replaces_all_settings_and_can_be_printed_again(kolom: Kolom, tmp_path: Path) -> None:
    file = tmp_path / "search.toml"
    file.write_text(
        '[[synonyms]]\nwords = ["car", "automobile"]\n\n[[pins]]\nquery = "cars"\narticles = ["two", "uno"]\n'
    )
    kolom("search", "synonyms", "add", "x", "y")
    text = "1 list of synonyms and 1 pinned query: "
    assert kolom("search", "apply", file, "--dry-run").stdout == f"{text}would be applied.\n"
    assert found("car") == []
    assert kolom("search", "apply", file).stdout == f"{text}applied.\n"
    assert (found("car"), found("cars"), found("x")) == (["uno"], ["two", "uno"], [])
    assert kolom("search", "show").stdout == file.read_text()
    assert kolom("search", "apply", file, "--json").json == {
        "synonyms": 1,
        "pins": 1,
        "changed": False,
        "dry_run": False,
    }


def test_a_malformed_file_changes_nothing(kolom: Kolom, tmp_path: Path) -> None:
    file = tmp_path / "search.toml"
    for text, problem in (
        ("[[synonyms]]\nwords = [", "Invalid value (at end of document)"),
        ("[[synonyms]]\nwords = ['a']", "synonyms 1: must have 2 to 10 words or phrases, got 1"),
        ("[[pins]]\nquery = 'a'\narticles = ['none']", "there is no article 'none'"),
    ):
        file.write_text(text)
        ran = kolom("search", "apply", file)
        assert (ran.exit_code, ran.stdout) == (1, "")
        assert problem in " ".join(ran.stderr.split())
    assert kolom("search", "show").stdout == ""
