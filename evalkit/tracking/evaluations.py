"""An evaluation in MLflow, alone or below its comparison, and a step in the history of its versions."""

from __future__ import annotations

from typing import Unpack

from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.gates import GateReport
from evalkit.evaluation.run import Run
from evalkit.tracking.admission import admit, admit_page
from evalkit.tracking.entries import comparison_entry, header_entry, run_entry
from evalkit.tracking.sink import Destination, Store, TrackedRun, default_uri, explained, quiet
from evalkit.tracking.versions import add_version


def track(
    run: Run,
    *,
    comparison: Comparison | None = None,
    gate: GateReport | None = None,
    baseline: Run | None = None,
    report_html: str | None = None,
    **destination: Unpack[Destination],
) -> TrackedRun:
    """Write a run to MLflow: numbers, names, ids and digests. Tracking it again finds it and changes nothing.

    With a ``comparison`` a parent run holds effect and verdict, with candidate and baseline as its children; the report
    page goes to the parent. A baseline that is given by its header alone gets its figures when it is tracked itself.
    Both are steps in the history of the spec's versions on these cases.
    Raises TrackingError for a store that cannot be reached and for anything that is no name, number, id or digest; the
    run itself is stored elsewhere and stays as it was.
    """
    entry = run_entry(run, gate=gate)
    parent = comparison_entry(comparison, gate=gate) if comparison is not None else None
    if report_html is not None:
        (parent or entry).files["report.html"] = admit_page(report_html)
    uri = destination.get("uri") or default_uri()
    name = admit("id", destination.get("experiment") or run.header.spec_id, where="experiment")
    with quiet(), explained(uri):
        store = Store(uri, name)
        store.link_spec(entry, run.spec)
        parent_id = store.write(parent, header=run.header) if parent is not None else None
        run_id = store.write(entry, parent_id=parent_id, header=run.header)
        if comparison is not None:
            before = run_entry(baseline) if baseline is not None else header_entry(comparison.baseline)
            if baseline is not None:
                store.link_spec(before, baseline.spec)
            before_id = store.write(before, parent_id=parent_id, header=comparison.baseline)
            if baseline is not None:
                add_version(store, baseline, before_id)
        add_version(store, run, run_id)
    return TrackedRun(run_id, parent_id, uri)
