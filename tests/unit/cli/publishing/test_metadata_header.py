"""Metadata before a text without delimiters: `Title: …` lines of Pelican, Python-Markdown, MultiMarkdown and Nikola."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.publishing.metadata_header import read_header


@pytest.mark.parametrize(
    ("text", "values", "body"),
    [
        ("Title: My post\nDate: 2012-03-04 10:20\n\nB", {"Title": "My post", "Date": "2012-03-04 10:20"}, "B"),
        ("\n\nTitle: A\n\n\nB", {"Title": "A"}, "B"),
        ("Title: A\r\nTags: x, y\r\n\r\nB", {"Title": "A", "Tags": "x, y"}, "B"),
        ("Title:A\nDate:2012-03-04\n\nB", {"Title": "A", "Date": "2012-03-04"}, "B"),
        ("Title: A: b\nSummary: one\n    two\n\tthree\n\nB", {"Title": "A: b", "Summary": "one two three"}, "B"),
        ("Title: A\nAuthor: One\n  Two\nBase Header Level: 2\n\nB",
         {"Title": "A", "Author": "One Two", "Base Header Level": "2"}, "B"),
        ("Title: A\n  Status: draft\n\nB", {"Title": "A", "Status": "draft"}, "B"),
        ("Title: A\nText directly after it.\n\nB", {"Title": "A"}, "Text directly after it.\n\nB"),
        ("Title: A\nShe told us: hello\n\nB", {"Title": "A"}, "She told us: hello\n\nB"),
        ("Title: A\nhttps://x.example/\n\nB", {"Title": "A"}, "https://x.example/\n\nB"),
        (".. title: A\n.. slug: a\n.. link:\n\nB", {"title": "A", "slug": "a", "link": ""}, "B"),
        ("<!--\n.. title: A\n.. tags: x\n-->\n\nB", {"title": "A", "tags": "x"}, "\nB"),
        ("<!-- \n.. title: A\n\n-->\nB", {"title": "A"}, "\nB"),
        ("Title: A\nTitle: B\n\nC", {"Title": "A", "Title_": "B"}, "C"),
        ("Title: A", {"Title": "A"}, ""),
    ],
)  # fmt: skip
def test_a_header_and_the_text_after_it_are_read(text: str, values: dict[str, str], body: str) -> None:
    header = read_header(text)
    assert (header.as_map(), text[header.end :].lstrip("\n")) == (values, body.lstrip("\n"))


@pytest.mark.parametrize(
    "text",
    ["Note: this is old.\n\nText.\n", "Summary: in short.\n\nText.\n", "# Title: x\n", "", "Warning: a\nHint: b\n\nX",
     "<!-- title: A", "She said: hello\n\nText.", "https://x.example/\n", "12:30 Title: x\n", "Dear reader: date it\n"],
)  # fmt: skip
def test_a_first_line_with_a_colon_is_not_a_header(text: str) -> None:
    """A sentence may begin with a word and a colon."""
    assert read_header(text).values == ()
    assert read_header(text).end == 0


@given(st.text(st.characters(exclude_characters="\r"), max_size=100), st.sampled_from(["Title: A\n", "Title: A\nx\n"]))
def test_no_text_after_a_header_is_lost(text: str, header: str) -> None:
    source = f"{header}\nword {text}"
    assert source[read_header(source).end :].endswith(f"word {text}")


@pytest.mark.parametrize("piece", ["Title: a\n", "Title: ", "a: b\n", "<!--", "    x\n", " ", "\n", ".. ", "a" * 50])
def test_time_is_linear_for_long_input(piece: str) -> None:
    begin = time.process_time()
    read_header(piece * 100_000)
    read_header("Title: a\n" + piece * 100_000)
    assert time.process_time() - begin < 5
