"""Drift in MLflow: the reference as a parent run, every window as a run below it, and the history as curves.

The parent is found by the digest of the reference profile, a window by the digest of both. Distances, p-values and the
verdict of a window are metrics of its own run, and points of the parent's curves: its step is the number of windows
before it. Kept as files are both profiles (counts of at least 11), the table of columns and the page with plots.
"""

from __future__ import annotations

import json
import math
from typing import Final, Unpack

from evalkit.digests import digest_bytes
from evalkit.evaluation.run import RunHeader
from evalkit.figures import mark
from evalkit.stats.drift import ColumnDrift, Drift
from evalkit.stats.profile import Profile
from evalkit.tracking.admission import admit, admit_number, admit_page, key
from evalkit.tracking.entries import Entry, header_entry
from evalkit.tracking.sink import STEP, Destination, Store, TrackedRun, default_uri, explained, quiet

_FIGURES: Final = ("distance", "shift", "js", "psi", "p_adjusted")


def track_drift(
    drift: Drift, reference: Profile, window: Profile, *, run: RunHeader, page: str, **destination: Unpack[Destination]
) -> TrackedRun:
    """Write a window's drift to MLflow. Tracking it again finds it and changes nothing.

    ``run`` is the header of the run that the window is: its id, time and spec. ``page`` is that of `render_drift`.
    Raises TrackingError for a store that cannot be reached, and for anything that is no name, number, id or digest.
    """
    kept, held = reference.to_json(), window.to_json()
    marks = digest_bytes(kept.encode()), digest_bytes(held.encode())
    child = _window_entry(drift, run, marks=marks)
    child.files.update({"baseline.json": kept, "current.json": held, "drift.html": admit_page(page)})
    parent = _reference_entry(run, reference, marks[0])
    parent.files["baseline.json"] = kept
    uri = destination.get("uri") or default_uri()
    name = admit("id", destination.get("experiment") or run.spec_id, where="experiment")
    with quiet(), explained(uri):
        store = Store(uri, name)
        parent_id = store.write(parent)
        earlier = store.children(parent_id)
        tag, value = child.identity
        place = next((n for n, found in enumerate(earlier) if found.tags.get(tag) == value), None)
        step = len(earlier) if place is None else int(earlier[place].tags.get(STEP, place))
        child.tags[STEP] = str(step)
        run_id = store.write(child, parent_id=parent_id)
        if place is None:
            store.add_points(parent_id, child.metrics, step=step, moment_ms=child.started_ms)
    return TrackedRun(run_id, parent_id, uri)


def _window_entry(drift: Drift, run: RunHeader, *, marks: tuple[str, str]) -> Entry:
    facts = header_entry(run)
    metrics: dict[str, float] = {}
    tags = {
        "evalkit.kind": "drift",
        "evalkit.verdict": admit("word", drift.verdict, where="drift"),
        "evalkit.against": marks[0],
        "evalkit.window": marks[1],
        "evalkit.window_run": facts.identity[1],
        "evalkit.spec": facts.tags["evalkit.spec"],
        "evalkit.version": facts.tags["evalkit.version"],
    }
    for one in drift.columns:
        name = key(admit("metric name", one.column, where="columns"))
        for figure in _FIGURES:
            value = admit_number(getattr(one, figure), where="columns")
            if value is not None:
                metrics[f"{figure}/{name}"] = value  # a group of charts for each figure
    metrics["drifted"] = len(drift.drifted)
    metrics["largest_distance"] = max(one.distance for one in drift.columns)
    metrics["sees"] = drift.sees
    metrics["rows"] = drift.n_window
    entry = Entry(
        identity=("evalkit.drift", digest_bytes("".join(marks).encode())),
        title=f"drift of {facts.tags['evalkit.spec']}: {tags['evalkit.verdict']}",
        started_ms=facts.started_ms,
        complete=True,
        tags=tags,
        params={"alpha": f"{drift.vigilance.alpha:g}", "margin": f"{drift.vigilance.margin:g}"},
        metrics=metrics,
    )
    entry.files["columns.json"] = _table(drift.columns)
    return entry


def _reference_entry(run: RunHeader, reference: Profile, digest: str) -> Entry:
    facts = header_entry(run)
    return Entry(
        identity=("evalkit.reference", digest),
        title=f"drift of {facts.tags['evalkit.spec']} against {mark(digest)}",
        started_ms=facts.started_ms,
        complete=None,
        tags={"evalkit.kind": "drift history", "evalkit.spec": facts.tags["evalkit.spec"]},
        params={"reference_rows": str(reference.rows), "columns": str(len(reference.columns))},
    )


def _table(columns: tuple[ColumnDrift, ...]) -> str:
    """The columns as MLflow shows tables: names, verdicts and numbers; what moved stays in the page."""
    titles = ["column", "kind", "verdict", *_FIGURES]
    rows = [
        [
            admit("metric name", one.column, where="columns"), one.kind, one.verdict,
            *(v if math.isfinite(v := getattr(one, figure)) else None for figure in _FIGURES),
        ]
        for one in columns
    ]  # fmt: skip
    return json.dumps({"columns": titles, "data": rows}, separators=(",", ":"), allow_nan=False)
