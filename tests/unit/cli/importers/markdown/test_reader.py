"""Front matter, permalinks, Liquid and shortcodes in the Markdown importer."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.common.article_fields import normalize_language_code
from kolom_cli.importers.markdown.attribute_lists import without_attributes
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_image, get_list, get_names, get_text
from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.lenient_front_matter import Values, read_data, read_front
from kolom_cli.importers.markdown.liquid import Liquid
from kolom_cli.importers.markdown.permalinks import (
    JEKYLL_STYLES,
    date_tokens,
    expand,
    hugo_sections,
    slugify_like_hugo,
    slugify_like_jekyll,
)
from kolom_cli.importers.markdown.shortcodes import Shortcodes
from kolom_cli.importers.markdown.tag_arguments import parse_arguments
from kolom_cli.publishing.front_matter import DocumentError

FILE = Path("post.md")
ADDRESSES = {"2020-01-02-a": "/2020/01/02/a/", "about.md": "/about/", "/posts/b.md": "/posts/b/"}
VALUES = {"site.baseurl": "", "site.url": "", "site.title": "Site", "page.url": "/here/"}


def liquid(text: str) -> Converted:
    return Liquid(ADDRESSES.get, VALUES.get).convert(text)


def shortcodes(text: str) -> Converted:
    return Shortcodes(ADDRESSES.get, {"color": "red"}.get).convert(text)


# Front matter


@pytest.mark.parametrize(
    ("text", "values", "body"),
    [
        ("---\ntitle: T\ntags: [1.10, no, 2024-1-1]\n---\nB", {"title": "T", "tags": ["1.10", "no", "2024-1-1"]}, "B"),
        ("---\r\nTitle: T\r\n---\r\nB", {"title": "T"}, "B"),
        ("+++\ntitle = 'T'\ndraft = true\ndate = 2024-01-02T03:04:05Z\n[params]\nA = 1\n+++\nB",
         {"title": "T", "draft": "true", "date": "2024-01-02T03:04:05+00:00", "params": {"a": "1"}}, "B"),
        ('{"title": "T", "tags": ["a"], "draft": false}\nB', {"title": "T", "tags": ["a"], "draft": "false"}, "\nB"),
        ('{"tags": [1.10, 2]}\nB', {"tags": ["1.10", "2"]}, "\nB"),
        ("+++\ntags = [1.10, 2]\n+++\nB", {"tags": ["1.10", "2"]}, "B"),
        ("---\n---\nB", {}, "B"),
        ("---\na: &x {b: c}\nd: *x\ne:\n  <<: *x\n  f: g\n---\n",
         {"a": {"b": "c"}, "d": {"b": "c"}, "e": {"b": "c", "f": "g"}}, ""),
        ("---\ntitle: one\ntitle: two\nempty:\n---\nB", {"title": "two", "title_": "one", "empty": None}, "B"),
        ("No front matter.\n---\n", {}, "No front matter.\n---\n"),
        ("---\nOnly a line.\n", {}, "---\nOnly a line.\n"),
        ("{% include x %}\n", {}, "{% include x %}\n"),
    ],
)  # fmt: skip
def test_front_matter_of_each_kind_is_read(text: str, values: object, body: str) -> None:
    front = read_front(FILE, text)
    assert (front.values, text[front.body :]) == (values, body)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("---\ntitle: a: b\n---\n", 2),
        ("\n\n---\ntitle: a: b\n---\n", 4),
        ("\n\n---\ntitle: T\n", 3),
        ("+++\na = 1\nb = \n+++\n", 3),
        ("\n\n+++\na = 1\nb = \n+++\n", 5),
        ("\r\n\r\n+++\r\na = 1\r\nb = \r\n+++\r\n", 5),
        ("+++\na = 1\n", 1),
        ("\n\n+++\na = 1\n", 3),
        ('{"a": }\n', 1),
    ],
)
def test_invalid_front_matter_is_rejected_with_its_line(text: str, line: int) -> None:
    with pytest.raises(DocumentError) as caught:
        read_front(FILE, text)
    assert caught.value.line == line


def test_the_position_in_a_toml_error_is_that_in_the_file() -> None:
    with pytest.raises(DocumentError, match=r"post\.md:5: .* \(at line 5, column 5\)"):
        read_front(FILE, "\n\n+++\na = 1\nb = \n+++\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = \n", 2), ("\n\na = 1\nb = \n", 4), ("['line 7']\n['line 7']\n", 2), ('a = 1\nb = """c\n', 2)],
    ids=["second line", "after empty lines", "a key like a position", "at the end"],
)
def test_an_invalid_toml_file_is_rejected_with_its_line(text: str, line: int) -> None:
    with pytest.raises(DocumentError) as caught:
        read_data(Path("hugo.toml"), text)
    assert caught.value.line == line


def test_recursive_and_nested_yaml_aliases_are_read() -> None:
    assert read_front(FILE, "---\na: &x [*x]\n---\n").values == {"a": [None]}
    tower = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 15))
    assert len(read_front(FILE, f"---\n{tower}---\n").values) == 15


@given(st.text(max_size=200), st.sampled_from(["---\n", "+++\n", "{", ""]))
def test_any_front_matter_is_read_or_rejected(text: str, opening: str) -> None:
    source = f"{opening}{text}\n{opening}B"
    try:
        front = read_front(FILE, source)
    except DocumentError:
        return
    assert 0 <= front.body <= len(source)


# Values

WIB = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-16", datetime(2024, 5, 16, tzinfo=UTC)),
        ("2024-5-6 7:08", datetime(2024, 5, 6, 7, 8, tzinfo=UTC)),
        ("2024-05-16 09:30:00 +0700", datetime(2024, 5, 16, 9, 30, tzinfo=WIB)),
        ("2024-05-16T09:30:00.123+07:00", datetime(2024, 5, 16, 9, 30, tzinfo=WIB)),
        ("2024-05-16T09:30:00Z", datetime(2024, 5, 16, 9, 30, tzinfo=UTC)),
        ("2024-05-16 09:30 PM", datetime(2024, 5, 16, 21, 30, tzinfo=UTC)),
        ("2024/05/16", datetime(2024, 5, 16, tzinfo=UTC)),
        ("May 16, 2024", datetime(2024, 5, 16, tzinfo=UTC)),
        ("May 16th, 2024", datetime(2024, 5, 16, tzinfo=UTC)),
        ("16 May 2024", datetime(2024, 5, 16, tzinfo=UTC)),
        ("Thu, 16 May 2024 09:30:00 +0700", datetime(2024, 5, 16, 9, 30, tzinfo=WIB)),
        ("2024-13-45", None),
        ("0000-00-00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_common_date_formats_are_read(text: str, moment: datetime | None) -> None:
    assert get_datetime(text, UTC) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = get_datetime(text, UTC)
    assert moment is None or moment.tzinfo is not None


def test_lists_names_and_pictures_are_read_in_all_their_forms() -> None:
    assert get_list({"a": "x y"}, "a", spaces=True) == ["x", "y"]
    assert get_list({"a": "x y, z"}, "a", spaces=True) == ["x y", "z"]
    assert get_list({"a": ["x y", None, {"name": "z"}]}, "a") == ["x y", "z"]
    known: Values = {"jane": {"name": "Jane Doe"}}
    assert list(get_names(["jane", {"name": "Bob"}, "Eve"], known)) == ["Jane Doe", "Bob", "Eve"]
    assert get_image({"path": "/a.png", "alt": "x"}) == "/a.png"
    assert get_image([{"src": "b.png"}]) == "b.png"
    assert get_image({"image": {"feature": "c.png"}}) == "c.png"
    assert get_image({"alt": "x"}) is None
    assert get_text({"a": ["x"], "b": " A &amp;\n b "}, "a", "b") == "A & b"
    assert [normalize_language_code(code, ("en", "id")) for code in ("en-US", "en_gb", "pt-BR", "x", "ID")] == [
        *("en", "en", "pt", None, "id")
    ]


# Permalinks

DAY = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (JEKYLL_STYLES["date"], "/a/b/2020/01/02/My-post.html"),
        (JEKYLL_STYLES["pretty"], "/a/b/2020/01/02/My-post/"),
        (JEKYLL_STYLES["ordinal"], "/a/b/2020/002/My-post.html"),
        (JEKYLL_STYLES["none"], "/a/b/My-post.html"),
        ("/:short_year-:i_month-:i_day/:slug", "/20-1-2/my-post"),
        ("/blog/:title.html", "/blog/My-post.html"),
        ("/:unknown/:title", "/:unknown/My-post"),
        ("about", "/about"),
    ],
)
def test_permalink_patterns_of_jekyll_are_supported(pattern: str, path: str) -> None:
    names = {"categories": "a/b", "title": "My-post", "slug": "my-post", "output_ext": ".html"}
    assert expand(pattern, names | date_tokens(DAY)) == path


def test_without_categories_no_segment_is_empty() -> None:
    assert expand("/:categories/:title/", {"categories": "", "title": "x"}) == "/x/"


@pytest.mark.parametrize(
    ("selection", "path"),
    [("", "a/b/c"), ("[1:]", "b/c"), ("[:last]", "a/b"), ("[0]", "a"), ("[last]", "c"), ("[1:2]", "b/c"), ("[9]", "")],
)
def test_sections_of_hugo_permalinks_can_be_selected(selection: str, path: str) -> None:
    assert expand(f"/:sections{selection}", {"sections": hugo_sections(["a", "b", "c"])}) == f"/{path}"


def test_slugs_are_made_like_those_of_each_system() -> None:
    assert slugify_like_jekyll("Hello, World! C++ & Go") == "hello-world-c-go"
    assert slugify_like_jekyll("Hello, World!", pretty=True) == "Hello,-World!"
    assert slugify_like_hugo("Hello, World! C++ & Go") == "hello-world-c++-go"
    assert slugify_like_hugo("A - B") == "a-b"
    assert slugify_like_hugo("Kopi É") == "kopi-é"


# Liquid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]({% post_url 2020-01-02-a %}#x)", "[a](/2020/01/02/a/#x)"),
        ("[a]({{ site.baseurl }}{% link about.md %})", "[a](/about/)"),
        ("![a]({{ site.url }}{{ site.baseurl }}/a.png)", "![a](/a.png)"),
        ("![a]({{ '/a.png' | relative_url }}) {{ \"b/\" | absolute_url }}", "![a](/a.png) /b/"),
        ("[home]({{ site.url }})", "[home](/)"),
        ("{{ '/x' | prepend: site.baseurl }}", "/x"),
        ("{{ site.title }} at {{page.url}}", "Site at /here/"),
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "{{ x }} {% y %}"),
        ("a{% comment %} b {% endcomment %}c", "ac"),
        ("{% highlight ruby linenos %}\nputs 1\n{% endhighlight %}", "\n\n```ruby\nputs 1\n```\n\n"),
        ("{%- highlight c -%}\n```\n{%- endhighlight -%}", "\n\n````c\n```\n````\n\n"),
        ("see {% gist a/1 %}", 'see <a href="https://gist.github.com/a/1">https://gist.github.com/a/1</a>'),
        (
            'x {% include figure image_path="/a.png" alt="A" caption="C *d*" %}',
            'x <figure><img src="/a.png" alt="A"><figcaption>C <em>d</em></figcaption></figure>',
        ),
        (
            'x {% include video id="abc_123" provider="youtube" %}',
            'x <iframe src="https://www.youtube.com/embed/abc_123"></iframe>',
        ),
        ("x {% img left /a.png 300 200 A title %}", 'x <img src="/a.png" alt="A title">'),
        ("{{ '/x' | unknown }} {% open", "/x {% open"),
    ],
)
def test_known_liquid_tags_are_replaced(text: str, expected: str) -> None:
    assert liquid(text).text == expected


def test_unknown_liquid_tags_are_removed_and_counted_and_their_text_kept() -> None:
    converted = liquid(
        "{% include toc.html %}[a]({% post_url nowhere %}) {{ page.foo }}{% if x %}y{% else %}z{% endif %}{% if b %}"
        "{{ '/x' | asset }}{{ 'now' | date: '%Y' }}{% endif %}"
    )
    assert converted.text == "[a](nowhere) yz/x"
    assert converted.removed == {
        "{% include toc.html %}": 1,
        "{% post_url %}": 1,
        "{{ page.foo }}": 1,
        "{% if %}": 2,
        "{{ '/x' | asset }}": 1,
        "{{ 'now' | date: '%Y' }}": 1,
    }
    assert converted.examples["{% if %}"] == "{% if x %}"


@pytest.mark.parametrize(
    "text",
    [
        "```yaml\n${{ secrets.A }} {% x %}\n```",
        "a `{{ x }}` b",
        "> ~~~\n> {% y %}\n> ~~~",
        "```\n{{ a }}",
        "``{{ x }}``",
    ],
)
def test_unknown_liquid_tags_in_code_are_kept(text: str) -> None:
    assert (liquid(text).text, liquid(text).removed) == (text, {})


def test_liquid_tags_after_code_are_removed() -> None:
    assert liquid("```\n{{ a }}\n```\n{{ b }}`{{ c }}`{{ d }}").text == "```\n{{ a }}\n```\n`{{ c }}`"


def test_includes_that_become_pictures_are_reported() -> None:
    assert dict(liquid('{% include image.html url="/a.png" %}').replaced) == {"{% include image.html %}": 1}


# Shortcodes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('x {{< figure src="a.png" alt="A" >}}', 'x <img src="a.png" alt="A">'),
        (
            'x {{% figure src="a.png" title="T" caption="C" link="https://x.example" width="30" %}}',
            ('x <figure><a href="https://x.example"><img src="a.png" alt="T C" width="30"></a>'
            "<figcaption><strong>T</strong> C</figcaption></figure>"),
        ),
        ("x {{< youtube abc-DEF >}}", 'x <iframe src="https://www.youtube.com/embed/abc-DEF"></iframe>'),
        ('x {{< youtube id="abc" autoplay="true" >}}', 'x <iframe src="https://www.youtube.com/embed/abc"></iframe>'),
        ("x {{< vimeo 123 >}}", 'x <iframe src="https://player.vimeo.com/video/123"></iframe>'),
        ('[b]({{< ref "/posts/b.md" >}})', "[b](/posts/b/)"),
        ("[b]({{% relref `/posts/b.md` %}})", "[b](/posts/b/)"),
        ('{{< highlight go "linenos=table" >}}\nx := 1\n{{< /highlight >}}', "\n\n```go\nx := 1\n```\n\n"),
        ("{{</* figure src=\"x\" */>}} {{%/* a */%}}", '{{< figure src="x" >}} {{% a %}}'),
        ("{{< rawhtml >}}<b>x</b>{{< /rawhtml >}}", "<b>x</b>"),
        ("{{< param color >}}", "red"),
        ("x {{< tweet 12 >}}", 'x <a href="https://twitter.com/i/status/12">https://twitter.com/i/status/12</a>'),
        ("{{ .Title }} {{< open", "{{ .Title }} {{< open"),
    ],
)  # fmt: skip
def test_known_shortcodes_are_replaced(text: str, expected: str) -> None:
    assert shortcodes(text).text == expected


def test_unknown_shortcodes_are_removed_and_reported_once_per_pair() -> None:
    converted = shortcodes('{{< notice "a > b" >}}x{{< /notice >}} {{< ref "nowhere" >}}')
    assert converted.text == "x nowhere"
    assert converted.removed == {"{{< notice >}}": 1, "{{< ref >}}": 1}
    assert converted.examples["{{< ref >}}"] == '{{< ref "nowhere" >}} (its page does not exist)'


def test_markdown_after_a_player_is_still_parsed() -> None:
    assert shortcodes("a\n{{< vimeo 1 >}}\n**b**").text.endswith("</iframe>\n\n\n**b**")


# Attribute lists


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# T {#x .y}\n", '# <a id="x"></a>T\n'),
        ("## T {: #x}\n", '## <a id="x"></a>T\n'),
        ("## Use {braces}\n", "## Use {braces}\n"),
        ("text\n{: .note}\nmore\n", "text\nmore\n"),
        ("[a](b){:target=\"_blank\"} and `{: .x}`\n", "[a](b) and `{: .x}`\n"),
        ("* TOC\n{:toc}\nx\n", "x\n"),
        ("```\n{: .x}\n# T {#x}\n```\n", "```\n{: .x}\n# T {#x}\n```\n"),
        ("{::comment}\nhidden\n{:/comment}\nx\n", "x\n"),
        ("{::nomarkdown}<b>{:/nomarkdown}\n", "<b>\n"),
        ("`{::nomarkdown}` and {:/}\n", "`{::nomarkdown}` and \n"),
        ("![a](a.png){: width=\"3\" }\n", "![a](a.png)\n"),
    ],
)  # fmt: skip
def test_attribute_lists_are_removed_except_in_code(text: str, expected: str) -> None:
    assert without_attributes(text) == expected


# For any text


def test_an_unquoted_url_is_one_argument() -> None:
    arguments = parse_arguments("https://x.example/a.png alt: Two src=https://x.example/b.png")
    assert arguments.texts == ("https://x.example/a.png",)
    assert arguments.named == {"alt": "Two", "src": "https://x.example/b.png"}


CONVERTERS: list[Callable[[str], object]] = [liquid, shortcodes, without_attributes, parse_arguments]
PIECES = (
    "{%",
    "%}",
    "{{",
    "}}",
    "{{<",
    ">}}",
    "raw",
    "endraw",
    " ",
    "'",
    "`",
    "\n",
    "{:",
    "#",
    "}",
    "\\",
    "=",
    "/",
    '"',
)


@pytest.mark.parametrize("convert", CONVERTERS)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=100))
def test_any_text_can_be_converted_and_text_before_a_tag_is_kept(convert: Callable[[str], object], text: str) -> None:
    converted = convert(f'"Before" {text}')
    assert "Before" in (converted.text if isinstance(converted, Converted) else str(converted))


@pytest.mark.parametrize("convert", CONVERTERS)
@pytest.mark.parametrize(
    "piece",
    [
        *("{%", "{{", "{{<", '{{< "', "{{</*", "{% raw %}", "{% x ", "`", "{: ", " ", "# {", '"', "{% highlight %}"),
        *("```\n", "> ~~~\n{{ a }}\n"),
    ],
)
def test_time_is_linear_in_the_length(convert: Callable[[str], object], piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    convert(text)
    assert time.process_time() - begun < 5
