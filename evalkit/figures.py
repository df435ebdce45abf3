"""How numbers are written: one way, used by every page, table, comment and card, so that they never disagree.

In: floats in [0, 1] or [-1, 1] as the records hold them. Out: short ASCII strings that do not depend on locale,
library version or platform.
"""

from __future__ import annotations

import math
from typing import Final

_MOST: Final = 1 + 1e-9
"""What is above this is no share."""
NOTHING: Final = "n/a"
"""Stands where a number is missing: nothing could be judged."""


def rate(value: float) -> str:
    """A share in [0, 1] as percent: ``0.94`` -> ``94.0 %``. A number above 1 is no share (turns of a call, dollars) and
    stands as it is: ``3.736`` -> ``3.74``."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:.2f}" if value > _MOST else f"{_fixed(value * 100)} %"


def rate_interval(lo: float, hi: float) -> str:
    """An interval of shares: ``90.7 to 96.2 %``; of numbers that are none ``3.43 to 4.04``."""
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return NOTHING
    return f"{lo:.2f} to {hi:.2f}" if hi > _MOST else f"{_fixed(lo * 100)} to {rate(hi)}"


def points(effect: float) -> str:
    """A difference of shares in percentage points, signed: ``-0.05`` -> ``-5.0``, ``0.0`` without a sign."""
    if not math.isfinite(effect):
        return NOTHING
    text = _fixed(effect * 100)
    return f"+{text}" if effect > 0 and text != "0.0" else text


def points_interval(lo: float, hi: float) -> str:
    """An interval of differences: ``-8.1 to -1.7``."""
    return f"{points(lo)} to {points(hi)}" if math.isfinite(lo) and math.isfinite(hi) else NOTHING


def width(share: float) -> str:
    """A size in percentage points, without a sign: a margin, a smallest visible drop."""
    return _fixed(abs(share) * 100) if math.isfinite(share) else NOTHING


def p_value(p: float) -> str:
    """A p-value with its relation: ``p = 0.002``, ``p < 0.001``, ``p > 0.999``."""
    if not math.isfinite(p):
        return f"p {NOTHING}"
    if p < 0.001:
        return "p < 0.001"
    if p > 0.999:
        return "p > 0.999"
    return f"p = {p:.3f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: ``1 case``, ``10,000 cases``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def mark(digest: str) -> str:
    """The first twelve characters of a digest: enough to tell two apart by eye."""
    return digest[:12]


def upper_bound(passed: int) -> str:
    """The largest breach rate that ``passed`` clean executions leave possible at 95 % (1 - 0.05^(1/n)), as percent.

    Zero breaches is not a rate of zero: 300 clean executions still allow 1.0 %, about three in n.
    """
    if passed <= 0:
        return NOTHING
    shown = rate(1 - 0.05 ** (1 / passed))
    return "< 0.1 %" if shown == rate(0) else shown


def _fixed(value: float) -> str:
    """One decimal, and never ``-0.0``."""
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text
