"""Three-valued logic: Kleene's tables, and what compares with what."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.spec.logic import Truth, among, compared, conjunction, disjunction

TRUTHS: tuple[Truth, ...] = (True, False, None)


def fixed(value: Truth) -> Callable[[object], Truth]:
    return lambda _: value


@pytest.mark.parametrize(("left", "right"), list(itertools.product(TRUTHS, repeat=2)))
def test_conjunction_and_disjunction_are_kleenes(left: Truth, right: Truth) -> None:
    """Strong Kleene logic is min and max over false < unknown < true."""
    rank = {False: 0, None: 1, True: 2}
    value = {rank[truth]: truth for truth in TRUTHS}
    assert conjunction([fixed(left), fixed(right)])(None) is value[min(rank[left], rank[right])]
    assert disjunction([fixed(left), fixed(right)])(None) is value[max(rank[left], rank[right])]


@given(st.lists(st.sampled_from(TRUTHS), min_size=1, max_size=5))
def test_de_morgan_holds_with_unknowns(values: list[Truth]) -> None:
    turned = [None if value is None else not value for value in values]
    both = conjunction([fixed(value) for value in values])(None)
    either = disjunction([fixed(value) for value in turned])(None)
    assert either is (None if both is None else not both)


@pytest.mark.parametrize(
    ("left", "right", "compare", "truth"),
    [
        (1, 1, operator.eq, True),
        (1, 1.0, operator.eq, True),
        (1, 2, operator.lt, True),
        ("a", "b", operator.lt, True),
        ("1", 1, operator.eq, None),
        (True, 1, operator.eq, None),
        (True, True, operator.eq, True),
        (True, False, operator.lt, None),
        (None, None, operator.eq, None),
        (None, 1, operator.ne, None),
        ([1], [1], operator.eq, None),
        ({}, {}, operator.eq, None),
        ("2026-01-02", date(2026, 1, 1), operator.gt, True),
        (date(2026, 1, 1), "2026-01-02", operator.gt, False),
        ("2026-02-30", date(2026, 1, 1), operator.gt, None),
        ("20260102", date(2026, 1, 1), operator.gt, None),
        ("２０２６-01-02", date(2026, 1, 1), operator.gt, None),
        ("2026-01-02", "2026-01-03", operator.lt, True),
    ],
)
def test_only_like_kinds_compare(left: Any, right: Any, compare: Callable[[Any, Any], bool], truth: Truth) -> None:
    assert compared(left, right, compare) is truth


@pytest.mark.parametrize(
    ("value", "choices", "truth"),
    [
        ("a", ("a", "b"), True),
        ("c", ("a", "b"), False),
        ("c", ("a", None), False),
        ("c", (), False),
        (None, ("a",), None),
        ("a", None, None),
        ("a", "abc", None),
        (1, ("1", "2"), None),
        (1, ("1", 1), True),
        ("2026-01-02", (date(2026, 1, 2),), True),
    ],
)
def test_one_of_a_list_is_unknown_where_it_makes_no_sense(value: Any, choices: Any, truth: Truth) -> None:
    assert among(value, choices) is truth
