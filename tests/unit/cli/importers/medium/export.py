"""Small Medium exports, made for the tests."""

from collections.abc import Sequence

ID = "abc123def456"


def story(
    number: int = 1,
    *,
    title: str = "My story",
    body: str = "<p>Text.</p>",
    subtitle: str = "",
    published: str = "2019-05-06T10:11:12.000Z",
    address: str | None = None,
    tags: Sequence[str] = (),
    heading: str | None = None,
) -> str:
    """The HTML of a story as Medium exports it; without ``published``, that of a draft."""
    heading = f'<h3 name="1" id="1" class="graf graf--h3 graf--title">{title}</h3>' if heading is None else heading
    address = f"https://medium.com/@me/story-{number}-{id_of(number)}" if address is None else address
    tagged = ", ".join(f'<a href="https://medium.com/tag/{tag}" class="p-tag">{tag}</a>' for tag in tags)
    footer = (
        f'<p class="p-tags">Tagged in {tagged}</p>'
        f'<p>By <a href="https://medium.com/@me" class="p-author h-card">Sari</a>'
        f' on <a href="https://medium.com/p/{id_of(number)}">'
        f'<time class="dt-published" datetime="{published}">May</time>'
        f'</a>.</p><p><a href="{address}" class="p-canonical">Canonical link</a></p>'
    )
    draft = f'<p><a href="https://medium.com/p/{id_of(number)}">View original.</a></p>'
    return (
        '<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        f"<title>{title}</title><style>body {{color: red}}</style></head><body>"
        f'<article class="h-entry"><header><h1 class="p-name">{title}</h1></header>'
        + (f'<section data-field="subtitle" class="p-summary">{subtitle}</section>' if subtitle else "")
        + '<section data-field="body" class="e-content"><section class="section section--body section--first">'
        '<div class="section-divider"><hr class="section-divider"></div><div class="section-content">'
        f'<div class="section-inner sectionLayout--insetColumn">{heading}{body}</div></div></section></section>'
        f"<footer>{footer if published else draft}<p>Exported from Medium on May 7, 2019.</p></footer>"
        "</article></body></html>"
    )


def id_of(number: int) -> str:
    """The id of a story."""
    return f"{ID[:-2]}{number:02x}"


def name_of(number: int = 1, *, draft: bool = False) -> str:
    """The name of the file of a story."""
    return f"posts/{'draft' if draft else '2019-05-06'}_Story-{number}-{id_of(number)}.html"
