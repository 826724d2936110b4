"""The language of an article without one is detected among those of the site, or unknown."""

from pathlib import Path

import pytest

from kolom.rendering.renderer import render
from kolom_cli.publishing.front_matter import FrontMatter
from kolom_cli.publishing.language_detection import MIN_WORDS, detect_language
from tests.paths import PROJECT

LANGUAGES = ("id", "en")
SAMPLES = sorted((PROJECT / "cli/kolom_cli/sample").glob("*.md"))
ENGLISH = "It rained all afternoon, and the market closed early, so we cooked what was left in the kitchen."
INDONESIAN = "Hujan turun sepanjang sore dan pasar tutup lebih awal, jadi kami memasak apa yang tersisa di dapur."
CODE = "<pre><code>for name in names: print(name)  # the first of all of the names that are in the list</code></pre>"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("languages", [LANGUAGES, ("en", "de", "id", "fr")])
def test_the_language_of_every_sample_article_is_detected(path: Path, languages: tuple[str, ...]) -> None:
    text = path.read_text("utf-8")
    front = FrontMatter.parse(path, text)
    rendered = render(text[front.body :], "markdown", title="")
    assert detect_language("", rendered.html, languages) == front.get_text("language")


@pytest.mark.parametrize(
    ("content", "language"),
    [
        (f"<p>{ENGLISH}</p>", "en"),
        (f"<p>{INDONESIAN}</p>", "id"),
        (f"<p>{INDONESIAN}</p>{CODE * 20}", "id"),
        (f"<p>{INDONESIAN} {INDONESIAN}</p><blockquote>It rained all afternoon.</blockquote>", "id"),
        # Too short, only code, another language, both languages, no words.
        ("<p>It rained all afternoon.</p>", None),
        (CODE * 20, None),
        (
            "<p>Den ganzen Nachmittag regnete es, und der Markt schloss früh, also kochten wir, was noch da war.</p>",
            None,
        ),
        (f"<p>{ENGLISH}</p><p>{INDONESIAN}</p>", None),
        (f"<p>{'12.5 3.7 = 99 ' * 20}</p>", None),
        (f"<p>{' '.join(f'w{number}x' for number in range(50))}</p>", None),
        ("", None),
    ],
)
def test_only_the_language_of_a_clear_text_is_detected(content: str, language: str | None) -> None:
    assert detect_language("", content, LANGUAGES) == language
    assert detect_language("", content, LANGUAGES[::-1]) == language


def test_the_title_counts_as_text() -> None:
    words = ENGLISH.split()[: MIN_WORDS - 3]
    assert detect_language("", f"<p>{' '.join(words)}</p>", LANGUAGES) is None
    assert detect_language("A Rainy Afternoon", f"<p>{' '.join(words)}</p>", LANGUAGES) == "en"


def test_a_site_with_one_language_has_no_other() -> None:
    assert detect_language("", f"<p>{ENGLISH}</p>", ("id",)) == "id"


def test_a_language_without_a_dictionary_is_not_detected() -> None:
    assert detect_language("", f"<p>{ENGLISH}</p>", ("zh", "en")) == "en"
    assert detect_language("", f"<p>{ENGLISH}</p>", ("zh", "ja")) is None
    assert detect_language("", "<p>" + "整个下午都在下雨 " * 20 + "</p>", ("zh", "en")) is None


def test_the_elements_of_a_text_separate_its_words() -> None:
    assert detect_language("", "".join(f"<p>{word}</p>" for word in ENGLISH.split()), LANGUAGES) == "en"
