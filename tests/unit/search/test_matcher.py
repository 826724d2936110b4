"""The words of a text that a query searches for."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.search import matcher
from kolom.search.analyzer import stem_words
from kolom.search.matcher import Match, Matcher
from kolom.search.tokenizer import strip_accents

CHARACTERS = st.sampled_from("日本語本東のがか\u3099ーｶﾞ猫\ufe00金\uf90aก่ำนาเကဥ\u102ea-B-é.x_1 ")
TEXTS = st.lists(
    st.one_of(
        st.text(CHARACTERS, max_size=60), st.sampled_from(["日本" * 30, "ทำนา" * 20, "の猫は" * 20, "カメラ" * 20])
    ),
    max_size=4,
).map("".join)


def all_matches(text: str, stems: set[str], prefix: str | None) -> list[Match]:
    """Return the matches of all words of a text."""
    found = []
    beginning = strip_accents(prefix) if prefix else None
    for start, end, form, stem in stem_words(text, "ja"):
        if stem in stems:
            found.append((start, end, stem))
        elif beginning and strip_accents(form).startswith(beginning):
            found.append((start, end, beginning))
    return found


@given(TEXTS, st.data())
@example("日本語" * 20 + "猫\ufe00\ufe01\ufe02" + "日本語" * 20, None)
def test_only_parts_of_a_long_run_are_analyzed_with_the_same_matches(text: str, data: st.DataObject | None) -> None:
    words = sorted({stem for *_, stem in stem_words(text, "ja")} | {"ない"})
    stems = {"猫"} if data is None else set(data.draw(st.lists(st.sampled_from(words), max_size=4)))
    prefix = None if data is None else data.draw(st.sampled_from([None, "日本", "ทำ", "ab"]))
    assert list(Matcher(stems, "ja", prefix).find(text)) == all_matches(text, stems, prefix)


def test_the_words_of_a_long_run_that_the_query_lacks_are_not_analyzed() -> None:
    text = "東京都に行く。のは" * 5_000 + "黒猫" + "東京都に行く。のは" * 5_000
    parts = list(Matcher({"猫", "黒猫"}, "ja")._parts(text))
    assert [text[start:end] for start, end in parts] == ["。のは黒猫東京都"]


def test_many_marks_take_little_time() -> None:
    """The limit is a hundred times the usual time."""
    start = time.process_time()
    assert not list(Matcher({"ก"}, "th").find("ิ" * 40_000))
    assert time.process_time() - start < 2


def test_the_analyzed_words_in_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The matches do not depend on what is in memory."""
    monkeypatch.setattr(matcher, "_analyzed", {})
    monkeypatch.setattr(matcher, "CACHED_WORDS", 10)
    for number in range(50):
        text = f"walking word{number} walks"
        assert list(Matcher({"walk", f"word{number}"}, "en").find(text)) == [
            (0, 7, "walk"),
            (8, 8 + len(f"word{number}"), f"word{number}"),
            (len(text) - 5, len(text), "walk"),
        ]
        assert len(matcher._analyzed["en"].known) <= 10 + 3
