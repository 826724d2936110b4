"""The AWS services of the local stack: moto in this process, its server for other processes, and the resources."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3
from moto import mock_aws
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.emulator.ses import SentMail
from kolom_cli.sam.create_tables import create_tables
from kolom_cli.sam.intrinsics import PSEUDO_PARAMETERS
from kolom_cli.sam.model import Secret, Template

REGION = PSEUDO_PARAMETERS["AWS::Region"]
STACK_NAME = PSEUDO_PARAMETERS["AWS::StackName"]
AWS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    # moto does not support account-based endpoints.
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    # Otherwise the functions would print their metrics, which nothing reads locally.
    "POWERTOOLS_METRICS_DISABLED": "true",
}
_log = logging.getLogger(__name__)


class FakeAws:
    """DynamoDB, S3, SES, Secrets Manager and CloudFormation in memory.

    With ``endpoint_url``, only DynamoDB is not in memory but at that URL.
    """

    def __init__(self, endpoint_url: str | None = None) -> None:
        self.sent_mail = SentMail()
        self._endpoint_url = endpoint_url
        self._session = boto3.Session(region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local")  # noqa: S106 (moto takes any)

    def client(self, service: str) -> Any:
        """Return a boto3 client for the local service."""
        is_dynamodb = service in {"dynamodb", "dynamodbstreams"}
        return self._session.client(service, endpoint_url=self._endpoint_url if is_dynamodb else None)  # type: ignore[call-overload]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Intercept the AWS calls of this process until the end of the block. All data in memory is then discarded."""
        with ExitStack() as stack:
            stack.enter_context(mock_aws())
            stack.enter_context(patch_moto())
            stack.enter_context(self.sent_mail.recording())
            yield

    def create_resources(self, template: Template) -> None:
        """Create the template's tables, buckets and secrets, and the stack that describes them."""
        create_tables(self.client("dynamodb"), template.tables.values())
        s3 = self.client("s3")
        for bucket in template.buckets.values():
            s3.create_bucket(Bucket=bucket)
        secrets = self.client("secretsmanager")
        for secret in template.secrets.values():
            secrets.create_secret(Name=secret.name, SecretString=_secret_text(secrets, secret))
        self._create_stack(template)

    def _create_stack(self, template: Template) -> None:
        """Create a stack with a placeholder resource, so that ``describe_stacks`` returns the outputs."""
        outputs = dict(template.outputs)
        if self._endpoint_url:
            # This output is not in the template, because on AWS the tables are always in DynamoDB itself.
            outputs["DynamoDBEndpoint"] = self._endpoint_url
        description = {
            "Parameters": {name: {"Type": "String"} for name in template.parameters},
            "Resources": {"Local": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        values = [{"ParameterKey": name, "ParameterValue": value} for name, value in template.parameters.items()]
        self.client("cloudformation").create_stack(
            StackName=STACK_NAME, TemplateBody=json.dumps(description), Parameters=values
        )

    def stream_arn(self, table: str) -> str:
        """Return the ARN of a table's stream in the local DynamoDB."""
        return str(self.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"])


def _secret_text(secrets: Any, secret: Secret) -> str:
    if secret.generate is None:
        return secret.text or ""
    supported = ("ExcludeCharacters", "ExcludePunctuation", "ExcludeUppercase", "ExcludeLowercase", "ExcludeNumbers")
    options: dict[str, Any] = {name: secret.generate[name] for name in supported if name in secret.generate}
    length = int(secret.generate.get("PasswordLength", 32))
    password = str(secrets.get_random_password(PasswordLength=length, **options)["RandomPassword"])
    if "GenerateStringKey" not in secret.generate:
        return password
    template = json.loads(secret.generate.get("SecretStringTemplate", "{}"))
    return json.dumps({**template, secret.generate["GenerateStringKey"]: password})


class _QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ARG002 (the base class's signature)
        _log.debug(message, *args)


class FakeAwsServer:
    """A server through which other processes use the services of :class:`FakeAws`, on a loopback address."""

    def __init__(self, port: int) -> None:
        application = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, application, threaded=True, request_handler=_QuietHandler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The URL of the server, for other commands: ``kolom --endpoint-url URL COMMAND``."""
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> None:
        """Serve in a separate thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
