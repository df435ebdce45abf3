"""How summaries of a visit are judged, with no model at hand: plain functions over (case, execution).

A *fact* here is one mention of a content word, or one quantity (a number with its unit), of the clinician's note. It
is a stand-in: of a summary it says what was left out and how much was put in besides, and cannot tell whether what was
put in is true. No metric of words can; see `evalkit.metrics.text` for how each is blind.

On the 400 summaries of MTS-Dialog with human scores (Spearman): `fact_omission` against the rate of omissions 0.62,
`fact_f1` against factual F1 0.43 (ROUGE-L: 0.37), and neither beyond 0.05 against the rate of hallucinations.

The head metric is `fact_f1`, because a balance of both is what a copied transcript does not win: it has most facts of
the note and little else in common with one. Read `number_support` beside it: of all these it alone sees invention.

A case that must be refused is left out of every metric but `refusal_accuracy`. A refusal where a note is due has left
out everything, and has said nothing that could be unsupported.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics import text
from evalkit.metrics.decisions import needs_review, refusal_accuracy
from evalkit.metrics.quantities import matched, quantities
from evalkit.metrics.scoring import Metric, Ratio
from evalkit.tasks.note_summary import factmetrics
from evalkit.tasks.note_summary.factmetrics import note_of as _note


class FactCounts(NamedTuple):
    """Facts of a summary against those of the reference."""

    shared: int
    said: int
    wanted: int


@lru_cache(maxsize=1024)
def count_facts(note: str, reference: str) -> FactCounts:
    """Mentions and quantities of both texts. A mention is shared as often as both have it, a quantity once."""
    said, wanted = text.mentions(note), text.mentions(reference)
    numbers, gold_numbers = quantities(note), quantities(reference)
    both = min(len(matched(gold_numbers, numbers)), len(matched(numbers, gold_numbers)))
    return FactCounts(
        shared=(said & wanted).total() + both,
        said=said.total() + len(numbers),
        wanted=wanted.total() + len(gold_numbers),
    )


def fact_f1(case: Case, execution: Execution) -> Ratio | None:
    """F1 between the facts of the summary and those of the clinician's note, pooled: 2 shared / (said + wanted)."""
    reference = _reference(case)
    if reference is None:
        return None
    counts = count_facts(_note(execution), reference)
    return Ratio(2 * counts.shared, counts.said + counts.wanted)


def fact_omission(case: Case, execution: Execution) -> Ratio | None:
    """Share of the note's facts that the summary leaves out, pooled: lower is better."""
    reference = _reference(case)
    if reference is None:
        return None
    counts = count_facts(_note(execution), reference)
    return Ratio(counts.wanted - counts.shared, counts.wanted)


def number_support(case: Case, execution: Execution) -> Ratio | None:
    """Share of the summary's quantities that were said in the visit or sent with it, pooled.

    A summary that states none is left out. The clinician's own notes stay below 1: they put "3/6" where the talk has
    "three", and state what was seen and not said.
    """
    if case.refusal is not None:
        return None
    stated = quantities(_note(execution))
    return Ratio(len(matched(stated, quantities(_source(case)))), len(stated)) if stated else None


def number_coverage(case: Case, execution: Execution) -> Ratio | None:
    """Share of the quantities of the clinician's note that the summary states too, pooled."""
    reference = _reference(case)
    if reference is None or not quantities(reference):
        return None
    wanted = quantities(reference)
    return Ratio(len(matched(wanted, quantities(_note(execution)))), len(wanted))


def coverage(case: Case, execution: Execution) -> Ratio | None:
    """Share of the distinct content words of the clinician's note that the summary has, pooled."""
    reference = _reference(case)
    return Ratio(*text.coverage(_note(execution), reference)) if reference is not None else None


def support(case: Case, execution: Execution) -> Ratio | None:
    """Share of the summary's distinct content words that stand in the dialogue, pooled. A copy gets 1: never a gate."""
    if case.refusal is not None or not text.content_words(_note(execution)):
        return None
    return Ratio(*text.support(_note(execution), _source(case)))


def negation_gap(case: Case, execution: Execution) -> float | None:
    """Difference of the counts of negations in summary and note, over the larger of the two: lower is better."""
    reference = _reference(case)
    if reference is None:
        return None
    most = max(text.negations(_note(execution)), text.negations(reference))
    return text.negation_gap(_note(execution), reference) / most if most else 0.0


def compression(case: Case, execution: Execution) -> float | None:
    """Tokens of the summary over tokens of the dialogue, 1 where it is as long or longer: lower is shorter."""
    dialogue = case.input.get("dialogue")
    if case.refusal is not None or not isinstance(dialogue, str) or not text.tokens(dialogue) or not _note(execution):
        return None
    return min(1.0, text.compression(_note(execution), dialogue))


def rouge_1(case: Case, execution: Execution) -> float | None:
    """ROUGE-1 F1 against the clinician's note. For comparison with papers; no gate should rest on it."""
    reference = _reference(case)
    return text.rouge_1(_note(execution), reference).f1 if reference is not None else None


def rouge_l(case: Case, execution: Execution) -> float | None:
    """ROUGE-L F1 against the clinician's note. For comparison with papers; no gate should rest on it."""
    reference = _reference(case)
    return text.rouge_l(_note(execution), reference).f1 if reference is not None else None


_BY_WORDS: Mapping[str, Metric] = {
    metric.__name__: metric
    for metric in (
        fact_f1, fact_omission, number_support, number_coverage, coverage, support, negation_gap, compression,
        refusal_accuracy, needs_review, rouge_1, rouge_l,
    )
}  # fmt: skip
METRICS: Mapping[str, Metric] = {"fact_f1": fact_f1, **factmetrics.FACT_METRICS, **_BY_WORDS}
"""Every metric a note_summary spec can name, in the order people read them: typed facts, then words."""
LOWER_IS_BETTER = factmetrics.LOWER_IS_BETTER | {"fact_omission", "negation_gap"}
DESCRIPTIVE = frozenset({"support", "compression", "needs_review", "rouge_1", "rouge_l"})
"""Neither end of these is better: a copied transcript has the highest support, an empty note the best compression."""


def _reference(case: Case) -> str | None:
    """The clinician's note; None where a refusal is due or no note is known."""
    note = case.gold.get("note")
    return note if case.refusal is None and isinstance(note, str) and note.strip() else None


def _source(case: Case) -> str:
    """Everything that the agent could know a number from: the dialogue, and the age sent with it."""
    age, dialogue = case.input.get("age_years"), case.input.get("dialogue")
    stated = f" {age}-year-old" if isinstance(age, int) else ""
    return (dialogue if isinstance(dialogue, str) else "") + stated
