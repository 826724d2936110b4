"""Exports as Commento and Comentario write them."""

import json
from typing import Any, Final

HOST: Final = "old.example"
PATH: Final = "/2024/05/hello.html"
URL: Final = f"https://{HOST}{PATH}"
BUDI: Final = "a1ac58ed1146bd7fe3feff6a7276f73955c3bfd23cacee00e2e0a7a89b1a8c10"
BUDI_3: Final = "0b4f7a52-6d1d-4d0c-9d39-5a5f3f0f3a11"
PAGE_3: Final = "6f7e3c1a-1111-4222-8333-944455556666"
NOBODY_3: Final = "00000000-0000-0000-0000-000000000000"


def first_comment(key: str = "c1", parent: str = "root", **changes: Any) -> dict[str, Any]:
    """Return a comment of Commento: ``url`` is a path, and neither HTML nor deletions are exported."""
    return {
        "commentHex": key,
        "domain": HOST,
        "url": PATH,
        "commenterHex": BUDI,
        "markdown": "Hello, **World**.",
        "html": "",
        "parentHex": parent,
        "score": 1,
        "state": "approved",
        "creationDate": "2021-03-17T12:09:47.722181Z",
        "direction": 0,
        "deleted": False,
    } | changes


def first_commenter(key: str = BUDI, **changes: Any) -> dict[str, Any]:
    """Return a commenter of Commento."""
    return {
        "commenterHex": key,
        "email": "budi@mail.example",
        "name": "Budi",
        "link": "https://budi.example",
        "photo": "undefined",
        "provider": "commento",
        "joinDate": "2020-01-27T14:17:59.298737Z",
        "isModerator": False,
    } | changes


def first_export(*comments: Any, commenters: list[Any] | None = None, **changes: Any) -> bytes:
    """Return an export of version 1. The commenters follow, each once for each of its comments."""
    people = [first_commenter(), first_commenter()] if commenters is None else commenters
    return json.dumps({"version": 1, "comments": [*comments], "commenters": people} | changes).encode()


def third_comment(key: str = "c1", parent: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a comment of Comentario: fields without a value are left out."""
    fields = {
        "id": key,
        "parentId": parent,
        "pageId": PAGE_3,
        "markdown": "Hello, **World**.",
        "html": "<p>Hello, <strong>World</strong>.</p>",
        "score": 1,
        "isSticky": False,
        "isApproved": True,
        "isPending": False,
        "isDeleted": False,
        "createdTime": "2024-05-06T07:08:09.123Z",
        "moderatedTime": "2024-05-06T07:09:00.000Z",
        "userCreated": BUDI_3,
        "userModerated": BUDI_3,
        "authorIP": "198.51.100.7",
        "authorCountry": "ID",
        "url": f"{URL}#comentario-{key}",
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def third_commenter(key: str = BUDI_3, **changes: Any) -> dict[str, Any]:
    """Return a commenter of Comentario."""
    return {
        "id": key,
        "email": "budi@mail.example",
        "name": "Budi",
        "websiteUrl": "https://budi.example",
        "hasAvatar": False,
        "isModerator": False,
        "isCommenter": True,
        "colourIndex": 7,
        "createdTime": "2023-01-01T00:00:00.000Z",
    } | changes


def third_page(key: str = PAGE_3, **changes: Any) -> dict[str, Any]:
    """Return a page of Comentario."""
    return {
        "id": key,
        "domainId": "d0000000-1111-4222-8333-944455556666",
        "path": PATH,
        "title": "Hello",
        "isReadonly": False,
        "createdTime": "2023-01-01T00:00:00.000Z",
        "countComments": 1,
        "countViews": 7,
    } | changes


def third_export(
    *comments: Any, commenters: list[Any] | None = None, pages: list[Any] | None = None, **changes: Any
) -> bytes:
    """Return an export of version 3."""
    people = [third_commenter()] if commenters is None else commenters
    listed = [third_page()] if pages is None else pages
    return json.dumps({"version": 3, "pages": listed, "comments": [*comments], "commenters": people} | changes).encode()
