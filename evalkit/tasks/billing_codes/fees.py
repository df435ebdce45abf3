"""A fee schedule, so that an error in a claim has a size: relative units, made up for this project.

A line is worth its code's fee times its units; modifier 50 pays one and a half times, a line without a known code
nothing. Real fee schedules are licensed or vary by place; a site judges with its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEES: dict[str, float] = {
    "00012": 2.9, "00013": 1.4, "00014": 2.2, "00017": 1.9, "00018": 0.2, "00041": 3.6, "00043": 3.1, "00051": 0.9,
    "00053": 0.8, "00061": 1.8, "00063": 2.1, "00064": 1.6, "00069": 1.3, "00071": 0.8, "00074": 0.8, "00077": 0.8,
    "00081": 0.5, "00084": 0.1, "00086": 1.5, "00088": 0.1, "00022": 1.0, "00023": 1.9, "00024": 2.7, "00025": 3.8,
    "00032": 1.8, "00033": 2.9, "00034": 4.3, "00035": 5.7,
}  # fmt: skip
"""Code -> fee of one unit."""
BOTH_SIDES_PAYS = 1.5
SEPARATE_VISIT = "25"
VISITS = frozenset({"00022", "00023", "00024", "00025", "00032", "00033", "00034", "00035"})


def worth(line: Mapping[str, Any], *, beside_surgery: bool = False) -> float:
    """What a line pays; 0 for what is no line. A visit without modifier 25 beside surgery is denied and pays nothing."""
    code, units, modifiers = line.get("code"), line.get("units"), line.get("modifiers")
    if not isinstance(code, str) or code not in FEES or type(units) is not int or units < 1:
        return 0.0
    marks = modifiers if isinstance(modifiers, (list, tuple)) else ()
    if code in VISITS and beside_surgery and SEPARATE_VISIT not in marks:
        return 0.0
    return FEES[code] * units * (BOTH_SIDES_PAYS if "50" in marks else 1.0)
