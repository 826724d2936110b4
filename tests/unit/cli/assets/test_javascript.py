"""Minified modules have the same tokens, and line breaks that end a statement are kept."""

from pathlib import Path

import pytest

from kolom_cli.assets.javascript import SyntaxProblem, minify
from tests.paths import PROJECT


def minified(source: str) -> str:
    return minify(source.encode()).decode()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("// one\nconst a = 1; /* two */ const b = 2;\n", "const a=1;const b=2;", id="comments"),
        pytest.param(
            'import { a } from "./b.js";\nimport("./c.js");', 'import{a}from"./b.js";import("./c.js");', id="imports"
        ),
        pytest.param(
            "export class A extends B {\n  #x = 1;\n\n  get #y() {\n    return this.#x;\n  }\n}",
            "export class A extends B{#x=1;get #y(){return this.#x;}}",
            id="private names",
        ),
        pytest.param(
            "a = `x  // y ${ b ? `  ${c}  ` : '' }  z`;",
            "a=`x  // y ${ b ? `  ${c}  ` : '' }  z`;",
            id="template literals",
        ),
        pytest.param(
            "a = b.replace(/[/*] \\/  x/g, '  ');", "a=b.replace(/[/*] \\/  x/g,'  ');", id="regular expressions"
        ),
        pytest.param("a = b / c / d; if (x) /y  z/.test(b);", "a=b/c/d;if(x)/y  z/.test(b);", id="divisions"),
        pytest.param("a + +b; a - -b; a++ + b; a < !--b;", "a+ +b;a- -b;a++ +b;a< !--b;", id="operators"),
        pytest.param(
            "a = 1 .toFixed(); b = x in y; c = [...d, ...e];", "a=1 .toFixed();b=x in y;c=[...d,...e];", id="words"
        ),
        pytest.param("a = b\n(c)\nreturn_()\n++d", "a=b\n(c)\nreturn_()\n++d", id="statements without semicolons"),
        pytest.param("function f() {\n  return\n  a;\n}", "function f(){return\na;}", id="return on its own line"),
        pytest.param(
            "x = /re/ in y;\n/a/ instanceof B;\n/a/g  in b",
            "x= /re/ in y;/a/ instanceof B;/a/g in b",
            id="regex and word",
        ),
        pytest.param("a = 1\u2028b = 2\u2029c = 3\r\nd = 4", "a=1\nb=2\nc=3\nd=4", id="all line breaks"),
        pytest.param("// a\rb;// c\u2028d", "b;d", id="line breaks after comments"),
        pytest.param("/*! A licence. */\nlet a;", "/*! A licence. */\nlet a;", id="licence"),
        pytest.param('"é"; a\u00e9 = 1; in_\u00e9 in a', '"é";a\u00e9=1;in_\u00e9 in a', id="letters beyond ASCII"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_only_comments_and_unnecessary_spaces_are_removed(source: str, expected: str) -> None:
    assert minified(source) == expected
    assert minified(expected) == expected


def test_a_long_expression_is_minified_or_its_error_reported() -> None:
    """Its syntax tree has a level for each operator."""
    source = " + a" * 5_000
    assert minified(f"b{source}") == f"b{source}".replace(" ", "")
    with pytest.raises(SyntaxProblem):
        minified(f"(b c){source}")


@pytest.mark.parametrize(("source", "line"), [("let a;\nlet b = ;\n", 2), ("f(\n\n", 1), ("class {\n #x = \n}", 2)])
def test_a_syntax_error_names_its_line(source: str, line: int) -> None:
    with pytest.raises(SyntaxProblem, match=rf"line {line} cannot be parsed as JavaScript"):
        minified(source)


@pytest.mark.parametrize("path", sorted((PROJECT / "frontend/widgets").rglob("*.js")), ids=lambda path: path.stem)
def test_a_module_of_the_project_is_smaller_and_cannot_be_minified_further(path: Path) -> None:
    source = path.read_bytes()
    small = minify(source)
    assert minify(small) == small
    assert len(small) < 0.97 * len(source)
