"""Records have the attributes that PynamoDB reads from the same items."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from pynamodb.attributes import Attribute, DiscriminatorAttribute, JSONAttribute
from pynamodb.models import Model

from kolom.models import articles, comments, guard, messages, outbox, search
from kolom.models.base import Record, TimestampAttribute

MODULES: Final = (articles, comments, guard, messages, outbox, search)
VALUES: Final = {
    "S": "text",
    "N": "7",
    "B": b"data",
    "BOOL": False,
    "L": [{"S": "one"}, {"S": "two"}],
    "SS": ["one"],
    "NS": ["1"],
    "BS": [b"1"],
}


def models(base: type[Record] = Record) -> Iterator[type[Record]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def value_of(attribute: Attribute[Any], model: type[Record]) -> Any:
    match attribute:
        case DiscriminatorAttribute():
            return attribute.get_discriminator(model)
        case TimestampAttribute():
            return "2024-05-16T09:30:00Z"
        case JSONAttribute():
            return '{"a": [1]}'
    return VALUES[attribute.attr_type]


def stored(model: type[Record]) -> dict[str, dict[str, Any]]:
    """Return an item with all attributes of a model, and one that it lacks."""
    values = {each.attr_name: (each, value_of(each, model)) for each in model.get_attributes().values()}
    item = {name: {each.attr_type: value} for name, (each, value) in values.items() if value is not None}
    return item | {"other": {"S": "text"}}


def pynamodbs(model: type[Record], item: dict[str, Any]) -> Any:
    return Model.from_raw_data.__func__(model, item)  # type: ignore[attr-defined]


def test_records_are_those_of_pynamodb() -> None:
    """Also if an attribute is absent, or has a null value."""
    found = [model for model in models() if model.__module__ in {module.__name__ for module in MODULES}]
    assert len(found) > 20
    for model in found:
        item = stored(model)
        nullable = sorted(item.keys() - {"item"})  # a record must have its type
        for changed in (item, *(item | {name: {"NULL": True}} for name in nullable), {}):
            record, expected = model.from_upgraded_data(changed), pynamodbs(model, changed)
            assert type(record) is type(expected)
            assert record.attribute_values == expected.attribute_values, model


def test_a_read_returns_the_model_that_the_item_names() -> None:
    item = stored(articles.Pointer)
    record = articles.ArticlesTableRecord.from_upgraded_data(item)
    assert type(record) is articles.Pointer
    assert record.attribute_values == pynamodbs(articles.Pointer, item).attribute_values


def test_items_of_another_model_and_values_of_another_type_are_refused() -> None:
    """The errors are those of PynamoDB."""
    item = stored(articles.Pointer)
    with pytest.raises(ValueError, match="Cannot instantiate a ArticleRecord from the returned class: Pointer"):
        articles.ArticleRecord.from_upgraded_data(item)
    with pytest.raises(Exception, match="Cannot deserialize 'id' attribute from type: N"):
        articles.Pointer.from_upgraded_data(item | {"id": {"S": "7"}})
