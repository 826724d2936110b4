"""`kolom sync` with the URL of a sitemap, against a server on this machine."""

import gzip
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest

from kolom.articles import publishing
from kolom_cli.media.downloader import resolve
from kolom_cli.syncing import remote_site, sitemap
from kolom_cli.syncing.remote_site import RemoteSite
from kolom_cli.syncing.types import Options, SyncError
from tests.integration.cli.conftest import Sync
from tests.integration.external_pages import slug_at


@dataclass
class Site:
    """A site on this machine. ``answers`` has the status, headers and content of each path; others are 404."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    received: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def page(self, path: str, title: str = "Title", *, head: str = "", **headers: str) -> None:
        """Add a page."""
        markup = (
            f'<html lang="en"><meta charset="utf-8"><title>{title}</title>{head}<main><p>Text of {title}.</p></main>'
        )
        self.put(path, markup.encode(), 200, **headers)

    def put(self, path: str, content: bytes, status: int = 200, **headers: str) -> None:
        """Set the answer for a path."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = status, {"Content-Type": "text/html; charset=utf-8"} | named, content

    def redirect(self, path: str, target: str) -> None:
        self.put(path, b"", 301, Location=target)

    def list(self, *locations: str, path: str = "/sitemap.xml", kind: str = "urlset") -> None:
        """Set a sitemap with these paths or URLs."""
        element = "url" if kind == "urlset" else "sitemap"
        listed = "".join(
            f"<{element}><loc>{each if '://' in each else self.url + each}</loc></{element}>" for each in locations
        )
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        self.put(path, f'<?xml version="1.0"?><{kind} xmlns="{namespace}">{listed}</{kind}>'.encode())

    def paths(self) -> Counter[str]:
        """Return how often each path was requested since the last call."""
        counted = Counter(path for path, _ in self.received)
        self.received.clear()
        return counted

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self.received.append((path, headers))
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            time.sleep(self.seconds)
            status, named, content = self.answers.get(path, (404, {}, b""))
            tag, since = headers.get("if-none-match"), headers.get("if-modified-since")
            if status == 200 and (
                (tag and tag == named.get("ETag")) or (since and since == named.get("Last-Modified"))
            ):
                return 304, {}, b""
            return status, named, content
        finally:
            with self._lock:
                self.running -= 1


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve a site with a sitemap of two pages."""
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, content = served.answer(
                self.path, {name.lower(): value for name, value in self.headers.items()}
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # The command stops reading what is too large.
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        served.url = f"http://127.0.0.1:{running.server_port}"
        served.page("/one/", "One", ETag='"1"')
        served.page("/two.html", "Two", Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
        served.list("/one/", "/two.html")
        try:
            yield served
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture
def sync_source(site: Site) -> Sequence[object]:
    return f"{site.url}/sitemap.xml", "--delay", 0


def reasons(report: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["reason"] for item in report["skipped_items"]}


def test_unmodified_pages_are_not_downloaded_again(sync: Sync, site: Site) -> None:
    assert sync()["created"] == 2
    assert site.paths() == {"/sitemap.xml": 1, "/one/": 1, "/two.html": 1}
    report = sync()
    assert (report["unchanged"], report["writes"]) == (2, False)
    conditions = dict(site.received)
    assert conditions["/one/"]["if-none-match"] == '"1"'
    assert conditions["/two.html"]["if-modified-since"] == "Mon, 01 Jan 2024 00:00:00 GMT"
    site.page("/one/", "One, changed", ETag='"2"')
    assert (sync()["updated"], publishing.get_by_slug("one").title) == (1, "One, changed")
    site.received.clear()
    sync("--language", "id")
    assert not any("if-none-match" in headers for _, headers in site.received), "the pages are read differently now"


def test_all_sitemaps_of_an_index_are_read_also_compressed_ones(sync: Sync, site: Site) -> None:
    site.list("/one/", path="/a.xml")
    site.list("/two.html", "/one/", path="/b.xml")
    site.put("/b.xml.gz", gzip.compress(site.answers["/b.xml"][2]), Content_Type="application/gzip")
    site.list("/a.xml", "/b.xml.gz", "/sitemap.xml", kind="sitemapindex")
    assert sync()["created"] == 2
    assert site.paths() == {"/sitemap.xml": 1, "/a.xml": 1, "/b.xml.gz": 1, "/one/": 1, "/two.html": 1}


def test_a_page_that_redirects_or_is_gone_is_renamed_or_removed(sync: Sync, site: Site) -> None:
    sync()
    before = publishing.get_by_slug("one").id
    site.page("/uno/", "One")
    site.redirect("/one/", "/uno/")
    del site.answers["/two.html"]
    site.list("/uno/")
    report = sync()
    assert report["removed_pages"] == [f"{site.url}/two.html"]
    assert publishing.get_by_slug(slug_at(f"{site.url}/one")).id == before
    assert publishing.get_by_slug(slug_at(f"{site.url}/uno")).url == f"{site.url}/uno/"
    assert sync()["writes"] is False


@pytest.mark.parametrize(
    "head",
    [
        '<meta http-equiv="refresh" content="0; url=/uno/"><meta name="robots" content="noindex">',
        '<link rel="canonical" href="/uno/">',
    ],
    ids=["refresh", "canonical"],
)
def test_a_page_that_is_not_listed_any_more_can_lead_to_its_new_url(sync: Sync, site: Site, head: str) -> None:
    """Generators such as Jekyll leave a page at the old URL, and do not list it in the sitemap."""
    sync()
    before = publishing.get_by_slug("one").id
    site.page("/uno/", "One")
    site.page("/one/", "Redirecting", head=head)
    site.page("/two.html", "Two", head='<link rel="canonical" href="/two.html">')
    site.list("/uno/")
    assert sync()["removed_pages"] == [f"{site.url}/two.html"]
    assert publishing.get_by_slug(slug_at(f"{site.url}/one")).id == before
    assert publishing.get_by_slug(slug_at(f"{site.url}/uno")).url == f"{site.url}/uno/"
    assert sync()["writes"] is False


def test_a_former_page_that_cannot_be_read_is_gone(sync: Sync, site: Site) -> None:
    sync()
    two = '<link rel="canonical" href="/a/"><link rel="canonical" href="/b/">'
    site.page("/one/", "One", head=two)
    site.put("/two.html", b"<title>T</title>", Content_Type="text/html; charset=nonsense")
    site.page("/new/", "New")
    site.list("/new/")
    assert sorted(sync()["removed_pages"]) == [f"{site.url}/one/", f"{site.url}/two.html"]


def test_a_page_that_leads_elsewhere_for_a_while_stays_as_it_was(sync: Sync, site: Site) -> None:
    sync()
    for status in (302, 303, 307):
        site.put("/one/", b"", status, Location="/two.html")
        report = sync(exit_code=1)
        assert reasons(report) == {f"{site.url}/one/": f"it redirects, but not permanently: {site.url}/two.html"}
        assert (report["removed_pages"], slug_at(f"{site.url}/one/")) == ([], "one")


def test_pages_may_differ_by_the_query_of_the_home_page(sync: Sync, site: Site) -> None:
    for number in (1, 2):
        site.page(f"/?p={number}", f"Post {number}")
    site.list("/?p=1", "/?p=2")
    assert sync()["created"] == 2
    assert slug_at(f"{site.url}/?p=1") != slug_at(f"{site.url}/?p=2")


def test_bad_answers_are_one_clear_line_each_and_remove_nothing(
    sync: Sync, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_site.Pace, "pause", lambda *_: None)
    sync()
    bomb = gzip.compress(bytes(60 << 20), 9)
    site.put("/bomb", bomb, Content_Encoding="gzip")
    site.put("/broken", b"not gzip", Content_Encoding="gzip")
    site.put(
        "/cut", gzip.compress(b"<title>Cut</title><main>Text that is longer</main>")[:-12], Content_Encoding="gzip"
    )
    site.put("/unasked", b"", 304)
    site.put("/nowhere", b"", 301, Location="http://[")
    site.put("/picture", b"\x89PNG", Content_Type="image/png")
    site.put("/large", b"x" * (6 << 20))
    site.put("/error", b"", 503)
    site.put("/latin", "<title>Café</title>".encode("latin-1"), Content_Type="text/html; charset=utf-8")
    site.redirect("/private", "http://169.254.169.254/latest/meta-data/")
    site.redirect("/loop", "/loop/")
    site.redirect("/loop/", "/loop")
    site.page("/hidden", "Hidden", X_Robots_Tag="noindex")
    site.put("/one/", b"", 500)
    bad = ("/bomb", "/broken", "/picture", "/large", "/error", "/latin", "/private", "/loop", "/hidden", "/missing")
    cut = ("/cut", "/unasked", "/nowhere")
    site.list("/one/", "/two.html", *bad, *cut, "https://elsewhere.example/", "file:///etc/passwd", "http://10.0.0.1/x")
    report = sync(exit_code=1)
    found = {name.removeprefix(site.url): reason for name, reason in reasons(report).items()}
    assert found == {
        "/bomb": "it has more than 5 MB when it is decompressed",
        "/broken": "its compression is not valid",
        "/cut": "its compressed content is not complete",
        "/unasked": "the response has the status 304",
        "/nowhere": f"its URL, or that of a redirect, is not valid: {site.url}/nowhere",
        "/picture": "it is not HTML but image/png",
        "/large": "it has more than 5 MB",
        "/error": "the response has the status 503",
        "/latin": "it is not in its character set utf-8 (byte 10)",
        "/private": "it redirects to another host: http://169.254.169.254/latest/meta-data/",
        "/loop": "it has more than 5 redirects",
        "/hidden": "it has noindex",
        "/missing": "the response has the status 404",
        "/one/": "the response has the status 500",
        "https://elsewhere.example/": "its host elsewhere.example is not that of the sitemap",
        "http://10.0.0.1/x": "its host 10.0.0.1 is not that of the sitemap",
        "file:///etc/passwd": "its URL is not valid",
    }
    assert site.paths()["/error"] == 4
    assert report["removed_pages"] == []
    assert slug_at(f"{site.url}/one/") == "one"


def test_a_sitemap_that_cannot_be_read_removes_nothing(sync: Sync, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_site.Pace, "pause", lambda *_: None)
    sync()
    good = site.answers["/sitemap.xml"]
    for content, says in (
        (b"<html></html>", "it is not a sitemap: its first element is <html>"),
        (b"<urlset><url>", "the sitemap is not valid XML"),
        (b"\x1f\x8bxxxxxx", "the sitemap is not a valid gzip file"),
        (gzip.compress(bytes(60 << 20), 9), "the sitemap has more than 50 MB when it is decompressed"),
    ):
        site.put("/sitemap.xml", content)
        report = sync(exit_code=1)
        assert says in " ".join(report["errors"])
        assert (report["read"], report["removed_pages"], slug_at(f"{site.url}/one/")) == (0, [], "one")
    site.list("/a.xml", "/none.xml", kind="sitemapindex")
    site.list("/one/", path="/a.xml")
    report = sync(exit_code=1)
    assert reasons(report)[f"{site.url}/none.xml"] == f"the sitemap {site.url}/none.xml has the status 404"
    assert "No page was removed, because a sitemap could not be read." in report["errors"]
    site.answers["/sitemap.xml"] = good
    site.redirect("/sitemap.xml", "https://elsewhere.example/sitemap.xml")
    assert "redirects to another host" in sync(exit_code=1)["errors"][0]
    site.redirect("/sitemap.xml", "http://[")
    assert "cannot be read" in sync(exit_code=1)["errors"][0]
    site.put("/sitemap.xml", b"", 503, Retry_After="\xb2")
    assert "has the status 503" in sync(exit_code=1)["errors"][0]


def test_entities_of_a_sitemap_are_not_resolved(sync: Sync, site: Site) -> None:
    document_type = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    site.put("/sitemap.xml", document_type + b"<urlset><url><loc>&a;</loc></url></urlset>")
    assert reasons(sync(exit_code=1)) == {"&a;": "its URL is not valid"}


def test_a_sitemap_with_too_many_entries_is_read_to_the_limit(
    sync: Sync, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "MAX_SITEMAP_URLS", 3)
    site.page("/three/", "Three")
    site.list("/one/", "/two.html", "/three/", *(f"/{number}" for number in range(1_000)))
    report = sync(exit_code=1)
    assert report["created"] == 3
    assert "more than 3 entries: the others are not read" in reasons(report)[f"{site.url}/sitemap.xml"]


def test_requests_are_bounded_and_paced(sync: Sync, site: Site) -> None:
    for number in range(12):
        site.page(f"/{number}", str(number))
    site.list(*(f"/{number}" for number in range(12)))
    site.seconds = 0.03
    sync("--connections", 2)
    assert site.most_running == 2
    site.seconds = 0.0
    start = time.monotonic()
    sync("--delay", 0.05)
    assert time.monotonic() - start >= 12 * 0.05


def test_an_interrupted_run_continues(sync: Sync, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(8):
        site.page(f"/{number}", f"Page {number}", ETag=f'"{number}"')
    site.list(*(f"/{number}" for number in range(8)))
    publish = publishing.publish_new
    done: list[int] = []

    def fail_later(*arguments: Any, **named: Any) -> Any:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(arguments[1])
        return publish(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "publish_new", fail_later)
        with pytest.raises(AssertionError):
            sync("--concurrency", 1)
    report = sync()
    assert (report["created"], report["read"]) == (5, 8)
    assert sync()["writes"] is False


class TestAddresses:
    """Only the host of the sitemap is contacted, and only at public addresses, unless the sitemap itself is at one."""

    @staticmethod
    def open(url: str, *answers: list[str]) -> RemoteSite:
        given = iter(answers)
        stopped = threading.Event()
        return RemoteSite(
            url, Options(base_url=url), stopped, delay_seconds=0, addresses_of=lambda _host, _port: next(given)
        )

    def test_a_public_host_whose_address_becomes_private_is_not_contacted(self, site: Site) -> None:
        port = site.url.rpartition(":")[2]
        with (
            self.open(f"http://rebind.example:{port}/sitemap.xml", ["203.0.114.9"], ["127.0.0.1"]) as opened,
            pytest.raises(SyncError, match="its host is not on the public internet"),
        ):
            list(opened.documents({}))
        assert site.received == []

    def test_a_private_host_may_not_become_another_private_address(self, site: Site) -> None:
        port = site.url.rpartition(":")[2]
        with (
            self.open(f"http://local.example:{port}/sitemap.xml", ["10.9.9.9"], ["127.0.0.1"]) as opened,
            pytest.raises(SyncError, match="its host is not on the public internet"),
        ):
            list(opened.documents({}))
        assert site.received == []

    def test_a_public_host_may_move_to_another_public_address(self) -> None:
        allows = remote_site._allowed_by("https://site.example/sitemap.xml", lambda _host, _port: ["1.1.1.1"])
        addresses = ("1.1.1.1", "8.8.8.8", "127.0.0.1", "169.254.169.254", "::1")
        assert [allows(ip_address(each)) for each in addresses] == [True, True, False, False, False]

    def test_the_host_is_the_one_that_browsers_contact(self) -> None:
        asked: list[str] = []

        def addresses_of(host: str, _port: int) -> list[str]:
            asked.append(host)
            return ["1.1.1.1"] if len(asked) == 1 else ["127.0.0.1"]

        url = "http://straße.example/sitemap.xml"
        site = RemoteSite(url, Options(base_url=url), threading.Event(), delay_seconds=0, addresses_of=addresses_of)
        with site, pytest.raises(SyncError):
            list(site.documents({}))
        assert asked == ["xn--strae-oqa.example"] * 2, "strasse.example is another host"

    def test_a_host_that_cannot_be_one_is_an_error(self) -> None:
        for url in ("http://example.com:99999/sitemap.xml", "http://\u2024\u2024.example/sitemap.xml"):
            with pytest.raises(SyncError, match="cannot be read"):
                RemoteSite(url, Options(base_url="http://example.com"), threading.Event())

    def test_a_host_without_an_address_is_an_error(self) -> None:
        with pytest.raises(SyncError, match="cannot be read"):
            RemoteSite(
                "http://nowhere.invalid/sitemap.xml",
                Options(base_url="http://nowhere.invalid"),
                threading.Event(),
                addresses_of=resolve,
            )
