"""MDX becomes Markdown: readers see no JavaScript and no JSX, and no text is lost."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.mdx import Mdx

PROSE = 'We import goods.\nimport of goods from "a"\n\nexport is good.'
CODE = "```js\nimport x from 'y'\n<X/> {a}\n```\n`<X/>` and ``{a} ` b``"


def _convert(text: str) -> Converted:
    return Mdx({"title": "My title"}.get).convert(text)


@pytest.mark.parametrize(
    ("text", "converted"),
    [
        ("import X from './x.astro'\nimport { a,\n  b } from \"c\";\n\nText", "Text"),
        ("import 'x.css'\n\nText", "Text"),
        ("export const a = {\n  b: '}',\n\n  c: [1],\n}\n\nText", "Text"),
        ("export default ({ children }) => <Layout>{children}</Layout>\n\nText", "Text"),
        (PROSE, PROSE),
        (CODE, CODE),
        ("a {/* comment */} b", "a  b"),
        ("{/* truncate */}", "<!--more-->"),
        ("<!-- truncate -->", "<!--more-->"),
        ("a{' '}b {\"c\"} {`d`} {5} {frontmatter.title} {props.frontMatter.title}", "a b c d 5 My title My title"),
        ("\\{a\\} \\<b", "\\{a\\} \\<b"),
        ("## Title {#my-id}", '## Title <a id="my-id"></a>'),
        ("$$\n\\frac{a}{b}\n$$", "$$\n\\frac{a}{b}\n$$"),
        ('<div className="x" style={{color: "red"}} onClick={() => a > b}>T</div>', '<div class="x">T</div>'),
        ("<p id='a'>T</p><br/><br />", "<p id='a'>T</p><br/><br />"),
        ("a < b > c <3 {", "a < b > c <3 {"),
        ("<>\nText\n</>", "Text"),
        ("<details>\n  <summary>S</summary>\n  T\n</details>", "<details>\n  <summary>S</summary>\n  T\n</details>"),
    ],
)  # fmt: skip
def test_javascript_is_removed_and_html_is_kept(text: str, converted: str) -> None:
    assert _convert(text).text.strip() == converted


def test_a_component_is_counted_with_an_example_and_its_text_kept() -> None:
    result = _convert(
        '<Box a={x > 1 ? {b: "}"} : []}>\n  One **two**\n\n  <Ui.Note/>\n</Box>\n\n<Box>\n{a.map((b) => <B/>)}\n</Box>'
    )
    assert result.text.split() == ["One", "**two**"]
    assert result.removed == {"<Box>": 2, "<Ui.Note>": 1, "{…}": 1}
    assert result.examples["<Box>"].startswith("<Box a={x > 1")
    assert result.examples["{…}"] == "{a.map((b) => <B/>)}"


def test_indented_text_in_components_is_not_code() -> None:
    text = "<Tabs>\n  <Tab>\n    One\n\n    ```js\n    x\n    ```\n  </Tab>\n</Tabs>\n\n    - kept"
    assert "\nOne\n\n```js\nx\n```\n" in _convert(text).text
    assert _convert(text).text.endswith("    - kept")


@pytest.mark.parametrize(
    ("text", "converted"),
    [
        (
            'import hero from "./hero.png"\n\n<Image src={hero} alt="A" width={300} />',
            '<img src="./hero.png" alt="A" width="300">',
        ),
        ("<img src={require('./a.png').default} alt='x' />", '<img src="./a.png" alt="x">'),
        (
            "<Figure src={useBaseUrl('/img/a.png')} caption='C' />",
            '<figure><img src="/img/a.png" alt="C"><figcaption>C</figcaption></figure>',
        ),
        ('<YouTube id="SQEQr7c0-dw" />', '<iframe src="https://www.youtube.com/embed/SQEQr7c0-dw"></iframe>'),
        ('<Tweet id="12345" />', '<a href="https://twitter.com/i/status/12345">'),
        ('<Link to="/docs/x">Go <b>on</b></Link>', '<a href="/docs/x">Go <b>on</b></a>'),
        ("<Code code={`a < b\n\n{c}`} lang='js' />", "```js\na < b\n\n{c}\n```"),
        (
            ":::tip[Read **this**]\n\nText\n\n:::",
            "<aside>\n\n<strong>Read <strong>this</strong></strong>\n\n\nText\n\n\n</aside>",
        ),
        (":::note\nText\n:::", "<strong>Note</strong>\n\nText\n\n</aside>"),
    ],
)
def test_components_that_show_media_links_and_code_are_converted(text: str, converted: str) -> None:
    assert converted in _convert(text).text


_PIECES = [
    "<A>",
    "</A>",
    "<B c={d}/>",
    "{",
    "}",
    "`",
    "```\n",
    "one ",
    "two\n",
    "\n\n",
    "<",
    "import x from 'y'\n",
    ":::\n",
    ":::note\n",
    "\\{",
    "{e}",
    "<a href='",
]


@given(st.lists(st.sampled_from(_PIECES)))
@example(["import x from 'y'\n", "one ", "import x from 'y'\n"])
def test_any_text_is_converted_and_words_outside_of_expressions_are_kept(parts: list[str]) -> None:
    text = "".join(parts)
    result = _convert(text).text
    if not set(parts) & {"{", "<", "<a href='", "`", "```\n"}:
        assert result.count("one") == parts.count("one ")
        assert result.count("two") == parts.count("two\n")


@pytest.mark.parametrize(
    "piece",
    [
        "<A>",
        "<A",
        "<A b={",
        "{",
        "{'",
        "{`",
        "`",
        "``` ",
        "```\n",
        "import x from 'y'\n\n",
        "export const a = {\n",
        '<a x="',
        "{{}",
        "<!--",
        ":::",
        "</A>",
        "<A>\n ",
        "~~~\n",
        "\\{",
        "export const a\n\n",
        "`a ``b ",
        "$$\n",
    ],
)
def test_time_is_linear_for_long_malformed_input(piece: str) -> None:
    begin = time.process_time()
    _convert(piece * (300_000 // len(piece)))
    assert time.process_time() - begin < 10
