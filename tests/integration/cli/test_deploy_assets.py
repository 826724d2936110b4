"""`kolom deploy-assets`: uploads before the switch, repeated deployments, and interrupted ones."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.serve_pages import app as serve_pages
from kolom.errors import Conflict
from kolom.models.articles import SITE, THEME, ThemeRecord
from kolom.pages import theme
from kolom_cli.assets import deployment
from kolom_cli.assets.deployment import SHORT_CACHE_CONTROL, build, deploy
from kolom_cli.assets.fingerprint import is_hashed
from kolom_cli.media.s3 import IMMUTABLE_CACHE_CONTROL
from tests.factories import Context, request
from tests.integration.cli.conftest import Kolom

WRITES = {"PutObject", "DeleteObject", "PutItem", "UpdateItem", "DeleteItem"}


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    """Return a small frontend directory."""
    for name, text in {
        "theme/kolom.css": ":root { --paper: #ffffff; --accent: #97351a; }",
        "widgets/a.js": 'import "./b.js";',
        "widgets/b.js": "export const b = 1;",
        "logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
        "site.toml": '[colours]\naccent = "#00f"\n[logo]\nfile = "logo.svg"\n[[menu]]\npage = "archive"\n',
        "package.json": "{}",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def objects() -> dict[str, dict[str, Any]]:
    """Return the objects in the bucket by key."""
    s3 = boto3.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="kolom-media").get("Contents", ())]
    return {key.removeprefix("assets/"): dict(s3.get_object(Bucket="kolom-media", Key=key)) for key in keys}


def home() -> str:
    """Return the home page, as rendered by a function after a cold start."""
    theme.clear_cache()
    body: str = serve_pages.handler(request("/"), Context())["body"]
    return body


def test_every_file_is_uploaded_under_both_names_and_pages_use_the_fingerprinted_one(
    kolom: Kolom, frontend: Path
) -> None:
    ran = kolom("deploy-assets", "--frontend", frontend)
    assert (ran.exit_code, ran.stderr) == (0, "")
    stored, names = objects(), ThemeRecord.get(SITE, THEME).assets
    plain = {"theme/kolom.css", "theme/site.css", "widgets/a.js", "widgets/b.js", "logo.svg"}
    assert set(names) == plain
    assert set(stored) == plain | set(names.values())
    for name in plain:
        assert is_hashed(names[name])
        assert (stored[name]["CacheControl"], stored[names[name]]["CacheControl"]) == (
            SHORT_CACHE_CONTROL,
            IMMUTABLE_CACHE_CONTROL,
        )
        assert stored[name]["ContentType"] == stored[names[name]]["ContentType"]
    assert stored["widgets/a.js"]["ContentType"] == "text/javascript; charset=utf-8"
    assert stored["theme/site.css"]["ContentType"] == "text/css; charset=utf-8"
    assert stored["logo.svg"]["ContentType"] == "image/svg+xml"
    assert stored["widgets/a.js"]["Body"].read() == b'import"./b.js";'
    b = names["widgets/b.js"].removeprefix("widgets/")
    assert stored[names["widgets/a.js"]]["Body"].read().decode() == f'import"./{b}";'
    html = home()
    for name in ("theme/kolom.css", "theme/site.css", "logo.svg"):
        assert f'"/assets/{names[name]}"' in html
    assert html.split("<nav")[1].split("</nav>")[0].count("<li>") == 1


def test_deploying_again_writes_nothing(kolom: Kolom, frontend: Path, calls: list[str]) -> None:
    kolom("deploy-assets", "--frontend", frontend)
    calls.clear()
    ran = kolom("deploy-assets", "--frontend", frontend, "--json")
    assert ran.json == {
        "uploaded": [],
        "unchanged": 10,
        "switched": False,
        "pruned": [],
        "warnings": [],
        "dry_run": False,
    }
    assert not WRITES.intersection(calls)


def test_only_changed_files_are_uploaded_and_old_versions_are_kept(kolom: Kolom, frontend: Path) -> None:
    kolom("deploy-assets", "--frontend", frontend)
    before = ThemeRecord.get(SITE, THEME).assets
    (frontend / "widgets/b.js").write_text("export const b = 2;")
    ran = kolom("deploy-assets", "--frontend", frontend, "--json")
    after = ThemeRecord.get(SITE, THEME)
    # The module that imports it changes too; the plain copy of that module still imports the plain name.
    assert set(ran.json["uploaded"]) == {after.assets["widgets/b.js"], after.assets["widgets/a.js"], "widgets/b.js"}
    assert set(before.values()) <= set(objects())
    assert set(after.former) == {before["widgets/b.js"], before["widgets/a.js"]}


def test_a_changed_header_uploads_the_file_again(kolom: Kolom, frontend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kolom("deploy-assets", "--frontend", frontend)
    monkeypatch.setattr(deployment, "SHORT_CACHE_CONTROL", "public, max-age=60")
    told = kolom("deploy-assets", "--frontend", frontend).stdout
    assert told.count("upload ") == 5
    assert "already use this version" in told
    assert objects()["logo.svg"]["CacheControl"] == "public, max-age=60"


@pytest.mark.parametrize("after", range(10))
def test_an_interruption_before_the_switch_leaves_the_site_unchanged(
    kolom: Kolom, frontend: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kolom("deploy-assets", "--frontend", frontend)
    before, names = home(), ThemeRecord.get(SITE, THEME).assets
    contents = {name: stored["Body"].read() for name, stored in objects().items() if is_hashed(name)}
    for name in ("theme/kolom.css", "widgets/a.js", "widgets/b.js"):
        (frontend / name).write_text((frontend / name).read_text() + "\n")
    uploads = iter(range(after, -1, -1))

    def interrupt(*_: Any, **__: Any) -> None:
        if next(uploads) == 0:
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        deploy(build(frontend), now=datetime.now(UTC), advance=interrupt)
    assert home() == before
    stored = objects()
    assert {name: stored[name]["Body"].read() for name in contents} == contents
    assert set(names.values()) <= set(stored)
    monkeypatch.undo()
    assert kolom("deploy-assets", "--frontend", frontend).exit_code == 0
    assert home() != before


def test_a_dry_run_reports_the_plan_and_changes_nothing(kolom: Kolom, frontend: Path, calls: list[str]) -> None:
    ran = kolom("deploy-assets", "--frontend", frontend, "--dry-run", "--json")
    assert (len(ran.json["uploaded"]), ran.json["switched"], ran.json["dry_run"]) == (10, True, True)
    assert "nothing was written" in kolom("deploy-assets", "--frontend", frontend, "--dry-run").stdout
    assert not WRITES.intersection(calls)
    assert objects() == {}


def test_invalid_settings_are_a_usage_error_and_upload_nothing(kolom: Kolom, frontend: Path, calls: list[str]) -> None:
    (frontend / "site.toml").write_text('[colours]\naccent = "nope"\n[[menu]]\npage = "shop"\n')
    ran = kolom("deploy-assets", "--frontend", frontend)
    assert ran.exit_code == 2
    assert "colours.accent: 'nope' is not a fixed CSS color" in ran.stderr
    assert "menu.1.page" in ran.stderr
    assert calls == []


def test_inconsistent_files_are_rejected(kolom: Kolom, frontend: Path, calls: list[str]) -> None:
    (frontend / "widgets/b.js").write_text('import "./a.js";')
    ran = kolom("deploy-assets", "--frontend", frontend)
    assert ran.exit_code == 1
    assert "widgets/a.js → widgets/b.js → widgets/a.js" in ran.stderr
    assert calls == []
    assert kolom("deploy-assets", "--frontend", frontend / "none").exit_code == 2


def test_only_valid_modules_of_the_elements_are_minified(kolom: Kolom, frontend: Path, calls: list[str]) -> None:
    (frontend / "widgets/b.js").write_text("// why\nexport const b = 1 ;\n")
    (frontend / "theme/own.js").write_text("// why\nlet own = 1 ;\n")
    assert kolom("deploy-assets", "--frontend", frontend).exit_code == 0
    stored, names = objects(), ThemeRecord.get(SITE, THEME).assets
    for name in ("widgets/b.js", names["widgets/b.js"]):
        assert stored[name]["Body"].read() == b"export const b=1;"
    assert stored["theme/own.js"]["Body"].read() == b"// why\nlet own = 1 ;\n"
    calls.clear()
    (frontend / "widgets/b.js").write_text("export const b = 1;\nexport const = 2;\n")
    ran = kolom("deploy-assets", "--frontend", frontend)
    assert (ran.exit_code, calls) == (1, [])
    assert "widgets/b.js: line 2 cannot be parsed as JavaScript" in ran.stderr


def test_low_contrast_is_reported_but_deployed(kolom: Kolom, frontend: Path) -> None:
    (frontend / "site.toml").write_text('[colours]\naccent = "#e0a080"\n')
    ran = kolom("deploy-assets", "--frontend", frontend)
    assert ran.exit_code == 0
    assert "warning: colours: accent on paper has a contrast of" in ran.stderr


def test_removed_settings_disappear_from_the_pages(kolom: Kolom, frontend: Path) -> None:
    kolom("deploy-assets", "--frontend", frontend)
    (frontend / "site.toml").unlink()
    ran = kolom("deploy-assets", "--frontend", frontend, "--json")
    assert (ran.json["uploaded"], ran.json["switched"]) == ([], True)
    html = home()
    assert "site." not in html.split("</head>")[0].split("theme/")[-1]
    assert "<img" not in html
    assert "/labels/" in html


def test_pruning_deletes_files_that_no_page_has_used_for_the_given_time(kolom: Kolom, frontend: Path) -> None:
    now = datetime.now(UTC)
    first, second = build(frontend), None
    deploy(first, now=now - timedelta(days=40))
    (frontend / "theme/kolom.css").write_text(":root {}")
    second = build(frontend)
    deploy(second, now=now - timedelta(days=10))
    (frontend / "theme/kolom.css").write_text(":root { --paper: #fff; }")
    third = build(frontend)
    old, newer = first.names["theme/kolom.css"], second.names["theme/kolom.css"]
    # In the bucket, all files are new. The first version was replaced ten days ago, the second just now.
    assert deploy(third, now=now, dry_run=True, prune_days=5).pruned == [old]
    assert old in objects()
    assert deploy(third, now=now, prune_days=5).pruned == [old]
    stored = objects()
    assert old not in stored
    assert newer in stored
    assert set(third.names) | set(third.names.values()) <= set(stored)


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_deployment_that_only_deletes_files_is_a_change(
    kolom: Kolom, frontend: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    deploy(build(frontend), now=datetime.now(UTC))
    assert "No change" in kolom("deploy-assets", "--frontend", frontend, "--prune", 2, *options).stdout
    monkeypatch.setattr(deployment, "_unused_since", lambda *_: datetime.min.replace(tzinfo=UTC))
    boto3.client("s3").put_object(Bucket="kolom-media", Key="assets/lost.01234567.css", Body=b"x")
    told = kolom("deploy-assets", "--frontend", frontend, "--prune", 2, *options).stdout
    assert "delete lost.01234567.css" in told
    assert "No change" not in told


def test_pruning_keeps_media_and_plain_names(kolom: Kolom, frontend: Path) -> None:
    s3 = boto3.client("s3")
    for key in ("media/0123456789abcdef/a.01234567.png", "assets/embedded.js"):
        s3.put_object(Bucket="kolom-media", Key=key, Body=b"x")
    s3.put_object(Bucket="kolom-media", Key="assets/lost.01234567.css", Body=b"x")
    outcome = deploy(build(frontend), now=datetime.now(UTC) + timedelta(days=9), prune_days=5)
    assert outcome.pruned == ["lost.01234567.css"]
    assert kolom("deploy-assets", "--frontend", frontend, "--prune", 1).exit_code == 2


def test_the_second_of_two_concurrent_deployments_fails(
    kolom: Kolom, frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(build(frontend), now=datetime.now(UTC))
    first = build(frontend)
    (frontend / "widgets/b.js").write_text("export const b = 2;")
    second = build(frontend)
    read = ThemeRecord.get

    def read_before_another_deployment(*arguments: Any, **options: Any) -> ThemeRecord:
        monkeypatch.setattr(ThemeRecord, "get", read)
        found = read(*arguments, **options)
        deploy(second, now=datetime.now(UTC))
        return found

    (frontend / "widgets/b.js").write_text("export const b = 3;")
    monkeypatch.setattr(ThemeRecord, "get", read_before_another_deployment)
    with pytest.raises(Conflict):
        deploy(build(frontend), now=datetime.now(UTC))
    assert ThemeRecord.get(SITE, THEME).assets == second.names != first.names


def test_an_endpoint_without_a_bucket_is_reported(
    kolom: Kolom, frontend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("s3").delete_bucket(Bucket="kolom-media")
    ran = kolom("deploy-assets", "--frontend", frontend)
    assert ran.exit_code == 3
    with pytest.raises(ClientError):
        boto3.client("s3").head_bucket(Bucket="kolom-media")


def test_the_projects_frontend_can_be_deployed(kolom: Kolom) -> None:
    ran = kolom("deploy-assets", "--json")
    assert ran.json["warnings"] == []
    assert json.loads(ran.stdout)["switched"] is True
    assert "theme/kolom.css" in objects()
