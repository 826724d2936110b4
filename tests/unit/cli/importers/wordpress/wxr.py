"""Small generated WordPress exports."""

from typing import Any
from xml.sax.saxutils import escape

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- generator="WordPress/6.1" -->
<rss version="2.0"
  xmlns:excerpt="http://wordpress.org/export/{version}/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:wfw="http://wellformedweb.org/CommentAPI/"
  xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/{version}/">
<channel>
  <title>Old blog</title>
  <link>https://old.example</link>
  <language>en-US</language>
  <wp:wxr_version>{version}</wp:wxr_version>
  <wp:author><wp:author_id>5</wp:author_id><wp:author_login>sari</wp:author_login>
    <wp:author_display_name><![CDATA[Sari W.]]></wp:author_display_name></wp:author>
"""
TAIL = "</channel>\n</rss>\n"


def export(*items: str, version: str = "1.2") -> str:
    """Return an export with these items."""
    return HEAD.format(version=version) + "".join(items) + TAIL


def item(number: int = 1, **changes: Any) -> str:
    """Return an ``<item>``: by default a published post; ``changes`` override its elements, None omits one."""
    fields: dict[str, Any] = {
        "title": f"Post {number}",
        "link": f"https://old.example/2020/01/post-{number}/",
        "pubDate": "Thu, 02 Jan 2020 03:04:05 +0000",
        "creator": "sari",
        "guid": f"https://old.example/?p={number}",
        "content": f"Text of {number}.\n\nMore of it.",
        "excerpt": "",
        "post_id": number,
        "post_date": "2020-01-02 10:04:05",
        "post_date_gmt": "2020-01-02 03:04:05",
        "comment_status": "open",
        "post_name": f"post-{number}",
        "status": "publish",
        "post_parent": 0,
        "post_type": "post",
        "post_password": "",
    }
    more = str(changes.pop("more", ""))
    fields |= changes
    prefixes = {"title": "", "link": "", "pubDate": "", "guid": "", "creator": "dc:"}
    names = {"content": "content:encoded", "excerpt": "excerpt:encoded"}
    lines = []
    for name, value in fields.items():
        if value is not None:
            tag = names.get(name, prefixes.get(name, "wp:") + name)
            lines.append(f"    <{tag}>{escape(str(value))}</{tag}>\n")
    return f"  <item>\n{''.join(lines)}{more}  </item>\n"


def term(name: str, domain: str = "category", nicename: str | None = None) -> str:
    """Return a category or a tag of an item."""
    nicename = name.lower().replace(" ", "-") if nicename is None else nicename
    return f'    <category domain="{domain}" nicename="{escape(nicename)}"><![CDATA[{name}]]></category>\n'


def meta(key: str, value: object) -> str:
    """Return a metadata entry of an item."""
    return (
        f"    <wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value>"
        "</wp:postmeta>\n"
    )


def comment(number: int, **changes: Any) -> str:
    """Return an approved comment, for the argument ``more`` of :func:`item`."""
    fields: dict[str, Any] = {
        "id": number,
        "author": f"Reader {number}",
        "author_email": f"reader{number}@mail.example",
        "author_url": "",
        "author_IP": "198.51.100.7",
        "date": "2020-01-03 10:04:05",
        "date_gmt": f"2020-01-03 03:04:{number % 60:02}",
        "content": f"Comment {number}.",
        "approved": "1",
        "type": "comment",
        "parent": 0,
        "user_id": 0,
    } | changes
    lines = "".join(f"<wp:comment_{name}>{escape(str(value))}</wp:comment_{name}>" for name, value in fields.items())
    return f"    <wp:comment>{lines}</wp:comment>\n"
