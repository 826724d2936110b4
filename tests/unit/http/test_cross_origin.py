"""Which requests count as coming from a page of another website."""

import pytest

from kolom.config import Settings
from kolom.http import cross_origin
from kolom.http.cross_origin import ForeignOrigin, refuse_foreign
from tests.factories import request

LISTED = "https://me.example/blog/, https://Bücher.example, http://localhost:9797"
CROSS = "cross-site"


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the site's address and the listed websites."""
    list_origins(monkeypatch, LISTED)


def list_origins(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    settings = Settings(site_url="https://blog.example", allowed_origins=origins)
    monkeypatch.setattr(cross_origin, "settings", lambda: settings)


def is_refused(headers: dict[str, str], *, method: str = "POST") -> bool:
    try:
        refuse_foreign(request("/api/contact", method=method, headers=headers))
    except ForeignOrigin:
        return True
    return False


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ""},
        {"Origin": "https://blog.example"},
        {"Origin": "HTTPS://Blog.Example:443"},
        {"Origin": "https://blog.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
        {"SEC-FETCH-SITE": "Same-Origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://d111.cloudfront.net", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://me.example"},
        {"Origin": "https://me.example", "Sec-Fetch-Site": CROSS},
        {"Origin": "https://xn--bcher-kva.example", "Sec-Fetch-Site": CROSS},
        {"Origin": "http://localhost:9797", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_requests_from_scripts_and_this_site_and_listed_websites_are_accepted(headers: dict[str, str]) -> None:
    assert not is_refused(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": CROSS},
        {"Origin": "https://other.blog.example", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://blog.example"},
        {"Origin": "https://blog.example:8443"},
        {"Origin": "https://blog.example.evil.example"},
        {"Origin": "https://blog.example@evil.example"},
        {"Origin": "https://evil@blog.example"},
        {"Origin": "https://blog.example,https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": CROSS},
        {"Origin": "file://"},
        {"Origin": "chrome-extension://abcdef"},
        {"Origin": "https://blog.example:99999"},
        {"Origin": "https://[::1"},
        {"Sec-Fetch-Site": CROSS},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin,cross-site"},
        {"Sec-Fetch-Site": "something-new"},
    ],
)
def test_requests_of_other_websites_are_refused(headers: dict[str, str]) -> None:
    assert is_refused(headers)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_every_method_that_changes_something_is_checked(method: str) -> None:
    assert is_refused({"origin": "https://evil.example"}, method=method)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_allowed_from_everywhere(method: str) -> None:
    assert not is_refused({"origin": "https://evil.example", "sec-fetch-site": CROSS}, method=method)


@pytest.mark.parametrize("host", ["localhost:8163", "127.0.0.1:8163", "[::1]:8163", "192.168.1.5"])
def test_the_local_site_accepts_its_own_forms_under_each_of_its_names(host: str) -> None:
    """Browsers send `Sec-Fetch-Site` only over secure connections."""
    headers = {"host": host, "x-forwarded-proto": "http"}
    assert not is_refused({**headers, "origin": f"http://{host}"})
    assert is_refused({**headers, "origin": "http://localhost:9000"})
    assert is_refused({**headers, "origin": f"https://{host}"})


def test_the_api_accepts_a_form_that_is_served_from_its_own_host() -> None:
    headers = {"host": "abc.execute-api.eu-west-1.amazonaws.com", "x-forwarded-proto": "https"}
    assert not is_refused({**headers, "origin": "https://abc.execute-api.eu-west-1.amazonaws.com"})
    assert is_refused({**headers, "origin": "http://abc.execute-api.eu-west-1.amazonaws.com"})


def test_patterns_of_origins_are_accepted_as_in_the_api_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    list_origins(monkeypatch, "https://*")
    assert not is_refused({"origin": "https://any.example"})
    assert is_refused({"origin": "http://any.example"})
    list_origins(monkeypatch, "*")
    assert not is_refused({"origin": "http://any.example"})
    assert not is_refused({"origin": "null", "sec-fetch-site": CROSS})
