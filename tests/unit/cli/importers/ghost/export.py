"""Small Ghost exports, made for the tests."""

import json
from typing import Any


def export(*posts: dict[str, Any], **tables: list[dict[str, Any]]) -> str:
    """An export with these posts and other tables."""
    data = {"posts": list(posts), **tables}
    return json.dumps({"db": [{"meta": {"exported_on": 1, "version": "5.87.0"}, "data": data}]})


def post(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row of ``posts``: a published post unless ``changes`` say otherwise; None leaves a field out."""
    fields = {
        "id": f"{number:024x}",
        "uuid": f"00000000-0000-4000-8000-{number:012x}",
        "title": f"Post {number}",
        "slug": f"post-{number}",
        "mobiledoc": None,
        "lexical": None,
        "html": f"<p>Text of {number}.</p>",
        "feature_image": None,
        "type": "post",
        "status": "published",
        "visibility": "public",
        "created_at": "2020-01-01T00:00:00.000Z",
        "updated_at": "2020-02-03T04:05:06.000Z",
        "published_at": "2020-01-02T03:04:05.000Z",
        "custom_excerpt": None,
        "canonical_url": None,
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def setting(key: str, value: Any) -> dict[str, Any]:
    """A row of ``settings``."""
    return {"id": key, "key": key, "value": value}
