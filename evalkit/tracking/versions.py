"""The versions of a spec on the same cases: one MLflow run whose charts are their history, one step an evaluation.

Found by the spec's id and the digest of the cases: figures on other cases are another history. The step of an
evaluation is the number of evaluations before it, and stands in its own tags, so that tracking it again adds nothing.
"""

from __future__ import annotations

import json
from typing import Final

from evalkit.digests import digest
from evalkit.evaluation.run import Run
from evalkit.tracking.admission import admit, admit_number, key
from evalkit.tracking.entries import Entry, header_entry, table
from evalkit.tracking.notes import NOTE
from evalkit.tracking.sink import STEP, Found, Store

_COLUMNS: Final = ("step", "spec", "verdict", "value", "lo", "hi", "n", "run")


def add_version(store: Store, run: Run, run_id: str) -> str:
    """Put an evaluation that is already written into the history of its cases. MLflow's id of the history."""
    head = key(admit("metric name", run.head_metric, where="header"))
    facts = header_entry(run.header)
    history = _history_entry(run, facts)
    history_id = store.write(history)
    known = store.runs(kind="run", dataset_digest=run.header.dataset_digest)
    mine = next(found for found in known if found.run_id == run_id)
    if STEP not in mine.tags:
        step = 1 + max((int(found.tags[STEP]) for found in known if STEP in found.tags), default=-1)
        store.add_points(history_id, _points(run, head), step=step, moment_ms=facts.started_ms)
        store.tag(run_id, {STEP: str(step), "evalkit.history": history_id})
        mine.tags[STEP] = str(step)
    placed = sorted((found for found in known if STEP in found.tags), key=lambda found: int(found.tags[STEP]))
    rows = [_row(found, head) for found in placed]
    store.add_file(history_id, "versions.json", table(list(_COLUMNS), rows))
    return history_id


def _history_entry(run: Run, facts: Entry) -> Entry:
    spec_id, dataset = admit("id", run.header.spec_id, where="header"), facts.tags["evalkit.dataset"]
    return Entry(
        identity=("evalkit.versions", digest([spec_id, run.header.dataset_digest])),
        title=f"{spec_id} over versions",
        started_ms=facts.started_ms,
        complete=None,
        tags={
            "evalkit.kind": "versions",
            "evalkit.dataset": dataset,
            NOTE: f"Every tracked evaluation of **{spec_id}** on {dataset}, a step each; `versions.json` names them.\n",
            "mlflow.loggedArtifacts": json.dumps([{"path": "versions.json", "type": "table"}]),
        },
    )


def _points(run: Run, head: str) -> dict[str, float]:
    points: dict[str, float] = {}
    for one in run.estimates:
        if one.scope != "all":
            continue
        name = key(admit("metric name", one.metric, where="metrics"))
        figures = {name: one.value}
        if name == head:  # a group of its own comes first among MLflow's charts
            figures = {f"head/{name}": one.value, f"head/{name}.lo": one.lo, f"head/{name}.hi": one.hi}
        admitted = {at: admit_number(figure, where="metrics") for at, figure in figures.items()}
        points |= {at: figure for at, figure in admitted.items() if figure is not None}
    return points


def _row(found: Found, head: str) -> list[object]:
    figures = [found.metrics.get(f"{head}{end}") for end in ("", ".lo", ".hi", ".n")]
    return [
        int(found.tags[STEP]),
        found.tags["evalkit.spec"],
        found.tags.get("evalkit.verdict"),
        *figures,
        found.run_id,
    ]
