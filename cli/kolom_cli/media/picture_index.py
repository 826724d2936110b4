"""Record in the media bucket where pictures of other sites are stored, so that no picture is copied twice."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from kolom.config import settings
from kolom_cli.media.s3 import head_object

_PREFIX: Final = "import-pictures/"
"""The CDN serves only ``/media/`` and ``/assets/`` from the bucket, so these files are not public."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture at ``path`` of the site, with its size in pixels; zero if it is not known."""

    path: str
    width: int = 0
    height: int = 0


class PictureIndex:
    """The stored pictures by their old URLs."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("s3")
        self._bucket = settings().need("media_bucket")
        self._is_empty: bool | None = None

    def find(self, url: str) -> StoredPicture | None:
        """Return the stored picture; None if it was never stored, or is no longer there."""
        if self._has_no_pictures():
            return None
        data = self._read(_key(url))
        if data is None:
            return None
        try:
            stored = StoredPicture(**json.loads(data))
        except (TypeError, ValueError):
            return None
        return stored if self._exists(stored.path.removeprefix("/")) else None

    def add(self, url: str, stored: StoredPicture) -> None:
        """Remember where the picture is stored."""
        fields = {"path": stored.path, "width": stored.width, "height": stored.height}
        self._client.put_object(
            Bucket=self._bucket, Key=_key(url), Body=json.dumps(fields).encode(), ContentType="application/json"
        )
        self._is_empty = False

    def _has_no_pictures(self) -> bool:
        """Return whether no picture was ever stored. The answer is kept, so that an empty index costs one request."""
        if self._is_empty is None:
            listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=_PREFIX, MaxKeys=1)
            self._is_empty = not listed.get("KeyCount")
        return self._is_empty

    def _read(self, key: str) -> bytes | None:
        try:
            return bytes(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise

    def _exists(self, key: str) -> bool:
        return head_object(self._client, self._bucket, key) is not None


def _key(url: str) -> str:
    return f"{_PREFIX}{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()[:32]}.json"
