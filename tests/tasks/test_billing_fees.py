"""The fee schedule: what lines pay, what is denied, and what pays nothing."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.tasks.billing_codes.fees import FEES, pay_by_code
from evalkit.tasks.billing_codes.policy import PROCEDURES, VISITS_ESTABLISHED, VISITS_NEW


def line(code: Any, units: Any = 1, *modifiers: Any) -> dict[str, Any]:
    return {"code": code, "units": units, "modifiers": list(modifiers)}


def paid(*lines: dict[str, Any], owed: tuple[dict[str, Any], ...] | None = None) -> dict[str, float]:
    """What the lines pay where they, or others, are owed."""
    return pay_by_code(lines, lines if owed is None else owed)


def test_every_code_of_the_policy_has_a_fee_and_no_other_code_has_one() -> None:
    codes = {known.code for known in PROCEDURES.values()} | {code for _, code in (*VISITS_ESTABLISHED, *VISITS_NEW)}
    codes |= {known.further for known in PROCEDURES.values() if known.further}
    assert set(FEES) == codes
    assert min(FEES.values()) > 0


@pytest.mark.parametrize("table", [VISITS_ESTABLISHED, VISITS_NEW], ids=["established", "new"])
def test_a_longer_visit_pays_more(table: tuple[tuple[int, str], ...]) -> None:
    fees = [FEES[code] for _, code in sorted(table)]
    assert fees == sorted(set(fees))


def test_a_line_pays_its_fee_for_each_unit() -> None:
    assert paid(line("00071", 3), line("00051")) == pytest.approx({"00071": 2.4, "00051": 0.9})


def test_both_sides_pay_half_as_much_again_and_one_side_the_fee() -> None:
    assert paid(line("00061", 1, "50")) == pytest.approx({"00061": 2.7})
    assert paid(line("00061", 1, "LT")) == paid(line("00061", 1)) == pytest.approx({"00061": 1.8})


def test_two_lines_of_a_code_pay_together() -> None:
    assert paid(line("00074", 2), line("00074", 1)) == pytest.approx({"00074": 2.4})


@pytest.mark.parametrize("needed", ["25", "59"])
def test_a_line_without_a_modifier_that_is_owed_with_it_is_denied(needed: str) -> None:
    owed = (line("00023", 1, needed),)
    assert paid(line("00023"), owed=owed) == {"00023": 0.0}
    assert paid(line("00023", 1, "LT"), owed=owed) == {"00023": 0.0}
    assert paid(line("00023", 1, needed), owed=owed) == {"00023": 1.9}


def test_a_side_that_is_owed_and_not_given_denies_nothing() -> None:
    assert paid(line("00064"), owed=(line("00064", 1, "RT"),)) == {"00064": 1.6}


def test_a_modifier_that_nobody_owes_denies_nothing_and_earns_nothing() -> None:
    assert paid(line("00043", 1, "25", "59"), owed=()) == {"00043": 3.1}


@pytest.mark.parametrize(
    "odd",
    [
        line("99999"),
        line(None),
        line(["00012"]),
        line("00012", 0),
        line("00012", -2),
        line("00012", True),
        line("00012", 1.0),
        line("00012", "1"),
        {},
    ],
    ids=repr,
)
def test_a_line_of_no_known_code_or_count_pays_nothing(odd: dict[str, Any]) -> None:
    assert paid(odd, line("00081")) == {"00081": 0.5}


def test_modifiers_that_are_no_list_of_texts_are_none() -> None:
    owed = (line("00023", 1, "25"),)
    assert paid({"code": "00023", "units": 1, "modifiers": "25"}, owed=owed) == {"00023": 0.0}
    assert paid(line("00023", 1, 25, None), owed=owed) == {"00023": 0.0}
    assert paid({"code": "00023", "units": 1, "modifiers": ("25",)}, owed=owed) == {"00023": 1.9}
