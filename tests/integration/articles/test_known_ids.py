"""A warm process finds an article again without reading its pointer, and never under a name that it has lost."""

from collections.abc import Callable

import pytest

from kolom.articles import known_ids, public, publishing
from kolom.errors import Gone, Moved, NotFound
from tests.factories import NOW, content
from tests.integration.contracts.recorder import recorded

pytestmark = pytest.mark.usefixtures("tables")


def requests(read: Callable[[], object]) -> int:
    """Return the number of requests of a read."""
    with recorded() as made:
        read()
    return len(made.operations)


@pytest.mark.parametrize(
    "read",
    [
        lambda: public.get_article("one"),
        lambda: public.get_without_body("one"),
        lambda: public.get_by_any_slug("one"),
        lambda: public.get_article_at("/2024/01/one.html"),
        lambda: public.resolve_path("/2024/01/one.html"),
    ],
)
def test_the_second_read_of_an_article_makes_one_request_less(read: Callable[[], object]) -> None:
    publishing.publish(content("one", path="/2024/01/one.html"), now=NOW)
    first = requests(read)
    assert [requests(read), requests(read)] == [first - 1, first - 1]


def test_a_former_name_leads_to_the_new_one() -> None:
    first = publishing.publish(content("one"), now=NOW).article
    public.get_without_body("one")
    publishing.publish(content("renamed"), now=NOW, article_id=first.id, force=True)
    with pytest.raises(Moved, match="renamed"):
        public.get_without_body("one")
    assert public.get_by_any_slug("one").id == first.id


@pytest.mark.parametrize(("act", "error"), [(publishing.unpublish, NotFound), (publishing.delete, Gone)])
def test_an_article_that_is_no_longer_public_is_not_shown(act: Callable[..., object], error: type[Exception]) -> None:
    publishing.publish(content("one"), now=NOW)
    public.get_article("one")
    public.get_article_at("/one/")
    act("one", now=NOW)
    for read, name in ((public.get_article, "one"), (public.get_article_at, "/one/")):
        with pytest.raises(error):
            read(name)


def test_names_that_lead_nowhere_are_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(NotFound):
            public.get_article("one")
    publishing.publish(content("one"), now=NOW)
    assert public.get_article("one").article.slug == "one"


def test_a_process_remembers_a_limited_number_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_ids, "MAX_IDS", 2)
    for slug in ("one", "two", "three"):
        publishing.publish(content(slug), now=NOW)
        public.get_without_body(slug)
    assert [requests(lambda: public.get_without_body(slug)) for slug in ("three", "one")] == [1, 2]  # noqa: B023
