"""Generate WordPress and Google Takeout exports of any size from a seed, with the expected results of an import.

Texts have the word frequencies of a natural language. Articles have 2 to 40 KB in the markup of their editors, and two
of three comments reply to the previous one. Some items are drafts, in the trash, spam, or of another kind.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import IO, Final, Literal

from tests.unit.cli.importers.blogger import takeout
from tests.unit.cli.importers.wordpress import wxr

type Expected = Counter[tuple[str, Literal["created", "skipped"]]]
"""The number of items of each kind that an importer should create or skip."""

SEED: Final = 20261126
VOCABULARY: Final = 20_000
_COMMENTS: Final = (0, 0, 0, 1, 2, 3, 5, 8, 14, 30)
_IMAGES: Final = "https://old.example/wp-content/uploads"
_HOSTED: Final = "https://blogger.googleusercontent.com/img/b/R29vZ2xl"


def write_export(output: IO[str], kind: str, size: int, *, comments: Sequence[int] = _COMMENTS) -> Expected:
    """Write an export of about ``size`` characters; return the expected results.

    ``comments`` are the numbers of comments that an article may have, each with the same probability.
    """
    generator: _WordPress | _Blogger = _WordPress() if kind == "wordpress" else _Blogger()
    generator.comments = comments
    written = output.write(generator.HEAD)
    number = 0
    while written < size:
        number += 1
        written += output.write(generator.article(number))
    output.write(generator.TAIL)
    return generator.expected


class _Text:
    """Generates words, sentences and paragraphs."""

    comments: Sequence[int] = _COMMENTS

    def __init__(self) -> None:
        self.rng = random.Random(SEED)  # noqa: S311 - a benchmark
        syllables = [a + b for a in "bcdfghjklmnprstw" for b in "aeiou"]
        words = {"".join(self.rng.choices(syllables, k=self.rng.choice((1, 2, 2, 3, 4)))) for _ in range(40_000)}
        self._words = sorted(words, key=lambda word: (len(word), word))[:VOCABULARY]
        self._sums = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def words(self, fewest: int, most: int) -> str:
        """Return ``fewest`` to ``most`` words."""
        number = self.rng.randint(fewest, most)
        return " ".join(self.rng.choices(self._words, cum_weights=self._sums, k=number))

    def sentences(self, number: int) -> str:
        """Return ``number`` sentences."""
        return " ".join(f"{self.words(5, 24).capitalize()}." for _ in range(number))

    def marked(self) -> str:
        """Return the content of a paragraph, with some inline markup."""
        parts = [self.sentences(self.rng.randint(1, 6))]
        if self.rng.random() < 0.4:
            parts.append(f"<strong>{self.words(1, 4)}</strong> &amp; <em>{self.words(1, 4)}</em>.")
        if self.rng.random() < 0.3:
            parts.append(f'<a href="https://{self.words(1, 1)}.example/{self.words(1, 1)}">{self.words(1, 3)}</a>.')
        return " ".join(parts)

    def until(self, size: int, piece: Callable[[], str]) -> Iterator[str]:
        """Yield pieces until they have the total size."""
        while size > 0:
            generated = piece()
            size -= len(generated)
            yield generated

    def article_bytes(self) -> int:
        """Return the length of an article; short articles are more frequent."""
        return int(2_000 * 20 ** self.rng.random())

    def draw(self, **shares: float) -> str:
        """Return one of the names, with a probability proportional to its share."""
        return self.rng.choices(list(shares), weights=list(shares.values()))[0]


class _WordPress(_Text):
    HEAD = wxr.HEAD.format(version="1.2")
    TAIL = wxr.TAIL

    def __init__(self) -> None:
        super().__init__()
        self.expected: Expected = Counter()
        self._next = 10_000_000

    def article(self, number: int) -> str:
        """Return an article with its comments and uploaded images."""
        kind = self.draw(post=96, page=4)
        status = self.draw(publish=92, draft=5, private=1, trash=2)
        images = [self._number() for _ in range(self.rng.choice((0, 0, 1, 1, 2, 4)))]
        content = self._blocks(images) if self.rng.random() < 0.6 else self._classic(images)
        terms = [wxr.term(f"Kategori {self.rng.randint(1, 12)}")]
        terms += [wxr.term(f"tag {self.words(1, 1)}", "post_tag") for _ in range(self.rng.randint(0, 6))]
        more = f"    <content:encoded><![CDATA[{content}]]></content:encoded>\n{''.join(terms)}"
        more += wxr.meta("_edit_last", 1) + wxr.meta("_yoast_wpseo_metadesc", self.words(10, 20))
        if images:
            more += wxr.meta("_thumbnail_id", images[0])
        self.expected["page" if kind == "page" else "article", "skipped" if status == "trash" else "created"] += 1
        return wxr.item(
            number,
            title=self.words(3, 9).capitalize(),
            content=None,
            status=status,
            post_type=kind,
            more=more + "".join(self._comments(is_trashed=status == "trash")),
        ) + "".join(self._attachment(image_id, number) for image_id in images)

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _attachment(self, image_id: int, parent: int) -> str:
        self.expected["attachment", "skipped"] += 1
        address = f"    <wp:attachment_url>{_IMAGES}/{image_id}.jpg</wp:attachment_url>\n"
        alternative = wxr.meta("_wp_attachment_image_alt", self.words(2, 6)) + wxr.meta(
            "_wp_attachment_metadata", 'a:5:{s:5:"width";i:1200;s:6:"height";i:800;s:4:"file";s:14:"2020/01/x.jpg";}'
        )
        return wxr.item(
            image_id,
            content="",
            status="inherit",
            post_type="attachment",
            post_parent=parent,
            more=address + alternative,
        )

    def _comments(self, *, is_trashed: bool) -> Iterator[str]:
        previous = 0
        for _ in range(self.rng.choice(self.comments)):
            state = "post-trashed" if is_trashed else self.draw(**{"1": 90, "0": 3, "spam": 5})
            kind = "comment" if self.rng.random() < 0.98 else "pingback"
            is_imported = kind == "comment" and state in {"1", "0"}
            self.expected[kind, "created" if is_imported else "skipped"] += 1
            number = self._number()
            yield wxr.comment(
                number,
                author=self.words(1, 2).title(),
                type=kind,
                approved=state,
                parent=previous if self.rng.random() < 2 / 3 else 0,
                content="\n\n".join(self.sentences(self.rng.randint(1, 4)) for _ in range(self.rng.choice((1, 1, 2)))),
            )
            previous = number if is_imported else previous

    def _blocks(self, images: list[int]) -> str:
        """Return the content in the markup of the block editor."""
        written = list(self.until(self.article_bytes(), self._block))
        for image_id in images:
            image = f'<img src="{_IMAGES}/{image_id}.jpg" alt="" class="wp-image-{image_id}"/>'
            figure = f'<figure class="wp-block-image">{image}'
            figure += f"<figcaption>{self.words(3, 9)}</figcaption></figure>"
            block = f'<!-- wp:image {{"id":{image_id},"sizeSlug":"large"}} -->\n{figure}\n<!-- /wp:image -->'
            written.insert(self.rng.randint(0, len(written)), block)
        return "\n\n".join(written)

    def _block(self) -> str:
        match self.draw(paragraph=80, heading=8, list=6, quote=4, code=2):
            case "heading":
                return f"<!-- wp:heading -->\n<h2>{self.words(2, 8)}</h2>\n<!-- /wp:heading -->"
            case "list":
                items = "".join(f"<li>{self.words(3, 15)}</li>" for _ in range(self.rng.randint(2, 8)))
                return f"<!-- wp:list -->\n<ul>{items}</ul>\n<!-- /wp:list -->"
            case "quote":
                quote = f'<blockquote class="wp-block-quote"><p>{self.sentences(2)}</p></blockquote>'
                return f"<!-- wp:quote -->\n{quote}\n<!-- /wp:quote -->"
            case "code":
                code = "\n".join(f"{self.words(1, 1)} = {self.words(1, 1)}(1 &lt; 2)" for _ in range(8))
                return f'<!-- wp:code -->\n<pre class="wp-block-code"><code>{code}</code></pre>\n<!-- /wp:code -->'
            case _:
                return f"<!-- wp:paragraph -->\n<p>{self.marked()}</p>\n<!-- /wp:paragraph -->"

    def _classic(self, images: list[int]) -> str:
        """Return the content in the markup of the classic editor: paragraphs from blank lines, and shortcodes."""
        written = list(self.until(self.article_bytes(), self._paragraph))
        if len(images) > 1:
            written.append(f'[gallery ids="{",".join(map(str, images))}"]')
        for image_id in images[:1]:
            image = f'<img class="size-medium" src="{_IMAGES}/{image_id}.jpg" alt="" width="300" height="200" />'
            written.insert(0, f'[caption id="attachment_{image_id}" width="300"]{image} {self.words(2, 8)}[/caption]')
        written.insert(min(2, len(written)), "<!--more-->")
        return "\n\n".join(written)

    def _paragraph(self) -> str:
        match self.draw(paragraph=85, heading=6, list=5, quote=4):
            case "heading":
                return f"<h3>{self.words(2, 8)}</h3>"
            case "list":
                return "<ul>\n" + "".join(f"\t<li>{self.words(3, 15)}</li>\n" for _ in range(4)) + "</ul>"
            case "quote":
                return f"<blockquote>{self.sentences(2)}</blockquote>"
            case _:
                return self.marked()


class _Blogger(_Text):
    HEAD = takeout.TAKEOUT
    TAIL = takeout.TAIL

    def __init__(self) -> None:
        super().__init__()
        self.expected: Expected = Counter()
        self._next = 1_000_000

    def article(self, number: int) -> str:
        """Return an article with its comments, or a setting, which has none.

        The newest entry comes first, as in a real export: replies precede their parents.
        """
        kind = self.draw(POST=95, PAGE=4, SETTINGS=1)
        status = self.draw(LIVE=93, DRAFT=5, trashed=2)
        if kind == "SETTINGS":
            self.expected["settings", "skipped"] += 1
            return takeout.entry(number, "POST", content="true").replace(">POST<", ">SETTINGS<")
        self.expected["page" if kind == "PAGE" else "article", "skipped" if status == "trashed" else "created"] += 1
        generated = takeout.entry(
            number,
            kind,
            status="LIVE" if status == "trashed" else status,
            trashed="2020-01-01T00:00:00Z" if status == "trashed" else "",
            title=self.words(3, 9).capitalize(),
            content="".join(self.until(self.article_bytes(), self._piece)),
            labels=tuple({f"Label {self.words(1, 1)}" for _ in range(self.rng.randint(0, 6))}),
            published=f"20{10 + number % 14}-{number % 12 + 1:02}-{number % 28 + 1:02}T03:04:05.000Z",
            filename=f"/p/page-{number}.html" if kind == "PAGE" else f"/2012/{number % 12 + 1:02}/post-{number}.html",
        )
        return "".join(reversed([generated, *self._comments(number, kind.lower(), is_trashed=status == "trashed")]))

    def _comments(self, post: int, kind: str, *, is_trashed: bool) -> Iterator[str]:
        previous: int | None = None
        for _ in range(self.rng.choice(self.comments)):
            status = self.draw(LIVE=88, PENDING=3, EMPTIED=4, SPAM=5)
            is_imported = status != "SPAM" and not is_trashed
            self.expected["comment", "created" if is_imported else "skipped"] += 1
            self._next += 1
            yield takeout.comment(
                self._next,
                post,
                parent=takeout.post_id(post, kind),
                answers=previous if self.rng.random() < 2 / 3 else None,
                status=status,
                name=self.words(1, 2).title(),
                content="" if status == "EMPTIED" else "<br />".join(self.sentences(2) for _ in range(2)),
            )
            previous = self._next if is_imported else previous

    def _piece(self) -> str:
        match self.draw(division=55, plain=30, image=6, captioned=3, heading=6):
            case "division":
                inside = f'<span style="font-family: Arial; font-size: 13px;">{self.marked()}</span>'
                return f'<div style="text-align: justify;">\n{inside}</div>\n<br />\n'
            case "image":
                return f'<div class="separator" style="clear: both;">{self._image()}</div>\n'
            case "captioned":
                rows = f'<tr><td style="text-align: center;">{self._image()}</td></tr><tr><td class="tr-caption">'
                return (
                    f'<table class="tr-caption-container"><tbody>{rows}{self.words(3, 9)}</td></tr></tbody></table>\n'
                )
            case "heading":
                return f"<h3>\n<b>{self.words(2, 8)}</b></h3>\n"
            case _:
                return f"{self.marked()}<br />\n<br />\n"

    def _image(self) -> str:
        name = f"{self.words(1, 1)}.jpg"
        return f'<a href="{_HOSTED}/AVv/s1600/{name}"><img border="0" src="{_HOSTED}/AVv/s320/{name}" /></a>'
