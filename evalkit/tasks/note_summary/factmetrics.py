"""A note judged by typed facts: what it has, leaves out, contradicts and makes up.

The facts are those of the case where it has them (made up visits, promoted cases); of an imported visit they are what
`statements` reads in the clinician's own note. What a visit *knows of* is then also what its dialogue names, so that a
note is not called unfounded for what was said and the clinician left out; there ``unsupported_facts`` sees less.
`fact_f1` and `fact_omission` of `metrics` count words and need no lexicon; these here know what a word says of whom.

A case that must be refused is left out of all of them. A refusal where a note is due has recalled nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Metric, Ratio
from evalkit.tasks.note_summary.headings import section_of
from evalkit.tasks.note_summary.judging import Judged, Known, judge, known
from evalkit.tasks.note_summary.statements import Statement, read_statements


def facts_of(case: Case) -> tuple[Known, ...]:
    """What is known of the visit; of an imported one, what its clinician's note states."""
    if "facts" in case.gold:
        return known(case.gold["facts"])
    note = case.gold.get("note")
    return tuple(Known(statement) for statement in read_statements(note)) if isinstance(note, str) else ()


def judged(case: Case, execution: Execution) -> Judged | None:
    """The note held against the facts; None where a refusal is due or no fact is known."""
    facts = facts_of(case)
    if case.refusal is not None or not facts:
        return None
    return judge(read_statements(note_of(execution)), facts)


def fact_recall(case: Case, execution: Execution) -> Ratio | None:
    """Share of the facts that the note states without saying any of them otherwise, pooled: 1 minus omission."""
    found = judged(case, execution)
    if found is None:
        return None
    return Ratio(sum(place is not None for place in found.recalled), len(found.recalled))


def major_fact_recall(case: Case, execution: Execution) -> Ratio | None:
    """`fact_recall` over the facts whose omission could harm. None where none is marked as such."""
    found = judged(case, execution)
    if found is None or not any(fact.major for fact in found.facts):
        return None
    major = [place for fact, place in zip(found.facts, found.recalled, strict=True) if fact.major]
    return Ratio(sum(place is not None for place in major), len(major))


def contradicted_facts(case: Case, execution: Execution) -> Ratio | None:
    """Share of the note's statements that say of a known thing what is not so, pooled. A note without any is 0 of 1."""
    found = judged(case, execution)
    return None if found is None else Ratio(found.contradicted, max(1, len(found.said)))


def unsupported_facts(case: Case, execution: Execution) -> Ratio | None:
    """Share of the note's statements about what the visit does not know of, pooled."""
    found = judged(case, execution)
    if found is None:
        return None
    if "facts" in case.gold:
        return Ratio(found.unsupported, max(1, len(found.said)))
    named = _named(str(case.input.get("dialogue", "")))
    made_up = [
        statement
        for statement, fact, conflict in zip(found.said, found.supported, found.conflicts, strict=True)
        if fact is None and not conflict and statement.concept not in named
    ]
    return Ratio(len(made_up), max(1, len(found.said)))


def dose_exact(case: Case, execution: Execution) -> Ratio | None:
    """Share of the facts with a number (doses, measurements, when to come back) that the note states with that number,
    unit and, for a drug, frequency, pooled."""
    found = judged(case, execution)
    if found is None:
        return None
    counted = [(fact, place) for fact, place in zip(found.facts, found.recalled, strict=True) if fact.statement.value]
    exact = sum(place is not None and _complete(found.said[place], fact.statement) for fact, place in counted)
    return Ratio(exact, len(counted)) if counted else None


def negation_flips(case: Case, execution: Execution) -> Ratio | None:
    """Share of the note's statements that affirm what was denied, or deny what was affirmed, pooled."""
    found = judged(case, execution)
    return None if found is None else Ratio(found.flips("polarity"), max(1, len(found.said)))


def side_flips(case: Case, execution: Execution) -> Ratio | None:
    """Share of the note's statements with a side that have the wrong one, pooled. None where none has a side."""
    found = judged(case, execution)
    sided = 0 if found is None else sum(statement.side is not None for statement in found.said)
    return None if found is None or not sided else Ratio(found.flips("side"), sided)


def section_placement(case: Case, execution: Execution) -> Ratio | None:
    """Share of the recalled facts that stand under a heading of their part of the note, pooled."""
    found = judged(case, execution)
    if found is None or not any(fact.section for fact in found.facts):
        return None
    placed = [
        (fact.section, section_of(found.said[place].section or ""))
        for fact, place in zip(found.facts, found.recalled, strict=True)
        if place is not None
    ]
    return Ratio(sum(wanted == given for wanted, given in placed), len(placed)) if placed else None


def citation_precision(case: Case, execution: Execution) -> Ratio | None:
    """Share of the cited places of the dialogue in which a fact is told, pooled. None where nothing is cited."""
    cited, told = _cited(execution), _told(case)
    if case.refusal is not None or not told or not cited:
        return None
    return Ratio(sum(any(_overlap(one, other) for other in told) for one in cited), len(cited))


def citation_recall(case: Case, execution: Execution) -> Ratio | None:
    """Share of the facts told in the dialogue whose place is cited, pooled."""
    cited, told = _cited(execution), _told(case)
    if case.refusal is not None or not told:
        return None
    return Ratio(sum(any(_overlap(one, other) for other in cited) for one in told), len(told))


FACT_METRICS: Final[dict[str, Metric]] = {
    metric.__name__: metric
    for metric in (
        fact_recall, major_fact_recall, contradicted_facts, unsupported_facts, dose_exact, negation_flips, side_flips,
        section_placement, citation_precision, citation_recall,
    )
}  # fmt: skip
LOWER_IS_BETTER: Final = frozenset({"contradicted_facts", "unsupported_facts", "negation_flips", "side_flips"})


def note_of(execution: Execution) -> str:
    """The note, or nothing where there is none or it is no text."""
    note = execution.output.get("note") if execution.output is not None else None
    return note if isinstance(note, str) else ""


@lru_cache(maxsize=256)
def _named(dialogue: str) -> frozenset[tuple[str, str]]:
    return frozenset(statement.concept for statement in read_statements(dialogue))


def _complete(said: Statement, fact: Statement) -> bool:
    return all(
        getattr(said, name) == getattr(fact, name) for name in ("value", "unit", "frequency") if getattr(fact, name)
    )


def _told(case: Case) -> list[tuple[int, int]]:
    return [span for fact in facts_of(case) for span in fact.evidence]


def _cited(execution: Execution) -> list[tuple[int, int]]:
    """The well-formed spans of the dialogue among the evidence."""
    evidence = execution.output.get("evidence") if execution.output is not None else None
    spans = []
    for one in evidence if isinstance(evidence, Sequence) else ():
        start, end = (one.get("start"), one.get("end")) if isinstance(one, Mapping) else (None, None)
        if isinstance(start, int) and isinstance(end, int) and one.get("field") == "dialogue":
            spans.append((start, end))
    return spans


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
