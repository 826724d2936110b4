"""Exports of blogs as large as one likes, made by a seed: WordPress's and Google Takeout's, and what is in them.

Texts have the word frequencies of a language, articles are of 2 to 40 KB in the markup of their editors, two of three
comments answer the one before them. A share of everything is a draft, in the bin, spam, or of another kind.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import IO, Final, Literal

from tests.unit.cli.importers.blogger import takeout
from tests.unit.cli.importers.wordpress import wxr

type Fates = Counter[tuple[str, Literal["created", "skipped"]]]
"""How many of each kind an importer is to create, and to skip."""

SEED: Final = 20261126
VOCABULARY: Final = 20_000
_COMMENTS: Final = (0, 0, 0, 1, 2, 3, 5, 8, 14, 30)
_PICTURES: Final = "https://old.example/wp-content/uploads"
_HOSTED: Final = "https://blogger.googleusercontent.com/img/b/R29vZ2xl"


def write_export(output: IO[str], kind: str, size: int) -> Fates:
    """Write an export of about ``size`` characters; what is in it."""
    maker: _WordPress | _Blogger = _WordPress() if kind == "wordpress" else _Blogger()
    written = output.write(maker.HEAD)
    number = 0
    while written < size:
        number += 1
        written += output.write(maker.article(number))
    output.write(maker.TAIL)
    return maker.fates


class _Text:
    """Words, sentences and paragraphs."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)  # noqa: S311 - a benchmark
        syllables = [a + b for a in "bcdfghjklmnprstw" for b in "aeiou"]
        words = {"".join(self.chance.choices(syllables, k=self.chance.choice((1, 2, 2, 3, 4)))) for _ in range(40_000)}
        self._words = sorted(words, key=lambda word: (len(word), word))[:VOCABULARY]
        self._sums = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def words(self, fewest: int, most: int) -> str:
        """So many words."""
        number = self.chance.randint(fewest, most)
        return " ".join(self.chance.choices(self._words, cum_weights=self._sums, k=number))

    def sentences(self, number: int) -> str:
        """So many sentences."""
        return " ".join(f"{self.words(5, 24).capitalize()}." for _ in range(number))

    def marked(self) -> str:
        """A paragraph's inside, with some markup."""
        parts = [self.sentences(self.chance.randint(1, 6))]
        if self.chance.random() < 0.4:
            parts.append(f"<strong>{self.words(1, 4)}</strong> &amp; <em>{self.words(1, 4)}</em>.")
        if self.chance.random() < 0.3:
            parts.append(f'<a href="https://{self.words(1, 1)}.example/{self.words(1, 1)}">{self.words(1, 3)}</a>.')
        return " ".join(parts)

    def until(self, size: int, piece: Callable[[], str]) -> Iterator[str]:
        """Pieces that together have that size."""
        while size > 0:
            made = piece()
            size -= len(made)
            yield made

    def article_bytes(self) -> int:
        """How long an article is: short ones are more frequent."""
        return int(2_000 * 20 ** self.chance.random())

    def draw(self, **shares: float) -> str:
        """One of the names, with the frequency of its share."""
        return self.chance.choices(list(shares), weights=list(shares.values()))[0]


class _WordPress(_Text):
    HEAD = wxr.HEAD.format(version="1.2")
    TAIL = wxr.TAIL

    def __init__(self) -> None:
        super().__init__()
        self.fates: Fates = Counter()
        self._next = 10_000_000

    def article(self, number: int) -> str:
        """An article with its comments, and the pictures that were uploaded to it."""
        kind = self.draw(post=96, page=4)
        status = self.draw(publish=92, draft=5, private=1, trash=2)
        pictures = [self._number() for _ in range(self.chance.choice((0, 0, 1, 1, 2, 4)))]
        content = self._blocks(pictures) if self.chance.random() < 0.6 else self._classic(pictures)
        terms = [wxr.term(f"Kategori {self.chance.randint(1, 12)}")]
        terms += [wxr.term(f"tag {self.words(1, 1)}", "post_tag") for _ in range(self.chance.randint(0, 6))]
        more = f"    <content:encoded><![CDATA[{content}]]></content:encoded>\n{''.join(terms)}"
        more += wxr.meta("_edit_last", 1) + wxr.meta("_yoast_wpseo_metadesc", self.words(10, 20))
        if pictures:
            more += wxr.meta("_thumbnail_id", pictures[0])
        self.fates["page" if kind == "page" else "article", "skipped" if status == "trash" else "created"] += 1
        return wxr.item(
            number,
            title=self.words(3, 9).capitalize(),
            content=None,
            status=status,
            post_type=kind,
            more=more + "".join(self._comments(is_binned=status == "trash")),
        ) + "".join(self._attachment(picture, number) for picture in pictures)

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _attachment(self, picture: int, parent: int) -> str:
        self.fates["attachment", "skipped"] += 1
        address = f"    <wp:attachment_url>{_PICTURES}/{picture}.jpg</wp:attachment_url>\n"
        alternative = wxr.meta("_wp_attachment_image_alt", self.words(2, 6)) + wxr.meta(
            "_wp_attachment_metadata", 'a:5:{s:5:"width";i:1200;s:6:"height";i:800;s:4:"file";s:14:"2020/01/x.jpg";}'
        )
        return wxr.item(
            picture,
            content="",
            status="inherit",
            post_type="attachment",
            post_parent=parent,
            more=address + alternative,
        )

    def _comments(self, *, is_binned: bool) -> Iterator[str]:
        before = 0
        for _ in range(self.chance.choice(_COMMENTS)):
            state = "post-trashed" if is_binned else self.draw(**{"1": 90, "0": 3, "spam": 5})
            kind = "comment" if self.chance.random() < 0.98 else "pingback"
            taken = kind == "comment" and state in {"1", "0"}
            self.fates[kind, "created" if taken else "skipped"] += 1
            number = self._number()
            yield wxr.comment(
                number,
                author=self.words(1, 2).title(),
                type=kind,
                approved=state,
                parent=before if self.chance.random() < 2 / 3 else 0,
                content="\n\n".join(
                    self.sentences(self.chance.randint(1, 4)) for _ in range(self.chance.choice((1, 1, 2)))
                ),
            )
            before = number if taken else before

    def _blocks(self, pictures: list[int]) -> str:
        """In the block editor's markup."""
        written = list(self.until(self.article_bytes(), self._block))
        for picture in pictures:
            image = f'<img src="{_PICTURES}/{picture}.jpg" alt="" class="wp-image-{picture}"/>'
            figure = f'<figure class="wp-block-image">{image}'
            figure += f"<figcaption>{self.words(3, 9)}</figcaption></figure>"
            block = f'<!-- wp:image {{"id":{picture},"sizeSlug":"large"}} -->\n{figure}\n<!-- /wp:image -->'
            written.insert(self.chance.randint(0, len(written)), block)
        return "\n\n".join(written)

    def _block(self) -> str:
        match self.draw(paragraph=80, heading=8, list=6, quote=4, code=2):
            case "heading":
                return f"<!-- wp:heading -->\n<h2>{self.words(2, 8)}</h2>\n<!-- /wp:heading -->"
            case "list":
                items = "".join(f"<li>{self.words(3, 15)}</li>" for _ in range(self.chance.randint(2, 8)))
                return f"<!-- wp:list -->\n<ul>{items}</ul>\n<!-- /wp:list -->"
            case "quote":
                quote = f'<blockquote class="wp-block-quote"><p>{self.sentences(2)}</p></blockquote>'
                return f"<!-- wp:quote -->\n{quote}\n<!-- /wp:quote -->"
            case "code":
                code = "\n".join(f"{self.words(1, 1)} = {self.words(1, 1)}(1 &lt; 2)" for _ in range(8))
                return f'<!-- wp:code -->\n<pre class="wp-block-code"><code>{code}</code></pre>\n<!-- /wp:code -->'
            case _:
                return f"<!-- wp:paragraph -->\n<p>{self.marked()}</p>\n<!-- /wp:paragraph -->"

    def _classic(self, pictures: list[int]) -> str:
        """As it was typed before there were blocks: paragraphs by blank lines, and shortcodes."""
        written = list(self.until(self.article_bytes(), self._paragraph))
        if len(pictures) > 1:
            written.append(f'[gallery ids="{",".join(map(str, pictures))}"]')
        for picture in pictures[:1]:
            image = f'<img class="size-medium" src="{_PICTURES}/{picture}.jpg" alt="" width="300" height="200" />'
            written.insert(0, f'[caption id="attachment_{picture}" width="300"]{image} {self.words(2, 8)}[/caption]')
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
        self.fates: Fates = Counter()
        self._next = 1_000_000

    def article(self, number: int) -> str:
        """An article with its comments, newest first as they come: replies before what they answer."""
        kind = self.draw(POST=95, PAGE=4, SETTINGS=1)
        status = self.draw(LIVE=93, DRAFT=5, binned=2)
        if kind == "SETTINGS":
            self.fates["settings", "skipped"] += 1
            return takeout.entry(number, "POST", content="true").replace(">POST<", ">SETTINGS<")
        self.fates["page" if kind == "PAGE" else "article", "skipped" if status == "binned" else "created"] += 1
        made = takeout.entry(
            number,
            kind,
            status="LIVE" if status == "binned" else status,
            trashed="2020-01-01T00:00:00Z" if status == "binned" else "",
            title=self.words(3, 9).capitalize(),
            content="".join(self.until(self.article_bytes(), self._piece)),
            labels=tuple({f"Label {self.words(1, 1)}" for _ in range(self.chance.randint(0, 6))}),
            published=f"20{10 + number % 14}-{number % 12 + 1:02}-{number % 28 + 1:02}T03:04:05.000Z",
            filename=f"/p/page-{number}.html" if kind == "PAGE" else f"/2012/{number % 12 + 1:02}/post-{number}.html",
        )
        return "".join(reversed([made, *self._comments(number, kind.lower(), is_binned=status == "binned")]))

    def _comments(self, post: int, kind: str, *, is_binned: bool) -> Iterator[str]:
        before: int | None = None
        for _ in range(self.chance.choice(_COMMENTS)):
            status = self.draw(LIVE=88, PENDING=3, EMPTIED=4, SPAM=5)
            is_taken = status != "SPAM" and not is_binned
            self.fates["comment", "created" if is_taken else "skipped"] += 1
            self._next += 1
            yield takeout.comment(
                self._next,
                post,
                parent=takeout.post_id(post, kind),
                answers=before if self.chance.random() < 2 / 3 else None,
                status=status,
                name=self.words(1, 2).title(),
                content="" if status == "EMPTIED" else "<br />".join(self.sentences(2) for _ in range(2)),
            )
            before = self._next if is_taken else before

    def _piece(self) -> str:
        match self.draw(division=55, plain=30, picture=6, captioned=3, heading=6):
            case "division":
                inside = f'<span style="font-family: Arial; font-size: 13px;">{self.marked()}</span>'
                return f'<div style="text-align: justify;">\n{inside}</div>\n<br />\n'
            case "picture":
                return f'<div class="separator" style="clear: both;">{self._picture()}</div>\n'
            case "captioned":
                rows = f'<tr><td style="text-align: center;">{self._picture()}</td></tr><tr><td class="tr-caption">'
                return (
                    f'<table class="tr-caption-container"><tbody>{rows}{self.words(3, 9)}</td></tr></tbody></table>\n'
                )
            case "heading":
                return f"<h3>\n<b>{self.words(2, 8)}</b></h3>\n"
            case _:
                return f"{self.marked()}<br />\n<br />\n"

    def _picture(self) -> str:
        name = f"{self.words(1, 1)}.jpg"
        return f'<a href="{_HOSTED}/AVv/s1600/{name}"><img border="0" src="{_HOSTED}/AVv/s320/{name}" /></a>'
