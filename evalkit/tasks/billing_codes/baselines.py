"""Degenerate agents, to print beside every score: what is reached without reading a word.

Copying means billing every code that stands in the note: somebody wrote one into a few of them, and it is seldom owed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from evalkit.agents.agent import Agent, Refusal, Reply, Request
from evalkit.cases.case import Case
from evalkit.metrics.codes import line_of, lines_of

WRITTEN_CODE = re.compile(r"(?<![\w-])000[1-9]\d(?![\w-])")
REFUSES_WITH = "CONSENT_MISSING"


def majority(cases: Sequence[Case]) -> Agent:
    """Answers every request with the set of lines that is right most often; the earliest one where several are."""
    answerable = [case for case in cases if case.refusal is None]
    keys = [tuple(sorted(repr(line_of(line)) for line in lines_of(case.gold))) for case in answerable]
    common = Counter(keys).most_common(1)[0][0] if keys else ()
    chosen = next((case for case, key in zip(answerable, keys, strict=True) if key == common), None)
    lines = [
        {"code": line["code"], "modifiers": list(line["modifiers"]), "units": line["units"], "evidence": []}
        for line in lines_of(chosen.gold if chosen else None)
    ]

    def answer_with_the_majority(_request: Request) -> Reply:
        return Reply("ok", {"lines": lines, "confidence": 1.0, "needs_review": False}, confidence=1.0)

    return answer_with_the_majority


def refuse_all(_cases: Sequence[Case]) -> Agent:
    """Refuses every request with one code."""

    def refuse(_request: Request) -> Reply:
        return Reply("refused", refusal=Refusal(REFUSES_WITH))

    return refuse


def copy(_cases: Sequence[Case]) -> Agent:
    """Bills every code that is written in the note, once each."""

    def bill_what_is_written(request: Request) -> Reply:
        note = request.input.get("note_text")
        written = dict.fromkeys(WRITTEN_CODE.findall(note)) if isinstance(note, str) else {}
        lines = [{"code": code, "modifiers": [], "units": 1, "evidence": []} for code in written]
        return Reply("ok", {"lines": lines, "confidence": 1.0, "needs_review": False}, confidence=1.0)

    return bill_what_is_written


BASELINES: dict[str, Callable[[Sequence[Case]], Agent]] = {
    "majority": majority,
    "refuse-all": refuse_all,
    "copy": copy,
}
"""Baselines by the name that reports print."""
