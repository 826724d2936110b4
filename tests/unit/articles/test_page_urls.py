"""Which URLs identify the same page of another site."""

import re
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.articles.page_urls import (
    normalize_url,
    page_url_problem,
    path_on_site,
    url_pointer_key,
    url_pointer_keys_at,
)

VARIANTS = [
    "https://example.com/2024/Post",
    "http://example.com/2024/Post",
    "https://www.example.com/2024/Post",
    "HTTPS://Example.COM:443/2024/Post/",
    "https://example.com./2024/Post",
    "https://example.com/2024/Post/index.html",
    "https://example.com/2024/Post.html",
    "https://example.com/2024/Post.html#comments",
    "https://example.com/2024/%50ost/?utm_source=mail&fbclid=x",
]

OTHERS = [
    "https://example.com/2024/post",
    "https://example.com/Post",
    "https://example.com:8080/2024/Post",
    "https://blog.example.com/2024/Post",
    "https://example.com/2024/Post.htm",
    "https://example.com/2024/Post/index.php",
    "https://example.com/2024%2FPost",
    "https://example.com//2024/Post",
    "https://example.com/2024/Post?p=1",
    "https://example.com/2024/Post?p=2",
]


def test_the_listed_variants_have_one_form_and_all_others_their_own() -> None:
    assert {normalize_url(url) for url in VARIANTS} == {"example.com/2024/Post"}
    forms = [normalize_url(url) for url in OTHERS]
    assert None not in forms
    assert len({*forms, "example.com/2024/Post"}) == len(OTHERS) + 1


def test_a_host_that_the_dns_cannot_have_is_not_valid() -> None:
    name = ".".join(["a" * 49] * 5)
    assert normalize_url(f"https://{name}.abc/x") == f"{name}.abc/x"
    assert normalize_url(f"https://{name}.abcd/x") is None


def test_equivalent_spellings_of_a_name_have_one_form() -> None:
    for first, second in (
        ("https://bücher.example/caf%C3%A9", "https://xn--bcher-kva.example/cafe\u0301.html"),
        ("https://example.com", "http://www.example.com/index.html"),
        ("https://example.com/a b", "https://example.com/a%20b/"),
        ("https://example.com/%e4", "https://example.com/%E4"),
    ):
        assert normalize_url(first) == normalize_url(second) is not None


@pytest.mark.parametrize(
    "url",
    ["", "/post/", "example.com/post", "ftp://example.com/", "https://me@example.com/", "https://[::1", "https://"],
)
def test_what_is_no_absolute_url_has_no_form(url: str) -> None:
    assert normalize_url(url) is None
    assert url_pointer_keys_at(url) == ()
    assert page_url_problem(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "https://example.com/a b", "https://example.com/#x", "https://example.com/é"),
        *("https://example.com/\r\nSet-Cookie:x", 'https://example.com/"x', f"https://example.com/{'x' * 2_000}"),
        "https://example.com\\@evil.example/",
    ],
)
def test_a_stored_url_is_percent_encoded(url: str) -> None:
    assert page_url_problem(url) is not None


SEGMENT = st.one_of(
    st.text(max_size=12), st.sampled_from(["", ".html", "index.html", "a.html.html", "a.html", "%", "%2F", "www."])
)
HOST = st.sampled_from(
    ["example.com", "www.example.com", "WWW.www.Example.com", "bücher.example", "www.example", "[::1]"]
)


@st.composite
def urls(draw: st.DrawFn) -> str:
    """Return an absolute URL whose segments may have any characters, some of them percent-encoded."""
    segments = [quote(each, safe="%") if draw(st.booleans()) else each for each in draw(st.lists(SEGMENT, max_size=4))]
    port = draw(st.sampled_from(["", ":80", ":443", ":8080"]))
    query = draw(st.sampled_from(["", "?", "?p=12", "?utm_source=a&b=%26+c&d"]))
    text = "/".join(segments).translate({ord(each): "-" for each in "?#"})
    return f"{draw(st.sampled_from(['http', 'https']))}://{draw(HOST)}{port}/{text}{query}"


@given(urls())
@example("http://www.www.example.com:443//index.html/.html/")
def test_normalizing_again_changes_nothing(url: str) -> None:
    normalized = normalize_url(url)
    if normalized is not None:
        assert normalize_url(f"https://{normalized}") == normalized
        if "?" not in normalized and not normalized.startswith("["):
            assert normalize_url(f"http://www.{normalized}/index.html#x") == normalized


def decoded_segments(url: str) -> list[str]:
    """Return the segments of a path without those endings that variants may have: an independent description."""
    path = re.sub(r"(/(index\.html)?)+$", "", "/" + urlsplit(url).path.lstrip("/") if urlsplit(url).path else "")
    while True:
        shorter = re.sub(r"(?<=[^/])\.html$", "", path)
        shorter = re.sub(r"(/(index\.html)?)+$", "", shorter)
        if shorter == path:
            return [unquote(each) for each in path.split("/")]
        path = shorter


@given(st.lists(st.text("ab.%/-2FhtmlindexAB", max_size=20), min_size=2, max_size=2))
@example(["/a", "/a.html"])
@example(["/a%2Fb", "/a/b"])
def test_two_paths_are_merged_only_if_they_are_variants(paths: list[str]) -> None:
    first, second = (f"https://example.com/{quote(path.lstrip('/'), safe='/')}" for path in paths)
    if normalize_url(first) == normalize_url(second):
        assert decoded_segments(first) == decoded_segments(second)


def test_a_long_url_has_a_short_pointer_of_its_own() -> None:
    keys = {url_pointer_key(f"https://example.com/{'x' * 950}{number}") for number in range(3)}
    assert len(keys) == 3
    assert all(key.startswith("url:sha256:") and len(key) < 100 for key in keys)


def test_a_query_is_ignored_after_the_exact_url_except_the_number_of_a_post() -> None:
    assert url_pointer_keys_at("https://example.com/a?x=1") == ["url:example.com/a?x=1", "url:example.com/a"]
    assert url_pointer_keys_at("https://example.com/?p=12") == ["url:example.com?p=12"]
    assert url_pointer_keys_at("https://example.com/a?utm_medium=x") == ["url:example.com/a"]


def test_only_a_url_of_the_site_has_a_path_on_it() -> None:
    site = "https://www.blog.example"
    assert path_on_site("http://blog.example/caf%C3%A9/?a=1#x", site) == "/café/"
    assert path_on_site("http://blog.example/?p=1&a=1", site) == "/?p=1"
    assert path_on_site("https://blog.example", site) == "/"
    assert path_on_site("https://other.example/x", site) is None
    assert path_on_site("https://blog.example:8080/x", site) is None
