"""Chapters of the report that stand beside the scores: what was tested and what not, calibration, history and drift.

In: a run, its comparison and annex. Out: records for the template, words and figures only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evalkit.boundary.finding import NON_GOALS
from evalkit.evaluation.annex import Annex
from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.run import Run
from evalkit.figures import count
from evalkit.report.parts import (
    Part,
    columns_part,
    history_part,
    reliability_part,
    review_parts,
    shapes_part,
)
from evalkit.stats.judges import FEWEST_RATED

FEW: Final = 20
"""Cases of a slice below which a report says that it is small."""
_MOST_NAMES: Final = 12


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section of the report with parts."""

    anchor: str
    short: str
    """Its name in the navigation."""
    title: str
    lede: str
    parts: Sequence[Part] = ()


def coverage_rows(run: Run, comparison: Comparison | None, annex: Annex) -> list[tuple[str, str, str]]:
    """What was tested and what was not, a row a subject: (subject, tested, not tested)."""
    return [
        _cases(run),
        _slices(run),
        _rules(run),
        _probes(run),
        ("Identifiers", "those that each case is known to contain", f"not looked for: {', '.join(NON_GOALS)}"),
        _metrics(run),
        *_judges(run),
        _steadiness(run),
        _against(comparison),
        _confidence(annex),
        _history(annex),
    ]


def chapters(annex: Annex) -> list[Chapter]:
    """Calibration, and history with drift: each stands on every page, if only to say why it is empty."""
    return [_calibration_chapter(annex), _history_chapter(annex)]


def _calibration_chapter(annex: Annex) -> Chapter:
    found = annex.calibration
    if found is None:
        lede = f"Nothing can be said of stated confidences: {annex.uncalibrated}."
        return Chapter("calibration", "Calibration", "Confidence and review", lede)
    parts = [reliability_part(found), *review_parts(found)]
    lede = "Is a stated confidence as often right as it says, and what does the review threshold of the spec do?"
    return Chapter("calibration", "Calibration", "Confidence and review", lede, parts)


def _history_chapter(annex: Annex) -> Chapter:
    parts: list[Part] = []
    said = []
    if annex.history is not None:
        parts.append(history_part(annex.history))
    else:
        said.append("No earlier version on these cases is in the workspace.")
    if annex.drift is not None and annex.profiles is not None:
        columns = columns_part(annex.drift)
        parts += [columns, *shapes_part(annex.drift, *annex.profiles)]
        said.append(f"Answers against those of the baseline: {annex.drift.sentence()}")
    else:
        said.append("Without a baseline nothing is said of drift in the answers.")
    return Chapter("history", "History", "History and drift", " ".join(said), parts)


def _cases(run: Run) -> tuple[str, str, str]:
    header = run.header
    size = f"{count(header.cases, 'case')} x {count(header.trials, 'trial')} of {header.dataset_name}"
    missing = []
    if run.incomplete:
        missing.append(f"{count(run.incomplete, 'execution')} left undone")
    if run.stopped is not None:
        missing.append(f"{run.stopped.of - run.stopped.cases:,} cases never asked: the run was decided before")
    return "Cases", f"{size} ({header.data_class})", "; ".join(missing) or "any other case"


def _slices(run: Run) -> tuple[str, str, str]:
    sizes = {
        scope.removeprefix("tag:"): int(mask.sum()) for scope, mask in run.casewise.masks.items() if scope != "all"
    }
    small = [f"{tag} ({size})" for tag, size in sizes.items() if size < FEW]
    tested = count(len(sizes), "slice") if sizes else "no slice: the cases carry no tags"
    return "Slices", tested, f"too small to show much: {_names(small)}" if small else ""


def _rules(run: Run) -> tuple[str, str, str]:
    judged = [result for result in run.checks if result.verdict != "not_observed"]
    unseen = [result.check_id for result in run.checks if result.verdict == "not_observed" and result.not_observed]
    idle = [result.check_id for result in run.checks if result.verdict == "not_observed" and not result.not_observed]
    missing = [f"not observed: {_names(unseen)}"] if unseen else []
    missing += [f"nothing to check: {_names(idle)}"] if idle else []
    return "Boundary rules", f"{len(judged)} of {len(run.checks)}", "; ".join(missing)


def _probes(run: Run) -> tuple[str, str, str]:
    missing = f"no request was made for {_names(run.unprobed)}" if run.unprobed else ""
    return "Refusals", count(run.header.probes, "boundary probe"), missing


def _metrics(run: Run) -> tuple[str, str, str]:
    whole = [estimate for estimate in run.estimates if estimate.scope == "all"]
    missing = []
    left = [f"{one.metric} in {one.not_applicable:,}" for one in whole if one.not_applicable]
    raised = [f"{one.metric} in {one.errors:,}" for one in whole if one.errors]
    missing += [f"left out: {_names(left)}"] if left else []
    missing += [f"raised: {_names(raised)}"] if raised else []
    return "Metrics", count(sum(one.n > 0 for one in whole), "metric"), "; ".join(missing)


def _judges(run: Run) -> Iterator[tuple[str, str, str]]:
    names = [one.metric for one in run.estimates if one.scope == "all" and run.is_judge(one.metric)]
    if names:
        alone = [name for name in names if name not in run.heard]
        rated = [name for name in names if name in run.heard]
        missing = f"{_names(alone)}: fewer than {FEWEST_RATED} cases rated by people, so no interval" if alone else ""
        yield "Judges", f"held against people: {_names(rated)}" if rated else "none held against people", missing


def _steadiness(run: Run) -> tuple[str, str, str]:
    trials = run.header.trials
    if trials > 1:
        return "Steadiness", f"each case asked {trials} times", ""
    return "Steadiness", "", "each case was asked once: how steady answers are is not known"


def _against(comparison: Comparison | None) -> tuple[str, str, str]:
    if comparison is None:
        return "Change", "", "no baseline: nothing is said of better or worse"
    head = comparison.head
    missing = f"{count(head.left_out, 'case')} that only one run judged" if head.left_out else ""
    return "Change", f"{count(head.n, 'pair')} against {comparison.baseline.spec_ref}", missing


def _confidence(annex: Annex) -> tuple[str, str, str]:
    found = annex.calibration
    if found is None:
        return "Confidence", "", annex.uncalibrated
    missing = f"{count(found.without, 'answer')} without a confidence" if found.without else ""
    return "Confidence", f"{count(found.error.n, 'answer')} by {found.metric}", missing


def _history(annex: Annex) -> tuple[str, str, str]:
    if annex.history is None:
        return "History", "", "no earlier version on these cases"
    return "History", f"{count(len(annex.history.steps), 'version')} on these cases", ""


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"
