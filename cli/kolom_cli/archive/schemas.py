"""The schemas of the records in an archive, and their conversion from and to Kolom's own types. Pure.

These types are :class:`.Article`, :class:`.Comment`, :class:`.Message` and others.

A record is written with its fields in the order of their definition, without those that have their default value
(:mod:`.encoding` defines the notation). Times are RFC 3339 in UTC.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
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
    ValidationError,
)

from kolom.articles.input import (
    Author,
    Description,
    Excerpt,
    Image,
    Language,
    MaxLabelCount,
    Origin,
    PageUrl,
    Slug,
    StoredLabel,
    Title,
)
from kolom.articles.names import default_path, is_reserved_path
from kolom.articles.restore import MAX_ID, ArticleSnapshot
from kolom.articles.types import Article, Body
from kolom.comments.restore import CommentAuthorSnapshot, SubscriptionSnapshot
from kolom.comments.types import Comment
from kolom.contact.types import Message
from kolom.rendering.renderer import render
from kolom.rendering.types import Heading, SourceFormat
from kolom.search.search_settings import Pin, SearchSettings, SynonymRule
from kolom.submissions import fields
from kolom.submissions.blocked_words import without_copies
from kolom.timestamps import to_rfc3339
from kolom_cli.archive.encoding import ArchiveFormatError

_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_MAX_TEXT: Final = 100_000
# The fields that a record and Kolom's own type have under the same name.
_ARTICLE_FIELDS: Final = (
    *("id", "slug", "version", "status", "kind", "title", "month", "language", "author", "description", "excerpt"),
    *("image", "reading_minutes", "origin", "url", "fingerprint"),
)
_COMMENT_FIELDS: Final = (
    *("id", "status", "status_before", "name", "website", "avatar", "is_owner", "content", "decided_by", "revision"),
)
_MESSAGE_FIELDS: Final = ("id", "status", "email", "name", "subject", "message")


def _moment(value: object) -> object:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must be like 2026-03-01T12:00:00Z")
    return datetime.fromisoformat(value)


def _address(value: str) -> str:
    """Check an email address by the rules of the forms, without normalizing it."""
    try:
        fields.EMAIL.parse(value)
    except ValueError:
        raise ValueError("is not a valid email address") from None
    return value


def _not_before_1970(value: datetime) -> datetime:
    if value.year < 1970:
        raise ValueError("must not be before 1970")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(to_rfc3339)]
Expiry = Annotated[Moment, AfterValidator(_not_before_1970)]
Email = Annotated[str, AfterValidator(_address)]
Website = Annotated[str | None, BeforeValidator(fields.WEBSITE.parse_optional)]
Ulid = Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Line = Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
PersonHash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Manifest(BaseModel):
    """``archive.json``. Unknown fields are allowed, since a later version may add some."""

    model_config = ConfigDict(strict=True, frozen=True)

    format: str
    version: int
    complete: bool
    labels: list[Line] = []


class Record(BaseModel):
    """The base of all records: exact types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @classmethod
    def read(cls, data: object) -> Self:
        """Validate ``data``.

        :raises ArchiveFormatError: it is invalid; the message names the invalid fields
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ArchiveFormatError("; ".join(map(_problem, error.errors(include_url=False)[:10]))) from None

    def as_data(self) -> dict[str, Any]:
        """Return the fields to write: those that differ from their default."""
        return self.model_dump(exclude_defaults=True, warnings=False)


class HeadingRecord(Record):
    """A line of the table of contents."""

    id: Line
    level: Literal[2, 3]
    text: Text


class ArticleRecord(Record):
    """The front matter of an article.

    ``body_version`` is the version in which the article got its body. A snapshot calls it ``content_version``.
    ``Article.body_version`` is a longer text that begins with this number.
    """

    title: Title
    slug: Slug
    id: Id
    version: Annotated[int, Field(ge=1, lt=10**9)]
    body_version: Annotated[int, Field(ge=0, lt=10**9)] = 0
    status: Literal["draft", "scheduled", "published", "deleted"]
    kind: Literal["article", "page", "external"] = "article"
    date: Moment | None = None
    updated: Moment
    month: Line | None = None
    labels: Annotated[list[StoredLabel], MaxLabelCount] = []
    language: Language
    author: Author = ""
    description: Description = ""
    excerpt: Excerpt = ""
    image: Image | None = None
    # Checked in `to_snapshot`: a path of the site itself is replaced there instead of refused.
    path: Line | None = None
    comments: bool = True
    reading_minutes: Annotated[int, Field(ge=0, le=100_000)] = 1
    origin: Origin | None = None
    url: PageUrl | None = None
    fingerprint: Hash = ""
    aliases: Annotated[list[Text], Field(max_length=100_000)] = []
    toc: Annotated[list[HeadingRecord], Field(max_length=1_000)] = []

    @classmethod
    def from_article(cls, article: Article, body: Body, aliases: list[str]) -> Self:
        """Return the record of an article."""
        return cls.model_construct(
            **_attributes(article, _ARTICLE_FIELDS),
            body_version=int(article.body_version.partition(".")[0] or 0),
            date=article.published_at,
            updated=article.updated_at,
            labels=list(article.labels),
            path=None if article.path == default_path(article.slug) else article.path,
            comments=article.comments_open,
            aliases=sorted(aliases),
            toc=[HeadingRecord.model_construct(id=each.id, level=each.level, text=each.text) for each in body.toc],
        )

    def to_snapshot(
        self, source: str, source_format: SourceFormat, html: str, zone: ZoneInfo
    ) -> tuple[ArticleSnapshot, str | None]:
        """Return the article with its body, and a note if something had to be changed.

        The HTML is sanitized again by the renderer, which does not change its own output.
        """
        toc, notes = tuple(Heading(each.id, each.level, each.text) for each in self.toc), []
        rendered = render(html, "html")
        if rendered.html != html:
            html, toc = rendered.html, rendered.toc
            notes.append("the HTML in the archive is not as Kolom writes it: sanitized")
        path = self.path or default_path(self.slug)
        if is_reserved_path(path) and not is_reserved_path(default_path(self.slug)):
            notes.append(f"its path {path} is reserved for the site itself: changed to {default_path(self.slug)}")
            path = default_path(self.slug)
        fields = _attributes(self, _ARTICLE_FIELDS)
        if self.month is None and self.status == "published" and self.date is not None:
            fields["month"] = self.date.astimezone(zone).strftime("%Y-%m")
        article = Article(
            **fields,
            path=path,
            labels=tuple(self.labels),
            published_at=self.date,
            updated_at=self.updated,
            comments_open=self.comments,
            source_format=source_format,
            body_version="",
            body_parts=0,
            source_parts=0,
        )
        body = Body(html=html, toc=toc, source=source, source_format=source_format)
        snapshot = ArticleSnapshot(
            article=article, body=body, content_version=self.body_version, aliases=tuple(self.aliases)
        )
        return snapshot, "; ".join(notes) or None


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
    website: Website = None
    avatar: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{0,64}$")] = ""
    is_owner: bool = False
    content: Text = ""
    reasons: Annotated[list[Text], Field(max_length=1_000)] = []
    decided_by: Line = "rules"
    revision: Annotated[int, Field(ge=1, lt=10**9)] = 1
    announced: bool = False

    @classmethod
    def from_comment(cls, comment: Comment) -> Self:
        """Return the record of a comment."""
        return cls.model_construct(
            **_attributes(comment, _COMMENT_FIELDS),
            article=comment.article_id,
            parent=comment.parent_id,
            created=comment.created_at,
            edited=comment.edited_at,
            expires=_time(comment.expires_at),
            reasons=list(comment.reasons),
            announced=comment.announced,
        )

    def to_comment(self) -> Comment:
        """Return the comment. An approved comment counts as announced, so that no mail is sent about it.

        :raises ArchiveFormatError: its fields contradict each other
        """
        if self.parent is not None and self.parent >= self.id:
            raise ArchiveFormatError("parent: must be an earlier comment")
        if self.content == "" and self.status != "deleted":
            raise ArchiveFormatError("content: must not be empty")
        return Comment(
            **_attributes(self, _COMMENT_FIELDS),
            article_id=self.article,
            parent_id=self.parent,
            created_at=self.created,
            edited_at=self.edited,
            reasons=tuple(self.reasons),
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
    person: PersonHash | None = None

    @classmethod
    def from_author(cls, author: CommentAuthorSnapshot) -> Self:
        """Return the record of a comment's author."""
        return cls.model_construct(
            article=author.article_id,
            comment=author.comment_id,
            email=author.email,
            notify_replies=author.notify_replies,
            expires=_time(author.expires_at),
            person=author.person,
        )

    def to_author(self) -> CommentAuthorSnapshot:
        """Return the author.

        :raises ArchiveFormatError: neither or both of ``email`` and ``person`` (a hash) are set, or only one of
            ``email`` and ``expires``
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
    person: PersonHash | None = None
    comment: Ulid | None = None
    expires: Expiry

    @classmethod
    def from_subscription(cls, subscription: SubscriptionSnapshot) -> Self:
        """Return the record of a subscription."""
        return cls.model_construct(
            article=subscription.article_id,
            state=subscription.state,
            email=subscription.email,
            person=subscription.person,
            comment=subscription.comment_id,
            expires=_time(subscription.expires_at),
        )

    def to_subscription(self) -> SubscriptionSnapshot:
        """Return the subscription.

        :raises ArchiveFormatError: neither or both of ``email`` and ``person`` (a hash) are set, or the wrong one for
            the state
        """
        if (self.email is None) == (self.person is None) or (self.email is None) != (self.state == "left"):
            raise ArchiveFormatError("must have an email, or, in the state 'left', a person")
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
        """Return the record of a message."""
        return cls.model_construct(
            **_attributes(message, _MESSAGE_FIELDS),
            created=message.created_at,
            expires=_time(message.expires_at),
            reasons=list(message.reasons),
        )

    def to_message(self) -> Message:
        """Return the message."""
        return Message(
            **_attributes(self, _MESSAGE_FIELDS),
            created_at=self.created,
            expires_at=int(self.expires.timestamp()),
            reasons=tuple(self.reasons),
        )


class SynonymsRecord(Record):
    """A list of synonyms in ``search.json``."""

    words: list[Line]
    one_way: bool = False


class PinRecord(Record):
    """A pinned query in ``search.json``."""

    query: Line
    articles: list[Id]


class SearchSettingsRecord(Record):
    """The line of ``search.json``."""

    synonyms: list[SynonymsRecord] = []
    pins: list[PinRecord] = []

    @classmethod
    def from_settings(cls, settings: SearchSettings) -> Self:
        """Return the record of the settings."""
        return cls.model_construct(
            synonyms=[
                SynonymsRecord.model_construct(words=list(each.words), one_way=each.one_way)
                for each in settings.synonyms
            ],
            pins=[PinRecord.model_construct(query=each.query, articles=list(each.articles)) for each in settings.pins],
        )

    def to_settings(self) -> SearchSettings:
        """Return the settings. :func:`kolom.search.search_settings.check` checks their limits."""
        return SearchSettings(
            tuple(SynonymRule(tuple(each.words), each.one_way) for each in self.synonyms),
            tuple(Pin(each.query, tuple(each.articles)) for each in self.pins),
        )


@dataclass(frozen=True, slots=True)
class BlockedWordList:
    """The owner's list of blocked words."""

    words: tuple[str, ...]


class BlockedWordsRecord(Record):
    """The line of ``blocked-words.json``."""

    words: list[Line] = []

    @classmethod
    def from_words(cls, words: Iterable[str]) -> Self:
        """Return the record of the list."""
        return cls.model_construct(words=list(words))

    def to_list(self) -> BlockedWordList:
        """Return the list. :func:`kolom.submissions.blocked_words.check` checks its limits."""
        return BlockedWordList(without_copies(self.words))


def _attributes(source: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}


def _problem(error: Any) -> str:
    field = ".".join(map(str, error["loc"]))
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{field}: {message[:1].lower()}{message[1:]}" if field else message


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _seconds(value: datetime | None) -> int | None:
    return None if value is None else int(value.timestamp())
