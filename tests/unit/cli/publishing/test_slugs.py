"""Generated and imported slugs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.articles.names import slug_problem
from kolom_cli.publishing.slugs import clean_slug, slug_suffix, slugify_title


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("Über Züge", "über-züge"),
        ("中文 标题", "中文-标题"),
        ("Ελληνικά-Greek", "ελληνικά-greek"),
        ("snake_case name", "snake-case-name"),
        ("हिन्दी में लेख", "हिन्दी-में-लेख"),
        ("தமிழ் கட்டுரை", "தமிழ்-கட்டுரை"),
        ("বাংলা ভাষা", "বাংলা-ভাষা"),
        ("ශ්\u200dරී ලංකා", "ශ්රී-ලංකා"),
        ("می\u200cخواهم", "می-خواهم"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("cafe\u0301 noir", "café-noir"),
        ("❤\ufe0f heart", "heart"),
        ("Contact", None),
        ("2024", None),
        ("!!!", None),
        ("", None),
    ],
)
def test_a_slug_is_made_from_a_title(text: str, slug: str | None) -> None:
    assert slugify_title(text) == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("hello-world", "hello-world"),
        ("Hello", "hello"),
        ("%ce%b5%cf%80-2", "επ-2"),
        ("a_b", "a_b"),
        ("%e0%a4%b9%e0%a4%bf%e0%a4%82%e0%a4%a6%e0%a5%80", "हिंदी"),
        ("हिन्दी, लेख", "हिन्दी-लेख"),
        ("\u093fa", None),
        ("a.b c", "a-b-c"),
        ("--", None),
        ("contact", None),
    ],
)
def test_a_slug_of_another_system_is_kept_as_far_as_possible(name: str, slug: str | None) -> None:
    assert clean_slug(name) == slug


@pytest.mark.parametrize(
    ("name", "ending"), [("2020", "2020"), ("1/2", "1-2"), ("Über 7", "uber-7"), ("?/", "b17e5558")]
)
def test_an_id_of_another_system_is_appended_to_a_slug(name: str, ending: str) -> None:
    assert slug_suffix(name) == ending


@given(st.text())
def test_every_slug_is_valid(text: str) -> None:
    assert slug_problem(f"post-{slug_suffix(text)}") is None
    for slug in (slugify_title(text), clean_slug(text)):
        assert slug is None or slug_problem(slug) is None
