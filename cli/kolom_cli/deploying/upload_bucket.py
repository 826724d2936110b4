"""The objects in the bucket for uploads of a stack."""

from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import Identity, client
from kolom_cli.deploying.buckets import bucket_name

_DIGITS: Final = 32
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchBucket", "404", "NotFound"})
_CHANGED: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
"""Codes of conditional writes whose condition does not hold; the object may also have been deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadBucket:
    """The bucket of one stack. All keys begin with the name of the stack."""

    identity: Identity
    region: str
    stack: str

    @property
    def name(self) -> str:
        """The name of the bucket."""
        return bucket_name(self.identity, self.region, self.stack)

    def url(self, key: str) -> str:
        """Return the URL of an object, for CloudFormation."""
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://{self.name}.s3.{self.region}.{suffix}/{key}"

    def content_key(self, digest: str, suffix: str) -> str:
        """Return the key of an object that is named after its content."""
        return f"{self.stack}/{digest[:_DIGITS]}.{suffix}"

    def has(self, key: str) -> bool:
        """Return whether the object exists."""
        return self._found("head_object", key) is not None

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Return the content and the ETag of an object; None if there is no object, or no bucket."""
        found = self._found("get_object", key)
        return None if found is None else (found["Body"].read(), found["ETag"])

    def write(self, key: str, content: bytes) -> None:
        """Create or replace an object."""
        self._put(key, content)

    def write_if_unchanged(self, key: str, content: bytes, etag: str | None) -> bool:
        """Replace the object with that ETag, or create it if the ETag is None; return whether it was so."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            self._put(key, content, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                return False
            raise
        return True

    def _put(self, key: str, content: bytes, **condition: str) -> None:
        client("s3", self.region).put_object(
            Bucket=self.name, Key=key, Body=content, ExpectedBucketOwner=self.identity.account_id, **condition
        )

    def _found(self, operation: str, key: str) -> dict[str, Any] | None:
        call = getattr(client("s3", self.region), operation)
        try:
            found: dict[str, Any] = call(Bucket=self.name, Key=key, ExpectedBucketOwner=self.identity.account_id)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        return found
