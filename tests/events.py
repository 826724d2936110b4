"""The events of ``events/`` and the statuses that their functions answer with, on a site with one article."""

import json
from pathlib import Path
from typing import Any, Final

from kolom.articles import publishing
from tests.factories import NOW, content
from tests.paths import PROJECT

EVENTS: Final = PROJECT / "events"
FILES: Final = sorted(EVENTS.glob("*/*.json"))
STATUSES: Final = {
    "write_comments/post_comment": 201,
    "submit_contact/submit_message": 201,
    # Their links and tokens were signed with another key.
    "preview_article/get_preview": 404,
    "serve_mail_links/show_link": 404,
    "serve_mail_links/follow_link": 404,
    "serve_mail_links/show_subscription": 404,
    "serve_mail_links/follow_subscription": 404,
    "write_comments/edit_comment": 401,
    "write_comments/delete_comment": 401,
}
"""The statuses other than 200, by the name of the event."""


def read(path: Path) -> dict[str, Any]:
    """Return the event of a file."""
    event: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return event


def name_of(path: Path) -> str:
    """Return the name of an event: its function and the name of its file."""
    return f"{path.parent.name}/{path.stem}"


def publish_article() -> None:
    """Publish the article of the events."""
    publishing.publish(content("china-russia-agree-to-deepen-strategic-cooperation", labels=("Politik",)), now=NOW)
