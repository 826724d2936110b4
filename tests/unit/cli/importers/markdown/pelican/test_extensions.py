"""Notations of Python-Markdown's extensions become CommonMark."""

import time

import pytest

from kolom_cli.importers.markdown.pelican.extensions import convert_extensions


@pytest.mark.parametrize(
    ("text", "converted"),
    [
        ("A\n\n    :::python\n    x = 1\n\n        y\n\nB", "A\n\n\n\n```python\nx = 1\n\n    y\n```\n\nB"),
        ("    #!bash\n    ls", "\n\n```bash\nls\n```\n\n"),
        ("\t:::c++\n\tint a;\n", "\n\n```c++\nint a;\n```\n\n"),
        ("A\n\n[TOC]\n\nB", "A\n\n\nB"),
    ],
)
def test_code_with_a_language_becomes_a_fence_and_toc_is_removed(text: str, converted: str) -> None:
    assert convert_extensions(text) == converted


@pytest.mark.parametrize(
    "text", ["    #!/bin/sh\n    ls\n", "A\n    :::python\n    x", "    x = 1\n    :::y", "see [TOC]"]
)
def test_other_text_is_kept(text: str) -> None:
    assert convert_extensions(text) == text


@pytest.mark.parametrize("piece", ["    :::a\n", "    \n", "\n    :::a\n\n", " \n", "[TOC]"])
def test_time_is_linear_for_long_input(piece: str) -> None:
    begin = time.process_time()
    convert_extensions("    :::a\n" + piece * 60_000)
    assert time.process_time() - begin < 5
