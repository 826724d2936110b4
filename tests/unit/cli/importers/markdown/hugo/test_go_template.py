"""Templates of Hugo are interpreted, within limits, and everything unsupported is refused."""

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.markdown.hugo.go_template import Method, UnsupportedTemplate, parse_template
from kolom_cli.importers.markdown.hugo.template_functions import Markup


@dataclass
class _Context:
    fields: dict[str, Any] = field(default_factory=dict)


VALUES = {"a": "x<y", "n": 3, "yes": True, "empty": ""}
CONTEXT = _Context(
    {
        "Get": Method(lambda key: VALUES.get(key, "")),
        "Inner": Markup("<b>in</b>"),
        "Params": dict(VALUES),
        "Page": _Context({"Title": "T & t", "Params": {"deep": {"key": "v", "flag": "false"}}}),
    }
)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("", ""),
        ('<i class="{{ .Get "a" }}">{{ .Inner }}</i>', '<i class="x&lt;y"><b>in</b></i>'),
        ('{{.Get `a`}}{{ .Get "n" }}{{ .Get "none" }}', "x&lt;y3"),
        ('a {{- " b " -}} c', "a b c"),
        ("a {{/* c }} */}} b {{- /* d */ -}} e", "a  be"),
        ('{{ with .Get "a" }}[{{ . }}]{{ else }}none{{ end }}', "[x&lt;y]"),
        ('{{ with .Get "none" }}[{{ . }}]{{ else with .Get "n" }}<{{ . }}>{{ else }}no{{ end }}', "<3>"),
        ('{{ if eq (.Get "n") 3 }}3{{ else if .Get "a" }}a{{ end }}', "3"),
        ('{{ if and (.Get "a") (not (.Get "yes")) }}1{{ else }}2{{ end }}', "2"),
        ('{{ $x := .Get "none" | default "d" }}{{ if true }}{{ $x = "e" }}{{ end }}{{ $x }}', "e"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ('{{ with $y := .Get "a" }}{{ $y }}{{ $.Page.Title }}{{ end }}', "x&lt;yT &amp; t"),
        ("{{ .Page.Params.deep.key }}{{ (.Page).Title }}{{ .Page.Params.none.x }}", "vT &amp; t"),
        ("{{ if .Page.Params.deep.flag }}yes{{ end }}", ""),
        ('{{ printf "%s-%d %q%%" "a" 3 "b" | safeHTML }}', 'a-3 "b"%'),
        ('{{ index .Params "a" | upper }}{{ len .Inner }}{{ isset .Params "a" }}', "X&lt;Y9true"),
        ('{{ "**b** <i>" | markdownify }}', "<strong>b</strong> <i>"),
        ('{{ "a/b" | relURL }}{{ absURL "https://x.example" }}{{ relURL "#a" }}', "/a/bhttps://x.example#a"),
        ('{{ replace "a.b" "." "-" }}{{ trim " a " " " }}{{ strings.TrimSuffix "b" "ab" }}', "a-baa"),
        ('{{ cond (gt 2 1) "y" "n" }}{{ or "" "z" }}{{ in "abc" "b" }}', "yztrue"),
        ('{{ "it\\"s\\n" | safeHTML }}', 'it"s\n'),
    ],
)
def test_a_simple_template_is_rendered(template: str, result: str) -> None:
    assert parse_template(template).render(CONTEXT) == result


@pytest.mark.parametrize(
    "template",
    [
        '{{ partial "x" . }}',
        "{{ range .Params }}{{ end }}",
        "{{ .Page.Resources }}",
        "{{ .Page.Scratch.Set 1 }}",
        '{{ template "x" }}',
        '{{ define "x" }}{{ end }}',
        "{{ if }}{{ end }}",
        "{{ end }}",
        "{{ if true }}",
        "{{ .Params }}",
        "{{ .Get }}",
        "{{ $none }}",
        "{{",
        '{{ .Get "a }}',
        '{{ (.Get "a" }}',
        '{{ .Get "a" ) }}',
        "{{ now.Year }}",
        '{{ os.ReadFile "/etc/passwd" }}',
        '{{ getenv "HOME" }}',
        '{{ resources.Get "x" }}',
        "{{ .Get.__class__ }}",
        "{{ .__class__ }}",
        "{{ .fields }}",
        "{{ eq 1 }}",
        '{{ readFile "x" }}',
        "{{ 1 2 }}",
        "{{ else }}",
        "{{ return 1 }}",
        '{{ printf "%s" }}',
        '{{ lt 1 "a" }}',
        "{{ .Inner.x }}",
    ],
)
def test_an_unsupported_template_is_refused(template: str) -> None:
    with pytest.raises(UnsupportedTemplate):
        parse_template(template).render(CONTEXT)


@given(
    st.lists(
        st.sampled_from(
            [
                "{{",
                "}}",
                '{{ if .Get "a" }}',
                "{{ else }}",
                "{{ end }}",
                "{{ with",
                ".Get",
                '"a"',
                "`",
                "(",
                ")",
                "|",
                "$x",
                ":=",
                " ",
                "-",
                "/*",
                "*/",
                "<p>",
                "default",
                "{{ $x := 1 }}",
                "{{ $x }}",
                "{{ . }}",
                "\n",
            ]
        )
    )
)
def test_any_template_is_rendered_or_refused(parts: list[str]) -> None:
    try:
        result = parse_template("".join(parts)).render(CONTEXT)
    except UnsupportedTemplate:
        return
    assert "{{" not in result


@pytest.mark.parametrize(
    "template",
    [
        "{{ if true }}" * 5_000 + "{{ end }}" * 5_000,
        "{{ " + "(" * 20_000,
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{/*" * 15_000,
        "{{ " * 20_000,
        '{{ "' * 16_000,
        "{{ `" * 16_000,
        '{{ .Get "a" }}' * 4_000,
        "{{ 1 " + "| default 2 " * 5_000 + "}}",
        '{{ $x := "ab" }}' + '{{ $x = printf "%s%s" $x $x }}' * 2_000,
        "{{ $x := .Inner }}" + "{{ $x = print $x $x }}" * 40 + "{{ $x }}",
    ],
)
def test_a_large_or_hostile_template_takes_limited_time(template: str) -> None:
    begin = time.process_time()
    with contextlib.suppress(UnsupportedTemplate):
        parse_template(template).render(CONTEXT)
    assert time.process_time() - begin < 5
