"""Parsing of queries: any input has a defined meaning."""

from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.limits import MAX_QUERY
from kolom.search.query_filters import MAX_CONDITION_WORDS, MAX_CONDITIONS, Condition
from kolom.search.query_parser import MAX_ALTERNATIVES, MAX_EXCLUSIONS, MAX_PHRASES, MAX_STEMS, MAX_WORDS, Query, parse

TYPED = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from("ab \"-“”«»「」'’`´–−+:#5日本é"),
        st.sampled_from(["label:", "title:", "after:2024", " OR "]),
    ),
    max_size=120,
).map("".join)
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
    sides = [side for group in query.alternatives for side in group]
    assert len(sides) <= MAX_ALTERNATIVES
    assert len(query.phrases) + sum(side.is_phrase for side in sides) <= MAX_PHRASES


@pytest.mark.parametrize("text", ['"green tea" ', ""], ids=["phrase", "only OR"])
def test_the_sides_of_an_or_are_bounded_and_further_phrases_are_words(text: str) -> None:
    query = parse(text + " OR ".join(f'"a{n % 15} b{n}"' for n in range(200)), ["en"])
    (sides,) = query.alternatives
    assert len(sides) == MAX_ALTERNATIVES
    assert len(query.phrases) + sum(side.is_phrase for side in sides) == MAX_PHRASES


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
    [
        '"',
        '"a ',
        '-"a ',
        " -a",
        'a"',
        "«",
        "「",
        '-"',
        "- ",
        "a-",
        "'",
        "a'a´",
        '"a" ',
        "-「a」",
        "\u3000－",
        "«“",
        "label:",
        "-title:a OR ",
    ],
)
def test_the_longest_query_of_punctuation_is_parsed_quickly(piece: str) -> None:
    """Each clause is tried once."""
    query = parse((piece * MAX_QUERY)[:MAX_QUERY], ["id", "en"])
    assert len(query.words) <= 2


class Conditions(NamedTuple):
    """The words of a query, its conditions and its dates."""

    words: tuple[str, ...] = ()
    required: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()
    after: str | None = None
    before: str | None = None


def conditions(text: str, zone: str = "UTC") -> Conditions:
    """Return the words and conditions of a query, each condition as text."""
    query = parse(text, ["en"], ZoneInfo(zone))
    filters = query.filters

    def written(condition: Condition) -> str:
        return f"{condition.name}:{' '.join(condition.words)}"

    return Conditions(
        words=tuple(word.form for word in query.words),
        required=tuple(tuple(map(written, group)) for group in filters.required),
        excluded=tuple(map(written, filters.excluded)),
        after=f"{filters.earliest:%Y-%m-%d %H}" if filters.earliest else None,
        before=f"{filters.latest:%Y-%m-%d %H}" if filters.latest else None,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label:Kopi", Conditions(required=(("label:Kopi",),))),
        ('kopi label:"Jawa Barat"', Conditions(words=("kopi",), required=(("label:Jawa Barat",),))),
        ("LABEL:kopi Label:susu", Conditions(required=(("label:kopi",), ("label:susu",)))),
        ("label:kopi, label:susu", Conditions(required=(("label:kopi",), ("label:susu",)))),
        ("label：珈琲", Conditions(required=(("label:珈琲",),))),
        ("label:kopi OR label:teh", Conditions(required=(("label:kopi", "label:teh"),))),
        ("-label:kopi teh", Conditions(words=("teh",), excluded=("label:kopi",))),
        ("author:Budi", Conditions(required=(("author:budi",),))),
        ('author:"Budi Šantoso"', Conditions(required=(("author:budi santoso",),))),
        ('-author:"Budi Santoso"', Conditions(excluded=("author:budi santoso",))),
        ("title:Kopi susu", Conditions(words=("kopi", "susu"), required=(("title:kopi",),))),
        ('title:"the old harbour"', Conditions(words=("old", "harbour"), required=(("title:old harbour",),))),
        (
            'title:"the old man and the sea"',
            Conditions(words=("old", "man", "sea"), required=(("title:old man sea",),)),
        ),
        ("title:the OR title:kopi", Conditions(words=("kopi",))),
        ("-title:kopi teh", Conditions(words=("teh",), excluded=("title:kopi",))),
        ("site:example.com kopi", Conditions(words=("kopi",), required=(("site:example.com",),))),
        ("Site:WWW.Example.com:443,", Conditions(required=(("site:example.com",),))),
        ("site:https://www.a.example/ -site:b.example", Conditions((), (("site:a.example",),), ("site:b.example",))),
        ("site:a.example OR site:b.example", Conditions(required=(("site:a.example", "site:b.example"),))),
        ("site:bücher.example", Conditions(required=(("site:xn--bcher-kva.example",),))),
        ("site:example.com. kopi", Conditions(words=("kopi",), required=(("site:example.com",),))),
        ("site:example.com! -site:b.example?", Conditions((), (("site:example.com",),), ("site:b.example",))),
        ("site:example.com)", Conditions(required=(("site:example.com",),))),
        ('site:"example.com"', Conditions(required=(("site:example.com",),))),
        ("site:[2001:db8::1]:8080", Conditions(required=(("site:[2001:db8::1]:8080",),))),
        ("site:_x.a-b.example", Conditions(required=(("site:_x.a-b.example",),))),
        ("site:localhost:1313", Conditions(required=(("site:localhost:1313",),))),
        ("after:2024", Conditions(after="2024-01-01 00")),
        ("before:2024-05", Conditions(before="2024-05-01 00")),
        ("after:2024/5/16 before:2025.", Conditions(after="2024-05-16 00", before="2025-01-01 00")),
        ("after:2023 after:2024", Conditions(after="2024-01-01 00")),
        ("-before:2024", Conditions(after="2024-01-01 00")),
        # Without a valid value, the name is a word like any other.
        ("label:", Conditions(words=("label",))),
        ("label: kopi", Conditions(words=("label", "kopi"))),
        ('label:"kopi', Conditions(words=("label", "kopi"))),
        ("before:lunch", Conditions(words=("lunch",))),
        ("after:2024-13", Conditions(words=("2024", "13"))),
        ("before:20245", Conditions(words=("20245",))),
        ("title:the who", Conditions(words=("the", "who"))),
        ("site:example", Conditions(words=("site", "example"))),
        ("site:example.com/docs", Conditions(words=("site", "example", "com", "docs"))),
        ("site:mailto:me@example.com", Conditions(words=("site", "mailto", "example", "com"))),
        ("site:*.example.com", Conditions(words=("site", "example", "com"))),
        ('site:"example.com docs"', Conditions(words=("site", "example", "com", "docs"))),
        ("site:.example", Conditions(words=("site", "example"))),
        ("site:ab..example", Conditions(words=("site", "ab", "example"))),
        ("site:ab%2eexample.com", Conditions(words=("site", "ab", "2eexample", "com"))),
        # So are unknown names, and names that do not begin a clause.
        ("kind:example.com", Conditions(words=("kind", "example", "com"))),
        ("mylabel:kopi", Conditions(words=("mylabel", "kopi"))),
        ("(label:kopi)", Conditions(words=("label", "kopi"))),
        ("--label:kopi", Conditions(words=("label", "kopi"))),
        ('"label:kopi"', Conditions(words=("label", "kopi"))),
        (f"site:{'a' * 2_100}.com", Conditions(words=("site", "a" * 64, "com"))),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)  # fmt: skip
def test_conditions_are_recognised(text: str, expected: Conditions) -> None:
    assert conditions(text) == expected


def test_dates_are_days_in_the_time_zone_of_the_site() -> None:
    assert conditions("after:2024-05-16", "Asia/Jakarta").after == "2024-05-15 17"


@pytest.mark.parametrize(
    ("text", "required", "excluded"),
    [
        ("site:blog.example", ["own site"], []),
        ("site:www.blog.example OR site:a.example", ["own site", "site"], []),
        ("kopi -site:blog.example", [], ["own site"]),
        ("site:a.example label:blog.example", ["site", "label"], []),
    ],
)
def test_the_site_that_kolom_serves_is_distinguished(text: str, required: list[str], excluded: list[str]) -> None:
    filters = parse(text, ["en"]).on_site("https://www.blog.example/").filters
    assert [each.name for group in filters.required for each in group] == required
    assert [each.name for each in filters.excluded] == excluded
    assert parse(text, ["en"]).on_site("") == parse(text, ["en"])


def test_the_number_of_conditions_is_bounded() -> None:
    filters = parse(" ".join(f"label:a{n} author:b{n}" for n in range(50)), ["en"]).filters
    assert len(filters.conditions) == MAX_CONDITIONS
    assert len(parse('author:"' + "a b c d e f" * 50 + '"', ["en"]).filters.terms) == MAX_CONDITION_WORDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kopi OR teh", [["kopi", "teh"]]),
        ("kopi OR teh OR susu", [["kopi", "teh", "susu"]]),
        ("gula kopi OR teh madu", [["kopi", "teh"]]),
        ('kopi OR "teh susu"', [["kopi", '"teh susu"']]),
        ("e-mail OR surel", [["e mail", "surel"]]),
        ("kopi or teh", []),
        ("OR kopi OR", []),
        ("kopi OR -teh", []),
        ("kopi OR label:teh", []),
        ('kopi "OR" teh', []),
        ("kopi OR OR teh", []),
        ("the OR kopi", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_or_joins_words_and_phrases(text: str, expected: list[list[str]]) -> None:
    groups = parse(text, ["en"]).alternatives
    written = [[f'"{" ".join(each.forms)}"' if each.is_phrase else " ".join(each.forms) for each in g] for g in groups]
    assert written == expected
