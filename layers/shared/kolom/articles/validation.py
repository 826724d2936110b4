"""Whether a content can be published at all. Pure."""

import re
from collections.abc import Iterator

from kolom.articles.names import label_key, label_problem, path_problem, slug_problem
from kolom.articles.types import MAX_HTML_BYTES, MAX_SOURCE_BYTES, ArticleInput
from kolom.errors import FieldError, InvalidInput
from kolom.rendering.types import Rendered

MAX_LABELS = 20
"""A publication writes up to three items per label in one transaction of at most 100."""

_LENGTHS = {"title": 300, "description": 1_000, "excerpt": 1_000, "author": 100, "image": 2_000, "origin": 1_000}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

_IMAGE_URL = re.compile(r"(?:https?://|/)[^\s<>\"\\]+")


def is_image_url(text: str) -> bool:
    """Whether ``text`` can be an article's image: an absolute URL or an absolute path."""
    return _IMAGE_URL.fullmatch(text) is not None


def first_image(rendered: Rendered) -> str | None:
    """Return the first image of a text, if it can be the article's."""
    return rendered.image if rendered.image and is_image_url(rendered.image) else None


def validate(content: ArticleInput, *, is_stored: bool = False) -> None:
    """Refuse what cannot be published, or with ``is_stored`` what can never have been.

    :raises Invalid: with an entry for every field that is wrong
    """
    errors = tuple(_problems(content, is_stored=is_stored))
    if errors:
        raise InvalidInput(*errors)


def _problems(content: ArticleInput, *, is_stored: bool) -> Iterator[FieldError]:
    if not content.title.strip():
        yield FieldError("title", "must not be empty")
    for name, limit in _LENGTHS.items():
        text: str | None = getattr(content, name)
        if text and len(text) > limit:
            yield FieldError(name, f"must have at most {limit} characters, has {len(text)}")
    if problem := slug_problem(content.slug):
        yield FieldError("slug", problem)
    if content.path is not None and (problem := path_problem(content.path, is_stored=is_stored)):
        yield FieldError("path", problem)
    if content.image is not None and not is_image_url(content.image):
        yield FieldError("image", f"must be an address that begins with https:// or /, not {content.image!r}")
    if not _LANGUAGE.fullmatch(content.language):
        yield FieldError("language", f"must be a code such as id or en, not {content.language!r}")
    yield from _label_problems(content.labels)
    yield from _size_problems(content)


def _label_problems(labels: tuple[str, ...]) -> Iterator[FieldError]:
    distinct = {label_key(label) for label in labels}
    if len(distinct) > MAX_LABELS:
        yield FieldError("labels", f"at most {MAX_LABELS} are possible, here are {len(distinct)}")
    for label in labels:
        if problem := label_problem(label):
            yield FieldError("labels", problem)


def _size_problems(content: ArticleInput) -> Iterator[FieldError]:
    for what, text, limit in (
        ("rendered HTML", content.body.html, MAX_HTML_BYTES),
        ("source", content.body.source, MAX_SOURCE_BYTES),
    ):
        size = len(text.encode())
        if size > limit:
            yield FieldError("body", f"the {what} has {size:,} bytes, at most {limit:,} are possible")
