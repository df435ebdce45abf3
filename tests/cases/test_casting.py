from __future__ import annotations

from evalkit.cases.casting import ANOTHER, cast
from evalkit.cases.patients import make_patient
from evalkit.cases.people import STRESS


def test_the_patient_of_the_case_plays_where_they_fit() -> None:
    assert cast(7, 3, people=STRESS, fits=lambda _: True) == make_patient(7, 3)


def test_else_the_next_one_that_fits_far_from_any_case() -> None:
    grown = [make_patient(7, 3 + step * ANOTHER) for step in range(40)]
    wanted = next(one for one in grown if one.age >= 80)
    found = cast(7, 3, people=STRESS, fits=lambda one: one.age >= 80)
    assert found == wanted
    assert (found.index - 3) % ANOTHER == 0
