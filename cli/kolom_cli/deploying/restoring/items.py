"""Items in DynamoDB's format: compare them, and write conditions on them. Pure."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

type Item = Mapping[str, Mapping[str, Any]]
"""The attributes by their names, each a type with a value: ``{"id": {"N": "7"}}``."""

type Key = tuple[str, ...]
"""The values of the key attributes, which are texts in all tables."""


def key_of(item: Item, names: tuple[str, ...]) -> Key:
    """Return the key of an item."""
    return tuple(str(item[name]["S"]) for name in names)


def to_key_item(key: Key, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the key as an item."""
    return {name: {"S": value} for name, value in zip(names, key, strict=True)}


def text(item: Item, name: str) -> str:
    """Return a text attribute; empty if the item does not have it."""
    return str(item.get(name, {}).get("S", ""))


def number(item: Item, name: str, default: int = 0) -> int:
    """Return a whole number attribute, or the default if the item does not have it."""
    return int(item.get(name, {}).get("N", default))


def digest(item: Item, *, without: Collection[str] = ()) -> bytes:
    """Return a digest of an item, or of a part of it. Equal items have the same digest, whatever the order of sets."""
    kept = {name: _comparable(value) for name, value in item.items() if name not in without}
    return hashlib.blake2b(json.dumps(kept, sort_keys=True).encode(), digest_size=16).digest()


def unchanged_condition(item: Item | None, names: Collection[str], key_name: str) -> dict[str, Any]:
    """Return the condition arguments with which a write succeeds only while the stored item is ``item``.

    If that is None, there must be no item. Of attributes that ``item`` does not have, only those in ``names`` are
    looked at: an expression cannot say that there are no others.
    """
    if item is None:
        return {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": key_name}}
    terms, names_used, values = [], {}, {}
    for index, (name, value) in enumerate(sorted(item.items())):
        terms.append(f"#n{index}=:v{index}")
        names_used[f"#n{index}"] = name
        values[f":v{index}"] = value
    for index, name in enumerate(sorted(set(names) - item.keys())):
        terms.append(f"attribute_not_exists(#m{index})")
        names_used[f"#m{index}"] = name
    return {
        "ConditionExpression": " AND ".join(terms),
        "ExpressionAttributeNames": names_used,
        "ExpressionAttributeValues": values,
    }


def continue_counters(then: Item, now: Item | None, *, ignored: Collection[str] = ()) -> Item:
    """Return ``now`` if it has the content of ``then``, and otherwise ``then`` with counters that do not go backwards.

    ``version`` and ``revision`` count changes. Readers keep what they have read as long as these are the same, so a
    restored content gets numbers that no content had before. Attributes in ``ignored`` say nothing about the content.
    """
    if now is None:
        return then
    counters = {name for name in ("version", "revision") if name in then and name in now}
    not_compared = counters | set(ignored)
    has_caught_up = all(number(now, name) >= number(then, name) for name in counters)
    if has_caught_up and digest(then, without=not_compared) == digest(now, without=not_compared):
        return now
    return {**then, **{name: {"N": str(max(number(then, name), number(now, name) + 1))} for name in counters}}


def _comparable(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "B":
        return [kind, bytes(content).hex()]
    if kind == "BS":
        return [kind, sorted(bytes(each).hex() for each in content)]
    if kind in {"SS", "NS"}:
        return [kind, sorted(content)]
    if kind == "L":
        return [kind, [_comparable(each) for each in content]]
    if kind == "M":
        return [kind, {name: _comparable(each) for name, each in content.items()}]
    return [kind, content]
