"""Exactly the markup that the renderer removes is found."""

import pytest
from hypothesis import given

from kolom.rendering.removals import Removal, find_removals
from kolom.rendering.renderer import render
from kolom.rendering.types import SourceFormat
from tests.paths import PROJECT
from tests.unit.rendering.test_sanitizer import soup

MARKDOWN = """\
# Title

Text with *emphasis*, **strong**, ~~old~~ and `<svg>` code, a [link](/x "T"), <https://a.example>,[^1] an
![image](a.png) and an entity &amp; &lt;svg&gt;. Hard\\
break.

> # Quoted
> - [x] done
> - [ ] open

3. one
4. two

| a | b |
|:--|--:|
| 1 | 2 |

```html {1,3}
<script>alert(1)</script>
```

    <math></math>

Term
: Definition

<!-- note -->
<!--more-->

<details open><summary>More</summary>

Hidden <kbd>Ctrl</kbd> <abbr title="x">y</abbr>.

</details>

[a]: /ref
See [a]. ***

---

[^1]: Note.
"""


def found(source: str, source_format: SourceFormat = "html", title: str | None = None) -> list[tuple[str, str, int]]:
    removals = find_removals(source, source_format, render(source, source_format, title=title))
    return [(each.kind, each.effect, each.count) for each in removals]


@pytest.mark.parametrize("title", [None, "Title", "Other"])
def test_nothing_is_removed_from_ordinary_markdown(title: str | None) -> None:
    assert found(MARKDOWN, "markdown", title) == []


@pytest.mark.parametrize("path", sorted((PROJECT / "cli/kolom_cli/sample").glob("*.md")), ids=lambda path: path.name)
def test_nothing_is_removed_from_the_sample_articles(path: object) -> None:
    source = path.read_text("utf-8").split("---\n", 2)[2]  # type: ignore[attr-defined]
    assert found(source, "markdown") == []


@pytest.mark.parametrize(
    "source",
    [
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>T</title></head><body><main><p>x</main></body>",
        "<p align=center>x<p>y<ul><li>1<li>2</ul><table><tr><td>1<td>2</table>",
        "<center><tt>x</tt></center><strike>y</strike><acronym title=t>z</acronym>",
        '<p style="text-align: center">x</p><img src=a.png width=10 height=20 loading=eager>',
        '<iframe src="https://www.youtube.com/embed/x?autoplay=1" width=560 frameborder=0 allow=x></iframe>',
        "<video src=a.mp4 poster=b.png controls></video><audio controls><source src=a.ogg></audio>",
        '<a name="x"></a><a href="#x" target="_blank" rel="noopener">y</a>',
        '<pre><code class="language-py">z</code></pre>',
        "<p>a<b>b<p>c</b>d<a href=/x>e<a href=/y>f</a>",
    ],
)
def test_nothing_is_removed_from_markup_that_an_article_may_have(source: str) -> None:
    assert found(source) == []


@pytest.mark.parametrize(
    ("source", "removed"),
    [
        ("<math><mi>x</mi></math>", [("<math>", "removed with its content", 1)]),
        ("<svg><path/><g/></svg><p>x<svg>", [("<svg>", "removed with its content", 2)]),
        (
            "<form action=/><label>Name <input></label><button>Go</button></form>",
            [
                ("<form>", "removed, its text is kept", 1),
                ("<label>", "removed, its text is kept", 1),
                ("<input>", "removed", 1),
                ("<button>", "removed with its content", 1),
            ],
        ),
        (
            "<script>1</script><style>p{}</style>",
            [(f"<{name}>", "removed with its content", 1) for name in ("script", "style")],
        ),
        ("<img src='data:image/png;base64,AAAA' alt=x>", [("data: image", "removed, its alternative text is kept", 1)]),
        ("<img alt=x>", [("<img>", "removed, its alternative text is kept", 1)]),
        ("<iframe src=https://a.example></iframe>", [("<iframe>", "replaced by a link", 1)]),
        ('<iframe src=" https://a.example"></iframe>', [("<iframe>", "replaced by a link", 1)]),
        ("<iframe src=javascript:1></iframe>", [("<iframe>", "removed", 1)]),
        (
            "<p class='x y' onclick=1 data-a=1 style='color:red'>x",
            [(f"attribute {key}", "removed", 1) for key in ("onclick", "data-a", "class", "style")],
        ),
        ("<p style='text-align:left;color:red'>x", [("attribute style", "removed", 1)]),
        ("<a href='javascript:1'>x</a>", [("attribute href (javascript:)", "removed", 1)]),
        ("<video src='data:video/mp4,x'></video>", [("attribute src (data:)", "removed", 1)]),
        ("<td>x</td>", [("<td>", "removed, because it is not valid there or nested too deeply", 1)]),
        ("<p><?php echo 1 ?>x", [("<?", "removed with its content", 1)]),
        (
            "<a href=/x download>x</a><p hidden>y",
            [("attribute download", "removed", 1), ("attribute hidden", "removed", 1)],
        ),
        ("<img src=a.png srcset='b.png 1x, data:image/png;base64,x 2x'>", [("attribute srcset", "removed", 1)]),
        ("<font color=red>x</font>", [("<font>", "removed, its text is kept", 1)]),
        ("<svg><h2>x</h2><p class=c>y", [("<svg>", "removed with its content", 1), ("attribute class", "removed", 1)]),
    ],
)
def test_removed_markup_is_found(source: str, removed: list[tuple[str, str, int]]) -> None:
    assert found(source) == removed


def test_a_link_in_a_heading_that_repeats_the_title_is_reported() -> None:
    assert found("# [T](/x)\n", "markdown", "T") == [("<a> in the heading that repeats the title", "not shown", 1)]
    assert found("# [T](#t)\n", "markdown", "T") == []


def test_a_removal_has_its_first_line_and_a_remedy() -> None:
    source = "`<svg>` is code\n\n```\n<svg>\n```\n\n![x](data:image/png;base64,AAAA)\n\n<svg></svg>\n<svg></svg>\n"
    image, drawing = find_removals(source, "markdown", render(source, "markdown"))
    assert (image.line, drawing.line, drawing.count) == (7, 9, 2)
    assert drawing.text == (
        "<svg> removed with its content (2 times): save it as a file beside the text, and embed that as an image"
    )


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("<form></form>", "/contact/"),
        ("<script></script>", "YouTube, Vimeo and Dailymotion"),
        ("<iframe src=https://a.example></iframe>", "YouTube, Vimeo and Dailymotion"),
        ("<object></object>", "YouTube, Vimeo and Dailymotion"),
        ("<math></math>", "image"),
        ("<img src=data:image/png,x>", "file"),
    ],
)
def test_a_removal_says_what_to_do(source: str, remedy: str) -> None:
    (removal,) = find_removals(source, "html", render(source, "html"))
    assert isinstance(removal, Removal)
    assert remedy in removal.text


@pytest.mark.parametrize(("marker", "deepest"), [("> ", 39), ("- ", 19), ("1. ", 19)])
def test_text_that_is_nested_too_deeply_is_reported(marker: str, deepest: int) -> None:
    for depth in range(1, deepest + 5):
        source = f"First.\n\n{marker * depth}deep\n"
        rendered = render(source, "markdown")
        removals = find_removals(source, "markdown", rendered)
        assert [each.line for each in removals] == ([] if "deep" in rendered.html else [3])
        assert ("deep" in rendered.html) is (depth <= deepest)


@pytest.mark.parametrize("unit", ["`", "~"])
def test_a_long_run_of_code_marks_takes_no_quadratic_time(unit: str) -> None:
    """Quadratic time would be minutes here."""
    assert found(unit * 400_000, "markdown") == []


def test_an_image_that_the_resolver_stored_is_not_reported() -> None:
    source = "<img src=data:image/png,x><img src=data:image/png,y>"
    rendered = render(source, "html", resolve=lambda url: "/media/x.png" if url.endswith("x") else url)
    assert [(each.kind, each.count) for each in find_removals(source, "html", rendered)] == [("data: image", 1)]


def test_of_a_converted_text_lost_elements_are_found_but_no_classes() -> None:
    source = "<p class=x>x<svg></svg><button>y</button><iframe></iframe><form>z</form>"
    removals = find_removals(source, "html", render("<p>x", "html"), is_converted=True)
    assert [each.kind for each in removals] == ["<svg>", "<form>"]


def test_of_a_converted_text_lost_urls_are_found_but_no_layout() -> None:
    source = (
        "<p class=x style='color: red' align=middle onclick=x bgcolor=red><a href='file:///C:/x.doc'>y</a>"
        "<audio src='ftp://a.example/x.mp3'></audio><a href='/z' title=z>z</a>"
    )
    removals = find_removals(source, "html", render(source, "html"), is_converted=True)
    assert [each.kind for each in removals] == ["attribute href (file:)", "attribute src (ftp:)"]


@given(soup)
def test_nothing_is_removed_from_the_html_of_an_article(source: str) -> None:
    html = render(source, "html").html
    assert found(html) == []
