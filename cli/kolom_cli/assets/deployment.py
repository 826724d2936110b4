"""Uploads the files of the site, and then has its pages show them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3
from pynamodb.exceptions import DoesNotExist, PutError

from kolom.config import settings
from kolom.errors import Conflict, KolomError
from kolom.models.articles import SITE, THEME, ThemeRecord
from kolom.models.errors import is_condition_failed
from kolom.pages.theme import SITE_CSS
from kolom.timestamps import to_rfc3339
from kolom_cli.assets import site_config
from kolom_cli.assets.fingerprint import Asset, collect, is_hashed, with_hashes
from kolom_cli.media.s3 import IMMUTABLE_CACHE_CONTROL, head_object

PREFIX: Final = "assets/"
SHORT_CACHE_CONTROL: Final = "public, max-age=300"
"""For the plain names, which other sites embed: they follow a deployment within five minutes."""

_FORMER_LIMIT: Final = 1000
"""How many former names the item remembers, which may have 400 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetBuild:
    """What is to be deployed."""

    assets: list[Asset]
    menu: list[dict[str, Any]] | None
    logo: dict[str, str] | None
    warnings: list[str]

    @property
    def names(self) -> dict[str, str]:
        """The hashed name of each file."""
        return {asset.name: asset.hashed_name for asset in sorted(self.assets, key=lambda asset: asset.name)}


@dataclass(slots=True)
class DeploymentResult:
    """What a deployment did, or with ``dry_run`` would do."""

    dry_run: bool = False
    uploaded: list[str] = field(default_factory=list)
    unchanged: int = 0
    activated: bool = False
    pruned: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """For scripts."""
        names = ("uploaded", "unchanged", "switched", "pruned", "warnings", "dry_run")
        return json.dumps({name: getattr(self, name) for name in names}, indent=2, ensure_ascii=False)


def build(frontend: Path) -> AssetBuild:
    """Everything that is made of the folder, without asking anybody.

    :raises SettingsError: its settings cannot be used
    :raises AssetError: its files do not fit together
    """
    files = collect(frontend)
    found = site_config.load(frontend, files)
    if (own := site_config.stylesheet(found)) is not None:
        files[SITE_CSS] = own.encode()
    theme_css = files.get(site_config.THEME_CSS, b"").decode("utf-8", "replace")
    return AssetBuild(
        assets=with_hashes(files),
        menu=site_config.menu_item(found),
        logo=site_config.logo_item(found),
        warnings=site_config.warnings(found, theme_css),
    )


def deploy(
    built: AssetBuild,
    *,
    now: datetime,
    dry_run: bool = False,
    prune_days: int | None = None,
    advance: Callable[[], None] = lambda: None,
) -> DeploymentResult:
    """Upload what the bucket does not hold yet, then switch; ``advance`` is called after each of twice the files.

    First all hashed names, which no page shows yet; then the plain ones; then the one item that makes the pages show
    the new names. Whatever breaks off before that leaves them as they were, and the next run goes on.

    :raises Conflict: somebody else has switched meanwhile
    """
    if not settings().media_bucket:
        raise KolomError("this endpoint has tables only, and no bucket for the files")
    outcome = DeploymentResult(dry_run=dry_run, warnings=list(built.warnings))
    bucket = _Bucket(dry_run=dry_run)
    uploads = [
        (asset.hashed_name, asset.hashed_content, asset.content_type, IMMUTABLE_CACHE_CONTROL) for asset in built.assets
    ]
    uploads += [(asset.name, asset.content, asset.content_type, SHORT_CACHE_CONTROL) for asset in built.assets]
    for upload in uploads:
        if bucket.put(*upload):
            outcome.uploaded.append(upload[0])
        else:
            outcome.unchanged += 1
        advance()
    former = _activate(built, outcome, now)
    if prune_days is not None:
        kept = set(built.names.values()) | {asset.name for asset in built.assets}
        before = now - timedelta(days=prune_days)
        outcome.pruned = bucket.prune(
            lambda name, uploaded_at: name not in kept and _since(former.get(name), uploaded_at) < before
        )
    return outcome


def _since(left: str | None, uploaded_at: datetime) -> datetime:
    """Since when no page shows the file: since a deployment without it, else since nobody ever did."""
    return uploaded_at if left is None else datetime.fromisoformat(left)


def _activate(built: AssetBuild, outcome: DeploymentResult, now: datetime) -> Mapping[str, str]:
    """Have the pages show what was built; gives since when other names are not shown any more."""
    try:
        current = ThemeRecord.get(SITE, THEME, consistent_read=True)
    except DoesNotExist:
        current = None
    if current is not None and (current.assets, current.menu, current.logo) == (built.names, built.menu, built.logo):
        former: Mapping[str, str] = current.former
        return former
    names = set(built.names.values())
    left = {} if current is None else {**dict.fromkeys(current.assets.values(), to_rfc3339(now)), **current.former}
    newest = sorted(left.items(), key=lambda each: each[1], reverse=True)
    former = dict([(name, since) for name, since in newest if name not in names][:_FORMER_LIMIT])
    outcome.activated = True
    if outcome.dry_run:
        return former
    record = ThemeRecord(
        SITE,
        THEME,
        assets=built.names,
        former=former,
        menu=built.menu,
        logo=built.logo,
        deployed_at=now,
        revision=1 if current is None else current.revision + 1,
    )
    is_as_read = ThemeRecord.key.does_not_exist() if current is None else ThemeRecord.revision == int(current.revision)
    try:
        record.save(condition=is_as_read)
    except PutError as error:
        if is_condition_failed(error):
            raise Conflict(
                "somebody else has deployed at the same moment: look what it was, and run this again"
            ) from error
        raise
    return former


class _Bucket:
    """The files in the bucket. Each carries the digest of its content, since an ETag is one only as S3 pleases."""

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._name = settings().need("media_bucket")
        self._s3 = boto3.client("s3")

    def put(self, name: str, content: bytes, content_type: str, caching: str) -> bool:
        """Upload the file, unless it is there just so. Whether it was not."""
        wanted: dict[str, Any] = {
            "ContentType": content_type,
            "CacheControl": caching,
            "Metadata": {"sha256": hashlib.sha256(content).hexdigest()},
        }
        found = head_object(self._s3, self._name, PREFIX + name) or {}
        if {key: found.get(key) for key in wanted} == wanted:
            return False
        if not self._dry_run:
            self._s3.put_object(Bucket=self._name, Key=PREFIX + name, Body=content, **wanted)
        return True

    def prune(self, is_old: Callable[[str, datetime], bool]) -> list[str]:
        """Delete the files under hashed names that are old, and say which."""
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
