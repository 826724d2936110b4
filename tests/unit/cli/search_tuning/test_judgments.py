"""Files of queries and the articles that they should find."""

from pathlib import Path

import pytest

from kolom_cli.search_tuning.judgments import MAX_QUERIES, JudgmentsError, parse_judgments, read_judgments

FILE = Path("queries.tsv")


def test_lines_of_one_query_are_joined_in_the_order_of_the_file() -> None:
    text = "\ufeff# query\tslug\r\nkopi susu\tone\t3\r\n\r\nteh\ttwo\nkopi susu\tthree\n#label\tfour\n"
    found = parse_judgments(text.encode(), FILE)
    assert [(each.text, each.line, each.grades) for each in found] == [
        ("kopi susu", 2, {"one": 3, "three": 1}),
        ("teh", 4, {"two": 1}),
        ("#label", 6, {"four": 1}),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("kopi one", "must have a query, a tab and a slug, and optionally a tab and a grade, got 1 column"),
        ("kopi\tone\t1\tx", "must have a query, a tab and a slug, and optionally a tab and a grade, got 4 columns"),
        ("\tone", "the query is empty"),
        ("kopi\t ", "the slug is empty"),
        ("kopi\tone\t4", "the grade must be 1, 2 or 3, got '4'"),
        ("teh\ttwo", "the article 'two' is listed twice for this query"),
        ("k" * 4_097 + "\tone", "the query has more than 4096 characters"),
        ("caf\udce9\tone", "the file must be UTF-8"),
    ],
    ids=["columns-1", "columns-4", "no-query", "no-slug", "grade", "twice", "long", "encoding"],
)
def test_a_malformed_line_is_reported_with_its_number(line: str, problem: str) -> None:
    with pytest.raises(JudgmentsError) as raised:
        parse_judgments(f"teh\ttwo\n{line}\n".encode(errors="surrogateescape"), FILE)
    assert str(raised.value) == f"queries.tsv:2: {problem}"


def test_all_malformed_lines_are_reported_at_most_ten() -> None:
    with pytest.raises(JudgmentsError) as raised:
        parse_judgments(b"x\n" * 11, FILE)
    assert [line.split(":")[1] for line in str(raised.value).splitlines()] == list(map(str, range(1, 11)))


def test_the_number_of_queries_is_limited() -> None:
    lines = "".join(f"q{number}\tone\n" for number in range(MAX_QUERIES + 1))
    with pytest.raises(JudgmentsError, match=r"^queries\.tsv:1001: at most 1,000 queries are allowed$"):
        parse_judgments(lines.encode(), FILE)


def test_a_file_without_queries_or_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.tsv").write_text("# nothing\n")
    with pytest.raises(JudgmentsError, match="has no queries"):
        read_judgments(tmp_path / "empty.tsv")
    with pytest.raises(JudgmentsError, match=r"cannot read .*none\.tsv: No such file or directory"):
        read_judgments(tmp_path / "none.tsv")
