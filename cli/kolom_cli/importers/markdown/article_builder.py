"""Build an article from a document of a site: convert template tags, upload images and read the front matter."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kolom.articles.input import ArticleInput, first_image, is_image_url
from kolom.articles.names import label_key, path_problem
from kolom.articles.types import Body
from kolom.config import settings
from kolom.errors import InvalidInput
from kolom.rendering.removals import find_removals
from kolom.rendering.renderer import render
from kolom.rendering.text import plain_text
from kolom.rendering.types import Rendered, SourceFormat
from kolom_cli.importers.common.article_fields import UNCATEGORIZED, ArticleFields, normalize_language_code
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.remote_media import RemoteMedia
from kolom_cli.importers.common.source_ids import file_origin, site_file_origin
from kolom_cli.importers.common.types import ImportedArticle, Item, Links, Skipped
from kolom_cli.importers.markdown.attribute_lists import without_attributes
from kolom_cli.importers.markdown.front_matter_values import get_flag, get_image, get_map, get_names, get_text
from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.hugo.shortcode_templates import PageValues, ShortcodeTemplates
from kolom_cli.importers.markdown.lenient_front_matter import Value
from kolom_cli.importers.markdown.link_resolver import LinkResolver, find_custom_path
from kolom_cli.importers.markdown.liquid import Liquid
from kolom_cli.importers.markdown.mdx import Mdx
from kolom_cli.importers.markdown.obsidian import is_vault, without_comments
from kolom_cli.importers.markdown.pelican.extensions import convert_extensions
from kolom_cli.importers.markdown.shortcodes import Shortcodes
from kolom_cli.importers.markdown.site import Site, SiteDocument, default_author
from kolom_cli.importers.markdown.tag_arguments import Arguments
from kolom_cli.media.store import MediaStore
from kolom_cli.publishing.document import FORMATS, DocumentError, read_text, size_problem, title_of
from kolom_cli.publishing.link_recorder import LinkRecorder
from kolom_cli.terminal.plurals import count

_IMAGE_KEYS: Final = (
    *("image", "cover", "featured_image", "featuredimage", "featured", "feature", "images", "header", "thumbnail"),
    *("thumb", "teaser", "banner", "hero", "cover-img", "thumbnail-img", "share-img", "og_image", "img"),
    *("featureimage", "heroimage", "hero_image", "coverimage", "cover_image", "ogimage", "socialimage"),
)
_BUNDLED: Final = re.compile(r"(?:featured?|cover|thumbnail).*\.(?:avif|gif|jpe?g|png|webp)", re.IGNORECASE)
_SHOWN_PROBLEMS: Final = 5


@dataclass(slots=True)
class ArticleBuilder:
    """Builds the articles of a site and uploads their images to ``media``. ``language`` is the default language."""

    site: Site
    media: MediaStore
    language: str | None = None
    templates: ShortcodeTemplates = field(init=False)

    def __post_init__(self) -> None:
        self.templates = ShortcodeTemplates(self.site.directory, self.site.config)

    def item(self, entry: SiteDocument) -> Item:
        """Return the article of a document, or why it is skipped."""
        try:
            return _Builder(self, entry, ArticleFields(entry.kind, entry.id_suffix)).imported()
        except DocumentError as error:
            return Skipped(kind=entry.kind, name=str(entry.path), reason=error.message, refused=True)
        except InvalidInput as error:
            return Skipped(kind=entry.kind, name=str(entry.path), reason=str(error), refused=True)


@dataclass(slots=True)
class _Builder:
    outer: ArticleBuilder
    entry: SiteDocument
    fields: ArticleFields
    format: SourceFormat = "markdown"

    @property
    def notes(self) -> list[str]:
        """The notes about changes."""
        return self.fields.notes

    def imported(self) -> ImportedArticle:
        entry, site = self.entry, self.outer.site
        self.notes.extend(entry.notes)
        self.format = FORMATS.get(entry.path.suffix.lower(), "markdown")
        body = self._read_body()
        title = self._title(body)
        links = LinkResolver(site, entry, self.outer.media)
        recorded = LinkRecorder(links)
        remote = RemoteMedia(recorded)
        body = self._converted(body, links)
        rewriter = LinkRewriter(links.new_url, links.is_own)
        rendered = render(
            body,
            self.format,
            title=title,
            resolve=remote,
            resolve_link=rewriter,
            size_of=self.outer.media.sizes.get,
        )
        image = self._image(rendered, remote)
        self._note_problems(links.problems)
        path = find_custom_path(entry)
        if entry.date is None and entry.kind == "article" and not entry.draft:
            self.notes.append("no date in the source: the date of the import is used")
        content = ArticleInput(
            title=self.fields.cut("title", title),
            slug=entry.slug,
            body=Body.from_rendered(rendered, body, self.format),
            excerpt=self._text("excerpt", "excerpt", "summary") or rendered.excerpt,
            description=self._text("description", "description", "subtitle"),
            image=image,
            labels=self._labels(),
            language=self.fields.language(self._declared_language(), title, rendered.html),
            author=self._author(),
            published_at=entry.date,
            updated_at=entry.updated,
            path=path,
            kind=entry.kind,
            draft=entry.draft,
            comments_open=self._comments_open(),
            reading_minutes=rendered.reading_minutes,
            origin=site_file_origin(entry.location, site.identity),
        )
        return ImportedArticle(
            name=str(entry.path),
            content=content,
            slug_suffix=entry.id_suffix,
            aliases=self._aliases(path),
            notes=tuple(self.notes),
            remote_media=remote.count,
            own_links=rewriter.counts,
            removals=find_removals(body, self.format, rendered),
            links=Links(entry.path, site.directory, links.without_missing(recorded.links)),
            is_language_unclear=self.fields.is_language_unclear,
            file_origin=file_origin(entry.location),
        )

    def _read_body(self) -> str:
        """Return the text after the front matter, without the comments of an Obsidian vault."""
        body = read_text(self.entry.path)[self.entry.body :]
        if problem := size_problem(body):
            raise DocumentError(self.entry.path, None, problem)
        site = self.outer.site
        return without_comments(body) if site.flavor == "plain" and is_vault(site.directory) else body

    def _title(self, body: str) -> str:
        """Return the title of the front matter, or else that of the text, or else one made of the file's name."""
        title = get_text(self.entry.front, "title") or title_of(body, self.format)
        if title:
            return title
        words = re.sub(r"[-_]+", " ", self.entry.name).strip()
        self.notes.append("no title in the source: the file name is used")
        return words[:1].upper() + words[1:] or self.entry.slug

    def _converted(self, body: str, links: LinkResolver) -> str:
        site, front = self.outer.site, self.entry.front
        results: list[Converted] = []

        def run(convert: Callable[[str], Converted], text: str) -> str:
            results.append(convert(text))
            return results[-1].text

        if self.entry.path.suffix.lower() == ".mdx" or site.has_mdx:
            body = run(Mdx(lambda key: get_text(front, key) or None).convert, body)
        if site.flavor == "jekyll":
            separator = get_text(front, "excerpt_separator") or get_text(site.config, "excerpt_separator")
            if separator and separator != "<!--more-->":
                body = body.replace(separator, "\n\n<!--more-->\n\n", 1)
            if get_flag(front, "render_with_liquid") is not False:
                body = run(Liquid(links.reference, self._value, self.format).convert, body)
        if site.flavor == "hugo":
            body = run(self._shortcodes(links.reference).convert, body)
        if self.format == "markdown" and site.flavor in {"pelican", "plain"}:
            body = convert_extensions(body)
        if site.flavor != "plain" and self.format == "markdown":
            body = without_attributes(body)
        for each in results:
            replaced = [name for name, count in each.replaced.items() if count]
            self.notes.extend(f"{name} is converted to an image, a player or a link" for name in replaced[:20])
            self.notes.extend(
                f"{name} is removed, and the text in it kept ({count}): {each.examples[name]}"
                for name, count in list(each.removed.items())[:20]
            )
            self.notes.extend(
                f"the script of {name} is removed ({count}): {each.examples[name]}"
                for name, count in list(each.scripts.items())[:20]
            )
        return body

    def _shortcodes(self, url_of: Callable[[str], str | None]) -> Shortcodes:
        site, front = self.outer.site, self.entry.front
        templates = self.outer.templates
        url_path = self.entry.url_path or ""
        page = PageValues(get_text(front, "title"), url_path, front, site.config, url_of)

        def render(name: str, given: Arguments, inner: str) -> str | None:
            return templates.render(name, given, inner, page, self.format) if templates.has(name) else None

        return Shortcodes(url_of, lambda key: get_text(front, key) or None, self.format, render)

    def _value(self, name: str) -> str | None:
        """Return the value of a Liquid variable, if it is a URL or plain text."""
        scope, _, key = name.partition(".")
        key = key.lower()
        if name in {"site.url", "site.baseurl", "site.github.url", "base_path"}:
            return ""
        if scope == "page" and key in {"url", "permalink"}:
            return self.entry.url_path
        keys = key.split(".")
        holder = self.outer.site.config if scope == "site" else self.entry.front if scope == "page" else {}
        return get_text(get_map(holder, *keys[:-1]), keys[-1]) or None

    def _image(self, rendered: Rendered, resolve: Callable[[str], str]) -> str | None:
        """Return the image of the front matter, or the cover image of the bundle, or the first image of the text."""
        values: list[Value] = [self.entry.front.get(key) for key in _IMAGE_KEYS]
        for value in values:
            if (url := get_image(value)) and re.search(r"[./]", url):
                url = re.sub(r"\{\{\s*site\.(?:base)?url\s*\}\}", "", url)
                image = resolve(url.replace(" ", "%20"))
                if is_image_url(image) and not (image == url and "://" not in image):
                    return image
        if self.entry.bundle is not None:
            for path in sorted(self.entry.bundle.iterdir()):
                if _BUNDLED.fullmatch(path.name):
                    image = resolve(path.name.replace("%", "%25").replace(" ", "%20"))
                    return image if image.startswith("/media/") else first_image(rendered)
        return first_image(rendered)

    def _note_problems(self, problems: Counter[str]) -> None:
        names = list(problems)
        self.notes.extend(f"link not changed: {problem}" for problem in names[:_SHOWN_PROBLEMS])
        if len(names) > _SHOWN_PROBLEMS:
            self.notes.append(f"{count(len(names) - _SHOWN_PROBLEMS, 'more link')} not changed")

    def _labels(self) -> tuple[str, ...]:
        labels = (" ".join(written.split()) for written in self.entry.labels)
        return self.fields.labels(label for label in labels if label_key(label) not in UNCATEGORIZED)

    def _declared_language(self) -> str:
        codes = settings().language_codes
        config = self.outer.site.config
        candidates = (
            get_text(self.entry.front, "lang", "language", "locale"),
            self.entry.language or "",
            self.outer.language or "",
            get_text(config, "lang", "locale", "language", "languagecode", "default_language"),
        )
        return next((code for each in candidates if each and (code := normalize_language_code(each, codes))), "")

    def _author(self) -> str:
        front, site = self.entry.front, self.outer.site
        value = next((front[key] for key in ("author", "authors") if front.get(key)), None) or default_author(
            site.config
        )
        names = list(dict.fromkeys(get_names(value, site.authors)))
        joined = "".join(character for character in ", ".join(names) if character.isprintable())
        return self.fields.cut("author's name", joined)

    def _text(self, what: str, *keys: str) -> str:
        text = get_text(self.entry.front, *keys)
        return self.fields.cut(what, plain_text(text) if "<" in text else text)

    def _comments_open(self) -> bool:
        disabled = get_flag(self.entry.front, "disablecomments", "disable_comments")
        return disabled is not True and get_flag(self.entry.front, "comments", "comment") is not False

    def _aliases(self, path: str | None) -> tuple[str, ...]:
        """Return the old URLs that redirect to the article, except those that belong to other pages of the site."""
        entry, site = self.entry, self.outer.site
        candidates = list(entry.aliases)
        if entry.url_path is not None and path is None and path_problem(entry.url_path):
            candidates.insert(0, entry.url_path)
        if entry.url_path is not None and site.base:
            candidates.append(site.base + entry.url_path)
        kept = []
        for alias in dict.fromkeys(candidates):
            owner = site.find_by_url_path(alias)
            if owner is not None and owner is not entry:
                self.notes.append(f"its old URL {alias} belongs to another page")
            else:
                kept.append(alias)
        return tuple(kept)
