"""What stands in an archive's files, and what it is in the domain: checked field by field on the way in. Pure.

A form is written as its fields in their order, without those that say nothing (:mod:`.text` has how). Times are
RFC 3339 in UTC.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from kolom.articles.input import (
    Author,
    Description,
    Excerpt,
    Image,
    Label,
    LabelCount,
    Language,
    Origin,
    Slug,
    Title,
)
from kolom.articles.names import default_path, is_site_path
from kolom.articles.restore import MAX_ID, ArticleSnapshot
from kolom.articles.types import Article, Body
from kolom.comments.restore import CommentAuthorSnapshot, SubscriptionSnapshot
from kolom.comments.types import Comment
from kolom.contact.types import Message
from kolom.rendering.renderer import render
from kolom.rendering.types import Heading, SourceFormat
from kolom.submissions import fields
from kolom.timestamps import to_rfc3339
from kolom_cli.archive.encoding import ArchiveFormatError

_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(fields.RequiredEmail)
_MAX_TEXT: Final = 100_000


def _moment(value: object) -> object:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must be like 2026-03-01T12:00:00Z")
    return datetime.fromisoformat(value)


def _address(value: str) -> str:
    """``value`` as it is, if one could have typed it into a form."""
    try:
        _EMAIL.validate_python(value)
    except ValidationError:
        raise ValueError("is no e-mail address") from None
    return value


def _after_1970(value: datetime) -> datetime:
    if value.year < 1970:
        raise ValueError("must be after 1970")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(to_rfc3339)]
Expiry = Annotated[Moment, AfterValidator(_after_1970)]
Email = Annotated[str, AfterValidator(_address)]
Ulid = Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Line = Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
Person = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Manifest(BaseModel):
    """``archive.json``, of which more may be known to a later version."""

    model_config = ConfigDict(strict=True, frozen=True)

    format: str
    version: int
    complete: bool
    labels: list[Line] = []


class Record(BaseModel):
    """The base of all forms: exact types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @classmethod
    def read(cls, data: object) -> Self:
        """The form that ``data`` is.

        :raises FormError: it is none; the message names every field that is wrong
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ArchiveFormatError("; ".join(map(_problem, error.errors(include_url=False)[:10]))) from None

    def data(self) -> dict[str, Any]:
        """What is written of it."""
        return self.model_dump(exclude_defaults=True, warnings=False)


class HeadingRecord(Record):
    """A line of the table of contents."""

    id: Line
    level: Literal[2, 3]
    text: Text


class ArticleRecord(Record):
    """The front matter of an article."""

    title: Title
    slug: Slug
    id: Id
    version: Annotated[int, Field(ge=1, lt=10**9)]
    body_version: Annotated[int, Field(ge=0, lt=10**9)] = 0
    status: Literal["draft", "scheduled", "published", "deleted"]
    kind: Literal["article", "page"] = "article"
    date: Moment | None = None
    updated: Moment
    month: Line | None = None
    labels: Annotated[list[Label], LabelCount] = []
    language: Language
    author: Author = ""
    description: Description = ""
    excerpt: Excerpt = ""
    image: Image | None = None
    # An article that was given an address of the site's answers at its slug's, so its path is checked when it is known.
    path: Line | None = None
    comments: bool = True
    reading_minutes: Annotated[int, Field(ge=0, le=100_000)] = 1
    origin: Origin | None = None
    fingerprint: Hash = ""
    aliases: Annotated[list[Text], Field(max_length=100_000)] = []
    toc: Annotated[list[HeadingRecord], Field(max_length=1_000)] = []

    @classmethod
    def from_article(cls, article: Article, body: Body, aliases: list[str]) -> Self:
        """What is written of an article."""
        return cls.model_construct(
            title=article.title,
            slug=article.slug,
            id=article.id,
            version=article.version,
            body_version=int(article.body_version.partition(".")[0] or 0),
            status=article.status,
            kind=article.kind,
            date=article.published_at,
            updated=article.updated_at,
            month=article.month,
            labels=list(article.labels),
            language=article.language,
            author=article.author,
            description=article.description,
            excerpt=article.excerpt,
            image=article.image,
            path=None if article.path == default_path(article.slug) else article.path,
            comments=article.comments_open,
            reading_minutes=article.reading_minutes,
            origin=article.origin,
            fingerprint=article.fingerprint,
            aliases=sorted(aliases),
            toc=[HeadingRecord.model_construct(id=each.id, level=each.level, text=each.text) for each in body.toc],
        )

    def whole(
        self, source: str, source_format: SourceFormat, html: str, zone: ZoneInfo
    ) -> tuple[ArticleSnapshot, str | None]:
        """The article with its body, and a note if that had to be changed.

        The HTML is held to what the renderer lets pass, which leaves its own work as it is.
        """
        toc, notes = tuple(Heading(each.id, each.level, each.text) for each in self.toc), []
        rendered = render(html, "html")
        if rendered.html != html:
            html, toc = rendered.html, rendered.toc
            notes.append("the HTML in the archive is not as Kolom makes it: it was made so")
        path = self.path or default_path(self.slug)
        if is_site_path(path) and not is_site_path(default_path(self.slug)):
            notes.append(f"its path {path} is an address of the site itself: it answers at its slug's")
            path = default_path(self.slug)
        month = self.month
        if month is None and self.status == "published" and self.date is not None:
            month = self.date.astimezone(zone).strftime("%Y-%m")
        article = Article(
            id=self.id,
            slug=self.slug,
            path=path,
            title=self.title,
            excerpt=self.excerpt,
            image=self.image,
            labels=tuple(self.labels),
            language=self.language,
            author=self.author,
            published_at=self.date,
            updated_at=self.updated,
            reading_minutes=self.reading_minutes,
            kind=self.kind,
            status=self.status,
            month=month,
            description=self.description,
            comments_open=self.comments,
            version=self.version,
            fingerprint=self.fingerprint,
            origin=self.origin,
            source_format=source_format,
            body_version="",
            body_parts=0,
            source_parts=0,
        )
        body = Body(html=html, toc=toc, source=source, source_format=source_format)
        whole = ArticleSnapshot(
            article=article, body=body, content_version=self.body_version, aliases=tuple(self.aliases)
        )
        return whole, "; ".join(notes) or None


class CommentRecord(Record):
    """A line of ``comments.jsonl``."""

    article: Id
    id: Ulid
    parent: Ulid | None = None
    status: Literal["pending", "approved", "spam", "deleted"]
    status_before: Literal["pending", "approved", "spam", "deleted"] | None = None
    created: Moment
    edited: Moment | None = None
    expires: Expiry | None = None
    name: Line = ""
    website: fields.Website = None
    avatar: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{0,64}$")] = ""
    is_owner: bool = False
    content: Text = ""
    reasons: Annotated[list[Text], Field(max_length=1_000)] = []
    decided_by: Line = "rules"
    revision: Annotated[int, Field(ge=1, lt=10**9)] = 1
    announced: bool = False

    @classmethod
    def from_comment(cls, comment: Comment) -> Self:
        """What is written of a comment."""
        return cls.model_construct(
            article=comment.article_id,
            id=comment.id,
            parent=comment.parent_id,
            status=comment.status,
            status_before=comment.status_before,
            created=comment.created_at,
            edited=comment.edited_at,
            expires=_time(comment.expires_at),
            name=comment.name,
            website=comment.website,
            avatar=comment.avatar,
            is_owner=comment.is_owner,
            content=comment.content,
            reasons=list(comment.reasons),
            decided_by=comment.decided_by,
            revision=comment.revision,
            announced=comment.announced,
        )

    def comment(self) -> Comment:
        """The comment that it is. What is approved counts as told to whom it concerns: nobody is mailed of it.

        :raises FormError: it contradicts itself
        """
        if self.parent is not None and self.parent >= self.id:
            raise ArchiveFormatError("parent: must be an earlier comment")
        if self.content == "" and self.status != "deleted":
            raise ArchiveFormatError("content: must not be empty")
        return Comment(
            article_id=self.article,
            id=self.id,
            status=self.status,
            name=self.name,
            content=self.content,
            avatar=self.avatar,
            created_at=self.created,
            parent_id=self.parent,
            status_before=self.status_before,
            website=self.website,
            is_owner=self.is_owner,
            edited_at=self.edited,
            reasons=tuple(self.reasons),
            decided_by=self.decided_by,
            revision=self.revision,
            announced=self.announced or self.status == "approved",
            expires_at=_seconds(self.expires),
        )


class CommentAuthorRecord(Record):
    """A line of ``addresses.jsonl``."""

    article: Id
    comment: Ulid
    email: Email | None = None
    notify_replies: bool = False
    expires: Expiry | None = None
    person: Person | None = None

    @classmethod
    def from_author(cls, author: CommentAuthorSnapshot) -> Self:
        """What is written of a comment's author."""
        return cls.model_construct(
            article=author.article_id,
            comment=author.comment_id,
            email=author.email,
            notify_replies=author.notify_replies,
            expires=_time(author.expires_at),
            person=author.person,
        )

    def author(self) -> CommentAuthorSnapshot:
        """The author that it is.

        :raises FormError: it has neither address nor hash, or both
        """
        if (self.email is None) == (self.person is None) or (self.email is None) != (self.expires is None):
            raise ArchiveFormatError("must have either email and expires, or person")
        return CommentAuthorSnapshot(
            article_id=self.article,
            comment_id=self.comment,
            email=self.email,
            notify_replies=self.notify_replies,
            expires_at=_seconds(self.expires),
            person=self.person,
        )


class SubscriptionRecord(Record):
    """A line of ``subscriptions.jsonl``."""

    article: Id
    state: Literal["asked", "confirmed", "left"]
    email: Email | None = None
    person: Person | None = None
    comment: Ulid | None = None
    expires: Expiry

    @classmethod
    def from_subscription(cls, subscription: SubscriptionSnapshot) -> Self:
        """What is written of a subscription."""
        return cls.model_construct(
            article=subscription.article_id,
            state=subscription.state,
            email=subscription.email,
            person=subscription.person,
            comment=subscription.comment_id,
            expires=_time(subscription.expires_at),
        )

    def subscription(self) -> SubscriptionSnapshot:
        """The subscription that it is.

        :raises FormError: it has neither address nor hash, or both, or is one to mail to without an address
        """
        if (self.email is None) == (self.person is None) or (self.email is None) != (self.state == "left"):
            raise ArchiveFormatError("must have an email, or where it was left, a person")
        return SubscriptionSnapshot(
            article_id=self.article,
            state=self.state,
            expires_at=int(self.expires.timestamp()),
            email=self.email,
            person=self.person,
            comment_id=self.comment,
        )


class MessageRecord(Record):
    """A line of ``messages.jsonl``."""

    id: Ulid
    status: Literal["new", "read", "spam"]
    created: Moment
    expires: Expiry
    email: Email
    name: Line | None = None
    subject: Line | None = None
    message: Text
    reasons: Annotated[list[Text], Field(max_length=1_000)] = []

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """What is written of a message."""
        return cls.model_construct(
            id=message.id,
            status=message.status,
            created=message.created_at,
            expires=_time(message.expires_at),
            email=message.email,
            name=message.name,
            subject=message.subject,
            message=message.message,
            reasons=list(message.reasons),
        )

    def restored(self) -> Message:
        """The message that it is."""
        return Message(
            id=self.id,
            status=self.status,
            email=self.email,
            message=self.message,
            created_at=self.created,
            expires_at=int(self.expires.timestamp()),
            name=self.name,
            subject=self.subject,
            reasons=tuple(self.reasons),
        )


def _problem(error: Any) -> str:
    field = ".".join(map(str, error["loc"]))
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{field}: {message[:1].lower()}{message[1:]}" if field else message


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _seconds(value: datetime | None) -> int | None:
    return None if value is None else int(value.timestamp())
