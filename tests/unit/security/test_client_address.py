"""The client's IP address, from the connection or from the CDN."""

import pytest

from kolom.security.client_address import ORIGIN_HEADER, VIEWER_HEADER, client_ip
from tests.factories import request

CONNECTION = "203.0.113.7"
SECRET = "s" * 64


def address(*secrets: str, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client_ip(request("/api/contact", method="POST", headers=named), lambda: secrets or (SECRET,))


@pytest.mark.parametrize("viewer", ["198.51.100.9", "2001:db8::7"])
def test_with_the_secret_the_cdns_header_is_used(viewer: str) -> None:
    assert address(x_kolom_viewer=viewer, x_kolom_origin=SECRET) == viewer
    assert address(X_Kolom_Viewer=viewer, X_Kolom_Origin=SECRET) == viewer


@pytest.mark.parametrize("proof", ["", "wrong", SECRET[:-1], SECRET + "s", f"{SECRET},{SECRET}", "ü", "\udc80"])
def test_without_the_secret_the_connections_address_is_used(proof: str) -> None:
    assert address(x_kolom_viewer="198.51.100.9", x_kolom_origin=proof) == CONNECTION
    assert address(x_kolom_viewer="198.51.100.9") == CONNECTION


@pytest.mark.parametrize("viewer", ["", "somebody", "198.51.100.9, 10.0.0.1", "198.51.100.9:443"])
def test_an_invalid_address_in_the_header_is_ignored(viewer: str) -> None:
    assert address(x_kolom_viewer=viewer, x_kolom_origin=SECRET) == CONNECTION


@pytest.mark.parametrize("secrets", [(), ("",)], ids=["none", "empty"])
def test_without_a_cdn_the_header_is_ignored(secrets: tuple[str, ...]) -> None:
    headers = {VIEWER_HEADER: "198.51.100.9", ORIGIN_HEADER: "x"}
    assert client_ip(request("/api/contact", headers=headers), lambda: secrets) == CONNECTION


@pytest.mark.parametrize("proof", ["old", "new"])
def test_while_the_secret_is_rotated_both_values_are_accepted(proof: str) -> None:
    assert address("old", "new", x_kolom_viewer="198.51.100.9", x_kolom_origin=proof) == "198.51.100.9"


def test_the_secret_is_not_loaded_for_requests_without_both_headers() -> None:
    def refuse() -> tuple[str, ...]:
        raise AssertionError("the secret was asked for")

    assert client_ip(request("/api/contact"), refuse) == CONNECTION
    assert client_ip(request("/api/contact", headers={VIEWER_HEADER: "198.51.100.9"}), refuse) == CONNECTION
    assert client_ip(request("/api/contact", headers={ORIGIN_HEADER: SECRET}), refuse) == CONNECTION
