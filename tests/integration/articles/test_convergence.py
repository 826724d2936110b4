"""After any sequence of an author's actions, lists, labels and counts agree with the articles."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import boto3
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from moto import mock_aws

from kolom.articles import known_ids, public, publishing, repository
from kolom.articles.scheduler import publish_due
from kolom.articles.types import ArticleFilter
from kolom.errors import Conflict, Gone, Moved, NotFound
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.sam.loader import load
from tests.factories import NOW, content
from tests.paths import PROJECT

SLUGS = st.sampled_from(["one", "two", "three"])
PATHS = st.sampled_from([None, "/one/", "/two/", "/2024/01/other.html"])
LABELS = st.lists(st.sampled_from(["News", "news", "c#", "100%", "Politik"]), max_size=4).map(tuple)
DATES = st.one_of(st.none(), st.integers(-400, 3).map(lambda days: NOW + timedelta(days=days, hours=7)))
TABLES = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"}).tables
ZONE = ZoneInfo("Asia/Jakarta")


def _found(read: Callable[[str], object], name: str) -> object:
    """Return what is found, or the error with the new name of an article that has moved."""
    try:
        return read(name)
    except (Gone, Moved, NotFound) as error:
        return type(error), getattr(error, "slug", None)


class Author(RuleBasedStateMachine):
    """Performs an author's actions, and compares lists, labels and counts with the stored articles."""

    def __init__(self) -> None:
        super().__init__()
        self.mock, self.help = mock_aws(), patch_moto()
        self.mock.start()
        self.help.__enter__()
        client = boto3.client("dynamodb")
        for table in TABLES.values():
            client.create_table(**table.create)
        self.now = NOW

    def teardown(self) -> None:
        self.help.__exit__(None, None, None)
        self.mock.stop()

    @rule(slug=SLUGS, labels=LABELS, date=DATES, draft=st.booleans(), page=st.booleans())
    def publish(self, slug: str, labels: tuple[str, ...], date: datetime | None, draft: bool, page: bool) -> None:
        wanted = content(slug, labels=labels, published_at=date, draft=draft, kind="page" if page else "article")
        with suppress(Conflict):
            publishing.publish(wanted, now=self.now, force=True)

    @rule(slug=SLUGS, new=SLUGS, path=PATHS)
    def rename(self, slug: str, new: str, path: str | None) -> None:
        with suppress(Conflict, NotFound):
            article_id = publishing.get_by_slug(slug).id
            publishing.publish(content(new, path=path), now=self.now, article_id=article_id, force=True)

    @rule(slug=SLUGS)
    def unpublish(self, slug: str) -> None:
        self._quietly(lambda: publishing.unpublish(slug, now=self.now))

    @rule(slug=SLUGS)
    def delete(self, slug: str) -> None:
        self._quietly(lambda: publishing.delete(slug, now=self.now))

    @rule(days=st.integers(1, 2))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        publish_due(now=self.now)

    @invariant()
    def lists_and_counts_agree_with_the_articles(self) -> None:
        articles = [article for number in range(1, 4) if (article := repository.get(number))]
        listed = [article for article in articles if article.status == "published" and article.kind == "article"]
        page = public.list_articles(ArticleFilter(), limit=100)
        assert sorted(card.id for card in page.items) == sorted(article.id for article in listed)
        assert page.total == len(listed)
        months = Counter(
            (a.published_at.astimezone(ZONE).year, a.published_at.astimezone(ZONE).month)
            for a in listed
            if a.published_at
        )
        assert {(entry.year, entry.month): entry.count for entry in public.list_months()} == dict(months)
        labels = Counter(label.casefold() for article in listed for label in article.labels)
        assert {entry.label.casefold(): entry.count for entry in public.list_labels()} == dict(labels)
        for label in labels:
            shelf = public.list_articles(ArticleFilter(label=label), limit=100)
            assert len(shelf.items) == shelf.total == labels[label]
            for year, month in months:
                shelf = public.list_articles(ArticleFilter(label=label, year=year, month=month), limit=100)
                assert len(shelf.items) == shelf.total
                shelf = public.list_articles(ArticleFilter(label=label, year=year), limit=100)
                assert len(shelf.items) == shelf.total

    @invariant()
    def published_articles_can_be_read(self) -> None:
        for number in range(1, 4):
            article = repository.get(number)
            if article and article.status == "published":
                assert public.get_article(article.slug).body.html

    @invariant()
    def a_process_that_remembers_earlier_names_finds_the_same_as_a_new_one(self) -> None:
        remembering = self._find_all()
        known_ids.clear_cache()
        assert remembering == self._find_all()

    def _find_all(self) -> list[object]:
        slugs, paths = ("one", "two", "three"), ("/one/", "/two/", "/three/", "/2024/01/other.html")
        reads = [*((public.get_article, slug) for slug in slugs), *((public.get_article_at, path) for path in paths)]
        return [_found(read, name) for read, name in reads]

    def _quietly(self, act: Callable[[], object]) -> None:
        with suppress(NotFound):
            act()


TestAuthor = Author.TestCase
TestAuthor.settings = settings(max_examples=settings().max_examples // 5, stateful_step_count=15)
