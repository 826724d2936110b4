"""The origins of URLs."""

import pytest

from kolom.urls import origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://me.example", "https://me.example"),
        ("HTTPS://Me.Example:443/a?b#c", "https://me.example"),
        ("http://me.example:80", "http://me.example"),
        ("http://me.example:443", "http://me.example:443"),
        (" https://me.example/ ", "https://me.example"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://straße.example:8443", "https://xn--strae-oqa.example:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("null", None),
        ("", None),
        ("*", None),
        ("//me.example", None),
        ("ftp://me.example", None),
        ("https://", None),
        ("https://me@me.example", None),
        ("https://me.example:x", None),
        ("https://[::1", None),
        ("https://xn--\u00fc.example", None),
    ],
)
def test_the_origin_of_a_url_is_what_browsers_send(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin
