"""The names, ARNs and attributes of a template's resources, deterministic for a template."""

import re
from collections.abc import Mapping
from typing import Any

from kolom_cli.sam.intrinsics import ACCOUNT_ID, Resolver

REGION = "us-east-1"
STREAM_LABEL = "2024-01-01T00:00:00.000"
_NAME_PROPERTIES = (
    "TableName",
    "BucketName",
    "FunctionName",
    "Name",
    "QueueName",
    "TopicName",
    "RoleName",
    "AlarmName",
)
_ARN_FORMS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::Serverless::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
}
_REF_IS_ARN = {"AWS::SecretsManager::Secret", "AWS::SNS::Topic"}
_REMOTE = re.compile(r"https://[a-z0-9-]+\.(?:execute-api\.us-east-1\.amazonaws\.com|cloudfront\.net)")


class ResourceNames:
    """The names of resources, from their properties, or from the stack and the logical id if they have no name."""

    resolver: Resolver

    def __init__(self, resources: Mapping[str, Any], overrides: Mapping[str, str]) -> None:
        self._resources = resources
        self._overrides = overrides

    def name(self, logical_id: str) -> str:
        """Return the physical name."""
        resource = self._resources[logical_id]
        properties = resource.get("Properties", {})
        for key in _NAME_PROPERTIES:
            # NO_VALUE and nested structures are not names.
            if key in properties and isinstance(value := self.resolver.resolve(properties[key]), str):
                return value
        return f"kolom-{logical_id.lower()}"

    def ref(self, logical_id: str) -> object:
        """Return the value of ``!Ref``."""
        if logical_id in self._overrides:
            return self._overrides[logical_id]
        kind = self._resources[logical_id]["Type"]
        if kind == "AWS::Serverless::HttpApi":
            return logical_id.lower()
        return self._arn(logical_id) if kind in _REF_IS_ARN else self.name(logical_id)

    def attribute(self, logical_id: str, name: str) -> str:
        """Return the value of ``!GetAtt``."""
        if (given := self._overrides.get(f"{logical_id}.{name}")) is not None:
            return given
        kind = self._resources[logical_id]["Type"]
        physical = str(self.ref(logical_id))
        if name == "StreamArn":
            return f"{self._arn(logical_id)}/stream/{STREAM_LABEL}"
        if name == "ApiEndpoint":
            return f"https://{physical}.execute-api.{REGION}.amazonaws.com"
        if kind == "AWS::CloudFront::Distribution" and name == "DomainName":
            return f"{logical_id.lower()}.cloudfront.net"
        if kind == "AWS::S3::Bucket" and name.endswith("DomainName"):
            return f"{physical}.s3.{REGION}.amazonaws.com"
        if name.endswith("Arn") or (name == "Id" and kind in _REF_IS_ARN):
            return self._arn(logical_id)
        return physical

    def _arn(self, logical_id: str) -> str:
        kind = self._resources[logical_id]["Type"]
        service = kind.split("::")[1].lower()
        form = _ARN_FORMS.get(kind, f"arn:aws:{service}:{{region}}:{{account}}:{{name}}")
        return form.format(region=REGION, account=ACCOUNT_ID, name=self.name(logical_id))


def with_public_url(value: Any, public_url: str) -> Any:
    """Return ``value`` with the stack's public URLs on AWS replaced by ``public_url``."""
    if isinstance(value, dict):
        return {key: with_public_url(item, public_url) for key, item in value.items()}
    if isinstance(value, list):
        return [with_public_url(item, public_url) for item in value]
    return _REMOTE.sub(public_url, value) if isinstance(value, str) else value
