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
from tests.integration.handlers import Answered, call, stored


@dataclass
class Blog:
    """What visitors and the moderator do. Each visitor has an address of their own, unless they say otherwise."""

    visitors: int = 0
    posted: list[Answered] = field(default_factory=list)

    def post(self, text: str = "Nice.", *, slug: str = "hello", **fields: Any) -> Answered:
        """Post a comment."""
        self.visitors += 1
        address = fields.pop(
            "address", f"198.{self.visitors // 65_536}.{self.visitors // 256 % 256}.{self.visitors % 256}"
        )
        return call(write_comments.handler, comment_request(slug, content=text, address=address, **fields))

    def commented(self, text: str = "Nice.", **fields: Any) -> Comment:
        """Post a comment, and look at how it is kept."""
        answer = self.post(text, **fields)
        assert answer.status == 201, answer.body
        return admin.get(answer.json["comment"]["id"])

    def approved(self, text: str = "Nice.", **fields: Any) -> Comment:
        """A comment that has been approved."""
        comment = self.commented(text, **fields)
        return comment if comment.status == "approved" else self.moderate(comment, "approve")

    def moderate(self, comment: Comment, action: Action) -> Comment:
        """What the moderator does."""
        return moderation.moderate(comment.article_id, comment.id, action, by="test", now=datetime.now(UTC))

    def change(self, method: str, comment_id: str, token: str | None, text: str | None = None, **more: Any) -> Answered:
        """What the author does to their own comment."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        path = f"/api/articles/{more.get('slug', 'hello')}/comments/{comment_id}"
        body = json.dumps({"content": text}) if text is not None else None
        return call(write_comments.handler, request(path, method=method, headers=headers, body=body))

    def read(self, query: str = "", *, slug: str = "hello", **headers: str) -> Answered:
        """Read the comments of an article."""
        return call(fetch_comments.handler, request(f"/api/articles/{slug}/comments", query, headers=headers))

    def shown(self) -> list[str]:
        """The ids of the comments that readers see, oldest first."""
        return [item["id"] for item in self.read("limit=100").json["items"]]

    def total(self) -> int:
        """How many comments readers are told that there are."""
        return int(self.read().json["total"])


@pytest.fixture
def blog(secret: str) -> Blog:
    """A blog with an article of today, ``hello``."""
    now = datetime.now(UTC)
    publishing.publish(content("hello", author="Siti", published_at=now - timedelta(hours=1)), now=now)
    return Blog()


def stored_comments() -> list[dict[str, Any]]:
    """The comments among the items of their table."""
    return [item for item in stored("comments") if "status" in item]
