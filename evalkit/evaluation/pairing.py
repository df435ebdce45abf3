"""Pairing: two runs brought to the same cases, or refused.

A run that stopped early brings its baseline down to the cases that it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.errors import StatisticsError
from evalkit.evaluation.run import Run, Stopped
from evalkit.evaluation.units import AS_STORED
from evalkit.stats.comparison import Difference, Verdict


def align(baseline: Run, candidate: Run) -> tuple[Run, Run]:
    """The two runs on the same cases in the same order.

    Raises StatisticsError for runs on other data: an unpaired comparison would answer another question. A candidate
    that stopped early is compared on the cases it was asked.
    """
    where = f"{baseline.header.run_id} and {candidate.header.run_id}"
    if baseline.header.family != candidate.header.family:
        raise StatisticsError("the two runs are of different families", where=where)
    if baseline.units != candidate.units:
        raise StatisticsError(
            "the two runs are read in different units", where=where, next_step="give both the same clusters and trials"
        )
    if baseline.header.dataset_digest != candidate.header.dataset_digest:
        raise _unlike(baseline, candidate, where)
    if baseline.table.case_ids == candidate.table.case_ids:
        return baseline, candidate
    place = {case_id: case for case, case_id in enumerate(baseline.table.case_ids)}
    if candidate.stopped is None or not place.keys() >= set(candidate.table.case_ids):
        raise _unlike(baseline, candidate, where)
    cases = np.array([place[case_id] for case_id in candidate.table.case_ids], np.int32)
    traces = baseline.traces.take(cases) if len(baseline.traces) else baseline.traces
    return replace(baseline, table=baseline.table.take(cases), traces=traces), candidate


def _unlike(baseline: Run, candidate: Run, where: str) -> StatisticsError:
    return StatisticsError(
        f"the two runs were made on different cases ({baseline.header.dataset_name}; {candidate.header.dataset_name})",
        where=where,
        next_step="evaluate the baseline version on the cases of the candidate",
    )


def watched_by(run: Run) -> str:
    """Run id of the baseline that a run which stopped early was watched by; empty in units other than the watch's."""
    return run.stopped.baseline if run.stopped is not None and run.units == AS_STORED else ""


def judge_stopped(differences: Sequence[Difference], stopped: Stopped, *, watched: bool) -> tuple[Difference, ...]:
    """The differences of a run that stopped early: a test of fixed size does not hold for it, its e-process does.

    The head metric over all cases, where that is what was ``watched``, has the decision and 1 / E as its p-value;
    everything else is shown and left undecided.
    """
    open_ = [replace(one, verdict="undecided", noninferior=False, need=None) for one in differences]
    if not watched:
        return tuple(open_)
    p = min(1.0, 1 / stopped.e_value)
    verdict: Verdict = "undecided" if stopped.decision == "noninferior" else stopped.decision
    one_sided = {"regressed": p, "improved": 1 - p, "noninferior": 0.5}[stopped.decision]
    head = replace(
        open_[0],
        verdict=verdict,
        p_value=one_sided,
        p_adjusted=p if verdict != "undecided" else 0.5,
        p_exact=None,
        p_exact_better=None,
        test="e-process",
        noninferior=stopped.decision in {"noninferior", "improved"},
    )
    return (head, *open_[1:])
