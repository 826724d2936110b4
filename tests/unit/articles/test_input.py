"""The fields of an article have the same rules in every input format."""

import re
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kolom.articles.input import (
    MAX_AUTHOR,
    MAX_DESCRIPTION,
    MAX_EXCERPT,
    MAX_IMAGE,
    MAX_LABELS,
    MAX_TITLE,
    STORED,
    ArticleInput,
    field_problem,
)
from kolom.articles.names import MAX_LABEL, MAX_PATH, MAX_SLUG
from kolom.articles.publishing import fingerprint_of
from kolom.articles.types import Body
from kolom.errors import InvalidInput
from kolom.rendering.types import Heading
from kolom_cli.archive.encoding import ArchiveFormatError
from kolom_cli.archive.schemas import ArticleRecord
from kolom_cli.publishing.document import DocumentError, read_document
from tests.paths import PROJECT

UTC_ZONE = ZoneInfo("UTC")
FIELDS: dict[str, Any] = {"title": "Hello", "slug": "hello", "body": Body(html="<p>Hello.</p>")}
RECORD: dict[str, Any] = {
    "title": "Hello",
    "slug": "hello",
    "id": 1,
    "version": 1,
    "status": "draft",
    "updated": "2026-02-01T08:00:00Z",
    "language": "en",
}
# The invalid fields and their messages.
WRONG: list[tuple[str, Any, str]] = [
    ("title", "x" * 301, "must have at most 300 characters, got 301"),
    ("slug", "Hello", "must be lowercase: 'hello'"),
    ("slug", "x" * 201, "must have at most 200 characters, got 201"),
    ("slug", "feeds", "'feeds' is reserved for the site itself"),
    ("excerpt", "x" * 1_001, "must have at most 1000 characters, got 1001"),
    ("description", "x" * 1_001, "must have at most 1000 characters, got 1001"),
    ("author", "x" * 101, "must have at most 100 characters, got 101"),
    ("language", "English", "must be a code such as id, en or pt-BR, not 'English'"),
    ("labels", ["x" * 101], f"must have at most 100 characters: {'x' * 40!r}…"),
    ("labels", [f"l{number}" for number in range(21)], "at most 20 labels are allowed, got 21"),
]


def as_yaml(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


@pytest.mark.parametrize(("field", "value", "message"), WRONG, ids=lambda value: str(value)[:20])
def test_an_invalid_field_has_the_same_message_everywhere(tmp_path: Path, field: str, value: Any, message: str) -> None:
    """The model and an archive name the field; a file also names its line."""
    with pytest.raises(InvalidInput) as in_model:
        ArticleInput(**FIELDS | {field: tuple(value) if isinstance(value, list) else value})
    assert [(error.field, error.message) for error in in_model.value.errors] == [(field, message)]

    with pytest.raises(ArchiveFormatError, match=rf"^{field}(\.0)?: {re.escape(message)}$"):
        ArticleRecord.read(RECORD | {field: value})

    file = tmp_path / "post.md"
    front = {"title": "Hello"} | {field: value}
    lines = [f"{name}: {as_yaml(entry)}" for name, entry in front.items()]
    file.write_text("\n".join(["---", *lines, "---", "Text."]))
    with pytest.raises(DocumentError) as in_file:
        read_document(file, UTC_ZONE)
    assert in_file.value.message == f"{field}: {message}"
    assert in_file.value.line == 2 + list(front).index(field)


def test_all_errors_are_reported_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        ArticleInput(title=" ", slug="A", body=Body(html=""), image="a.png", path="x", labels=("", "a\x00"))
    assert [error.field for error in refused.value.errors] == ["title", "slug", "image", "labels", "labels", "path"]


@pytest.mark.parametrize("date", ["published_at", "updated_at"])
def test_a_date_must_have_a_time_zone(date: str) -> None:
    assert field_problem(date, datetime(2026, 2, 1, 8, tzinfo=UTC)) is None
    assert field_problem(date, datetime(2026, 2, 1, 8)) is not None  # noqa: DTZ001


@pytest.mark.parametrize("field", ["published_at", "updated_at"])
@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59+00:00"]
)
def test_a_date_must_exist_in_every_time_zone(field: str, moment: str) -> None:
    """Otherwise, lists and pages that show it in the time zone of the site would fail."""
    assert field_problem(field, datetime.fromisoformat(moment)) == "must be from 0001-01-02 to 9999-12-30"


def test_a_body_must_fit_into_a_response() -> None:
    with pytest.raises(InvalidInput, match="body: the rendered HTML has 2,097,153 bytes, at most 2,097,152"):
        ArticleInput(title="Hello", slug="hello", body=Body(html="x" * (2 * 1024 * 1024 + 1)))


def test_a_change_is_validated_like_a_new_article() -> None:
    article = ArticleInput(**FIELDS)
    assert article.replace(slug="bye") == ArticleInput(**FIELDS | {"slug": "bye"})
    with pytest.raises(InvalidInput, match=r"^slug: "):
        article.replace(slug="Bye")


def test_a_stored_path_of_an_earlier_version_is_accepted() -> None:
    stored = FIELDS | {"path": "/a<b>.html"}
    with pytest.raises(InvalidInput, match=r"^path: "):
        ArticleInput.model_validate(stored)
    assert ArticleInput.model_validate(stored, context=STORED).path == "/a<b>.html"


@pytest.mark.parametrize("label", [".", "..", "/", "a/", "/a", "a//b", "a/../b", "a/ . /b", "%2F", "a%20b"])
def test_a_new_label_must_have_an_address(label: str) -> None:
    fields = FIELDS | {"labels": (label,)}
    with pytest.raises(InvalidInput, match=r"^labels: must not .* because of its URL"):
        ArticleInput.model_validate(fields)
    assert ArticleInput.model_validate(fields, context=STORED).labels == (label,)
    assert ArticleRecord.read(RECORD | {"labels": [label]}).labels == [label]


@pytest.mark.parametrize("label", ["AC/DC", "C++", "...", ".net", "100%", "50%off", "a.b/c", "\\", "C#", "?"])
def test_other_punctuation_is_allowed_in_labels(label: str) -> None:
    assert field_problem("labels", (label,)) is None


def test_a_new_path_has_no_invisible_characters() -> None:
    with pytest.raises(InvalidInput, match="must not contain invisible characters"):
        ArticleInput.model_validate(FIELDS | {"path": "/a\ufeff/b"})


@pytest.mark.parametrize("slug", ["हिन्दी", "தமிழ்", "ไทย", "café", "x̂", "שָׁלוֹם"])
def test_a_slug_may_have_letters_with_marks(slug: str) -> None:
    assert field_problem("slug", unicodedata.normalize("NFC", slug)) is None


def test_the_problem_of_a_decomposed_slug_names_the_composed_one() -> None:
    assert field_problem("slug", "cafe\u0301") == "must have composed characters (NFC): 'caf\u00e9'"


@pytest.mark.parametrize("slug", ["\u093fa", "cafe\u0301", "a\u200db", "a\ufe0f", "a-", "_a", "a\u20dd"])
def test_misplaced_decomposed_or_invisible_characters_are_a_problem_of_a_slug(slug: str) -> None:
    assert field_problem("slug", slug) is not None


def test_thefingerprint_of_of_a_content_never_changes() -> None:
    """Otherwise the next publication would publish every article again."""
    article = ArticleInput(
        title="Déjà — vu",
        slug="deja-vu",
        body=Body(html="<p>☕</p>", toc=(Heading("a", 2, "A"),), source="☕", source_format="markdown"),
        labels=("Kopi", "Teh"),
        published_at=datetime(2026, 2, 1, 8, tzinfo=ZoneInfo("Asia/Jakarta")),
        updated_at=datetime(2026, 2, 2, 8, 30, 5, 7, tzinfo=UTC),
        path="/2024/05/x.html",
        origin="wordpress:1",
        image="/a.png",
        reading_minutes=3,
    )
    assert fingerprint_of(article) == "e9db346939b225f6b3ca4c6169a2a0e812b18ebdc4d4341afbf5d01cc1e1e543"


def test_the_documentation_states_the_limits() -> None:
    stated = (PROJECT / "docs/publish.md").read_text("utf-8")
    for row in (
        f"| `title` | {MAX_TITLE} characters |",
        f"| `slug` | {MAX_SLUG} characters:",
        f"| `path` | {MAX_PATH} characters |",
        f"| `author` | {MAX_AUTHOR} characters |",
        f"| `labels` | {MAX_LABELS}, of {MAX_LABEL} characters each |",
        f"| the address of the image | {MAX_IMAGE:,} characters |",
    ):
        assert row in stated
    assert MAX_DESCRIPTION == MAX_EXCERPT
    assert f"| `description`, `excerpt` | {MAX_EXCERPT:,} characters each |" in stated


def test_reading_and_publishing_scheduled_articles_does_not_import_pydantic() -> None:
    """The import would add a tenth of a second to each cold start."""
    code = (
        "import sys, kolom.articles.types, kolom.articles.publishing\n"
        "assert not {'pydantic', 'kolom.articles.input'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_letters_with_accents_are_composed_except_in_the_body() -> None:
    html = "<p>Mu\u0308sli</p>"
    made = ArticleInput(
        title="Mu\u0308sli",
        slug="mu\u0308sli",
        path="/2024/mu\u0308sli.html",
        labels=("Mu\u0308nster",),
        author="Zoe\u0308",
        body=Body(html=html),
    )
    assert (made.title, made.slug, made.path) == ("Müsli", "müsli", "/2024/müsli.html")
    assert (made.labels, made.author, made.body.html) == (("Münster",), "Zoë", html)
