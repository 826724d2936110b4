"""Queries that look like personal data are not recorded."""

import pytest

from kolom.search.recorded_queries import MAX_CHARACTERS, recorded_form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("  Kereta\tMalam ", "kereta malam"),
        ("ＫＯＰＩ", "kopi"),
        ('"Kopi susu" -gula', '"kopi susu" -gula'),
        ("C++ 20", "c++ 20"),
        ("pemilu 2024", "pemilu 2024"),
        ("python 3.13.1", "python 3.13.1"),
        ("std::vector", "std::vector"),
        ("label:travel after:2024", "label:travel after:2024"),
        ("kopi di bandung", "kopi di bandung"),
        ("meet at 9.30", "meet at 9.30"),
        ("node.js", "node.js"),
        ("and/or tcp/ip", "and/or tcp/ip"),
        ("dot product at scale", "dot product at scale"),
        ("harga 1.000.000", None),
        ("é" * MAX_CHARACTERS, None),
        ("a " * 10, "a a a a a a a a a a"),
        ("a " * 11, None),
        ("", None),
        (" \n", None),
        ("a\u0000b", None),
        ("a\u202eb", None),
    ],
)
def test_a_query_is_recorded_in_lower_case_with_single_spaces(text: str, form: str | None) -> None:
    assert recorded_form(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "budi@example.com",
        "mail budi ＠ example",
        "budi (at) example",
        "budi [ AT ] example",
        "081234567890",
        "+62 812-3456-7890",
        "(021) 555 1234",
        "0812 3456 789",
        "call ٠٨١٢٣٤٥٦",
        "nik 3171234567890001",
        "4111 1111 1111 1111",
        "192.168.1.10",
        "2001:db8::ff00:42:8329",
        "ping fe80::a1b2",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "::1",
        "[fe80::1%eth0]",
        "https://example.com/reset?token=1",
        "www.facebook.com/ana.wijaya",
        "WWW.example.com",
        "facebook.com/ana.wijaya",
        "t.me/ana",
        "mailto:ana.wijaya",
        "ana at gmail dot com",
        "ana et exemple point fr",
        "ana di contoh titik id",
        "ana at gmail.com",
        "ana.wijaya at kantor.go.id",
        "x" * 41,
    ],
)
def test_a_query_that_looks_like_personal_data_is_not_recorded(text: str) -> None:
    assert recorded_form(text) is None
