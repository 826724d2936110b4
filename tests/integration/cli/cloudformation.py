"""A double of CloudFormation for the rehearsal of `kolom deploy`, beside moto's other services.

It knows what moto's own CloudFormation does not: SAM's transform (it reads the resources of the template without the
ones that SAM would add), the states of a stack, operations that take time, failures with rollback, the replacement of
resources, and resources that are kept. Tables, bucket and secret are real ones of moto. Other resources are names.

Requests and responses are checked against botocore's model of the service.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from kolom_cli.sam.intrinsics import Resolver, parse
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames
from tests.integration.aws import client
from tests.integration.cli import dns
from tests.paths import PROJECT

RETAINED: Final = {"AWS::DynamoDB::Table": "TableName"}
"""The property whose change replaces a resource of that type."""

UNCHANGED: Final = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
STEPS_PER_CALL: Final = 60
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def parsed(body: str) -> dict[str, Any]:
    return parse(body)


@cache
def created_by_moto() -> Template:
    return load(PROJECT / "template.yaml", {"SiteUrl": "https://pending.invalid"})


class Evaluated:
    """A template with values: its resources with resolved properties, and its outputs."""

    def __init__(self, stack: str, body: str, parameters: Mapping[str, str]) -> None:
        document = parsed(body)
        definitions = document.get("Parameters", {})
        self.parameters = {name: parameters.get(name, str(each.get("Default"))) for name, each in definitions.items()}
        names = ResourceNames(document["Resources"], {})
        values = {**parameter_values(definitions, self.parameters), "AWS::StackName": stack}
        resolver = names.resolver = Resolver(document, values, names)
        for rule in document.get("Rules", {}).values():
            for assertion in rule["Assertions"]:
                if not resolver.resolve(assertion["Assert"]):
                    raise error("CreateChangeSet", "ValidationError", assertion["AssertDescription"])
        # SAM gives each function the settings of Globals.
        defaults = {"AWS::Serverless::Function": {"Globals": document.get("Globals", {}).get("Function")}}
        self.resources = {
            name: (entry["Type"], resolver.resolve({**defaults.get(entry["Type"], {}), **entry.get("Properties", {})}))
            for name, entry in document["Resources"].items()
            if "Condition" not in entry or resolver.condition(entry["Condition"])
        }
        self.outputs = {
            name: str(resolver.resolve(entry["Value"]))
            for name, entry in document.get("Outputs", {}).items()
            if "Condition" not in entry or resolver.condition(entry["Condition"])
        }


@dataclass
class StackDouble:
    """A stack, and the steps of its operation that have not been made yet."""

    name: str
    number: int
    prefix: str = ""
    status: str = "REVIEW_IN_PROGRESS"
    body: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    resources: dict[str, tuple[str, str]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    steps: Iterator[None] = field(default_factory=lambda: iter(()))
    change_sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    created: datetime = _NOW

    def physical_id(self, name: str, kind: str) -> str:
        """Return the id of a resource: the one with which it was imported, or the one that this double gives it."""
        return self.imported.get(name) or physical_id(self.prefix or self.name, name, kind)

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudformation:us-east-1:123456789012:stack/{self.name}/{self.number:08d}"

    def copied(self) -> "StackDouble":
        """Return an independent copy of a stack without a running operation."""
        return replace(
            self,
            parameters=dict(self.parameters),
            outputs=dict(self.outputs),
            resources=dict(self.resources),
            imported=dict(self.imported),
            events=list(self.events),
            change_sets={},
            steps=iter(()),
        )


class CloudFormationDouble:
    """The stacks of an account. ``fail_at`` makes the next operations fail at a resource, with a reason.

    ``before`` has what another run does before the next call of an operation. ``lost`` has the operations whose next
    response is lost, so that the SDK repeats the call.
    """

    def __init__(self) -> None:
        self.stacks: list[StackDouble] = []
        self.fail_at: tuple[str, str] | None = None
        self.fail_rollback = False
        self.interrupt_at: str | None = None
        self.before: dict[str, Callable[[], object]] = {}
        self.lost: set[str] = set()
        self.denied: dict[str, str] = {}
        self.calls: list[str] = []
        self._ids = itertools.count(1)
        self._executed = ""

    def call(self, model: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer a call of a client."""
        operation = model.name
        problems = ParamValidator().validate(parameters, model.input_shape)
        assert not problems.has_errors(), problems.generate_report()
        self.calls.append(operation)
        if operation in self.before:
            self.before.pop(operation)()
        if operation in self.denied:
            raise error(operation, self.denied[operation], f"not authorized to perform: cloudformation:{operation}")
        if operation in self.lost:
            self.lost.remove(operation)
            getattr(self, f"_{operation}")(**parameters)
        answer: dict[str, Any] = getattr(self, f"_{operation}")(**parameters) or {}
        if model.output_shape is not None:
            problems = ParamValidator().validate(answer, model.output_shape)
            assert not problems.has_errors(), problems.generate_report()
        if self.interrupt_at == operation:
            self.interrupt_at = None
            for stack in self.stacks:  # Time passes until the next run.
                next(stack.steps, None)
            raise KeyboardInterrupt
        return answer

    def find(self, name: str, operation: str = "DescribeStacks") -> StackDouble:
        for stack in reversed(self.stacks):
            if name == stack.arn or (name == stack.name and stack.status != "DELETE_COMPLETE"):
                return stack
        raise error(operation, "ValidationError", f"Stack with id {name} does not exist")

    def _DescribeStacks(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        stack = self.find(StackName)
        answer = {
            "StackName": stack.name,
            "StackId": stack.arn,
            "StackStatus": stack.status,
            "CreationTime": _NOW,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()],
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in stack.outputs.items()],
        }
        # The operation goes on after the response, so an operation that has just begun may not be seen.
        for _ in itertools.islice(stack.steps, STEPS_PER_CALL):
            pass
        return {"Stacks": [answer]}

    def _ListStacks(self, StackStatusFilter: list[str]) -> dict[str, Any]:  # noqa: N802, N803
        summaries = [
            {"StackName": each.name, "StackId": each.arn, "StackStatus": each.status, "CreationTime": each.created}
            for each in reversed(self.stacks)
            if each.status in StackStatusFilter
        ]
        return {"StackSummaries": summaries}

    def _DescribeStackEvents(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"StackEvents": self.find(StackName).events[::-1]}

    def _ListStackResources(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        stack = self.find(StackName)
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": name,
                    "PhysicalResourceId": stack.physical_id(name, kind),
                    "ResourceType": kind,
                    "ResourceStatus": status,
                    "LastUpdatedTimestamp": _NOW,
                }
                for name, (kind, status) in stack.resources.items()
            ]
        }

    def _CreateChangeSet(  # noqa: N802
        self,
        StackName: str,  # noqa: N803
        ChangeSetName: str,  # noqa: N803
        ChangeSetType: str,  # noqa: N803
        Parameters: list[dict[str, Any]] = (),  # type: ignore[assignment] # noqa: N803
        Capabilities: list[str] = ("CAPABILITY_IAM",),  # type: ignore[assignment] # noqa: N803
        TemplateURL: str | None = None,  # noqa: N803
        TemplateBody: str | None = None,  # noqa: N803
        UsePreviousTemplate: bool = False,  # noqa: N803
        ResourcesToImport: list[dict[str, Any]] = (),  # type: ignore[assignment] # noqa: N803
        ClientToken: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        assert list(Capabilities) == ["CAPABILITY_IAM"]
        try:
            stack = self.find(StackName)
        except ClientError:
            assert ChangeSetType in {"CREATE", "IMPORT"}
            stack = StackDouble(StackName, next(self._ids))
            self.stacks.append(stack)
            self.add_event(stack, None, "REVIEW_IN_PROGRESS")
        created = {"Id": f"{stack.arn}/{ChangeSetName}", "StackId": stack.arn}
        if ClientToken and stack.change_sets.get(ChangeSetName, {}).get("token") == ClientToken:
            return created
        is_new = stack.status in {"REVIEW_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"}
        assert (ChangeSetType in {"CREATE", "IMPORT"}) == is_new
        assert stack.status == "REVIEW_IN_PROGRESS" or stack.status.endswith("_COMPLETE"), stack.status
        if ChangeSetName in stack.change_sets:
            raise error("CreateChangeSet", "AlreadyExistsException", f"ChangeSet {ChangeSetName} already exists")
        body = TemplateBody or (stack.body if UsePreviousTemplate else downloaded(TemplateURL or ""))
        values = {
            each["ParameterKey"]: stack.parameters[each["ParameterKey"]]
            if each.get("UsePreviousValue")
            else each["ParameterValue"]
            for each in Parameters
        }
        wanted = Evaluated(StackName, body, values)
        to_import = {each["LogicalResourceId"]: each for each in ResourcesToImport}
        changes = list(self._changes(stack, wanted))
        if ChangeSetType == "IMPORT":
            if reason := self._refuse_import(body, to_import):
                stack.change_sets[ChangeSetName] = {"Status": "FAILED", "StatusReason": reason, "Changes": []}
                return created
            for each in changes:
                each["ResourceChange"]["Action"] = "Import"
        is_unchanged = stack.body == body and stack.parameters == wanted.parameters
        stack.change_sets[ChangeSetName] = {
            "StackName": StackName,
            "ChangeSetName": ChangeSetName,
            "Status": "FAILED" if is_unchanged else "CREATE_COMPLETE",
            "StatusReason": UNCHANGED if is_unchanged else "",
            "Changes": changes,
            "body": body,
            "wanted": wanted,
            "import": to_import,
            "token": ClientToken,
        }
        return created

    def _refuse_import(self, body: str, to_import: Mapping[str, Any]) -> str:
        """Return why CloudFormation does not import these resources, as the guide of the import says; or nothing."""
        document = parsed(body)
        if document["Resources"].keys() != to_import.keys() or "Outputs" in document:
            return "As part of the import operation, you cannot modify or add [Outputs] or other resources"
        if any("DeletionPolicy" not in each for each in document["Resources"].values()):
            return "Resources to import must have a DeletionPolicy"
        owned = {
            stack.physical_id(name, kind)
            for stack in self.stacks
            if stack.status != "DELETE_COMPLETE"
            for name, (kind, status) in stack.resources.items()
            if status not in {"DELETE_COMPLETE", "DELETE_SKIPPED", "IMPORT_ROLLBACK_COMPLETE"}
        }
        for name, each in to_import.items():
            ((identifier, value),) = each["ResourceIdentifier"].items()
            expected = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
            assert identifier == expected.get(each["ResourceType"], "Id")
            if not has_data(each["ResourceType"], value):
                return f"Resource {name} with identifier {value} does not exist"
            if value in owned:
                return f"Resource {name} already exists in stack"
        return ""

    def _find_change_set(self, arn: str, operation: str) -> tuple[StackDouble, dict[str, Any]]:
        stack_id, _, name = arn.rpartition("/")
        stack = self.find(stack_id)
        if name not in stack.change_sets:
            raise error(operation, "ChangeSetNotFound", f"ChangeSet [{arn}] does not exist")
        return stack, stack.change_sets[name]

    def _ListChangeSets(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"Summaries": [{"ChangeSetName": name} for name in self.find(StackName).change_sets]}

    def _changes(self, stack: StackDouble, wanted: Evaluated) -> Iterator[dict[str, Any]]:
        before = Evaluated(stack.name, stack.body, stack.parameters).resources if stack.body else {}
        for name in sorted({*before, *wanted.resources}):
            change: dict[str, Any] = {"LogicalResourceId": name}
            if name not in wanted.resources:
                change |= {"Action": "Remove", "ResourceType": before[name][0]}
            elif name not in before:
                change |= {"Action": "Add", "ResourceType": wanted.resources[name][0]}
            elif before[name] != wanted.resources[name]:
                kind, properties = wanted.resources[name]
                old = before[name][1]
                changed = sorted(key for key in {*old, *properties} if old.get(key) != properties.get(key))
                is_replaced = RETAINED.get(kind) in changed
                change |= {
                    "Action": "Modify",
                    "ResourceType": kind,
                    "Replacement": str(is_replaced),
                    "Details": [{"Target": {"Attribute": "Properties", "Name": key}} for key in changed],
                }
            else:
                continue
            yield {"Type": "Resource", "ResourceChange": change}

    def _DescribeChangeSet(self, ChangeSetName: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N802, N803
        _, change_set = self._find_change_set(ChangeSetName, "DescribeChangeSet")
        shown = {key: value for key, value in change_set.items() if key[0].isupper()}
        first = int(NextToken)
        more = {"NextToken": str(first + 50)} if len(shown["Changes"]) > first + 50 else {}
        return {**shown, "Changes": shown["Changes"][first : first + 50], **more}

    def _DeleteChangeSet(self, ChangeSetName: str) -> None:  # noqa: N802, N803
        stack, _ = self._find_change_set(ChangeSetName, "DeleteChangeSet")
        del stack.change_sets[ChangeSetName.rpartition("/")[2]]

    def _ExecuteChangeSet(self, ChangeSetName: str, ClientRequestToken: str = "") -> None:  # noqa: N802, N803
        if ClientRequestToken and ClientRequestToken == self._executed:
            return
        stack, change_set = self._find_change_set(ChangeSetName, "ExecuteChangeSet")
        self._executed = ClientRequestToken
        run = self._import if change_set["import"] else self._execute
        stack.steps = run(stack, change_set)
        stack.change_sets.clear()

    def _import(self, stack: StackDouble, change_set: Mapping[str, Any]) -> Iterator[None]:
        self.add_event(stack, None, "IMPORT_IN_PROGRESS")
        yield
        for name, each in change_set["import"].items():
            kind = each["ResourceType"]
            (stack.imported[name],) = each["ResourceIdentifier"].values()
            self.add_event(stack, name, "IMPORT_IN_PROGRESS", kind)
            yield
            if self.fail_at is not None and self.fail_at[0] == name:
                self.add_event(stack, name, "IMPORT_FAILED", kind, self.fail_at[1])
                self.fail_at = None
                self.add_event(stack, None, "IMPORT_ROLLBACK_IN_PROGRESS")
                yield
                for imported, (of_kind, _) in list(stack.resources.items()):
                    self.add_event(stack, imported, "IMPORT_ROLLBACK_COMPLETE", of_kind)
                self.add_event(stack, None, "IMPORT_ROLLBACK_COMPLETE")
                return
            self.add_event(stack, name, "IMPORT_COMPLETE", kind)
            yield
        stack.body, stack.parameters, stack.outputs = change_set["body"], {}, {}
        self.add_event(stack, None, "IMPORT_COMPLETE")

    def _execute(self, stack: StackDouble, change_set: Mapping[str, Any]) -> Iterator[None]:
        verb = "CREATE" if stack.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        wanted: Evaluated = change_set["wanted"]
        before = Evaluated(stack.name, stack.body, stack.parameters).resources if stack.body else {}
        self.add_event(stack, None, f"{verb}_IN_PROGRESS")
        yield
        for each in change_set["Changes"]:
            change = each["ResourceChange"]
            name, kind = change["LogicalResourceId"], change["ResourceType"]
            done = {"Add": "CREATE", "Modify": "UPDATE", "Remove": "DELETE"}[change["Action"]]
            self.add_event(stack, name, f"{done}_IN_PROGRESS", kind)
            yield
            if kind == dns.RECORDS and (reason := dns.replace_records(before.get(name), wanted.resources.get(name))):
                self.fail_at = (name, reason)
            if self.fail_at is not None and self.fail_at[0] == name:
                cancelled = "Resource creation cancelled"
                self.add_event(stack, "AuthorAccess", f"{done}_FAILED", "AWS::IAM::ManagedPolicy", cancelled)
                self.add_event(stack, name, f"{done}_FAILED", kind, self.fail_at[1])
                self.fail_at = None
                yield from self._roll_back(stack, verb)
                return
            if done == "CREATE":
                create_data(stack.name, name, kind)
            self.add_event(stack, name, f"{done}_COMPLETE", kind)
            if done == "DELETE":
                stack.resources.pop(name)
            yield
        stack.body, stack.parameters, stack.outputs = change_set["body"], wanted.parameters, wanted.outputs
        self.add_event(stack, None, f"{verb}_COMPLETE")

    def _roll_back(self, stack: StackDouble, verb: str) -> Iterator[None]:
        prefix = "" if verb == "CREATE" else "UPDATE_"
        self.add_event(stack, None, f"{prefix}ROLLBACK_IN_PROGRESS")
        yield
        if self.fail_rollback:
            self.fail_rollback = False
            self.add_event(stack, None, f"{prefix}ROLLBACK_FAILED")
            return
        if verb == "CREATE":
            for name, (kind, _) in list(stack.resources.items()):
                delete_data(stack.name, name, kind)
                self.add_event(stack, name, "DELETE_COMPLETE", kind)
                yield
        self.add_event(stack, None, f"{prefix}ROLLBACK_COMPLETE")

    def _ContinueUpdateRollback(self, StackName: str) -> None:  # noqa: N802, N803
        stack = self.find(StackName)
        assert stack.status == "UPDATE_ROLLBACK_FAILED"
        stack.steps = self._roll_back(stack, "UPDATE")
        next(stack.steps)

    def _DeleteStack(self, StackName: str) -> None:  # noqa: N802, N803
        stack = self.find(StackName)
        if stack.status == "REVIEW_IN_PROGRESS":
            self.add_event(stack, None, "DELETE_COMPLETE")
            return
        stack.steps = self._delete(stack)
        next(stack.steps)

    def _delete(self, stack: StackDouble) -> Iterator[None]:
        self.add_event(stack, None, "DELETE_IN_PROGRESS")
        yield
        for name, (kind, status) in list(stack.resources.items()):
            if status == "DELETE_COMPLETE":
                continue
            if self.fail_at is not None and self.fail_at[0] == name:
                self.add_event(stack, name, "DELETE_FAILED", kind, self.fail_at[1])
                self.fail_at = None
                self.add_event(stack, None, "DELETE_FAILED")
                return
            entry = parsed(stack.body)["Resources"][name] if stack.body else {}
            if kind == dns.RECORDS:
                dns.replace_records(Evaluated(stack.name, stack.body, stack.parameters).resources[name], None)
            is_kept = entry.get("DeletionPolicy") == "RetainExceptOnCreate"
            self.add_event(stack, name, "DELETE_SKIPPED" if is_kept else "DELETE_COMPLETE", kind)
            yield
        self.add_event(stack, None, "DELETE_COMPLETE")

    def add_event(self, stack: StackDouble, name: str | None, status: str, kind: str = "", reason: str = "") -> None:
        if name is None:
            stack.status = status
        else:
            stack.resources[name] = (kind, status)
        event = {
            "EventId": f"event-{next(self._ids)}",
            "StackId": stack.arn,
            "StackName": stack.name,
            "LogicalResourceId": name or stack.name,
            "PhysicalResourceId": stack.arn if name is None else stack.physical_id(name, kind),
            "ResourceType": kind or "AWS::CloudFormation::Stack",
            "ResourceStatus": status,
            "Timestamp": _NOW,
        }
        stack.events.append(event | ({"ResourceStatusReason": reason} if reason else {}))


def error(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def downloaded(url: str) -> str:
    """Return the object at the URL, as CloudFormation reads a template from a bucket of the same account."""
    parts = urlsplit(url)
    body: bytes = client("s3").get_object(Bucket=parts.netloc.split(".")[0], Key=parts.path[1:])["Body"].read()
    return body.decode()


def physical_id(stack: str, name: str, kind: str) -> str:
    if kind == "AWS::DynamoDB::Table":
        return f"{stack}-{name.removesuffix('Table').lower()}"
    if kind == "AWS::SecretsManager::Secret":
        return f"kolom-{name.lower()}"
    return f"{stack}-{name.lower()}" if kind != "AWS::S3::Bucket" else created_by_moto().buckets[name]


def create_data(stack: str, name: str, kind: str) -> None:
    """Create a resource with content in moto."""
    if kind == "AWS::DynamoDB::Table":
        table = created_by_moto().tables[name].create
        client("dynamodb").create_table(**{**table, "TableName": physical_id(stack, name, kind)})
    elif kind == "AWS::S3::Bucket":
        client("s3").create_bucket(Bucket=physical_id(stack, name, kind))
    elif kind == "AWS::SecretsManager::Secret":
        client("secretsmanager").create_secret(Name=physical_id(stack, name, kind), SecretString="s" * 64)


def has_data(kind: str, identifier: str) -> bool:
    """Return whether a resource with content exists in moto."""
    try:
        if kind == "AWS::DynamoDB::Table":
            client("dynamodb").describe_table(TableName=identifier)
        elif kind == "AWS::S3::Bucket":
            client("s3").head_bucket(Bucket=identifier)
        else:
            client("secretsmanager").describe_secret(SecretId=identifier)
    except ClientError:
        return False
    return True


def delete_data(stack: str, name: str, kind: str) -> None:
    """Delete a resource whose creation is rolled back."""
    if kind == "AWS::DynamoDB::Table":
        client("dynamodb").delete_table(TableName=physical_id(stack, name, kind))
    elif kind == "AWS::S3::Bucket":
        client("s3").delete_bucket(Bucket=physical_id(stack, name, kind))
    elif kind == "AWS::SecretsManager::Secret":
        client("secretsmanager").delete_secret(SecretId=physical_id(stack, name, kind), ForceDeleteWithoutRecovery=True)
