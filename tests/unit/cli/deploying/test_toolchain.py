"""`make build` and `sam package` as processes, and the bucket for uploads."""

import sys
from pathlib import Path

import pytest
import urllib3

from kolom_cli.deploying import buckets, site_check, toolchain
from kolom_cli.deploying.account import Identity
from kolom_cli.deploying.errors import DeploymentError

ACCOUNT = Identity(account_id="123456789012", arn="arn:aws:iam::123456789012:user/me")


def test_the_last_lines_of_a_failed_process_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sam = tmp_path / "sam"
    sam.write_text(
        f"#!{sys.executable} -S\nimport sys\nprint(*range(40), sep='\\n', flush=True)\n"
        "sys.stdout.buffer.write(b'caf\\xe9\\n'); raise SystemExit('no access to the bucket')\n"
    )
    sam.chmod(0o700)
    monkeypatch.setattr(toolchain, "SAM", sam)
    with pytest.raises(DeploymentError) as caught:
        toolchain.package("bucket", "kolom", "us-east-1")
    lines = str(caught.value).splitlines()
    assert lines[0] == "the upload failed:"
    assert "no access to the bucket" in str(caught.value)
    assert len(lines) == 17
    assert lines[-1].startswith("  Fix: check the connection")


def test_a_missing_program_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "SAM", tmp_path / "sam")
    with pytest.raises(DeploymentError, match="sam cannot be started: No such file"):
        toolchain.package("bucket", "kolom", "us-east-1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.missing_tools() == ["make"]


def test_the_name_of_the_bucket_contains_account_region_and_stack() -> None:
    assert buckets.bucket_name(ACCOUNT, "us-east-1", "kolom") == "kolom-deploy-123456789012-us-east-1-kolom"


@pytest.mark.parametrize(
    "stack", ["Kolom", "k" * 40, "K" * 40, "blog-"], ids=["capital", "long", "long capitals", "hyphen"]
)
def test_every_stack_has_a_valid_bucket_of_its_own(stack: str) -> None:
    name = buckets.bucket_name(ACCOUNT, "ap-southeast-1", stack)
    assert len(name) <= 63
    assert name == name.lower()
    assert not name.endswith("-")
    assert name != buckets.bucket_name(ACCOUNT, "ap-southeast-1", stack.swapcase())


def test_the_site_is_read_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    proxied = site_check.connection_pool("https://blog.example/")
    assert isinstance(proxied, urllib3.ProxyManager)
    assert proxied.proxy is not None
    assert proxied.proxy.host == "proxy.example"
    assert proxied.connection_pool_kw["ca_certs"] == str(tmp_path / "ca.pem")
    assert not isinstance(site_check.connection_pool("https://inside.example/"), urllib3.ProxyManager)


def test_a_site_that_does_not_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_check, "DEADLINE_SECONDS", 0.0)
    parts = list(site_check.read_site("http://127.0.0.1:9", has_files=True))
    assert {part.problem for part in parts[:-1]} == {"does not answer (MaxRetryError)"}
    assert parts[-1].problem == "the front page names none"
    assert site_check.deployed_version("http://127.0.0.1:9") is None
