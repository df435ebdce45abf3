"""Pairing: two runs brought to the same cases, or refused.

A run that stopped early brings its baseline down to the cases that it was asked. Runs on two versions of one stored
gold set are compared on the cases that both versions have, unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalkit.cases.case import GoldSet
from evalkit.errors import CaseError, StatisticsError
from evalkit.evaluation.datasets import load_gold
from evalkit.evaluation.run import Run, RunHeader, Stopped
from evalkit.evaluation.units import AS_STORED
from evalkit.stats.comparison import Difference, Verdict


def align(baseline: Run, candidate: Run) -> tuple[Run, Run]:
    """The two runs on the same cases in the same order.

    Raises StatisticsError for runs on other data: an unpaired comparison would answer another question. A candidate
    that stopped early is compared on the cases it was asked, and runs on two versions of a gold set on what both have.
    """
    where = f"{baseline.header.run_id} and {candidate.header.run_id}"
    if baseline.header.family != candidate.header.family:
        raise StatisticsError("the two runs are of different families", where=where)
    if baseline.units != candidate.units:
        raise StatisticsError(
            "the two runs are read in different units", where=where, next_step="give both the same clusters and trials"
        )
    if baseline.header.dataset_digest != candidate.header.dataset_digest:
        shared = _shared(baseline.header, candidate.header)
        if not shared:
            raise _unlike(baseline, candidate, where)
        return _cut(baseline, shared), _cut(candidate, shared)
    if baseline.table.case_ids == candidate.table.case_ids:
        return baseline, candidate
    place = {case_id: case for case, case_id in enumerate(baseline.table.case_ids)}
    if candidate.stopped is None or not place.keys() >= set(candidate.table.case_ids):
        raise _unlike(baseline, candidate, where)
    return _take(baseline, [place[case_id] for case_id in candidate.table.case_ids]), candidate


def _shared(one: RunHeader, other: RunHeader) -> GoldSet | None:
    """The cases that two versions of one stored gold set both have, unchanged; None where they are no such versions.

    Both are read again and must still be what the runs were made on: an equal id proves nothing, an equal digest does.
    """
    names = [header.dataset_name.rpartition("@")[0] for header in (one, other)]
    if not names[0] or names[0] != names[1]:
        return None
    try:
        sets = [load_gold(header.dataset_name) for header in (one, other)]
    except CaseError:
        return None
    if [gold.digest for gold in sets] != [one.dataset_digest, other.dataset_digest]:
        return None
    there = {case.digest for case in sets[0]}
    kept = tuple(case for case in sets[1] if case.digest in there)
    versions = sorted(header.dataset_name.rpartition("@")[2] for header in (one, other))
    return GoldSet(f"{names[0]}@{'+'.join(versions)}", kept) if kept else None


def _cut(run: Run, gold: GoldSet) -> Run:
    """The run on these cases alone, in their order. Raises StatisticsError where it was not asked all of them."""
    place = {case_id: number for number, case_id in enumerate(run.table.case_ids)}
    wanted = [case.case_id for case in gold]
    if not place.keys() >= set(wanted):
        raise StatisticsError("the run was not asked every case of its gold set", where=run.header.run_id)
    header = replace(run.header, dataset_name=gold.name, dataset_digest=gold.digest, cases=len(gold))
    return replace(_take(run, [place[case_id] for case_id in wanted]), header=header)


def _take(run: Run, places: Sequence[int]) -> Run:
    cases = np.array(places, np.int32)
    return replace(run, table=run.table.take(cases), traces=run.traces.take(cases) if len(run.traces) else run.traces)


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
