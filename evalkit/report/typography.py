"""Typography of figures where a page can show it, and figures that only reports write."""

from __future__ import annotations

import re

from evalkit.figures import p_value


def p_figure(p: float) -> str:
    """A p-value for a column of them: ``0.002``, ``< 0.001``, ``> 0.999``, ``n/a``."""
    return p_value(p).removeprefix("p ").removeprefix("= ")


def typeset(text: str) -> str:
    """ASCII figures with typographic signs: a true minus, arrows, and no line break before ``%``."""
    signed = re.sub(r"(?<![\w.-])-(?=\d)", "−", text)
    return signed.replace(" -> ", " → ").replace(" %", "\u00a0%").replace(">=", "≥").replace("<=", "≤")
