"""Tests share clients and copy snapshots. What one test stores or reads is never seen by the next."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from kolom.articles import publishing
from kolom.mail import delivery
from kolom.models.base import connection
from kolom.pages import theme
from kolom.search import document_table, index_writer, vocabulary
from kolom.security import signing
from kolom_cli.sam.model import Template
from tests.factories import content
from tests.integration.aws import client, empty_aws, restore_or_create

NOW = datetime.now(UTC)
PLACES = {
    *("kolom-articles", "kolom-articles/by_shelf", "kolom-articles/stream", "kolom-search", "kolom-guard"),
    *("tables", "tags", "another region"),
    *("buckets", "secrets", "identities", "mails", "topics", "parameters", "stacks"),
    *("known words", "document list", "theme", "keys"),
}
MAIL: dict[str, Any] = {
    "FromEmailAddress": "blog@site.example",
    "Destination": {"ToAddresses": ["owner@site.example"]},
    "Content": {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello."}}}},
}


def stream_records(table: str) -> list[Any]:
    """Return all records of a table's stream."""
    streams = client("dynamodbstreams")
    arn = client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(StreamArn=arn, **start)["ShardIterator"]
    return list(streams.get_records(ShardIterator=iterator)["Records"])


def found(template: Template) -> dict[str, Any]:
    """Return the data of the services and of four caches of the functions by name, without empty ones."""
    dynamodb = client("dynamodb")
    places: dict[str, Any] = {}
    for table in template.tables.values():
        places[table.name] = dynamodb.scan(TableName=table.name)["Items"]
        for index in table.create.get("GlobalSecondaryIndexes", ()):
            name = index["IndexName"]
            places[f"{table.name}/{name}"] = dynamodb.scan(TableName=table.name, IndexName=name)["Items"]
        if "StreamSpecification" in table.create:
            places[f"{table.name}/stream"] = stream_records(table.name)
    names = {table.name for table in template.tables.values()}
    places |= {
        "tables": names ^ set(dynamodb.list_tables()["TableNames"]),
        "tags": dynamodb.list_tags_of_resource(ResourceArn=arn_of("kolom-guard"))["Tags"],
        "buckets": client("s3").list_buckets()["Buckets"],
        "secrets": client("secretsmanager").list_secrets()["SecretList"],
        "identities": client("sesv2").list_email_identities()["EmailIdentities"],
        "mails": int(client("ses").get_send_quota()["SentLast24Hours"]),
        "topics": client("sns").list_topics()["Topics"],
        "parameters": client("ssm").describe_parameters()["Parameters"],
        "stacks": client("cloudformation").describe_stacks()["Stacks"],
        "another region": boto3.client("dynamodb", region_name="eu-west-1").list_tables()["TableNames"],
        "known words": vocabulary._known,
        "document list": document_table._current,
        "theme": theme._cached,
        "keys": signing.load_keys.is_cached,
    }
    return {place: held for place, held in places.items() if held}


def arn_of(table: str) -> str:
    """Return the ARN of a table."""
    return str(client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"])


def store_everywhere() -> None:
    """Store something in every service except SSM, change the tables, and have the functions keep what they read."""
    client("secretsmanager").create_secret(Name="kolom-secret", SecretString="k" * 64)
    client("s3").create_bucket(Bucket="kolom-media")
    client("s3").put_object(Bucket="kolom-media", Key="media/a.png", Body=b"png")
    client("sesv2").create_email_identity(EmailIdentity="blog@site.example")
    client("sesv2").send_email(**MAIL)
    client("sns").create_topic(Name="bounces")
    stack = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    client("cloudformation").create_stack(StackName="kolom", TemplateBody=stack)
    keys: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    boto3.client("dynamodb", region_name="eu-west-1").create_table(TableName="elsewhere", **keys)
    client("dynamodb").create_table(TableName="other", **keys)
    client("dynamodb").tag_resource(ResourceArn=arn_of("kolom-guard"), Tags=[{"Key": "a", "Value": "b"}])
    client("dynamodb").put_item(TableName="kolom-guard", Item={"key": {"S": "once#1"}})
    publishing.publish(content("hello", published_at=NOW), now=NOW)
    index_writer.update_index([1], workers=1)
    document_table.get()
    theme.get_theme()
    signing.load_keys()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_starts_from_empty_stores_and_caches(tables: None, template: Template, turn: str) -> None:
    assert found(template) == {}
    store_everywhere()
    client("ssm").put_parameter(Name="name", Value="value", Type="String")
    assert found(template).keys() >= PLACES


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_snapshot_is_restored_as_it_was_made(tables: None, template: Template, turn: str) -> None:
    """Data that was stored later is removed, whether this test stored it or an earlier one."""
    restore_or_create("isolation", store_everywhere)
    client("dynamodb").put_item(TableName="kolom-guard", Item={"key": {"S": "once#2"}})
    client("dynamodb").delete_table(TableName="kolom-search")
    client("s3").put_object(Bucket="kolom-media", Key="media/a.png", Body=b"changed")
    client("ssm").put_parameter(Name="name", Value="value", Type="String")
    signing.load_keys()
    restore_or_create("isolation", pytest.fail)
    assert found(template).keys() == PLACES - {"parameters", "known words", "document list", "theme", "keys"}
    assert [item["key"]["S"] for item in found(template)["kolom-guard"]] == ["once#1"]
    assert client("s3").get_object(Bucket="kolom-media", Key="media/a.png")["Body"].read() == b"png"


def test_a_restored_table_accepts_all_that_a_new_one_does(tables: None, template: Template) -> None:
    """An article can be published, and the stream continues with new sequence numbers."""
    restore_or_create("isolation: table", lambda: publishing.publish(content("one", published_at=NOW), now=NOW))
    restore_or_create("isolation: table", pytest.fail)
    before = len(stream_records("kolom-articles"))
    publishing.publish(content("two", published_at=NOW), now=NOW)
    records = stream_records("kolom-articles")
    assert len(records) > before > 0
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert len(set(numbers)) == len(numbers)


def test_a_process_keeps_its_clients_and_no_data() -> None:
    """As on Lambda: a test uses the same connection and mail client as the one before."""
    kept = []
    for _ in range(2):
        with empty_aws():
            kept.append((connection().client, delivery._client(), client("s3")))
            assert client("dynamodb").list_tables()["TableNames"] == []
            assert client("s3").list_buckets()["Buckets"] == []
            client("s3").create_bucket(Bucket="one")
    assert kept[0] == kept[1]
