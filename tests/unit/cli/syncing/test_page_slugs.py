"""The slugs of new pages."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from kolom.articles.names import slug_problem
from kolom.articles.page_urls import url_pointer_key
from kolom_cli.syncing.page_slugs import PageSlugs
from kolom_cli.syncing.site_reading import ReadPage
from kolom_cli.syncing.types import Document

URL = "https://docs.example"


def read_page(url: str) -> ReadPage:
    return ReadPage(url_pointer_key(url), url_pointer_key(url), url, Document(name=url, url=url))


def slugs_of(*urls: str, stored: Sequence[str] = ()) -> list[str | None]:
    """Return the slugs of pages, without digests."""
    ids = {f"slug:{slug}": 1 for slug in stored}
    pages = [read_page(url) for url in urls]
    chosen = PageSlugs(lambda keys: {key: ids[key] for key in keys if key in ids}).choose(pages)
    return [chosen.get(page.url_key) for page in pages]


def test_a_slug_is_the_last_segment_of_the_url() -> None:
    assert slugs_of(f"{URL}/", f"{URL}/a/Walks.html", f"{URL}/b%20c/") == ["home", "walks", "b-c"]


def test_a_slug_that_exists_gets_the_host_and_then_a_digest() -> None:
    assert slugs_of(f"{URL}/walks", stored=["walks"]) == ["walks-docs-example"]
    (slug,) = slugs_of(f"{URL}/walks", stored=["walks", "walks-docs-example"])
    assert slug is not None
    assert slug.startswith("walks-")
    assert len(slug) == len("walks-01234567")


def test_a_page_has_the_same_slug_in_every_run() -> None:
    urls = [f"{URL}/{number}/walks" for number in range(9)]
    assert slugs_of(*urls) == slugs_of(*urls)
    assert slugs_of(urls[7], stored=["walks", "walks-docs-example"]) == slugs_of(*urls)[7:8]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=250), unique=True, max_size=8))
def test_slugs_are_valid_and_differ(segments: list[str]) -> None:
    chosen = slugs_of(*(f"{URL}/{number}/{each}/page" for number, each in enumerate(segments)))
    chosen += slugs_of(*{url_pointer_key(f"{URL}/{each}"): f"{URL}/{each}" for each in segments}.values())
    assert len(set(chosen[: len(segments)])) == len(segments)
    assert all(slug is not None and slug_problem(slug) is None for slug in chosen)
