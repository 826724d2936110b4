"""Generated Blogger exports: in Google Takeout's schema, in the older schema, and as a live feed."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

BLOG = "tag:blogger.com,1999:blog-100"
START = datetime(2012, 9, 1, 8, tzinfo=UTC)

TAKEOUT = f"""<?xml version='1.0' encoding='utf-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>
  <id>{BLOG}</id>
  <title>Blog lama</title>
"""
OLDER = f"""<?xml version='1.0' encoding='UTF-8'?><?xml-stylesheet href="http://www.blogger.com/styles/atom.css"?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005'
  xmlns:thr='http://purl.org/syndication/thread/1.0' xmlns:app='http://purl.org/atom/app#'>
  <id>{BLOG}.archive</id><title type='text'>Blog lama</title>
  <link rel='self' type='application/atom+xml' href='http://www.blogger.com/feeds/100/archive'/>
  <link rel='alternate' type='text/html' href='http://old.example/'/>
"""
TAIL = "</feed>\n"


def post_id(number: int, kind: str = "post") -> str:
    """Return the id of the post, page or comment with that number."""
    return f"{BLOG}.{kind}-{number}"


def takeout(*entries: str) -> str:
    """Return a Takeout's ``feed.atom`` with these entries."""
    return TAKEOUT + "".join(entries) + TAIL


def older(*entries: str) -> str:
    """Return an export in the older schema with these entries."""
    return OLDER + "".join(entries) + TAIL


def entry(number: int, kind: str = "POST", **changes: Any) -> str:
    """Return a Takeout's ``<entry>``: by default a public post of Sari's; ``changes`` override its fields."""
    fields: dict[str, Any] = {
        "status": "LIVE",
        "title": f"Post {number}",
        "content": f"<p>Text of {number}.</p>",
        "meta": "",
        "published": f"{START + timedelta(days=number):%Y-%m-%dT%H:%M:%S.000Z}",
        "filename": f"/2012/09/post-{number}.html" if kind == "POST" else "",
        "labels": (),
        "trashed": "",
        "name": "Sari",
        "uri": "https://www.blogger.com/profile/1",
        "author_type": "BLOGGER",
        "parent": "",
        "in_reply_to": "",
    } | changes
    labels = "".join(f"<category scheme={quoteattr(BLOG)} term={quoteattr(label)}/>" for label in fields["labels"])
    above = (
        f"<blogger:parent>{fields['parent']}</blogger:parent>"
        f"<blogger:inReplyTo>{fields['in_reply_to']}</blogger:inReplyTo>"
        if kind == "COMMENT"
        else ""
    )
    return f"""  <entry>
    <id>{post_id(number, "page" if kind == "PAGE" else "post")}</id>
    {above}<blogger:type>{kind}</blogger:type>
    <blogger:status>{fields["status"]}</blogger:status>
    <author><name>{escape(fields["name"])}</name><uri>{escape(fields["uri"])}</uri>
      <blogger:type>{fields["author_type"]}</blogger:type></author>
    <title>{escape(fields["title"])}</title>
    <content type='html'>{escape(fields["content"])}</content>
    <blogger:metaDescription>{escape(fields["meta"])}</blogger:metaDescription>
    <blogger:created>{fields["published"]}</blogger:created>
    <published>{fields["published"]}</published>
    <updated>{fields["published"]}</updated>
    <blogger:location/>{labels or "<category/>"}
    <blogger:filename>{escape(fields["filename"])}</blogger:filename>
    <link/><enclosure/><blogger:trashed>{fields["trashed"]}</blogger:trashed>
  </entry>
"""


def comment(number: int, post: int, **changes: Any) -> str:
    """Return a Takeout's comment on a post, by an anonymous reader; ``answers`` is the number of another comment."""
    answers = changes.pop("answers", None)
    fields: dict[str, Any] = {
        "title": "",
        "content": f"Comment {number}.",
        "name": "Anonymous",
        "uri": "",
        "author_type": "ANONYMOUS",
        "parent": post_id(post),
        "in_reply_to": "" if answers is None else post_id(answers),
        "published": f"{START + timedelta(days=400, minutes=number):%Y-%m-%dT%H:%M:%S.000Z}",
    }
    return entry(number, "COMMENT", **{**fields, **changes})


def older_entry(number: int, kind: str = "post", **changes: Any) -> str:
    """Return an ``<entry>`` of the older schema; without a kind, that of a live feed."""
    fields: dict[str, Any] = {
        "title": f"Post {number}",
        "content": f"Text of {number}.",
        "published": "2012-09-02T15:00:00.000+07:00",
        "link": f"http://old.example/2012/09/post-{number}.html",
        "labels": (),
        "draft": False,
        "more": "",
        "name": "Sari",
    } | changes
    category = "http://schemas.google.com/blogger/2008/kind#"
    kinds = f"<category scheme='http://schemas.google.com/g/2005#kind' term='{category}{kind}'/>" if kind else ""
    labels = "".join(
        f"<category scheme='http://www.blogger.com/atom/ns#' term={quoteattr(label)}/>" for label in fields["labels"]
    )
    link = f"<link rel='alternate' type='text/html' href={quoteattr(fields['link'])}/>" if fields["link"] else ""
    draft = "<app:control><app:draft>yes</app:draft></app:control>" if fields["draft"] else ""
    return f"""<entry><id>{changes.get("id", post_id(number, "page" if kind == "page" else "post"))}</id>
<published>{fields["published"]}</published><updated>{fields["published"]}</updated>{draft}{kinds}{labels}
<title type='text'>{escape(fields["title"])}</title><content type='html'>{escape(fields["content"])}</content>
<link rel='self' href='http://www.blogger.com/feeds/100/posts/default/{number}'/>{link}
<author><name>{escape(fields["name"])}</name><uri>http://www.blogger.com/profile/1</uri>
<email>noreply@blogger.com</email></author>{fields["more"]}</entry>
"""


def older_comment(number: int, post: int, *, answers: int | None = None, **changes: Any) -> str:
    """Return a comment of the older schema."""
    related = (
        f"<link rel='related' href='http://www.blogger.com/feeds/100/{post}/comments/default/{answers}'/>"
        if answers
        else ""
    )
    more = f"<thr:in-reply-to href='http://old.example/2012/09/post-{post}.html' ref='{post_id(post)}'/>{related}"
    more += str(changes.pop("more", ""))
    fields = {"title": "", "link": f"http://old.example/2012/09/post-{post}.html?showComment=1#c{number}"}
    return older_entry(number, changes.pop("kind", "comment"), **{**fields, "name": "Budi", **changes}, more=more)


def large(posts: int = 300, comments: int = 2_000) -> str:
    """Return a large Takeout: newest first, replies before their parents, with drafts, trash and anonymous comments.

    Every 10th post is a draft, every 25th in the trash, every 20th a page; two of three comments reply to the previous
    one on the same post, every 40th is removed, every 50th in the trash, every 3rd anonymous.
    """
    entries = []
    for number in range(1, posts + 1):
        kind = "PAGE" if number % 20 == 0 else "POST"
        entries.append(
            entry(
                number,
                kind,
                status="DRAFT" if number % 10 == 5 else "LIVE",
                trashed="2020-01-01T00:00:00Z" if number % 25 == 1 else "",
                labels=("Pasar", f"Label {number % 7}"),
                filename=f"/p/page-{number}.html"
                if kind == "PAGE"
                else f"/2012/{number % 12 + 1:02}/post-{number}.html",
            )
        )
    shown = [number for number in range(2, posts + 1) if number % 25 != 1]
    for number in range(comments):
        post = shown[number % len(shown)]
        before = number - len(shown)
        entries.append(
            comment(
                10_000 + number,
                post,
                answers=10_000 + before if before >= 0 and number % 3 else None,
                status="EMPTIED" if number % 40 == 7 else "LIVE",
                trashed="2020-01-01T00:00:00Z" if number % 50 == 9 else "",
                **({} if number % 3 == 0 else {"name": f"Reader {number % 17}", "author_type": "BLOGGER"}),
                parent=post_id(post, "page" if post % 20 == 0 else "post"),
            )
        )
    return takeout(*reversed(entries))


def zipped(feed: str, pictures: dict[str, bytes] | None = None, blog: str = "Blog lama") -> bytes:
    """Return a Takeout as a zip; ``pictures`` are given by their paths below ``Albums``."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"Takeout/Blogger/Blogs/{blog}/feed.atom", feed)
        archive.writestr(f"Takeout/Blogger/Blogs/{blog}/theme-layouts.xml", "<html/>")
        archive.writestr(f"Takeout/Blogger/Blogs/{blog}/settings.csv", "a,b\n")
        for path, data in (pictures or {}).items():
            archive.writestr(f"Takeout/Blogger/Albums/{path}", data)
            archive.writestr(f"__MACOSX/Takeout/Blogger/Albums/._{path}", b"nothing")
    return file.getvalue()
