"""Parse the responses of DynamoDB faster than botocore.

botocore walks through a response with the description of the service, member by member. For an item, this takes more
processor time than everything else that a request does: each value may have ten types, and botocore looks for all of
them. But the JSON of DynamoDB has the format of botocore's result already, except that binary values are in Base64
(*Amazon DynamoDB Developer Guide, DynamoDB low-level API*).
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory

type Value = dict[str, Any]
"""A value as DynamoDB sends it: ``{"S": "x"}``."""


class ItemParser(JSONParser):
    """A parser of DynamoDB's JSON that decodes items by itself."""

    def _handle_map(self, shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
        # botocore has no public hook for a part of a response. A test compares the results with those of its parser.
        if shape.value.name == "AttributeValue":
            return decode_item(value)
        botocores: Any = super()
        parsed: dict[str, Any] = botocores._handle_map(shape, value)  # noqa: SLF001
        return parsed


class ItemParserFactory(ResponseParserFactory):
    """Creates the parsers of a session. To get credentials, a session may call STS or SSO by other protocols."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """Return a parser for DynamoDB's protocol, JSON; botocore's own for any other."""
        return ItemParser() if protocol_name == "json" else super().create_parser(protocol_name)


def decode_item(item: Mapping[str, Value]) -> dict[str, Value]:
    """Return an item, or a map within one, with binary values as bytes."""
    return {name: _decode(value) for name, value in item.items()}


def _decode(value: Value) -> Value:
    (kind,) = value
    decode = _DECODERS.get(kind)
    return value if decode is None else {kind: decode(value[kind])}


_DECODERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "B": b64decode,
    "BS": lambda values: [b64decode(each) for each in values],
    "L": lambda values: [_decode(each) for each in values],
    "M": decode_item,
}
