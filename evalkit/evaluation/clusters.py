"""Clusters from the cases of a run: by any field that its gold set, or its synthetic cases, carry."""

from __future__ import annotations

from typing import Any

from evalkit.cases.case import Case, GoldSet
from evalkit.digests import digest
from evalkit.errors import CaseError, EvalkitError, StatisticsError
from evalkit.evaluation.datasets import load_gold
from evalkit.evaluation.run import Run
from evalkit.tasks import synthesize


def read_by(run: Run, *, cluster: str = "patient", trials: str = "mean", gold: str | None = None) -> Run:
    """The run in other units (`Run.by`), where ``cluster`` may also be a field of its cases.

    A field is looked for among what the case's maker wrote down (``template``, ``doc_type``), then in the request
    (``rendering_npi``). The cases are those of ``gold``, else of the run's own gold set or synthesis, and their digest
    is held against the run's. Raises StatisticsError where no case has the field, CaseError where the cases are not
    those of the run or are not to be found.
    """
    if cluster in {"patient", "case"} or cluster.startswith("tag:"):
        return run.by(cluster=cluster, trials=trials)
    found = {case.case_id: _value(case, cluster) for case in find_cases(run, gold)}
    if not any(found.values()):
        raise StatisticsError(
            "no case has the field to cluster by",
            next_step="name patient, case, tag:PREFIX, or a field of the request or of the case's provenance",
        )
    return run.by(cluster=found, trials=trials, named=cluster)


def find_cases(run: Run, gold: str | None = None) -> GoldSet:
    """The cases that a run was made on: of the gold set named, else as the run's own data set says."""
    name, seed = run.header.dataset_name.rsplit(" synthetic seed ", 1)[0], run.header.dataset_name.rpartition(" ")[2]
    try:
        if gold is None and name != run.header.dataset_name and seed.lstrip("-").isdecimal():
            cases = synthesize(run.spec, n=_asked_of(run), seed=int(seed))
        else:
            cases = load_gold(gold or run.header.dataset_name)
    except EvalkitError:
        raise _lost(run) from None
    if cases.digest != run.header.dataset_digest:
        raise _lost(run)
    return cases


def _asked_of(run: Run) -> int:
    return run.stopped.of if run.stopped else run.header.cases


def _lost(run: Run) -> CaseError:
    return CaseError(
        f"the cases of the run are not to be found ({run.header.dataset_name})",
        where=run.header.run_id,
        next_step="name the gold set that it was made on with --gold",
    )


def _value(case: Case, field: str) -> str:
    """What ties the case to others: never shown, so a value of the request is brought down to a digest."""
    known: Any = case.provenance.get(field, case.input.get(field))
    return "" if known in (None, "") else digest([field, known])
