"""`kolom restore` of comments while others post, moderate and erase: counts are right, and what was erased stays so."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from kolom.comments import admin, moderation
from kolom.comments.editing import erase
from kolom.errors import KolomError
from kolom.security import signing
from kolom_cli.deploying.restoring import writer
from tests.integration.aws import client
from tests.integration.cli.test_restore import AT, BUDI, SITI, Blog
from tests.integration.cli.test_restore import blog as blog

_ACTIONS = ("post", "post", "post", "approve", "approve", "spam", "delete", "restore", "erase", "forget")
_DURING_A_RUN = 6
"""The number of actions during a run; the third run is not disturbed."""


class People:
    """Visitors and an owner who do something at random. ``erased`` are the ids of comments that must not come back."""

    def __init__(self, blog: Blog, random: Random) -> None:
        self._blog = blog
        self._random = random
        self._ids: list[str] = []
        self._remaining = 0
        self.erased: set[str] = set()

    def act(self, times: int = 1) -> None:
        for _ in range(times):
            action = self._random.choice(_ACTIONS) if self._ids else "post"
            with suppress(KolomError):  # It cannot be done to this comment.
                self._act(action, self._random.choice(self._ids or [""]))

    def disturb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Act at random before calls of the restore."""
        original = self._blog.call

        def call(name: str, parameters: Mapping[str, Any]) -> Any:
            if self._remaining and name in {"PutItem", "DeleteItem", "BatchGetItem"} and self._random.random() < 0.3:
                remaining, self._remaining = self._remaining - 1, 0  # The action makes calls, too.
                self.act()
                self._remaining = remaining
            return original(name, parameters)

        monkeypatch.setattr(self._blog, "call", call)

    def begin_run(self, number: int) -> None:
        self._remaining = _DURING_A_RUN if number < 2 else 0

    def rest(self) -> None:
        self._remaining = 0

    def _act(self, action: str, comment_id: str) -> None:
        now = datetime.now(UTC)
        if action == "post":
            parent = self._random.choice([None, comment_id or None])
            email = self._random.choice((BUDI, SITI, None))
            if parent is None or admin.get(parent).status == "approved":
                self._ids.append(self._blog.comment(f"Text {len(self._ids)}", email, parent=parent))
        elif action == "forget":
            found = list(admin.list_by_email(BUDI, signing.load_keys(), now=now))
            self.erased |= {each.comment.id for each in found}
            admin.erase_person(BUDI, signing.load_keys(), now=now)
        elif action == "erase":
            erase(admin.get(comment_id).article_id, comment_id, by="author", now=now)
            self.erased.add(comment_id)
        else:
            article_id = admin.get(comment_id).article_id
            moderation.moderate(article_id, comment_id, action, by="kolom", now=now)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2])
def test_what_others_do_meanwhile_leaves_no_wrong_count(blog: Blog, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Disturbed runs may end with differences; one that is not disturbed completes the restore."""
    monkeypatch.setattr(writer, "_CONCURRENCY", 1)
    people = People(blog, Random(seed))
    people.act(20)
    blog.history.remember()
    then = set(comments())
    people.act(20)
    people.disturb(monkeypatch)
    for number in range(3):
        people.begin_run(number)
        ran = blog.restore("--at", AT, "--only", "comments", "--yes", answer=None)
        people.rest()
        assert ran.exit_code == 0 or "still different" in ran.stderr
        if ran.exit_code == 0:  # What was posted after its comparison may be there, and is counted.
            check_counts()
    assert ran.exit_code == 0
    assert comments().keys() <= then
    check_counts()
    assert not [each for each in people.erased & comments().keys() if comments()[each]["content"]["S"]]


def comments() -> dict[str, dict[str, Any]]:
    items = client("dynamodb").scan(TableName="kolom-comments")["Items"]
    return {item["sort"]["S"]: item for item in items if "#" not in item["article_id"]["S"]}


def check_counts() -> None:
    """Compare the counts of approved comments and of visible replies with the comments."""
    found = comments().values()
    approved = sum(each["status"]["S"] == "approved" for each in found)
    items = client("dynamodb").scan(TableName="kolom-comments")["Items"]
    assert [int(each["approved"]["N"]) for each in items if each["sort"]["S"] == "stats"] == [approved]
    visible = [each for each in found if each["status"]["S"] == "approved" or int(each["replies"]["N"])]
    replies = Counter(each["parent_id"]["S"] for each in visible if "parent_id" in each)
    assert {each["sort"]["S"]: int(each["replies"]["N"]) for each in found if int(each["replies"]["N"])} == replies
    assert {each["sort"]["S"] for each in found if "public_article_id" in each} == {v["sort"]["S"] for v in visible}
