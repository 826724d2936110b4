"""Parsing of queries: any input has a defined meaning."""

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.limits import MAX_QUERY
from kolom.search.query_parser import MAX_EXCLUSIONS, MAX_PHRASES, MAX_STEMS, MAX_WORDS, Query, parse

TYPED = st.text(st.one_of(st.characters(), st.sampled_from("ab \"-“”«»「」'’`´–−+:#5日本é")), max_size=120)
SIGNS = st.lists(
    st.sampled_from(["-", "--", "–", "—", "−", "+", ":", "'", "’", "`", "´", "…", "*", "(", ")", "&", "- -"])
)


class Asked(NamedTuple):
    """The words, phrases and exclusions of a query, without stems and positions."""

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()
    excluded_phrases: tuple[tuple[str, ...], ...] = ()


def words(text: str, *languages: str) -> list[str]:
    """Return the normalised words that are searched for."""
    return [word.form for word in parse(text, languages or ("en",)).words]


def test_words_phrases_and_exclusions_are_distinguished() -> None:
    query = parse('river "old harbour" -coffee -"green tea"', ["en"])
    assert [word.form for word in query.words] == ["river", "old", "harbour"]
    assert query.phrases == (("old", "harbour"),)
    assert query.excluded == (("coffe",),)
    assert query.excluded_phrases == (("green", "tea"),)


def test_stop_words_are_dropped_unless_there_is_nothing_else() -> None:
    assert words("the river of my youth") == ["river", "youth"]
    assert words("the who") == ["the", "who"]


def test_a_repeated_word_counts_as_often_as_it_occurs() -> None:
    (word,) = parse("coffee Coffee COFFEE", ["en"]).words
    assert word.count == 3


def test_a_hyphen_inside_a_word_excludes_nothing() -> None:
    query = parse("e-mail", ["en"])
    assert [(word.form, word.is_required) for word in query.words] == [("e", True), ("mail", True), ("email", False)]
    assert query.excluded == ()


@pytest.mark.parametrize("text", ["", '"', '""', "-", "--", '-"', "“", ' " - ', "\0", "👩‍👩‍👧"])
def test_punctuation_alone_is_an_empty_query(text: str) -> None:
    assert parse(text, ["en", "id"]) == Query()


@pytest.mark.parametrize("text", ['"old harbour', 'old" harbour', "“old harbour"])
def test_an_unclosed_quote_is_ignored(text: str) -> None:
    assert words(text) == ["old", "harbour"]
    assert parse(text, ["en"]).phrases == ()


def test_a_long_query_keeps_the_longest_words() -> None:
    text = " ".join("abcdefghijklmnopqrstuvwxyz"[:length] for length in range(1, 27))
    kept = words(text, "xx")
    assert len(kept) == MAX_WORDS
    assert min(map(len, kept)) == 3


def test_a_long_query_keeps_its_repeated_words_first() -> None:
    """A repeated word is more important than a long one."""
    text = "ab cd ab " + " ".join(f"abcdefg{chr(97 + n)}" for n in range(26))
    kept = words(text, "xx")
    assert kept[0] == "ab"
    assert "cd" not in kept


def test_two_languages_keep_as_many_words_as_one() -> None:
    """If each word has a stem in each language, all words keep that of the first language."""
    text = " ".join(f"{chr(97 + n)}walking" for n in range(MAX_WORDS))
    one, two = parse(text, ["en"]), parse(text, ["en", "xx"])
    assert [word.form for word in two.words] == [word.form for word in one.words]
    assert len(one.stems) == MAX_WORDS
    assert len(two.stems) == MAX_STEMS
    assert set(one.stems) <= set(two.stems)


def test_stems_of_excluded_words_are_selected_before_all_others() -> None:
    """Exclusions are exact regardless of the number of searched words."""
    query = parse(" ".join(f"{chr(97 + n)}walking" for n in range(26)) + " -coffees -harbours", ["en", "xx"])
    assert query.excluded == (("coffe", "coffees"), ("harbour", "harbours"))
    assert query.stems[:4] == query.excluded_stems


@given(TYPED, st.lists(st.sampled_from(["en", "id", "fr", "zh"]), min_size=1, unique=True))
def test_every_query_is_bounded(text: str, languages: list[str]) -> None:
    query = parse(text, languages)
    assert len(query.stems) <= MAX_STEMS
    assert len(query.excluded) <= MAX_EXCLUSIONS
    assert len(query.phrases) <= MAX_PHRASES
    assert all(text[word.start : word.end] for word in query.words)


def test_three_hundred_words_are_bounded() -> None:
    assert len(parse(" ".join(f"word{n} -not{n}" for n in range(300)), ["en", "id"]).stems) <= MAX_STEMS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A hyphen before a word excludes it.
        ("kopi -susu", Asked(words=("kopi",), excluded=("susu",))),
        ("-susu kopi", Asked(words=("kopi",), excluded=("susu",))),
        ("ls -la", Asked(words=("ls",), excluded=("la",))),
        ("kopi -#susu", Asked(words=("kopi",), excluded=("susu",))),
        ("珈琲 －牛乳", Asked(words=("珈琲",), excluded=("牛乳",))),
        ("kopi -susu-", Asked(words=("kopi",), excluded=("susu",))),
        ('kopi -"teh susu"', Asked(words=("kopi",), excluded_phrases=(("teh", "susu"),))),
        ("kopi -ter-kenal", Asked(words=("kopi",), excluded=("terkenal",), excluded_phrases=(("ter", "kenal"),))),
        ("kopi -example.com", Asked(words=("kopi",), excluded_phrases=(("example", "com"),))),
        ("-susu", Asked(excluded=("susu",))),
        # A hyphen in other positions excludes nothing.
        ("rsync --dry", Asked(words=("rsync", "dry"))),
        ("--dry", Asked(words=("dry",))),
        ("---dry", Asked(words=("dry",))),
        ("kopi - susu", Asked(words=("kopi", "susu"))),
        ("kopi -- susu", Asked(words=("kopi", "susu"))),
        ("kopi- susu", Asked(words=("kopi", "susu"))),
        ("(-susu)", Asked(words=("susu",))),
        ("-(susu)", Asked(words=("susu",))),
        ("kopi/-susu", Asked(words=("kopi", "susu"))),
        # A hyphen before a digit is a minus sign; quotes allow excluding a number.
        ("-5 derajat", Asked(words=("5", "derajat"))),
        ("suhu -40,5", Asked(words=("suhu", "40.5"))),
        ('pemilu -"2019"', Asked(words=("pemilu",), excluded=("2019",))),
        # Dashes and minus signs have no meaning.
        ("kopi –susu", Asked(words=("kopi", "susu"))),
        ("kopi —susu", Asked(words=("kopi", "susu"))),
        ("kopi −susu", Asked(words=("kopi", "susu"))),
        ("kopi ‐susu", Asked(words=("kopi", "susu"))),
        # Quotes of all kinds delimit a phrase.
        ('"teh susu"', Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("“teh susu”", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("„teh susu“", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("”teh susu”", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("«teh susu»", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("« teh susu »", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("»teh susu«", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("‹teh susu›", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ('“teh susu"', Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("「teh susu」", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ("《红楼梦》", Asked(words=("红楼", "楼梦"), phrases=(("红楼", "楼梦"),))),
        ("東京「大阪城」", Asked(words=("東京", "大阪", "阪城"), phrases=(("大阪", "阪城"),))),
        ("(“teh susu”)", Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        ('"teh -susu"', Asked(words=("teh", "susu"), phrases=(("teh", "susu"),))),
        # Other uses of a quote have no meaning.
        ('"teh susu', Asked(words=("teh", "susu"))),
        ('teh susu"', Asked(words=("teh", "susu"))),
        ('kopi -"teh susu', Asked(words=("kopi", "teh", "susu"))),
        ('27" layar 24" kopi', Asked(words=("27", "layar", "24", "kopi"))),
        ('"teh"susu"', Asked(words=("teh", "susu"))),
        ('"teh «susu', Asked(words=("teh", "susu"))),
        ("'teh' ‘susu’", Asked(words=("teh", "susu"))),
        # Apostrophes are letters. Characters typed instead of them separate words, and also match the joined word.
        ("jum'at jum’at jumʼat", Asked(words=("jum'at",))),
        ("jum`at", Asked(words=("jum", "at", "jum'at"))),
        ("jum´at", Asked(words=("jum", "at", "jum'at"))),
        # Signs are part of some names.
        ("C++ C# .NET", Asked(words=("c++", "c#", ".net"))),
        ("kopi -C++ -.NET", Asked(words=("kopi",), excluded=("c++", ".net"))),
        # All other punctuation has no meaning.
        ("+kopi", Asked(words=("kopi",))),
        ("kopi: susu", Asked(words=("kopi", "susu"))),
        ("kopi:susu", Asked(words=("kopi", "susu"))),
        ("kopi* ~susu^2", Asked(words=("kopi", "susu", "2"))),
        ("kopi | susu & !teh", Asked(words=("kopi", "susu", "teh"))),
    ],
)  # fmt: skip
def test_an_operator_is_only_recognised_where_it_is_intended(text: str, expected: Asked) -> None:
    query = parse(text, ["xx"])
    assert expected == Asked(
        words=tuple(word.form for word in query.words),
        phrases=query.phrases,
        excluded=tuple(stem for (stem,) in query.excluded),
        excluded_phrases=query.excluded_phrases,
    )


@given(st.lists(st.sampled_from(["kopi", "susu", "teh", "jahe"]), min_size=1), SIGNS, SIGNS, st.randoms())
def test_punctuation_without_meaning_changes_nothing(
    asked: list[str], alone: list[str], around: list[str], chance: Random
) -> None:
    """The punctuation stands alone, or touches a word where it is no operator."""
    before = [sign for sign in around if not sign.endswith((" -", "-")) or sign == "--"]
    typed = [chance.choice(["", *before]) + word + chance.choice(["", *around]) for word in asked]
    for sign in [*alone, *chance.sample(['"'], chance.randint(0, 1))]:
        typed.insert(chance.randint(0, len(typed)), sign)
    plain, decorated = (parse(text, ["id", "en"]) for text in (" ".join(asked), " ".join(typed)))
    assert [(word.form, word.stems, word.count) for word in decorated.words] == [
        (word.form, word.stems, word.count) for word in plain.words
    ]
    assert (decorated.phrases, decorated.excluded, decorated.excluded_phrases) == ((), (), ())


@pytest.mark.parametrize(
    "piece",
    ['"', '"a ', '-"a ', " -a", 'a"', "«", "「", '-"', "- ", "a-", "'", "a'a´", '"a" ', "-「a」", "\u3000－", "«“"],
)
def test_the_longest_query_of_punctuation_is_parsed_quickly(piece: str) -> None:
    """Each clause is tried once."""
    query = parse((piece * MAX_QUERY)[:MAX_QUERY], ["id", "en"])
    assert len(query.words) <= 2
