"""The run browser: what a tracking server holds, a row an evaluation."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from evalkit.errors import TrackingError
from evalkit.tracking import track
from evalkit.tracking.shelf import browse_tracked


def test_tracked_runs_are_rows_by_version_with_head_metric_and_verdicts(records: SimpleNamespace, uri: str) -> None:
    track(records.baseline, uri=uri)
    tracked = track(records.run, uri=uri)
    shelf = browse_tracked("billing_codes", uri=uri)
    assert shelf.metric == "line_exact"
    assert len(shelf) == 2
    now = next(one for one in shelf.runs if one.run_id == tracked.run_id)
    head = next(one for one in records.run.estimates if (one.metric, one.scope) == ("line_exact", "all"))
    assert (now.value, now.lo, now.hi) == pytest.approx((head.value, head.lo, head.hi))
    assert now.spec == records.run.header.spec_ref
    assert now.boundary in {"pass", "fail"}
    shown = shelf._repr_html_()
    assert now.spec in shown
    assert now.run_id in shown
    assert now.spec in repr(shelf)


def test_what_is_not_there_is_refused_in_one_line(records: SimpleNamespace, uri: str) -> None:
    with pytest.raises(TrackingError, match="no such experiment"):
        browse_tracked("nothing", uri=uri)
    track(records.run, uri=uri)
    assert all(one.value != one.value for one in browse_tracked("billing_codes", uri=uri, metric="none").runs)
