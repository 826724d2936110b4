"""Read ``template.yaml`` into a :class:`~kolom_cli.sam.model.Template`."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kolom_cli.sam.intrinsics import Resolver, TemplateError, parse
from kolom_cli.sam.model import (
    CacheBehavior,
    Cdn,
    Cors,
    EdgeHeader,
    Function,
    Route,
    Rule,
    Schedule,
    Secret,
    Statement,
    Stream,
    Table,
    Template,
    Throttle,
)
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames, with_public_url

_RATE = re.compile(r"rate\((\d+) (second|minute|hour|day)s?\)")
_QUERY_PARAMETERS = re.compile(r'^\s*const PARAMETERS = "([^"]*)"\.split\(" "\);$', re.MULTILINE)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)
_INDEX_PROPERTIES = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")


def load(
    path: Path,
    parameters: Mapping[str, str] = MappingProxyType({}),
    *,
    references: Mapping[str, str] = MappingProxyType({}),
    public_url: str | None = None,
) -> Template:
    """Read the template at ``path`` with ``parameters`` in place of their defaults.

    ``references`` overrides the values of ``!Ref X`` (key ``X``) and ``!GetAtt X.Y`` (key ``X.Y``). With
    ``public_url``, the URLs of the API and of CloudFront distributions are replaced by it. Raises
    :class:`TemplateError`.
    """
    document = read_document(path)
    values = parameter_values(document.get("Parameters", {}), parameters)
    names = ResourceNames(document["Resources"], references)
    resolver = names.resolver = Resolver(document, values, names)
    return _Reader(document, resolver, names, path, public_url).template(parameters, values)


def read_document(path: Path) -> dict[str, Any]:
    """Return the template at ``path`` as plain data, with its intrinsic functions. Raises :class:`TemplateError`."""
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise TemplateError(f"cannot read the template: {error}") from error


class _Reader:
    """Reads one template, part by part."""

    def __init__(
        self, document: dict[str, Any], resolver: Resolver, names: ResourceNames, path: Path, public_url: str | None
    ) -> None:
        self._document = document
        self._resolver = resolver
        self._names = names
        self._path = path
        self._public_url = public_url
        self._globals = document.get("Globals", {})
        self._events: list[tuple[str, str, str, dict[str, Any]]] = []

    def template(self, overrides: Mapping[str, str], values: Mapping[str, object]) -> Template:
        functions = {function.name: function for function in self._functions()}
        cors, throttle = self._api()
        shown = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in values.items()}
        return Template(
            path=self._path,
            parameters={**shown, **overrides},
            functions=functions,
            routes=tuple(self._routes()),
            streams=tuple(self._streams()),
            schedules=tuple(self._schedules()),
            rules=tuple(self._rules()),
            tables={table.logical_id: table for table in self._tables()},
            buckets={logical_id: str(self._names.ref(logical_id)) for logical_id, _ in self._all("AWS::S3::Bucket")},
            secrets={secret.logical_id: secret for secret in self._secrets()},
            cors=cors,
            throttle=throttle,
            cdn=self._cdn(),
            outputs=self._outputs(),
        )

    def _all(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the resolved properties of the resources of one type whose condition is true."""
        return [
            (logical_id, self._resolve(resource.get("Properties", {})))
            for logical_id, resource in self._document["Resources"].items()
            if resource["Type"] == kind
            and ("Condition" not in resource or self._resolver.condition(resource["Condition"]))
        ]

    def _resolve(self, value: Any) -> Any:
        resolved = self._resolver.resolve(value)
        return with_public_url(resolved, self._public_url) if self._public_url else resolved

    def _functions(self) -> list[Function]:
        shared = self._resolve(self._globals.get("Function", {}))
        functions = []
        for logical_id, own in self._all("AWS::Serverless::Function"):
            properties = {**shared, **own}
            variables = {
                **shared.get("Environment", {}).get("Variables", {}),
                **own.get("Environment", {}).get("Variables", {}),
            }
            code_dir = (self._path.parent / properties["CodeUri"]).resolve()
            statements, managed = _policies(properties.get("Policies", []))
            functions.append(
                Function(
                    name=code_dir.name,
                    logical_id=logical_id,
                    physical_name=str(self._names.ref(logical_id)),
                    arn=self._names.attribute(logical_id, "Arn"),
                    code_dir=code_dir,
                    handler=properties["Handler"],
                    environment={name: _text(value) for name, value in variables.items()},
                    timeout_seconds=int(properties.get("Timeout", 3)),
                    memory_mb=int(properties.get("MemorySize", 128)),
                    policies=statements,
                    managed_policies=managed,
                )
            )
            for event, definition in properties.get("Events", {}).items():
                entry = (code_dir.name, event, definition["Type"], definition.get("Properties", {}))
                self._events.append(entry)
        if len({function.name for function in functions}) != len(functions):
            raise TemplateError("the code folders of two functions have the same name")
        return functions

    def _of_type(self, *kinds: str) -> list[tuple[str, str, dict[str, Any]]]:
        return [(function, event, rest) for function, event, kind, rest in self._events if kind in kinds]

    def _routes(self) -> list[Route]:
        return [
            Route(method=event.get("Method", "ANY").upper(), path=event.get("Path", "$default"), function=function)
            for function, _, event in self._of_type("HttpApi")
        ]

    def _streams(self) -> list[Stream]:
        return [
            Stream(
                function=function,
                table=event["Stream"].split(":table/")[1].split("/")[0],
                starting_position=event.get("StartingPosition", "TRIM_HORIZON"),
                batch_size=int(event.get("BatchSize", 100)),
                filters=tuple(each["Pattern"] for each in event.get("FilterCriteria", {}).get("Filters", [])),
                reports_failures="ReportBatchItemFailures" in event.get("FunctionResponseTypes", []),
                maximum_retries=_retries(event.get("MaximumRetryAttempts", -1)),
                bisects=_text(event.get("BisectBatchOnFunctionError", False)) == "true",
                window_seconds=int(event.get("MaximumBatchingWindowInSeconds", 0)),
            )
            for function, _, event in self._of_type("DynamoDB")
            if _text(event.get("Enabled", True)) == "true"
        ]

    def _schedules(self) -> list[Schedule]:
        schedules = []
        for function, name, event in self._of_type("Schedule", "ScheduleV2"):
            if event.get("State", "ENABLED") != "ENABLED" or _text(event.get("Enabled", True)) != "true":
                continue
            expression = event.get("ScheduleExpression") or event["Schedule"]
            if not (match := _RATE.fullmatch(expression)):
                raise TemplateError(f"{function}: only rate(...) schedules are supported, not {expression!r}")
            seconds = int(match[1]) * _SECONDS[match[2]]
            schedules.append(Schedule(name=name, function=function, every_seconds=seconds, payload=event.get("Input")))
        return schedules

    def _rules(self) -> list[Rule]:
        return [
            Rule(function=function, pattern=json.dumps(event["Pattern"]))
            for function, _, event in self._of_type("EventBridgeRule", "CloudWatchEvent")
        ]

    def _tables(self) -> list[Table]:
        tables = []
        for logical_id, properties in self._all("AWS::DynamoDB::Table"):
            create = {name: properties[name] for name in _TABLE_PROPERTIES if name in properties}
            for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
                if kind in create:
                    create[kind] = [
                        {name: index[name] for name in _INDEX_PROPERTIES if name in index} for index in create[kind]
                    ]
            if stream := properties.get("StreamSpecification"):
                create["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
            name = str(self._names.ref(logical_id))
            ttl = properties.get("TimeToLiveSpecification", {})
            tables.append(
                Table(
                    logical_id=logical_id,
                    name=name,
                    create={"TableName": name, **create},
                    ttl_attribute=ttl.get("AttributeName") if _text(ttl.get("Enabled", False)) == "true" else None,
                )
            )
        return tables

    def _secrets(self) -> list[Secret]:
        return [
            Secret(
                logical_id=logical_id,
                name=self._names.name(logical_id),
                text=properties.get("SecretString"),
                generate=properties.get("GenerateSecretString"),
            )
            for logical_id, properties in self._all("AWS::SecretsManager::Secret")
        ]

    def _api(self) -> tuple[Cors | None, Throttle | None]:
        apis = self._all("AWS::Serverless::HttpApi")
        properties = {**self._resolve(self._globals.get("HttpApi", {})), **(apis[0][1] if apis else {})}
        settings = properties.get("DefaultRouteSettings", {})
        throttle = None
        if "ThrottlingRateLimit" in settings:
            rate = float(settings["ThrottlingRateLimit"])
            throttle = Throttle(burst=int(settings.get("ThrottlingBurstLimit", rate)), rate=rate)
        return _cors(properties.get("CorsConfiguration")), throttle

    def _cdn(self) -> Cdn | None:
        distributions = self._all("AWS::CloudFront::Distribution")
        if not distributions:
            return None
        logical_id, properties = distributions[0]
        config = properties["DistributionConfig"]
        policies = {
            str(self._names.ref(policy)): _edge_headers(each["ResponseHeadersPolicyConfig"])
            for policy, each in self._all("AWS::CloudFront::ResponseHeadersPolicy")
        }
        return Cdn(
            domain=self._names.attribute(logical_id, "DomainName"),
            aliases=tuple(config.get("Aliases", ())),
            behaviors=tuple(
                CacheBehavior(
                    pattern=each.get("PathPattern", "*"),
                    origin=each["TargetOriginId"],
                    methods=tuple(each.get("AllowedMethods", ("GET", "HEAD"))),
                    headers=policies[each["ResponseHeadersPolicyId"]] if "ResponseHeadersPolicyId" in each else (),
                    function_event_types=tuple(one["EventType"] for one in each.get("FunctionAssociations", ())),
                )
                for each in [*config.get("CacheBehaviors", ()), config["DefaultCacheBehavior"]]
            ),
            query_parameters=self._query_parameters(),
        )

    def _query_parameters(self) -> frozenset[str] | None:
        """Return the list in the code of CloudFront's function, which this package cannot run."""
        codes = (properties["FunctionCode"] for _, properties in self._all("AWS::CloudFront::Function"))
        lists = (match[1].split() for code in codes if (match := _QUERY_PARAMETERS.search(code)))
        return next(map(frozenset, lists), None)

    def _outputs(self) -> dict[str, str]:
        return {
            name: _text(self._resolve(output["Value"]))
            for name, output in self._document.get("Outputs", {}).items()
            if "Condition" not in output or self._resolver.condition(output["Condition"])
        }


def _text(value: object) -> str:
    """Return a value as CloudFormation passes it: ``true``, not ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _many(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (str(value),)


def _retries(value: Any) -> int | None:
    return None if int(value) < 0 else int(value)


def _policies(policies: Any) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
    statements: list[Statement] = []
    managed: list[str] = []
    for policy in policies if isinstance(policies, list) else [policies]:
        if not isinstance(policy, dict):
            managed.append(str(policy))
        elif "Statement" in policy:
            inline = policy["Statement"]
            for each in inline if isinstance(inline, list) else [inline]:
                statements.append(  # noqa: PERF401 (two levels and a type test read worse as a comprehension)
                    Statement(
                        effect=each["Effect"],
                        actions=_many(each["Action"]),
                        resources=_many(each["Resource"]),
                        condition=each.get("Condition", {}),
                    )
                )
        else:
            managed.extend(policy)
    return tuple(statements), tuple(managed)


def _edge_headers(policy: dict[str, Any]) -> tuple[EdgeHeader, ...]:
    """Return the headers that a response headers policy adds. CORS must allow all origins, or it is refused.

    :raises TemplateError: the policy allows only some origins, or has an unsupported header
    """
    headers = []
    for kind, settings in policy.get("SecurityHeadersConfig", {}).items():
        name, value = _security_header(kind, settings)
        headers.append(EdgeHeader(name=name, value=value, override=_text(settings["Override"]) == "true"))
    for each in policy.get("CustomHeadersConfig", {}).get("Items", ()):
        override = _text(each["Override"]) == "true"
        headers.append(EdgeHeader(name=each["Header"], value=_text(each["Value"]), override=override))
    if cors := policy.get("CorsConfig"):
        if cors["AccessControlAllowOrigins"]["Items"] != ["*"]:
            raise TemplateError("only response headers policies that allow all origins are supported")
        override = _text(cors["OriginOverride"]) == "true"
        headers.append(EdgeHeader(name="Access-Control-Allow-Origin", value="*", override=override))
    return tuple(headers)


def _security_header(kind: str, settings: dict[str, Any]) -> tuple[str, str]:
    match kind:
        case "ContentSecurityPolicy":
            return "Content-Security-Policy", settings["ContentSecurityPolicy"]
        case "ContentTypeOptions":
            return "X-Content-Type-Options", "nosniff"
        case "FrameOptions":
            return "X-Frame-Options", settings["FrameOption"]
        case "ReferrerPolicy":
            return "Referrer-Policy", settings["ReferrerPolicy"]
        case "StrictTransportSecurity":
            flags = [("IncludeSubdomains", "includeSubDomains"), ("Preload", "preload")]
            directives = [text for name, text in flags if _text(settings.get(name, False)) == "true"]
            return "Strict-Transport-Security", "; ".join(
                [f"max-age={settings['AccessControlMaxAgeSec']}", *directives]
            )
        case _:
            raise TemplateError(f"a response headers policy with {kind} is not supported")


def _cors(settings: Any) -> Cors | None:
    if not settings:
        return None
    if settings is True:
        return Cors(allow_origins=("*",))
    return Cors(
        allow_origins=_many(settings.get("AllowOrigins", [])),
        allow_methods=_many(settings.get("AllowMethods", [])),
        allow_headers=_many(settings.get("AllowHeaders", [])),
        expose_headers=_many(settings.get("ExposeHeaders", [])),
        max_age_seconds=int(settings["MaxAge"]) if "MaxAge" in settings else None,
        allow_credentials=_text(settings.get("AllowCredentials", False)) == "true",
    )
