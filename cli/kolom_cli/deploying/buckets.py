"""The bucket for uploads of a stack: private, encrypted, and owned by the account of the stack."""

import hashlib
from typing import Final

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import Identity, client
from kolom_cli.deploying.errors import DeploymentError

_MAX_NAME: Final = 63


def bucket_name(identity: Identity, region: str, stack: str) -> str:
    """Return a name for each account, region and stack. What is not valid in it is changed, and a digest added."""
    prefix = f"kolom-deploy-{identity.account_id}-{region}-"
    room = _MAX_NAME - len(prefix)
    if stack == stack.lower() and len(stack) <= room and not stack.endswith("-"):
        return prefix + stack
    digest = hashlib.sha256(stack.encode()).hexdigest()[:8]
    return f"{prefix}{stack.lower()[: room - len(digest) - 1]}-{digest}"


def ensure_bucket(name: str, identity: Identity, region: str) -> None:
    """Create the bucket, unless the account has it, and set it up. An interrupted run is completed by the next.

    :raises DeploymentError: the name belongs to another account
    """
    s3 = client("s3", region)
    if not _exists(name, identity):
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            s3.create_bucket(Bucket=name, **place)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"BucketAlreadyExists", "OperationAborted"}:
                raise DeploymentError(
                    f"the bucket {name} for uploads belongs to somebody else, or was deleted a moment ago",
                    "run the command again in some minutes, or use another stack name (--stack)",
                ) from error
            if code != "BucketAlreadyOwnedByYou":  # Another run has just created it.
                raise
    owner = {"Bucket": name, "ExpectedBucketOwner": identity.account_id}
    s3.put_public_access_block(
        **owner,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(**owner, ServerSideEncryptionConfiguration=encryption)
    # Finished uploads never expire: `kolom rollback` needs those of all recorded deployments, and CloudFormation needs
    # those of the last one to undo the next one.
    rules = [
        {
            "ID": "BrokenUploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
    ]
    s3.put_bucket_lifecycle_configuration(**owner, LifecycleConfiguration={"Rules": rules})


def delete_bucket(name: str, identity: Identity, region: str) -> bool:
    """Delete a bucket with all versions of its objects, and return whether there was one."""
    if not _exists(name, identity):
        return False
    s3 = client("s3", region)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        ]
        if versions:
            done = s3.delete_objects(
                Bucket=name, Delete={"Objects": versions, "Quiet": True}, ExpectedBucketOwner=identity.account_id
            )
            if errors := done.get("Errors"):
                raise DeploymentError(
                    f"{errors[0]['Key']} in the bucket {name} cannot be deleted: {errors[0].get('Message', '')}",
                    "correct the cause, then run the command again",
                )
    s3.delete_bucket(Bucket=name, ExpectedBucketOwner=identity.account_id)
    return True


def _exists(name: str, identity: Identity) -> bool:
    """Return whether the account has the bucket. With 403, it belongs to another one, or may not be seen."""
    try:
        client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=identity.account_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            raise DeploymentError(
                f"the bucket {name} belongs to another account, or these credentials may not use it",
                "allow s3:ListBucket on it, or use another stack name (--stack)",
            ) from error
        raise
    return True
