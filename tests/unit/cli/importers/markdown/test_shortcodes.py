"""Shortcodes of Hugo in a text: readers never see their source, and no text in them is lost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.shortcodes import Shortcodes


def _convert(text: str) -> Converted:
    return Shortcodes({"a.md": "/a/"}.get, {"color": "red"}.get).convert(text)


@pytest.mark.parametrize(
    ("text", "converted"),
    [
        (
            '{{< details summary="More" open=true >}}\nIn\n{{< /details >}}',
            "<details open><summary>More</summary>\n\nIn\n\n</details>",
        ),
        ('{{< details "More" >}}In{{< /details >}}', "<details><summary>More</summary>\n\nIn\n\n</details>"),
        ('{{< qr text="https://x.example" />}}', '<a href="https://x.example">https://x.example</a>'),
        ("{{< qr >}}words{{< /qr >}}", "words"),
        ("{{% comment %}}hidden {{< a >}}{{% /comment %}}", ""),
        ('{{< ref "missing.md" >}}', "missing.md"),
        ('{{< param name="color" >}}', "red"),
        ("{{< instagram CxOWiQNP2MO >}}", '<a href="https://www.instagram.com/p/CxOWiQNP2MO/">'),
        (
            '{{< x user="SanDiegoZoo" id="1453110110599868418" >}}',
            '<a href="https://twitter.com/SanDiegoZoo/status/1453110110599868418">',
        ),
        ('{{< button href="https://x.example/" >}}Go{{< /button >}}', '<a href="https://x.example/">Go</a>'),
        ('{{< img-proc "pics/a.jpg" "Alt" >}}', '<img src="pics/a.jpg"'),
        ('{{< highlight go "a=1" >}}\n{{< x >}}\n{{< /highlight >}}', "```go\n{{< x >}}\n```"),
    ],
)
def test_shortcodes_of_hugo_and_of_many_themes_are_converted(text: str, converted: str) -> None:
    assert converted in _convert(text).text


@pytest.mark.parametrize(
    ("text", "kept", "removed"),
    [
        ("a {{< b c=d >}} e", "a  e", {"{{< b >}}": 1}),
        ("{{% b %}}one **two**{{% /b %}}", "one **two**", {"{{< b >}}": 1}),
        ("{{< a >}}{{< b >}}x{{< /b >}}{{< b >}}y{{< /b >}}{{< /a >}}", "xy", {"{{< a >}}": 1, "{{< b >}}": 2}),
        ("x{{< /b >}}y", "xy", {}),
        ("{{< a >}}x{{< b >}}y{{< /a >}}z{{< /b >}}", "xyz", {"{{< a >}}": 1, "{{< b >}}": 1}),
        ("{{</* shown */>}} {{%/* also */%}}", "{{< shown >}} {{% also %}}", {}),
    ],
)
def test_an_unknown_shortcode_is_removed_and_its_text_kept(text: str, kept: str, removed: dict[str, int]) -> None:
    result = _convert(text)
    assert (result.text, dict(result.removed)) == (kept, removed)
    assert result.examples.keys() == removed.keys()


@given(
    st.lists(
        st.sampled_from(
            ["{{< a >}}", "{{< /a >}}", "{{% b x=1 %}}", "{{% /b %}}", "{{< c />}}", "one ", "two\n", "{{", "}}"]
        )
    )
)
def test_no_shortcode_loses_the_words_around_it(parts: list[str]) -> None:
    result = _convert("".join(parts)).text
    assert result.count("one") == parts.count("one ")
    assert result.count("two") == parts.count("two\n")
    assert "{{< a >}}" not in result or "{{{{" in "".join(parts)


@pytest.mark.parametrize(
    "piece",
    [
        "{{< a >}}",
        "{{< a >}}{{< /a >}}",
        "{{< /a >}}",
        "{{<",
        '{{< a "',
        "{{< highlight >}}",
        "{{< a >}}{{< b >}}x{{< /a >}}{{< /b >}}",
        "{{</*",
        "{{< details >}}",
    ],
)
def test_time_is_linear_for_long_malformed_input(piece: str) -> None:
    begin = time.process_time()
    _convert(piece * (600_000 // len(piece)))
    assert time.process_time() - begin < 10
