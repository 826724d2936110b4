"""Measure how the cost of reading grows with the number of articles, and of comments on one article.

    .venv/bin/python -m benchmarks.growth [--articles 100 1000 …] [--comments 10 100 …] [--plots docs/images] [--full]

The items that the functions would have written are put into moto's tables directly, because publishing a hundred
thousand articles would take hours. Only the postings of the words that the queries need are loaded. For each size, a
GET is made on moto to count its calls to DynamoDB and their read units. Then it is repeated with the recorded responses
(:mod:`benchmarks.canned`) to measure its processor time. A search has the document list in memory, but not its results.

The plots are drawn by matplotlib, in colors that are legible on a light and on a dark background. They show the lowest
time of each request, which depends the least on what else the machine does.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from moto.dynamodb.models import dynamodb_backends
from ulid import ULID

from benchmarks.canned import recorded, replay_in_turns
from benchmarks.capacity import metered
from benchmarks.handlers import ENVIRONMENT, endless_theme, local_aws
from benchmarks.index_items import block_item, result_items
from benchmarks.runner.figures import Figure, NotRunError
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds
from benchmarks.search_cost import START, Writer, article_of
from kolom.articles.body_chunks import split_body
from kolom.articles.mapping import to_article_record
from kolom.comments.mapping import to_record
from kolom.comments.types import Comment
from kolom.models.articles import COUNTS, POINTER, Count, Pointer
from kolom.models.base import Record
from kolom.models.comments import StatsRecord, stats_key
from kolom.models.search import RELATED, RelatedRecord
from kolom.search import document_table
from kolom.search.analyzer import stem
from kolom.search.codec import (
    DOCUMENTS_PER_BLOCK,
    POSTINGS_PER_BLOCK,
    DocumentStats,
    decode_document,
    decode_posting,
    encode_document,
    encode_posting,
)
from kolom.search.document import build_document
from kolom.search.index_reader import results
from kolom.search.related_lists import LENGTH
from kolom_cli.sam.intrinsics import ACCOUNT_ID, PSEUDO_PARAMETERS

LABEL: Final = "Berita"
COMMENTED: Final = 1
"""The id of the article with the comments."""

DIFFERENT_TEXTS: Final = 1_000
"""The number of different texts, which the articles share: analyzing a hundred thousand would take an hour."""

EXCERPT: Final = "An excerpt of a sentence or two, as long as those that lists of articles usually show. " * 2

TEXT: Final = "One of *many* comments, of an ordinary length: two sentences, a [link](https://a.example), and no more."


@dataclass(frozen=True, slots=True)
class Options:
    """The numbers of articles and comments, how often to measure the processor times, and the folder of the plots."""

    articles: tuple[int, ...] = (100, 1_000, 10_000)
    comments: tuple[int, ...] = (10, 100, 1_000, 10_000)
    rounds: int = 7
    calls: int = 5
    plots: str = "test-output/benchmarks"


class Store:
    """The tables on moto, filled directly."""

    def __init__(self) -> None:
        backend = dynamodb_backends[ACCOUNT_ID][PSEUDO_PARAMETERS["AWS::Region"]]
        self._tables = {
            name: backend.get_table(ENVIRONMENT[f"{name.upper()}_TABLE"]) for name in ("articles", "search", "comments")
        }
        # Nothing reads the streams here, and they would keep a copy of every item.
        for table in self._tables.values():
            table.stream_shard = None
        self._blocks: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
        self._revision = 0
        contents = enumerate(Writer().contents(1, DIFFERENT_TEXTS), start=1)
        self._texts = [(each, build_document(article_of(each, number), each.body)) for number, each in contents]
        self.number_of_articles = self.number_of_comments = 0

    def put(self, table: str, record: Record) -> None:
        """Put the item of a record."""
        self._tables[table].put_item(record.serialize())

    def add_articles(self, total: int, stems: frozenset[str]) -> None:
        """Add articles until there are ``total``, with the postings of these stems."""
        changed: set[tuple[str, int]] = set()
        first, self.number_of_articles = self.number_of_articles + 1, total
        for article_id in range(first, total + 1):
            content, entry = self._texts[(article_id - 1) % len(self._texts)]
            moment = START + timedelta(minutes=article_id)
            article = replace(
                article_of(content, article_id),
                slug=f"artikel-{article_id}",
                path=f"/artikel-{article_id}/",
                published_at=moment,
                updated_at=moment,
                excerpt=EXCERPT,
            )
            elements = {
                (term, article_id // POSTINGS_PER_BLOCK): encode_posting(
                    article_id, decode_posting(entry.postings[term])[1]
                )
                for term in stems & entry.postings.keys()
            }
            assert entry.list_entry is not None
            stats = DocumentStats(moment, "id", decode_document(entry.list_entry)[1])
            elements["#documents", article_id // DOCUMENTS_PER_BLOCK] = encode_document(article_id, stats)
            for block, element in elements.items():
                self._blocks[block].add(element)
            changed |= elements.keys()
            for record in result_items(article, entry):
                self.put("search", record)
            if article_id in {COMMENTED, total // 2}:
                chunks = split_body(article_id, "1", content.body)
                article = replace(article, body_version="1", body_parts=len(chunks))
                for chunk in chunks:
                    self.put("articles", chunk)
                self.put("articles", Pointer(f"slug:{article.slug}", POINTER, id=article_id))
                others = [each for each in range(1, total + 1) if each != article_id][:LENGTH]
                self.put("search", RelatedRecord(f"related#{article_id}", RELATED, ids=others))
            self.put("articles", to_article_record(article))
        for part in ("all", f"label#{LABEL.lower()}"):
            self.put("articles", Count(COUNTS, part, articles=total, label=LABEL))
        for key, number in changed:
            self._put_search(block_item(key, number, self._blocks[key, number]))
        self._revision += 1
        self._put_search({"key": {"S": "#documents"}, "part": {"S": "#"}, "revision": {"N": str(self._revision)}})

    def _put_search(self, item: dict[str, Any]) -> None:
        self._tables["search"].put_item(item)

    def add_comments(self, total: int) -> None:
        """Add comments to one article until there are ``total``."""
        first, self.number_of_comments = self.number_of_comments, total
        for number in range(first, total):
            moment = START + timedelta(minutes=number)
            comment = Comment(
                article_id=COMMENTED,
                id=str(ULID.from_datetime(moment)),
                status="approved",
                name="Budi",
                content=TEXT,
                website=None,
                person=None,
                avatar="0123456789abcdef",
                created_at=moment,
                parent_id=None,
                depth=0,
                reasons=(),
                change="",
            )
            self.put("comments", to_record(comment))
        self.put("comments", StatsRecord(*stats_key(COMMENTED), approved=total))


class Requests:
    """Makes requests to the functions."""

    def __init__(self) -> None:
        # Imported after the environment is set, because the logger reads it.
        from functions.fetch_articles.app import handler as articles
        from functions.fetch_comments.app import handler as comments
        from functions.search_articles.app import handler as search
        from functions.serve_pages.app import handler as pages
        from tests.factories import Context, request

        self._handlers = {"articles": articles, "comments": comments, "search": search, "pages": pages}
        self._context, self._request = Context(), request

    def get(self, function: str, path: str, query: str = "") -> Callable[[], dict[str, Any]]:
        """Return a function that makes a GET and returns its response."""
        event, handler = self._request(path, query), self._handlers[function]

        def make() -> dict[str, Any]:
            answer: dict[str, Any] = handler(event, self._context)
            assert answer["statusCode"] == 200, answer  # noqa: PLR2004, RUF100
            return answer

        return make


def measure(options: Options) -> Iterator[Figure]:
    """Yield the figures of each request at each size, and draw the plots."""
    found: list[Figure] = []
    with local_aws(), endless_theme():
        store, requests = Store(), Requests()
        for size in options.articles:
            found.extend(_with_articles(store, requests, size, options))
        if not options.articles:
            store.add_articles(2, frozenset())
        for size in options.comments:
            store.add_comments(size)
            found.extend(_with_comments(requests, size, options))
    yield from found
    draw_plots(Path(options.plots), found)


def _with_articles(store: Store, requests: Requests, size: int, options: Options) -> Iterator[Figure]:
    words = Writer().words(400)  # those of the first two articles, and some of the third
    by_frequency = sorted(set(words), key=lambda word: (words.count(word), word))
    frequent, middle, rare = (by_frequency[position] for position in (-1, -20, 0))
    store.add_articles(size, frozenset(stem(word, "id") for word in (frequent, middle, rare)))
    slug = f"artikel-{size // 2}"
    cases = {
        "list, first page": requests.get("articles", "/api/articles"),
        "list of a year": requests.get("articles", "/api/articles", f"year={START.year}"),
        "article": requests.get("articles", f"/api/articles/{slug}"),
        "search, a frequent word": _anew(requests.get("search", "/api/search", f"q={quote(frequent)}")),
        "search, three words": _anew(
            requests.get("search", "/api/search", f"q={quote(f'{frequent} {middle} {rare}')}")
        ),
        "page of an article": requests.get("pages", f"/{slug}/"),
    }
    for name, request in cases.items():
        yield from _measure(f"{name} ({size:,} articles)", request, options)

    def search_after_a_change() -> object:
        document_table.clear_cache()
        return cases["search, a frequent word"]()

    yield from _measure(f"search, after a change of any article ({size:,} articles)", search_after_a_change, options)


def _anew[Response](search: Callable[[], Response]) -> Callable[[], Response]:
    """Return a function that clears the results in memory, then makes the search."""

    def make() -> Response:
        results.clear()
        return search()

    return make


def _with_comments(requests: Requests, size: int, options: Options) -> Iterator[Figure]:
    path = f"/api/articles/artikel-{COMMENTED}/comments"
    cases = {
        "comments, first page": requests.get("comments", path),
        "comments, newest first": requests.get("comments", path, "order=newest"),
        "counts": requests.get("comments", "/api/comments/counts", f"slug=artikel-{COMMENTED}"),
        "recent comments": requests.get("comments", "/api/comments/recent"),
    }
    for name, request in cases.items():
        yield from _measure(f"{name} ({size:,} comments)", request, options)


def _measure(case: str, request: Callable[[], object], options: Options) -> Iterator[Figure]:
    """Yield the processor time of a request, and the number and read units of its calls to DynamoDB."""
    request()
    with metered() as bill:
        request()
    with recorded() as recording:
        request()
    times = replay_in_turns(recording, {case: request}, options.rounds, calls=options.calls, warm_up=2)[case]
    yield Figure(case, "requests", [bill.total_requests])
    yield Figure(case, "read units", [bill.read_units])
    yield Figure(case, "ms", milliseconds(times))


NEUTRAL: Final = "#7f7f7f"
COLORS: Final = ("#3b82f6", "#d97706", "#16a34a", "#a855f7", "#ef4444", "#0891b2", "#7f7f7f")
MARKERS: Final = "os^Dv<>"


def draw_plots(folder: Path, figures: Sequence[Figure]) -> None:
    """Write ``growth-articles.svg`` and ``growth-comments.svg``: requests, read units and milliseconds by size.

    :raises NotRunError: matplotlib is not installed
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise NotRunError("no plots: matplotlib is not installed: run `uv sync --extra cli --group bench`") from error
    mpl.use("svg")
    # Text stays text; the same figures give the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "kolom", "font.size": 9})
    for color in ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color"):
        mpl.rcParams[color] = NEUTRAL
    folder.mkdir(parents=True, exist_ok=True)
    for unit in ("articles", "comments"):
        _draw(folder / f"growth-{unit}.svg", unit, [each for each in figures if each.case.endswith(f" {unit})")])


def _draw(file: Path, unit: str, figures: Sequence[Figure]) -> None:
    from matplotlib import pyplot

    lines: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for figure in figures:
        name, _, size = figure.case.removesuffix(f" {unit})").rpartition(" (")
        points = lines.setdefault(name, {}).setdefault(figure.measure, [])
        points.append((int(size.replace(",", "")), figure.lowest))
    drawing, axes = pyplot.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
    for axis, measure_name in zip(axes, ("read units", "requests", "ms"), strict=True):
        for (name, measures), color, marker in zip(lines.items(), COLORS, MARKERS, strict=False):
            sizes, values = zip(*measures[measure_name], strict=True)
            axis.plot(sizes, values, label=name, color=color, marker=marker, markersize=4, linewidth=1.5)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
        axis.set_ylim(bottom=0)
        axis.set_title("processor time, ms" if measure_name == "ms" else measure_name)
        axis.set_xlabel(unit)
        axis.grid(visible=True, alpha=0.4, linewidth=0.5)
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    drawing.savefig(file, transparent=True, metadata={"Date": None, "Creator": None})
    pyplot.close(drawing)


PART = Part(
    "growth",
    "Requests, read units and processor time by the number of articles and comments, with plots.",
    measure,
    small=Options(),
    full=Options(articles=(100, 1_000, 10_000, 100_000), comments=(10, 100, 1_000, 10_000, 100_000)),
)

if __name__ == "__main__":
    PART.main()
