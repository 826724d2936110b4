"""An article, and visitors who comment on it through the real handlers."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.fetch_comments import app as fetch_comments
from functions.write_comments import app as write_comments
from kolom.articles import publishing
from kolom.comments import admin, moderation
from kolom.comments.types import Action, Comment
from tests.factories import comment_request, content, request
from tests.integration.handlers import Response, call, stored


@dataclass
class Blog:
    """The actions of visitors and moderators. Each visitor has another IP address by default."""

    visitors: int = 0
    posted: list[Response] = field(default_factory=list)

    def post(self, text: str = "Nice.", *, slug: str = "hello", **fields: Any) -> Response:
        """Post a comment and return the response."""
        self.visitors += 1
        address = fields.pop(
            "address", f"198.{self.visitors // 65_536}.{self.visitors // 256 % 256}.{self.visitors % 256}"
        )
        return call(write_comments.handler, comment_request(slug, content=text, address=address, **fields))

    def post_stored(self, text: str = "Nice.", **fields: Any) -> Comment:
        """Post a comment and return it as stored."""
        answer = self.post(text, **fields)
        assert answer.status == 201, answer.body
        return admin.get(answer.json["comment"]["id"])

    def post_approved(self, text: str = "Nice.", **fields: Any) -> Comment:
        """Post and approve a comment."""
        comment = self.post_stored(text, **fields)
        return comment if comment.status == "approved" else self.moderate(comment, "approve")

    def moderate(self, comment: Comment, action: Action) -> Comment:
        """Perform a moderator's action."""
        return moderation.moderate(comment.article_id, comment.id, action, by="test", now=datetime.now(UTC))

    def change(self, method: str, comment_id: str, token: str | None, text: str | None = None, **more: Any) -> Response:
        """Edit or delete a comment as its author."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        path = f"/api/articles/{more.get('slug', 'hello')}/comments/{comment_id}"
        body = json.dumps({"content": text}) if text is not None else None
        return call(write_comments.handler, request(path, method=method, headers=headers, body=body))

    def read(self, query: str = "", *, slug: str = "hello", **headers: str) -> Response:
        """Return the list of an article's comments."""
        return call(fetch_comments.handler, request(f"/api/articles/{slug}/comments", query, headers=headers))

    def shown(self) -> list[str]:
        """Return the ids of the visible comments, oldest first."""
        return [item["id"] for item in self.read("limit=100").json["items"]]

    def total(self) -> int:
        """Return the public number of comments."""
        return int(self.read().json["total"])


@pytest.fixture
def blog(secret: str) -> Blog:
    """Return a blog with a new article, ``hello``."""
    now = datetime.now(UTC)
    publishing.publish(content("hello", author="Siti", published_at=now - timedelta(hours=1)), now=now)
    return Blog()


def stored_comments() -> list[dict[str, Any]]:
    """Return the comments in their table."""
    return [item for item in stored("comments") if "status" in item]
