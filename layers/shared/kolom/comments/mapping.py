"""Convert between comments and table items. Public attributes are written only while the comment is public."""

from kolom.comments.types import Comment, PublicComment, Status
from kolom.models.comments import SITE, CommentRecord
from kolom.rendering import visitor_text

_STATUSES: dict[str, Status] = {name: name for name in ("pending", "approved", "spam", "deleted")}


def to_record(comment: Comment) -> CommentRecord:
    """Return the item of a comment. Its public attributes have the text only if the comment is approved."""
    record = CommentRecord(
        str(comment.article_id),
        comment.id,
        status=comment.status,
        status_before=comment.status_before,
        parent_id=comment.parent_id,
        depth=comment.depth,
        replies=comment.replies,
        author_name=comment.name,
        author_website=comment.website,
        content=comment.content,
        person=comment.person,
        avatar=comment.avatar,
        is_owner=comment.is_owner,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        reasons=list(comment.reasons),
        decided_by=comment.decided_by,
        version=comment.version,
        revision=comment.revision,
        change=comment.change,
        announced=comment.announced,
        expires_at=comment.expires_at,
    )
    if comment.is_visible:
        record.public_article_id = str(comment.article_id)
        record.deleted = comment.status != "approved"
    if comment.status == "approved":
        record.public_site = SITE
        record.name = comment.name
        record.website = comment.website
        record.content_html = visitor_text.render(comment.content).html
    return record


def to_comment(record: CommentRecord) -> Comment:
    """Return the comment of an item of the table or of the index ``by_status``."""
    return Comment(
        article_id=int(record.article_id),
        id=record.sort,
        status=_STATUSES[record.status],
        status_before=_STATUSES[record.status_before] if record.status_before else None,
        parent_id=record.parent_id,
        depth=int(record.depth),
        replies=int(record.replies),
        name=record.author_name,
        website=record.author_website,
        content=record.content,
        person=record.person,
        avatar=record.avatar,
        is_owner=record.is_owner,
        created_at=record.created_at,
        edited_at=record.edited_at,
        reasons=tuple(record.reasons),
        decided_by=record.decided_by,
        version=int(record.version),
        revision=int(record.revision),
        change=record.change,
        announced=bool(record.announced),
        expires_at=None if record.expires_at is None else int(record.expires_at),
    )


def to_author_view(comment: Comment) -> PublicComment:
    """Return a comment as its author sees it, in any status."""
    return PublicComment(
        article_id=comment.article_id,
        id=comment.id,
        parent_id=comment.parent_id,
        name=comment.name,
        website=comment.website,
        avatar=comment.avatar,
        is_owner=comment.is_owner,
        content_html=visitor_text.render(comment.content).html,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        deleted=comment.status == "deleted",
    )
