"""Backups as Remark42 writes them."""

import json
from typing import Any, Final

URL: Final = "https://old.example/2024/05/hello.html"


def header(*users: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the first line of a backup."""
    return {"version": 1, "users": list(users), "posts": [{"url": URL, "read_only": True}]} | changes


def user(key: str, email: str = "", *, blocked: bool = False, verified: bool = False) -> dict[str, Any]:
    """Return the data of a user in the first line."""
    details = {"user_id": key, **({"email": email} if email else {})}
    until = "2099-01-01T00:00:00Z" if blocked else "0001-01-01T00:00:00Z"
    return {"id": key, "blocked": {"status": blocked, "until": until}, "verified": verified, "details": details}


def comment(key: str = "c-1", parent: str = "", **changes: Any) -> dict[str, Any]:
    """Return a comment. ``user`` and ``locator`` are changed field by field."""
    person = {
        "name": "Budi",
        "id": "github_1a2b",
        "picture": "https://remark.example/api/v1/avatar/b.image",
        "ip": "293ec5b0cf154855258824ec7fac5dc63d176915",
        "admin": False,
        "site_id": "blog",
    }
    page = {"site": "blog", "url": URL}
    return {
        "id": key,
        "pid": parent,
        "text": "<p>Hello, <strong>World</strong>.</p>\n",
        "orig": "Hello, **World**.",
        "user": person | changes.pop("user", {}),
        "locator": page | changes.pop("locator", {}),
        "score": 1,
        "votes": {"github_3c4d": True},
        "voted_ips": {"aa11bb": {"Timestamp": "2021-03-12T11:30:00Z", "Value": True}},
        "vote": 0,
        "time": "2021-03-12T11:21:56.722181917+07:00",
        "title": "Hello",
    } | changes


def deleted(key: str, parent: str = "") -> dict[str, Any]:
    """Return a deleted comment, as Remark42 keeps it if it has replies."""
    kept = comment(key, parent, text="", votes={}, voted_ips={}, score=0, delete=True)
    return {name: value for name, value in kept.items() if name != "orig"}


def backup(*comments: dict[str, Any], head: dict[str, Any] | None = None) -> bytes:
    """Return a backup with these comments."""
    lines = [header() if head is None else head, *comments]
    return "".join(f"{json.dumps(line, ensure_ascii=False, separators=(',', ':'))}\n" for line in lines).encode()
