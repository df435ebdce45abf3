from __future__ import annotations

import pytest

from evalkit.figures import points, rate, upper_bound
from evalkit.report.typography import p_figure, typeset


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.0004, "< 0.001"), (0.0021, "0.002"), (0.9995, "> 0.999"), (1.0, "> 0.999"), (float("nan"), "n/a")],
)
def test_a_p_value_in_a_column_carries_no_letter(p: float, shown: str) -> None:
    assert p_figure(p) == shown


def test_a_minus_before_a_figure_becomes_a_true_one_and_a_hyphen_stays() -> None:
    assert typeset("-5.0 points (-8.1 to -1.7), sign-flip, 2026-01-05") == (
        "−5.0 points (−8.1 to −1.7), sign-flip, 2026-01-05"
    )


def test_percent_signs_never_start_a_line() -> None:
    assert typeset("94.0 % -> 89.0 %") == "94.0\u00a0% → 89.0\u00a0%"


def test_figures_reports_rely_on_have_one_decimal_and_no_negative_zero() -> None:
    assert (rate(0.94), points(-0.0001), points(0.05)) == ("94.0 %", "0.0", "+5.0")


def test_clean_executions_bound_the_rate_of_breaches_by_the_rule_of_three() -> None:
    assert upper_bound(300) == "1.0 %"
    assert upper_bound(0) == "n/a"
