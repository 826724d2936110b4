"""The models and the template define the same tables."""

from typing import Any

import pytest
from pynamodb.models import Model

from kolom.models.articles import ArticlesTableRecord
from kolom.models.comments import CommentRecord
from kolom.models.guard import GuardRecord
from kolom.models.messages import MessageRecord
from kolom.models.outbox import OutboxRecord
from kolom.models.search import SearchRecord
from kolom_cli.sam.model import Template

MODELS: dict[str, type[Model]] = {
    "ArticlesTable": ArticlesTableRecord,
    "CommentsTable": CommentRecord,
    "GuardTable": GuardRecord,
    "MessagesTable": MessageRecord,
    "OutboxTable": OutboxRecord,
    "SearchTable": SearchRecord,
}


@pytest.mark.parametrize("logical_id", MODELS)
def test_a_model_has_the_keys_and_indexes_of_its_table(logical_id: str, template: Template) -> None:
    table, schema = template.tables[logical_id].create, MODELS[logical_id]._get_schema()
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in table["AttributeDefinitions"]}
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        (key["AttributeName"], key["KeyType"]) for key in schema["key_schema"]
    ]
    assert types == {entry["AttributeName"]: entry["AttributeType"] for entry in schema["attribute_definitions"]}
    assert {
        index["IndexName"]: (keys(index["KeySchema"]), index["Projection"]["ProjectionType"])
        for index in table.get("GlobalSecondaryIndexes", [])
    } == {
        index["index_name"]: (keys(index["key_schema"]), index["projection"]["ProjectionType"])
        for index in schema["global_secondary_indexes"]
    }


def keys(schema: Any) -> dict[str, str]:
    """Return the hash key and the range key of an index."""
    return {key["KeyType"]: key["AttributeName"] for key in schema}


@pytest.mark.parametrize("logical_id", MODELS)
def test_a_model_gets_its_table_name_from_the_functions_environment(logical_id: str, template: Template) -> None:
    assert MODELS[logical_id].Meta.table_name == template.tables[logical_id].name


def test_public_indexes_contain_only_public_attributes(template: Template) -> None:
    for index in template.tables["CommentsTable"].create["GlobalSecondaryIndexes"]:
        if index["IndexName"] != "by_status":
            assert index["Projection"]["ProjectionType"] == "INCLUDE"
            assert set(index["Projection"]["NonKeyAttributes"]) == {
                *("parent_id", "name", "website", "avatar", "is_owner", "content_html"),
                *("created_at", "edited_at", "deleted"),
            }


def test_there_are_six_tables(template: Template) -> None:
    assert set(template.tables) == {
        *("ArticlesTable", "CommentsTable", "MessagesTable", "OutboxTable", "SearchTable", "GuardTable")
    }
