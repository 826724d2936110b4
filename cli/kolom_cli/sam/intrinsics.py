"""Parse CloudFormation's YAML and evaluate the intrinsic functions that a single stack needs."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import yaml

ACCOUNT_ID = "123456789012"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT_ID}:stack/kolom/local",
    "AWS::StackName": "kolom",
    "AWS::URLSuffix": "amazonaws.com",
}
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class TemplateError(Exception):
    """The template, or the value of one of its parameters, is invalid."""


class _NoValue:
    """The value of ``AWS::NoValue``, which removes a property."""


NO_VALUE = _NoValue()


class References(Protocol):
    """The names and attributes of a template's deployed resources."""

    def ref(self, logical_id: str) -> object:
        """Return the value of ``!Ref logical_id`` for a resource."""
        ...

    def attribute(self, logical_id: str, name: str) -> str:
        """Return the value of ``!GetAtt logical_id.name``."""
        ...


class _Loader(yaml.CSafeLoader):
    """The YAML loader that converts CloudFormation's short forms (``!Ref x``) to their long forms."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_multi_constructor("!", _short_form)
# CloudFormation reads dates as text, but YAML 1.1 as timestamps.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def parse(text: str) -> dict[str, Any]:
    """Return the template as plain data, with intrinsic functions in their long form (``{"Ref": "x"}``)."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise TemplateError(f"not readable as YAML: {error}") from error
    if not isinstance(document, dict) or "Resources" not in document:
        raise TemplateError("no Resources section: not a CloudFormation template")
    return document


class Resolver:
    """Evaluates intrinsic functions.

    Conditions are evaluated when they are used. An unsupported function raises a :class:`TemplateError` with its
    name, and is never passed through as a value.
    """

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, object], references: References) -> None:
        self._conditions: Mapping[str, Any] = document.get("Conditions", {})
        self._mappings: Mapping[str, Any] = document.get("Mappings", {})
        self._resources: Mapping[str, Any] = document["Resources"]
        self._values: dict[str, object] = {**PSEUDO_PARAMETERS, **parameters, "AWS::NoValue": NO_VALUE}
        self._references = references
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Equals": lambda both: self.resolve(both[0]) == self.resolve(both[1]),
            "Fn::Not": lambda one: not self.resolve(one[0]),
            "Fn::And": lambda all_of: all(self.resolve(each) for each in all_of),
            "Fn::Or": lambda any_of: any(self.resolve(each) for each in any_of),
            "Fn::Join": lambda pair: pair[0].join(str(part) for part in self.resolve(pair[1])),
            "Fn::Select": lambda pair: self.resolve(pair[1])[int(self.resolve(pair[0]))],
            "Fn::Split": lambda pair: self.resolve(pair[1]).split(pair[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda text: base64.b64encode(str(self.resolve(text)).encode()).decode(),
        }

    def resolve(self, value: Any) -> Any:
        """Return ``value`` with every intrinsic function evaluated and every ``AWS::NoValue`` removed."""
        if isinstance(value, dict):
            if len(value) == 1:
                (name,) = value
                # IAM statements also have the key {"Condition": {...}}.
                if name in self._functions and not (name == "Condition" and not isinstance(value[name], str)):
                    return self._functions[name](value[name])
                if str(name).startswith("Fn::"):
                    raise TemplateError(f"{name} is not supported")
            resolved = {key: self.resolve(item) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        return value

    def ref(self, name: str) -> object:
        """Return a parameter's value or a resource's name."""
        if name in self._values:
            return self._values[name]
        if name in self._resources:
            return self._references.ref(name)
        raise TemplateError(f"Ref: no parameter or resource {name!r}")

    def condition(self, name: str) -> bool:
        """Return whether the condition ``name`` is true."""
        if name not in self._conditions:
            raise TemplateError(f"no condition {name!r}")
        return bool(self.resolve(self._conditions[name]))

    def _get_att(self, target: list[Any]) -> str:
        logical_id, attribute = target[0], str(self.resolve(target[1]))
        if logical_id not in self._resources:
            raise TemplateError(f"GetAtt: no resource {logical_id!r}")
        return self._references.attribute(logical_id, attribute)

    def _sub(self, argument: Any) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else argument

        def value_of(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return "${" + name + "}"
            if name in local:
                return str(self.resolve(local[name]))
            if "." in name:
                return self._get_att(name.split(".", 1))
            return str(self.ref(name))

        return _PLACEHOLDER.sub(value_of, text)

    def _if(self, argument: list[Any]) -> Any:
        name, then, otherwise = argument
        return self.resolve(then if self.condition(name) else otherwise)

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = (str(self.resolve(part)) for part in argument[:3])
        try:
            return self.resolve(self._mappings[name][first][second])
        except KeyError as error:
            raise TemplateError(f"FindInMap: {name} has no {first}.{second}") from error
