"""The HTML that Blogger's editors write, as plain HTML that says the same. :mod:`kolom.rendering` then sanitises it.

The policy:

* ``<a name="more">`` and ``<!--more-->`` end the excerpt.
* A picture is taken at up to 1,600 pixels, whatever size the article showed; a link around it that leads to itself in
  another size goes. ``separator`` divisions and ``tr-caption-container`` tables become figures with captions.
* Divisions that hold text become paragraphs, others go; two line breaks in a row separate paragraphs; empty lines go.
* Bold and italic by style become elements, all other styles go, as do fonts and the marks of word processors.
* Counting pixels go. YouTube's old players become its present one.
* Links to the blog's own articles lose the blog's old host, so that they lead to the articles here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, Tag

from kolom.rendering.balancing import balance
from kolom.rendering.markup import serialise, tokenise

_MORE: Final = re.compile(r"\s*more\s*", re.IGNORECASE)
_SIZED_PATH: Final = re.compile(r"/(?:s\d{1,4}|w\d{1,4}(?:-h\d{1,4})?|h\d{1,4})(?:-[a-z0-9-]+)?/(?=[^/]*$)")
_SIZED_END: Final = re.compile(r"=(?:s\d{1,4}|w\d{1,4}(?:-h\d{1,4})?|h\d{1,4})(?:-[a-z0-9-]+)*$")
_PICTURE_HOST: Final = re.compile(
    r"(?:[\w-]+\.)*(?:bp\.blogspot\.com|blogger\.googleusercontent\.com|ggpht\.com|googleusercontent\.com)$"
)
_BLOG_HOST: Final = re.compile(r"[\w-]+\.blogspot\.(?:[a-z]{2,3}|com?\.[a-z]{2})$")
_TRACKER: Final = re.compile(r"/(?:tracker|feeds/~?\d+)/|feeds\.feedburner\.com/~[rf]|pixel\.quantserve", re.IGNORECASE)
_YOUTUBE: Final = re.compile(r"(?:youtube(?:-nocookie)?\.com/(?:v|embed)/|youtu\.be/)([\w-]{5,20})")
_OLD_PLAYER: Final = re.compile(
    r"<object\b.{0,4000}?</object\s*>|<embed\b[^<>]{0,2000}>(?:\s*</embed\s*>)?", re.IGNORECASE | re.DOTALL
)
_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_NOT_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:normal|[1-4]00)", re.IGNORECASE)
_ITALIC: Final = re.compile(r"font-style\s*:\s*italic", re.IGNORECASE)
_SPACE: Final = re.compile(r"[\s\u00a0\u200b\ufeff]*")
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "audio", "blockquote", "details", "div", "dl", "figure", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "iframe", "nav", "object", "ol", "p", "pre", "section"),
        *("table", "ul", "video"),
    )
)
_BIGGEST: Final = "s1600"


@dataclass(slots=True)
class Converter:
    """Turns one entry's HTML into plain HTML. ``notes`` then tell what had no equivalent.

    ``is_own_address`` tells whether a path is that of one of the blog's articles, ``hosts`` are the blog's.
    ``stored`` says where a picture is here, or else gives its address back.
    """

    is_own_address: Callable[[str], bool]
    hosts: frozenset[str] = frozenset()
    stored: Callable[[str], str] = str
    notes: list[str] = field(default_factory=list)

    def convert(self, content: str) -> str:
        """The content as HTML; ``<!--more-->`` stays, for the excerpt."""
        # Closes what is open and flattens what is too deep, for which the tree below would take its square in time.
        markup = serialise(balance(tokenise(_OLD_PLAYER.sub(_present_player, content))))
        soup = BeautifulSoup(markup, "html.parser")
        self._note(soup)
        _mark_excerpt(soup)
        _drop_trackers(soup)
        for table in soup.select("table.tr-caption-container"):
            _frame_captioned(soup, table)
        for picture in soup.find_all("img"):
            _enlarge(picture)
            picture["src"] = self.stored(str(picture["src"]))
        for division in soup.select("div.separator"):
            _frame_separator(soup, division)
        for element in soup.find_all(["span", "b", "strong", "em", "i"]):
            _keep_emphasis(soup, element)
        for link in soup.find_all("a", href=True):
            link["href"] = self._own(str(link["href"]))
        _flatten_divisions(soup)
        _make_paragraphs(soup, soup)
        for paragraph in soup.find_all("p"):
            if _is_empty(paragraph) and not paragraph.find_all(string=_is_comment):
                paragraph.decompose()
        return str(soup)

    def _note(self, soup: BeautifulSoup) -> None:
        if soup.find("script"):
            self.notes.append("left out a script")
        if soup.select("object.BLOG_video_class, iframe.BLOG_video_class, iframe[src*='blogger.com/video']"):
            self.notes.append("shows a film that Blogger keeps: there is a link to it here")

    def _own(self, url: str) -> str:
        """The address here of one of the blog's own articles."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return url
        is_own = host in self.hosts or _BLOG_HOST.fullmatch(host) is not None
        if not is_own or parts.query.replace("m=1", "").replace("m=0", "") or not self.is_own_address(parts.path):
            return url
        return parts.path + (f"#{parts.fragment}" if parts.fragment else "")


def picture_name(url: str) -> str | None:
    """The file's name of a picture that Blogger keeps; None for all others."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not _PICTURE_HOST.fullmatch((parts.hostname or "").lower()):
        return None
    name = unquote(unquote(parts.path.rpartition("/")[2]).replace("+", " "))
    return name if "." in name else None


def largest(url: str) -> str:
    """The address of a picture that Blogger keeps, at up to 1,600 pixels; others stay."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return url
    if not _PICTURE_HOST.fullmatch(host):
        return url
    sized, number = _SIZED_PATH.subn(f"/{_BIGGEST}/", url)
    return sized if number else _SIZED_END.sub(f"={_BIGGEST}", url)


def _mark_excerpt(soup: BeautifulSoup) -> None:
    for anchor in soup.find_all("a", attrs={"name": _MORE}):
        if _MORE.fullmatch(str(anchor.get("name"))):
            anchor.insert_before(Comment("more"))
            anchor.unwrap()


def _drop_trackers(soup: BeautifulSoup) -> None:
    for picture in soup.find_all("img"):
        tiny = str(picture.get("width")) in {"0", "1"} and str(picture.get("height")) in {"0", "1"}
        if tiny or _TRACKER.search(str(picture.get("src") or "")):
            picture.decompose()


def _present_player(old: re.Match[str]) -> str:
    """YouTube's player of today in place of one that Flash showed; any other stays."""
    found = _YOUTUBE.search(old[0])
    return f'<iframe src="https://www.youtube.com/embed/{found[1]}"></iframe>' if found else old[0]


def _enlarge(picture: Tag) -> None:
    """Take the picture at its largest, without a link that leads to it in another size."""
    picture["src"] = largest(str(picture.get("src") or ""))
    for size in ("width", "height", "border", "srcset", "data-original-width", "data-original-height"):
        picture.attrs.pop(size, None)
    link = picture.parent
    if isinstance(link, Tag) and link.name == "a" and largest(str(link.get("href") or "")) == picture["src"]:
        link.unwrap()


def _frame_captioned(soup: BeautifulSoup, table: Tag) -> None:
    picture = table.find("img")
    caption = table.select_one(".tr-caption")
    if picture is None:
        return
    figure = soup.new_tag("figure")
    around = picture.parent if isinstance(picture.parent, Tag) and picture.parent.name == "a" else picture
    figure.append(around.extract())
    if caption is not None and caption.get_text(strip=True):
        words = soup.new_tag("figcaption")
        words.extend(list(caption.contents))
        figure.append(words)
    table.replace_with(figure)


def _frame_separator(soup: BeautifulSoup, division: Tag) -> None:
    """A division for one picture becomes a figure; what else there is comes before it."""
    pictures = division.find_all("img")
    if division.find_parent("figure") or len(pictures) != 1 or division.get_text().strip("\u00a0 \n\t\u200b"):
        division.attrs.clear()
        return
    picture = pictures[0]
    around = picture.parent if isinstance(picture.parent, Tag) and picture.parent.name == "a" else picture
    figure = soup.new_tag("figure")
    figure.append(around.extract())
    for comment in division.find_all(string=_is_comment):
        division.insert_before(comment.extract())
    division.replace_with(figure)


def _keep_emphasis(soup: BeautifulSoup, element: Tag) -> None:
    style = str(element.get("style") or "")
    element.attrs.pop("style", None)
    if element.name in {"b", "strong"} and _NOT_BOLD.search(style):
        element.unwrap()  # as word processors wrap whole texts
        return
    if element.name != "span":
        return
    if _ITALIC.search(style):
        element.wrap(soup.new_tag("em"))
    if _BOLD.search(style):
        element.wrap(soup.new_tag("strong"))
    if not element.get("lang") and not element.get("dir"):
        element.unwrap()


def _flatten_divisions(soup: BeautifulSoup) -> None:
    """From the innermost: what holds text becomes a paragraph, what holds blocks goes, what is empty vanishes."""
    for division in reversed(soup.find_all("div")):
        if _has_blocks(division):
            _make_paragraphs(soup, division)
            division.unwrap()
        elif _is_empty(division):
            division.unwrap() if division.find_all(string=_is_comment) else division.decompose()
        elif division.find_parent(["p", "li", "td", "th", "figcaption", "span", "a"]):
            division.insert_after(soup.new_tag("br"))
            division.unwrap()
        else:
            alignment = str(division.get("style") or "")
            division.name, division.attrs = "p", {}
            if "center" in alignment:
                division["align"] = "center"
            _make_paragraphs(soup, division)


def _is_comment(text: Any) -> bool:
    return isinstance(text, Comment)


def _has_blocks(element: Tag) -> bool:
    return any(isinstance(child, Tag) and child.name in _BLOCKS for child in element.descendants)


def _is_empty(element: Tag) -> bool:
    """Whether nothing of it can be seen."""
    if element.find(["img", "iframe", "hr", "video", "audio", "object", "embed", "table"]):
        return False
    text = "".join(str(text) for text in element.find_all(string=True) if not isinstance(text, Comment))
    return _SPACE.fullmatch(text) is not None


def _make_paragraphs(soup: BeautifulSoup, parent: Tag) -> None:
    """Put what stands loose between the blocks of ``parent`` into paragraphs, which two line breaks separate."""
    runs: list[list[Any]] = [[]]
    breaks = 0
    for child in list(parent.contents):
        if isinstance(child, Tag) and child.name in _BLOCKS:
            runs.append([])
            breaks = 0
        elif isinstance(child, Tag) and child.name == "br":
            breaks += 1
            runs[-1].append(child)
            if breaks > 1:
                runs.append([])
        else:
            if not (isinstance(child, NavigableString) and _SPACE.fullmatch(str(child))):
                breaks = 0
            runs[-1].append(child)
    if parent.name == "p" and len([run for run in runs if run]) < 2:  # noqa: PLR2004, RUF100
        return
    for run in runs:
        _wrap(soup, run)
    if parent.name == "p":
        parent.unwrap()


def _wrap(soup: BeautifulSoup, run: list[Any]) -> None:
    while run and _is_blank(run[-1]):
        run.pop().extract()
    while run and _is_blank(run[0]):
        run.pop(0).extract()
    shown = [child for child in run if not isinstance(child, Comment)]
    if not shown:
        return
    paragraph = soup.new_tag("p")
    run[0].insert_before(paragraph)
    for child in run:
        paragraph.append(child.extract())


def _is_blank(child: Any) -> bool:
    if isinstance(child, Tag):
        return child.name == "br"
    return not isinstance(child, Comment) and _SPACE.fullmatch(str(child)) is not None
