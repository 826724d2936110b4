"""Constants and functions for all files in the stack's bucket."""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

IMMUTABLE_CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
"""The ``Cache-Control`` of a file whose name contains a hash of its content."""

IMAGE_TYPES: Final[Mapping[str, str]] = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""The content types of images, by file suffix."""


def head_object(client: Any, bucket: str, key: str) -> Mapping[str, Any] | None:
    """Return the metadata of the object, or None if it does not exist."""
    try:
        metadata: Mapping[str, Any] = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            return None
        raise
    return metadata
