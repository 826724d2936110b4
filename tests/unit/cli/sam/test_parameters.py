"""Values of a template's parameters are checked as strictly as the functions need them."""

import pytest

from kolom.errors import KolomError
from kolom_cli.deploying.answers import check_values


def test_a_number_is_a_whole_number_of_at_most_nine_digits(subtests: pytest.Subtests) -> None:
    for value in ("2.5", "nan", "1_000", "1e3", "-1", "+1", " 1", "", "01", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 10):
        with (
            subtests.test(value),
            pytest.raises(KolomError, match=r"LinksAllowed: .* is not a whole number of at most 9 digits"),
        ):
            check_values({"LinksAllowed": value})


def test_only_the_budget_may_be_a_fraction() -> None:
    check_values({"LinksAllowed": "999999999", "MonthlyBudget": "7.50"})
    for value in ("0.00", "7.", "1e3", "nan"):
        with pytest.raises(KolomError, match=r"MonthlyBudget: .* is not an amount such as 5 or 7\.50"):
            check_values({"MonthlyBudget": value})


def test_periods_end_before_the_last_date_that_python_has() -> None:
    days = dict.fromkeys(("CommentsCloseAfterDays", "SpamDays", "EmailDays", "MessageDays"), 36_500)
    for name, maximum in {**days, "EditMinutes": 525_600}.items():
        check_values({name: str(maximum)})
        with pytest.raises(KolomError, match=f"{name}: .* is more than {maximum}"):
            check_values({name: str(maximum + 1)})
