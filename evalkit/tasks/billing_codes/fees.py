"""A fee schedule, so that an error in a claim has a size: relative units, made up for this project.

A line pays its code's fee times its units; modifier 50 pays one and a half times, a line of no known code nothing, and
a line that lacks a modifier it needs beside another (25, 59) is denied. Real fee schedules are licensed or vary by
place: a site judges with its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]

FEES: dict[str, float] = {
    "00012": 2.9, "00013": 1.4, "00014": 2.2, "00017": 1.9, "00018": 0.2, "00041": 3.6, "00043": 3.1, "00051": 0.9,
    "00053": 0.8, "00061": 1.8, "00063": 2.1, "00064": 1.6, "00069": 1.3, "00071": 0.8, "00074": 0.8, "00077": 0.8,
    "00081": 0.5, "00084": 0.1, "00086": 1.5, "00088": 0.1, "00022": 1.0, "00023": 1.9, "00024": 2.7, "00025": 3.8,
    "00032": 1.8, "00033": 2.9, "00034": 4.3, "00035": 5.7,
}  # fmt: skip
"""Code -> fee of one unit."""
BOTH_SIDES_PAY = 1.5
NEEDED = frozenset({"25", "59"})
"""Modifiers without which a line beside others is denied."""


def pay_by_code(lines: Sequence[Line], owed: Sequence[Line]) -> dict[str, float]:
    """Code -> what lines of it pay in all, given what is owed; codes without a fee are left out."""
    needs: dict[str, frozenset[str]] = {str(line.get("code")): _modifiers(line) & NEEDED for line in owed}
    paid: dict[str, float] = defaultdict(float)
    for line in lines:
        code, units = line.get("code"), line.get("units")
        if not isinstance(code, str) or code not in FEES or type(units) is not int or units < 1:
            continue
        marks = _modifiers(line)
        denied = not needs.get(code, frozenset()) <= marks
        paid[code] += 0.0 if denied else FEES[code] * units * (BOTH_SIDES_PAY if "50" in marks else 1.0)
    return dict(paid)


def _modifiers(line: Line) -> frozenset[str]:
    given = line.get("modifiers")
    return (
        frozenset(mark for mark in given if isinstance(mark, str)) if isinstance(given, (list, tuple)) else frozenset()
    )
