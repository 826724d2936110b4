"""Reading comments: visibility, order and paging."""

import json
from datetime import UTC, datetime

import boto3
import pytest

from functions.fetch_articles import app as fetch_articles
from functions.fetch_comments import app as fetch_comments
from kolom.articles import publishing
from kolom.comments import admin
from tests.factories import NOW, Context, content, request
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure
from tests.integration.contracts.recorder import recorded
from tests.integration.handlers import call


@pytest.fixture
def open_blog(blog: Blog, configure: Configure) -> Blog:
    """Return a blog without moderation."""
    configure(moderation_mode="none")
    return blog


def test_a_comment_has_exactly_the_documented_fields(open_blog: Blog) -> None:
    open_blog.post("Halo.", email="budi@example.com", website="https://budi.example", notify_replies=True)
    (item,) = open_blog.read().json["items"]
    assert set(item) == {"id", "parent_id", "author", "content_html", "created_at", "edited_at", "deleted"}
    assert set(item["author"]) == {"name", "website", "avatar", "is_owner"}
    assert item["created_at"].endswith("Z")
    assert (item["edited_at"], item["deleted"], item["parent_id"]) == (None, False, None)


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_pages_are_complete_while_others_write(open_blog: Blog, order: str) -> None:
    ids = [open_blog.post_stored(f"Number {n}.").id for n in range(7)]
    seen, cursor = [], ""
    for _ in range(10):
        page = open_blog.read(f"order={order}&limit=2&cursor={cursor}").json
        seen += [item["id"] for item in page["items"]]
        open_blog.post(f"Meanwhile {len(seen)}.")
        if (cursor := page["next_cursor"]) is None:
            break
        if len(seen) >= len(ids):
            break
    expected = ids if order == "oldest" else ids[::-1]
    assert [each for each in seen if each in ids] == expected
    assert len(set(seen)) == len(seen)


def test_in_ascending_order_a_parent_precedes_its_replies(open_blog: Blog) -> None:
    parents = [open_blog.post_stored("Root.")]
    for n in range(10):
        parents.append(open_blog.post_stored(f"Answer {n}.", parent_id=parents[n // 2].id))
    items = open_blog.read("limit=100").json["items"]
    seen: set[str] = set()
    for item in items:
        assert item["parent_id"] is None or item["parent_id"] in seen
        seen.add(item["id"])


def test_the_total_counts_approved_comments(blog: Blog) -> None:
    comments = [blog.post_stored(f"Number {n}.") for n in range(4)]
    for comment in comments[:3]:
        blog.moderate(comment, "approve")
    blog.moderate(admin.get(comments[0].id), "delete")
    assert blog.total() == 2
    assert blog.shown() == [comment.id for comment in comments[1:3]]


def test_a_deleted_comment_with_replies_has_no_text_or_author(open_blog: Blog) -> None:
    parent = open_blog.post_stored("Secret words.", name="Somebody", website="https://somebody.example")
    reply = open_blog.post_stored("An answer.", parent_id=parent.id)
    open_blog.moderate(parent, "delete")
    tombstone, answer = open_blog.read().json["items"]
    assert (tombstone["id"], tombstone["deleted"], tombstone["content_html"]) == (parent.id, True, "")
    assert tombstone["author"] == {"name": "", "website": None, "avatar": "", "is_owner": False}
    assert answer["id"] == reply.id
    assert open_blog.total() == 1
    raw = boto3.client("dynamodb").scan(TableName="kolom-comments", IndexName="public")["Items"]
    assert "Secret" not in json.dumps(raw)
    assert "omebody" not in json.dumps(raw)


def test_a_slug_with_decomposed_letters_is_counted(open_blog: Blog) -> None:
    publishing.publish(content("café"), now=NOW)
    open_blog.post("One.", slug="café")
    expected = {"cafe\u0301": 1, "café": 1, "none\u0301": 0}
    answer = call(fetch_comments.handler, request("/api/comments/counts", {"slug": [*expected]}))
    assert answer.json["counts"] == expected


def test_counts_of_fifty_articles_need_three_requests(open_blog: Blog) -> None:
    for n in range(50):
        publishing.publish(content(f"a{n}"), now=NOW)
    open_blog.post("One.", slug="a3")
    open_blog.post("Two.", slug="a3")
    query = "&".join(f"slug=a{n}" for n in range(49)) + "&slug=none"
    with recorded() as asked:
        answer = call(fetch_comments.handler, request("/api/comments/counts", query))
    assert len(asked.operations) == 3
    assert asked.attributes == {"kolom-articles": {"key", "part", "item", "schema", "status"}}
    assert answer.json["counts"] == {f"a{n}": 2 if n == 3 else 0 for n in range(49)} | {"none": 0}


def test_comments_of_unpublished_articles_are_not_counted(open_blog: Blog) -> None:
    publishing.publish(content("withdrawn"), now=NOW)
    open_blog.post("Of an article that will be withdrawn.", slug="withdrawn")
    counts = request("/api/comments/counts", "slug=withdrawn")
    assert call(fetch_comments.handler, counts).json["counts"] == {"withdrawn": 1}
    publishing.unpublish("withdrawn", now=NOW)
    assert call(fetch_comments.handler, counts).json["counts"] == {"withdrawn": 0}


def test_more_than_fifty_counts_are_rejected(blog: Blog) -> None:
    query = "&".join(f"slug=a{n}" for n in range(51))
    assert call(fetch_comments.handler, request("/api/comments/counts", query)).fields == {"slug"}
    assert call(fetch_comments.handler, request("/api/comments/counts", "")).json == {"counts": {}}


def test_recent_comments_are_approved_and_of_published_articles(open_blog: Blog) -> None:
    publishing.publish(content("hidden"), now=NOW)
    open_blog.post("Of an article that will be withdrawn.", slug="hidden")
    first, second = open_blog.post_stored("First."), open_blog.post_stored("Second.")
    reply = open_blog.post_stored("Reply.", parent_id=first.id)
    open_blog.moderate(admin.get(first.id), "delete")
    publishing.unpublish("hidden", now=NOW)
    items = call(fetch_comments.handler, request("/api/comments/recent", "limit=2")).json["items"]
    assert [item["id"] for item in items] == [reply.id, second.id]
    assert items[0]["article"] == {"slug": "hello", "title": "Hello", "url": "https://blog.example/hello/"}


def test_recent_comments_of_unpublished_articles_are_replaced_by_older_ones(open_blog: Blog) -> None:
    oldest, older = open_blog.post_stored("Oldest."), open_blog.post_stored("Older.")
    publishing.publish(content("hidden"), now=NOW)
    open_blog.post("The newest, of an article that will be withdrawn.", slug="hidden")
    publishing.unpublish("hidden", now=NOW)
    items = call(fetch_comments.handler, request("/api/comments/recent", "limit=2")).json["items"]
    assert [item["id"] for item in items] == [older.id, oldest.id]


def test_an_unchanged_list_is_answered_304(open_blog: Blog) -> None:
    open_blog.post()
    first = open_blog.read()
    again = open_blog.read(**{"if-none-match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, "")
    open_blog.post("More.")
    assert open_blog.read(**{"if-none-match": first.headers["ETag"]}).status == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 422),
        ("limit=101", 422),
        ("limit=x", 422),
        ("order=random", 422),
        ("cursor=x", 400),
        ("extra=1", 200),
    ],
)
def test_invalid_queries_are_rejected_and_unknown_parameters_ignored(blog: Blog, query: str, status: int) -> None:
    assert blog.read(query).status == status


def test_a_cursor_of_another_list_is_rejected(open_blog: Blog) -> None:
    for n in range(3):
        open_blog.post(f"Number {n}.")
    cursor = open_blog.read("limit=1").json["next_cursor"]
    assert open_blog.read(f"limit=1&cursor={cursor}").status == 200
    assert open_blog.read(f"limit=1&order=newest&cursor={cursor}").status == 400


def test_comments_of_deleted_and_missing_articles_are_answered_410_and_404(open_blog: Blog) -> None:
    publishing.publish(content("gone"), now=NOW)
    open_blog.post("Here.", slug="gone")
    publishing.delete("gone", now=NOW)
    assert [open_blog.read(slug=slug).status for slug in ("gone", "none")] == [410, 404]


def test_an_article_with_closed_comments_is_marked_as_closed(blog: Blog, configure: Configure) -> None:
    assert call(fetch_articles.handler, request("/api/articles/hello")).json["comments_open"] is True
    publishing.publish(content("old", published_at=datetime(2026, 2, 1, tzinfo=UTC)), now=NOW)
    configure(comments_close_after_days=30)
    assert json.loads(fetch_articles.handler(request("/api/articles/old"), Context())["body"])["comments_open"] is False
