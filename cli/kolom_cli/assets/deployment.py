"""Upload the assets of the site, then activate them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3

from kolom.config import settings
from kolom.errors import Conflict, KolomError
from kolom.models.articles import SITE, THEME, ThemeRecord
from kolom.pages.theme import SITE_CSS
from kolom.timestamps import to_rfc3339
from kolom_cli.assets import javascript, site_config
from kolom_cli.assets.fingerprint import Asset, AssetError, collect, is_hashed, with_hashes
from kolom_cli.media.s3 import IMMUTABLE_CACHE_CONTROL, head_object

PREFIX: Final = "assets/"
ELEMENTS: Final = "widgets/"
"""The folder of the modules that are minified. Other scripts, such as those of the owner, are deployed as they are."""

SHORT_CACHE_CONTROL: Final = "public, max-age=300"
"""For the unhashed names, which other sites embed: they are updated within five minutes of a deployment."""

_FORMER_LIMIT: Final = 1000
"""The maximum number of former names in the item, whose size limit is 400 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetBuild:
    """The assets and settings to be deployed."""

    assets: list[Asset]
    menu: list[dict[str, Any]] | None
    logo: dict[str, str] | None
    warnings: list[str]

    @property
    def names(self) -> dict[str, str]:
        """The hashed name of each file, by its name."""
        return {asset.name: asset.hashed_name for asset in sorted(self.assets, key=lambda asset: asset.name)}


@dataclass(slots=True)
class DeploymentResult:
    """The result of a deployment, or with ``dry_run`` what it would do."""

    dry_run: bool = False
    uploaded: list[str] = field(default_factory=list)
    unchanged: int = 0
    activated: bool = False
    pruned: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """Return the result as JSON, for scripts."""
        data = {
            "uploaded": self.uploaded,
            "unchanged": self.unchanged,
            "switched": self.activated,
            "pruned": self.pruned,
            "warnings": self.warnings,
            "dry_run": self.dry_run,
        }
        return json.dumps(data, indent=2, ensure_ascii=False)


def build(frontend: Path) -> AssetBuild:
    """Build the assets of the directory, without network access.

    :raises SettingsError: its settings are invalid
    :raises AssetError: a file has an invalid reference, or is not UTF-8, or a module cannot be parsed
    """
    files = collect(frontend)
    found = site_config.load(frontend, files)
    if (own := site_config.stylesheet(found)) is not None:
        files[SITE_CSS] = own.encode()
    theme_css = files.get(site_config.THEME_CSS, b"").decode("utf-8", "replace")
    return AssetBuild(
        assets=with_hashes({name: _minified(name, content) for name, content in files.items()}),
        menu=site_config.menu_attribute(found),
        logo=site_config.logo_attribute(found),
        warnings=site_config.warnings(found, theme_css),
    )


def _minified(name: str, content: bytes) -> bytes:
    if not (name.startswith(ELEMENTS) and name.endswith(".js")):
        return content
    try:
        return javascript.minify(content)
    except javascript.SyntaxProblem as error:
        raise AssetError(f"{name}: {error}") from error


def deploy(
    assets_build: AssetBuild,
    *,
    now: datetime,
    dry_run: bool = False,
    prune_days: int | None = None,
    advance: Callable[[], None] = lambda: None,
) -> DeploymentResult:
    """Upload the files that the bucket does not have yet, then activate the new names.

    ``advance`` is called twice for each file, also if the bucket already has it.

    The hashed names are uploaded first, because no page uses them yet, and then the unhashed names. Finally one item is
    written, from which the pages read the new names. If the deployment is interrupted before that, the pages still use
    the old files, and the next run continues.

    :raises Conflict: another deployment finished in the meantime
    """
    if not settings().media_bucket:
        raise KolomError("this endpoint has only tables, no media bucket")
    result = DeploymentResult(dry_run=dry_run, warnings=list(assets_build.warnings))
    bucket = _Bucket(dry_run=dry_run)
    uploads = [
        (asset.hashed_name, asset.hashed_content, asset.content_type, IMMUTABLE_CACHE_CONTROL)
        for asset in assets_build.assets
    ]
    uploads += [(asset.name, asset.content, asset.content_type, SHORT_CACHE_CONTROL) for asset in assets_build.assets]
    for upload in uploads:
        if bucket.put(*upload):
            result.uploaded.append(upload[0])
        else:
            result.unchanged += 1
        advance()
    former = _activate(assets_build, result, now)
    if prune_days is not None:
        kept = set(assets_build.names.values()) | {asset.name for asset in assets_build.assets}
        before = now - timedelta(days=prune_days)
        result.pruned = bucket.prune(
            lambda name, uploaded_at: name not in kept and _unused_since(former.get(name), uploaded_at) < before
        )
    return result


def _unused_since(deactivated_at: str | None, uploaded_at: datetime) -> datetime:
    """Return when a deployment replaced the file, or when it was uploaded if that is not known."""
    return uploaded_at if deactivated_at is None else datetime.fromisoformat(deactivated_at)


def _activate(assets_build: AssetBuild, result: DeploymentResult, now: datetime) -> Mapping[str, str]:
    """Activate the build; return the former names, each with the time when it was replaced."""
    try:
        current = ThemeRecord.get(SITE, THEME, consistent_read=True)
    except ThemeRecord.DoesNotExist:
        current = None
    if current is not None and (current.assets, current.menu, current.logo) == (
        assets_build.names,
        assets_build.menu,
        assets_build.logo,
    ):
        former: Mapping[str, str] = current.former
        return former
    names = set(assets_build.names.values())
    unused = {} if current is None else {**dict.fromkeys(current.assets.values(), to_rfc3339(now)), **current.former}
    newest = sorted(unused.items(), key=lambda each: each[1], reverse=True)
    former = dict([(name, since) for name, since in newest if name not in names][:_FORMER_LIMIT])
    result.activated = True
    if result.dry_run:
        return former
    record = ThemeRecord(
        SITE,
        THEME,
        assets=assets_build.names,
        former=former,
        menu=assets_build.menu,
        logo=assets_build.logo,
        deployed_at=now,
        revision=1 if current is None else current.revision + 1,
    )
    is_unchanged = (
        ThemeRecord.key.does_not_exist() if current is None else ThemeRecord.revision == int(current.revision)
    )
    if not record.save_if(is_unchanged):
        raise Conflict("another deployment finished in the meantime: check it, then run this command again")
    return former


class _Bucket:
    """The files in the bucket, each with the digest of its content as metadata. An ETag is not always a digest."""

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._name = settings().need("media_bucket")
        self._s3 = boto3.client("s3")

    def put(self, name: str, content: bytes, content_type: str, caching: str) -> bool:
        """Upload the file unless the bucket has an identical one; return whether it was uploaded."""
        expected: dict[str, Any] = {
            "ContentType": content_type,
            "CacheControl": caching,
            "Metadata": {"sha256": hashlib.sha256(content).hexdigest()},
        }
        found = head_object(self._s3, self._name, PREFIX + name) or {}
        if {key: found.get(key) for key in expected} == expected:
            return False
        if not self._dry_run:
            self._s3.put_object(Bucket=self._name, Key=PREFIX + name, Body=content, **expected)
        return True

    def prune(self, is_old: Callable[[str, datetime], bool]) -> list[str]:
        """Delete the files with hashed names that are old; return their names."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=PREFIX)
        names = []
        for page in pages:
            for each in page.get("Contents", ()):
                name = str(each["Key"]).removeprefix(PREFIX)
                if is_hashed(name) and is_old(name, each["LastModified"].astimezone(UTC)):
                    names.append(name)
                    if not self._dry_run:
                        self._s3.delete_object(Bucket=self._name, Key=each["Key"])
        return names
