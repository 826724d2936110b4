"""Read the deployed site over HTTP as a reader would."""

import os
import re
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3

DEADLINE_SECONDS: Final = 120.0
_WAIT_SECONDS: Final = 3.0
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=20.0)
_STYLESHEET: Final = re.compile(r'href="(/assets/[^"]+\.css)"')
_PLACES: Final = (
    ("health", "/api/health", '"version"'),
    ("front page", "/", "</html>"),
    ("search", "/search/?q=kolom", "</html>"),
    ("form token", "/api/form-token", "{"),
    ("feed", "/feeds/atom.xml", "<feed"),
    ("sitemap", "/sitemap.xml", "<"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePart:
    """A part of the site that was read: ``problem`` is empty if it works, ``is_answered`` if there was a response."""

    name: str
    url: str
    problem: str = ""
    is_answered: bool = True


def fetch(url: str) -> tuple[int, str]:
    """Return the status and the text of a response, after redirects.

    :raises urllib3.exceptions.HTTPError: there is no response
    """
    with connection_pool(url) as pool:
        response = pool.request("GET", url, headers={"User-Agent": "Kolom (deployment)"})
        return response.status, response.data.decode("utf-8", "replace")


def connection_pool(url: str) -> urllib3.PoolManager:
    """Return the connections for a URL: through the proxy and with the certificates of the environment."""
    options: dict[str, Any] = {"timeout": _TIMEOUT, "retries": urllib3.Retry(connect=0, read=0, redirect=3)}
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        options["ca_certs"] = bundle
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy is None or urllib.request.proxy_bypass(parts.netloc):
        return urllib3.PoolManager(**options)
    return urllib3.ProxyManager(proxy if "://" in proxy else f"http://{proxy}", **options)


def read_site(url: str, *, has_files: bool) -> Iterator[SitePart]:
    """Yield each part of the site. What does not work yet is tried again, for two minutes in total."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    page = ""
    for name, path, expected in _PLACES:
        part, text = _read(name, url + path, expected, deadline)
        page = text if path == "/" else page
        yield part
    if has_files:
        found = _STYLESHEET.search(page)
        if found is None:
            yield SitePart(name="stylesheet", url=url, problem="the front page names none", is_answered=bool(page))
        else:
            yield _read("stylesheet", url + found[1], "", deadline)[0]


def deployed_version(url: str) -> str | None:
    """Return the version that the site reports; None if it does not answer."""
    try:
        _, text = fetch(f"{url}/api/health")
    except urllib3.exceptions.HTTPError:
        return None
    found = re.search(r'"version":\s*"([^"]+)"', text)
    return found[1] if found else None


def _read(name: str, url: str, expected: str, deadline: float) -> tuple[SitePart, str]:
    while True:
        try:
            status, text = fetch(url)
            is_answered, problem = True, "" if status == 200 else f"answers {status}"
            if status == 200 and expected not in text:
                problem = "has another content than expected"
        except urllib3.exceptions.HTTPError as error:
            text, is_answered, problem = "", False, f"does not answer ({type(error).__name__})"
        if not problem or time.monotonic() + _WAIT_SECONDS > deadline:
            return SitePart(name=name, url=url, problem=problem, is_answered=is_answered), text
        time.sleep(_WAIT_SECONDS)
