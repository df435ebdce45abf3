"""Figures: one way of writing every number, the same on every page."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import figures
from evalkit.figures import NOTHING

NAN, INF = math.nan, math.inf
MISSING = [NAN, INF, -INF]
shares = st.floats(0, 1)
effects = st.floats(-1, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.94, "94.0 %"),
        (0.0, "0.0 %"),
        (-0.0, "0.0 %"),
        (1.0, "100.0 %"),
        (1, "100.0 %"),
        (0.5, "50.0 %"),
        (0.9462, "94.6 %"),
        (0.00049, "0.0 %"),
        (0.0006, "0.1 %"),
        (2 / 3, "66.7 %"),
    ],
)
def test_a_share_is_written_as_percent_with_one_decimal(value: float, text: str) -> None:
    assert figures.rate(value) == text


@pytest.mark.parametrize("value", MISSING)
@pytest.mark.parametrize("write", [figures.rate, figures.points, figures.width])
def test_a_missing_number_is_said_to_be_missing(write, value: float) -> None:
    assert write(value) == NOTHING


@pytest.mark.parametrize(
    ("lo", "hi", "text"),
    [
        (0.907, 0.962, "90.7 to 96.2 %"),
        (0.0, 1.0, "0.0 to 100.0 %"),
        (-0.0, 0.03, "0.0 to 3.0 %"),
        (0.5, 0.5, "50.0 to 50.0 %"),
    ],
)
def test_an_interval_of_shares_names_its_unit_once(lo: float, hi: float, text: str) -> None:
    assert figures.rate_interval(lo, hi) == text


@pytest.mark.parametrize("bounds", [(NAN, 0.5), (0.5, NAN), (NAN, NAN), (-INF, 0.5), (0.5, INF)])
@pytest.mark.parametrize("write", [figures.rate_interval, figures.points_interval])
def test_an_interval_with_one_missing_bound_is_no_interval(write, bounds: tuple[float, float]) -> None:
    assert write(*bounds) == NOTHING


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (-0.05, "-5.0"),
        (0.05, "+5.0"),
        (0.0, "0.0"),
        (-0.0, "0.0"),
        (0.0004, "0.0"),
        (-0.0004, "0.0"),
        (0.0006, "+0.1"),
        (-0.0006, "-0.1"),
        (1.0, "+100.0"),
        (-1.0, "-100.0"),
    ],
)
def test_a_difference_is_signed_unless_it_is_written_as_zero(effect: float, text: str) -> None:
    assert figures.points(effect) == text


@pytest.mark.parametrize(
    ("lo", "hi", "text"),
    [
        (-0.081, -0.017, "-8.1 to -1.7"),
        (-0.02, 0.03, "-2.0 to +3.0"),
        (-0.0001, 0.0001, "0.0 to 0.0"),
        (0.01, 0.02, "+1.0 to +2.0"),
    ],
)
def test_both_bounds_of_a_difference_carry_their_sign(lo: float, hi: float, text: str) -> None:
    assert figures.points_interval(lo, hi) == text


@pytest.mark.parametrize(("share", "text"), [(0.02, "2.0"), (-0.02, "2.0"), (0.0, "0.0"), (-0.0, "0.0"), (1, "100.0")])
def test_a_size_has_no_sign(share: float, text: str) -> None:
    assert figures.width(share) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "p < 0.001"),
        (-0.0, "p < 0.001"),
        (5e-324, "p < 0.001"),
        (math.nextafter(0.001, 0), "p < 0.001"),
        (0.001, "p = 0.001"),
        (0.002, "p = 0.002"),
        (0.05, "p = 0.050"),
        (0.5, "p = 0.500"),
        (0.999, "p = 0.999"),
        (math.nextafter(0.999, 1), "p > 0.999"),
        (1.0, "p > 0.999"),
    ],
)
def test_a_p_value_is_never_written_as_exactly_zero_or_one(p: float, text: str) -> None:
    assert figures.p_value(p) == text


@pytest.mark.parametrize("p", MISSING)
def test_a_missing_p_value_keeps_its_letter(p: float) -> None:
    assert figures.p_value(p) == "p n/a"


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("case",), "0 cases"),
        (1, ("case",), "1 case"),
        (2, ("case",), "2 cases"),
        (999, ("case",), "999 cases"),
        (10_000, ("case",), "10,000 cases"),
        (1_234_567, ("case",), "1,234,567 cases"),
        (1, ("query", "queries"), "1 query"),
        (2, ("query", "queries"), "2 queries"),
        (0, ("query", "queries"), "0 queries"),
    ],
)
def test_a_count_agrees_with_its_noun(number: int, words: tuple[str, ...], text: str) -> None:
    assert figures.count(number, *words) == text


@pytest.mark.parametrize(("digest", "text"), [("0123456789abcdef" * 4, "0123456789ab"), ("short", "short"), ("", "")])
def test_a_mark_is_the_first_twelve_characters(digest: str, text: str) -> None:
    assert figures.mark(digest) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [(1, "95.0 %"), (2, "77.6 %"), (10, "25.9 %"), (59, "5.0 %"), (299, "1.0 %"), (300, "1.0 %"), (3000, "0.1 %")],
)
def test_clean_executions_leave_the_exact_binomial_bound_possible(passed: int, text: str) -> None:
    assert figures.upper_bound(passed) == text


@pytest.mark.parametrize("passed", [0, -1])
def test_no_execution_bounds_nothing(passed: int) -> None:
    assert figures.upper_bound(passed) == NOTHING


@settings(deadline=None, max_examples=200)
@given(shares)
def test_a_written_share_is_within_half_a_tenth_of_the_number(value: float) -> None:
    number, unit = figures.rate(value).split(" ")
    assert unit == "%"
    assert abs(float(number) - value * 100) <= 0.05 + 1e-9


@settings(deadline=None, max_examples=200)
@given(shares, shares)
def test_writing_keeps_the_order_of_shares(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert float(figures.rate(low).removesuffix(" %")) <= float(figures.rate(high).removesuffix(" %"))


@settings(deadline=None, max_examples=200)
@given(effects)
def test_a_drop_and_a_gain_of_one_size_differ_in_the_sign_alone(effect: float) -> None:
    size = figures.points(effect).lstrip("+-")
    assert size == figures.points(-effect).lstrip("+-") == figures.width(effect)


@settings(deadline=None, max_examples=200)
@given(effects)
def test_a_zero_is_never_signed(effect: float) -> None:
    assert figures.points(effect) not in {"-0.0", "+0.0"}


@settings(deadline=None, max_examples=200)
@given(effects, effects)
def test_the_bounds_of_an_interval_are_the_figures_themselves(lo: float, hi: float) -> None:
    assert figures.points_interval(lo, hi).split(" to ") == [figures.points(lo), figures.points(hi)]


@settings(deadline=None, max_examples=200)
@given(shares)
def test_a_p_value_that_is_given_exactly_is_near_the_number(p: float) -> None:
    found = re.fullmatch(r"p (=|<|>) (\d\.\d{3})", figures.p_value(p))
    assert found is not None
    stated = float(found[2])
    assert {"=": abs(stated - p) <= 0.0005 + 1e-12, "<": p < stated, ">": p > stated}[found[1]]


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 10**12))
def test_a_count_can_be_read_back(number: int) -> None:
    text, _, noun = figures.count(number, "case").partition(" ")
    assert int(text.replace(",", "")) == number
    assert (noun == "case") is (number == 1)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 5000))
def test_at_the_bound_a_clean_series_is_seen_one_time_in_twenty(passed: int) -> None:
    bound = float(figures.upper_bound(passed).removesuffix(" %")) / 100
    assert (1 - min(1.0, bound + 0.0005 + 1e-9)) ** passed <= 0.05
    assert (1 - max(0.0, bound - 0.0005 - 1e-9)) ** passed >= 0.05


@settings(deadline=None, max_examples=200)
@given(st.floats(), st.floats())
def test_every_figure_is_one_line_of_ascii_for_any_float_at_all(one: float, other: float) -> None:
    texts = [write(one) for write in (figures.rate, figures.points, figures.width, figures.p_value)]
    texts += [figures.rate_interval(one, other), figures.points_interval(one, other)]
    assert all(text.isascii() and text.isprintable() and text == text.strip() for text in texts)


def test_many_clean_executions_still_leave_something_possible() -> None:
    assert figures.upper_bound(6_000) == "< 0.1 %"


def test_a_number_above_one_is_no_share() -> None:
    assert [figures.rate(value) for value in (1.0, 1.0 + 1e-12, 1.01, 3.736)] == ["100.0 %", "100.0 %", "1.01", "3.74"]
    assert figures.rate_interval(3.434, 4.042) == "3.43 to 4.04"
    assert figures.rate_interval(0.98, 1.0) == "98.0 to 100.0 %"
    assert figures.rate_interval(0.4, 1.6) == "0.40 to 1.60"
