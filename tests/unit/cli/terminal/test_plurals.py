"""Numbers with a noun."""

from kolom_cli.terminal.plurals import choose, count


def test_one_is_singular_and_all_other_numbers_are_plural() -> None:
    assert [count(number, "text") for number in (0, 1, 2, 1_000)] == ["0 texts", "1 text", "2 texts", "1,000 texts"]
    assert count(2, "story", "stories") == "2 stories"
    assert [choose(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]
