"""Days: another day of the year, on the same side of today; the very old are 90."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.promotion.days import _other_day, stand_in_days
from evalkit.tasks import load_spec

TODAY = date(2026, 11, 24)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.integers(0, 2**64 - 1))
def test_a_stand_in_is_another_day_of_the_year_on_the_same_side_of_today(day, draw):
    other = _other_day(day, TODAY, lambda: draw, birth=False)
    assert other.year == day.year
    assert other != day
    assert (other <= TODAY) == (day <= TODAY)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dates(date(1900, 1, 1), date(1935, 11, 20)), st.integers(0, 2**64 - 1))
def test_the_birth_of_somebody_over_89_becomes_one_of_age_90(born, draw):
    other = _other_day(born, TODAY, lambda: draw, birth=True)
    age = TODAY.year - other.year - ((TODAY.month, TODAY.day) < (other.month, other.day))
    assert age == 90


def test_on_new_years_day_the_only_past_day_of_the_year_stays():
    day = date(2026, 1, 1)
    assert _other_day(day, day, lambda: 3, birth=False) == day
    assert _other_day(day + timedelta(days=1), day, lambda: 0, birth=False) > day + timedelta(days=1)


def test_a_date_field_gets_a_day_and_one_date_has_one_stand_in():
    spec = load_spec("billing_codes@1.0.0")
    new, days = stand_in_days(
        spec, {"date_of_service": "2025-05-01"}, {"date_of_service": "2025"}, today=TODAY, draw=lambda: 7
    )
    assert days == {"date_of_service": new["date_of_service"]}
    assert date.fromisoformat(new["date_of_service"]).year == 2025


def test_the_days_of_notes_are_typed_too():
    spec = load_spec("prior_authorization@1.0.0")
    field = next(name for name, one in spec.input.items() if one.type == "list[note]")
    before = {
        field: [
            {"doc_id": "d1", "date": "2025-05-01", "text": "x"},
            {"doc_id": "d2", "date": "2025-05-01", "text": "y"},
        ]
    }
    after = {field: [{"doc_id": "d1", "date": "2025", "text": "x"}, {"doc_id": "d2", "date": "2025", "text": "y"}]}
    new, days = stand_in_days(spec, before, after, today=TODAY, draw=lambda: 40)
    assert new[field][0]["date"] == new[field][1]["date"] != "2025-05-01"
    assert set(days) == {f"{field}[0].date", f"{field}[1].date"}
    assert after[field][0]["date"] == "2025"


@pytest.mark.parametrize("wrong", ["yesterday", "2025-13-01", 7, None])
def test_what_is_no_date_gets_no_stand_in(wrong):
    spec = load_spec("billing_codes@1.0.0")
    assert (
        stand_in_days(spec, {"date_of_service": wrong}, {"date_of_service": "[DATE]"}, today=TODAY, draw=lambda: 1)[1]
        == {}
    )
