"""The local stack serves the current frontend files with the response headers of the template's CDN."""

import gzip
import json
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import boto3
import pytest

import kolom
from kolom.config import settings
from kolom.pages import theme
from kolom.security import signing
from kolom_cli.deploying.site_check import deployed_version, read_site
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.media.s3 import IMMUTABLE_CACHE_CONTROL
from kolom_cli.seed import LoadError, StackLoader
from tests.paths import PROJECT


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project with a frontend that may be changed."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("functions", "layers", "template.yaml"):
        (root / name).symlink_to(PROJECT / name)
    shutil.copytree(PROJECT / "frontend", root / "frontend")
    return root


@pytest.fixture(scope="module")
def stack(checkout: Path) -> Iterator[EmulatedStack]:
    before = dict(os.environ)
    with EmulatedStack(checkout / "template.yaml", port=0) as running:
        StackLoader().deploy_assets(running)
        yield running
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()
    signing.load_keys.cache_clear()
    theme.clear_cache()


def ask(stack: EmulatedStack, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, str]:
    """Return the status, headers and body of a response."""
    wanted = urllib.request.Request(stack.url + path, method=method, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(wanted, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def stylesheet(stack: EmulatedStack, name: str = "theme/kolom") -> str:
    """Return the URL of a stylesheet in the home page."""
    html = ask(stack, "/")[2]
    (address, *_) = re.findall(rf'<link rel="stylesheet" href="(/assets/{name}[^"]*)"', html)
    return str(address)


@pytest.mark.parametrize("path", ["/", "/assets/favicon.svg", "/feeds/atom.xml", "/sitemap.xml", "/none/"])
def test_a_head_has_the_length_of_the_get(stack: EmulatedStack, path: str) -> None:
    got, head = ask(stack, path), ask(stack, path, "HEAD")
    assert (head[0], head[2]) == (got[0], "")
    assert head[1]["Content-Length"] == got[1]["Content-Length"]
    assert int(head[1]["Content-Length"]) > 0


def test_pages_link_to_immutable_files(stack: EmulatedStack) -> None:
    address = stylesheet(stack)
    assert re.fullmatch(r"/assets/theme/kolom\.[0-9a-f]{8}\.css", address)
    status, headers, _ = ask(stack, address)
    assert (status, headers["Cache-Control"]) == (200, IMMUTABLE_CACHE_CONTROL)
    assert headers["Content-Type"] == "text/css; charset=utf-8"
    assert ask(stack, "/assets/theme/kolom.00000000.css")[0] == 404


@pytest.mark.parametrize(
    "path",
    ["/", "/none/", "/api/health", "/api/articles/none", "/assets/favicon.svg", "/assets/none.css", "/media/a.svg"],
)
def test_every_response_has_the_headers_of_the_template(stack: EmulatedStack, path: str) -> None:
    boto3.client("s3").put_object(
        Bucket=stack.template.buckets["MediaBucket"], Key="media/a.svg", Body=b"<svg/>", ContentType="image/svg+xml"
    )
    assert stack.template.cdn is not None
    added = stack.template.cdn.behavior(path).headers
    assert len(added) >= 4
    _, headers, _ = ask(stack, path)
    for header in added:
        assert headers.get_all(header.name) == [header.value]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 403),
        ("OPTIONS", "/assets/favicon.svg", 403),
        ("TRACE", "/api/articles", 403),
        ("DELETE", "/api/articles", 404),
        ("HEAD", "/assets/favicon.svg", 200),
    ],
)
def test_only_methods_that_the_distribution_allows_are_passed_on(
    stack: EmulatedStack, method: str, path: str, status: int
) -> None:
    """CloudFront rejects others by the template's AllowedMethods before any function is invoked."""
    assert ask(stack, path, method)[0] == status


def test_the_inbox_has_its_own_headers_instead_of_those_of_the_cdn(stack: EmulatedStack) -> None:
    _, headers, _ = ask(stack, "/")
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    _, headers, _ = ask(stack, "/_local/mail")
    assert headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert headers["Strict-Transport-Security"] is None


def test_a_header_of_a_page_replaces_that_of_the_cdn(stack: EmulatedStack) -> None:
    _, headers, _ = ask(stack, "/api/moderation/not-a-token")
    assert headers.get_all("Referrer-Policy") == ["strict-origin"]


def test_modules_can_be_loaded_by_other_sites(stack: EmulatedStack) -> None:
    status, headers, _ = ask(stack, "/assets/widgets/kolom-articles.js", Origin="https://elsewhere.example")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_changed_file_is_served_after_a_reload(stack: EmulatedStack, checkout: Path) -> None:
    before, file = stylesheet(stack), checkout / "frontend/theme/kolom.css"
    file.write_text(file.read_text("utf-8") + "\n/* changed */\n")
    after = stylesheet(stack)
    assert after != before
    assert "/* changed */" in ask(stack, after)[2]
    assert "/* changed */" in ask(stack, "/assets/theme/kolom.css")[2]
    # The previous URL keeps its content.
    assert "/* changed */" not in ask(stack, before)[2]


def test_changed_settings_apply_after_a_reload(stack: EmulatedStack, checkout: Path) -> None:
    file = checkout / "frontend/site.toml"
    before = file.read_text("utf-8")
    file.write_text('[colours]\naccent = "maroon"\n[[menu]]\nname = "Elsewhere"\nhref = "https://x.example/"\n')
    assert "--accent: maroon;" in ask(stack, stylesheet(stack, "theme/site"))[2]
    status, headers, _ = ask(stack, "/assets/theme/site.css")
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert '<a href="https://x.example/">Elsewhere</a>' in ask(stack, "/")[2]
    file.write_text(before)
    assert "Elsewhere" not in ask(stack, "/")[2]


def test_invalid_frontend_files_are_reported_and_the_site_is_unchanged(
    stack: EmulatedStack, checkout: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = checkout / "frontend/site.toml"
    before, shown = file.read_text("utf-8"), stylesheet(stack)
    file.write_text('[colours]\naccent = "nope"\n')
    assert stylesheet(stack) == shown
    assert stylesheet(stack) == shown
    assert len([record for record in caplog.records if "is not a fixed CSS color" in record.message]) == 1
    file.write_text(before)
    with pytest.raises(LoadError, match="is not a fixed CSS color"):
        deploy_invalid_settings(stack, checkout)


def deploy_invalid_settings(stack: EmulatedStack, checkout: Path) -> None:
    """Deploy the assets with invalid settings, as at the start of the stack."""
    file = checkout / "frontend/site.toml"
    before = file.read_text("utf-8")
    file.write_text('[colours]\naccent = "nope"\n')
    try:
        StackLoader().deploy_assets(stack)
    finally:
        file.write_text(before)


def test_the_cdns_viewer_address_is_trusted_only_with_its_secret(stack: EmulatedStack) -> None:
    secret = stack.aws.client("secretsmanager").get_secret_value(SecretId="kolom-originsecret")["SecretString"]

    def write(number: int, proof: str) -> int:
        headers = {"x-kolom-viewer": f"198.51.{number}.1", "x-kolom-origin": proof, "content-type": "application/json"}
        body = json.dumps({"email": "a@example.com", "message": f"Number {number}."}).encode()
        wanted = urllib.request.Request(f"{stack.url}/api/contact", data=body, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(wanted, timeout=60) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    assert {write(number, secret) for number in range(12)} == {201}
    # More requests than two minutes allow, in case a new minute begins during the test.
    assert 429 in {write(number, "guessed") for number in range(12, 36)}


def test_a_stylesheet_is_compressed_if_the_client_accepts_it(stack: EmulatedStack) -> None:
    wanted = urllib.request.Request(  # noqa: S310
        f"{stack.url}/assets/theme/kolom.css", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(wanted, timeout=60) as answer:  # noqa: S310
        compressed = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["ETag"].startswith('W/"')
    assert gzip.decompress(compressed).decode() == ask(stack, "/assets/theme/kolom.css")[2]


def test_a_deployment_finds_all_parts_of_the_site(stack: EmulatedStack) -> None:
    parts = list(read_site(stack.url, has_files=True))
    assert [part.name for part in parts if part.problem] == []
    assert [part.name for part in parts] == [
        "health",
        "front page",
        "search",
        "form token",
        "feed",
        "sitemap",
        "stylesheet",
    ]
    assert deployed_version(stack.url) == kolom.__version__
