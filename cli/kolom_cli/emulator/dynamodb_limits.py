"""The limits of DynamoDB, and the size of attribute values by its rules."""

from decimal import Decimal
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType

ITEM_LIMIT_BYTES = 400 * 1024
TRANSACTION_LIMIT_BYTES = 4 * 1024 * 1024
TRANSACTION_LIMIT_ITEMS = 100
HASH_KEY_LIMIT_BYTES = 2_048
BATCH_WRITE_LIMIT_ITEMS = 25
NUMBER_LIMIT_DIGITS = 38


def size_bytes(value: DynamoType) -> int:
    """Return the size of an attribute value by DynamoDB's rules (developer guide, "Item sizes and formats")."""
    raw = value.value
    if value.is_number():
        return _number_size(raw)
    if value.is_set():
        member = {"NS": _number_size, "BS": _binary_size}.get(value.type, lambda text: len(text.encode()))
        return sum(map(member, raw))
    if value.is_list():
        return 3 + sum(1 + DynamoType(item).size() for item in raw)
    if value.is_map():
        return 3 + sum(1 + len(name.encode()) + DynamoType(item).size() for name, item in raw.items())
    if value.is_binary():
        return _binary_size(raw)
    return len(raw.encode()) if isinstance(raw, str) else 1


def _binary_size(raw: str | bytes) -> int:
    return len(raw) if isinstance(raw, bytes) else len(raw) * 3 // 4 - raw[-2:].count("=")


def _number_size(raw: object) -> int:
    digits = str(raw).lstrip("-").split("e")[0].split("E")[0].replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + str(raw).startswith("-")


def check_numbers(value: Any) -> None:
    """Check that all numbers in an item or a request have at most 38 significant digits, as DynamoDB does.

    :raises MockValidationException: a number has more digits
    """
    if isinstance(value, list):
        for item in value:
            check_numbers(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            numbers = [item] if name == "N" else item if name == "NS" else []
            for number in numbers:
                if isinstance(number, str) and len(number) > NUMBER_LIMIT_DIGITS:
                    _check_number(number)
            check_numbers(item)


def _check_number(number: str) -> None:
    try:
        digits = Decimal(number).as_tuple().digits
    except ArithmeticError:
        return  # moto itself reports the error.
    if len("".join(map(str, digits)).strip("0")) > NUMBER_LIMIT_DIGITS:
        raise MockValidationException("Attempting to store more than 38 significant digits in a Number")
