"""The input model of an article: its fields and their rules, for front matter, archives and imports alike. Pure.

No Lambda function imports this module, because pydantic would lengthen its cold start.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from kolom.articles.names import label_key, label_problem, path_problem, slug_problem
from kolom.articles.page_urls import page_url_problem
from kolom.articles.types import MAX_HTML_BYTES, MAX_SOURCE_BYTES, Body, Kind
from kolom.errors import FieldError, InvalidInput
from kolom.rendering.types import Rendered
from kolom.timestamps import has_date_everywhere

MAX_TITLE: Final = 300
MAX_EXCERPT: Final = 1_000
MAX_DESCRIPTION: Final = 1_000
MAX_AUTHOR: Final = 100
MAX_IMAGE: Final = 2_000
MAX_ORIGIN: Final = 1_000
MAX_LABELS: Final = 20
"""A publication writes up to three items per label in one transaction, which may have 100 items."""

STORED: Final = {"is_stored": True}
"""The validation context of stored articles: allows values that new articles must not have, but old ones may."""

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_IMAGE_URL: Final = re.compile(r"(?:https?://|/)[^\s<>\"\\]+")


def is_image_url(text: str) -> bool:
    """Return whether ``text`` can be an article's image: an absolute URL or an absolute path."""
    return _IMAGE_URL.fullmatch(text) is not None


def first_image(rendered: Rendered) -> str | None:
    """Return the first image of a text if it can be the article's image, or None."""
    return rendered.image if rendered.image and is_image_url(rendered.image) else None


def _rule[Value](problem_of: Callable[[Value], str | None]) -> AfterValidator:
    """Return a validator that rejects a value if ``problem_of`` returns a problem."""

    def check(value: Value) -> Value:
        if problem := problem_of(value):
            raise ValueError(problem)
        return value

    return AfterValidator(check)


def _at_most(limit: int) -> AfterValidator:
    def problem(text: str) -> str | None:
        return f"must have at most {limit} characters, got {len(text)}" if len(text) > limit else None

    return _rule(problem)


def _text_problem(text: str) -> str | None:
    return "must not contain unpaired surrogates" if _SURROGATE.search(text) else None


def _title_problem(title: str) -> str | None:
    return None if title.strip() else "must not be empty"


def _path(path: str, info: ValidationInfo) -> str:
    if problem := path_problem(path, is_stored=info.context == STORED):
        raise ValueError(problem)
    return path


def _label(label: str, info: ValidationInfo) -> str:
    if problem := label_problem(label, is_stored=info.context == STORED):
        raise ValueError(problem)
    return label


def _stored_label_problem(label: str) -> str | None:
    return label_problem(label, is_stored=True)


def _image_problem(image: str) -> str | None:
    return None if is_image_url(image) else f"must be a URL that begins with https://, http:// or /, not {image!r}"


def _time_problem(time: datetime) -> str | None:
    return None if has_date_everywhere(time) else "must be from 0001-01-02 to 9999-12-30"


def _language_problem(language: str) -> str | None:
    return None if _LANGUAGE.fullmatch(language) else f"must be a code such as id, en or pt-BR, not {language!r}"


def _labels_problem(labels: Sequence[str]) -> str | None:
    distinct = len({label_key(label) for label in labels})
    return f"at most {MAX_LABELS} labels are allowed, got {distinct}" if distinct > MAX_LABELS else None


def _body_problem(body: Body) -> str | None:
    for name, text, limit in (("rendered HTML", body.html, MAX_HTML_BYTES), ("source", body.source, MAX_SOURCE_BYTES)):
        size = len(text.encode())
        if size > limit:
            return f"the {name} has {size:,} bytes, at most {limit:,} are allowed"
    return None


Text = Annotated[str, _rule(_text_problem)]
Title = Annotated[Text, _rule(_title_problem), _at_most(MAX_TITLE)]
Slug = Annotated[str, _rule(slug_problem)]
Path = Annotated[str, AfterValidator(_path)]
Excerpt = Annotated[Text, _at_most(MAX_EXCERPT)]
Description = Annotated[Text, _at_most(MAX_DESCRIPTION)]
Author = Annotated[Text, _at_most(MAX_AUTHOR)]
Image = Annotated[Text, _at_most(MAX_IMAGE), _rule(_image_problem)]
PageUrl = Annotated[str, _rule(page_url_problem)]
Origin = Annotated[Text, _at_most(MAX_ORIGIN)]
Language = Annotated[str, _rule(_language_problem)]
Time = Annotated[AwareDatetime, _rule(_time_problem)]
Label = Annotated[str, AfterValidator(_label)]
StoredLabel = Annotated[str, _rule(_stored_label_problem)]
MaxLabelCount: Final = _rule(_labels_problem)
"""The rule for the number of labels, for any kind of sequence."""


class ArticleInput(BaseModel):
    """An article as its author supplies it, already rendered and sanitized (:mod:`kolom.rendering.renderer`).

    A future ``published_at`` schedules the article; the default is the time of its first publication. ``path`` is its
    path if that is not the default, such as the one that it had on another system. ``origin`` identifies it in the
    export that it was imported from. Letters with accents are composed (Unicode's NFC), except in body, image
    and origin. ``url`` is the URL of an external page: every article of this kind has one, and neither a path nor the
    status of a draft.

    :raises InvalidInput: a field is not valid; the error has an entry for every such field
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Title
    slug: Slug
    body: Annotated[Body, _rule(_body_problem)]
    excerpt: Excerpt = ""
    description: Description = ""
    image: Image | None = None
    labels: Annotated[tuple[Label, ...], MaxLabelCount] = ()
    language: Language = "en"
    author: Author = ""
    published_at: Time | None = None
    updated_at: Time | None = None
    path: Path | None = None
    kind: Kind = "article"
    draft: bool = False
    comments_open: bool = True
    reading_minutes: Annotated[int, Field(ge=0)] = 1
    origin: Origin | None = None
    url: PageUrl | None = None

    @field_validator("title", "slug", "excerpt", "description", "author", "path", mode="before")
    @classmethod
    def _compose(cls, value: object) -> object:
        """Compose letters and accents (NFC), so that the same text is always the same characters and the same URL."""
        return unicodedata.normalize("NFC", value) if isinstance(value, str) else value

    @field_validator("labels", mode="before")
    @classmethod
    def _compose_labels(cls, value: object) -> object:
        return tuple(map(cls._compose, value)) if isinstance(value, tuple) else value

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if (self.kind == "external") != (self.url is not None):
            raise ValueError("an external article, and no other, has a url")
        if self.url is not None and (self.draft or self.path is not None):
            raise ValueError("an external article is published, and has no path of its own")
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _convert_errors(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise InvalidInput(*map(_field_error, error.errors(include_url=False))) from None

    def replace(self, **changes: Any) -> Self:
        """Return a copy of the article with ``changes``.

        :raises InvalidInput: a changed field is not valid
        """
        return type(self)(**{name: getattr(self, name) for name in type(self).model_fields} | changes)


def field_problem(name: str, value: object) -> str | None:
    """Return why ``value`` is not valid for the field ``name`` of an article, or None."""
    try:
        _adapter(name).validate_python(value, strict=True)
    except ValidationError as error:
        return _message(error.errors(include_url=False)[0])
    return None


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    field = ArticleInput.model_fields[name]
    return TypeAdapter(Annotated[field.annotation, field])


def _field_error(error: Any) -> FieldError:
    return FieldError(str(error["loc"][0]) if error["loc"] else "", _message(error))


def _message(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
